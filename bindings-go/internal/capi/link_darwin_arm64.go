//go:build cgo && !opsign_system

package capi

// #cgo LDFLAGS: ${SRCDIR}/lib/darwin_arm64/libopsign.a -lm -ldl -lpthread
import "C"

import _ "github.com/opsign/opsign/bindings-go/internal/capi/lib/darwin_arm64"
