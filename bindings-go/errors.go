package opsign

import "github.com/opsign/opsign/bindings-go/internal/capi"

// ErrorCode is what went wrong, by number. The numbers are frozen and the same
// in every language; vectors/errors.json lists them.
type ErrorCode int32

// Every error of this package, for errors.Is.
const (
	ErrNullPointer             ErrorCode = 1  // A number is nil.
	ErrMisaligned              ErrorCode = 2  // A handle is not a pointer that opsign gave out.
	ErrClosed                  ErrorCode = 3  // The key was closed before.
	ErrWrongType               ErrorCode = 4  // The rules are neither Strict nor Consensus.
	ErrUnavailable             ErrorCode = 6  // This build has no signing library: build with cgo enabled.
	ErrInternal                ErrorCode = 9  // A bug in opsign: please report it.
	ErrEmpty                   ErrorCode = 10 // The value is empty.
	ErrTooShort                ErrorCode = 11 // The value has too few bytes.
	ErrTooLong                 ErrorCode = 12 // The value has too many bytes.
	ErrHexPrefix               ErrorCode = 13 // The hex text must start with 0x.
	ErrHexOddLength            ErrorCode = 14 // The hex text has an odd number of digits.
	ErrHexDigit                ErrorCode = 15 // The text has a character that is no hex digit.
	ErrSecretKeyZero           ErrorCode = 20 // The secret key is zero.
	ErrSecretKeyTooLarge       ErrorCode = 21 // The secret key is not below the group order.
	ErrPublicKeyInvalid        ErrorCode = 22 // The public key is no SEC 1 point of the curve.
	ErrAddressChecksum         ErrorCode = 23 // The address fails its EIP-55 checksum.
	ErrChainIDDigit            ErrorCode = 24 // The chain id has a character that is no digit.
	ErrChainIDTooLarge         ErrorCode = 25 // The chain id does not fit 256 bits.
	ErrSignatureRZero          ErrorCode = 30 // The signature's r is zero.
	ErrSignatureRTooLarge      ErrorCode = 31 // The signature's r is not below the group order.
	ErrSignatureSZero          ErrorCode = 32 // The signature's s is zero.
	ErrSignatureSTooLarge      ErrorCode = 33 // The signature's s is not below the group order.
	ErrSignatureSHigh          ErrorCode = 34 // The signature's s is in the upper half.
	ErrSignatureYParity        ErrorCode = 35 // The signature's last byte is no y_parity.
	ErrSignatureNotRecoverable ErrorCode = 36 // No public key belongs to this signature and hash.
	ErrWrongSigner             ErrorCode = 37 // The signature was made by another key.
	ErrSnappy                  ErrorCode = 40 // The message is not in the snappy block format.
	ErrUnknownTopic            ErrorCode = 41 // No gossip topic has that name: use v1, v2, v3 or v4.
	ErrNotL1Info               ErrorCode = 42 // The transaction does not carry L1's block.
	ErrRLPTruncated            ErrorCode = 50 // The bytes end too early.
	ErrRLPNotMinimal           ErrorCode = 51 // A number or length is written longer than it needs.
	ErrRLPWrongKind            ErrorCode = 52 // A list stands where bytes belong, or bytes where a list belongs.
	ErrRLPWrongLength          ErrorCode = 53 // A part has the wrong number of bytes.
	ErrRLPTooLarge             ErrorCode = 54 // A number has too many bits.
	ErrRLPTrailing             ErrorCode = 55 // There are bytes after the end.
	ErrTransactionType         ErrorCode = 60 // No transaction type has this number.
	ErrDepositNotSignable      ErrorCode = 61 // A deposit is not signed: L1 vouches for it.
	ErrTransactionV            ErrorCode = 62 // V or y_parity stands for no y_parity.

	// Keys in files.
	ErrKeyFormatUnknown       ErrorCode = 200 // The input is in none of the formats that are read.
	ErrKeyTooLarge            ErrorCode = 201 // The input has too many bytes to be a key.
	ErrKeyHexMalformed        ErrorCode = 202 // The hex text has another number of digits than 64, or a character that is no digit.
	ErrKeyPEMMalformed        ErrorCode = 203 // The PEM frame or its base64 is damaged.
	ErrKeyDERMalformed        ErrorCode = 204 // The DER bytes are no SEC 1 or PKCS#8 key.
	ErrKeyWrongCurve          ErrorCode = 205 // The key is on another curve than secp256k1, or names none.
	ErrKeyPublicKeyMismatch   ErrorCode = 206 // The public key in the file is not the secret key's.
	ErrKeyEncrypted           ErrorCode = 207 // The PEM or DER is encrypted, which only keystores may be.
	ErrKeySecretOutOfRange    ErrorCode = 208 // The secret key is zero or not below the group order.
	ErrKeyPassphraseMissing   ErrorCode = 209 // A keystore needs a passphrase.
	ErrKeyPassphraseWrong     ErrorCode = 210 // The passphrase is not this keystore's, or the keystore was altered.
	ErrKeyPassphraseMalformed ErrorCode = 211 // The passphrase is no UTF-8 text.
	ErrKeyKeystoreMalformed   ErrorCode = 212 // The keystore is damaged.
	ErrKeyKeystoreVersion     ErrorCode = 213 // The keystore is of another version than 3.
	ErrKeyKDFUnsupported      ErrorCode = 214 // The keystore's key derivation function is not known.
	ErrKeyKDFTooCostly        ErrorCode = 215 // The keystore asks for more memory or work than is allowed.
	ErrKeyCipherUnsupported   ErrorCode = 216 // The keystore's cipher is not known.
	ErrKeyAddressMismatch     ErrorCode = 217 // The keystore names an address that is not the key's.
	ErrKeyMnemonicLength      ErrorCode = 218 // The mnemonic has another number of words than 12, 15, 18, 21 or 24.
	ErrKeyMnemonicWord        ErrorCode = 219 // A word of the mnemonic is not in the word list.
	ErrKeyMnemonicChecksum    ErrorCode = 220 // The mnemonic's checksum is wrong.
	ErrKeyPathMalformed       ErrorCode = 221 // The derivation path is not of the form m/44'/60'/0'/0/0.
	ErrKeyOptionUnused        ErrorCode = 222 // A passphrase or path was given that the format has no use for.
	ErrKeyRandomness          ErrorCode = 223 // The source of random numbers failed.
	ErrKeyInput               ErrorCode = 224 // A value that a program gave has the wrong length or range.

	// Typed data.
	ErrTypedDataJSON         ErrorCode = 230 // The typed data is no JSON.
	ErrTypedDataTooLong      ErrorCode = 231 // The typed data has more than 1 MiB.
	ErrTypedDataTooDeep      ErrorCode = 232 // Lists and objects are nested too deep.
	ErrTypedDataTooManyTypes ErrorCode = 233 // There are too many types.
	ErrTypedDataShape        ErrorCode = 234 // Types, primaryType, domain or message has the wrong JSON type.
	ErrTypedDataType         ErrorCode = 235 // A type or member has no name, or refers to itself or to no type.
	ErrTypedDataDomain       ErrorCode = 236 // The domain is missing or has no field.
	ErrTypedDataExtra        ErrorCode = 237 // The data has more members than its type.
	ErrTypedDataMissing      ErrorCode = 238 // A member or element is missing or null.
	ErrTypedDataMismatch     ErrorCode = 239 // A value does not fit its type.
	ErrTypedDataInteger      ErrorCode = 240 // A value is no integer of at most 256 bits.
	ErrTypedDataRange        ErrorCode = 241 // An integer is too large or negative for its type.
)

// Name is the name that every language derives its own from, such as
// "signature_s_high".
func (c ErrorCode) Name() string { return capi.ErrorName(int32(c)) }

// Error is one sentence about the kind of error.
func (c ErrorCode) Error() string { return capi.ErrorMessage(int32(c)) }

// Error is the error that every function of this package returns.
type Error struct {
	Op   string    // the function that failed, such as "VerifyPayload"
	Code ErrorCode // why
}

// Error names the function and says why it failed.
func (e *Error) Error() string { return "opsign: " + e.Op + ": " + e.Code.Error() }

// Unwrap gives the code, so that errors.Is(err, opsign.ErrWrongSigner) works.
func (e *Error) Unwrap() error { return e.Code }

// check makes an error of a number that the C library returned.
func check(op string, code int32) error {
	if code == capi.OK {
		return nil
	}
	return &Error{Op: op, Code: ErrorCode(code)}
}
