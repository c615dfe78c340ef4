// Package sequence watches a chain that a real op-node makes while its builder misbehaves.
package sequence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/opsign/opsign/scripts/devnet/rig/chain"
	"github.com/opsign/opsign/scripts/devnet/rig/fault"
)

// What op-node asks for on every block of this chain: the fee vault, and the gas limit that
// genesis.mjs sets. mostBehind is in blocks of a second.
const (
	gasLimit   = 60_000_000
	mostBehind = 3
)

var feeVault = common.HexToAddress("0x4200000000000000000000000000000000000011")

// Step is a time under one fault.
type Step struct {
	Name   string
	Blocks int // made in that time
	Used   int // those with a transaction that only the builder had
	Behind int // the most by which the chain was behind the clock, in blocks
}

func (s *Step) String() string {
	return fmt.Sprintf("  op-node, %-16s %3d blocks, %3d of them the builder's, at most %d s behind", s.Name+":", s.Blocks, s.Used, s.Behind)
}

// Check points op-node at the fault proxy itself: that its blocks are foreign must be seen.
func Check(ctx context.Context, net *chain.Net) error {
	net.Unprotected()
	node, err := net.StartNode(ctx)
	if err != nil {
		return err
	}
	defer node.Stop()
	w := &watch{net: net, geth: net.Builder, node: node, tell: func(*Step) {}}
	if err := w.onTime(ctx); err != nil {
		return err
	}
	if err := w.step(ctx, "well", 3*time.Second); err != nil {
		return err
	}
	for _, kind := range []string{"otherRecipient", "otherGasLimit"} {
		if err := net.Proxy.Set(fault.Fault{Mode: kind}); err != nil {
			return err
		}
		if err := w.step(ctx, kind, 4*time.Second); err == nil {
			return fmt.Errorf("%s was not seen", kind)
		}
		if err := net.Proxy.Set(fault.Fault{}); err != nil {
			return err
		}
		_ = w.step(ctx, "the last foreign block passes", 3*time.Second)
	}
	if err := net.Proxy.Set(fault.Fault{Mode: "delay", Millis: 3000}); err != nil {
		return err
	}
	if err := w.step(ctx, "slow", 10*time.Second); err == nil {
		return errors.New("nobody saw that the chain is slow")
	}
	return nil
}

type watch struct {
	net  *chain.Net
	geth *chain.Geth // whose chain is watched
	node *chain.Node
	tell func(*Step)
	last uint64 // the newest block that was looked at
}

// Faults that a chain must live through; those of Short are the ones that the reference stops or
// slows at.
var (
	Short = []fault.Fault{{Mode: "hang"}, {Mode: "delay", Millis: 900}, {Mode: "stale"}, {Mode: "otherTimestamp"}}
	Full  = append([]fault.Fault{
		{Mode: "otherRecipient"}, {Mode: "otherParent"}, {Mode: "droppedForced"}, {Mode: "otherGasLimit"}, {Mode: "root"}, {Mode: "reset"},
		{Mode: "huge"}, {Mode: "dies", Methods: []string{"engine_getPayload"}},
	}, Short...)
)

// Run starts op-node on a new chain, and has the builder misbehave in one way after the other.
func Run(ctx context.Context, net *chain.Net, faults []fault.Fault, each time.Duration, tell func(*Step)) error {
	node, err := net.StartNode(ctx)
	if err != nil {
		return err
	}
	defer node.Stop()
	w := &watch{net: net, geth: net.Local, node: node, tell: tell}
	if err := w.begin(ctx); err != nil {
		return err
	}
	if err := w.step(ctx, "builder well", each); err != nil {
		return err
	}
	var wrong []error
	for _, kind := range faults {
		if err := net.Proxy.Set(kind); err != nil {
			return err
		}
		if err := w.step(ctx, kind.Mode, each); err != nil {
			wrong = append(wrong, err)
		}
		if err := net.Proxy.Set(fault.Fault{}); err != nil {
			return err
		}
		if err := w.step(ctx, "  and after", 2*time.Second); err != nil {
			wrong = append(wrong, err)
		}
	}
	net.Builder.Kill()
	if err := w.step(ctx, "builder killed", each); err != nil {
		wrong = append(wrong, err)
	}
	if err := net.Builder.Start(); err != nil {
		return err
	}
	if err := w.step(ctx, "builder back", each); err != nil {
		wrong = append(wrong, err)
	}
	wrong = append(wrong, w.used(ctx))
	if net.Sidecar != nil {
		wrong = append(wrong, w.restart(ctx, each))
	}
	return errors.Join(wrong...)
}

