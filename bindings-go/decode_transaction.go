package opsign

import (
	"math/big"

	"github.com/opsign/opsign/bindings-go/internal/capi"
)

// The types of transactions (EIP-2718).
const (
	LegacyTransaction     = 0
	AccessListTransaction = 1    // EIP-2930
	DynamicFeeTransaction = 2    // EIP-1559
	BlobTransaction       = 3    // EIP-4844
	SetCodeTransaction    = 4    // EIP-7702
	DepositTransaction    = 0x7e // of the OP Stack: L1 put it into the block
)

// Transaction is what a signed transaction says. What its type does not have is
// nil or zero.
type Transaction struct {
	Type                 uint8
	ChainID              *ChainID // nil: a deposit, or a legacy transaction before EIP-155
	Nonce                uint64
	GasPrice             *big.Int // wei per gas, of types 0 and 1
	MaxPriorityFeePerGas *big.Int // wei per gas for whoever includes it, from type 2 on
	MaxFeePerGas         *big.Int // wei per gas at the most, from type 2 on
	Gas                  uint64   // the most it may use
	To                   *Address // nil: it makes a contract
	Value                *big.Int // wei
	Input                []byte   // a part of the bytes that were decoded
	AccessList           []AccessItem
	MaxFeePerBlobGas     *big.Int // wei, of type 3
	BlobVersionedHashes  []Hash
	Sidecar              *Sidecar // nil: its blobs do not travel with it
	Authorizations       []SignedAuthorization
	Deposit              *Deposit // of deposits
	V, R, S              *big.Int // the signature, not checked: [TransactionSender] does
}

// AccessItem is an account that a transaction will touch, and slots of its
// storage (EIP-2930).
type AccessItem struct {
	Address     Address
	StorageKeys []Hash
}

// Sidecar counts what travels with a blob transaction.
type Sidecar struct {
	Version                    uint8 // 0: a proof per blob (EIP-4844); 1: cell proofs (EIP-7594)
	Blobs, Commitments, Proofs int
}

// Deposit is what only a deposit has.
type Deposit struct {
	SourceHash Hash // where on L1 it came from
	From       Address
	Mint       *big.Int // wei to create for the sender
	IsSystem   bool     // it uses none of the block's gas (before Regolith)
}

// DecodeTransaction reads a signed transaction of any type in its network form,
// deposits too. It accepts what go-ethereum accepts, but no number of more than
// 256 bits; the signature is not checked.
func DecodeTransaction(transaction []byte) (*Transaction, error) {
	const op = "DecodeTransaction"
	var fields capi.Transaction
	if err := check(op, capi.TransactionDecode(transaction, &fields)); err != nil {
		return nil, err
	}
	decoded := &Transaction{
		Type:                uint8(fields.Kind),
		Nonce:               fields.Nonce,
		Gas:                 fields.Gas,
		Value:               number(fields.Value),
		Input:               part(transaction, fields.Input),
		BlobVersionedHashes: hashes(transaction, fields.BlobVersionedHashes),
	}
	if fields.HasChainID != 0 {
		decoded.ChainID = (*ChainID)(&fields.ChainID)
	}
	if fields.HasTo != 0 {
		decoded.To = (*Address)(&fields.To)
	}
	switch decoded.Type {
	case LegacyTransaction, AccessListTransaction:
		decoded.GasPrice = number(fields.GasPrice)
	case DynamicFeeTransaction, BlobTransaction, SetCodeTransaction:
		decoded.MaxPriorityFeePerGas = number(fields.MaxPriorityFeePerGas)
		decoded.MaxFeePerGas = number(fields.MaxFeePerGas)
	case DepositTransaction:
		decoded.Deposit = &Deposit{
			SourceHash: fields.SourceHash,
			From:       fields.From,
			Mint:       number(fields.Mint),
			IsSystem:   fields.IsSystem != 0,
		}
	}
	if decoded.Type == BlobTransaction {
		decoded.MaxFeePerBlobGas = number(fields.MaxFeePerBlobGas)
	}
	if decoded.Type != DepositTransaction {
		decoded.V, decoded.R, decoded.S = number(fields.V), number(fields.R), number(fields.S)
	}
	if fields.HasSidecar != 0 {
		decoded.Sidecar = &Sidecar{
			Version:     fields.SidecarVersion,
			Blobs:       int(fields.BlobCount),
			Commitments: int(fields.CommitmentCount),
			Proofs:      int(fields.ProofCount),
		}
	}
	return decoded, check(op, readLists(transaction, &fields, decoded))
}

// TransactionSigningHash is what was signed for a signed transaction; a deposit
// gives [ErrDepositNotSignable].
func TransactionSigningHash(transaction []byte) (Hash, error) {
	var hash Hash
	code := capi.TransactionSigningHash(transaction, (*[32]byte)(&hash))
	return hash, check("TransactionSigningHash", code)
}

func readLists(transaction []byte, fields *capi.Transaction, decoded *Transaction) int32 {
	var written int
	if fields.AccessListCount > 0 {
		items := make([]capi.AccessItem, fields.AccessListCount)
		if code := capi.TransactionAccessList(transaction, items, &written); code != capi.OK {
			return code
		}
		for _, item := range items[:written] {
			decoded.AccessList = append(decoded.AccessList,
				AccessItem{Address: item.Address, StorageKeys: hashes(transaction, item.StorageKeys)})
		}
	}
	if fields.AuthorizationCount > 0 {
		items := make([]capi.SignedAuthorization, fields.AuthorizationCount)
		if code := capi.TransactionAuthorizations(transaction, items, &written); code != capi.OK {
			return code
		}
		for _, item := range items[:written] {
			decoded.Authorizations = append(decoded.Authorizations, SignedAuthorization{
				Authorization: Authorization{ChainID: item.ChainID, Address: item.CodeAddress, Nonce: item.Nonce},
				Signature:     item.Signature,
			})
		}
	}
	return capi.OK
}

func number(bytes [32]byte) *big.Int { return new(big.Int).SetBytes(bytes[:]) }

// part is what a span stands for; appending to it leaves the rest alone.
func part(whole []byte, span capi.Span) []byte {
	end := span.Offset + span.Length
	return whole[span.Offset:end:end]
}

func hashes(whole []byte, span capi.HashSpan) []Hash {
	if span.Count == 0 {
		return nil
	}
	list := make([]Hash, span.Count)
	for i := range list {
		list[i] = Hash(whole[span.Offset+uint64(i)*capi.HashStride:][:32])
	}
	return list
}
