// Command published writes the files of vectors/ that others' vectors make.
//
// Run it in the generator's folder, after npm ci --prefix published:
// go run ./cmd/published.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/opsign/opsign/vectors/generate/published"
)

func main() {
	for _, file := range published.All() {
		path := filepath.Join("..", file.Name)
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			fmt.Fprintf(os.Stderr, "published: %v\n", err)
			os.Exit(1)
		}
		fmt.Printf("%s: %d bytes\n", path, len(file.Data))
	}
}
