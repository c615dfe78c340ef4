// Package capi calls the C library of opsign, one Go function for each C
// function that package opsign uses.
//
// It adds nothing but types: results are the C interface's error numbers, and
// the contract is the one on top of opsign.h, which is a compared copy of
// include/opsign.h. No call keeps a pointer or calls back into Go, which is what
// noescape and nocallback tell the compiler; arguments so stay on the stack.
package capi

// OK is the number of success. Every other number is an error.
const OK int32 = 0
