package opsign

import (
	"sync/atomic"

	"github.com/opsign/opsign/bindings-go/internal/capi"
)

// FreedKeys counts the handles that were given back to the C library.
var FreedKeys atomic.Int64

func init() {
	freeSecretKey = func(key capi.SecretKey) {
		FreedKeys.Add(1)
		capi.FreeSecretKey(key)
	}
}
