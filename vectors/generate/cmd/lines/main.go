// Command lines answers questions, a line each, as long as there are any: what
// op-geth says of a transaction or signature, and op-node of a gossip message.
// The fuzz targets in fuzz/src/go.rs ask it.
//
//	tx RAW                          read HASH SENDER [odd] | refused
//	recover HASH SIGNATURE          ADDRESS | refused
//	sign SECRET_KEY HASH            SIGNATURE | refused
//	gossip TOPIC CHAIN SIGNER NOW MESSAGE   accept | ignore | reject, then op-node's reason
//
// Bytes are hex with 0x. SENDER is - if there is none. A transaction is odd if
// it has a number of more than 256 bits or is of type 125, which opsign does
// not read. A message is judged by a validator that has seen no other.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/opsign/opsign/vectors/generate/blocks"
	"github.com/opsign/opsign/vectors/generate/mutate"
	"github.com/opsign/opsign/vectors/generate/transactions"
)

func main() {
	if !mutate.Cgo {
		fail("build it with cgo: without, go-ethereum recovers signatures with another library")
	}
	in, out := bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) && line == "" {
			return
		} else if err != nil {
			fail("reading: %v", err)
		}
		fmt.Fprintln(out, answer(strings.Fields(line)))
		// Whoever asks waits for the answer, unless more was asked already.
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				fail("writing: %v", err)
			}
		}
	}
}

func answer(words []string) string {
	kind, words := words[0], words[1:]
	switch {
	case kind == "tx" && len(words) == 1:
		return transactions.Answer(bytes(words[0]))
	case kind == "recover" && len(words) == 2:
		public, err := crypto.SigToPub(bytes(words[0]), bytes(words[1]))
		if err != nil {
			return "refused"
		}
		return crypto.PubkeyToAddress(*public).Hex()
	case kind == "sign" && len(words) == 2:
		key, err := crypto.ToECDSA(bytes(words[0]))
		if err != nil {
			return "refused"
		}
		signature, err := crypto.Sign(bytes(words[1]), key)
		if err != nil {
			fail("signing: %v", err)
		}
		return hexutil.Encode(signature)
	case kind == "gossip" && len(words) == 5:
		return gossip(words)
	}
	fail("%s with %d words is no question", kind, len(words))
	return ""
}

func gossip(words []string) string {
	topic, err := blocks.ParseTopic(words[0])
	if err != nil {
		fail("%v", err)
	}
	chain, ok := new(big.Int).SetString(words[1], 10)
	if !ok {
		fail("%s is no chain id", words[1])
	}
	now, err := strconv.ParseUint(words[3], 10, 63)
	if err != nil {
		fail("%v", err)
	}
	validator := blocks.NewValidator(topic, chain, common.HexToAddress(words[2]), blocks.ClockAt(now))
	judgement := validator.Judge(bytes(words[4]))
	return oneLine(fmt.Sprintf("%s %s %s", judgement.Verdict, judgement.Reason, judgement.Details))
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

func bytes(text string) []byte {
	if text == "0x" {
		return nil
	}
	value, err := hexutil.Decode(text)
	if err != nil {
		fail("%q: %v", text, err)
	}
	return value
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "lines: "+format+"\n", values...)
	os.Exit(1)
}
