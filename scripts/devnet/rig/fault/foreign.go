package fault

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/beacon/engine"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	rig "github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// ForeignKinds names the modes that end in a block which any engine finds valid and nobody has asked
// for, in order.
func ForeignKinds(fork rig.Fork) []string {
	kinds := []string{"stale", "twice", "otherCase"}
	for kind := range changes {
		if kind != "otherParams" || fork.Holocene {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// Changes to what the builder is asked.
var changes = map[string]func(c *call, state *rig.State, attributes map[string]json.RawMessage) error{
	"otherTimestamp": func(_ *call, _ *rig.State, attributes map[string]json.RawMessage) error {
		var timestamp hexutil.Uint64
		if err := json.Unmarshal(attributes["timestamp"], &timestamp); err != nil {
			return err
		}
		return set(attributes, "timestamp", timestamp+5)
	},
	"otherRecipient": func(_ *call, _ *rig.State, attributes map[string]json.RawMessage) error {
		return set(attributes, "suggestedFeeRecipient", common.HexToAddress("0xb1d"))
	},
	"otherGasLimit": func(_ *call, _ *rig.State, attributes map[string]json.RawMessage) error {
		return set(attributes, "gasLimit", hexutil.Uint64(30_000_000))
	},
	"otherRandao": func(_ *call, _ *rig.State, attributes map[string]json.RawMessage) error {
		return set(attributes, "prevRandao", common.HexToHash("0xb1d"))
	},
	"otherBeaconRoot": func(_ *call, _ *rig.State, attributes map[string]json.RawMessage) error {
		return set(attributes, "parentBeaconBlockRoot", common.HexToHash("0xb1d"))
	},
	"otherParams": func(_ *call, _ *rig.State, attributes map[string]json.RawMessage) error {
		return set(attributes, "eip1559Params", hexutil.Bytes{0, 0, 0, 77, 0, 0, 0, 7})
	},
	"otherParent": func(c *call, state *rig.State, _ map[string]json.RawMessage) error {
		parent, err := c.parentOf(state.Head)
		state.Head = parent
		return err
	},
	"otherForced": func(_ *call, _ *rig.State, attributes map[string]json.RawMessage) error {
		return forced(attributes, func(list []hexutil.Bytes) []hexutil.Bytes {
			changed := new(types.Transaction)
			if changed.UnmarshalBinary(list[0]) != nil {
				return list
			}
			// Another source hash: what op-node derived from another L1 block.
			source := common.BytesToHash(crypto.Keccak256(list[0]))
			encoded, err := types.NewTx(&types.DepositTx{
				SourceHash: source, From: common.HexToAddress("0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001"), To: changed.To(),
				Value: changed.Value(), Gas: changed.Gas(), Data: changed.Data(),
			}).MarshalBinary()
			if err != nil {
				return list
			}
			return append([]hexutil.Bytes{encoded}, list[1:]...)
		})
	},
	"droppedForced": func(_ *call, _ *rig.State, attributes map[string]json.RawMessage) error {
		return forced(attributes, func(list []hexutil.Bytes) []hexutil.Bytes { return list[:len(list)-1] })
	},
	"ownDeposit": func(_ *call, _ *rig.State, attributes map[string]json.RawMessage) error {
		return forced(attributes, func(list []hexutil.Bytes) []hexutil.Bytes {
			thief := common.HexToAddress("0xb1d")
			mint := common.Big32
			return append(list, rig.Deposit(uint64(len(list)), thief, thief, mint, []byte("a mint")))
		})
	},
}

// foreign has the builder asked for another block than the caller wants.
func foreign(change func(*call, *rig.State, map[string]json.RawMessage) error) func(*call) {
	return func(c *call) {
		params := c.params()
		var state rig.State
		var attributes map[string]json.RawMessage
		if !strings.HasPrefix(c.method, "engine_forkchoiceUpdatedV") || len(params) < 2 ||
			json.Unmarshal(params[0], &state) != nil || json.Unmarshal(params[1], &attributes) != nil || attributes == nil {
			c.relay(c.body, nil)
			return
		}
		if err := change(c, &state, attributes); err != nil {
			c.abort()
		}
		c.spoil()
		changed, err := json.Marshal([]any{state, attributes})
		if err != nil {
			c.abort()
		}
		c.relay(replaced(c.body, "params", json.RawMessage(changed)), nil)
	}
}

// hidden is otherRecipient, with the recipient that was asked for put before the real one. Go's JSON
// reads the last of two members of one name, in whatever case; who reads the first is deceived.
func hidden(name string) func(*call) {
	other := foreign(changes["otherRecipient"])
	return func(c *call) {
		if !strings.HasPrefix(c.method, "engine_getPayloadV") {
			var attributes struct {
				Recipient json.RawMessage `json:"suggestedFeeRecipient"`
			}
			if params := c.params(); len(params) > 1 && json.Unmarshal(params[1], &attributes) == nil && attributes.Recipient != nil {
				c.lock.Lock()
				c.asked = attributes.Recipient
				c.lock.Unlock()
			}
			other(c)
			return
		}
		c.relay(c.body, func(answer []byte) []byte {
			c.lock.Lock()
			defer c.lock.Unlock()
			if c.asked == nil {
				return answer
			}
			begin, real := []byte(`"executionPayload":{`), []byte(`"feeRecipient":`)
			answer = bytes.Replace(answer, real, []byte(`"`+name+`":`), 1)
			first := slices.Concat(begin, real, c.asked, []byte(","))
			return bytes.Replace(answer, begin, first, 1)
		})
	}
}

func set(attributes map[string]json.RawMessage, key string, value any) error {
	encoded, err := json.Marshal(value)
	attributes[key] = encoded
	return err
}

func forced(attributes map[string]json.RawMessage, change func([]hexutil.Bytes) []hexutil.Bytes) error {
	var list []hexutil.Bytes
	if err := json.Unmarshal(attributes["transactions"], &list); err != nil {
		return err
	}
	return set(attributes, "transactions", change(list))
}

// wrongRoot is a block with a hash of its own and a state that nobody gets to: INVALID.
func wrongRoot(c *call, result json.RawMessage) json.RawMessage {
	var envelope struct {
		Payload    json.RawMessage `json:"executionPayload"`
		BeaconRoot *common.Hash    `json:"parentBeaconBlockRoot"`
		Requests   []hexutil.Bytes `json:"executionRequests"`
	}
	var payload engine.ExecutableData
	if json.Unmarshal(result, &envelope) != nil || json.Unmarshal(envelope.Payload, &payload) != nil {
		return nil
	}
	payload.StateRoot = common.HexToHash("0xb1d")
	kind := &types.BlockConfig{IsIsthmusEnabled: payload.WithdrawalsRoot != nil}
	var requests [][]byte
	if envelope.Requests != nil {
		requests = [][]byte{}
	}
	block, err := engine.ExecutableDataToBlockNoHash(payload, []common.Hash{}, envelope.BeaconRoot, requests, kind)
	if err != nil {
		return nil
	}
	changed := replaced(envelope.Payload, "stateRoot", payload.StateRoot)
	return replaced(result, "executionPayload", json.RawMessage(replaced(changed, "blockHash", block.Hash())))
}
