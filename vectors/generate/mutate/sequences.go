package mutate

import (
	"bytes"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// sequence draws messages that one validator judges in order. They share a
// node; what they exercise is its memory.
func (r *draw) sequence() []*draft {
	start := r.good()
	start.done = nil
	start.now = blockTime
	rotated := r.chance(0.4)
	if rotated {
		start.Previous = addressOf(former)
	}
	var drafts []*draft
	now := start.now
	twins := 0
	for range 2 + r.skewed(14) + r.skewed(14) {
		d := start.next(now)
		switch r.IntN(10) {
		case 0, 1, 2, 3: // another block, mostly at this height
			twins++
			d.another(twins)
			if r.chance(0.15) {
				d.atHeight(d.number() + 1 + r.Uint64N(2))
			}
		case 4, 5, 6: // one that was there
			if len(drafts) > 0 {
				earlier := pickOf(r, drafts...)
				d.did("again")
				d.signed, d.key = bytes.Clone(earlier.signed), earlier.key
				if len(d.signed) > blocks.MaxMessageLength/2 {
					continue
				}
				r.signAgain(d, earlier)
			}
		case 7: // blocks that differ and have the same hash
			d.sameHash(r)
		case 8: // the first one, or another, in any state
			if r.chance(0.5) {
				twins++
				d.another(twins)
			}
			before := d.Node
			r.mutate(d)
			d.Node = before // the node stays the same
			d.now = now
		default:
			d.did("the start")
		}
		if rotated && d.signature == nil && r.chance(0.5) {
			d.did("by the former signer")
			d.key = former
		}
		drafts = append(drafts, d)
		if r.chance(0.05) {
			now += uint64(r.IntN(40))
		}
	}
	return drafts
}

// next is a copy to be changed.
func (d *draft) next(now uint64) *draft {
	return &draft{Node: d.Node, now: now, key: d.key, signed: bytes.Clone(d.signed)}
}

func (d *draft) number() uint64 {
	p := d.signed[prefixLength(d.Topic)+atNumber:]
	return uint64(get32(p)) | uint64(get32(p[4:]))<<32
}

// another makes it the block that differs from the start in its state root.
func (d *draft) another(which int) {
	d.did("block %d", which)
	d.set(atStateRoot, uint64(which))
	d.signed = rehash(d.Topic, d.signed)
}

func (d *draft) atHeight(height uint64) {
	d.did("height %d", height)
	d.set(atNumber, height)
	d.signed = rehash(d.Topic, d.signed)
}

// sameHash makes blocks that share their hash with others: by empty transactions
// at the end, or by a number that op-node cannot hash.
func (d *draft) sameHash(r *draw) {
	if r.chance(0.5) {
		p, _ := split(d.Topic, d.signed)
		count := 1 + r.IntN(3)
		d.did("%d empty transactions at the end", count)
		p.transactions = append(p.transactions, make([][]byte, count)...)
		d.signed = rehash(d.Topic, p.join())
		return
	}
	d.set(atStateRoot, r.Uint64())
	d.atHeight(1<<63 + r.Uint64N(2))
}

// signAgain sends a block once more: just so, with the twin signature, or
// compressed otherwise.
func (r *draw) signAgain(d, earlier *draft) {
	switch r.IntN(4) {
	case 0:
		d.did("high s")
		twin := highS(signWith(d.key, d.ChainID, d.signed))
		d.signature = &twin
	case 1:
		d.did("literals")
		d.message = literals(d.plain(), 60, 0)
	case 2:
		d.message = bytes.Clone(earlier.message)
		d.signature = earlier.signature
	}
}

// overrun fills op-node's memory of heights and comes back to those that should
// be forgotten, and to those that should not.
func (r *draw) overrun() []*draft {
	const remembered = 1000
	block := r.corpus.block(blocks.Spec{Topic: blocks.V1, ChainID: chainIDs[0], Number: 1, Timestamp: blockTime})
	p, _ := split(blocks.V1, block.Bytes)
	p.transactions = nil
	start := &draft{
		Node:   Node{Topic: blocks.V1, ChainID: chainIDs[0], Current: addressOf(sequencer)},
		key:    sequencer,
		signed: p.join(),
	}
	var drafts []*draft
	send := func(height uint64) {
		d := start.next(blockTime)
		d.atHeight(height)
		drafts = append(drafts, d)
	}
	for height := range uint64(remembered) {
		send(height)
	}
	send(0)              // seen, and used last
	send(remembered)     // height 1 is forgotten
	send(0)              // still seen
	send(1)              // accepted again; height 2 is forgotten
	send(3)              // seen, and used last
	send(remembered + 1) // height 4 is forgotten
	send(3)
	send(4)
	send(2)
	for range 40 {
		send(r.Uint64N(remembered + 10))
	}
	return drafts
}
