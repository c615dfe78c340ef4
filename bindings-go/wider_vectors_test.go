//go:build cgo

package opsign_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"github.com/opsign/opsign/bindings-go"
)

// part is hex that is repeated.
type part struct {
	Hex    hexBytes
	Repeat int
}

func join(parts []part) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, bytes.Repeat(p.Hex, p.Repeat)...)
	}
	return all
}

func TestTransactionVectors(t *testing.T) {
	type vector struct {
		Name        string
		RawParts    []part `json:"raw_parts"`
		Accepts     bool
		Type        int
		Sender      *string
		SenderError *string `json:"sender_error"`
		Recovered   *string
		Hash        hexBytes
		SecretKey   hexBytes `json:"secret_key"`
		Unsigned    []part
		Canonical   []part
		Value       string
		GasPrice    string `json:"gas_price"`
		MaxFee      string `json:"max_fee_per_gas"`
		MaxTip      string `json:"max_priority_fee_per_gas"`
		Mint, V     string
		ChainID     string `json:"chain_id"`
		R, S        string
	}
	ran, refused, signed := 0, 0, 0
	for _, c := range readVectors[vector](t, "transactions.json") {
		ran++
		raw := join(c.RawParts)
		hash, err := opsign.TransactionHash(raw)
		// op-geth reads numbers of more than 256 bits in some places, and a type 0x7d.
		long := c.Type == 125
		for _, text := range []string{c.Value, c.GasPrice, c.MaxFee, c.MaxTip, c.Mint, c.V, c.ChainID, c.R, c.S} {
			if number, ok := new(big.Int).SetString(text, 0); ok && number.BitLen() > 256 {
				long = true
			}
		}
		if !c.Accepts || long {
			if err == nil || errors.Is(err, opsign.ErrInternal) {
				t.Errorf("%s: hash %x, %v", c.Name, hash, err)
			}
			refused++
			continue
		}
		if err != nil || !bytes.Equal(hash[:], c.Hash) {
			t.Errorf("%s: want hash %x, got %x, %v", c.Name, c.Hash, hash, err)
		}
		expected := c.Sender
		if c.SenderError != nil && bytes.Contains([]byte(*c.SenderError), []byte("chainID 0")) {
			expected = c.Recovered
		}
		sender, err := opsign.TransactionSender(raw)
		if expected == nil {
			if err == nil {
				t.Errorf("%s: op-geth finds no sender, we find %s", c.Name, sender)
			}
		} else if err != nil || sender.String() != *expected {
			t.Errorf("%s: want sender %s, got %s, %v", c.Name, *expected, sender, err)
		}
		if c.SecretKey == nil {
			continue
		}
		key, err := opsign.NewSecretKey(c.SecretKey)
		if err != nil {
			t.Fatal(err)
		}
		made, err := key.SignTransaction(join(c.Unsigned))
		if err != nil || !bytes.Equal(made, join(c.Canonical)) {
			t.Errorf("%s: signed %x, %v", c.Name, made, err)
		}
		_ = key.Close()
		if _, err := key.SignTransaction(join(c.Unsigned)); !errors.Is(err, opsign.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		signed++
	}
	if signed < 180 || refused < 400 {
		t.Errorf("%d signed, %d refused", signed, refused)
	}
	t.Logf("%d cases, %d refused, %d signed", ran, refused, signed)
}

func TestMessageVectors(t *testing.T) {
	type vector struct {
		Name, Kind, Address string
		Message             hexBytes
		Repeat              int      `json:"message_repeat"`
		Hash                hexBytes `json:"hash"`
		SecretKey           hexBytes `json:"secret_key"`
		Signature           hexBytes `json:"signature_y_parity"`
	}
	ran := 0
	for _, c := range readVectors[vector](t, "messages.json") {
		if c.Kind != "personal" {
			continue
		}
		message := bytes.Repeat(c.Message, c.Repeat)
		hash, err := opsign.PersonalMessageHash(message)
		if err != nil || !bytes.Equal(hash[:], c.Hash) {
			t.Errorf("%s: want hash %x, got %x, %v", c.Name, c.Hash, hash, err)
		}
		key, err := opsign.NewSecretKey(c.SecretKey)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := key.SignPersonalMessage(message)
		if err != nil || !bytes.Equal(signature[:], c.Signature) {
			t.Errorf("%s: signed %x, %v", c.Name, signature, err)
		}
		_ = key.Close()
		for _, last := range []byte{signature[64], signature[64] + 27} {
			signature[64] = last
			signer, err := opsign.PersonalMessageSigner(message, signature[:])
			if err != nil || signer.String() != c.Address {
				t.Errorf("%s: want signer %s, got %s, %v", c.Name, c.Address, signer, err)
			}
		}
		ran++
	}
	if ran != 24 {
		t.Errorf("%d personal messages", ran)
	}
	t.Logf("%d personal messages", ran)
}

func TestTypedDataVectors(t *testing.T) {
	type vector struct {
		Name, Kind, Address string
		TypedData           json.RawMessage `json:"typed_data"`
		Accepts             bool
		Hash                hexBytes
		SecretKey           hexBytes `json:"secret_key"`
		OfWallet            hexBytes `json:"signature"`
		Signature           hexBytes `json:"signature_y_parity"`
	}
	accepted, refused := 0, 0
	for _, c := range readVectors[vector](t, "messages.json") {
		if c.Kind != "typed_data" {
			continue
		}
		hash, err := opsign.TypedDataHash(c.TypedData)
		if !c.Accepts {
			var failure *opsign.Error
			if !errors.As(err, &failure) || failure.Code < opsign.ErrTypedDataJSON || failure.Code > opsign.ErrTypedDataRange {
				t.Errorf("%s: hash %x, %v", c.Name, hash, err)
			}
			refused++
			continue
		}
		if err != nil || !bytes.Equal(hash[:], c.Hash) {
			t.Errorf("%s: want hash %x, got %x, %v", c.Name, c.Hash, hash, err)
		}
		key, err := opsign.NewSecretKey(c.SecretKey)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := key.SignTypedData(c.TypedData)
		if err != nil || !bytes.Equal(signature[:], c.Signature) {
			t.Errorf("%s: signed %x, %v", c.Name, signature, err)
		}
		_ = key.Close()
		if _, err := key.SignTypedData(c.TypedData); !errors.Is(err, opsign.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		for _, signature := range [][]byte{c.Signature, c.OfWallet} {
			signer, err := opsign.TypedDataSigner(c.TypedData, signature)
			if err != nil || signer.String() != c.Address {
				t.Errorf("%s: want signer %s, got %s, %v", c.Name, c.Address, signer, err)
			}
		}
		accepted++
	}
	if accepted != 94 || refused != 81 {
		t.Errorf("%d accepted, %d refused", accepted, refused)
	}
	t.Logf("%d typed data accepted, %d refused", accepted, refused)
}

func TestGossipRuleVectors(t *testing.T) {
	type vector struct {
		Name            string
		Sequence        json.RawMessage
		Topic           string
		ChainID         string `json:"chain_id"`
		Address         string
		PreviousAddress *string `json:"previous_address"`
		Now             uint64
		JovianTime      *uint64 `json:"jovian_time"`
		Message         hexBytes
		Repeat          *struct {
			Unit, Tail hexBytes
			Times      int
		} `json:"message_repeat"`
		Verdict, Rule string
	}
	address := func(text string) opsign.Address {
		parsed, err := opsign.ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	ran, sequence := 0, "null"
	var validator *opsign.GossipValidator
	for _, c := range readVectors[vector](t, "gossip_rules.json") {
		chainID, err := opsign.ParseChainID(c.ChainID)
		if err != nil {
			t.Fatal(err)
		}
		config := opsign.GossipConfig{
			Topic: opsign.Topic(c.Topic[1] - '0'), ChainID: chainID, Signer: address(c.Address),
			JovianTime: c.JovianTime, MaxAge: 60,
		}
		if c.PreviousAddress != nil {
			config.PreviousSigner = address(*c.PreviousAddress)
		}
		// The signers may change within a sequence, which keeps its blocks.
		if string(c.Sequence) == "null" || string(c.Sequence) != sequence {
			_ = validator.Close()
			if validator, err = opsign.NewGossipValidator(config); err != nil {
				t.Fatal(err)
			}
		}
		validator.SetPreviousSigner(config.PreviousSigner)
		sequence = string(c.Sequence)
		message := c.Message
		if c.Repeat != nil {
			message = append(append(message, bytes.Repeat(c.Repeat.Unit, c.Repeat.Times)...), c.Repeat.Tail...)
		}
		judgement, err := validator.Validate(c.Now, message)
		if err != nil || judgement.Verdict.String() != c.Verdict || judgement.Reason.String() != c.Rule {
			t.Errorf("%s: want %s by %s, got %s by %s, %v", c.Name, c.Verdict, c.Rule, judgement.Verdict, judgement.Reason, err)
		}
		ran++
	}
	_ = validator.Close()
	if _, err := validator.Validate(0, nil); !errors.Is(err, opsign.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := opsign.NewGossipValidator(opsign.GossipConfig{Topic: 5}); !errors.Is(err, opsign.ErrUnknownTopic) {
		t.Errorf("topic 5: %v", err)
	}
	var none *opsign.GossipValidator
	if _, err := none.Validate(0, nil); !errors.Is(err, opsign.ErrClosed) {
		t.Errorf("nil: %v", err)
	}
	t.Logf("%d cases", ran)
}
