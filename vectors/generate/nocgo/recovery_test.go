//go:build !cgo

package nocgo

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
)

type outcome struct{ Address, Error string }

func TestRecovery(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "recovery.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Count int
		Cases []struct {
			Name                string
			SigningHash         hexutil.Bytes `json:"signing_hash"`
			Signature           hexutil.Bytes
			Consensus           outcome
			ConsensusWithoutCgo outcome `json:"consensus_without_cgo"`
		}
	}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	differing := 0
	for _, c := range file.Cases {
		key, err := crypto.SigToPub(c.SigningHash, c.Signature)
		switch {
		case err != nil && c.ConsensusWithoutCgo.Error == "":
			t.Errorf("%s: want %s, got %v", c.Name, c.ConsensusWithoutCgo.Address, err)
		case err == nil && crypto.PubkeyToAddress(*key).Hex() != c.ConsensusWithoutCgo.Address:
			t.Errorf("%s: want %+v, got %s", c.Name, c.ConsensusWithoutCgo, crypto.PubkeyToAddress(*key))
		}
		if c.ConsensusWithoutCgo != c.Consensus {
			differing++
		}
	}
	if len(file.Cases) != file.Count || file.Count < 30 || differing == 0 {
		t.Errorf("%d cases of %d, %d of them differing", len(file.Cases), file.Count, differing)
	}
}
