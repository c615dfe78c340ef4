//go:build cgo

package opsign_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"regexp"
	"testing"

	"github.com/opsign/opsign/bindings-go"
)

func TestVersion(t *testing.T) {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+`).MatchString(opsign.Version()) {
		t.Errorf("the version is %q", opsign.Version())
	}
}

func TestHashPayloadOfPieces(t *testing.T) {
	nothing, err := opsign.HashPayload()
	if err != nil {
		t.Fatal(err)
	}
	for name, pieces := range map[string][][]byte{
		"nil piece":          {nil},
		"empty piece":        {{}},
		"nil pieces":         {nil, nil},
		"empty pieces":       {{}, {}, {}},
		"end of other bytes": {make([]byte, 5)[5:]},
	} {
		if hash, err := opsign.HashPayload(pieces...); err != nil || hash != nothing {
			t.Errorf("%s: want the hash of nothing, %x, got %x, %v", name, nothing, hash, err)
		}
	}

	payload := bytes.Repeat([]byte("opsign"), 100)
	whole, err := opsign.HashPayload(payload)
	if err != nil || whole == nothing {
		t.Fatal(whole, err)
	}
	for size := 1; size < 300; size++ {
		var pieces [][]byte
		for rest := payload; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			pieces = append(pieces, rest[:min(size, len(rest))])
		}
		if hash, err := opsign.HashPayload(pieces...); err != nil || hash != whole {
			t.Errorf("in pieces of %d bytes: %x, %v", size, hash, err)
		}
	}
}

func TestSignatureOfWrongLength(t *testing.T) {
	long := make([]byte, 200)
	for length := range long {
		var want error
		switch {
		case length == 0:
			want = opsign.ErrEmpty
		case length < 65:
			want = opsign.ErrTooShort
		case length == 65:
			want = opsign.ErrSignatureRZero
		default:
			want = opsign.ErrTooLong
		}
		_, err := opsign.RecoverSigner(opsign.ChainID{}, opsign.Hash{}, long[:length], opsign.Strict)
		if !errors.Is(err, want) {
			t.Errorf("RecoverSigner of %d bytes: want %v, got %v", length, want, err)
		}
		err = opsign.VerifyPayload(opsign.ChainID{}, opsign.Hash{}, long[:length], opsign.Strict, opsign.Address{})
		if !errors.Is(err, want) {
			t.Errorf("VerifyPayload of %d bytes: want %v, got %v", length, want, err)
		}
	}
	if err := opsign.VerifyPayload(opsign.ChainID{}, opsign.Hash{}, nil, opsign.Strict, opsign.Address{}); !errors.Is(err, opsign.ErrEmpty) {
		t.Errorf("nil signature: %v", err)
	}
}

func TestUnknownRules(t *testing.T) {
	for _, rules := range []opsign.Rules{-1, 2, math.MaxInt32, math.MinInt32} {
		_, err := opsign.RecoverSigner(opsign.ChainID{}, opsign.Hash{}, make([]byte, 65), rules)
		if !errors.Is(err, opsign.ErrWrongType) {
			t.Errorf("RecoverSigner with rules %d: %v", rules, err)
		}
		err = opsign.VerifyPayload(opsign.ChainID{}, opsign.Hash{}, make([]byte, 65), rules, opsign.Address{})
		if !errors.Is(err, opsign.ErrWrongType) {
			t.Errorf("VerifyPayload with rules %d: %v", rules, err)
		}
	}
}

func TestChainID(t *testing.T) {
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	for _, number := range []*big.Int{
		new(big.Int), big.NewInt(1), big.NewInt(10), big.NewInt(math.MaxInt64),
		new(big.Int).SetUint64(math.MaxUint64), new(big.Int).Lsh(big.NewInt(1), 64),
		new(big.Int).Lsh(big.NewInt(1), 255), largest,
	} {
		id, err := opsign.ChainIDFromBig(number)
		if err != nil || id.String() != number.String() {
			t.Errorf("%s becomes %s, %v", number, id, err)
		}
		for _, text := range []string{number.String(), "0x" + number.Text(16)} {
			if parsed, err := opsign.ParseChainID(text); err != nil || parsed != id {
				t.Errorf("%s reads as %s, %v", text, parsed, err)
			}
		}
		if number.IsUint64() && opsign.ChainIDFromUint64(number.Uint64()) != id {
			t.Errorf("%s becomes %s from 64 bits", number, opsign.ChainIDFromUint64(number.Uint64()))
		}
	}
	for name, test := range map[string]struct {
		number *big.Int
		want   error
	}{
		"nil":         {nil, opsign.ErrNullPointer},
		"minus one":   {big.NewInt(-1), opsign.ErrChainIDDigit},
		"2^256":       {new(big.Int).Add(largest, big.NewInt(1)), opsign.ErrChainIDTooLarge},
		"minus 2^256": {new(big.Int).Lsh(big.NewInt(-1), 256), opsign.ErrChainIDDigit},
	} {
		if id, err := opsign.ChainIDFromBig(test.number); !errors.Is(err, test.want) || id != (opsign.ChainID{}) {
			t.Errorf("%s: want %v, got %s, %v", name, test.want, id, err)
		}
	}
	for text, want := range map[string]error{
		"": opsign.ErrEmpty, "0x": opsign.ErrEmpty, "-1": opsign.ErrChainIDDigit, " 1": opsign.ErrChainIDDigit,
		"1e3": opsign.ErrChainIDDigit, "0xg": opsign.ErrChainIDDigit, "1\x00": opsign.ErrChainIDDigit,
		largest.String() + "0": opsign.ErrChainIDTooLarge,
	} {
		if id, err := opsign.ParseChainID(text); !errors.Is(err, want) || id != (opsign.ChainID{}) {
			t.Errorf("%q: want %v, got %s, %v", text, want, id, err)
		}
	}
}

func TestAddressAsText(t *testing.T) {
	const text = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
	address, err := opsign.ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(map[opsign.Address]opsign.Address{address: address})
	if err != nil || string(encoded) != `{"`+text+`":"`+text+`"}` {
		t.Errorf("as JSON: %s, %v", encoded, err)
	}
	var decoded map[opsign.Address]opsign.Address
	if err := json.Unmarshal(encoded, &decoded); err != nil || decoded[address] != address {
		t.Errorf("JSON reads back as %v, %v", decoded, err)
	}
	unchanged := address
	if err := unchanged.UnmarshalText([]byte(text[:41])); !errors.Is(err, opsign.ErrHexOddLength) || unchanged != address {
		t.Errorf("bad text gives %v and leaves %s", err, unchanged)
	}
}
