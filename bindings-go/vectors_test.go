package opsign_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsign/opsign/bindings-go"
)

// hexBytes is bytes that the vectors write in hex after 0x.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) error {
	digits, found := strings.CutPrefix(string(text), "0x")
	if !found {
		return errors.New("hex without 0x")
	}
	decoded, err := hex.DecodeString(digits)
	*b = decoded
	return err
}

// outcome is an address or an error; which addresses are, is text in the vectors.
type outcome struct{ Address, Error string }

// readVectors gives the cases of a file whose count is right.
func readVectors[Case any](t *testing.T, name string) []Case {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Count int
		Cases []Case
	}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if file.Count == 0 || len(file.Cases) != file.Count {
		t.Fatalf("%s has %d cases, its count says %d", name, len(file.Cases), file.Count)
	}
	return file.Cases
}

// sameError says whether err is the error of that name, where "" is none.
func sameError(err error, name string) bool {
	if err == nil {
		return name == ""
	}
	var code opsign.ErrorCode
	return errors.As(err, &code) && code.Name() == name
}
