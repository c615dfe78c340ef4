package transactions

import (
	"bytes"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
)

type transactionCase struct {
	label
	RawParts        []part `json:"raw_parts"`
	Accepts         bool   `json:"accepts"`
	GoEthereumError string `json:"go_ethereum_error,omitempty"`
	*decoded
}

// decoded is what op-geth reads. nil is a field that the type does not have.
type decoded struct {
	Type                 byte          `json:"type"`
	ChainID              *string       `json:"chain_id"`
	Nonce                *string       `json:"nonce"`
	Gas                  *string       `json:"gas"`
	GasPrice             *string       `json:"gas_price"`
	MaxFeePerGas         *string       `json:"max_fee_per_gas"`
	MaxPriorityFeePerGas *string       `json:"max_priority_fee_per_gas"`
	MaxFeePerBlobGas     *string       `json:"max_fee_per_blob_gas"`
	To                   *string       `json:"to"`
	Value                *string       `json:"value"`
	InputHash            string        `json:"input_hash"`
	InputLength          int           `json:"input_length"`
	AccessList           []accessTuple `json:"access_list"`
	BlobVersionedHashes  []string      `json:"blob_versioned_hashes"`
	Authorizations       []signedTuple `json:"authorizations"`
	*deposit
	V           *string  `json:"v"`
	YParity     *byte    `json:"y_parity"`
	R           *string  `json:"r"`
	S           *string  `json:"s"`
	SecretKey   *string  `json:"secret_key"`
	Unsigned    []part   `json:"unsigned"`
	SigningHash *string  `json:"signing_hash"`
	Recovered   *string  `json:"recovered"`
	Sender      *string  `json:"sender"`
	SenderError *string  `json:"sender_error"`
	Hash        string   `json:"hash"`
	Sidecar     *sidecar `json:"sidecar"`
	Canonical   []part   `json:"canonical"`
}

// deposit holds what only deposits have; other cases lack these keys.
type deposit struct {
	SourceHash string  `json:"source_hash"`
	Mint       *string `json:"mint"`
	IsSystem   bool    `json:"is_system"`
}

type accessTuple struct {
	Address     string   `json:"address"`
	StorageKeys []string `json:"storage_keys"`
}

type signedTuple struct {
	ChainID   string  `json:"chain_id"`
	Address   string  `json:"address"`
	Nonce     string  `json:"nonce"`
	YParity   byte    `json:"y_parity"`
	R         string  `json:"r"`
	S         string  `json:"s"`
	Authority *string `json:"authority"`
}

type sidecar struct {
	Version     byte `json:"version"`
	Blobs       int  `json:"blobs"`
	Commitments int  `json:"commitments"`
	Proofs      int  `json:"proofs"`
}

// judge asks op-geth about bytes. The key is the one that signed them, nil if
// the signature was made in another way.
func judge(raw []byte, key *ecdsa.PrivateKey) transactionCase {
	c := transactionCase{RawParts: split(raw)}
	if !bytes.Equal(join(c.RawParts), raw) {
		panic("the parts do not give the bytes")
	}
	var tx types.Transaction
	if err := tx.UnmarshalBinary(raw); err != nil {
		c.GoEthereumError = err.Error()
		return c
	}
	if again := must(tx.MarshalBinary()); !bytes.Equal(again, raw) {
		panic(fmt.Sprintf("op-geth reads %x and writes %x", raw, again))
	}
	c.Accepts = true
	c.decoded = read(&tx)
	c.decoded.readSignature(&tx, key)
	return c
}

