package opnode_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/log"

	"github.com/ethereum-optimism/optimism/op-node/p2p"
	"github.com/ethereum-optimism/optimism/op-service/eth"

	"github.com/opsign/opsign/bindings-go"
	"github.com/opsign/opsign/vectors/generate/blocks"
)

// oneSigner is the runtime configuration of a node whose block signer never changed.
type oneSigner common.Address

func (s oneSigner) P2PSequencerAddress() common.Address         { return common.Address(s) }
func (s oneSigner) PreviousP2PSequencerAddress() common.Address { return common.Address{} }
func (s oneSigner) ConfirmCurrentSigner()                       {}

// received is what op-node does with the blocks that pass its validator.
type received chan *eth.ExecutionPayloadEnvelope

func (r received) OnUnsafeL2Payload(_ context.Context, _ peer.ID, envelope *eth.ExecutionPayloadEnvelope) error {
	r <- envelope
	return nil
}

type noMetrics struct{}

func (noMetrics) RecordGossipEvent(int32) {}

// op-node signs a block with the signer and publishes it on its gossip, through
// its own validator.
func TestOpNodePublishesItsBlocks(t *testing.T) {
	for _, topic := range blocks.Topics {
		t.Run(topic.String(), func(t *testing.T) {
			block := buildBlock(t, topic)
			config := blocks.RollupConfig(topic, chain)
			setup := &p2p.Config{GossipTimestampThreshold: blocks.TimestampThreshold}
			quiet := log.NewLogger(log.DiscardHandler())
			host, err := libp2p.New(libp2p.NoListenAddrs)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = host.Close() })
			pubsub, err := p2p.NewGossipSub(t.Context(), host, config, setup, nil, noMetrics{}, quiet)
			if err != nil {
				t.Fatal(err)
			}
			blocksIn := make(received, 1)
			node, err := p2p.JoinGossip(host.ID(), pubsub, quiet, config, oneSigner(crypto.PubkeyToAddress(sequencer.PublicKey)),
				blocksIn, setup, blocks.ClockAt(now))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = node.Close() })

			prepared := &p2p.PreparedSigner{Signer: newSigner(t, sequencer)}
			signer, err := prepared.SetupSigner(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := node.SignAndPublishL2Payload(t.Context(), block.Envelope, newSigner(t, stranger)); err == nil {
				t.Error("op-node published a block that another key signed")
			}
			if err := node.SignAndPublishL2Payload(t.Context(), block.Envelope, signer); err != nil {
				t.Fatal(err)
			}
			select {
			case envelope := <-blocksIn:
				if envelope.ExecutionPayload.BlockHash != block.Header.Hash() {
					t.Errorf("another block arrived: %s", envelope.ExecutionPayload.BlockHash)
				}
			case <-time.After(10 * time.Second):
				t.Error("op-node did not hand on the block")
			}

			if err := signer.Close(); err != nil {
				t.Error(err)
			}
			if err := node.SignAndPublishL2Payload(t.Context(), block.Envelope, signer); !errors.Is(err, opsign.ErrClosed) {
				t.Errorf("with a closed signer: %v", err)
			}
		})
	}
}
