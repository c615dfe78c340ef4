// Command judge asks op-node's own validator about a block signature, or about
// a gossip message, and prints the verdict as one line of JSON.
//
//	go run ./cmd/judge --topic v4 --chain-id 10 --address 0x… --payload FILE --signature 0x… [--message-out FILE]
//	go run ./cmd/judge --topic v4 --chain-id 10 --address 0x… --message FILE
//
// It also flips one bit of the message's payload and asks a second, equal
// validator, which must reject it: a validator that accepts everything would
// not be noticed otherwise.
//
// It ends with 0 if op-node accepts the message and rejects the flipped bit,
// with 1 if not, and with 64 if it was called wrongly.
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
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/ethereum-optimism/optimism/op-service/clock"
	"github.com/ethereum-optimism/optimism/op-service/eth"

	"github.com/opsign/opsign/vectors/generate/blocks"
	"github.com/opsign/opsign/vectors/generate/cases"
)

// report is what the command prints.
type report struct {
	Judge      string         `json:"judge"`
	Verdict    blocks.Verdict `json:"verdict"`
	Micros     int64          `json:"micros"`
	FlippedBit blocks.Verdict `json:"flipped_bit"`
	Reason     string         `json:"reason,omitempty"`
	Details    string         `json:"details,omitempty"`
}

// notChecked stands for a message of which no bit could be flipped, as it does
// not decompress. op-node rejects such a message anyway.
const notChecked blocks.Verdict = "not_checked"

func main() {
	topicText := flag.String("topic", "", "the gossip topic: v1, v2, v3 or v4; needed")
	chainText := flag.String("chain-id", "", "the chain's `id`, decimal; needed")
	addressText := flag.String("address", "", "the chain's block signer; needed")
	payloadFile := flag.String("payload", "", "a `file` with the signed bytes, as cmd/payload writes it")
	signatureText := flag.String("signature", "", "the signature, 0x and 130 hex digits")
	messageFile := flag.String("message", "", "a `file` with a gossip message, instead of --payload and --signature")
	messageOut := flag.String("message-out", "", "a `file` to write the gossip message to")
	now := flag.Uint64("now", 0, "the time in `seconds` since 1970 at which to judge (default now)")
	flag.CommandLine.Init("judge", flag.ContinueOnError)
	if err := flag.CommandLine.Parse(os.Args[1:]); errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	} else if err != nil {
		os.Exit(64)
	}
	if flag.NArg() > 0 {
		usage("unknown argument %q", flag.Arg(0))
	}
	topic, err := blocks.ParseTopic(*topicText)
	if err != nil {
		usage("--topic: %v", err)
	}
	chainID, ok := new(big.Int).SetString(*chainText, 10)
	if !ok || chainID.Sign() < 0 || chainID.BitLen() > 256 {
		usage("--chain-id %q is no decimal number of at most 256 bits", *chainText)
	}
	if !common.IsHexAddress(*addressText) {
		usage("--address %q is no address of 0x and 40 hex digits", *addressText)
	}
	message := readMessage(*payloadFile, *signatureText, *messageFile)
	if *messageOut != "" {
		if err := os.WriteFile(*messageOut, message, 0o644); err != nil {
			fmt.Fprintf(os.Stderr, "judge: %v\n", err)
			os.Exit(1)
		}
	}

	clk := clock.SystemClock
	if *now != 0 {
		clk = blocks.ClockAt(*now)
	}
	ask := func(message []byte) (blocks.Judgement, time.Duration) {
		validator := blocks.NewValidator(topic, chainID, common.HexToAddress(*addressText), clk)
		start := time.Now()
		return validator.Judge(message), time.Since(start)
	}
	judgement, took := ask(message)
	result := report{
		Judge:      "op-node " + cases.OptimismVersion + " BuildBlocksValidator",
		Verdict:    judgement.Verdict,
		Micros:     took.Microseconds(),
		FlippedBit: notChecked,
		Reason:     judgement.Reason,
		Details:    judgement.Details,
	}
	if signature, encoded, err := blocks.DecodeMessage(message); err == nil {
		encoded[len(encoded)/2] ^= 1
		flipped, _ := ask(blocks.EncodeMessage(signature, encoded))
		result.FlippedBit = flipped.Verdict
	}
	line, err := json.Marshal(result)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
	if result.Verdict != blocks.Accept || result.FlippedBit != blocks.Reject {
		os.Exit(1)
	}
}

// readMessage reads the message, or makes it from a payload and its signature.
func readMessage(payloadFile, signatureText, messageFile string) []byte {
	if messageFile != "" {
		if payloadFile != "" || signatureText != "" {
			usage("give either --message or --payload and --signature")
		}
		return readFile(messageFile)
	}
	if payloadFile == "" || signatureText == "" {
		usage("give --payload and --signature, or --message")
	}
	signature, err := hexutil.Decode(signatureText)
	if err != nil || len(signature) != blocks.SignatureLength {
		usage("--signature must be 0x and 130 hex digits")
	}
	return blocks.EncodeMessage(eth.Bytes65(signature), readFile(payloadFile))
}

func readFile(name string) []byte {
	content, err := os.ReadFile(name)
	if err != nil {
		usage("%v", err)
	}
	return content
}

func usage(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "judge: "+format+"; see --help\n", values...)
	os.Exit(64)
}
