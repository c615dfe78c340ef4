package capi

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestHeaderIsACopy(t *testing.T) {
	if !bytes.Equal(read(t, "opsign.h"), read(t, "..", "..", "..", "include", "opsign.h")) {
		t.Error("opsign.h differs from include/opsign.h: run scripts/header.sh")
	}
}

// Each function of the header is called here, and kept from costing more than it must.
func TestEveryFunctionIsCalled(t *testing.T) {
	files, err := filepath.Glob("calls*.go")
	if err != nil {
		t.Fatal(err)
	}
	calls := ""
	for _, file := range files {
		calls += string(read(t, file))
	}
	functions := regexp.MustCompile(`(?m)^[a-z].*\b(opsign_\w+)\(`).FindAllSubmatch(read(t, "opsign.h"), -1)
	if len(functions) < 18 {
		t.Errorf("only %d functions were found in the header", len(functions))
	}
	for _, match := range functions {
		name := string(match[1])
		for _, want := range []string{"#cgo noescape " + name + "\n", "#cgo nocallback " + name + "\n", "C." + name + "("} {
			if strings.Count(calls, want) != 1 {
				t.Errorf("calls*.go have %q %d times, not once", want, strings.Count(calls, want))
			}
		}
	}
	if got := strings.Count(calls, "#cgo nocallback "); got != len(functions) {
		t.Errorf("calls*.go know %d functions, the header %d", got, len(functions))
	}
}
