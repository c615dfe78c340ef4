package drive

import (
	"fmt"
	"slices"
	"time"
)

// MostLate is when a block counts as late. What a fault costs adds up from slot to slot, as for
// op-node, so a second a slot is soon seen; less may be a loaded machine.
const MostLate = 2 * time.Second

// Row sums up slots of one kind.
type Row struct {
	Name                                     string
	Slots, Used, Same, Missed, Foreign, Late int
	Worst                                    time.Duration // after a block's time
	took                                     [4][]time.Duration
	faults                                   []string
}

// Add counts one.
func (r *Row) Add(slot *Slot) {
	r.Slots++
	count := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	count(&r.Used, slot.Used)
	count(&r.Same, slot.Same)
	count(&r.Missed, slot.Missed != nil)
	count(&r.Foreign, slot.Foreign != nil)
	count(&r.Late, slot.Late > MostLate)
	r.Worst = max(r.Worst, slot.Late)
	for _, err := range []error{slot.Missed, slot.Foreign} {
		if err != nil && len(r.faults) < 3 {
			r.faults = append(r.faults, err.Error())
		}
	}
	if slot.Missed == nil && slot.Foreign == nil {
		for i, took := range slot.Took {
			r.took[i] = append(r.took[i], took)
		}
	}
}

// Merge adds another row's slots.
func (r *Row) Merge(other *Row) {
	r.Slots += other.Slots
	r.Used += other.Used
	r.Same += other.Same
	r.Missed += other.Missed
	r.Foreign += other.Foreign
	r.Late += other.Late
	r.Worst = max(r.Worst, other.Worst)
	for i := range r.took {
		r.took[i] = append(r.took[i], other.took[i]...)
	}
	r.faults = append(r.faults, other.faults...)
}

// Bad is an error if a block was missed, late or another than asked for.
func (r *Row) Bad() error {
	if r.Missed+r.Foreign+r.Late == 0 {
		return nil
	}
	return fmt.Errorf("%s: %d missed, %d foreign, %d late of %d: %q", r.Name, r.Missed, r.Foreign, r.Late, r.Slots, r.faults)
}

// Head names String's columns.
const Head = "                         slots  used missed foreign late  worst   FCU+attrs     getPayload    newPayload    FCU (p50/p99 ms)"

func (r *Row) String() string {
	text := fmt.Sprintf("%-24s %6d %5d %6d %7d %4d %4d ms", r.Name, r.Slots, r.Used+r.Same, r.Missed, r.Foreign, r.Late, r.Worst.Milliseconds())
	for _, took := range r.took {
		text += fmt.Sprintf("  %s/%s", milliseconds(took, 50), milliseconds(took, 99))
	}
	return text
}

func milliseconds(took []time.Duration, percent int) string {
	if len(took) == 0 {
		return "     -"
	}
	sorted := slices.Sorted(slices.Values(took))
	at := sorted[min(len(sorted)-1, len(sorted)*percent/100)]
	return fmt.Sprintf("%6.2f", float64(at.Microseconds())/1000)
}
