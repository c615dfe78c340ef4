//go:build cgo

package opsign_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/opsign/opsign/bindings-go"
)

func newVerifier(t testing.TB, address opsign.Address) *opsign.Verifier {
	t.Helper()
	verifier, err := opsign.NewVerifier(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = verifier.Close() })
	return verifier
}

// signedPayloads are by the key, but for every fifth, which is changed.
func signedPayloads(t testing.TB, key *opsign.SecretKey, count int) []opsign.SignedPayload {
	t.Helper()
	signed := make([]opsign.SignedPayload, count)
	for i := range signed {
		signed[i].PayloadHash = opsign.Hash{byte(i), 1}
		signature, err := key.SignPayload(chainID, signed[i].PayloadHash)
		if err != nil {
			t.Fatal(err)
		}
		signed[i].Signature = signature
		if i%5 == 4 {
			signed[i].Signature[40] ^= 1
		}
	}
	return signed
}

func TestVerifyManyOfAnyNumber(t *testing.T) {
	key := newKey(t)
	verifier := newVerifier(t, key.Address())
	for count := range 40 {
		signed := signedPayloads(t, key, count)
		answers, err := verifier.VerifyMany(chainID, signed, opsign.Strict)
		if err != nil || len(answers) != count {
			t.Fatalf("%d answers for %d, %v", len(answers), count, err)
		}
		for i, answer := range answers {
			if (answer == nil) != (i%5 != 4) {
				t.Errorf("%d of %d: %v", i, count, answer)
			}
		}
	}
	if _, err := verifier.VerifyMany(chainID, nil, opsign.Rules(7)); !errors.Is(err, opsign.ErrWrongType) {
		t.Errorf("rules 7 give %v", err)
	}
	err := verifier.Verify(chainID, opsign.Hash{}, make([]byte, 64), opsign.Strict)
	if !errors.Is(err, opsign.ErrTooShort) {
		t.Errorf("64 bytes give %v", err)
	}
}

func TestVerifierSharedAndClosed(t *testing.T) {
	key := newKey(t)
	verifier := newVerifier(t, key.Address())
	signed := signedPayloads(t, key, 20)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				answers, err := verifier.VerifyMany(chainID, signed, opsign.Consensus)
				if err != nil || answers[0] != nil || answers[4] == nil {
					t.Error(answers, err)
				}
			}
		})
	}
	group.Wait()
	for range 2 {
		if err := verifier.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, closed := range []*opsign.Verifier{nil, new(opsign.Verifier), verifier} {
		if _, err := closed.VerifyMany(chainID, signed, opsign.Strict); !errors.Is(err, opsign.ErrClosed) {
			t.Errorf("VerifyMany gives %v", err)
		}
		err := closed.Verify(chainID, signed[0].PayloadHash, signed[0].Signature[:], opsign.Strict)
		if !errors.Is(err, opsign.ErrClosed) {
			t.Errorf("Verify gives %v", err)
		}
	}
	if err := (*opsign.Verifier)(nil).Close(); err != nil {
		t.Error(err)
	}
}
