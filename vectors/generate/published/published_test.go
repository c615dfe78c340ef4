package published

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// least is the number of cases below which a file has lost some.
var least = map[string]int{
	"wycheproof.json":             1715,
	"rfc6979.json":                6,
	"published_transactions.json": 43,
	"published_gossip.json":       4,
}

func TestCommittedFilesAreTheGeneratedOnes(t *testing.T) {
	files := All()
	if len(files) != len(least) {
		t.Errorf("%d files are generated, %d are expected", len(files), len(least))
	}
	for _, file := range files {
		committed, err := os.ReadFile(filepath.Join("..", "..", file.Name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(committed, file.Data) {
			t.Errorf("%s is not what the generator makes; run: %s", file.Name, Command)
		}
		var read struct {
			Count int
			Cases []label
		}
		if err := json.Unmarshal(file.Data, &read); err != nil {
			t.Fatalf("%s: %v", file.Name, err)
		}
		if read.Count != len(read.Cases) || read.Count < least[file.Name] {
			t.Errorf("%s: %d cases, its count says %d, at least %d are expected", file.Name, len(read.Cases), read.Count, least[file.Name])
		}
		names := map[string]bool{}
		for _, c := range read.Cases {
			if c.Name == "" || c.Comment == "" || names[c.Name] {
				t.Errorf("%s: %q has no name of its own or no comment", file.Name, c.Name)
			}
			names[c.Name] = true
		}
	}
}

func TestVersionsAreThoseInstalled(t *testing.T) {
	for file, lines := range map[string][]string{
		"../go.mod": {
			"github.com/c2sp/wycheproof " + WycheproofVersion,
			"github.com/btcsuite/btcd/btcec/v2 " + BtcecVersion,
		},
		"package.json": {`"ethereum-tests": "` + EthereumTestsVersion + `"`},
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if !strings.Contains(string(text), line) {
				t.Errorf("%s does not have %q: correct the versions in file.go and write the files anew", file, line)
			}
		}
	}
}
