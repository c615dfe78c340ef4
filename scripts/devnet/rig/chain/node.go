package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/ethereum/go-ethereum/common"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// Node is an op-node that makes blocks on a Net, with the dev L1 that it derives from.
type Node struct {
	*Process
	l1, beacon *Process
}

// StartNode points a sequencer at the net's engine port. The net must be at Isthmus, which is what
// genesis.mjs configures op-node for, and have no block yet. The first block comes after half a minute.
func (n *Net) StartNode(ctx context.Context) (*Node, error) {
	node := new(Node)
	if err := n.startNode(ctx, node); err != nil {
		node.Stop()
		return nil, err
	}
	return node, nil
}

func (n *Net) startNode(ctx context.Context, node *Node) error {
	in := func(name string) string { return filepath.Join(n.Folder, name) }
	genesis := func(file string, words ...string) error {
		return Written(in(file), "node", append([]string{filepath.Join(n.programs.Scripts, "genesis.mjs")}, words...)...)
	}
	time := strconv.FormatUint(n.Genesis, 10)
	if err := genesis("l1.json", "l1", Accounts[0].Address.Hex(), Accounts[1].Address.Hex(), time); err != nil {
		return err
	}
	if err := genesis("l1-config.json", "l1-config"); err != nil {
		return err
	}
	init := exec.Command(n.programs.Geth, "init", "--state.scheme=hash", "--datadir", in("l1"), in("l1.json"))
	if words, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("no genesis for the L1: %s", words)
	}
	var ports [3]int
	for i := range ports {
		var err error
		if ports[i], err = FreePort(); err != nil {
			return err
		}
	}
	l1 := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	var err error
	node.l1, err = Start(n.Folder, "l1", n.programs.Geth, "--dev", "--dev.period", "2", "--datadir", in("l1"),
		"--nodiscover", "--maxpeers", "0", "--port", "0", "--ipcdisable", "--gcmode", "archive", "--state.scheme=hash", "--cache", "64",
		"--http", "--http.addr", "127.0.0.1", "--http.port", strconv.Itoa(ports[0]), "--authrpc.port", strconv.Itoa(ports[1]))
	if err != nil {
		return err
	}
	if node.beacon, err = Start(n.Folder, "beacon", "node", filepath.Join(n.programs.Scripts, "beacon.mjs")); err != nil {
		return err
	}
	var beacon string
	err = node.beacon.Until("the beacon stub", func() bool {
		text, _ := os.ReadFile(in("beacon.log"))
		beacon = strings.TrimSpace(string(text))
		return beacon != ""
	})
	if err != nil {
		return err
	}
	client := engine.New(l1, nil)
	var first [2]common.Hash
	err = node.l1.Until("the L1", func() bool {
		first[0], err = blockZero(ctx, client)
		return err == nil
	})
	if err != nil {
		return err
	}
	if first[1], err = blockZero(ctx, n.Local.Public); err != nil {
		return err
	}
	if err := genesis("rollup.json", "rollup", first[0].Hex(), first[1].Hex(), time, "0"); err != nil {
		return err
	}
	node.Process, err = Start(n.Folder, "op-node", n.programs.Node, "--log.format", "logfmtms",
		"--l1", l1, "--l1.rpckind", "basic", "--l1.trustrpc", "--l1.http-poll-interval", "1s", "--l1.epoch-poll-interval", "3s",
		"--l1.beacon", "http://127.0.0.1:"+beacon, "--l1.beacon.ignore", "--verifier.l1-confs", "0",
		"--l2", n.Engine.URL, "--l2.jwt-secret", n.SecretFile, "--rollup.config", in("rollup.json"),
		"--rollup.l1-chain-config", in("l1-config.json"), "--rollup.load-protocol-versions=false",
		"--rpc.addr", "127.0.0.1", "--rpc.port", strconv.Itoa(ports[2]), "--p2p.disable",
		"--sequencer.enabled", "--sequencer.l1-confs", "0")
	return err
}

// Stop ends all three.
func (n *Node) Stop() {
	for _, process := range []*Process{n.Process, n.beacon, n.l1} {
		if process != nil {
			process.Signal(syscall.SIGKILL)
		}
	}
}

func blockZero(ctx context.Context, client *engine.Client) (common.Hash, error) {
	result, err := client.Call(ctx, "eth_getBlockByNumber", "0x0", false)
	if err != nil {
		return common.Hash{}, err
	}
	var block struct {
		Hash common.Hash `json:"hash"`
	}
	return block.Hash, json.Unmarshal(result, &block)
}
