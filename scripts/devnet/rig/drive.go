package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/opsign/opsign/scripts/devnet/rig/chain"
	"github.com/opsign/opsign/scripts/devnet/rig/drive"
	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// programFlags are those that every command on real engines has.
func programFlags(flags *flag.FlagSet) (*chain.Programs, *string) {
	programs := new(chain.Programs)
	flags.StringVar(&programs.Geth, "op-geth", "", "path of op-geth")
	flags.StringVar(&programs.Node, "op-node", "", "path of op-node")
	flags.StringVar(&programs.Scripts, "scripts", "", "the folder of genesis.mjs")
	flags.StringVar(&programs.Sidecar, "sidecar", "", "path of opsign; without it the local engine is asked directly")
	return programs, flags.String("folder", "", "an empty folder for all that is written")
}

// startNet starts everything for one fork, in a folder of its name. With `front` the local engine may fail.
func startNet(programs *chain.Programs, folder, name string, front bool) (*chain.Net, error) {
	fork, err := engine.ForkNamed(name)
	if err != nil {
		return nil, err
	}
	return chain.New(*programs, filepath.Join(folder, fork.Name), fork, front)
}

// driveCommand runs the chains of all forks side by side, so that a thousand blocks of a second each
// take four minutes.
func driveCommand(arguments []string) error {
	flags := flag.NewFlagSet("drive", flag.ExitOnError)
	programs, folder := programFlags(flags)
	names := flags.String("forks", "ecotone,isthmus,jovian,karst", "the forks to run")
	short := flags.Bool("short", false, "fewer slots and faults")
	check := flags.Bool("check", false, "let the faults through instead: does the driver see each?")
	_ = flags.Parse(arguments) // exits on an error
	plan := drive.Full
	if *short {
		plan = drive.Short
	}
	if *check {
		return checkDriver(programs, *folder, *names)
	}
	var (
		wait   sync.WaitGroup
		lock   sync.Mutex
		faults []error
		rows   []*drive.Row // of all forks together
	)
	fmt.Println(drive.Head)
	for name := range strings.SplitSeq(*names, ",") {
		wait.Go(func() {
			run, err := driveOne(programs, *folder, name, plan)
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				faults = append(faults, err)
			}
			if run != nil {
				fmt.Println(name)
				for _, row := range run.Rows {
					fmt.Println(row)
				}
				for _, note := range run.Notes {
					fmt.Println(note)
				}
				rows = append(rows, run.Rows...)
			}
		})
	}
	wait.Wait()
	total := drive.Row{Name: "all"}
	for _, row := range rows {
		total.Merge(row)
	}
	fmt.Println(&total)
	return errors.Join(faults...)
}

func driveOne(programs *chain.Programs, folder, name string, plan drive.Plan) (*drive.Run, error) {
	net, err := startNet(programs, folder, name, true)
	if err != nil {
		return nil, err
	}
	defer net.Stop()
	run, err := drive.NewRun(context.Background(), net, plan)
	if err != nil {
		return nil, err
	}
	return run, run.All(context.Background())
}

func checkDriver(programs *chain.Programs, folder, names string) error {
	for name := range strings.SplitSeq(names, ",") {
		net, err := startNet(programs, folder, name, false)
		if err != nil {
			return err
		}
		n, err := drive.Check(context.Background(), net)
		net.Stop()
		if err != nil {
			return err
		}
		fmt.Printf("  %s: the driver sees each of %d faults when nothing stands before them\n", name, n)
	}
	return nil
}
