// Command typed prints typed data (EIP-712) that is wrong in one way or another,
// and op-geth's hashes of it or that it has none, as lines of JSON.
//
//	go run ./cmd/typed --seed 1 --count 5000
//
// Equal seeds give equal lines. How many op-geth accepted goes to standard error.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/opsign/opsign/vectors/generate/transactions"
)

func main() {
	seed := flag.Uint64("seed", 1, "decides everything")
	count := flag.Uint64("count", 1000, "how much typed data")
	flag.CommandLine.Init("typed", flag.ContinueOnError)
	if err := flag.CommandLine.Parse(os.Args[1:]); errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	} else if err != nil || flag.NArg() > 0 {
		os.Exit(64)
	}
	mutator := transactions.NewTypedDataMutator(*seed)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	lines := json.NewEncoder(out)
	accepted := 0
	for range *count {
		verdict := mutator.Next()
		if verdict.Hash != nil {
			accepted++
		}
		if err := lines.Encode(verdict); err != nil {
			fail(err)
		}
	}
	if err := out.Flush(); err != nil {
		fail(err)
	}
	fmt.Fprintf(os.Stderr, "%d typed data, %d accepted by op-geth\n", *count, accepted)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "typed:", err)
	os.Exit(69)
}
