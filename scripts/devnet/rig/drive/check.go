package drive

import (
	"context"
	"errors"
	"fmt"

	"github.com/opsign/opsign/scripts/devnet/rig/chain"
	"github.com/opsign/opsign/scripts/devnet/rig/fault"
)

// Check points the driver at the fault proxy itself, with nothing to protect it: each fault must be
// seen for what it is, and the slot after it must be good. It returns how many there were.
func Check(ctx context.Context, net *chain.Net) (int, error) {
	net.Unprotected()
	driver, err := New(ctx, net)
	if err != nil {
		return 0, err
	}
	type test struct {
		kind fault.Fault
		seen func(*Slot) bool
	}
	missed := func(slot *Slot) bool { return slot.Missed != nil }
	foreign := func(slot *Slot) bool { return slot.Foreign != nil }
	get := []string{"engine_getPayload"}
	tests := []test{
		// By the clock, so first: the others' slots run ahead of it.
		{fault.Fault{Mode: "delay", Millis: 3000, Methods: get}, func(slot *Slot) bool { return slot.Late > MostLate }},
		{fault.Fault{Mode: "trickle", Millis: 1, Methods: get}, func(slot *Slot) bool { return slot.Took[1] > MostLate }},
	}
	for _, kind := range fault.ForeignKinds(net.Fork) {
		tests = append(tests, test{fault.Fault{Mode: kind}, foreign})
	}
	for _, mode := range []string{
		"cut", "truncated", "corrupt", "reset", "ids", "null", "both", "refused", "unauthorized", "failing", "empty", "redirect", "huge", "root", "dies",
	} {
		tests = append(tests, test{fault.Fault{Mode: mode, Methods: get}, missed})
	}
	var wrong []error
	for _, test := range tests {
		// Two good ones, so that there is a block and an answer from before.
		for range 2 {
			if slot := driver.Slot(ctx, Pace{}); slot.Missed != nil || slot.Foreign != nil {
				wrong = append(wrong, fmt.Errorf("a good slot before %s: %v %v", test.kind.Mode, slot.Missed, slot.Foreign))
			}
		}
		if err := net.Proxy.Set(test.kind); err != nil {
			return 0, err
		}
		driver.Catch()
		if slot := driver.Slot(ctx, Pace{Clock: test.kind.Mode == "delay"}); !test.seen(slot) {
			wrong = append(wrong, fmt.Errorf("%s was not seen: %+v", test.kind.Mode, *slot))
		}
		if err := net.Proxy.Set(fault.Fault{}); err != nil {
			return 0, err
		}
	}
	return len(tests), errors.Join(wrong...)
}
