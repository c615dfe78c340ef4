package mutate

import (
	"bytes"
	"encoding/binary"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/ethereum-optimism/optimism/op-service/eth"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// Where the fields of the payload's fixed part are. A test compares them with
// what op-node writes.
const (
	atStateRoot         = 52
	atReceiptsRoot      = 84
	atBloom             = 116
	atNumber            = 404
	atGasLimit          = 412
	atGasUsed           = 420
	atTimestamp         = 428
	atExtraDataOffset   = 436
	atBaseFee           = 440
	atBlockHash         = 472
	atTransactionOffset = 504
	atWithdrawalOffset  = 508 // V2 and later
	atBlobGasUsed       = 512 // V3 and later
	atExcessBlobGas     = 520 // V3 and later
	atWithdrawalsRoot   = 528 // V4
)

const withdrawalLength = 44

// prefixLength is the length of the parent beacon block root in front.
func prefixLength(topic blocks.Topic) int {
	if topic.BlockVersion().HasParentBeaconBlockRoot() {
		return common.HashLength
	}
	return 0
}

// fixedLength is the length of the payload's fixed part.
func fixedLength(topic blocks.Topic) int {
	return [...]int{508, 512, 528, 560}[topic-blocks.V1]
}

// parts are the signed bytes of a block, taken apart.
type parts struct {
	topic        blocks.Topic
	root         []byte // parent beacon block root, V3 and V4
	fixed        []byte // with offsets that join writes anew
	extra        []byte
	transactions [][]byte
	withdrawals  []byte
}

// split takes signed bytes apart. It is false if op-node cannot decode them.
func split(topic blocks.Topic, signed []byte) (parts, bool) {
	envelope, err := blocks.Decode(topic, signed)
	if err != nil {
		return parts{}, false
	}
	payload := envelope.ExecutionPayload
	prefix, fixed := prefixLength(topic), fixedLength(topic)
	p := parts{
		topic: topic,
		root:  bytes.Clone(signed[:prefix]),
		fixed: bytes.Clone(signed[prefix : prefix+fixed]),
		extra: bytes.Clone(payload.ExtraData),
	}
	for _, transaction := range payload.Transactions {
		p.transactions = append(p.transactions, transaction)
	}
	if payload.Withdrawals != nil {
		p.withdrawals = bytes.Clone(signed[len(signed)-withdrawalLength*payload.Withdrawals.Len():])
	}
	return p, true
}

// join puts the parts together, with the offsets that they need.
func (p parts) join() []byte {
	var list []byte
	end := 4 * len(p.transactions)
	for _, transaction := range p.transactions {
		list = binary.LittleEndian.AppendUint32(list, uint32(end))
		end += len(transaction)
	}
	for _, transaction := range p.transactions {
		list = append(list, transaction...)
	}
	fixed := bytes.Clone(p.fixed)
	put32(fixed[atExtraDataOffset:], len(fixed))
	put32(fixed[atTransactionOffset:], len(fixed)+len(p.extra))
	if p.topic.BlockVersion().HasWithdrawals() {
		put32(fixed[atWithdrawalOffset:], len(fixed)+len(p.extra)+len(list))
	}
	return bytes.Join([][]byte{p.root, fixed, p.extra, list, p.withdrawals}, nil)
}

// as is the same block in the layout of another topic.
func (p parts) as(topic blocks.Topic) parts {
	out := p
	out.topic = topic
	out.root = make([]byte, prefixLength(topic))
	copy(out.root, p.root)
	out.fixed = make([]byte, fixedLength(topic))
	copy(out.fixed, p.fixed)
	if topic == blocks.V1 {
		out.withdrawals = nil
	}
	return out
}

func put32(at []byte, value int) { binary.LittleEndian.PutUint32(at, uint32(value)) }
func get32(at []byte) uint32     { return binary.LittleEndian.Uint32(at) }
func put64(at []byte, v uint64)  { binary.LittleEndian.PutUint64(at, v) }

// rehash writes the block hash that op-node computes into a copy of the signed
// bytes. It returns them as they are if op-node cannot decode them.
func rehash(topic blocks.Topic, signed []byte) []byte {
	envelope, err := blocks.Decode(topic, signed)
	if err != nil {
		return signed
	}
	hash, _ := envelope.CheckBlockHash()
	return withHash(topic, signed, hash)
}

func withHash(topic blocks.Topic, signed []byte, hash common.Hash) []byte {
	out := bytes.Clone(signed)
	copy(out[prefixLength(topic)+atBlockHash:], hash[:])
	return out
}

// headerOf makes the header that a careful reader of the specification would,
// by op-geth's types. It is op-node's for all blocks with a number below 2^63
// and without empty transactions.
func headerOf(topic blocks.Topic, envelope *eth.ExecutionPayloadEnvelope) *types.Header {
	payload := envelope.ExecutionPayload
	baseFee, ok := new(big.Int).SetString(payload.BaseFeePerGas.String(), 0)
	if !ok {
		panic("op-node writes the base fee as text that is no number")
	}
	header := &types.Header{
		ParentHash:       payload.ParentHash,
		UncleHash:        types.EmptyUncleHash,
		Coinbase:         payload.FeeRecipient,
		Root:             common.Hash(payload.StateRoot),
		TxHash:           transactionsRoot(payload.Transactions),
		ReceiptHash:      common.Hash(payload.ReceiptsRoot),
		Bloom:            types.Bloom(payload.LogsBloom),
		Difficulty:       new(big.Int),
		Number:           new(big.Int).SetUint64(uint64(payload.BlockNumber)),
		GasLimit:         uint64(payload.GasLimit),
		GasUsed:          uint64(payload.GasUsed),
		Time:             uint64(payload.Timestamp),
		Extra:            payload.ExtraData,
		MixDigest:        common.Hash(payload.PrevRandao),
		BaseFee:          baseFee,
		BlobGasUsed:      (*uint64)(payload.BlobGasUsed),
		ExcessBlobGas:    (*uint64)(payload.ExcessBlobGas),
		ParentBeaconRoot: envelope.ParentBeaconBlockRoot,
	}
	switch topic {
	case blocks.V2, blocks.V3:
		root := types.DeriveSha(*payload.Withdrawals, trie.NewStackTrie(nil))
		header.WithdrawalsHash = &root
	case blocks.V4:
		header.WithdrawalsHash = payload.WithdrawalsRoot
		header.RequestsHash = &types.EmptyRequestsHash
	}
	return header
}

// rawTransactions is a list of bytes for types.DeriveSha.
type rawTransactions []eth.Data

func (r rawTransactions) Len() int                             { return len(r) }
func (r rawTransactions) EncodeIndex(i int, out *bytes.Buffer) { out.Write(r[i]) }

func transactionsRoot(transactions []eth.Data) common.Hash {
	return types.DeriveSha(rawTransactions(transactions), trie.NewStackTrie(nil))
}
