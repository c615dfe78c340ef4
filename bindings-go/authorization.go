package opsign

import "github.com/opsign/opsign/bindings-go/internal/capi"

// Authorization is what an account signs to let the code at an address act for
// it (EIP-7702).
type Authorization struct {
	ChainID ChainID // zero: every chain
	Address Address // where the code is; zero takes it away
	Nonce   uint64  // the account's
}

// SignedAuthorization is an authorization with its signature, which may be
// anybody's or nobody's: [AuthorizationSigner] tells.
type SignedAuthorization struct {
	Authorization
	Signature Signature
}

// AuthorizationHash is what is signed for an authorization:
// keccak256(5 ‖ rlp([chain id, address, nonce])).
func AuthorizationHash(authorization Authorization) (Hash, error) {
	var hash Hash
	code := capi.AuthorizationHash((*[32]byte)(&authorization.ChainID), (*[20]byte)(&authorization.Address),
		authorization.Nonce, (*[32]byte)(&hash))
	return hash, check("AuthorizationHash", code)
}

// AuthorizationSigner gives the account that gave an authorization. The
// signature comes as received, of any length; the rules are [Strict], as
// EIP-7702 has it.
func AuthorizationSigner(authorization Authorization, signature []byte) (Address, error) {
	var address Address
	code := capi.AuthorizationSigner((*[32]byte)(&authorization.ChainID), (*[20]byte)(&authorization.Address),
		authorization.Nonce, signature, (*[20]byte)(&address))
	return address, check("AuthorizationSigner", code)
}

// SignAuthorization signs an authorization.
func (k *SecretKey) SignAuthorization(authorization Authorization) (Signature, error) {
	var signature Signature
	err := k.use("SignAuthorization", func(handle capi.SecretKey) int32 {
		return capi.SignAuthorization(handle, (*[32]byte)(&authorization.ChainID), (*[20]byte)(&authorization.Address),
			authorization.Nonce, (*[65]byte)(&signature))
	})
	return signature, err
}
