package drive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/opsign/opsign/scripts/devnet/rig/chain"
	"github.com/opsign/opsign/scripts/devnet/rig/fault"
)

// Plan says how much of each is done on a chain.
type Plan struct {
	Healthy int  // slots by the clock before any fault
	Main    int  // slots by the clock under each of the three faults that the reference stops at
	Other   int  // slots by the clock under each other fault
	Foreign int  // foreign blocks that the builder must have offered
	Fast    int  // slots without build time
	Gap     int  // slots that a killed builder misses
	Local   int  // slots under each fault of the local engine
	Flood   int  // forkchoiceUpdated as fast as can be
	Big     bool // a block of 14 MB, at one fork
}

// Full takes five minutes: at four forks its slots by the clock are a thousand. Short takes one.
var (
	Full  = Plan{Healthy: 10, Main: 48, Other: 3, Foreign: 40, Fast: 150, Gap: 256, Local: 5, Flood: 2000, Big: true}
	Short = Plan{Healthy: 3, Main: 4, Foreign: 13, Fast: 40, Gap: 30, Local: 2, Flood: 500, Big: true}
)

// The faults that are tried by the clock.
var (
	mainFaults = []fault.Fault{
		{Mode: "hang"},
		{Mode: "delay", Millis: 900},
		{Mode: "dies", Methods: []string{"engine_getPayload"}},
	}
	otherFaults = []fault.Fault{
		{Mode: "hang", Methods: []string{"engine_getPayload"}},
		{Mode: "hang", Methods: []string{"engine_forkchoiceUpdated", "engine_newPayload"}},
		{Mode: "trickle", Millis: 50},
		{Mode: "cut"}, {Mode: "truncated"}, {Mode: "corrupt"}, {Mode: "reset"}, {Mode: "huge"}, {Mode: "ids"}, {Mode: "null"},
		{Mode: "both"}, {Mode: "refused"}, {Mode: "unauthorized"}, {Mode: "failing"}, {Mode: "empty"},
		{Mode: "redirect"}, {Mode: "gzip"}, {Mode: "shape"}, {Mode: "root"},
	}
)

// Run does a plan's steps on one chain and keeps what came of them.
type Run struct {
	Rows   []*Row
	Notes  []string
	after  *Row // slots after faults
	driver *Driver
	net    *chain.Net
	plan   Plan
	wrong  []error
}

// NewRun is for a chain that has just begun.
func NewRun(ctx context.Context, net *chain.Net, plan Plan) (*Run, error) {
	driver, err := New(ctx, net)
	if err != nil {
		return nil, err
	}
	r := &Run{driver: driver, net: net, plan: plan}
	r.after = r.row("until a builder is back")
	return r, nil
}

// All does every step. The error has all that is wrong.
func (r *Run) All(ctx context.Context) error {
	if r.plan.Big && r.net.Fork.Name == "isthmus" {
		r.big(ctx) // before there has been any larger answer, for what it says of memory
		r.back(ctx, "the big block")
	}
	r.driver.Catch()
	// How many of these are the builder's depends on the machine: there are 50 ms.
	r.slots(ctx, "healthy", r.plan.Healthy, Pace{Clock: true})
	for _, kind := range mainFaults {
		r.under(ctx, kind, r.plan.Main)
	}
	for _, kind := range otherFaults {
		r.under(ctx, kind, r.plan.Other)
	}
	if r.net.Front != nil {
		r.local(ctx)
	}
	r.flood(ctx)
	r.foreign(ctx)
	r.back(ctx, "foreign blocks")
	r.used("healthy, no build time", r.slots(ctx, "healthy, no build time", r.plan.Fast, Pace{}), r.plan.Fast*148/150)
	r.gap(ctx)
	for _, row := range r.Rows {
		if err := row.Bad(); err != nil {
			r.wrong = append(r.wrong, err)
		}
	}
	return errors.Join(r.wrong...)
}

func (r *Run) fail(format string, words ...any) {
	r.wrong = append(r.wrong, fmt.Errorf(r.net.Fork.Name+": "+format, words...))
}

func (r *Run) note(format string, words ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, words...))
}

// used asks for so many of the builder's blocks, if there is a sidecar to fetch them.
func (r *Run) used(name string, row *Row, least int) {
	if got := row.Used + row.Same; r.net.Sidecar != nil && got < least {
		r.fail("%s: %d blocks of %d are the builder's, wanted %d", name, got, row.Slots, least)
	}
}

func (r *Run) row(name string) *Row {
	row := &Row{Name: name}
	r.Rows = append(r.Rows, row)
	return row
}

func (r *Run) slots(ctx context.Context, name string, n int, pace Pace) *Row {
	row := r.row(name)
	for range n {
		row.Add(r.slot(ctx, pace))
	}
	return row
}

func (r *Run) slot(ctx context.Context, pace Pace) *Slot {
	slot := r.driver.Slot(ctx, pace)
	if err := r.net.Alive(); err != nil && len(r.wrong) < 100 {
		r.fail("%v", err)
	}
	return slot
}

func (r *Run) set(kind fault.Fault) {
	if err := r.net.Proxy.Set(kind); err != nil {
		r.fail("%v", err)
	}
}

func name(kind fault.Fault) string {
	text := kind.Mode
	if kind.Millis != 0 {
		text += fmt.Sprintf(" %d ms", kind.Millis)
	}
	for _, method := range kind.Methods {
		text += " " + method[len("engine_"):][:3]
	}
	return text
}

