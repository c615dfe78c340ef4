package opnode_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/golang/snappy"

	"github.com/ethereum-optimism/optimism/op-service/eth"

	"github.com/opsign/opsign/bindings-go"
	"github.com/opsign/opsign/vectors/generate/blocks"
)

// verify is opsign's verdict on a message, by the rules of consensus.
func verify(t *testing.T, message []byte, chainID *big.Int, signer opsign.Address) error {
	t.Helper()
	data, err := snappy.Decode(nil, message)
	if err != nil {
		t.Fatal(err)
	}
	payloadHash, err := opsign.HashPayload(data[blocks.SignatureLength:])
	if err != nil {
		t.Fatal(err)
	}
	id, err := opsign.ChainIDFromBig(chainID)
	if err != nil {
		t.Fatal(err)
	}
	return opsign.VerifyPayload(id, payloadHash, data[:blocks.SignatureLength], opsign.Consensus, signer)
}

// op-node's validator of gossip and opsign give the same verdict on what opsign
// signed, and on the same with something changed.
func TestVerdictsOfOpNodeAndOpsign(t *testing.T) {
	signer := crypto.PubkeyToAddress(sequencer.PublicKey)
	for _, topic := range blocks.Topics {
		t.Run(topic.String(), func(t *testing.T) {
			block := buildBlock(t, topic)
			signature := sign(t, sequencer, chain, block.Bytes)
			validator := blocks.NewValidator(topic, chain, signer, blocks.ClockAt(now))

			rejected := 0
			expectRejected := func(name string, signature eth.Bytes65, payload []byte) {
				message := blocks.EncodeMessage(signature, payload)
				judgement := validator.Judge(message)
				if judgement.Verdict != blocks.Reject || judgement.Reason != "invalid block signature" {
					t.Errorf("%s: op-node says %+v", name, judgement)
				}
				if err := verify(t, message, chain, opsign.Address(signer)); err == nil {
					t.Errorf("%s: opsign accepts it", name)
				}
				rejected++
			}

			for _, at := range []int{0, 1, len(block.Bytes) / 2, len(block.Bytes) - 1} {
				changed := bytes.Clone(block.Bytes)
				changed[at] ^= 0x10
				expectRejected(fmt.Sprintf("bit of payload byte %d flipped", at), signature, changed)
			}
			for bit := range 8 * len(signature) {
				changed := signature
				changed[bit/8] ^= 1 << (bit % 8)
				expectRejected(fmt.Sprintf("bit %d of the signature flipped", bit), changed, block.Bytes)
			}
			expectRejected("wrong key", sign(t, stranger, chain, block.Bytes), block.Bytes)
			expectRejected("wrong chain id", sign(t, sequencer, big.NewInt(902), block.Bytes), block.Bytes)
			plus27 := signature
			plus27[64] += 27
			expectRejected("y parity plus 27", plus27, block.Bytes)
			if want := 4 + 8*65 + 3; rejected != want {
				t.Errorf("%d messages were judged, not %d", rejected, want)
			}

			// Last, with the same validator: it would not have accepted anything.
			message := blocks.EncodeMessage(signature, block.Bytes)
			if judgement := validator.Judge(message); judgement.Verdict != blocks.Accept {
				t.Errorf("op-node says %+v", judgement)
			}
			if err := verify(t, message, chain, opsign.Address(signer)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestGossipVectors(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "vectors", "gossip.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Count int
		Cases []struct {
			Name, Address, Message string
			ChainID                string `json:"chain_id"`
			OpNode                 string `json:"op_node"`
			SignatureCheck         string `json:"signature_check"`
			Decoded                *struct{}
		}
	}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	ran, skipped := 0, 0
	for _, c := range file.Cases {
		message, err := hex.DecodeString(strings.TrimPrefix(c.Message, "0x"))
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		// Without a signature and a payload there is nothing to verify: the
		// frame of a message is not for this package.
		if _, _, err := blocks.DecodeMessage(message); err != nil {
			if c.Decoded != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
			switch c.SignatureCheck {
			case "snappy", "empty", "too_short", "message_too_long":
			default:
				t.Errorf("%s: does not decode, yet its signature is %q", c.Name, c.SignatureCheck)
			}
			skipped++
			continue
		}
		chainID, ok := new(big.Int).SetString(c.ChainID, 10)
		if !ok {
			t.Fatalf("%s: chain id %q", c.Name, c.ChainID)
		}
		address, err := opsign.ParseAddress(c.Address)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		got := "valid"
		if err := verify(t, message, chainID, address); err != nil {
			var code opsign.ErrorCode
			if !errors.As(err, &code) {
				t.Fatalf("%s: %v", c.Name, err)
			}
			got = code.Name()
		}
		if got != c.SignatureCheck {
			t.Errorf("%s: want %s, got %s", c.Name, c.SignatureCheck, got)
		}
		if c.OpNode == "accept" && got != "valid" {
			t.Errorf("%s: op-node accepts what opsign calls %s", c.Name, got)
		}
		ran++
	}
	if file.Count == 0 || ran+skipped != file.Count || skipped != 8 {
		t.Errorf("%d cases ran and %d were skipped, not %d and 8", ran, skipped, file.Count-8)
	}
	t.Logf("%d cases, %d more without signature and payload", ran, skipped)
}