// restart has a second sidecar take the port of the first: op-node must never find it closed.
func (w *watch) restart(ctx context.Context, each time.Duration) error {
	before, err := w.node.Says("connection refused")
	if err != nil {
		return err
	}
	if err := w.net.TakeOver(); err != nil {
		return err
	}
	if err := w.step(ctx, "sidecar replaced", each); err != nil {
		return err
	}
	after, err := w.node.Says("connection refused")
	if err == nil && after > before {
		err = errors.New("op-node was refused while one sidecar replaced the other")
	}
	return errors.Join(err, w.used(ctx))
}

// begin waits for the first blocks, for the chain to be on time and, where there is a sidecar, for a
// block of the builder's.
func (w *watch) begin(ctx context.Context) error {
	if err := w.onTime(ctx); err != nil {
		return err
	}
	return w.used(ctx)
}

// used waits for a block of the builder's, where there is a sidecar.
func (w *watch) used(ctx context.Context) error {
	if w.net.Sidecar == nil {
		return nil
	}
	step := &Step{Name: "until used"}
	for end := time.Now().Add(chain.Patience); time.Now().Before(end) && step.Used == 0; {
		if err := w.during(ctx, step, time.Second); err != nil {
			return err
		}
	}
	w.tell(step)
	if step.Used == 0 {
		return errors.New("no block is the builder's, though it is well")
	}
	return nil
}

func (w *watch) onTime(ctx context.Context) error {
	for end := time.Now().Add(3 * chain.Patience); ; time.Sleep(200 * time.Millisecond) {
		behind, number, err := w.behind(ctx)
		if err != nil {
			return err
		}
		if number > 0 && behind <= 1 {
			w.last = number
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("op-node is at block %d, %d behind the clock", number, behind)
		}
	}
}

// step watches for some time and tells of it.
func (w *watch) step(ctx context.Context, name string, length time.Duration) error {
	step := &Step{Name: name}
	err := w.during(ctx, step, length)
	w.tell(step)
	return err
}

// during sends the builder a transaction now and then, and looks at each block.
func (w *watch) during(ctx context.Context, step *Step, length time.Duration) error {
	var wrong []error
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		_ = chain.Accounts[0].Send(ctx, w.net.Builder.Public, nil) // the builder may be dead
		behind, number, err := w.behind(ctx)
		if err != nil {
			return err
		}
		step.Behind = max(step.Behind, behind)
		for w.last < number {
			w.last++
			used, err := w.look(ctx, w.last)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s: block %d: %w", step.Name, w.last, err))
			}
			step.Blocks++
			if used {
				step.Used++
			}
		}
	}
	if step.Behind > mostBehind {
		wrong = append(wrong, fmt.Errorf("%s: the chain was %d s behind", step.Name, step.Behind))
	}
	return errors.Join(wrong...)
}

// behind is how many blocks the clock is ahead of the chain.
func (w *watch) behind(ctx context.Context) (int, uint64, error) {
	if err := errors.Join(w.net.Alive(), w.node.Alive()); err != nil {
		return 0, 0, err
	}
	result, err := w.geth.Public.Call(ctx, "eth_blockNumber")
	if err != nil {
		return 0, 0, err
	}
	var number hexutil.Uint64
	if err := json.Unmarshal(result, &number); err != nil {
		return 0, 0, err
	}
	return max(0, int(time.Now().Unix())-int(w.net.Genesis)-int(number)), uint64(number), nil
}

// look says whether a block is the builder's, or that it is not what op-node must have asked for.
func (w *watch) look(ctx context.Context, number uint64) (used bool, err error) {
	result, err := w.geth.Public.Call(ctx, "eth_getBlockByNumber", hexutil.Uint64(number), true)
	if err != nil {
		return false, err
	}
	var block struct {
		Timestamp    hexutil.Uint64 `json:"timestamp"`
		Miner        common.Address `json:"miner"`
		GasLimit     hexutil.Uint64 `json:"gasLimit"`
		Transactions []struct {
			Type hexutil.Uint64 `json:"type"`
		} `json:"transactions"`
	}
	if err := json.Unmarshal(result, &block); err != nil {
		return false, err
	}
	switch {
	case uint64(block.Timestamp) != w.net.Genesis+number:
		return false, fmt.Errorf("its time is %d s off", int64(block.Timestamp)-int64(w.net.Genesis+number))
	case block.Miner != feeVault:
		return false, fmt.Errorf("it pays %s", block.Miner)
	case block.GasLimit != gasLimit:
		return false, fmt.Errorf("its gas limit is %d", block.GasLimit)
	case len(block.Transactions) == 0 || block.Transactions[0].Type != 0x7e:
		return false, errors.New("it does not begin with op-node's transaction")
	}
	return len(block.Transactions) > 1, nil
}
