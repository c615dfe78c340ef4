//go:build cgo && opsign_system

package capi

// #cgo LDFLAGS: -lopsign -lm -ldl -lpthread
import "C"
