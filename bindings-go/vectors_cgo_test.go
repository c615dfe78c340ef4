//go:build cgo

package opsign_test

import (
	"bytes"
	"testing"

	"github.com/opsign/opsign/bindings-go"
)

func TestPayloadSigningVectors(t *testing.T) {
	type vector struct {
		Name          string
		SecretKey     hexBytes `json:"secret_key"`
		Domain        hexBytes
		ChainID       string `json:"chain_id"`
		Payload       hexBytes
		PayloadRepeat int      `json:"payload_repeat"`
		PayloadHash   hexBytes `json:"payload_hash"`
		SigningHash   hexBytes `json:"signing_hash"`
		Signature     hexBytes
		Address       string
	}
	ran, otherDomains := 0, 0
	for _, c := range readVectors[vector](t, "payload_signing.json") {
		payload := bytes.Repeat(c.Payload, c.PayloadRepeat)
		hash, err := opsign.HashPayload(payload)
		if err != nil || !bytes.Equal(hash[:], c.PayloadHash) {
			t.Errorf("%s: want payload hash %x, got %x, %v", c.Name, c.PayloadHash, hash, err)
		}
		middle := len(payload) / 3
		inPieces, err := opsign.HashPayload(payload[:middle], nil, payload[middle:middle], payload[middle:])
		if err != nil || inPieces != hash {
			t.Errorf("%s: in pieces the payload hash is %x, %v", c.Name, inPieces, err)
		}

		key, err := opsign.NewSecretKey(c.SecretKey)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if key.Address().String() != c.Address {
			t.Errorf("%s: want address %s, got %s", c.Name, c.Address, key.Address())
		}
		chainID, err := opsign.ParseChainID(c.ChainID)
		if err != nil || chainID.String() != c.ChainID {
			t.Errorf("%s: chain id %s reads as %s, %v", c.Name, c.ChainID, chainID, err)
		}

		if bytes.Equal(c.Domain, make([]byte, 32)) {
			signingHash, err := opsign.PayloadSigningHash(chainID, hash)
			if err != nil || !bytes.Equal(signingHash[:], c.SigningHash) {
				t.Errorf("%s: want signing hash %x, got %x, %v", c.Name, c.SigningHash, signingHash, err)
			}
			signature, err := key.SignPayload(chainID, hash)
			if err != nil || !bytes.Equal(signature[:], c.Signature) {
				t.Errorf("%s: want signature %x, got %x, %v", c.Name, c.Signature, signature, err)
			}
			for _, rules := range []opsign.Rules{opsign.Strict, opsign.Consensus} {
				if err := opsign.VerifyPayload(chainID, hash, c.Signature, rules, key.Address()); err != nil {
					t.Errorf("%s: %v", c.Name, err)
				}
			}
		} else {
			otherDomains++ // Go signs for blocks alone, whose domain is zero
			err := opsign.VerifyPayload(chainID, hash, c.Signature, opsign.Consensus, key.Address())
			if !sameError(err, "wrong_signer") {
				t.Errorf("%s: a signature of another domain gives %v", c.Name, err)
			}
		}
		_ = key.Close()
		ran++
	}
	if otherDomains != 4 {
		t.Errorf("%d cases of another domain, want 4", otherDomains)
	}
	t.Logf("%d cases, %d of them of other domains", ran, otherDomains)
}

type recoveryVector struct {
	Name        string
	ChainID     string   `json:"chain_id"`
	PayloadHash hexBytes `json:"payload_hash"`
	Signature   hexBytes
	Consensus   outcome
	Strict      outcome
}

