//go:build cgo

package opsign_test

import (
	"testing"

	"github.com/opsign/opsign/bindings-go"
)

func BenchmarkSignPayload(b *testing.B) {
	key := newKey(b)
	for b.Loop() {
		if _, err := key.SignPayload(chainID, opsign.Hash{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyPayload(b *testing.B) {
	key := newKey(b)
	signature, err := key.SignPayload(chainID, opsign.Hash{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := opsign.VerifyPayload(chainID, opsign.Hash{}, signature[:], opsign.Strict, key.Address()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecoverSigner(b *testing.B) {
	signature, err := newKey(b).SignPayload(chainID, opsign.Hash{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := opsign.RecoverSigner(chainID, opsign.Hash{}, signature[:], opsign.Strict); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHashPayload1MiB(b *testing.B) {
	payload := make([]byte, 1<<20)
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if _, err := opsign.HashPayload(payload); err != nil {
			b.Fatal(err)
		}
	}
}
