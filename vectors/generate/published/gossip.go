package published

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/vectors/generate/blocks"
	"github.com/opsign/opsign/vectors/generate/cases"
)

type gossipCase struct {
	label
	Topic        string         `json:"topic"`
	ChainID      string         `json:"chain_id"`
	Address      string         `json:"address"`
	Now          uint64         `json:"now"`
	Message      string         `json:"message"`
	OpNode       blocks.Verdict `json:"op_node"`
	OpNodeReason string         `json:"op_node_reason"`
	PayloadHash  string         `json:"payload_hash"`
	SigningHash  string         `json:"signing_hash"`
	BlockHash    string         `json:"block_hash"`
	BlockNumber  uint64         `json:"block_number"`
	Timestamp    uint64         `json:"timestamp"`
}

// chainID is that of OP Mainnet. op-alloy does not say where its messages are
// from: the signer is whoever the signature recovers to on this chain.
var chainID = big.NewInt(10)

// gossip reads the messages in op-alloy's tests, a message of each topic with its
// block's timestamp.
func gossip() cases.File {
	source := must(os.ReadFile(filepath.Join(opAlloy(), "src", "envelope.rs")))
	test := regexp.MustCompile(`hex::decode\("0x([0-9a-f]+)"\)\.unwrap\(\);\s*let payload_envelop = OpNetworkPayloadEnvelope::decode_(v[1-4])\(&data\)\.unwrap\(\);\s*assert_eq!\(([0-9]+), payload_envelop\.payload\.timestamp\(\)\);`)
	var list []gossipCase
	for _, found := range test.FindAllSubmatch(source, -1) {
		list = append(list, message(string(found[2]), unhex(string(found[1])), must(strconv.ParseUint(string(found[3]), 10, 64))))
	}
	if len(list) != 4 {
		panic(fmt.Sprintf("op-alloy has %d messages, four are expected", len(list)))
	}
	return newFile("published_gossip.json",
		"Gossip messages that op-alloy's tests decode and encode again. op_node is the verdict of op-node's validator at the block's own time, "+
			"on chain 10 with the recovered signer, as op-alloy does not say from which chain they are.",
		"crate op-alloy-rpc-types-engine "+OpAlloyVersion+", src/envelope.rs; verdicts by op-node "+cases.OptimismVersion,
		"MIT OR Apache-2.0", list)
}

func message(topicText string, message []byte, timestamp uint64) gossipCase {
	topic := must(blocks.ParseTopic(topicText))
	signature, encoded, err := blocks.DecodeMessage(message)
	if err != nil {
		panic(err)
	}
	envelope := must(blocks.Decode(topic, encoded))
	payload := envelope.ExecutionPayload
	if uint64(payload.Timestamp) != timestamp {
		panic(fmt.Sprintf("op-alloy reads the time %d, op-node %d", timestamp, payload.Timestamp))
	}
	payloadHash := opsigner.PayloadHash(encoded)
	signed := opsigner.BlockSigningMessage{
		Domain: opsigner.SigningDomainBlocksV1, ChainID: eth.ChainIDFromBig(chainID), PayloadHash: payloadHash,
	}
	hash := signed.ToSigningHash()
	signer := crypto.PubkeyToAddress(*must(crypto.SigToPub(hash[:], signature[:])))
	judgement := blocks.NewValidator(topic, chainID, signer, blocks.ClockAt(timestamp)).Judge(message)
	return gossipCase{
		label:   label{"op_alloy_" + topicText, "The message of op-alloy's test_roundtrip_encode_envelope_" + topicText + "."},
		Topic:   topicText,
		ChainID: chainID.String(), Address: signer.Hex(), Now: timestamp, Message: hex(message),
		OpNode: judgement.Verdict, OpNodeReason: judgement.Reason,
		PayloadHash: payloadHash.Hex(), SigningHash: common.Hash(hash).Hex(),
		BlockHash: payload.BlockHash.Hex(), BlockNumber: uint64(payload.BlockNumber), Timestamp: timestamp,
	}
}

// opAlloy is the folder of the crate, which the fuzz targets use.
func opAlloy() string {
	var metadata struct {
		Packages []struct {
			Name, Version string
			ManifestPath  string `json:"manifest_path"`
		}
	}
	text := run("cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", filepath.Join(repository(), "fuzz", "Cargo.toml"))
	if err := json.Unmarshal([]byte(text), &metadata); err != nil {
		panic(err)
	}
	for _, crate := range metadata.Packages {
		if crate.Name == "op-alloy-rpc-types-engine" && crate.Version == OpAlloyVersion {
			return filepath.Dir(crate.ManifestPath)
		}
	}
	panic("fuzz/Cargo.lock has no op-alloy-rpc-types-engine " + OpAlloyVersion)
}
