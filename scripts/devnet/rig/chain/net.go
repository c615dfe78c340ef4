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
	Front   *fault.Proxy   // before the local engine, for a sidecar whose own engine is to fail; else nil
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

// New starts everything in a new folder. The chain begins now. With `front` the sidecar finds its local
// engine behind a fault proxy, too, which takes no WebSockets.
func New(programs Programs, folder string, fork engine.Fork, front bool) (*Net, error) {
	n := &Net{Fork: fork, Folder: folder, Genesis: uint64(time.Now().Unix()), programs: programs,
		Decisions: filepath.Join(folder, "decisions.jsonl")}
	if err := n.start(front); err != nil {
		n.Stop()
		return nil, err
	}
	return n, nil
}

func (n *Net) start(front bool) error {
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
	if n.Proxy, err = proxy(n.Builder); err != nil {
		return err
	}
	n.Spoiled = engine.New(n.Proxy.URL(), n.Builder.Secret)
	n.Engine, n.Secret, n.SecretFile = n.Local.Engine, n.Local.Secret, n.Local.SecretFile
	if n.programs.Sidecar == "" {
		return nil
	}
	local := n.Local.Engine.URL
	if front {
		if n.Front, err = proxy(n.Local); err != nil {
			return err
		}
		local = n.Front.URL()
	}
	return n.startSidecar(local, n.Proxy.URL())
}

// proxy stands before an engine, at a port of its own.
func proxy(geth *Geth) (*fault.Proxy, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	return fault.New(fmt.Sprintf("127.0.0.1:%d", port), geth.Engine.URL, geth.Secret)
}

func (n *Net) startSidecar(local, builder string) error {
	port, err := FreePort()
	if err != nil {
		return err
	}
	n.listen = fmt.Sprintf("127.0.0.1:%d", port)
	n.SecretFile = filepath.Join(n.Folder, "jwt.hex")
	if n.Secret, err = NewSecret(n.SecretFile); err != nil {
		return err
	}
	if err := ConfigureSidecar(n.Folder, n.listen, local, builder); err != nil {
		return err
	}
	n.Engine = engine.New("http://"+n.listen, n.Secret)
	if n.Sidecar, err = Start(n.Folder, "sidecar", n.programs.Sidecar, "sidecar", "--config", "sidecar.yaml"); err != nil {
		return err
	}
	return n.Sidecar.Until("the sidecar", func() bool { return Listens(n.listen) })
}

// Unprotected points the driver and op-node at the spoiled builder itself.
func (n *Net) Unprotected() {
	n.Engine, n.Secret, n.SecretFile = n.Spoiled, n.Builder.Secret, n.Builder.SecretFile
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
	for _, proxy := range []*fault.Proxy{n.Proxy, n.Front} {
		if proxy != nil {
			proxy.Close()
		}
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
