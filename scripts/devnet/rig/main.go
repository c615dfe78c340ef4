// rig tries the sidecar on real engines. Its commands:
//
//	rig fault    the fault proxy alone, for use by hand
//	rig conform  compares answers through the sidecar with direct ones
//	rig drive    plays op-node against one chain a fork, under every fault
//	rig bench    measures what a sidecar adds before engines that answer at once
//	rig fake     is such an engine
//	rig sequence has a real op-node make the chain
package main

import (
	"fmt"
	"os"
	"strings"
)

var commands = map[string]func(arguments []string) error{
	"bench":    benchCommand,
	"fake":     fakeCommand,
	"conform":  conformCommand,
	"fault":    faultCommand,
	"sequence": sequenceCommand,
	"drive":    driveCommand,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		names := []string{}
		for name := range commands {
			names = append(names, name)
		}
		fmt.Fprintln(os.Stderr, "usage: rig COMMAND [-help]; commands:", strings.Join(names, ", "))
		os.Exit(64)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "rig %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
