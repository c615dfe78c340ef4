// Package transactions makes the vectors of Ethereum transactions, EIP-7702
// authorizations and signed messages from op-geth alone. No value in them comes
// from opsign.
//
// A case states bytes. What they mean is asked of op-geth, and every case says
// whether op-geth takes them; a contradiction panics.
package transactions

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/opsign/opsign/vectors/generate/cases"
)

// Command makes the files anew, from the repository's root.
const Command = "cd vectors/generate && go run ./cmd/transactions"

const opGeth = "op-geth " + cases.OpGethVersion + " (github.com/ethereum-optimism/op-geth)"

// All makes every file. It panics if op-geth contradicts a case.
func All() []cases.File {
	return []cases.File{
		transactions(),
		authorizations(),
		messages(),
	}
}

// document is the layout that all files of vectors/ share.
type document[C any] struct {
	Description string `json:"description"`
	Source      string `json:"source"`
	Generator   string `json:"generator"`
	Count       int    `json:"count"`
	Cases       []C    `json:"cases"`
}

// label opens every case.
type label struct {
	Name    string `json:"name"`
	Comment string `json:"comment"`
}

func newFile[C any](name, description, source string, list []C) cases.File {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document[C]{description, source, Command, len(list), list}); err != nil {
		panic(fmt.Sprintf("writing %s: %v", name, err))
	}
	return cases.File{Name: name, Data: out.Bytes()}
}

// part is a piece of a byte string. It is repeated, so that blobs stay short.
type part struct {
	Hex    string `json:"hex"`
	Repeat int    `json:"repeat"`
}

const (
	longestPeriod   = 64  // bytes of a part that is repeated
	shortestRepeats = 160 // bytes that are worth a part of their own
)

// split writes bytes as parts. Their concatenation is the bytes again.
func split(b []byte) []part {
	parts := []part{}
	literal := 0 // where the bytes begin that no part has yet
	flush := func(end int) {
		if literal < end {
			parts = append(parts, part{hex(b[literal:end]), 1})
		}
	}
	for i := 0; i < len(b); {
		period, covered := 0, 0
		for p := 1; p <= longestPeriod && i+p <= len(b); p++ {
			j := i + p
			for j < len(b) && b[j] == b[j-p] {
				j++
			}
			if whole := (j - i) / p * p; whole >= 3*p && whole > covered {
				period, covered = p, whole
			}
		}
		if covered < shortestRepeats {
			i++
			continue
		}
		flush(i)
		parts = append(parts, part{hex(b[i : i+period]), covered / period})
		i += covered
		literal = i
	}
	flush(len(b))
	return parts
}

// join gives the bytes that parts stand for.
func join(parts []part) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, bytes.Repeat(hexutil.MustDecode(p.Hex), p.Repeat)...)
	}
	return b
}

func hex(b []byte) string { return hexutil.Encode(b) }

// Numbers that cases use.
var (
	zero       = new(big.Int)
	one        = big.NewInt(1)
	order      = crypto.S256().Params().N // of the curve secp256k1
	halfOrder  = new(big.Int).Rsh(order, 1)
	maxUint256 = minus(power(256), 1)
)

func power(exponent uint) *big.Int       { return new(big.Int).Lsh(one, exponent) }
func plus(a *big.Int, b int64) *big.Int  { return new(big.Int).Add(a, big.NewInt(b)) }
func minus(a *big.Int, b int64) *big.Int { return new(big.Int).Sub(a, big.NewInt(b)) }
func number(b []byte) *big.Int           { return new(big.Int).SetBytes(b) }
func bytes32(n *big.Int) []byte          { return n.FillBytes(make([]byte, 32)) }
func keccak(b []byte) []byte             { return crypto.Keccak256(b) }
func reproducible(label string) []byte {
	return keccak([]byte("opsign test vector: " + label))
}
func patterned(label string, n int) []byte { return bytes.Repeat(reproducible(label), n/32+1)[:n] }
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
