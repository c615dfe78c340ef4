// Package published turns test vectors that others published into files of
// vectors/. Verdicts are theirs. What a runner needs besides, such as a digest or
// a recovery id, is computed with Go's and op-geth's libraries, which must agree
// with the published verdict: a contradiction panics. Nothing comes from opsign.
package published

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/opsign/opsign/vectors/generate/cases"
)

// Versions of the sources. A test compares them with what is installed.
const (
	WycheproofVersion    = "v0.0.0-20260902155932-3fa63dd0344a"
	BtcecVersion         = "v2.3.4"
	EthereumTestsVersion = "0.0.6"
	OpAlloyVersion       = "2.0.0"
)

// Command makes the files anew, from the repository's root.
const Command = "cd vectors/generate && npm ci --prefix published && go run ./cmd/published"

// All makes every file. It panics if a library contradicts a published verdict.
func All() []cases.File {
	return []cases.File{wycheproofFile(), rfc6979(), transactions(), gossip()}
}

// label opens every case.
type label struct {
	Name    string `json:"name"`
	Comment string `json:"comment"`
}

func newFile[C any](name, description, source, licence string, list []C) cases.File {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(struct {
		Description string `json:"description"`
		Source      string `json:"source"`
		Licence     string `json:"licence"`
		Generator   string `json:"generator"`
		Count       int    `json:"count"`
		Cases       []C    `json:"cases"`
	}{description, source, licence, Command, len(list), list})
	if err != nil {
		panic(fmt.Sprintf("writing %s: %v", name, err))
	}
	return cases.File{Name: name, Data: out.Bytes()}
}

func hex(b []byte) string { return hexutil.Encode(b) }

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// run gives what a program prints.
func run(name string, words ...string) string {
	out, err := exec.Command(name, words...).Output()
	if err != nil {
		panic(fmt.Sprintf("%s %s: %v", name, strings.Join(words, " "), err))
	}
	return strings.TrimSpace(string(out))
}

// repository is its root folder.
func repository() string {
	return filepath.Dir(filepath.Dir(filepath.Dir(run("go", "env", "GOMOD"))))
}
