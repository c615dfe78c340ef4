//go:build cgo && (opsign_system || (linux && (amd64 || arm64)) || (darwin && arm64))

package capi

/*
#include "opsign.h"

#cgo noescape opsign_transaction_decode
#cgo nocallback opsign_transaction_decode
#cgo noescape opsign_transaction_signing_hash
#cgo nocallback opsign_transaction_signing_hash
#cgo noescape opsign_transaction_access_list
#cgo nocallback opsign_transaction_access_list
#cgo noescape opsign_transaction_authorizations
#cgo nocallback opsign_transaction_authorizations
#cgo noescape opsign_authorization_hash
#cgo nocallback opsign_authorization_hash
#cgo noescape opsign_secret_key_sign_authorization
#cgo nocallback opsign_secret_key_sign_authorization
#cgo noescape opsign_authorization_signer
#cgo nocallback opsign_authorization_signer
#cgo noescape opsign_gossip_decompressed_len
#cgo nocallback opsign_gossip_decompressed_len
#cgo noescape opsign_gossip_decompress
#cgo nocallback opsign_gossip_decompress
#cgo noescape opsign_gossip_decode
#cgo nocallback opsign_gossip_decode
#cgo noescape opsign_gossip_transactions
#cgo nocallback opsign_gossip_transactions
#cgo noescape opsign_l1_info_from_transaction
#cgo nocallback opsign_l1_info_from_transaction
*/
import "C"

import "unsafe"

// The structs of decoded.go are handed to C as they are: their sizes must be equal.
var (
	_ = [1]int{}[unsafe.Sizeof(Transaction{})-C.sizeof_opsign_transaction]
	_ = [1]int{}[unsafe.Sizeof(AccessItem{})-C.sizeof_opsign_access_item]
	_ = [1]int{}[unsafe.Sizeof(SignedAuthorization{})-C.sizeof_opsign_signed_authorization]
	_ = [1]int{}[unsafe.Sizeof(Span{})-C.sizeof_opsign_span]
	_ = [1]int{}[unsafe.Sizeof(L1Info{})-C.sizeof_opsign_l1_info]
	_ = [1]int{}[unsafe.Sizeof(GossipBlock{})-C.sizeof_opsign_gossip_block]
	_ = [1]int{}[HashStride-C.OPSIGN_HASH_STRIDE]
)

// TransactionDecode reads a signed transaction.
func TransactionDecode(transaction []byte, fields *Transaction) int32 {
	return int32(C.opsign_transaction_decode(pointer(transaction), C.size_t(len(transaction)),
		(*C.opsign_transaction)(unsafe.Pointer(fields))))
}

// TransactionSigningHash gives what was signed for a signed transaction.
func TransactionSigningHash(transaction []byte, hash *[32]byte) int32 {
	return int32(C.opsign_transaction_signing_hash(pointer(transaction), C.size_t(len(transaction)),
		(*[32]C.uint8_t)(unsafe.Pointer(hash))))
}

// TransactionAccessList fills items from the first of an access list on.
func TransactionAccessList(transaction []byte, items []AccessItem, written *int) int32 {
	var count C.size_t
	code := C.opsign_transaction_access_list(pointer(transaction), C.size_t(len(transaction)), 0,
		(*C.opsign_access_item)(unsafe.Pointer(unsafe.SliceData(items))), C.size_t(len(items)), &count)
	*written = int(count)
	return int32(code)
}

// TransactionAuthorizations fills items from the first authorization on.
func TransactionAuthorizations(transaction []byte, items []SignedAuthorization, written *int) int32 {
	var count C.size_t
	code := C.opsign_transaction_authorizations(pointer(transaction), C.size_t(len(transaction)), 0,
		(*C.opsign_signed_authorization)(unsafe.Pointer(unsafe.SliceData(items))), C.size_t(len(items)), &count)
	*written = int(count)
	return int32(code)
}

// AuthorizationHash gives what an account signs to let code act for it.
func AuthorizationHash(chainID *[32]byte, codeAddress *[20]byte, nonce uint64, hash *[32]byte) int32 {
	return int32(C.opsign_authorization_hash(pointer(chainID[:]), pointer(codeAddress[:]), C.uint64_t(nonce),
		(*[32]C.uint8_t)(unsafe.Pointer(hash))))
}

// SignAuthorization signs an authorization.
func SignAuthorization(key SecretKey, chainID *[32]byte, codeAddress *[20]byte, nonce uint64, signature *[65]byte) int32 {
	return int32(C.opsign_secret_key_sign_authorization(key.handle, pointer(chainID[:]), pointer(codeAddress[:]),
		C.uint64_t(nonce), (*[65]C.uint8_t)(unsafe.Pointer(signature))))
}

// AuthorizationSigner gives the account that gave an authorization.
func AuthorizationSigner(chainID *[32]byte, codeAddress *[20]byte, nonce uint64, signature []byte, address *[20]byte) int32 {
	return int32(C.opsign_authorization_signer(pointer(chainID[:]), pointer(codeAddress[:]), C.uint64_t(nonce),
		pointer(signature), C.size_t(len(signature)), (*[20]C.uint8_t)(unsafe.Pointer(address))))
}

// GossipDecompressedLen gives how long a message is when it is decompressed.
func GossipDecompressedLen(message []byte, length *int) int32 {
	var found C.size_t
	code := C.opsign_gossip_decompressed_len(pointer(message), C.size_t(len(message)), &found)
	*length = int(found)
	return int32(code)
}

// GossipDecompress fills data, which has the length that GossipDecompressedLen gave.
func GossipDecompress(message, data []byte) int32 {
	var written C.size_t
	return int32(C.opsign_gossip_decompress(pointer(message), C.size_t(len(message)),
		pointer(data), C.size_t(len(data)), &written))
}

// GossipDecode reads a decompressed message.
func GossipDecode(topic int32, data []byte, block *GossipBlock) int32 {
	return int32(C.opsign_gossip_decode(C.int32_t(topic), pointer(data), C.size_t(len(data)),
		(*C.opsign_gossip_block)(unsafe.Pointer(block))))
}

// GossipTransactions fills places from the first transaction on.
func GossipTransactions(topic int32, data []byte, places []Span, written *int) int32 {
	var count C.size_t
	code := C.opsign_gossip_transactions(C.int32_t(topic), pointer(data), C.size_t(len(data)), 0,
		(*C.opsign_span)(unsafe.Pointer(unsafe.SliceData(places))), C.size_t(len(places)), &count)
	*written = int(count)
	return int32(code)
}

// L1InfoFromTransaction reads the L1 origin from a block's first transaction.
func L1InfoFromTransaction(transaction []byte, info *L1Info) int32 {
	return int32(C.opsign_l1_info_from_transaction(pointer(transaction), C.size_t(len(transaction)),
		(*C.opsign_l1_info)(unsafe.Pointer(info))))
}
