package opsign

import (
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/opsign/opsign/bindings-go/internal/capi"
)

// SecretKey is a secp256k1 key in memory of the C library, which Go's garbage
// collector neither copies nor moves, and which Close wipes.
//
// Any number of goroutines may use a key at a time. After Close, and on nil,
// its methods answer [ErrClosed]. A key must not be copied; no format verb
// prints it.
type SecretKey struct {
	mu      sync.RWMutex    // held by Close alone, by all others together
	handle  capi.SecretKey  // the zero value once closed
	address Address         // known without the key
	cleanup runtime.Cleanup // frees the handle of a key that nobody closed
}

// freeSecretKey is a variable so that a test can count.
var freeSecretKey = capi.FreeSecretKey

// NewSecretKey takes a key of 32 bytes: a big-endian number from 1 to n - 1.
//
// The bytes are copied. The caller wipes its own (with clear), and bears in
// mind that Go may hold further copies of bytes that ever were on a goroutine's
// stack or in a slice that grew.
//
// Close the key after use. One that is forgotten is wiped when the garbage
// collector finds it, which may be never.
func NewSecretKey(bytes []byte) (*SecretKey, error) {
	key := new(SecretKey)
	return key.take("NewSecretKey", capi.NewSecretKey(&key.handle, bytes))
}

// take finishes a key whose handle the C library has just made, or has not.
func (k *SecretKey) take(op string, code int32) (*SecretKey, error) {
	if err := check(op, code); err != nil {
		return nil, err
	}
	k.cleanup = runtime.AddCleanup(k, freeSecretKey, k.handle)
	if err := check(op, capi.SecretKeyAddress(k.handle, (*[20]byte)(&k.address))); err != nil {
		_ = k.Close() // never fails
		return nil, err
	}
	return k, nil
}

// Address is the address that signatures of this key recover to. It can be
// asked for after Close, too; nil has the zero address.
func (k *SecretKey) Address() Address {
	if k == nil {
		return Address{}
	}
	return k.address
}

// SignPayload signs a block payload, given its hash from [HashPayload].
//
// The nonce is that of RFC 6979: the same key, chain and hash give the same
// signature. The time does not depend on the key.
func (k *SecretKey) SignPayload(chainID ChainID, payloadHash Hash) (Signature, error) {
	var signature Signature
	err := k.use("SignPayload", func(handle capi.SecretKey) int32 {
		return capi.SignPayload(handle, (*[32]byte)(&chainID), (*[32]byte)(&payloadHash), (*[65]byte)(&signature))
	})
	return signature, err
}

// Close wipes the key, once the signatures under way are done. It never fails;
// calling it again, or on nil, does nothing.
func (k *SecretKey) Close() error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.handle == (capi.SecretKey{}) {
		return nil
	}
	k.cleanup.Stop()
	freeSecretKey(k.handle)
	k.handle = capi.SecretKey{}
	runtime.KeepAlive(k) // or the cleanup could be queued before Stop, and free twice
	return nil
}

const placeholder = "opsign.SecretKey(hidden)"

// Format implements [fmt.Formatter]: every verb prints a placeholder.
func (k *SecretKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, placeholder) }

// GoString implements [fmt.GoStringer] with the same placeholder.
func (k *SecretKey) GoString() string { return placeholder }
