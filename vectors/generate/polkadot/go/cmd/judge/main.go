// Judge reads lines of JSON on standard input and ends with 1 at the first signature that does not
// hold, with 65 at a line that makes no sense; otherwise it says how many of each scheme held.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/opsign/opsign/vectors/generate/polkadot/go/judge"
)

func main() {
	counts := map[string]int{}
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(nil, 1<<24)
	number := 0
	for scanner.Scan() {
		number++
		var line judge.Line
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			stop(65, "line %d: %v", number, err)
		}
		holds, err := line.Holds()
		if err != nil {
			stop(65, "line %d: %v", number, err)
		}
		if !holds {
			stop(1, "line %d: the signature (%s) does not hold", number, line.Scheme)
		}
		counts[line.Scheme]++
	}
	if err := scanner.Err(); err != nil {
		stop(65, "%v", err)
	}
	var parts []string
	for scheme, count := range counts {
		parts = append(parts, fmt.Sprintf("%d %s", count, scheme))
	}
	slices.Sort(parts)
	fmt.Printf("%d held: %s\n", number, strings.Join(parts, ", "))
}

func stop(code int, format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(code)
}
