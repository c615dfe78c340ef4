package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/opsign/opsign/scripts/devnet/rig/conform"
)

// conformCommand compares what the sidecar answers with what op-geth answers itself.
func conformCommand(arguments []string) error {
	flags := flag.NewFlagSet("conform", flag.ExitOnError)
	programs, folder := programFlags(flags)
	verbose := flags.Bool("verbose", false, "print each answer")
	_ = flags.Parse(arguments) // exits on an error
	net, err := startNet(programs, *folder, "isthmus", false)
	if err != nil {
		return err
	}
	defer net.Stop()
	agreed, meant, all, different, err := conform.Run(context.Background(), net, func(name, answer string) {
		if *verbose {
			fmt.Printf("  %s: %s\n", name, answer)
		}
	})
	if err != nil {
		return err
	}
	fmt.Printf("  conformance: %d of %d request shapes are answered as op-geth answers them, %d otherwise on purpose\n", agreed, all, meant)
	if len(different) > 0 {
		return fmt.Errorf("different:\n  %s", strings.Join(different, "\n  "))
	}
	return nil
}
