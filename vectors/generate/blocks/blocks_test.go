package blocks_test

import (
	"bytes"
	"crypto/ecdsa"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ethereum-optimism/optimism/op-core/eip1559"
	"github.com/ethereum-optimism/optimism/op-node/rollup/derive"
	"github.com/ethereum-optimism/optimism/op-service/clock"
	"github.com/ethereum-optimism/optimism/op-service/eth"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

const now = 1_760_000_000

var (
	chain     = big.NewInt(901)
	sequencer = blocks.TestKey("sequencer")
	stranger  = blocks.TestKey("stranger")
)

func build(t *testing.T, spec blocks.Spec) *blocks.Block {
	t.Helper()
	block, err := blocks.Build(spec)
	if err != nil {
		t.Fatal(err)
	}
	return block
}

func sign(t *testing.T, key *ecdsa.PrivateKey, chainID *big.Int, encoded []byte) eth.Bytes65 {
	t.Helper()
	signature, err := blocks.Sign(key, chainID, encoded)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func judge(topic blocks.Topic, message []byte) blocks.Judgement {
	signer := crypto.PubkeyToAddress(sequencer.PublicKey)
	return blocks.NewValidator(topic, chain, signer, blocks.ClockAt(now)).Judge(message)
}

// forEachTopic runs a test on a block of each topic.
func forEachTopic(t *testing.T, test func(t *testing.T, block *blocks.Block)) {
	for _, topic := range blocks.Topics {
		t.Run(topic.String(), func(t *testing.T) {
			test(t, build(t, blocks.Spec{Topic: topic, ChainID: chain, Number: 1234, Timestamp: now, Transactions: 7}))
		})
	}
}

func TestAcceptsSequencer(t *testing.T) {
	forEachTopic(t, func(t *testing.T, block *blocks.Block) {
		message := blocks.EncodeMessage(sign(t, sequencer, chain, block.Bytes), block.Bytes)
		if got := judge(block.Spec.Topic, message); got.Verdict != blocks.Accept {
			t.Fatalf("want accept, got %+v", got)
		}
	})
}

func TestAcceptsPresentBySystemClock(t *testing.T) {
	seconds := uint64(clock.SystemClock.Now().Unix())
	block := build(t, blocks.Spec{Topic: blocks.V4, ChainID: chain, Number: 1, Timestamp: seconds, Transactions: 1})
	message := blocks.EncodeMessage(sign(t, sequencer, chain, block.Bytes), block.Bytes)
	validator := blocks.NewValidator(blocks.V4, chain, crypto.PubkeyToAddress(sequencer.PublicKey), clock.SystemClock)
	if got := validator.Judge(message); got.Verdict != blocks.Accept {
		t.Fatalf("want accept, got %+v", got)
	}
	if got := validator.Judge(message); got.Verdict != blocks.Ignore {
		t.Fatalf("want ignore for a block seen before, got %+v", got)
	}
}

func TestRejects(t *testing.T) {
	forEachTopic(t, func(t *testing.T, block *blocks.Block) {
		good := sign(t, sequencer, chain, block.Bytes)
		payload := func(change func([]byte)) []byte {
			changed := bytes.Clone(block.Bytes)
			change(changed)
			return blocks.EncodeMessage(good, changed)
		}
		signature := func(change func(*eth.Bytes65)) []byte {
			changed := good
			change(&changed)
			return blocks.EncodeMessage(changed, block.Bytes)
		}
		last := len(block.Bytes) - 1
		for name, message := range map[string][]byte{
			"first bit of the payload flipped": payload(func(p []byte) { p[0] ^= 0x80 }),
			"last bit of the payload flipped":  payload(func(p []byte) { p[last] ^= 1 }),
			"bit of r flipped":                 signature(func(s *eth.Bytes65) { s[31] ^= 1 }),
			"bit of s flipped":                 signature(func(s *eth.Bytes65) { s[63] ^= 1 }),
			"y parity flipped":                 signature(func(s *eth.Bytes65) { s[64] ^= 1 }),
			"y parity plus 27":                 signature(func(s *eth.Bytes65) { s[64] += 27 }),
			"wrong key":                        blocks.EncodeMessage(sign(t, stranger, chain, block.Bytes), block.Bytes),
			"wrong chain":                      blocks.EncodeMessage(sign(t, sequencer, big.NewInt(902), block.Bytes), block.Bytes),
		} {
			got := judge(block.Spec.Topic, message)
			if got.Verdict != blocks.Reject || got.Reason != "invalid block signature" {
				t.Errorf("%s: want a rejected signature, got %+v", name, got)
			}
		}
	})
}

func TestTimestampWindow(t *testing.T) {
	for _, test := range []struct {
		timestamp uint64
		want      blocks.Verdict
		reason    string
	}{
		{now - 61, blocks.Reject, "payload is too old"},
		{now - 60, blocks.Accept, ""},
		{now + 5, blocks.Accept, ""},
		{now + 6, blocks.Reject, "payload is too new"},
	} {
		block := build(t, blocks.Spec{Topic: blocks.V3, ChainID: chain, Number: 5, Timestamp: test.timestamp})
		got := judge(blocks.V3, blocks.EncodeMessage(sign(t, sequencer, chain, block.Bytes), block.Bytes))
		if got.Verdict != test.want || got.Reason != test.reason {
			t.Errorf("now%+d: want %s %q, got %+v", int64(test.timestamp)-now, test.want, test.reason, got)
		}
	}
}

func TestBlockIsReal(t *testing.T) {
	forEachTopic(t, func(t *testing.T, block *blocks.Block) {
		payload := block.Envelope.ExecutionPayload
		if payload.BlockHash != block.Header.Hash() {
			t.Errorf("payload says block hash %s, the header has %s", payload.BlockHash, block.Header.Hash())
		}
		if len(payload.Transactions) != 1+block.Spec.Transactions {
			t.Fatalf("want the deposit and %d transactions, got %d", block.Spec.Transactions, len(payload.Transactions))
		}
		kinds := map[uint8]int{}
		for i, encoded := range payload.Transactions {
			transaction := new(types.Transaction)
			if err := transaction.UnmarshalBinary(encoded); err != nil {
				t.Fatal(err)
			}
			kinds[transaction.Type()]++
			if i == 0 {
				config := blocks.RollupConfig(block.Spec.Topic, chain)
				info, err := derive.L1BlockInfoFromBytes(config, block.Spec.Timestamp, transaction.Data())
				if err != nil || info.Number != block.Spec.Number/6 {
					t.Errorf("op-node reads the L1 attributes as %+v, %v", info, err)
				}
			} else if _, err := types.Sender(types.LatestSignerForChainID(chain), transaction); err != nil {
				t.Errorf("transaction %d: %v", i, err)
			}
		}
		for _, kind := range []uint8{types.DepositTxType, types.LegacyTxType, types.DynamicFeeTxType, types.AccessListTxType} {
			if kinds[kind] == 0 {
				t.Errorf("no transaction of type %d", kind)
			}
		}
		if block.Spec.Topic == blocks.V4 {
			if err := eip1559.ValidateHoloceneExtraData(payload.ExtraData); err != nil {
				t.Error(err)
			}
		} else if len(payload.ExtraData) != 0 {
			t.Errorf("extra data %s before Holocene", payload.ExtraData)
		}
	})
}

func TestBuildIsReproducible(t *testing.T) {
	forEachTopic(t, func(t *testing.T, block *blocks.Block) {
		if again := build(t, block.Spec); !bytes.Equal(again.Bytes, block.Bytes) {
			t.Error("two builds of one spec differ")
		}
		other := block.Spec
		other.Number++
		if bytes.Equal(build(t, other).Bytes, block.Bytes) {
			t.Error("blocks of two heights are equal")
		}
		envelope, err := blocks.Decode(block.Spec.Topic, block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if encoded, err := blocks.Encode(block.Spec.Topic, envelope); err != nil || !bytes.Equal(encoded, block.Bytes) {
			t.Errorf("decoding and encoding changed the bytes (%v)", err)
		}
	})
}

func TestMessageRoundTrip(t *testing.T) {
	block := build(t, blocks.Spec{Topic: blocks.V4, ChainID: chain, Number: 1, Timestamp: now})
	signature := sign(t, sequencer, chain, block.Bytes)
	gotSignature, gotBytes, err := blocks.DecodeMessage(blocks.EncodeMessage(signature, block.Bytes))
	if err != nil || gotSignature != signature || !bytes.Equal(gotBytes, block.Bytes) {
		t.Errorf("decoding gave another message (%v)", err)
	}
}

func TestTopicNames(t *testing.T) {
	for _, topic := range blocks.Topics {
		if parsed, err := blocks.ParseTopic(topic.String()); err != nil || parsed != topic {
			t.Errorf("%s reads back as %s, %v", topic, parsed, err)
		}
	}
	if _, err := blocks.ParseTopic("v5"); err == nil {
		t.Error("v5 was read")
	}
	if got := blocks.V4.Name(chain); got != "/optimism/901/3/blocks" {
		t.Errorf("topic is named %s", got)
	}
}
