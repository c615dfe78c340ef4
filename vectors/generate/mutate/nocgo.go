//go:build !cgo

package mutate

// Cgo says whether op-node recovers signatures with libsecp256k1.
const Cgo = false
