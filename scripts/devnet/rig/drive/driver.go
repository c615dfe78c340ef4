// Package drive plays op-node's sequencer against an engine port and judges each block it gets.
package drive

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/opsign/opsign/scripts/devnet/rig/chain"
	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// What op-node allows: a call 10 s, and sealing begins 50 ms before the block's time. A block of 14 MB
// needs longer where four chains share two cores.
const (
	callTimeout = 10 * time.Second
	bigTimeout  = 60 * time.Second
	sealing     = 50 * time.Millisecond
)

// Driver makes one chain grow.
type Driver struct {
	Net    *chain.Net
	head   common.Hash
	number uint64
	time   uint64
	most   time.Duration // for a call of this slot
}

// Pace is when a slot's steps happen.
type Pace struct {
	// Clock: a block each second of the wall clock, getPayload 50 ms before the block's time. Else
	// slots follow each other at once.
	Clock bool
	// Build is how long getPayload comes after the attributes, without a clock.
	Build time.Duration
	// GasLimit, if not 0, instead of the one that attributes have.
	GasLimit uint64
	// Big: calls may take longer.
	Big bool
	// Unmarked: the builder gets no transaction of its own.
	Unmarked bool
}

// Slot is what came of one.
type Slot struct {
	Missed  error // a call failed, or its answer was not VALID
	Foreign error // another block than the one asked for
	Used    bool  // the builder's, by its transactions
	Same    bool  // the builder's hash, without transactions: both engines made the same
	Size    int   // of getPayload's result, in bytes
	Late    time.Duration
	// How long the calls took: FCU with attributes, getPayload, newPayload, FCU.
	Took [4]time.Duration
}

// New begins at the local engine's head.
func New(ctx context.Context, net *chain.Net) (*Driver, error) {
	result, err := net.Engine.Call(ctx, "eth_getBlockByNumber", "latest", false)
	if err != nil {
		return nil, err
	}
	var block struct {
		Hash      common.Hash    `json:"hash"`
		Number    hexutil.Uint64 `json:"number"`
		Timestamp hexutil.Uint64 `json:"timestamp"`
	}
	if err := json.Unmarshal(result, &block); err != nil {
		return nil, err
	}
	return &Driver{Net: net, head: block.Hash, number: uint64(block.Number), time: uint64(block.Timestamp)}, nil
}

// Catch brings the next slot's time to the wall clock's.
func (d *Driver) Catch() { d.time = max(d.time, uint64(time.Now().Unix())) }

// Slot makes one block, or says why there is none.
func (d *Driver) Slot(ctx context.Context, pace Pace) *Slot {
	slot := new(Slot)
	number, due := d.number+1, d.time+1
	at := time.Unix(int64(due), 0)
	d.time = due
	d.most = callTimeout
	if pace.Big {
		d.most = bigTimeout
	}
	if pace.Clock {
		time.Sleep(time.Until(at.Add(-time.Second)))
	}
	if !pace.Unmarked {
		d.mark(ctx)
	}
	attributes := d.Net.Fork.Attributes(number, due)
	if pace.GasLimit != 0 {
		attributes.GasLimit = hexutil.Uint64(pace.GasLimit)
	}
	state := engine.State{Head: d.head}

	id, err := d.build(ctx, slot, state, attributes)
	if err != nil {
		slot.Missed = fmt.Errorf("forkchoiceUpdated with attributes: %w", err)
		return slot
	}
	if pace.Clock {
		time.Sleep(time.Until(at.Add(-sealing)))
	} else {
		time.Sleep(pace.Build)
	}
	result, err := d.call(ctx, &slot.Took[1], d.Net.Fork.GetPayload, id)
	if err != nil {
		slot.Missed = fmt.Errorf("getPayload: %w", err)
		return slot
	}
	envelope, err := engine.ReadEnvelope(result)
	if err != nil {
		slot.Missed = fmt.Errorf("getPayload's result: %w", err)
		return slot
	}
	slot.Size = len(result)
	if slot.Foreign = d.Net.Fork.Foreign(attributes, d.head, number, envelope); slot.Foreign != nil {
		return slot // op-node would have signed it by now; we leave the chain as it is
	}
	extra := len(envelope.Header.Transactions) > len(attributes.Transactions)
	handed := d.Net.Proxy.Stats().Handed == envelope.Header.Hash
	slot.Used, slot.Same = extra && handed, !extra && handed

	params := []any{envelope.Payload, []any{}, attributes.BeaconRoot}
	if d.Net.Fork.Requests {
		params = append(params, []any{})
	}
	if err := d.valid(ctx, &slot.Took[2], d.Net.Fork.NewPayload, params...); err != nil {
		slot.Missed = err
		return slot
	}
	state.Head = envelope.Header.Hash
	if err := d.valid(ctx, &slot.Took[3], "engine_forkchoiceUpdatedV3", state, nil); err != nil {
		slot.Missed = err
		return slot
	}
	if pace.Clock {
		slot.Late = max(0, time.Since(at))
	}
	d.head, d.number = envelope.Header.Hash, number
	return slot
}

// mark gives the builder's pool a transaction that the local engine has not. A dead builder has none.
func (d *Driver) mark(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_ = chain.Accounts[0].Send(ctx, d.Net.Builder.Public, nil)
}

func (d *Driver) build(ctx context.Context, slot *Slot, state engine.State, attributes *engine.Attributes) (string, error) {
	result, err := d.call(ctx, &slot.Took[0], "engine_forkchoiceUpdatedV3", state, attributes)
	if err != nil {
		return "", err
	}
	var answer struct {
		Status struct {
			Status string `json:"status"`
		} `json:"payloadStatus"`
		ID *string `json:"payloadId"`
	}
	if err := json.Unmarshal(result, &answer); err != nil {
		return "", err
	}
	if answer.Status.Status != "VALID" || answer.ID == nil {
		return "", fmt.Errorf("%s", result)
	}
	return *answer.ID, nil
}

// valid makes a call whose status must be VALID.
func (d *Driver) valid(ctx context.Context, took *time.Duration, method string, params ...any) error {
	result, err := d.call(ctx, took, method, params...)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	var answer struct {
		Status        string `json:"status"`
		PayloadStatus struct {
			Status string `json:"status"`
		} `json:"payloadStatus"`
	}
	if err := json.Unmarshal(result, &answer); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	if answer.Status+answer.PayloadStatus.Status != "VALID" {
		return fmt.Errorf("%s: %s", method, result)
	}
	return nil
}

func (d *Driver) call(ctx context.Context, took *time.Duration, method string, params ...any) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, d.most)
	defer cancel()
	begin := time.Now()
	result, err := d.Net.Engine.Call(ctx, method, params...)
	*took = time.Since(begin)
	return result, err
}

// Next are the fork choice and attributes of the block after the head.
func (d *Driver) Next() (engine.State, *engine.Attributes) {
	return engine.State{Head: d.head}, d.Net.Fork.Attributes(d.number+1, d.time+1)
}
