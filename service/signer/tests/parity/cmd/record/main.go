// Command record asks a running op-signer everything and writes what it said to
// vectors/opsigner. scripts/opsigner-vectors.sh starts one and calls it.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
	"github.com/opsign/opsign/service/signer/tests/parity/requests"
)

func main() {
	address := flag.String("address", "", "host:port of the op-signer")
	folder := flag.String("folder", "", "made by scripts/signer-folder.sh")
	source := flag.String("source", "", "which op-signer it is")
	out := flag.String("out", "", "folder to write to")
	flag.Parse()
	peer, err := exchange.NewEndpoint(*address, *folder)
	if err == nil {
		err = record(peer, *source, *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func record(peer exchange.Endpoint, source, out string) error {
	total := 0
	for _, group := range requests.All() {
		file := exchange.File{
			Description: group.Description,
			Source:      source,
			Generator:   "scripts/opsigner-vectors.sh PATH_OF_OP_SIGNER",
			Count:       len(group.Cases),
			Cases:       group.Cases,
		}
		for i := range file.Cases {
			c := &file.Cases[i]
			var err error
			if c.Answer, err = peer.Send(c.Request); err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", " ")
		if err := encoder.Encode(file); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, group.Name+".json"), text.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Printf("%6d  %s\n", len(file.Cases), group.Name)
		total += len(file.Cases)
	}
	fmt.Printf("%6d  in all\n", total)
	return nil
}
