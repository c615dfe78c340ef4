package published

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/opsign/opsign/vectors/generate/cases"
)

type rfc6979Case struct {
	label
	SecretKey string `json:"secret_key"`
	Digest    string `json:"digest"`
	Nonce     string `json:"nonce"`
	Signature string `json:"signature"`
	Address   string `json:"address"`
}

// rfc6979 reads the table in btcec's test of RFC 6979, which has those of Trezor
// and CoreBitcoin. RFC 6979 itself has none for this curve.
func rfc6979() cases.File {
	folder := run("go", "list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd/btcec/v2")
	file := must(parser.ParseFile(token.NewFileSet(), filepath.Join(folder, "ecdsa", "signature_test.go"), nil, 0))
	var list []rfc6979Case
	for _, declaration := range file.Decls {
		if function, ok := declaration.(*ast.FuncDecl); ok && function.Name.Name == "TestRFC6979" {
			ast.Inspect(function, func(node ast.Node) bool {
				if row, ok := node.(*ast.CompositeLit); ok && row.Type == nil && len(row.Elts) == 4 {
					var words []string
					for _, element := range row.Elts {
						words = append(words, must(strconv.Unquote(element.(*ast.BasicLit).Value)))
					}
					list = append(list, rfc6979Row(len(list), words))
				}
				return true
			})
		}
	}
	if len(list) == 0 {
		panic("btcec's test has no table that can be read")
	}
	return newFile("rfc6979.json",
		"Signatures with the nonce of RFC 6979 over SHA-256, s made low; libsecp256k1 gives the same, and the last byte of the signature.",
		"github.com/btcsuite/btcd/btcec/v2 "+BtcecVersion+", ecdsa/signature_test.go, TestRFC6979: those of trezor-crypto and CoreBitcoin; y parity by op-geth "+cases.OpGethVersion+" with cgo (libsecp256k1)",
		"ISC", list)
}

func rfc6979Row(at int, words []string) rfc6979Case {
	digest := sha256.Sum256([]byte(words[1]))
	key := must(crypto.ToECDSA(unhex(words[0])))
	signature := must(crypto.Sign(digest[:], key))
	if !bytes.Equal(signature[:64], fromDER(unhex(words[3]))) {
		panic(fmt.Sprintf("row %d: libsecp256k1 signs %x", at, signature))
	}
	return rfc6979Case{
		label:     label{fmt.Sprintf("btcec_%d", at), fmt.Sprintf("SHA-256 of %q.", words[1])},
		SecretKey: "0x" + words[0], Digest: hex(digest[:]), Nonce: "0x" + words[2],
		Signature: hex(signature), Address: crypto.PubkeyToAddress(key.PublicKey).Hex(),
	}
}
