package capi

// Transaction has the memory layout of opsign_transaction, as all structs here
// have that of their namesake in opsign.h, where the fields are described.
type Transaction struct {
	Kind                                                    int32
	HasChainID, HasTo, HasSidecar, SidecarVersion, IsSystem uint8
	ReservedFlags                                           [7]byte
	Nonce, Gas                                              uint64
	ChainID, GasPrice, MaxPriorityFeePerGas, MaxFeePerGas   [32]byte
	MaxFeePerBlobGas, Value                                 [32]byte
	To, From                                                [20]byte
	SourceHash, Mint, V, R, S                               [32]byte
	Input                                                   Span
	BlobVersionedHashes                                     HashSpan
	AccessListCount, AuthorizationCount                     uint64
	BlobCount, CommitmentCount, ProofCount                  uint64
	Reserved                                                [144]byte
}

// Span is a part of the bytes that a call was given.
type Span struct{ Offset, Length uint64 }

// HashSpan is hashes in the bytes that a call was given, HashStride apart.
type HashSpan struct{ Offset, Count uint64 }

// HashStride is the way from one hash of a list to the next.
const HashStride = 33

// AccessItem is an account of an access list.
type AccessItem struct {
	Address     [20]byte
	Reserved    [4]byte
	StorageKeys HashSpan
}

// SignedAuthorization is an authorization of a transaction.
type SignedAuthorization struct {
	ChainID     [32]byte
	CodeAddress [20]byte
	Signature   [65]byte
	Reserved    [3]byte
	Nonce       uint64
}

// L1Info is the L1 block that an L2 block builds on.
type L1Info struct {
	Number, Timestamp, SequenceNumber uint64
	Hash                              [32]byte
}

// GossipBlock is what a gossip message says.
type GossipBlock struct {
	Signature                                                        [65]byte
	HasParentBeaconBlockRoot, HasBlobGas, HasWithdrawalsRoot         uint8
	HasL1Info                                                        uint8
	ReservedFlags                                                    [3]byte
	Number, Timestamp, GasLimit, GasUsed, BlobGasUsed, ExcessBlobGas uint64
	TransactionCount, WithdrawalCount                                uint64
	Payload, ExtraData, LogsBloom                                    Span
	L1Info                                                           L1Info
	ParentBeaconBlockRoot, ParentHash, StateRoot, ReceiptsRoot       [32]byte
	PrevRandao, BaseFeePerGas, BlockHash, ComputedBlockHash          [32]byte
	WithdrawalsRoot                                                  [32]byte
	FeeRecipient                                                     [20]byte
	Reserved                                                         [92]byte
}
