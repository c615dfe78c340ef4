package mutate

import (
	"bytes"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// changeStructure changes offsets, lengths and borders of the encoding.
func changeStructure(r *draw, d *draft) {
	if r.chance(0.15) { // withdrawals make one more border
		if p, ok := split(d.Topic, d.signed); ok && d.Topic.BlockVersion().HasWithdrawals() {
			p.withdrawals = r.bytes(withdrawalLength * (1 + r.IntN(3)))
			d.signed = p.join()
		}
	}
	for again := true; again; again = r.chance(0.2) {
		s, ok := layoutOf(d.Topic, d.signed)
		if !ok {
			break // it is broken already
		}
		switch r.IntN(10) {
		case 0:
			s.put(r, d, atExtraDataOffset, s.fixed, 508, 512, 528, 560, 0)
		case 1:
			s.put(r, d, atTransactionOffset, s.fixed, s.transactions, s.fixed+32, s.fixed+33, s.withdrawals, s.scope, 0, 436)
		case 2:
			if d.Topic.BlockVersion().HasWithdrawals() {
				s.put(r, d, atWithdrawalOffset, s.transactions, s.withdrawals, s.scope, s.scope-44, s.scope-88, s.fixed, 0)
			}
		case 3:
			if s.size >= 4 {
				s.put(r, d, s.transactions, s.first, 0, s.size, 2*s.first, 4*(1<<20), s.first-4, s.first+4)
			}
		case 4, 5: // a later offset
			if s.first > 4 {
				entry := s.transactions + 4*(1+r.IntN(s.first/4-1))
				before := int(get32(s.payload()[entry-4:]))
				s.put(r, d, entry, before, int(get32(s.payload()[entry:])), s.first, s.size, 0, s.size-1)
			}
		case 6: // two offsets change places
			if s.first > 4 {
				count := s.first / 4
				a, b := s.transactions+4*r.IntN(count), s.transactions+4*r.IntN(count)
				d.did("offsets at %d and %d swapped", a, b)
				payload := s.payload()
				one, two := get32(payload[a:]), get32(payload[b:])
				put32(payload[a:], int(two))
				put32(payload[b:], int(one))
			}
		case 7, 8:
			s.insert(r, d)
		default:
			s.cut(r, d)
		}
	}
	if r.chance(0.8) {
		d.signed = rehash(d.Topic, d.signed)
	}
}

// layout says where the parts of signed bytes are, counted from the payload's start.
type layout struct {
	signed                                  []byte
	prefix, fixed, transactions             int
	first                                   int // the first transaction's offset, from the list's start
	size                                    int // of the list of transactions
	withdrawals, scope                      int
	afterTheTable, afterTheFirstTransaction int
}

func layoutOf(topic blocks.Topic, signed []byte) (layout, bool) {
	envelope, err := blocks.Decode(topic, signed)
	if err != nil {
		return layout{}, false
	}
	s := layout{signed: signed, prefix: prefixLength(topic), fixed: fixedLength(topic)}
	s.scope = len(signed) - s.prefix
	payload := s.payload()
	s.transactions = int(get32(payload[atTransactionOffset:]))
	s.withdrawals = s.scope
	if topic.BlockVersion().HasWithdrawals() {
		s.withdrawals = int(get32(payload[atWithdrawalOffset:]))
	}
	s.size = s.withdrawals - s.transactions
	s.first = 4 * len(envelope.ExecutionPayload.Transactions)
	s.afterTheTable = s.transactions + s.first
	s.afterTheFirstTransaction = s.afterTheTable
	if s.first > 0 {
		s.afterTheFirstTransaction += len(envelope.ExecutionPayload.Transactions[0])
	}
	return s, true
}

func (s layout) payload() []byte { return s.signed[s.prefix:] }

// put writes one of the values, or one beside it, to an offset.
func (s layout) put(r *draw, d *draft, at int, values ...int) {
	value := pickOf(r, values...) + r.pick(0, 0, 0, -1, 1, -1, 1, -4, 4, 2, 3)
	if r.chance(0.1) {
		value = pickOf(r, int(r.Uint32()), 1<<32-1, 1<<31, 1<<31-1)
	}
	d.did("%d at %d", uint32(value), at)
	put32(s.payload()[at:], value)
}

// borders are the places where one part ends and another begins.
func (s layout) borders() []int {
	return []int{0, s.fixed, s.transactions, s.afterTheTable, s.afterTheFirstTransaction, s.withdrawals, s.scope, -s.prefix}
}

// insert puts bytes between two parts. Sometimes the offsets behind follow.
func (s layout) insert(r *draw, d *draft) {
	where := pickOf(r, s.borders()...)
	extra := r.bytes(r.pick(1, 2, 3, 4, 4, 8, 31, 32, 33, 43, 44, 45, 88, 44*16, 44*17))
	if r.chance(0.3) {
		clear(extra)
	}
	d.did("%d bytes put in at %d", len(extra), where)
	follow := r.chance(0.4)
	if follow {
		d.did("offsets moved")
		payload := s.payload()
		if where <= s.transactions && where > 0 && r.chance(0.8) {
			put32(payload[atTransactionOffset:], s.transactions+len(extra))
		}
		if where <= s.withdrawals && where > 0 && d.Topic.BlockVersion().HasWithdrawals() {
			put32(payload[atWithdrawalOffset:], s.withdrawals+len(extra))
		}
	}
	at := s.prefix + where
	d.signed = bytes.Join([][]byte{s.signed[:at], extra, s.signed[at:]}, nil)
}

// cut truncates at a border or beside one.
func (s layout) cut(r *draw, d *draft) {
	at := s.prefix + pickOf(r, s.borders()...) + r.pick(0, 0, 0, -1, 1, -3, 4, -44)
	if r.chance(0.1) {
		at = r.IntN(len(s.signed))
	}
	at = max(1, min(at, len(s.signed))) // a message has at least a byte to sign
	d.did("cut to %d", at)
	d.signed = s.signed[:at]
	if d.Topic.BlockVersion().HasWithdrawals() && at > s.prefix+s.fixed && r.chance(0.5) {
		d.did("withdrawals offset moved")
		put32(s.payload()[atWithdrawalOffset:], min(s.withdrawals, at-s.prefix))
	}
}

// huge makes a message at one of the large limits.
func huge(r *draw, d *draft) {
	p, _ := split(d.Topic, d.signed)
	p.transactions = nil
	rest := blocks.MaxMessageLength - blocks.SignatureLength - len(p.join())
	switch kind := r.IntN(6); kind {
	case 0, 1: // one transaction that fills the message to the limit, or a byte more
		size := rest - 4 + kind
		d.did("a transaction of %d bytes", size)
		p.transactions = [][]byte{bytesOf(byte(r.Uint32()), size)}
	case 2, 3, 4: // as many transactions as there may be, or one more
		count := 1<<20 + r.pick(0, 1, 1)
		d.did("%d empty transactions", count)
		p.transactions = make([][]byte, count)
		if r.chance(0.3) {
			p.transactions[count-1] = r.bytes(20)
		}
	default:
		count := r.pick(1<<16, 1<<16+1, 1<<17)
		d.did("%d transactions of one byte", count)
		for range count {
			p.transactions = append(p.transactions, []byte{7})
		}
	}
	d.signed = p.join()
	if len(d.signed) < blocks.MaxMessageLength-blocks.SignatureLength || r.chance(0.5) {
		d.signed = rehash(d.Topic, d.signed)
	}
}