// under makes slots by the clock with a fault. What has died is restarted for each.
func (r *Run) under(ctx context.Context, kind fault.Fault, n int) {
	if n == 0 {
		return
	}
	row, before := r.row(name(kind)), r.net.Proxy.Stats().Spoiled[kind.Mode]
	for range n {
		r.set(kind)
		row.Add(r.slot(ctx, Pace{Clock: true}))
	}
	if r.net.Sidecar != nil && r.net.Proxy.Stats().Spoiled[kind.Mode] == before {
		r.fail("%s: no call met the fault", name(kind))
	}
	r.set(fault.Fault{})
	r.back(ctx, name(kind))
}

// back waits until a block is the builder's again, a second each: a breaker may be open, or the builder
// some blocks behind.
func (r *Run) back(ctx context.Context, after string) {
	const most = 20
	for range most {
		slot := r.slot(ctx, Pace{Build: 900 * time.Millisecond})
		r.after.Add(slot)
		if slot.Used || r.net.Sidecar == nil {
			return
		}
	}
	r.fail("after %s no block is the builder's in %d slots", after, most)
}

// foreign has the builder offer valid blocks that nobody asked for, every second slot.
func (r *Run) foreign(ctx context.Context) {
	kinds := fault.ForeignKinds(r.net.Fork)
	row, offered := r.row("foreign blocks"), 0
	for turn := 0; offered < r.plan.Foreign && turn < 10*r.plan.Foreign; turn++ {
		kind := kinds[turn%len(kinds)]
		before := r.net.Proxy.Stats()
		r.set(fault.Fault{Mode: kind})
		slot := r.slot(ctx, Pace{Build: 20 * time.Millisecond})
		row.Add(slot)
		after := r.net.Proxy.Stats()
		if after.Spoiled[kind] > before.Spoiled[kind] && after.Handed != before.Handed {
			offered++
		}
		r.set(fault.Fault{})
		between := r.slot(ctx, Pace{Build: 20 * time.Millisecond})
		if between.Missed != nil || between.Foreign != nil {
			r.fail("the slot after a foreign block (%s): %v %v", kind, between.Missed, between.Foreign)
		}
		if r.net.Sidecar == nil && turn == r.plan.Foreign {
			return
		}
	}
	row.Name = fmt.Sprintf("foreign: %d offered", offered)
	if r.net.Sidecar != nil && offered < r.plan.Foreign {
		r.fail("only %d foreign blocks were offered", offered)
	}
}

// big has a block of 60 transactions of 120 kB each, which is 14 MB of JSON.
func (r *Run) big(ctx context.Context) {
	const transactions, size, gasLimit = 60, 120_000, 400_000_000
	nonces := map[*chain.Account]uint64{}
	for i := range transactions {
		account := chain.Accounts[1+i%(len(chain.Accounts)-1)]
		if nonces[account] == 0 {
			next, err := account.Nonce(ctx, r.net.Local.Public)
			if err != nil {
				r.fail("%v", err)
				return
			}
			nonces[account] = next + 1
		}
		encoded, err := account.Transaction(nonces[account]-1, make([]byte, size))
		nonces[account]++
		if err == nil {
			_, err = r.net.Engine.Call(ctx, "eth_sendRawTransaction", hexutil.Bytes(encoded))
		}
		if err != nil {
			r.fail("a transaction of %d bytes: %v", size, err)
			return
		}
	}
	before := r.memory()
	row := r.row("14 MB")
	slot := r.slot(ctx, Pace{Build: 4 * time.Second, GasLimit: gasLimit, Unmarked: true, Big: true})
	row.Add(slot)
	row.Name = fmt.Sprintf("a block of %.1f MB", float64(slot.Size)/1e6)
	if slot.Missed == nil && slot.Size < 14_000_000 {
		r.fail("the big block has only %d bytes", slot.Size)
	}
	if r.net.Sidecar == nil {
		return
	}
	after, body := r.memory(), float64(slot.Size)
	r.note("memory with a body of %.1f MB: %.1f MB, %.1f MB more than before, which is %.1f times the body",
		body/1e6, after/1e6, (after-before)/1e6, (after-before)/body)
	if after-before > 3*body {
		r.fail("memory grew by %.0f bytes for a body of %.0f", after-before, body)
	}
}

// memory is the most that the sidecar has held so far, the pages of its program among it.
func (r *Run) memory() float64 {
	if r.net.Sidecar == nil {
		return 0
	}
	bytes, err := r.net.Sidecar.Memory()
	if err != nil {
		r.fail("%v", err)
	}
	return float64(bytes)
}

// gap kills the builder's engine for some slots. The goal is that it is in use again in three slots;
// a loaded machine has more.
func (r *Run) gap(ctx context.Context) {
	const goal, most = 3, 15
	r.net.Builder.Kill()
	r.slots(ctx, fmt.Sprintf("builder dead, %d slots", r.plan.Gap), r.plan.Gap, Pace{Unmarked: true})
	if err := r.net.Builder.Start(); err != nil {
		r.fail("%v", err)
		return
	}
	row := r.row("builder back")
	for n := 1; n <= most; n++ {
		slot := r.slot(ctx, Pace{Build: 900 * time.Millisecond})
		row.Add(slot)
		if slot.Used || r.net.Sidecar == nil {
			r.note("a builder that was dead for %d blocks is in use in slot %d after its restart (goal: %d)", r.plan.Gap, n, goal)
			return
		}
	}
	r.fail("the builder is not in use %d slots after its restart, which came after %d blocks", most, r.plan.Gap)
}
