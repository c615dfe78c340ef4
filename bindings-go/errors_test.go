package opsign_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/opsign/opsign/bindings-go"
	"github.com/opsign/opsign/bindings-go/internal/capi"
)

// errorConstants reads the constants of errors.go, for there is no other way to
// learn all names of a package.
func errorConstants(t *testing.T) map[string]int {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]int{}
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Err") {
			number, err := strconv.Atoi(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			constants[spec.Names[0].Name] = number
		}
		return true
	})
	return constants
}

// TestErrorVectors walks the list that all languages share, and the constants
// here and in C, so that none has a name or number of its own.
func TestErrorVectors(t *testing.T) {
	type vector struct {
		Number  int
		Name    string
		C, Go   *string
		Message string
	}
	header, err := os.ReadFile(filepath.Join("internal", "capi", "opsign.h"))
	if err != nil {
		t.Fatal(err)
	}
	inHeader := map[string]string{}
	for _, match := range regexp.MustCompile(`(OPSIGN_ERROR_\w+) = (\d+),`).FindAllStringSubmatch(string(header), -1) {
		inHeader[match[1]] = match[2]
	}
	inGo := errorConstants(t)

	ran := 0
	for _, c := range readVectors[vector](t, "errors.json") {
		if c.C != nil {
			if inHeader[*c.C] != strconv.Itoa(c.Number) {
				t.Errorf("%s: want %s = %d, the header has %q", c.Name, *c.C, c.Number, inHeader[*c.C])
			}
			delete(inHeader, *c.C)
		}
		if c.Go != nil {
			if inGo[*c.Go] != c.Number {
				t.Errorf("%s: want %s = %d, errors.go has %d", c.Name, *c.Go, c.Number, inGo[*c.Go])
			}
			delete(inGo, *c.Go)
			code := opsign.ErrorCode(c.Number)
			if capi.Available || code == opsign.ErrUnavailable {
				if code.Name() != c.Name || code.Error() != c.Message {
					t.Errorf("want %q %q, got %q %q", c.Name, c.Message, code.Name(), code.Error())
				}
			}
			failure := error(&opsign.Error{Op: "Test", Code: code})
			if !errors.Is(failure, code) || errors.Is(failure, code+1) {
				t.Errorf("errors.Is does not know %v", failure)
			}
			if want := "opsign: Test: " + code.Error(); failure.Error() != want {
				t.Errorf("want %q, got %q", want, failure)
			}
		}
		ran++
	}
	if len(inHeader) != 0 || len(inGo) != 0 {
		t.Errorf("not in errors.json: %v %v", inHeader, inGo)
	}
	t.Logf("%d cases", ran)
}
