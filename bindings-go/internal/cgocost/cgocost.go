//go:build cgo && (opsign_system || (linux && (amd64 || arm64)) || (darwin && arm64))

package cgocost

/*
#cgo CFLAGS: -I${SRCDIR}/../capi
#include "opsign.h"

static int32_t verify_payloads(size_t count, const uint8_t *chain_id, const uint8_t *payload_hash,
                               const uint8_t *signature, const uint8_t *address) {
  int32_t error = OPSIGN_OK;
  while (error == OPSIGN_OK && count-- > 0)
    error = opsign_verify_payload(chain_id, payload_hash, signature, OPSIGN_SIGNATURE_LEN,
                                  OPSIGN_RULES_STRICT, address);
  return error;
}
*/
import "C"

import (
	"unsafe"

	"github.com/opsign/opsign/bindings-go"
)

// VerifyPayloads calls the C library count times in a loop in C, until one call
// fails, and gives the error number.
func VerifyPayloads(count int, chainID opsign.ChainID, payloadHash opsign.Hash, signature opsign.Signature, address opsign.Address) int32 {
	return int32(C.verify_payloads(C.size_t(count),
		(*C.uint8_t)(unsafe.Pointer(&chainID)), (*C.uint8_t)(unsafe.Pointer(&payloadHash)),
		(*C.uint8_t)(unsafe.Pointer(&signature)), (*C.uint8_t)(unsafe.Pointer(&address))))
}
