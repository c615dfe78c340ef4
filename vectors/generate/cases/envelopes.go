package cases

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

type envelopeCase struct {
	label
	// Envelope is what op-node hands to op-conductor.
	Envelope json.RawMessage `json:"envelope"`
	// Topic has the layout that op-node's encoder takes; empty with Payload if it refuses.
	Topic string `json:"topic,omitempty"`
	// Payload is what op-node signs the hash of.
	Payload     string `json:"payload,omitempty"`
	PayloadHash string `json:"payload_hash,omitempty"`
}

func envelopes() File {
	var cases []envelopeCase
	add := func(name, comment string, envelope *eth.ExecutionPayloadEnvelope, topic string) {
		encoded, err := json.Marshal(envelope)
		if err != nil {
			panic(err)
		}
		var out bytes.Buffer
		if envelope.ParentBeaconBlockRoot != nil {
			_, err = envelope.MarshalSSZ(&out)
		} else {
			_, err = envelope.ExecutionPayload.MarshalSSZ(&out)
		}
		if (err == nil) != (topic != "") {
			panic(fmt.Sprintf("%s: op-node says %v: correct the case", name, err))
		}
		made := envelopeCase{label: label{name, comment}, Envelope: encoded, Topic: topic}
		if err == nil {
			made.Payload = hex(out.Bytes())
			made.PayloadHash = opsigner.PayloadHash(out.Bytes()).Hex()
		}
		cases = append(cases, made)
	}
	for _, topic := range blocks.Topics {
		for _, transactions := range []int{0, 1, 7} {
			block := smallBlock(topic, opMainnet, 9000+uint64(topic), transactions)
			add(fmt.Sprintf("%s_%d_transactions", topic, transactions), "A block of "+string(topic.Fork())+".", block.Envelope, topic.String())
		}
	}
	spoil := func(name, comment string, topic blocks.Topic, encoded string, change func(*eth.ExecutionPayloadEnvelope)) {
		block := smallBlock(topic, opMainnet, 9100, 1)
		change(block.Envelope)
		add(name, comment, block.Envelope, encoded)
	}
	spoil("v4_empty_withdrawals_root", "The withdrawals root is that of no withdrawals: op-node's encoder takes it for V3.", blocks.V4, "v3",
		func(e *eth.ExecutionPayloadEnvelope) {
			root := types.EmptyWithdrawalsHash
			e.ExecutionPayload.WithdrawalsRoot = &root
		})
	spoil("v2_with_a_withdrawal", "A withdrawal, which no chain of the stack has.", blocks.V2, "v2",
		func(e *eth.ExecutionPayloadEnvelope) {
			e.ExecutionPayload.Withdrawals = &types.Withdrawals{{Index: 1, Validator: 2, Address: common.Address{3}, Amount: 4}}
		})
	spoil("v3_no_transactions", "A block without any transaction.", blocks.V3, "v3",
		func(e *eth.ExecutionPayloadEnvelope) { e.ExecutionPayload.Transactions = nil })
	spoil("v3_long_extra_data", "33 bytes of extra data: op-node encodes them, and no node decodes them.", blocks.V3, "v3",
		func(e *eth.ExecutionPayloadEnvelope) { e.ExecutionPayload.ExtraData = bytes.Repeat([]byte{7}, 33) })
	spoil("v1_with_root", "A parent beacon block root in front of a V1 payload.", blocks.V1, "v1",
		func(e *eth.ExecutionPayloadEnvelope) { e.ParentBeaconBlockRoot = &common.Hash{9} })
	spoil("v3_blob_gas_only", "Blob gas used without excess blob gas.", blocks.V3, "v2",
		func(e *eth.ExecutionPayloadEnvelope) { e.ExecutionPayload.ExcessBlobGas = nil })
	spoil("v2_high_base_fee", "A base fee of 256 bits.", blocks.V2, "v2",
		func(e *eth.ExecutionPayloadEnvelope) {
			e.ExecutionPayload.BaseFeePerGas = eth.Uint256Quantity{}
			if err := e.ExecutionPayload.BaseFeePerGas.UnmarshalText([]byte(hexutil.EncodeBig(maxUint256))); err != nil {
				panic(err)
			}
		})
	return newFile("envelopes.json",
		"Blocks as op-node hands them to op-conductor (conductor_commitUnsafePayload), and the bytes whose hash it then asks to be signed: "+
			"the SSZ payload, behind the parent beacon block root if there is one. \"topic\" names the payload's layout.",
		"eth.ExecutionPayloadEnvelope of "+opNode+".", cases)
}
