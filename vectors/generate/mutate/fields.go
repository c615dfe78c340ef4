package mutate

import (
	"bytes"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/ethereum-optimism/optimism/op-service/eth"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// changeFields changes what the block says. Mostly it gets the hash of what it
// then says.
func changeFields(r *draw, d *draft) {
	p, ok := split(d.Topic, d.signed)
	if !ok {
		return // an earlier mutation broke it
	}
	version := d.Topic.BlockVersion()
	for again := true; again; again = r.chance(0.2) {
		kind := r.IntN(14)
		switch {
		case kind == 0:
			timestamp := d.now + pickOf[uint64](r, 0, 4, 5, 6, 7, 1<<63, 1<<62) - pickOf[uint64](r, 0, 0, 59, 60, 61, 62)
			timestamp = pickOf(r, timestamp, timestamp, timestamp, 0, 1, 1<<64-1, 1<<63)
			d.did("timestamp %d", timestamp)
			put64(p.fixed[atTimestamp:], timestamp)
		case kind == 1 && version.HasBlobProperties():
			value := r.number64()
			d.did("blob gas used %d", value)
			put64(p.fixed[atBlobGasUsed:], value)
			if r.chance(0.5) {
				d.JovianTime = pickOf(r, nil, at(0), at(blockTime-1), at(blockTime), at(blockTime+1), at(d.now), at(1<<64-1))
			}
		case kind == 2 && version.HasBlobProperties():
			value := r.number64()
			d.did("excess blob gas %d", value)
			put64(p.fixed[atExcessBlobGas:], value)
		case kind == 3 && version.HasWithdrawals():
			count := r.pick(1, 1, 1, 2, 3, 15, 16, 17, 18, 40)
			d.did("%d withdrawals", count)
			p.withdrawals = r.bytes(withdrawalLength * count)
			for i := range count { // numbers of all sizes
				entry := p.withdrawals[i*withdrawalLength:]
				put64(entry, r.number64())
				put64(entry[8:], r.number64())
				put64(entry[36:], r.number64())
			}
		case kind == 4 && version.HasWithdrawalsRoot():
			d.did("withdrawals root")
			copy(p.fixed[atWithdrawalsRoot:], pickOf(r, types.EmptyWithdrawalsHash[:], make([]byte, 32), r.bytes(32)))
		case kind == 5:
			length := r.pick(0, 1, 1, 9, 17, 31, 32, 32, 33, 34, 64, 100)
			d.did("%d bytes of extra data", length)
			p.extra = r.bytes(length)
			if length == 1 {
				p.extra[0] = byte(r.pick(0, 1, 0x7f, 0x80, 0xff))
			}
		case kind == 6 && version.HasParentBeaconBlockRoot():
			d.did("parent beacon block root")
			copy(p.root, pickOf(r, make([]byte, 32), r.bytes(32)))
		case kind == 7:
			value := pickOf[uint64](r, 0, 1, 0x7f, 0x80, 1<<31, 1<<32, 1<<53, 1<<63-1, 1<<63, 1<<63, 1<<63+1, 1<<64-1)
			d.did("number %d", value)
			put64(p.fixed[atNumber:], value)
		case kind == 8:
			d.did("base fee")
			fee := make([]byte, 32)
			switch length := r.pick(0, 1, 1, 2, 8, 9, 31, 32); length {
			case 0:
			case 1:
				fee[0] = byte(r.pick(0, 1, 0x7f, 0x80, 0xff))
			default:
				copy(fee, r.bytes(length))
			}
			copy(p.fixed[atBaseFee:], fee)
		case kind == 9:
			field := r.pick(atGasLimit, atGasUsed)
			put64(p.fixed[field:], r.number64())
			d.did("number at %d", field)
		case kind == 10:
			field := r.pick(0, 32, atStateRoot, atReceiptsRoot, atBloom, atBloom+128, 372)
			d.did("hash at %d", field)
			copy(p.fixed[field:field+20], pickOf(r, make([]byte, 20), r.bytes(20)))
		default:
			p.transactions = r.otherTransactions(d, p.transactions)
		}
	}
	d.signed = p.join()
	if r.chance(0.93) {
		d.signed = rehash(d.Topic, d.signed)
	} else {
		d.did("hash kept")
	}
}

// otherTransactions changes the list of transactions.
func (r *draw) otherTransactions(d *draft, from [][]byte) [][]byte {
	switch r.IntN(13) {
	case 0:
		d.did("no transactions")
		return nil
	case 1:
		count := r.pick(1, 2, 3, 17, 128, 130, 300)
		d.did("%d empty transactions and no others", count)
		return make([][]byte, count)
	case 2, 3:
		count := 1 + r.skewed(5)
		d.did("%d empty transactions among the others", count)
		out := append([][]byte{}, from...)
		for range count {
			at := r.pick(0, len(out), r.IntN(len(out)+1))
			out = append(out[:at:at], append([][]byte{{}}, out[at:]...)...)
		}
		return out
	case 4:
		d.did("garbage for a transaction")
		out := append([][]byte{}, from...)
		garbage := r.bytes(r.pick(1, 1, 2, 10, 55, 56, 57, 255, 256, 257, 1000))
		if len(garbage) == 1 {
			garbage[0] = byte(r.pick(0, 1, 0x7e, 0x7f, 0x80, 0x81, 0xc0, 0xff))
		}
		at := r.IntN(len(out) + 1)
		return append(out[:at:at], append([][]byte{garbage}, out[at:]...)...)
	case 5, 6, 7: // around the places where the trie changes its shape
		count := r.pick(1, 2, 3, 15, 16, 17, 18, 32, 126, 127, 128, 129, 130, 144, 255, 256, 257, 258, 272, 300)
		size := r.pick(1, 1, 2, 20, 26, 27, 28, 29, 30, 31, 32, 33, 34, 60)
		d.did("%d transactions of up to %d bytes", count, size)
		out := make([][]byte, count)
		empty := pickOf(r, 0, 0, 0.02, 0.3, 0.9)
		for i := range out {
			if r.chance(empty) {
				continue
			}
			length := size
			if r.chance(0.2) {
				length = 1 + r.IntN(size)
			}
			out[i] = r.bytes(length)
			if length == 1 {
				out[i][0] = byte(r.pick(0, 1, 0x7f, 0x80, 0xff))
			}
		}
		return out
	case 8:
		d.did("transactions in another order")
		out := append([][]byte{}, from...)
		r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		return out
	case 9:
		d.did("some transactions twice")
		return append(append([][]byte{}, from...), from[r.IntN(max(1, len(from))):]...)
	case 10:
		d.did("no L1 attributes")
		return append([][]byte{}, from[min(1, len(from)):]...)
	case 11:
		size := r.pick(1000, 5000, 20_000)
		if r.chance(0.05) {
			size = r.pick(70_000, 200_000)
		}
		d.did("a transaction of %d bytes", size)
		return append(append([][]byte{}, from...), r.bytes(size))
	default:
		d.did("the first transaction is no deposit")
		out := append([][]byte{}, from...)
		if len(out) > 0 && len(out[0]) > 0 {
			out[0] = bytes.Clone(out[0])
			out[0][0] ^= byte(1 + r.IntN(255))
		}
		return out
	}
}

// otherHeader gives a block the hash that it would have if a rule about its
// header were another one.
func otherHeader(r *draw, d *draft) {
	p, ok := split(d.Topic, d.signed)
	if !ok {
		return // an earlier mutation broke it
	}
	if r.chance(0.4) { // where two readings of the rules could differ
		switch r.IntN(3) {
		case 0:
			put64(p.fixed[atNumber:], 1<<63+r.Uint64N(100))
		case 1:
			p.transactions = append(p.transactions, nil)
		default:
			p.transactions = append([][]byte{nil}, p.transactions...)
		}
		d.signed = p.join()
	}
	envelope, err := blocks.Decode(d.Topic, d.signed)
	if err != nil {
		panic(err) // it was decoded before
	}
	payload := envelope.ExecutionPayload
	header := headerOf(d.Topic, envelope)
	kind := r.IntN(22)
	d.did("header %d", kind)
	zero, other := uint64(0), common.BytesToHash(r.bytes(32))
	switch kind {
	case 0, 1: // as it is, with an unsigned number
	case 2:
		header.RequestsHash = nil
	case 3:
		header.RequestsHash = pickOf(r, &types.EmptyRequestsHash, &types.EmptyRootHash, &other)
	case 4:
		header.ParentBeaconRoot = nil
	case 5:
		header.ParentBeaconRoot = pickOf(r, &common.Hash{}, &other)
	case 6:
		header.WithdrawalsHash = nil
	case 7:
		header.WithdrawalsHash = pickOf(r, &types.EmptyWithdrawalsHash, &other)
	case 8:
		header.BlobGasUsed, header.ExcessBlobGas = nil, nil
	case 9:
		header.BlobGasUsed, header.ExcessBlobGas = &zero, &zero
	case 10:
		header.UncleHash = pickOf(r, types.EmptyRootHash, common.Hash{}, types.EmptyCodeHash)
	case 11:
		header.Difficulty.SetUint64(1)
	case 12:
		header.Nonce = types.EncodeNonce(1)
	case 13:
		header.BlockAccessListHash = &types.EmptyBlockAccessListHash
	case 14:
		header.SlotNumber = &zero
	case 15: // with empty transactions left out before they are numbered
		var full []eth.Data
		for _, transaction := range payload.Transactions {
			if len(transaction) > 0 {
				full = append(full, transaction)
			}
		}
		header.TxHash = transactionsRoot(full)
	case 16: // with empty transactions written as an empty RLP string
		var full []eth.Data
		for _, transaction := range payload.Transactions {
			full = append(full, pickIf(len(transaction) > 0, transaction, eth.Data{0x80}))
		}
		header.TxHash = transactionsRoot(full)
	case 17:
		header.TxHash = pickOf(r, types.EmptyTxsHash, common.Hash{})
	case 18: // the hash of nothing, which is that of a header that cannot be encoded
		d.signed = withHash(d.Topic, d.signed, types.EmptyCodeHash)
		return
	case 19: // the header of another version
		topic := pickOf(r, blocks.Topics...)
		if topic.BlockVersion().HasWithdrawals() && payload.Withdrawals == nil {
			payload.Withdrawals = new(types.Withdrawals)
		}
		header = headerOf(topic, envelope)
		if !topic.BlockVersion().HasBlobProperties() {
			header.BlobGasUsed, header.ExcessBlobGas, header.ParentBeaconRoot = nil, nil, nil
		}
	case 20: // the withdrawals as a trie on V4, too
		if payload.Withdrawals != nil {
			root := types.DeriveSha(*payload.Withdrawals, trie.NewStackTrie(nil))
			header.WithdrawalsHash = &root
		}
	default:
		header.Extra = nil
	}
	d.signed = withHash(d.Topic, d.signed, header.Hash())
}

func pickIf[T any](condition bool, yes, no T) T {
	if condition {
		return yes
	}
	return no
}

// otherVersion sends a block of one version on the topic of another.
func otherVersion(r *draw, d *draft) {
	target := pickOf(r, blocks.Topics...)
	p, ok := split(d.Topic, d.signed)
	if !ok {
		return // an earlier mutation broke it
	}
	switch kind := r.IntN(5); kind {
	case 0:
		d.did("%s bytes on %s", d.Topic, target)
	case 1:
		d.did("%s bytes on %s with the root added or taken off", d.Topic, target)
		if prefixLength(target) > prefixLength(d.Topic) {
			d.signed = append(make([]byte, 32), d.signed...)
		} else if prefixLength(target) < prefixLength(d.Topic) {
			d.signed = d.signed[32:]
		}
	case 2:
		d.did("%s laid out as %s, hash kept", d.Topic, target)
		d.signed = p.as(target).join()
	default:
		d.did("%s laid out as %s", d.Topic, target)
		d.signed = rehash(target, p.as(target).join())
	}
	d.Topic = target
	d.signature = nil
}
