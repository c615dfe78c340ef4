package chain

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
	"github.com/opsign/opsign/scripts/devnet/rig/fault"
)

// Programs are the paths of what is run. Without a Sidecar the local engine is asked directly.
type Programs struct {
	Geth    string
	Node    string // op-node
	Scripts string // the folder of genesis.mjs
	Sidecar string
}

// Net is one chain with all that stands around it.
type Net struct {
	Fork    engine.Fork
	Folder  string
	Genesis uint64 // its time
	Local   *Geth
	Builder *Geth
	Proxy   *fault.Proxy
	Spoiled *engine.Client // the builder as the fault proxy shows it
	Sidecar *Process       // nil: none

	// Engine is where op-node would be pointed to; Secret and SecretFile are that port's.
	Engine     *engine.Client
	Secret     engine.Secret
	SecretFile string
	// Decisions is where the sidecar writes a line per block.
	Decisions string

	programs Programs
	listen   string
}

// New starts everything in a new folder. The chain begins now.
func New(programs Programs, folder string, fork engine.Fork) (*Net, error) {
	n := &Net{Fork: fork, Folder: folder, Genesis: uint64(time.Now().Unix()), programs: programs,
		Decisions: filepath.Join(folder, "decisions.jsonl")}
	if err := n.start(); err != nil {
		n.Stop()
		return nil, err
	}
	return n, nil
}

func (n *Net) start() error {
	if err := os.MkdirAll(n.Folder, 0o700); err != nil {
		return err
	}
	genesis := filepath.Join(n.Folder, "genesis.json")
	arguments := []string{filepath.Join(n.programs.Scripts, "genesis.mjs"), "l2", strconv.FormatUint(n.Genesis, 10), n.Fork.Name}
	for _, account := range Accounts {
		arguments = append(arguments, account.Address.Hex())
	}
	if err := Written(genesis, "node", arguments...); err != nil {
		return err
	}
	var err error
	if n.Local, err = newGeth(n.Folder, "local", n.programs.Geth, genesis); err != nil {
		return err
	}
	if n.Builder, err = newGeth(n.Folder, "builder", n.programs.Geth, genesis); err != nil {
		return err
	}
	port, err := FreePort()
	if err != nil {
		return err
	}
	front := fmt.Sprintf("127.0.0.1:%d", port)
	if n.Proxy, err = fault.New(front, n.Builder.Engine.URL, n.Builder.Secret); err != nil {
		return err
	}
	n.Spoiled = engine.New("http://"+front, n.Builder.Secret)
	n.Engine, n.Secret, n.SecretFile = n.Local.Engine, n.Local.Secret, n.Local.SecretFile
	if n.programs.Sidecar == "" {
		return nil
	}
	return n.startSidecar(n.Spoiled.URL)
}

func (n *Net) startSidecar(builder string) error {
	port, err := FreePort()
	if err != nil {
		return err
	}
	n.listen = fmt.Sprintf("127.0.0.1:%d", port)
	n.SecretFile = filepath.Join(n.Folder, "jwt.hex")
	if n.Secret, err = NewSecret(n.SecretFile); err != nil {
		return err
	}
	if err := ConfigureSidecar(n.Folder, n.listen, n.Local.Engine.URL, builder); err != nil {
		return err
	}
	n.Engine = engine.New("http://"+n.listen, n.Secret)
	return n.StartSidecar()
}

// StartSidecar runs it with the configuration that it had.
func (n *Net) StartSidecar() error {
	var err error
	n.Sidecar, err = StartSidecar(n.Folder, n.programs.Sidecar, n.listen)
	return err
}

// Alive is an error if something has ended that nobody has stopped.
func (n *Net) Alive() error {
	if n.Sidecar != nil {
		if err := n.Sidecar.Alive(); err != nil {
			return err
		}
	}
	return n.Local.Alive()
}

// Stop ends everything.
func (n *Net) Stop() {
	if n.Sidecar != nil {
		n.Sidecar.Signal(syscall.SIGTERM)
	}
	if n.Proxy != nil {
		n.Proxy.Close()
	}
	for _, geth := range []*Geth{n.Local, n.Builder} {
		if geth != nil && geth.Process != nil {
			geth.Signal(syscall.SIGKILL)
		}
	}
}

// Written runs a command whose output becomes a file.
func Written(file, program string, arguments ...string) error {
	output, err := exec.Command(program, arguments...).Output()
	if err != nil {
		return fmt.Errorf("%s %v: %w", program, arguments[0], err)
	}
	return os.WriteFile(file, output, 0o600)
}