// read writes down all but the signature.
func read(tx *types.Transaction) *decoded {
	d := &decoded{
		Type:        tx.Type(),
		InputHash:   hex(crypto.Keccak256(tx.Data())),
		InputLength: len(tx.Data()),
		Hash:        tx.Hash().Hex(),
		Canonical:   split(must(tx.WithoutBlobTxSidecar().MarshalBinary())),
	}
	if tx.Type() == types.PostExecTxType {
		return d // it has nothing but data
	}
	d.Gas = decimal(new(big.Int).SetUint64(tx.Gas()))
	d.Value = decimal(tx.Value())
	if tx.To() != nil {
		d.To = pointer(tx.To().Hex())
	}
	if tx.IsDepositTx() {
		d.deposit = &deposit{SourceHash: tx.SourceHash().Hex(), Mint: decimal(tx.Mint()), IsSystem: tx.IsSystemTx()}
		return d
	}
	d.Nonce = decimal(new(big.Int).SetUint64(tx.Nonce()))
	switch tx.Type() {
	case types.LegacyTxType:
		d.GasPrice = decimal(tx.GasPrice())
		return d
	case types.AccessListTxType:
		d.GasPrice = decimal(tx.GasPrice())
	default:
		d.MaxFeePerGas, d.MaxPriorityFeePerGas = decimal(tx.GasFeeCap()), decimal(tx.GasTipCap())
	}
	d.AccessList = []accessTuple{}
	for _, tuple := range tx.AccessList() {
		d.AccessList = append(d.AccessList, accessTuple{tuple.Address.Hex(), hashes(tuple.StorageKeys)})
	}
	switch tx.Type() {
	case types.BlobTxType:
		d.MaxFeePerBlobGas = decimal(tx.BlobGasFeeCap())
		d.BlobVersionedHashes = hashes(tx.BlobHashes())
		if s := tx.BlobTxSidecar(); s != nil {
			d.Sidecar = &sidecar{s.Version, len(s.Blobs), len(s.Commitments), len(s.Proofs)}
		}
	case types.SetCodeTxType:
		d.Authorizations = []signedTuple{}
		for _, a := range tx.SetCodeAuthorizations() {
			d.Authorizations = append(d.Authorizations, readAuthorization(a))
		}
	}
	return d
}

func readAuthorization(a types.SetCodeAuthorization) signedTuple {
	tuple := signedTuple{
		ChainID: a.ChainID.Dec(), Address: a.Address.Hex(), Nonce: fmt.Sprint(a.Nonce),
		YParity: a.V, R: hex(bytes32(a.R.ToBig())), S: hex(bytes32(a.S.ToBig())),
	}
	if authority, err := a.Authority(); err == nil {
		tuple.Authority = pointer(authority.Hex())
	}
	return tuple
}

// readSignature writes down the signature and who made it.
func (d *decoded) readSignature(tx *types.Transaction, key *ecdsa.PrivateKey) {
	switch tx.Type() {
	case types.DepositTxType, types.PostExecTxType:
		// Not signed. Any chain's signer knows the sender.
		d.setSender(types.NewIsthmusSigner(one).Sender(tx))
		return
	}
	v, r, s := tx.RawSignatureValues()
	d.V, d.R, d.S = decimal(v), hexNumber(r), hexNumber(s)
	d.setSender(sender(tx))

	chainID, parity, known := scheme(tx)
	if !known {
		if key != nil {
			panic("a transaction of unknown form has a key")
		}
		return
	}
	if chainID != nil {
		d.ChainID = decimal(chainID)
	}
	hash := hashToSign(tx, chainID)
	d.SigningHash = pointer(hash.Hex())
	unsigned := hashed(tx, chainID)
	if crypto.Keccak256Hash(unsigned) != hash {
		panic(fmt.Sprintf("op-geth signs %s, which is not the hash of %x", hash, unsigned))
	}
	d.Unsigned = split(unsigned)
	if parity.Cmp(one) <= 0 {
		d.YParity = pointer(byte(parity.Uint64()))
		if r.BitLen() <= 256 && s.BitLen() <= 256 {
			signature := append(append(bytes32(r), bytes32(s)...), *d.YParity)
			if public, err := crypto.SigToPub(hash[:], signature); err == nil {
				d.Recovered = pointer(crypto.PubkeyToAddress(*public).Hex())
			}
			if key != nil {
				if again := must(crypto.Sign(hash[:], key)); !bytes.Equal(again, signature) {
					panic(fmt.Sprintf("the key gives %x, the transaction has %x", again, signature))
				}
				d.SecretKey = pointer(hex(crypto.FromECDSA(key)))
			}
		}
	}
	if key != nil && (d.SecretKey == nil || *d.Recovered != crypto.PubkeyToAddress(key.PublicKey).Hex()) {
		panic("the signature is not that of the case's key")
	}
	if d.Sender != nil && *d.Sender != *d.Recovered {
		panic(fmt.Sprintf("op-geth says that %s sent it, the signature recovers %s", *d.Sender, *d.Recovered))
	}
}

