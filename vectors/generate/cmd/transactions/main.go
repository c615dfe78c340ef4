// Command transactions writes transactions.json, authorizations.json and
// messages.json of vectors/.
//
// Run it in the generator's folder: go run ./cmd/transactions. With -out it
// writes to another folder.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opsign/opsign/vectors/generate/transactions"
)

func main() {
	out := flag.String("out", "..", "the `folder` to write to")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "transactions: unknown argument %q; usage: transactions [-out folder]\n", flag.Arg(0))
		os.Exit(64)
	}
	if *out == ".." {
		if _, err := os.Stat(filepath.Join("..", "generate", "go.mod")); err != nil {
			fmt.Fprintln(os.Stderr, "transactions: run this in vectors/generate, or say with -out where the files go")
			os.Exit(64)
		}
	}
	for _, file := range transactions.All() {
		path := filepath.Join(*out, file.Name)
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			fmt.Fprintf(os.Stderr, "transactions: %v\n", err)
			os.Exit(1)
		}
		fmt.Printf("%s: %d bytes\n", path, len(file.Data))
	}
}
