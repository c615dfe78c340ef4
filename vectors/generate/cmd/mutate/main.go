// Command mutate prints gossip messages that are wrong in one way or another,
// and op-node's verdict on each, as lines of JSON.
//
//	go run ./cmd/mutate --seed 1 --count 5000
//
// Equal seeds give equal lines. A table of verdicts and rules goes to standard
// error at the end. With --rules it writes gossip_rules.json instead:
//
//	go run ./cmd/mutate --rules ../gossip_rules.json
//
// Build it with cgo, which is Go's default where there is a C compiler: without,
// op-node recovers signatures with another library, which takes some that the
// usual one does not.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"sort"

	"github.com/opsign/opsign/vectors/generate/mutate"
)

func main() {
	seed := flag.Uint64("seed", 1, "decides everything")
	count := flag.Uint64("count", 1000, "how many messages")
	memory := flag.Bool("memory", false, "begin with a thousand messages that overrun op-node's memory of heights")
	rules := flag.String("rules", "", "write the hand-picked cases to this `file`, and nothing else")
	flag.CommandLine.Init("mutate", flag.ContinueOnError)
	if err := flag.CommandLine.Parse(os.Args[1:]); errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	} else if err != nil {
		os.Exit(64)
	}
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "mutate: unknown argument %q; see --help\n", flag.Arg(0))
		os.Exit(64)
	}
	if !mutate.Cgo {
		fmt.Fprintln(os.Stderr, "mutate: built without cgo, with which op-node judges signatures by another library; set CGO_ENABLED=1 and install a C compiler")
		os.Exit(70)
	}
	if *rules != "" {
		if err := os.WriteFile(*rules, mutate.RulesFile(), 0o644); err != nil {
			fail(err)
		}
		return
	}

	generator := mutate.New(*seed)
	if *memory {
		generator.FillMemory()
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	tally := map[[2]string]uint64{}
	for range *count {
		record := generator.Next()
		tally[[2]string{string(record.Verdict), string(record.Rule)}]++
		if _, err := out.Write(record.Line()); err != nil {
			fail(err)
		}
		if err := out.Flush(); err != nil { // whoever reads may answer at once
			fail(err)
		}
	}
	print(tally, *count)
}

// print writes the table of verdicts.
func print(tally map[[2]string]uint64, count uint64) {
	keys := make([][2]string, 0, len(tally))
	past := uint64(0)
	for key, times := range tally {
		keys = append(keys, key)
		if mutate.PastTheSignature(mutate.Rule(key[1])) {
			past += times
		}
	}
	sort.Slice(keys, func(i, j int) bool {
		return tally[keys[i]] > tally[keys[j]] || tally[keys[i]] == tally[keys[j]] && keys[i][1] < keys[j][1]
	})
	for _, key := range keys {
		fmt.Fprintf(os.Stderr, "%8d  %-7s %s\n", tally[key], key[0], key[1])
	}
	fmt.Fprintf(os.Stderr, "%8d  messages, %d of them past the signature\n", count, past)
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "mutate: %v\n", err)
	os.Exit(1)
}