func (d *decoded) setSender(from common.Address, err error) {
	if err != nil {
		d.SenderError = pointer(err.Error())
	} else {
		d.Sender = pointer(from.Hex())
	}
}

// scheme says for which chain a transaction is signed (nil: for any) and its y
// parity, which may be no bit. It is unknown for a legacy transaction whose v
// is neither 27 or 28 nor 35 and more.
func scheme(tx *types.Transaction) (chainID, parity *big.Int, known bool) {
	v, _, _ := tx.RawSignatureValues()
	switch {
	case tx.Type() != types.LegacyTxType:
		return tx.ChainId(), v, true
	case !tx.Protected() && v.Cmp(one) > 0:
		return nil, minus(v, 27), true
	case v.Cmp(big.NewInt(35)) >= 0:
		return tx.ChainId(), big.NewInt(int64(minus(v, 35).Bit(0))), true
	}
	return nil, nil, false
}

// sender asks the signer of the transaction's own chain, the newest there is.
// A signer for the OP Stack must say the same of all but blob transactions.
func sender(tx *types.Transaction) (common.Address, error) {
	chainID := tx.ChainId()
	if !tx.Protected() {
		chainID = nil
	}
	from, err := senderBy(chainID, types.LatestSignerForChainID, tx)
	if chainID != nil {
		theirs, opErr := senderBy(chainID, types.NewIsthmusSigner, tx)
		if tx.Type() == types.BlobTxType && chainID.Sign() > 0 {
			if !errors.Is(opErr, types.ErrTxTypeNotSupported) {
				panic(fmt.Sprintf("the OP Stack's signer says %v of a blob transaction", opErr))
			}
		} else if theirs != from || fmt.Sprint(opErr) != fmt.Sprint(err) {
			panic(fmt.Sprintf("the OP Stack's signer says %s, %v, the other one %s, %v", theirs, opErr, from, err))
		}
	}
	return from, err
}

// senderBy turns the panic for chain 0 into an error.
func senderBy(chainID *big.Int, signer func(*big.Int) types.Signer, tx *types.Transaction) (from common.Address, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			from, err = common.Address{}, fmt.Errorf("panic: %v", problem)
		}
	}()
	return types.Sender(signer(chainID), tx)
}

// hashed gives the bytes whose hash is signed.
func hashed(tx *types.Transaction, chainID *big.Int) []byte {
	values := []any{chainID, tx.Nonce()}
	switch tx.Type() {
	case types.LegacyTxType:
		values = append(values[1:], tx.GasPrice())
	case types.AccessListTxType:
		values = append(values, tx.GasPrice())
	default:
		values = append(values, tx.GasTipCap(), tx.GasFeeCap())
	}
	values = append(values, tx.Gas(), tx.To(), tx.Value(), tx.Data())
	if tx.Type() != types.LegacyTxType {
		values = append(values, tx.AccessList())
	}
	switch {
	case tx.Type() == types.BlobTxType:
		values = append(values, tx.BlobGasFeeCap(), tx.BlobHashes())
	case tx.Type() == types.SetCodeTxType:
		values = append(values, tx.SetCodeAuthorizations())
	case tx.Type() == types.LegacyTxType && chainID != nil:
		values = append(values, chainID, uint(0), uint(0))
	}
	return typed(tx.Type(), must(rlp.EncodeToBytes(values)))
}

func pointer[T any](value T) *T { return &value }

// decimal is nil for nil.
func decimal(n *big.Int) *string {
	if n == nil {
		return nil
	}
	return pointer(n.String())
}

// hexNumber has 32 bytes, or as many more as the number needs.
func hexNumber(n *big.Int) *string {
	return pointer(hex(n.FillBytes(make([]byte, max(32, (n.BitLen()+7)/8)))))
}

func hashes(list []common.Hash) []string {
	text := []string{}
	for _, hash := range list {
		text = append(text, hash.Hex())
	}
	return text
}
