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

// Never is a timestamp that never comes.
const Never uint64 = 1<<64 - 1

// GossipConfig is what the gossip rules need to know besides the message.
type GossipConfig struct {
	Topic                  int32
	ChainID                [32]byte
	Signer, PreviousSigner [20]byte // zero: none
	JovianTime, MaxAge     uint64
}

// Judgement is what became of a gossip message.
type Judgement struct {
	Verdict, Reason int32
	Signer          [20]byte
	BlockHash       [32]byte
	BlockNumber     uint64
}

// KeyInput is a key in a file, and what opens it.
type KeyInput struct {
	Bytes      []byte
	Passphrase []byte // nil: none
	HDPath     string // "": not given
}

// KeyOutput is how a key is to be written.
type KeyOutput struct {
	Format, KDF int32
	Passphrase  []byte // nil: none
}

// KeyTextRoom suffices for every text that ConvertKey writes.
const KeyTextRoom = 1024
