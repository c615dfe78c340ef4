package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/opsign/opsign/scripts/devnet/rig/bench"
	"github.com/opsign/opsign/scripts/devnet/rig/chain"
	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// sizes of payloads in JSON, and how many slots of each.
var (
	sizes = []int{1_600, 400_000, 2_000_000, 8_000_000}
	slots = []int{600, 150, 60, 25}
)

// fakeCommand is an engine that answers at once, or with -hop to another port nothing but a copy.
// benchCommand starts them as processes of their own.
func fakeCommand(arguments []string) error {
	flags := flag.NewFlagSet("fake", flag.ExitOnError)
	listen := flags.String("listen", "", "address")
	size := flags.Int("size", sizes[0], "bytes of a payload")
	builder := flags.Bool("builder", false, "make other blocks than a local engine")
	hop := flags.String("hop", "", "address")
	_ = flags.Parse(arguments) // exits on an error
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	if *hop != "" {
		return bench.Hop(listener, *hop)
	}
	return http.Serve(listener, bench.NewFake(*builder, *size))
}

// benchCommand has a client make blocks by each way in turn.
func benchCommand(arguments []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	programs, folder := programFlags(flags)
	peer := flags.String("rollup-boost", "", "path of a rollup-boost to stand beside it")
	scale := flags.Float64("scale", 1, "how many slots, times the usual")
	_ = flags.Parse(arguments) // exits on an error
	fmt.Printf("%8s  %-10s  %15s  %15s", "payload", "call", "direct p50/p99", "hop")
	for _, name := range []string{"sidecar", *peer} {
		if name != "" {
			fmt.Printf("  %15s", filepath.Base(name))
		}
	}
	fmt.Println("  added p50, each (getPayload: less the newPayload in it)")
	added := map[[2]int]float64{}
	for i, size := range sizes {
		paths, err := benchOne(*programs, filepath.Join(*folder, strconv.Itoa(size)), *peer, size, int(float64(slots[i])*(*scale)))
		if err != nil {
			return err
		}
		for call := range bench.Calls {
			fmt.Println(bench.Row(size, call, paths))
			added[[2]int{size, call}] = bench.Added(call, paths[0], paths[2])
		}
	}
	for _, goal := range bench.Goals(sizes) {
		got, verdict := added[[2]int{goal.Size, goal.Call}], "met"
		if got > goal.Most {
			verdict = "MISSED"
		}
		fmt.Printf("  %-6s  %s, is %+.3f\n", verdict, goal, got)
	}
	return nil
}

func benchOne(programs chain.Programs, folder, peer string, size, n int) ([]*bench.Path, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	b := &benchmark{programs: programs, folder: folder, size: size}
	defer b.stop()
	paths, err := b.paths(peer)
	if err != nil {
		return nil, err
	}
	used := map[string]int{}
	for slot := -n / 10; slot < n; slot++ { // the first tenth is a warm-up
		for _, path := range paths {
			builders, err := path.Slot(slot >= 0)
			if err != nil {
				return nil, err
			}
			if builders && slot >= 0 {
				used[path.Name]++
			}
			// What is relayed to the builder after the answer shall not be in the next path's way.
			time.Sleep(2*time.Millisecond + time.Duration(size/100)*time.Microsecond)
		}
	}
	for _, path := range paths[2:] {
		if used[path.Name] < n*9/10 {
			return nil, fmt.Errorf("%s used the builder's block in %d of %d slots: not the work that is to be measured", path.Name, used[path.Name], n)
		}
	}
	return paths, nil
}

type benchmark struct {
	programs  chain.Programs
	folder    string
	size      int
	processes []*chain.Process
}

func (b *benchmark) stop() {
	for _, process := range b.processes {
		process.Signal(9)
	}
}

// run starts a program that listens on a port which it is told.
func (b *benchmark) run(name, program string, arguments func(address string) []string) (string, error) {
	port, err := chain.FreePort()
	if err != nil {
		return "", err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	process, err := chain.Start(b.folder, name, program, arguments(address)...)
	if err != nil {
		return "", err
	}
	b.processes = append(b.processes, process)
	return address, process.Until(name, func() bool { return chain.Listens(address) })
}

func (b *benchmark) fake(name string, words ...string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return b.run(name, self, func(address string) []string {
		return append([]string{"fake", "-listen", address, "-size", strconv.Itoa(b.size)}, words...)
	})
}

// paths are direct, hop, sidecar and, if there is one, the peer: each of the last two with a local
// engine and a builder of its own.
func (b *benchmark) paths(peer string) ([]*bench.Path, error) {
	secrets := map[string]engine.Secret{}
	for _, name := range []string{"jwt", "local", "builder"} {
		secret, err := chain.NewSecret(filepath.Join(b.folder, name+".hex"))
		if err != nil {
			return nil, err
		}
		secrets[name] = secret
	}
	direct, err := b.fake("direct")
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	hop, err := b.run("hop", self, func(address string) []string { return []string{"fake", "-listen", address, "-hop", direct} })
	if err != nil {
		return nil, err
	}
	paths := []*bench.Path{
		bench.NewPath("direct", "http://"+direct, secrets["local"]),
		bench.NewPath("hop", "http://"+hop, secrets["local"]),
	}
	standing := []string{"sidecar"}
	if peer != "" {
		standing = append(standing, "rollup-boost")
	}
	for _, name := range standing {
		local, err := b.fake(name + "-local")
		if err != nil {
			return nil, err
		}
		builder, err := b.fake(name+"-builder", "-builder")
		if err != nil {
			return nil, err
		}
		var address string
		if name == "sidecar" {
			if b.programs.Sidecar == "" {
				return nil, errors.New("-sidecar is missing")
			}
			address, err = b.run(name, b.programs.Sidecar, func(address string) []string {
				err = chain.ConfigureSidecar(b.folder, address, "http://"+local, "http://"+builder)
				return []string{"sidecar", "--config", "sidecar.yaml"}
			})
		} else {
			address, err = b.run(name, peer, func(address string) []string {
				host, port, _ := net.SplitHostPort(address)
				return []string{"--l2-url", "http://" + local, "--l2-jwt-path", "local.hex", "--builder-url", "http://" + builder,
					"--builder-jwt-path", "builder.hex", "--rpc-host", host, "--rpc-port", port, "--log-level", "error"}
			})
		}
		if err != nil {
			return nil, err
		}
		paths = append(paths, bench.NewPath(name, "http://"+address, secrets["jwt"]))
	}
	return paths, nil
}
