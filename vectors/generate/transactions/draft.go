package transactions

import (
	"bytes"
	"crypto/ecdsa"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// fields is a transaction before it is signed. Each type takes what it has.
type fields struct {
	kind           byte
	chainID        *big.Int // nil: a legacy transaction without EIP-155
	nonce          uint64
	gasPrice       *big.Int
	tip            *big.Int
	fee            *big.Int
	gas            uint64
	to             *common.Address // nil: creates a contract
	value          *big.Int
	input          []byte
	accessList     types.AccessList
	blobFee        *big.Int
	blobHashes     []common.Hash
	authorizations []types.SetCodeAuthorization
}

// ordinary gives a transaction in which nothing is special, for a case to change.
func ordinary(kind byte) fields {
	to := address("recipient")
	f := fields{
		kind: kind, chainID: big.NewInt(10), nonce: 7, gas: 90_000, to: &to,
		gasPrice: big.NewInt(1_500_000_000), tip: big.NewInt(1_000_000), fee: big.NewInt(2_000_000_000),
		value: big.NewInt(1_000_000_000_000_000_000), input: reproducible("input")[:4], blobFee: big.NewInt(3),
	}
	switch kind {
	case types.BlobTxType:
		f.blobHashes = []common.Hash{blobHash(1)}
	case types.SetCodeTxType:
		f.authorizations = []types.SetCodeAuthorization{authorize("authority", f.chainID, "delegate", 1)}
	}
	return f
}

// change gives an ordinary transaction with something changed.
func change(kind byte, by func(f *fields)) fields {
	f := ordinary(kind)
	by(&f)
	return f
}

func address(label string) common.Address {
	return crypto.PubkeyToAddress(blocks.TestKey(label).PublicKey)
}

// blobHash gives a versioned hash as EIP-4844 has them.
func blobHash(index byte) common.Hash {
	hash := common.Hash(reproducible(fmt.Sprintf("blob %d", index)))
	hash[0] = 1
	return hash
}

// authorize signs an authorization as op-geth does.
func authorize(key string, chainID *big.Int, delegate string, nonce uint64) types.SetCodeAuthorization {
	a := types.SetCodeAuthorization{Address: address(delegate), Nonce: nonce}
	a.ChainID.SetFromBig(chainID)
	return must(types.SignSetCode(blocks.TestKey(key), a))
}

// item is an element of a transaction's outer list. The name is that of the
// field in the files.
type item struct {
	name  string
	value any // rlp.RawValue: bytes to be taken as they are
}

// items are the transaction's elements without the signature.
func (f fields) items() []item {
	list := []item{{"chain_id", f.chainID}, {"nonce", f.nonce}}
	switch f.kind {
	case types.LegacyTxType:
		list = append(list[1:], item{"gas_price", f.gasPrice})
	case types.AccessListTxType:
		list = append(list, item{"gas_price", f.gasPrice})
	default:
		list = append(list, item{"max_priority_fee_per_gas", f.tip}, item{"max_fee_per_gas", f.fee})
	}
	list = append(list, item{"gas", f.gas}, item{"to", f.to}, item{"value", f.value}, item{"input", f.input})
	if f.kind != types.LegacyTxType {
		list = append(list, item{"access_list", f.accessList})
	}
	switch f.kind {
	case types.BlobTxType:
		list = append(list, item{"max_fee_per_blob_gas", f.blobFee}, item{"blob_versioned_hashes", f.blobHashes})
	case types.SetCodeTxType:
		list = append(list, item{"authorizations", f.authorizations})
	}
	return list
}

// withSignature adds v (the y parity of a typed transaction), r and s.
func withSignature(list []item, v, r, s *big.Int) []item {
	return append(slices.Clone(list), item{"v", v}, item{"r", r}, item{"s", s})
}

// replace gives the list with another value for the named element.
func replace(list []item, name string, value any) []item {
	at := slices.IndexFunc(list, func(i item) bool { return i.name == name })
	if at < 0 {
		panic(fmt.Sprintf("there is no element %q", name))
	}
	list = slices.Clone(list)
	list[at].value = value
	return list
}

// remove gives the list without the named element.
func remove(list []item, name string) []item {
	return slices.DeleteFunc(slices.Clone(list), func(i item) bool { return i.name == name })
}

// encode writes a transaction: RLP with the type byte in front, if it has one.
func encode(kind byte, list []item) []byte {
	values := make([]any, len(list))
	for i, element := range list {
		values[i] = element.value
	}
	return typed(kind, must(rlp.EncodeToBytes(values)))
}

// typed puts the type byte in front, except of a legacy transaction.
func typed(kind byte, encoded []byte) []byte {
	if kind == types.LegacyTxType {
		return encoded
	}
	return append([]byte{kind}, encoded...)
}

// signed is a transaction's bytes and what they were made from.
type signed struct {
	fields  fields
	list    []item
	v, r, s *big.Int
	raw     []byte
}

// sign signs the transaction by op-geth's hash and puts v, r and s into the bytes.
func (f fields) sign(key *ecdsa.PrivateKey) signed {
	var unsigned types.Transaction
	if err := unsigned.UnmarshalBinary(encode(f.kind, withSignature(f.items(), zero, zero, zero))); err != nil {
		panic(fmt.Sprintf("op-geth does not read the transaction to sign: %v", err))
	}
	signature := must(crypto.Sign(hashToSign(&unsigned, f.chainID).Bytes(), key))
	r, s, parity := number(signature[:32]), number(signature[32:64]), int64(signature[64])
	v := big.NewInt(parity)
	switch {
	case f.kind == types.LegacyTxType && f.chainID == nil:
		v = big.NewInt(27 + parity)
	case f.kind == types.LegacyTxType:
		v = plus(new(big.Int).Lsh(f.chainID, 1), 35+parity)
	}
	list := withSignature(f.items(), v, r, s)
	raw := encode(f.kind, list)

	// op-geth has no signer that makes transactions for chain 0.
	if f.chainID == nil || f.chainID.Sign() > 0 {
		tx := must(unsigned.WithSignature(types.LatestSignerForChainID(f.chainID), signature))
		if theirs := must(tx.MarshalBinary()); !bytes.Equal(theirs, raw) {
			panic(fmt.Sprintf("op-geth writes the signed transaction as %x, not as %x", theirs, raw))
		}
	}
	return signed{f, list, v, r, s, raw}
}

// with gives the bytes with another value for an element; the signature stays,
// so it is one of other fields.
func (s signed) with(name string, value any) []byte {
	return encode(s.fields.kind, replace(s.list, name, value))
}

// without gives the bytes without an element.
func (s signed) without(name string) []byte {
	return encode(s.fields.kind, remove(s.list, name))
}

// hashToSign is op-geth's hash of a transaction for a chain, nil for a legacy
// transaction without EIP-155. The EIP-155 signer hashes all types, and for
// chain 0, too, for which op-geth makes no newer signer.
func hashToSign(tx *types.Transaction, chainID *big.Int) common.Hash {
	if chainID == nil {
		return types.HomesteadSigner{}.Hash(tx)
	}
	return types.NewEIP155Signer(chainID).Hash(tx)
}