func TestRecoveryVectors(t *testing.T) {
	ran := 0
	for _, c := range readVectors[recoveryVector](t, "recovery.json") {
		chainID, err := opsign.ParseChainID(c.ChainID)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		hash := opsign.Hash(c.PayloadHash)
		for rules, want := range map[opsign.Rules]outcome{opsign.Strict: c.Strict, opsign.Consensus: c.Consensus} {
			address, err := opsign.RecoverSigner(chainID, hash, c.Signature, rules)
			if !sameError(err, want.Error) || err == nil && address.String() != want.Address {
				t.Errorf("%s: rules %d: want %+v, got %s, %v", c.Name, rules, want, address, err)
			}
			if err != nil && address != (opsign.Address{}) {
				t.Errorf("%s: rules %d: address %s beside %v", c.Name, rules, address, err)
			}
			if err := opsign.VerifyPayload(chainID, hash, c.Signature, rules, address); !sameError(err, want.Error) {
				t.Errorf("%s: rules %d: VerifyPayload gives %v, want %q", c.Name, rules, err, want.Error)
			}
			address[19] ^= 1
			wantOther := want.Error
			if wantOther == "" {
				wantOther = "wrong_signer"
			}
			if err := opsign.VerifyPayload(chainID, hash, c.Signature, rules, address); !sameError(err, wantOther) {
				t.Errorf("%s: rules %d: VerifyPayload of another address gives %v, want %q", c.Name, rules, err, wantOther)
			}
		}
		ran++
	}
	t.Logf("%d cases, by both sets of rules", ran)
}

// All recovery vectors of a chain together, by a verifier of each address that signed one.
func TestRecoveryVectorsTogether(t *testing.T) {
	chainID := opsign.ChainIDFromUint64(10)
	for _, rules := range []opsign.Rules{opsign.Strict, opsign.Consensus} {
		var signed []opsign.SignedPayload
		var want []outcome
		for _, c := range readVectors[recoveryVector](t, "recovery.json") {
			if c.ChainID != "10" || len(c.Signature) != 65 {
				continue
			}
			signed = append(signed, opsign.SignedPayload{
				PayloadHash: opsign.Hash(c.PayloadHash), Signature: opsign.Signature(c.Signature),
			})
			want = append(want, map[opsign.Rules]outcome{opsign.Strict: c.Strict, opsign.Consensus: c.Consensus}[rules])
		}
		sound := 0
		for _, signer := range want {
			if signer.Address == "" {
				continue
			}
			address, err := opsign.ParseAddress(signer.Address)
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := opsign.NewVerifier(address)
			if err != nil {
				t.Fatal(err)
			}
			answers, err := verifier.VerifyMany(chainID, signed, rules)
			if err != nil || len(answers) != len(signed) {
				t.Fatalf("%d answers for %d, %v", len(answers), len(signed), err)
			}
			for i, answer := range answers {
				name := want[i].Error
				if name == "" && want[i] != signer {
					name = "wrong_signer"
				}
				one := verifier.Verify(chainID, signed[i].PayloadHash, signed[i].Signature[:], rules)
				if !sameError(answer, name) || !sameError(one, name) {
					t.Errorf("rules %d: number %d by %s: want %q, got %v, alone %v", rules, i, signer.Address, name, answer, one)
				}
				if answer == nil {
					sound++
				}
			}
			_ = verifier.Close()
		}
		if least := map[opsign.Rules]int{opsign.Strict: 10, opsign.Consensus: 30}[rules]; sound < least {
			t.Errorf("rules %d: %d sound, want %d or more", rules, sound, least)
		}
		t.Logf("rules %d: %d cases, %d verdicts sound", rules, len(signed), sound)
	}
}

func TestSecretKeyVectors(t *testing.T) {
	type vector struct {
		Name      string
		SecretKey hexBytes `json:"secret_key"`
		outcome
	}
	ran := 0
	for _, c := range readVectors[vector](t, "secret_keys.json") {
		key, err := opsign.NewSecretKey(c.SecretKey)
		if !sameError(err, c.Error) || err == nil && key.Address().String() != c.Address {
			t.Errorf("%s: want %+v, got %s, %v", c.Name, c.outcome, key.Address(), err)
		}
		if (key == nil) != (err != nil) {
			t.Errorf("%s: key %v beside %v", c.Name, key, err)
		}
		_ = key.Close()
		ran++
	}
	t.Logf("%d cases", ran)
}

func TestAddressVectors(t *testing.T) {
	type vector struct{ Name, Address, Canonical, Error string }
	ran := 0
	for _, c := range readVectors[vector](t, "addresses.json") {
		address, err := opsign.ParseAddress(c.Address)
		if !sameError(err, c.Error) || err == nil && address.String() != c.Canonical {
			t.Errorf("%s: want %s %s, got %s, %v", c.Name, c.Canonical, c.Error, address, err)
		}
		if err != nil && address != (opsign.Address{}) {
			t.Errorf("%s: address %s beside %v", c.Name, address, err)
		}
		ran++
	}
	t.Logf("%d cases", ran)
}
