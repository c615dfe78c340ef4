package opsign

import (
	"encoding/binary"
	"math/big"

	"github.com/opsign/opsign/bindings-go/internal/capi"
)

// ChainID is a chain id of up to 256 bits, most significant byte first, as it
// is signed.
type ChainID [32]byte

// ChainIDFromUint64 makes the id that most chains have: 10 is OP Mainnet.
func ChainIDFromUint64(number uint64) ChainID {
	var id ChainID
	binary.BigEndian.PutUint64(id[24:], number)
	return id
}

// ChainIDFromBig takes a number of 0 to 2^256 - 1: a larger one is
// [ErrChainIDTooLarge], a negative one [ErrChainIDDigit] as its minus sign is
// in text, nil [ErrNullPointer].
func ChainIDFromBig(number *big.Int) (ChainID, error) {
	const op = "ChainIDFromBig"
	var id ChainID
	switch {
	case number == nil:
		return id, &Error{Op: op, Code: ErrNullPointer}
	case number.Sign() < 0:
		return id, &Error{Op: op, Code: ErrChainIDDigit}
	case number.BitLen() > 8*len(id):
		return id, &Error{Op: op, Code: ErrChainIDTooLarge}
	}
	number.FillBytes(id[:])
	return id, nil
}

// ParseChainID reads decimal digits, or hex digits after 0x.
func ParseChainID(text string) (ChainID, error) {
	var id ChainID
	code := capi.ChainIDFromText(text, (*[32]byte)(&id))
	return id, check("ParseChainID", code)
}

// String gives the id in decimal.
func (c ChainID) String() string { return new(big.Int).SetBytes(c[:]).String() }
