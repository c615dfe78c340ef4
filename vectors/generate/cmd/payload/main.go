// Command payload writes the bytes of a block that a sequencer would sign, and
// prints what it wrote as one line of JSON.
//
//	go run ./cmd/payload --topic v4 --chain-id 10 --txs 20 --out FILE
//
// The bytes are the SSZ payload on v1 and v2, the parent beacon block root and
// the SSZ payload on v3 and v4. The timestamp is the present one unless given.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"time"

	"github.com/ethereum/go-ethereum/common"

	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// report is what the command prints.
type report struct {
	Topic       string      `json:"topic"`
	TopicName   string      `json:"topic_name"`
	ChainID     string      `json:"chain_id"`
	BlockNumber uint64      `json:"block_number"`
	BlockHash   common.Hash `json:"block_hash"`
	ParentHash  common.Hash `json:"parent_hash"`
	Timestamp   uint64      `json:"timestamp"`
	// Transactions counts all of them, the L1 attributes deposit too.
	Transactions int         `json:"transactions"`
	Bytes        int         `json:"bytes"`
	PayloadHash  common.Hash `json:"payload_hash"`
}

func main() {
	topicText := flag.String("topic", "v4", "the gossip topic: v1, v2, v3 or v4")
	chainText := flag.String("chain-id", "901", "the chain's `id`, decimal")
	transactions := flag.Int("txs", 20, "how many signed transactions follow the L1 attributes deposit")
	number := flag.Uint64("number", 1, "the block's height")
	timestamp := flag.Uint64("timestamp", 0, "the block's time in `seconds` since 1970 (default now)")
	out := flag.String("out", "", "the `file` to write; needed")
	flag.CommandLine.Init("payload", flag.ContinueOnError)
	if err := flag.CommandLine.Parse(os.Args[1:]); errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	} else if err != nil {
		os.Exit(64)
	}
	topic, err := blocks.ParseTopic(*topicText)
	if err != nil {
		usage(err)
	}
	chainID, ok := new(big.Int).SetString(*chainText, 10)
	if !ok || chainID.Sign() < 0 || chainID.BitLen() > 256 {
		usage(fmt.Errorf("--chain-id %q is no decimal number of at most 256 bits", *chainText))
	}
	if *out == "" {
		usage(errors.New("--out is missing: name the file to write"))
	}
	if flag.NArg() > 0 {
		usage(fmt.Errorf("unknown argument %q", flag.Arg(0)))
	}
	if *timestamp == 0 {
		*timestamp = uint64(time.Now().Unix())
	}

	block, err := blocks.Build(blocks.Spec{
		Topic: topic, ChainID: chainID, Number: *number, Timestamp: *timestamp, Transactions: *transactions,
	})
	if err != nil {
		usage(err)
	}
	if err := os.WriteFile(*out, block.Bytes, 0o644); err != nil {
		fmt.Fprintf(os.Stderr, "payload: %v\n", err)
		os.Exit(1)
	}
	payload := block.Envelope.ExecutionPayload
	line, err := json.Marshal(report{
		Topic:        topic.String(),
		TopicName:    topic.Name(chainID),
		ChainID:      chainID.String(),
		BlockNumber:  uint64(payload.BlockNumber),
		BlockHash:    payload.BlockHash,
		ParentHash:   payload.ParentHash,
		Timestamp:    uint64(payload.Timestamp),
		Transactions: len(payload.Transactions),
		Bytes:        len(block.Bytes),
		PayloadHash:  opsigner.PayloadHash(block.Bytes),
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func usage(err error) {
	fmt.Fprintf(os.Stderr, "payload: %v; see --help\n", err)
	os.Exit(64)
}
