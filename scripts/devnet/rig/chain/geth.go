package chain

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// ID of the L2 chain, as genesis.mjs has it.
const ID = 901

// Geth is an op-geth with a folder, ports and a secret of its own, which it keeps when restarted.
type Geth struct {
	*Process
	Engine *engine.Client // the authenticated port
	Public *engine.Client // the one for transactions
	Secret engine.Secret
	// SecretFile holds the secret in hex.
	SecretFile string

	name, folder, program string
	auth, http            int
}

// newGeth makes the chain's first block and starts an engine on it.
func newGeth(folder, name, program, genesis string) (*Geth, error) {
	g := &Geth{name: name, folder: folder, program: program, SecretFile: filepath.Join(folder, name+".hex")}
	var err error
	if g.auth, err = FreePort(); err != nil {
		return nil, err
	}
	if g.http, err = FreePort(); err != nil {
		return nil, err
	}
	if g.Secret, err = NewSecret(g.SecretFile); err != nil {
		return nil, err
	}
	init := exec.Command(program, "init", "--state.scheme=hash", "--datadir", filepath.Join(folder, name), genesis)
	if words, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("no genesis for %s: %s", name, words)
	}
	g.Engine = engine.New(fmt.Sprintf("http://127.0.0.1:%d", g.auth), g.Secret)
	g.Public = engine.New(fmt.Sprintf("http://127.0.0.1:%d", g.http), nil)
	return g, g.Start()
}

// Start runs it; also after Kill.
func (g *Geth) Start() error {
	var err error
	g.Process, err = Start(g.folder, g.name, g.program,
		"--datadir", filepath.Join(g.folder, g.name), "--networkid", strconv.Itoa(ID),
		"--nodiscover", "--maxpeers", "0", "--port", "0", "--ipcdisable", "--syncmode", "full", "--gcmode", "archive",
		"--state.scheme=hash", "--cache", "64", "--rollup.disabletxpoolgossip=true", "--rpc.txfeecap", "0",
		"--http", "--http.addr", "127.0.0.1", "--http.port", strconv.Itoa(g.http), "--http.api", "eth,net,web3,txpool",
		"--authrpc.addr", "127.0.0.1", "--authrpc.port", strconv.Itoa(g.auth), "--authrpc.jwtsecret", g.SecretFile)
	if err != nil {
		return err
	}
	return g.Until(g.name+"'s engine", func() bool {
		_, err := g.Engine.Call(context.Background(), "eth_chainId")
		return err == nil
	})
}

// Kill ends it without a warning.
func (g *Geth) Kill() { g.Signal(syscall.SIGKILL) }
