//go:build cgo

package opsign_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/opsign/opsign/bindings-go"
)

func TestKeyFileVectors(t *testing.T) {
	type vector struct {
		Name       string
		Format     *string
		Input      *string
		InputHex   hexBytes `json:"input_hex"`
		Passphrase *string
		Path       *string
		outcome
	}
	keys, refused, seeds, noPath := 0, 0, 0, 0
	cases := readVectors[vector](t, "keys.json")
	for _, c := range cases {
		contents := []byte(c.InputHex)
		if c.Input != nil {
			contents = []byte(*c.Input)
		}
		if c.Format != nil && *c.Format == "seed" { // no format of a file
			seeds++
			continue
		}
		format, err := opsign.RecogniseKey(contents)
		if c.Format == nil && !sameError(err, c.Error) || c.Format != nil && (err != nil || format.String() != *c.Format) {
			t.Errorf("%s: format %s, %v", c.Name, format, err)
		}
		var options opsign.KeyOptions
		if c.Path != nil {
			options.HDPath = *c.Path
			if *c.Path == "" { // which in Go is no path, and no error
				noPath++
				continue
			}
		}
		if c.Passphrase != nil {
			options.Passphrase = []byte(*c.Passphrase)
		}
		key, err := opsign.ReadSecretKey(contents, options)
		if !sameError(err, c.Error) || err == nil && key.Address().String() != c.Address {
			t.Errorf("%s: want %+v, got %s, %v", c.Name, c.outcome, key.Address(), err)
		}
		if (key == nil) != (err != nil) {
			t.Errorf("%s: key %v beside %v", c.Name, key, err)
		}
		if err == nil {
			keys++
		} else {
			refused++
		}
		_ = key.Close()
	}
	if keys+refused+seeds+noPath != len(cases) || seeds != 17 || noPath != 1 || keys < 170 || refused < 190 {
		t.Errorf("%d keys, %d refused, %d seeds of %d cases", keys, refused, seeds, len(cases))
	}
	t.Logf("%d keys, %d refused", keys, refused)
}

func TestConvertKey(t *testing.T) {
	want := newKey(t).Address()
	none := opsign.KeyOptions{}
	passphrase := []byte("open sesame")
	for _, output := range []opsign.KeyOutput{
		{Format: opsign.KeyFormatHex},
		{Format: opsign.KeyFormatSEC1PEM},
		{Format: opsign.KeyFormatPKCS8PEM},
		{Format: opsign.KeyFormatKeystore, Passphrase: passphrase, KDF: opsign.KDFLight},
	} {
		text, err := opsign.ConvertKey(secret, none, output)
		if err != nil {
			t.Fatalf("%s: %v", output.Format, err)
		}
		if format, err := opsign.RecogniseKey(text); err != nil || format != output.Format {
			t.Errorf("want %s, got %s, %v", output.Format, format, err)
		}
		key, err := opsign.ReadSecretKey(text, opsign.KeyOptions{Passphrase: output.Passphrase})
		if err != nil || key.Address() != want {
			t.Errorf("%s reads as %s, %v", output.Format, key.Address(), err)
		}
		if _, err := key.SignPayload(chainID, opsign.Hash{}); err != nil {
			t.Error(err)
		}
		_ = key.Close()
		back, err := opsign.ConvertKey(text, opsign.KeyOptions{Passphrase: output.Passphrase}, opsign.KeyOutput{Format: opsign.KeyFormatHex})
		if hex, _ := opsign.ConvertKey(secret, none, opsign.KeyOutput{Format: opsign.KeyFormatHex}); err != nil || !bytes.Equal(back, hex) {
			t.Errorf("%s comes back as %d bytes, %v", output.Format, len(back), err)
		}
	}
	for _, c := range []struct {
		options opsign.KeyOptions
		output  opsign.KeyOutput
		want    opsign.ErrorCode
	}{
		{none, opsign.KeyOutput{Format: opsign.KeyFormatMnemonic}, opsign.ErrWrongType},
		{none, opsign.KeyOutput{Format: opsign.KeyFormatKeystore}, opsign.ErrKeyPassphraseMissing},
		{none, opsign.KeyOutput{Format: opsign.KeyFormatKeystore, Passphrase: []byte{}}, opsign.ErrKeyPassphraseMissing},
		{none, opsign.KeyOutput{Format: opsign.KeyFormatHex, Passphrase: passphrase}, opsign.ErrKeyOptionUnused},
		{none, opsign.KeyOutput{Format: opsign.KeyFormatHex, KDF: 2}, opsign.ErrWrongType},
		{opsign.KeyOptions{Passphrase: []byte{}}, opsign.KeyOutput{Format: opsign.KeyFormatHex}, opsign.ErrKeyOptionUnused},
		{opsign.KeyOptions{HDPath: "m/0"}, opsign.KeyOutput{Format: opsign.KeyFormatHex}, opsign.ErrKeyOptionUnused},
		{opsign.KeyOptions{HDPath: "44"}, opsign.KeyOutput{Format: opsign.KeyFormatHex}, opsign.ErrKeyPathMalformed},
	} {
		text, err := opsign.ConvertKey(secret, c.options, c.output)
		if !errors.Is(err, c.want) || len(text) != 0 {
			t.Errorf("%+v %+v: %d bytes, %v", c.options, c.output, len(text), err)
		}
	}
	if _, err := opsign.ReadSecretKey(nil, none); !errors.Is(err, opsign.ErrKeyFormatUnknown) {
		t.Errorf("no bytes: %v", err)
	}
	if _, err := opsign.ReadSecretKey(make([]byte, 65<<10), none); !errors.Is(err, opsign.ErrKeyTooLarge) {
		t.Errorf("65 KiB: %v", err)
	}
}
