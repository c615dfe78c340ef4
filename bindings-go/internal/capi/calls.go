//go:build cgo && (opsign_system || (linux && (amd64 || arm64)) || (darwin && arm64))

package capi

/*
#include "opsign.h"

#cgo noescape opsign_version
#cgo nocallback opsign_version
#cgo noescape opsign_error_name
#cgo nocallback opsign_error_name
#cgo noescape opsign_error_message
#cgo nocallback opsign_error_message
#cgo noescape opsign_secret_key_from_bytes
#cgo nocallback opsign_secret_key_from_bytes
#cgo noescape opsign_secret_key_free
#cgo nocallback opsign_secret_key_free
#cgo noescape opsign_secret_key_address
#cgo nocallback opsign_secret_key_address
#cgo noescape opsign_secret_key_sign_payload
#cgo nocallback opsign_secret_key_sign_payload
#cgo noescape opsign_chain_id_from_text
#cgo nocallback opsign_chain_id_from_text
#cgo noescape opsign_address_from_text
#cgo nocallback opsign_address_from_text
#cgo noescape opsign_address_to_text
#cgo nocallback opsign_address_to_text
#cgo noescape opsign_payload_hash
#cgo nocallback opsign_payload_hash
#cgo noescape opsign_payload_hasher_new
#cgo nocallback opsign_payload_hasher_new
#cgo noescape opsign_payload_hasher_update
#cgo nocallback opsign_payload_hasher_update
#cgo noescape opsign_payload_hasher_finish
#cgo nocallback opsign_payload_hasher_finish
#cgo noescape opsign_payload_hasher_free
#cgo nocallback opsign_payload_hasher_free
#cgo noescape opsign_payload_signing_hash
#cgo nocallback opsign_payload_signing_hash
#cgo noescape opsign_recover_signer
#cgo nocallback opsign_recover_signer
#cgo noescape opsign_verify_payload
#cgo nocallback opsign_verify_payload
#cgo noescape opsign_transaction_hash
#cgo nocallback opsign_transaction_hash
#cgo noescape opsign_transaction_sender
#cgo nocallback opsign_transaction_sender
#cgo noescape opsign_secret_key_sign_transaction
#cgo nocallback opsign_secret_key_sign_transaction
#cgo noescape opsign_personal_message_hash
#cgo nocallback opsign_personal_message_hash
#cgo noescape opsign_secret_key_sign_personal_message
#cgo noescape opsign_personal_message_signer
#cgo noescape opsign_typed_data_hash
#cgo noescape opsign_secret_key_sign_typed_data
#cgo noescape opsign_typed_data_signer
#cgo nocallback opsign_secret_key_sign_personal_message
#cgo nocallback opsign_personal_message_signer
#cgo nocallback opsign_typed_data_hash
#cgo nocallback opsign_secret_key_sign_typed_data
#cgo nocallback opsign_typed_data_signer
#cgo noescape opsign_gossip_memory_new
#cgo nocallback opsign_gossip_memory_new
#cgo noescape opsign_gossip_memory_free
#cgo nocallback opsign_gossip_memory_free
#cgo noescape opsign_gossip_validate
#cgo nocallback opsign_gossip_validate
#cgo noescape opsign_gossip_reason_name
#cgo nocallback opsign_gossip_reason_name
#cgo noescape opsign_verifier_new
#cgo nocallback opsign_verifier_new
#cgo noescape opsign_verifier_free
#cgo nocallback opsign_verifier_free
#cgo noescape opsign_verifier_verify
#cgo nocallback opsign_verifier_verify
#cgo noescape opsign_verifier_verify_many
#cgo nocallback opsign_verifier_verify_many
#cgo noescape opsign_key_recognise
#cgo nocallback opsign_key_recognise
#cgo noescape opsign_key_format_name
#cgo nocallback opsign_key_format_name
#cgo noescape opsign_secret_key_read
#cgo nocallback opsign_secret_key_read
#cgo noescape opsign_key_convert
#cgo nocallback opsign_key_convert
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Available says whether this build has the C library.
const Available = true

// SecretKey is a handle, to be freed with FreeSecretKey. The zero value is none.
type SecretKey struct{ handle *C.opsign_secret_key }

// PayloadHasher is a handle, to be freed with FreePayloadHasher. The zero value is none.
type PayloadHasher struct{ handle *C.opsign_payload_hasher }

// GossipMemory is a handle, to be freed with FreeGossipMemory. The zero value is none.
type GossipMemory struct{ handle *C.opsign_gossip_memory }

// Verifier is a handle, to be freed with FreeVerifier. The zero value is none.
type Verifier struct{ handle *C.opsign_verifier }

// Version gives the library's version.
func Version() string { return C.GoString(C.opsign_version()) }

// ErrorName gives the name of an error number, "unknown" if it is not in use.
func ErrorName(code int32) string { return C.GoString(C.opsign_error_name(C.int32_t(code))) }

// ErrorMessage gives one sentence about an error number.
func ErrorMessage(code int32) string { return C.GoString(C.opsign_error_message(C.int32_t(code))) }

// NewSecretKey takes 32 bytes.
func NewSecretKey(key *SecretKey, bytes []byte) int32 {
	return int32(C.opsign_secret_key_from_bytes(&key.handle, pointer(bytes), C.size_t(len(bytes))))
}

// FreeSecretKey wipes and frees a key.
func FreeSecretKey(key SecretKey) { C.opsign_secret_key_free(key.handle) }

// SecretKeyAddress gives the address of a key.
func SecretKeyAddress(key SecretKey, address *[20]byte) int32 {
	return int32(C.opsign_secret_key_address(key.handle, (*[20]C.uint8_t)(unsafe.Pointer(address))))
}

// SignPayload signs a payload, given its hash.
func SignPayload(key SecretKey, chainID, payloadHash *[32]byte, signature *[65]byte) int32 {
	return int32(C.opsign_secret_key_sign_payload(key.handle, pointer(chainID[:]), pointer(payloadHash[:]),
		(*[65]C.uint8_t)(unsafe.Pointer(signature))))
}

// ChainIDFromText reads decimal digits, or hex digits after 0x.
func ChainIDFromText(text string, chainID *[32]byte) int32 {
	return int32(C.opsign_chain_id_from_text(characters(text), C.size_t(len(text)),
		(*[32]C.uint8_t)(unsafe.Pointer(chainID))))
}

// AddressFromText reads 0x and 40 hex digits.
func AddressFromText(text string, address *[20]byte) int32 {
	return int32(C.opsign_address_from_text(characters(text), C.size_t(len(text)),
		(*[20]C.uint8_t)(unsafe.Pointer(address))))
}

// AddressToText writes 42 characters and a NUL.
func AddressToText(address *[20]byte, text *[43]byte) int32 {
	return int32(C.opsign_address_to_text(pointer(address[:]), (*[43]C.char)(unsafe.Pointer(text))))
}

// PayloadHash hashes a payload that is in one piece.
func PayloadHash(payload []byte, payloadHash *[32]byte) int32 {
	return int32(C.opsign_payload_hash(pointer(payload), C.size_t(len(payload)),
		(*[32]C.uint8_t)(unsafe.Pointer(payloadHash))))
}

// NewPayloadHasher starts the hash of a payload in pieces.
func NewPayloadHasher(hasher *PayloadHasher) int32 {
	return int32(C.opsign_payload_hasher_new(&hasher.handle))
}

// UpdatePayloadHasher takes the next piece.
func UpdatePayloadHasher(hasher PayloadHasher, piece []byte) int32 {
	return int32(C.opsign_payload_hasher_update(hasher.handle, pointer(piece), C.size_t(len(piece))))
}

// FinishPayloadHasher gives the hash of all pieces.
func FinishPayloadHasher(hasher PayloadHasher, payloadHash *[32]byte) int32 {
	return int32(C.opsign_payload_hasher_finish(hasher.handle, (*[32]C.uint8_t)(unsafe.Pointer(payloadHash))))
}

// FreePayloadHasher frees a hasher.
func FreePayloadHasher(hasher PayloadHasher) { C.opsign_payload_hasher_free(hasher.handle) }

// PayloadSigningHash gives what a sequencer signs.
func PayloadSigningHash(chainID, payloadHash, signingHash *[32]byte) int32 {
	return int32(C.opsign_payload_signing_hash(pointer(chainID[:]), pointer(payloadHash[:]),
		(*[32]C.uint8_t)(unsafe.Pointer(signingHash))))
}

// RecoverSigner gives the address that made a signature.
func RecoverSigner(chainID, payloadHash *[32]byte, signature []byte, rules int32, address *[20]byte) int32 {
	return int32(C.opsign_recover_signer(pointer(chainID[:]), pointer(payloadHash[:]),
		pointer(signature), C.size_t(len(signature)), C.int32_t(rules),
		(*[20]C.uint8_t)(unsafe.Pointer(address))))
}

// VerifyPayload checks that address made a signature.
func VerifyPayload(chainID, payloadHash *[32]byte, signature []byte, rules int32, address *[20]byte) int32 {
	return int32(C.opsign_verify_payload(pointer(chainID[:]), pointer(payloadHash[:]),
		pointer(signature), C.size_t(len(signature)), C.int32_t(rules), pointer(address[:])))
}

// NewVerifier makes a verifier of an address.
func NewVerifier(verifier *Verifier, address *[20]byte) int32 {
	return int32(C.opsign_verifier_new(&verifier.handle, pointer(address[:])))
}

// FreeVerifier frees a verifier.
func FreeVerifier(verifier Verifier) { C.opsign_verifier_free(verifier.handle) }

// VerifierVerify checks that the verifier's address made a signature.
func VerifierVerify(verifier Verifier, chainID, payloadHash *[32]byte, signature []byte, rules int32) int32 {
	return int32(C.opsign_verifier_verify(verifier.handle, pointer(chainID[:]), pointer(payloadHash[:]),
		pointer(signature), C.size_t(len(signature)), C.int32_t(rules)))
}

// VerifierVerifyMany checks as many signatures as there is room for verdicts: 32
// bytes of a payload's hash and 65 of a signature each.
func VerifierVerifyMany(verifier Verifier, chainID *[32]byte, signed []byte, rules int32, verdicts []int32) int32 {
	var written C.size_t
	return int32(C.opsign_verifier_verify_many(verifier.handle, pointer(chainID[:]), pointer(signed),
		C.size_t(len(signed)), C.int32_t(rules), (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(verdicts))),
		C.size_t(len(verdicts)), &written))
}

// TransactionHash gives the hash of a signed transaction.
func TransactionHash(transaction []byte, hash *[32]byte) int32 {
	return int32(C.opsign_transaction_hash(pointer(transaction), C.size_t(len(transaction)),
		(*[32]C.uint8_t)(unsafe.Pointer(hash))))
}

// TransactionSender gives who sent a signed transaction.
func TransactionSender(transaction []byte, address *[20]byte) int32 {
	return int32(C.opsign_transaction_sender(pointer(transaction), C.size_t(len(transaction)),
		(*[20]C.uint8_t)(unsafe.Pointer(address))))
}

// SignTransaction writes the signed transaction to room and its length to length.
func SignTransaction(key SecretKey, transaction, room []byte, length *int) int32 {
	var written C.size_t
	code := C.opsign_secret_key_sign_transaction(key.handle, pointer(transaction), C.size_t(len(transaction)),
		pointer(room), C.size_t(len(room)), &written)
	*length = int(written)
	return int32(code)
}

// PersonalMessageHash gives the hash of a message for people.
func PersonalMessageHash(message []byte, hash *[32]byte) int32 {
	return int32(C.opsign_personal_message_hash(pointer(message), C.size_t(len(message)),
		(*[32]C.uint8_t)(unsafe.Pointer(hash))))
}

// SignPersonalMessage signs a message for people.
func SignPersonalMessage(key SecretKey, message []byte, signature *[65]byte) int32 {
	return int32(C.opsign_secret_key_sign_personal_message(key.handle, pointer(message), C.size_t(len(message)),
		(*[65]C.uint8_t)(unsafe.Pointer(signature))))
}

// PersonalMessageSigner gives who signed a message for people.
func PersonalMessageSigner(message, signature []byte, address *[20]byte) int32 {
	return int32(C.opsign_personal_message_signer(pointer(message), C.size_t(len(message)),
		pointer(signature), C.size_t(len(signature)), (*[20]C.uint8_t)(unsafe.Pointer(address))))
}

// TypedDataHash gives the hash of typed data.
func TypedDataHash(json []byte, hash *[32]byte) int32 {
	return int32(C.opsign_typed_data_hash(pointer(json), C.size_t(len(json)),
		(*[32]C.uint8_t)(unsafe.Pointer(hash))))
}

// SignTypedData signs typed data.
func SignTypedData(key SecretKey, json []byte, signature *[65]byte) int32 {
	return int32(C.opsign_secret_key_sign_typed_data(key.handle, pointer(json), C.size_t(len(json)),
		(*[65]C.uint8_t)(unsafe.Pointer(signature))))
}

// TypedDataSigner gives who signed typed data.
func TypedDataSigner(json, signature []byte, address *[20]byte) int32 {
	return int32(C.opsign_typed_data_signer(pointer(json), C.size_t(len(json)),
		pointer(signature), C.size_t(len(signature)), (*[20]C.uint8_t)(unsafe.Pointer(address))))
}

// NewGossipMemory starts a memory for GossipValidate.
func NewGossipMemory(memory *GossipMemory) int32 {
	return int32(C.opsign_gossip_memory_new(&memory.handle))
}

// FreeGossipMemory frees it.
func FreeGossipMemory(memory GossipMemory) { C.opsign_gossip_memory_free(memory.handle) }

// GossipValidate judges a gossip message.
func GossipValidate(config *GossipConfig, now uint64, message []byte, memory GossipMemory, judgement *Judgement) int32 {
	in := C.opsign_gossip_config{
		topic:       C.int32_t(config.Topic),
		jovian_time: C.uint64_t(config.JovianTime),
		max_age:     C.uint64_t(config.MaxAge),
	}
	*(*[32]byte)(unsafe.Pointer(&in.chain_id)) = config.ChainID
	*(*[20]byte)(unsafe.Pointer(&in.signer)) = config.Signer
	*(*[20]byte)(unsafe.Pointer(&in.previous_signer)) = config.PreviousSigner
	var out C.opsign_judgement
	code := C.opsign_gossip_validate(&in, C.uint64_t(now), pointer(message), C.size_t(len(message)), memory.handle, &out)
	*judgement = Judgement{
		Verdict:     int32(out.verdict),
		Reason:      int32(out.reason),
		Signer:      *(*[20]byte)(unsafe.Pointer(&out.signer)),
		BlockHash:   *(*[32]byte)(unsafe.Pointer(&out.block_hash)),
		BlockNumber: uint64(out.block_number),
	}
	return int32(code)
}

// GossipReasonName gives the name of a reason, "unknown" if the number is not in use.
func GossipReasonName(reason int32) string {
	return C.GoString(C.opsign_gossip_reason_name(C.int32_t(reason)))
}

// RecogniseKey says in which format a key is.
func RecogniseKey(bytes []byte, format *int32) int32 {
	return int32(C.opsign_key_recognise(pointer(bytes), C.size_t(len(bytes)), (*C.int32_t)(unsafe.Pointer(format))))
}

// KeyFormatName gives the name of a format, "unknown" if the number is not in use.
func KeyFormatName(format int32) string {
	return C.GoString(C.opsign_key_format_name(C.int32_t(format)))
}

// ReadSecretKey reads a key in any format.
func ReadSecretKey(key *SecretKey, input *KeyInput) int32 {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	in := keyInput(&pinner, input)
	return int32(C.opsign_secret_key_read(&key.handle, &in))
}

// ConvertKey writes a key in another format to room and its length to length.
func ConvertKey(input *KeyInput, output *KeyOutput, room []byte, length *int) int32 {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	in := keyInput(&pinner, input)
	out := C.opsign_key_output{
		format:         C.int32_t(output.Format),
		kdf:            C.int32_t(output.KDF),
		passphrase:     (*C.char)(unsafe.Pointer(pinned(&pinner, output.Passphrase))),
		passphrase_len: C.size_t(len(output.Passphrase)),
	}
	var written C.size_t
	code := C.opsign_key_convert(&in, &out, pointer(room), C.size_t(len(room)), &written)
	*length = int(written)
	return int32(code)
}

func keyInput(pinner *runtime.Pinner, input *KeyInput) C.opsign_key_input {
	var path []byte // not the string's own bytes, which may lie where nothing can be pinned
	if input.HDPath != "" {
		path = []byte(input.HDPath)
	}
	return C.opsign_key_input{
		bytes:          pinned(pinner, input.Bytes),
		len:            C.size_t(len(input.Bytes)),
		passphrase:     (*C.char)(unsafe.Pointer(pinned(pinner, input.Passphrase))),
		passphrase_len: C.size_t(len(input.Passphrase)),
		hd_path:        (*C.char)(unsafe.Pointer(pinned(pinner, path))),
		hd_path_len:    C.size_t(len(path)),
	}
}

// pinned is pointer for bytes that a struct points to: only pinned ones may be
// reached from there. It is NULL for nil, and not NULL for other slices.
func pinned(pinner *runtime.Pinner, bytes []byte) *C.uint8_t {
	if bytes == nil {
		return nil
	}
	if len(bytes) == 0 {
		bytes = make([]byte, 1) // of a slice of nothing there may be nothing to pin
	}
	pinner.Pin(&bytes[0])
	return pointer(bytes)
}

// pointer is NULL for nil, which C takes for no bytes.
func pointer(bytes []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(bytes)) }

func characters(text string) *C.char { return (*C.char)(unsafe.Pointer(unsafe.StringData(text))) }
