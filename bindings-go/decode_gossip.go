package opsign

import (
	"math/big"

	"github.com/opsign/opsign/bindings-go/internal/capi"
)

// GossipBlock is what a gossip message says. Nothing of it is checked but its
// form: [GossipValidator] does. What the topic does not have is nil.
type GossipBlock struct {
	Signature             Signature // as it came
	Payload               []byte    // what the signature covers, for [HashPayload]
	ParentBeaconBlockRoot *Hash     // on V3 and V4
	ParentHash            Hash
	FeeRecipient          Address
	StateRoot             Hash
	ReceiptsRoot          Hash
	LogsBloom             []byte // 256 bytes
	PrevRandao            Hash
	Number                uint64
	GasLimit              uint64
	GasUsed               uint64
	Timestamp             uint64   // seconds since 1970
	ExtraData             []byte   // up to 32 bytes
	BaseFeePerGas         *big.Int // wei
	BlockHash             Hash     // as it claims
	ComputedBlockHash     Hash     // from its contents
	Transactions          [][]byte // in their network form, for [DecodeTransaction]; nothing says that they are any
	Withdrawals           int      // op-node takes none
	BlobGasUsed           *uint64  // on V3 and V4; from Jovian on, the data availability footprint
	ExcessBlobGas         *uint64  // on V3 and V4
	WithdrawalsRoot       *Hash    // on V4
	L1Info                *L1Info  // nil: the first transaction does not carry L1's block
}

// L1Info is the L1 block that an L2 block builds on, its L1 origin.
type L1Info struct {
	Number         uint64
	Timestamp      uint64 // seconds since 1970
	Hash           Hash
	SequenceNumber uint64 // how many L2 blocks of the same L1 origin came before
}

// DecodeGossip reads a gossip message as it came, compressed. A message that is
// no block of the topic gives the rule that it breaks: the error's code is the
// [Reason], such as "ssz_too_short".
//
// The slices in the result share one piece of memory, which nothing else uses.
func DecodeGossip(topic Topic, message []byte) (*GossipBlock, error) {
	const op = "DecodeGossip"
	var length int
	if err := check(op, capi.GossipDecompressedLen(message, &length)); err != nil {
		return nil, err
	}
	data := make([]byte, length)
	if err := check(op, capi.GossipDecompress(message, data)); err != nil {
		return nil, err
	}
	var fields capi.GossipBlock
	if err := check(op, capi.GossipDecode(int32(topic), data, &fields)); err != nil {
		return nil, err
	}
	places, written := make([]capi.Span, fields.TransactionCount), 0
	if err := check(op, capi.GossipTransactions(int32(topic), data, places, &written)); err != nil {
		return nil, err
	}
	block := &GossipBlock{
		Signature:         fields.Signature,
		Payload:           part(data, fields.Payload),
		ParentHash:        fields.ParentHash,
		FeeRecipient:      fields.FeeRecipient,
		StateRoot:         fields.StateRoot,
		ReceiptsRoot:      fields.ReceiptsRoot,
		LogsBloom:         part(data, fields.LogsBloom),
		PrevRandao:        fields.PrevRandao,
		Number:            fields.Number,
		GasLimit:          fields.GasLimit,
		GasUsed:           fields.GasUsed,
		Timestamp:         fields.Timestamp,
		ExtraData:         part(data, fields.ExtraData),
		BaseFeePerGas:     number(fields.BaseFeePerGas),
		BlockHash:         fields.BlockHash,
		ComputedBlockHash: fields.ComputedBlockHash,
		Transactions:      make([][]byte, written),
		Withdrawals:       int(fields.WithdrawalCount),
	}
	for i := range block.Transactions {
		block.Transactions[i] = part(data, places[i])
	}
	if fields.HasParentBeaconBlockRoot != 0 {
		block.ParentBeaconBlockRoot = (*Hash)(&fields.ParentBeaconBlockRoot)
	}
	if fields.HasBlobGas != 0 {
		block.BlobGasUsed, block.ExcessBlobGas = &fields.BlobGasUsed, &fields.ExcessBlobGas
	}
	if fields.HasWithdrawalsRoot != 0 {
		block.WithdrawalsRoot = (*Hash)(&fields.WithdrawalsRoot)
	}
	if fields.HasL1Info != 0 {
		block.L1Info = l1Info(&fields.L1Info)
	}
	return block, nil
}

// L1InfoFromTransaction reads the L1 origin from a block's first transaction, in
// its network form: [ErrNotL1Info] if it does not carry L1's block.
func L1InfoFromTransaction(transaction []byte) (*L1Info, error) {
	var info capi.L1Info
	if err := check("L1InfoFromTransaction", capi.L1InfoFromTransaction(transaction, &info)); err != nil {
		return nil, err
	}
	return l1Info(&info), nil
}

func l1Info(info *capi.L1Info) *L1Info {
	return &L1Info{
		Number:         info.Number,
		Timestamp:      info.Timestamp,
		Hash:           info.Hash,
		SequenceNumber: info.SequenceNumber,
	}
}
