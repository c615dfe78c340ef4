package opsign

import "github.com/opsign/opsign/bindings-go/internal/capi"

// PersonalMessageSigner gives who signed a text as a wallet does (EIP-191). The
// signature has 65 bytes, the last of them the y parity or 27 more.
func PersonalMessageSigner(message, signature []byte) (Address, error) {
	var address Address
	code := capi.PersonalMessageSigner(message, signature, (*[20]byte)(&address))
	return address, check("PersonalMessageSigner", code)
}

// TypedDataHash is what a wallet signs for typed data (EIP-712), given as the
// JSON of eth_signTypedData_v4. It takes and refuses what go-ethereum does.
func TypedDataHash(json []byte) (Hash, error) {
	var hash Hash
	code := capi.TypedDataHash(json, (*[32]byte)(&hash))
	return hash, check("TypedDataHash", code)
}

// TypedDataSigner gives who signed typed data (EIP-712). The signature has 65
// bytes, the last of them the y parity or 27 more.
func TypedDataSigner(json, signature []byte) (Address, error) {
	var address Address
	code := capi.TypedDataSigner(json, signature, (*[20]byte)(&address))
	return address, check("TypedDataSigner", code)
}

// SignTypedData signs typed data as a wallet does (EIP-712). The last byte is
// the y parity; wallets write 27 more.
func (k *SecretKey) SignTypedData(json []byte) (Signature, error) {
	var signature Signature
	err := k.use("SignTypedData", func(handle capi.SecretKey) int32 {
		return capi.SignTypedData(handle, json, (*[65]byte)(&signature))
	})
	return signature, err
}
