// Package cgocost measures what a call from Go costs more than one from C. It
// is apart from package opsign, since cgo cannot be used in a test file.
package cgocost
