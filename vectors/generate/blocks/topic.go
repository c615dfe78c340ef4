package blocks

import (
	"fmt"
	"math/big"

	"github.com/ethereum-optimism/optimism/op-core/forks"
	"github.com/ethereum-optimism/optimism/op-node/rollup"
	"github.com/ethereum-optimism/optimism/op-service/eth"
)

// Topic is one of the four gossip topics on which op-node publishes blocks.
type Topic int

// The topics, each with the first fork that uses it.
const (
	V1 Topic = iota + 1 // before Canyon
	V2                  // Canyon
	V3                  // Ecotone
	V4                  // Isthmus
)

// Topics lists all topics, oldest first.
var Topics = []Topic{V1, V2, V3, V4}

// ParseTopic reads "v1", "v2", "v3" or "v4".
func ParseTopic(text string) (Topic, error) {
	for _, topic := range Topics {
		if topic.String() == text {
			return topic, nil
		}
	}
	return 0, fmt.Errorf("unknown topic %q: use v1, v2, v3 or v4", text)
}

// String gives the form that [ParseTopic] reads.
func (t Topic) String() string {
	return fmt.Sprintf("v%d", int(t))
}

// Name is the topic's name on the network, as op-node spells it.
func (t Topic) Name(chainID *big.Int) string {
	return fmt.Sprintf("/optimism/%s/%d/blocks", chainID, int(t)-1)
}

// Fork is the fork for which [Build] makes the topic's blocks.
func (t Topic) Fork() rollup.ForkName {
	switch t {
	case V1:
		return forks.Regolith
	case V2:
		return forks.Canyon
	case V3:
		return forks.Ecotone
	case V4:
		return forks.Isthmus
	default:
		panic(fmt.Sprintf("topic %d does not exist: use V1 to V4", int(t)))
	}
}

// BlockVersion is op-node's name for the topic's encoding.
func (t Topic) BlockVersion() eth.BlockVersion {
	return eth.BlockV1 + eth.BlockVersion(t-V1)
}

// RollupConfig makes op-node's rollup configuration of a chain on which the
// topic's fork and all earlier ones are active from time 0, and no later one.
func RollupConfig(topic Topic, chainID *big.Int) *rollup.Config {
	config := &rollup.Config{
		BlockTime: 2,
		L1ChainID: big.NewInt(1),
		L2ChainID: new(big.Int).Set(chainID),
	}
	config.ActivateAtGenesis(topic.Fork())
	return config
}
