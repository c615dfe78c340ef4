package cases

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// least is the number of cases below which a file has lost some.
var least = map[string]int{
	"payload_signing.json": 31,
	"recovery.json":        52,
	"secret_keys.json":     21,
	"addresses.json":       36,
	"gossip.json":          41,
	"l1_info.json":         55,
	"envelopes.json":       19,
}

func TestCommittedFilesAreTheGeneratedOnes(t *testing.T) {
	files := All()
	if len(files) != len(least) {
		t.Errorf("%d files are generated, %d are expected", len(files), len(least))
	}
	for _, file := range files {
		committed, err := os.ReadFile(filepath.Join("..", "..", file.Name))
		if err != nil {
			t.Errorf("%v; run: %s", err, Command)
		} else if !bytes.Equal(committed, file.Data) {
			t.Errorf("%s is not what the generator makes; run: %s", file.Name, Command)
		}
	}
}

func TestGeneratingTwiceGivesTheSameBytes(t *testing.T) {
	first, second := All(), All()
	for i := range first {
		if !bytes.Equal(first[i].Data, second[i].Data) {
			t.Errorf("%s differs between two runs", first[i].Name)
		}
	}
}

func TestEveryCaseIsNamedAndExplained(t *testing.T) {
	capitalHex := regexp.MustCompile(`"0x[0-9a-f]*[A-F][0-9A-Fa-f]*"`)
	for _, file := range All() {
		var read struct {
			Description, Source, Generator string
			Count                          int
			Cases                          []map[string]any
		}
		if err := json.Unmarshal(file.Data, &read); err != nil {
			t.Fatalf("%s: %v", file.Name, err)
		}
		if read.Count != len(read.Cases) || read.Count < least[file.Name] {
			t.Errorf("%s: %d cases, its count says %d, at least %d are expected", file.Name, len(read.Cases), read.Count, least[file.Name])
		}
		if read.Description == "" || read.Source == "" || read.Generator != Command {
			t.Errorf("%s does not say what it is and whence", file.Name)
		}
		names := map[any]bool{}
		for _, c := range read.Cases {
			if names[c["name"]] || c["comment"] == "" {
				t.Errorf("%s: case %q is not unique or not explained", file.Name, c["name"])
			}
			names[c["name"]] = true
		}
		for _, text := range capitalHex.FindAllString(string(file.Data), -1) {
			if len(text) != len(`""`)+42 { // an address
				t.Errorf("%s: %s has capitals", file.Name, text)
			}
		}
	}
}

func TestVersionsAreThoseOfTheModule(t *testing.T) {
	module, err := os.ReadFile(filepath.Join("..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"github.com/ethereum-optimism/optimism " + OptimismVersion + "\n",
		"=> github.com/ethereum-optimism/op-geth " + OpGethVersion + "\n",
		"github.com/decred/dcrd/dcrec/secp256k1/v4 " + DecredVersion + "\n",
		"github.com/golang/snappy " + SnappyVersion + "\n",
	} {
		if !strings.Contains(string(module), line) {
			t.Errorf("go.mod does not have %q: correct the versions in file.go and write the files anew", line)
		}
	}
}
