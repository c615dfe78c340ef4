// Command go measures for benches/benches/ratios what is to be measured in
// Go: the field's own code, and opsign through cgo beside it. It reads lines
// "JOB CALLS" and answers each with the nanoseconds that the calls took, so that
// the jobs of all programs take turns. The line "message" asks for the gossip
// message that both sides judge: its hex, the signer's address and the time;
// "transaction-bytes" for the transaction that both make.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/big"
	"os"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	decred "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/golang/snappy"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/bindings-go"
	"github.com/opsign/opsign/vectors/generate/blocks"
)

const now = 1_760_000_000

var (
	chain   = big.NewInt(10)
	chainID = opsign.ChainIDFromUint64(10)
	key     = must(crypto.ToECDSA(bytes.Repeat([]byte{0x42}, 32)))
	address = crypto.PubkeyToAddress(key.PublicKey)
)

func main() {
	block := must(blocks.Build(blocks.Spec{Topic: blocks.V4, ChainID: chain, Number: 1234, Timestamp: now, Transactions: 500}))
	signature := must(blocks.Sign(key, chain, block.Bytes))
	message := blocks.EncodeMessage(signature, block.Bytes)
	jobs := signatures(block.Bytes)
	validator := blocks.NewValidator(blocks.V4, chain, address, blocks.ClockAt(now))
	if judgement := validator.Judge(message); judgement.Verdict != blocks.Accept {
		panic(fmt.Sprint(judgement))
	}
	jobs["validate"] = func() {
		// All rules but the last, which the block fails from the second time on.
		if validator.Judge(message).Verdict != blocks.Ignore {
			panic("not ignored")
		}
	}
	var room []byte
	jobs["gossip"] = func() {
		room = must(snappy.Decode(room[:cap(room)], message))
		digest := signingHash(opsigner.PayloadHash(room[blocks.SignatureLength:]))
		if who(digest, room[:blocks.SignatureLength]) != address {
			panic("another signer")
		}
	}
	jobs["transaction"] = func() { transaction() }
	for _, length := range []int{32, 96, 1 << 10, 1 << 20, 10 << 20} {
		jobs[fmt.Sprint("keccak-", length)] = func() { crypto.Keccak256(data[:length]) }
	}

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch lines.Text() {
		case "message":
			fmt.Printf("%x %s %d\n", message, address, now)
			continue
		case "transaction-bytes":
			fmt.Printf("%x\n", transaction())
			continue
		}
		var name string
		var calls int
		must(fmt.Sscan(lines.Text(), &name, &calls))
		job, known := jobs[name]
		if !known {
			panic("no job " + name)
		}
		start := time.Now()
		for range calls {
			job()
		}
		fmt.Println(time.Since(start).Nanoseconds())
	}
}

// signatures are the jobs over one payload's hash.
func signatures(payload []byte) map[string]func() {
	payloadHash := opsigner.PayloadHash(payload)
	ours := must(opsign.NewSecretKey(crypto.FromECDSA(key)))
	verifier := must(opsign.NewVerifier(opsign.Address(address)))
	signature := must(ours.SignPayload(chainID, opsign.Hash(payloadHash)))
	if want := must(crypto.Sign(signingHash(payloadHash), key)); !bytes.Equal(want, signature[:]) {
		panic("another signature than go-ethereum's")
	}
	decredKey := secp256k1.PrivKeyFromBytes(crypto.FromECDSA(key))
	compact := append([]byte{27 + signature[64]}, signature[:64]...)
	return map[string]func(){
		"opsign-sign": func() { must(ours.SignPayload(chainID, opsign.Hash(payloadHash))) },
		"geth-sign":   func() { must(crypto.Sign(signingHash(payloadHash), key)) },
		"decred-sign": func() { decred.SignCompact(decredKey, signingHash(payloadHash), false) },
		"opsign-verify": func() {
			if err := verifier.Verify(chainID, opsign.Hash(payloadHash), signature[:], opsign.Consensus); err != nil {
				panic(err)
			}
		},
		"geth-verify": func() {
			if who(signingHash(payloadHash), signature[:]) != address {
				panic("another signer")
			}
		},
		"decred-verify": func() {
			public, _, err := decred.RecoverCompact(compact, signingHash(payloadHash))
			if err != nil || common.BytesToAddress(crypto.Keccak256(public.SerializeUncompressed()[1:])[12:]) != address {
				panic("another signer")
			}
		},
	}
}

var data = bytes.Repeat([]byte{0x5a}, 10<<20)

var to = common.HexToAddress("0x4200000000000000000000000000000000000016")

// transaction is of type 2 with 68 bytes of data: hashed, signed, encoded.
func transaction() []byte {
	signed := must(types.SignNewTx(key, types.LatestSignerForChainID(chain), &types.DynamicFeeTx{
		ChainID: chain, Nonce: 7, GasTipCap: big.NewInt(1_000_000), GasFeeCap: big.NewInt(5_000_000),
		Gas: 200_000, To: &to, Value: big.NewInt(1e18), Data: data[:68],
	}))
	return must(signed.MarshalBinary())
}

// signingHash is op-node's.
func signingHash(payloadHash common.Hash) []byte {
	message := opsigner.BlockSigningMessage{ChainID: eth.ChainIDFromBig(chain), PayloadHash: payloadHash}
	hash := message.ToSigningHash()
	return hash[:]
}

// who made a signature, as op-node's validator asks.
func who(digest, signature []byte) common.Address {
	return crypto.PubkeyToAddress(*must(crypto.SigToPub(digest, signature)))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
