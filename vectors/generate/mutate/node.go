package mutate

import (
	"context"
	"io"
	"log/slog"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/log"

	"github.com/ethereum-optimism/optimism/op-node/node/runcfg"
	"github.com/ethereum-optimism/optimism/op-service/clock"
	"github.com/ethereum-optimism/optimism/op-service/eth"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// Node is what an op-node knows before messages arrive. The clock is not part
// of it.
type Node struct {
	Topic   blocks.Topic
	ChainID *big.Int
	// Current is the chain's block signer; none is the zero address.
	Current common.Address
	// Previous is the signer before it, still taken for a while, or zero.
	Previous common.Address
	// JovianTime is when the fork Jovian activates, nil if it does not.
	JovianTime *uint64
}

// A judge is op-node's validator of one topic, with op-node's own memory of
// signers.
type judge struct {
	now       uint64
	clock     *clock.DeterministicClock
	signers   *runcfg.RuntimeConfig
	validator *blocks.Validator
}

func newJudge(node Node, now uint64) *judge {
	config := blocks.RollupConfig(node.Topic, node.ChainID)
	config.JovianTime = node.JovianTime
	l1 := new(systemConfig)
	quiet := log.NewLogger(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: log.LevelCrit}))
	signers := runcfg.NewRuntimeConfig(quiet, l1, config)
	// op-node learns of a previous signer by seeing it replaced on L1.
	for _, signer := range []common.Address{node.Previous, node.Current} {
		l1.signer = signer
		if err := signers.Load(context.Background(), eth.L1BlockRef{}); err != nil {
			panic(err)
		}
	}
	clk := clock.NewDeterministicClock(time.Unix(int64(now), 0))
	return &judge{now, clk, signers, blocks.NewValidatorWith(node.Topic, config, signers, clk)}
}

// previous is the previous signer that op-node takes at the moment.
func (j *judge) previous() common.Address { return j.signers.PreviousP2PSequencerAddress() }

// judge gives op-node's verdict on a message that arrives at the time now.
func (j *judge) judge(now uint64, message []byte) blocks.Judgement {
	j.clock.AdvanceTime(time.Duration(int64(now-j.now)) * time.Second)
	j.now = now
	return j.validator.Judge(message)
}

// systemConfig stands for the contract on L1 that names the block signer.
type systemConfig struct{ signer common.Address }

// ReadStorageAt implements runcfg.RuntimeCfgL1Source.
func (s *systemConfig) ReadStorageAt(context.Context, common.Address, common.Hash, common.Hash) (common.Hash, error) {
	return common.BytesToHash(s.signer[:]), nil
}
