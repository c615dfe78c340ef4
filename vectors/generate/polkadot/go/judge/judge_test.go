package judge

import (
	"encoding/json"
	"os"
	"testing"

	schnorrkel "github.com/ChainSafe/go-schnorrkel"
)

type vector struct {
	Line
	Name      string         `json:"name"`
	Seed      *Hex           `json:"seed"`
	Extra     *Transcript    `json:"extra"`
	PreOutput *Hex           `json:"pre_output"`
	Outputs   map[string]Hex `json:"outputs"`
	Valid     bool           `json:"valid"`
}

// These programs and sp-core must agree on every signature of the files.
func TestVerdicts(t *testing.T) {
	for _, file := range []string{"signatures.json", "vrf.json"} {
		vectors := read(t, file)
		counts := map[bool]int{}
		for _, vector := range vectors {
			// go-schnorrkel's VRF knows no extra transcript.
			if vector.Extra != nil {
				continue
			}
			holds, err := vector.Holds()
			if err != nil || holds != vector.Valid {
				t.Errorf("%s: %v, %v", vector.Name, holds, err)
			}
			counts[holds]++
		}
		if counts[true] < 8 || counts[false] < 8 {
			t.Errorf("%s: too few of one kind: %v", file, counts)
		}
	}
}

// A VRF's pre-output and outputs do not depend on chance: go-schnorrkel makes the same ones.
func TestOutputs(t *testing.T) {
	ran := 0
	for _, vector := range read(t, "vrf.json") {
		if vector.Outputs == nil {
			continue
		}
		mini, err := schnorrkel.NewMiniSecretKeyFromRaw([32]byte(*vector.Seed))
		if err != nil {
			t.Fatal(err)
		}
		transcript, err := vector.Transcript.build()
		if err != nil {
			t.Fatal(err)
		}
		inOut, _, err := mini.ExpandEd25519().VrfSign(transcript)
		if err != nil {
			t.Fatal(err)
		}
		if made := inOut.Output().Encode(); string(made[:]) != string(*vector.PreOutput) {
			t.Errorf("%s: another pre-output: %x", vector.Name, made)
		}
		for context, output := range vector.Outputs {
			made, err := inOut.MakeBytes(len(output), []byte(context))
			if err != nil || string(made) != string(output) {
				t.Errorf("%s, %s: %x, %v", vector.Name, context, made, err)
			}
		}
		ran++
	}
	if ran < 8 {
		t.Errorf("%d outputs only", ran)
	}
}

func read(t *testing.T, name string) []vector {
	t.Helper()
	text, err := os.ReadFile("../../../../polkadot/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Count int      `json:"count"`
		Cases []vector `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != file.Count {
		t.Fatalf("%s has %d cases, not %d", name, len(file.Cases), file.Count)
	}
	return file.Cases
}
