package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/opsign/opsign/scripts/devnet/rig/sequence"
)

// sequenceCommand has a real op-node make the blocks.
func sequenceCommand(arguments []string) error {
	flags := flag.NewFlagSet("sequence", flag.ExitOnError)
	programs, folder := programFlags(flags)
	short := flags.Bool("short", false, "fewer faults, for less time")
	check := flags.Bool("check", false, "let the faults through instead: are they seen?")
	_ = flags.Parse(arguments) // exits on an error
	faults, each := sequence.Full, 6*time.Second
	if *short {
		faults, each = sequence.Short, 4*time.Second
	}
	net, err := startNet(programs, *folder, "isthmus", false)
	if err != nil {
		return err
	}
	defer net.Stop()
	if *check {
		if err := sequence.Check(context.Background(), net); err != nil {
			return err
		}
		fmt.Println("  op-node: foreign blocks and a slow chain are seen when nothing stands before them")
		return nil
	}
	return sequence.Run(context.Background(), net, faults, each, func(step *sequence.Step) { fmt.Println(step) })
}
