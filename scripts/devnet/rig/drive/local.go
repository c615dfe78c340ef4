package drive

import (
	"context"
	"sync"
	"time"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
	"github.com/opsign/opsign/scripts/devnet/rig/fault"
)

// local has the local engine fail or take its time, while the builder is well: no slot may be missed
// that the builder's block could fill, and no call be given up before op-node would.
func (r *Run) local(ctx context.Context) {
	get := []string{"engine_getPayload"}
	for _, kind := range []fault.Fault{
		{Mode: "refused", Methods: get}, {Mode: "failing", Methods: get}, {Mode: "reset", Methods: get}, {Mode: "hang", Methods: get},
		{Mode: "delay", Millis: 1500, Methods: []string{"engine_newPayload"}},
		{Mode: "delay", Millis: 1500, Methods: []string{"engine_forkchoiceUpdated"}},
	} {
		row, before := r.row("local "+name(kind)), r.net.Front.Stats().Spoiled[kind.Mode]
		for range r.plan.Local {
			if err := r.net.Front.Set(kind); err != nil {
				r.fail("%v", err)
			}
			// A builder that has just been given the head is ready after 50 ms.
			row.Add(r.slot(ctx, Pace{Build: 50 * time.Millisecond}))
			if err := r.net.Front.Set(fault.Fault{}); err != nil {
				r.fail("%v", err)
			}
			r.after.Add(r.slot(ctx, Pace{Build: 50 * time.Millisecond}))
		}
		if r.net.Front.Stats().Spoiled[kind.Mode] == before {
			r.fail("local %s: no call met the fault", name(kind))
		}
	}
}

// flood asks for the same head again and again, as op-node does when a batch has landed. The builder
// gets a few of them, and the next slot is as any other.
func (r *Run) flood(ctx context.Context) {
	const callers = 8
	method := "engine_forkchoiceUpdatedV3"
	before, begin := r.net.Proxy.Stats().Calls[method], time.Now()
	var wait sync.WaitGroup
	errs := make(chan error, callers)
	state := engine.State{Head: r.driver.head}
	for range callers {
		wait.Go(func() {
			for range r.plan.Flood / callers {
				if _, err := r.net.Engine.Call(ctx, method, state, nil); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wait.Wait()
	close(errs)
	for err := range errs {
		r.fail("flood: %v", err)
	}
	rate := float64(r.plan.Flood) / time.Since(begin).Seconds()
	r.slots(ctx, "after a flood of FCU", 2, Pace{Build: 50 * time.Millisecond})
	relayed := r.net.Proxy.Stats().Calls[method] - before
	r.note("flood of %d FCU: %.0f/s, %d relayed", r.plan.Flood, rate, relayed)
	if relayed > r.plan.Flood {
		r.fail("flood: %d calls became %d", r.plan.Flood, relayed)
	}
}
