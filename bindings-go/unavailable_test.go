//go:build !cgo

package opsign_test

import (
	"errors"
	"math/big"
	"testing"

	"github.com/opsign/opsign/bindings-go"
)

func TestEveryCallAnswersUnavailable(t *testing.T) {
	var (
		chainID = opsign.ChainIDFromUint64(10)
		hash    opsign.Hash
		address opsign.Address
		key     *opsign.SecretKey
	)
	for name, call := range map[string]func() error{
		"HashPayload":           func() error { _, err := opsign.HashPayload(make([]byte, 9)); return err },
		"HashPayload in pieces": func() error { _, err := opsign.HashPayload(nil, nil); return err },
		"PayloadSigningHash":    func() error { _, err := opsign.PayloadSigningHash(chainID, hash); return err },
		"RecoverSigner": func() error {
			_, err := opsign.RecoverSigner(chainID, hash, make([]byte, 65), opsign.Strict)
			return err
		},
		"VerifyPayload": func() error {
			return opsign.VerifyPayload(chainID, hash, make([]byte, 65), opsign.Strict, address)
		},
		"NewVerifier": func() error { _, err := opsign.NewVerifier(address); return err },
		"Verify": func() error {
			return new(opsign.Verifier).Verify(chainID, hash, make([]byte, 65), opsign.Strict)
		},
		"VerifyMany": func() error {
			var verifier *opsign.Verifier
			_, err := verifier.VerifyMany(chainID, nil, opsign.Strict)
			return err
		},
		"NewSecretKey": func() error { _, err := opsign.NewSecretKey(make([]byte, 32)); return err },
		"RecogniseKey": func() error { _, err := opsign.RecogniseKey(make([]byte, 32)); return err },
		"ReadSecretKey": func() error {
			_, err := opsign.ReadSecretKey(make([]byte, 32), opsign.KeyOptions{})
			return err
		},
		"ConvertKey": func() error {
			_, err := opsign.ConvertKey(make([]byte, 32), opsign.KeyOptions{}, opsign.KeyOutput{})
			return err
		},
		"SignPayload": func() error { _, err := key.SignPayload(chainID, hash); return err },
		"SignPayload of a zero key": func() error {
			_, err := new(opsign.SecretKey).SignPayload(chainID, hash)
			return err
		},
		"TypedDataHash":   func() error { _, err := opsign.TypedDataHash([]byte("{}")); return err },
		"TypedDataSigner": func() error { _, err := opsign.TypedDataSigner(nil, nil); return err },
		"SignTypedData":   func() error { _, err := key.SignTypedData(nil); return err },
		"PersonalMessageSigner": func() error {
			_, err := opsign.PersonalMessageSigner(nil, nil)
			return err
		},
		"ParseAddress":  func() error { _, err := opsign.ParseAddress("0x00"); return err },
		"UnmarshalText": func() error { return address.UnmarshalText([]byte("0x00")) },
		"ParseChainID":  func() error { _, err := opsign.ParseChainID("10"); return err },
		"DecodeTransaction": func() error {
			_, err := opsign.DecodeTransaction([]byte{0xc0})
			return err
		},
		"TransactionSigningHash": func() error {
			_, err := opsign.TransactionSigningHash([]byte{0xc0})
			return err
		},
		"L1InfoFromTransaction": func() error {
			_, err := opsign.L1InfoFromTransaction([]byte{0x7e})
			return err
		},
		"DecodeGossip": func() error { _, err := opsign.DecodeGossip(opsign.TopicV4, nil); return err },
		"AuthorizationHash": func() error {
			_, err := opsign.AuthorizationHash(opsign.Authorization{})
			return err
		},
		"AuthorizationSigner": func() error {
			_, err := opsign.AuthorizationSigner(opsign.Authorization{}, make([]byte, 65))
			return err
		},
		"SignAuthorization": func() error {
			_, err := key.SignAuthorization(opsign.Authorization{})
			return err
		},
	} {
		if err := call(); !errors.Is(err, opsign.ErrUnavailable) {
			t.Errorf("%s answers %v", name, err)
		}
	}
	if err := key.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatWorksWithoutTheLibrary(t *testing.T) {
	if got := (opsign.Address{0xAB}).String(); got != "0xab00000000000000000000000000000000000000" {
		t.Errorf("an address prints as %s", got)
	}
	id, err := opsign.ChainIDFromBig(big.NewInt(8453))
	if err != nil || id != opsign.ChainIDFromUint64(8453) || id.String() != "8453" {
		t.Errorf("a chain id is %s, %v", id, err)
	}
	if opsign.Version() != "" {
		t.Errorf("no library has version %s", opsign.Version())
	}
}
