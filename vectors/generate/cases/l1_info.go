package cases

import (
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ethereum-optimism/optimism/op-node/rollup"
	"github.com/ethereum-optimism/optimism/op-node/rollup/derive"
	"github.com/ethereum-optimism/optimism/op-service/eth"
)

type l1InfoCase struct {
	label
	Transaction string         `json:"transaction"`
	L1Info      *l1InfoDecoded `json:"l1_info"`
}

type l1InfoDecoded struct {
	Number         uint64 `json:"number"`
	Timestamp      uint64 `json:"timestamp"`
	Hash           string `json:"hash"`
	SequenceNumber uint64 `json:"sequence_number"`
}

// l1Forks are the layouts of the call data, each with a chain that uses it.
var l1Forks = []struct {
	name   string
	config *rollup.Config
}{
	{"bedrock", &rollup.Config{BlockTime: 2, RegolithTime: new(uint64)}},
	{"ecotone", &rollup.Config{BlockTime: 2, RegolithTime: new(uint64), EcotoneTime: new(uint64)}},
	{"isthmus", &rollup.Config{BlockTime: 2, RegolithTime: new(uint64), EcotoneTime: new(uint64), IsthmusTime: new(uint64)}},
	{"jovian", &rollup.Config{BlockTime: 2, RegolithTime: new(uint64), EcotoneTime: new(uint64), IsthmusTime: new(uint64), JovianTime: new(uint64)}},
}

// readL1Info asks op-node with the configuration of each fork in turn.
func readL1Info(raw []byte) *l1InfoDecoded {
	transaction := new(types.Transaction)
	if transaction.UnmarshalBinary(raw) != nil || transaction.Type() != types.DepositTxType {
		return nil
	}
	for _, fork := range l1Forks {
		if info, err := derive.L1BlockInfoFromBytes(fork.config, blockTime, transaction.Data()); err == nil {
			return &l1InfoDecoded{info.Number, info.Time, info.BlockHash.Hex(), info.SequenceNumber}
		}
	}
	return nil
}

// deposited wraps call data as the first transaction of a block does.
func deposited(data []byte) []byte {
	raw, err := types.NewTx(&types.DepositTx{
		SourceHash: common.Hash(reproducible("L1 info source")),
		From:       derive.L1InfoDepositerAddress,
		To:         &derive.L1BlockAddress,
		Value:      new(big.Int),
		Gas:        1_000_000,
		Data:       data,
	}).MarshalBinary()
	if err != nil {
		panic(err)
	}
	return raw
}

func l1Info() File {
	var cases []l1InfoCase
	add := func(name, comment string, raw []byte, good bool) {
		info := readL1Info(raw)
		if (info != nil) != good {
			panic(fmt.Sprintf("%s: op-node contradicts the case: correct the case", name))
		}
		cases = append(cases, l1InfoCase{label{name, comment}, hex(raw), info})
	}
	origin := &types.Header{
		Difficulty: new(big.Int), Number: big.NewInt(23_456_789), Time: blockTime - 40, BaseFee: big.NewInt(987_654_321),
		ExcessBlobGas: new(uint64),
	}
	system := eth.SystemConfig{
		BatcherAddr: common.Address(reproducible("batcher")[:20]),
		Scalar:      eth.EncodeScalar(eth.EcotoneScalars{BaseFeeScalar: 5227, BlobBaseFeeScalar: 1_014_213}),
	}
	for _, fork := range l1Forks {
		raw, err := derive.L1InfoDepositBytes(fork.config, params.MainnetChainConfig, system, 5, eth.HeaderBlockInfo(origin), blockTime)
		if err != nil {
			panic(err)
		}
		add(fork.name, "The deposit as op-node makes it.", raw, true)
		transaction := new(types.Transaction)
		if err := transaction.UnmarshalBinary(raw); err != nil {
			panic(err)
		}
		data := transaction.Data()
		add(fork.name+"_short", "A byte is missing at the end.", deposited(data[:len(data)-1]), false)
		add(fork.name+"_long", "A byte too many.", deposited(append(data[:len(data):len(data)], 0)), false)
		add(fork.name+"_other_selector", "A bit of the selector is flipped.", deposited(flip(data, 3, 0x01)), false)
		batcher := 4 + 128
		if fork.name == "bedrock" {
			batcher = 4 + 160
		}
		add(fork.name+"_batcher_padding", "The batcher's address is not padded with zeroes.", deposited(flip(data, batcher+11, 0x80)), false)
		add(fork.name+"_batcher_padding_first", "The first byte of the padding is not zero.", deposited(flip(data, batcher, 0x80)), false)
		add(fork.name+"_batcher_bit", "A bit of the batcher's address: no padding.", deposited(flip(data, batcher+12, 0x80)), true)
		for at := 4; at+32 <= len(data); at += 32 {
			_, wide := map[int]bool{4: true, 36: true, 132: true}[at]
			add(fmt.Sprintf("%s_word_%d", fork.name, (at-4)/32), "The first bit of a word is flipped: a number of more than 64 bits in Bedrock's numbers, another value elsewhere.",
				deposited(flip(data, at, 0x80)), !(at == batcher || fork.name == "bedrock" && wide))
		}
	}
	add("empty_call_data", "A deposit without call data.", deposited(nil), false)
	add("selector_only", "A deposit with Bedrock's selector and nothing else.", deposited(derive.L1InfoFuncBedrockBytes4), false)
	legacy, err := types.NewTx(&types.LegacyTx{V: big.NewInt(27), R: big.NewInt(1), S: big.NewInt(1), GasPrice: new(big.Int), Value: new(big.Int)}).MarshalBinary()
	if err != nil {
		panic(err)
	}
	add("no_deposit", "A legacy transaction.", legacy, false)
	add("no_transaction", "No transaction at all.", []byte{0x7e}, false)
	return newFile("l1_info.json",
		"First transactions of blocks, and what op-node reads from them about the L1 origin; null if it reads nothing. "+
			"op-node takes the layout of the fork that its configuration names; here each fork was asked in turn.",
		"derive.L1InfoDepositBytes and derive.L1BlockInfoFromBytes of "+opNode+".", cases)
}
