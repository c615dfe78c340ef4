// Package opsign signs OP Stack block payloads and checks who signed them.
//
// A sequencer signs keccak256(domain ‖ chain id ‖ keccak256(payload)), and the
// signature is 65 bytes: r, s and the y parity. The way there and back is
//
//	payloadHash, err := opsign.HashPayload(payload)
//	signature, err := key.SignPayload(chainID, payloadHash)
//	err = opsign.VerifyPayload(chainID, payloadHash, signature[:], opsign.Strict, key.Address())
//
// The work is done by the C library of opsign, which is linked in. A build
// without cgo, or for a platform that no archive exists for, compiles, and every
// call that needs the library answers [ErrUnavailable].
//
// All functions may be called from any goroutine, and a [SecretKey] may be used
// by many at a time. Errors are of type [*Error]; compare them with errors.Is.
package opsign

import "github.com/opsign/opsign/bindings-go/internal/capi"

// Hash is a Keccak-256 hash: of a payload, or what is signed for it.
type Hash [32]byte

// Signature is r, s and the y parity. [SecretKey.SignPayload] makes only such
// as [Strict] accepts.
type Signature [65]byte

// Rules say which signatures are accepted.
type Rules int32

const (
	// Strict is what opsign makes: s in the lower half, a y parity of 0 or 1.
	Strict Rules = 0
	// Consensus is what op-node accepts (go-ethereum's SigToPub): any s below
	// the group order, and recovery ids 0 to 3.
	Consensus Rules = 1
)

// Version is the version of the C library, empty in a build without it.
func Version() string { return capi.Version() }

// HashPayload hashes the bytes that op-node gossips after the signature. They
// may come in any number of pieces, which are hashed as if joined.
func HashPayload(pieces ...[]byte) (Hash, error) {
	const op = "HashPayload"
	var hash Hash
	if len(pieces) <= 1 {
		var payload []byte
		if len(pieces) == 1 {
			payload = pieces[0]
		}
		code := capi.PayloadHash(payload, (*[32]byte)(&hash))
		return hash, check(op, code)
	}

	var hasher capi.PayloadHasher
	if err := check(op, capi.NewPayloadHasher(&hasher)); err != nil {
		return hash, err
	}
	defer capi.FreePayloadHasher(hasher)
	for _, piece := range pieces {
		if err := check(op, capi.UpdatePayloadHasher(hasher, piece)); err != nil {
			return hash, err
		}
	}
	code := capi.FinishPayloadHasher(hasher, (*[32]byte)(&hash))
	return hash, check(op, code)
}

// PayloadSigningHash is what a sequencer signs: keccak256(zero32 ‖ chainID ‖ payloadHash).
func PayloadSigningHash(chainID ChainID, payloadHash Hash) (Hash, error) {
	var hash Hash
	code := capi.PayloadSigningHash((*[32]byte)(&chainID), (*[32]byte)(&payloadHash), (*[32]byte)(&hash))
	return hash, check("PayloadSigningHash", code)
}

// RecoverSigner gives the address that signed a payload.
//
// The signature comes as received, of any length. A changed signature or hash
// mostly recovers another address instead of failing: compare the address, or
// call [VerifyPayload].
func RecoverSigner(chainID ChainID, payloadHash Hash, signature []byte, rules Rules) (Address, error) {
	var address Address
	code := capi.RecoverSigner((*[32]byte)(&chainID), (*[32]byte)(&payloadHash), signature, int32(rules),
		(*[20]byte)(&address))
	return address, check("RecoverSigner", code)
}

// VerifyPayload checks that an address signed a payload: nil if it did,
// [ErrWrongSigner] if another key did, and otherwise what is wrong with the
// signature, which comes as received, of any length.
func VerifyPayload(chainID ChainID, payloadHash Hash, signature []byte, rules Rules, address Address) error {
	code := capi.VerifyPayload((*[32]byte)(&chainID), (*[32]byte)(&payloadHash), signature, int32(rules),
		(*[20]byte)(&address))
	return check("VerifyPayload", code)
}
