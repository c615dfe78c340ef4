package opsign

import (
	"runtime"

	"github.com/opsign/opsign/bindings-go/internal/capi"
)

// TransactionHash is the hash of a signed transaction of any type, in its
// network form. The sidecar of a blob transaction is no part of it.
func TransactionHash(transaction []byte) (Hash, error) {
	var hash Hash
	code := capi.TransactionHash(transaction, (*[32]byte)(&hash))
	return hash, check("TransactionHash", code)
}

// TransactionSender gives who signed a transaction in its network form, or who
// a deposit is from.
func TransactionSender(transaction []byte) (Address, error) {
	var address Address
	code := capi.TransactionSender(transaction, (*[20]byte)(&address))
	return address, check("TransactionSender", code)
}

// PersonalMessageHash is what a wallet signs for a text (EIP-191).
func PersonalMessageHash(message []byte) (Hash, error) {
	var hash Hash
	code := capi.PersonalMessageHash(message, (*[32]byte)(&hash))
	return hash, check("PersonalMessageHash", code)
}

// SignTransaction signs a transaction, given without its signature: the very
// bytes whose hash is signed. It returns the network form. Deposits are refused
// with [ErrDepositNotSignable].
func (k *SecretKey) SignTransaction(unsigned []byte) ([]byte, error) {
	// A signature adds less than 80 bytes.
	signed, length := make([]byte, len(unsigned)+80), 0
	err := k.use("SignTransaction", func(handle capi.SecretKey) int32 {
		return capi.SignTransaction(handle, unsigned, signed, &length)
	})
	if err != nil {
		return nil, err
	}
	return signed[:length], nil
}

// SignPersonalMessage signs a text as a wallet does (EIP-191). The last byte is
// the y parity; wallets write 27 more.
func (k *SecretKey) SignPersonalMessage(message []byte) (Signature, error) {
	var signature Signature
	err := k.use("SignPersonalMessage", func(handle capi.SecretKey) int32 {
		return capi.SignPersonalMessage(handle, message, (*[65]byte)(&signature))
	})
	return signature, err
}

// use calls with the handle of an open key.
func (k *SecretKey) use(op string, call func(capi.SecretKey) int32) error {
	if !capi.Available {
		return &Error{Op: op, Code: ErrUnavailable}
	}
	if k == nil {
		return &Error{Op: op, Code: ErrClosed}
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.handle == (capi.SecretKey{}) {
		return &Error{Op: op, Code: ErrClosed}
	}
	code := call(k.handle)
	runtime.KeepAlive(k) // or the cleanup could free the handle during the call
	return check(op, code)
}
