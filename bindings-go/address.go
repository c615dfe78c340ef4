package opsign

import (
	"encoding/hex"

	"github.com/opsign/opsign/bindings-go/internal/capi"
)

// Address is an Ethereum address.
type Address [20]byte

// ParseAddress reads 0x and 40 hex digits. Digits of one case carry no
// checksum; mixed case must be that of EIP-55.
func ParseAddress(text string) (Address, error) {
	var address Address
	code := capi.AddressFromText(text, (*[20]byte)(&address))
	return address, check("ParseAddress", code)
}

// String gives the form of EIP-55, whose capitals are a checksum. A build
// without the C library gives lower case, which [ParseAddress] reads as well.
func (a Address) String() string {
	var text [43]byte // the last byte is C's NUL
	if capi.AddressToText((*[20]byte)(&a), &text) != capi.OK {
		return "0x" + hex.EncodeToString(a[:])
	}
	return string(text[:42])
}

// MarshalText implements [encoding.TextMarshaler] with the form of String.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] by [ParseAddress]. It
// changes nothing if it fails.
func (a *Address) UnmarshalText(text []byte) error {
	address, err := ParseAddress(string(text))
	if err != nil {
		return err
	}
	*a = address
	return nil
}
