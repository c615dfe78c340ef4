// Package archive holds libopsign.a for macOS on ARM64.
//
// It is a package, and capi imports it, because `go mod vendor` leaves out
// folders that are none.
package archive
