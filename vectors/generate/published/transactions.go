package published

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/opsign/opsign/vectors/generate/cases"
)

type transactionCase struct {
	label
	Raw    string  `json:"raw"`
	Valid  bool    `json:"valid"`
	Sender *string `json:"sender"`
	// What op-geth says today, and why it differs from the published verdict.
	Accepts bool    `json:"accepts"`
	Hash    *string `json:"hash"`
	Differs string  `json:"differs,omitempty"`
}

// Why op-geth differs today from what was published when Ethereum began.
const (
	highS   = "high_s: EIP-2 of the Homestead fork refuses it"
	longGas = "long_gas: go-ethereum keeps gas in 64 bits"
	largeS  = "large_s: s is not below the group order, which clients of 2015 let pass"
	noGas   = "not_signature: refused then for what it says, not for how it is written"
)

// transactions reads the tests of ethereum/tests as a package of 2015 has them.
func transactions() cases.File {
	var list []transactionCase
	notBytes := 0
	for _, name := range []string{"ttTransactionTest", "ttWrongRLPTransaction"} {
		path := filepath.Join(repository(), "vectors", "generate", "published", "node_modules", "ethereum-tests", "TransactionTests", name+".json")
		text, err := os.ReadFile(path)
		if err != nil {
			panic(fmt.Sprintf("%v; run: %s", err, Command))
		}
		var tests map[string]struct {
			RLP, Sender string
			Transaction json.RawMessage
		}
		if err := json.Unmarshal(text, &tests); err != nil {
			panic(err)
		}
		var names []string
		for test := range tests {
			if _, err := hexutil.Decode("0x" + strings.TrimPrefix(tests[test].RLP, "0x")); err != nil {
				notBytes++
				continue
			}
			names = append(names, test)
		}
		slices.Sort(names)
		for _, test := range names {
			list = append(list, transaction(name, test, tests[test].RLP, tests[test].Sender, tests[test].Transaction != nil))
		}
	}
	return newFile("published_transactions.json",
		fmt.Sprintf("%d tests whose bytes are no hex are left out. ", notBytes)+"Legacy transactions and whether they were valid when Ethereum began (Frontier), with the sender of each valid one. "+
			"\"accepts\" and \"hash\" are op-geth's reading today; \"differs\" says why it no longer gives a valid one's sender, "+
			"or why it gives one to a transaction that was invalid. All others have the published verdict: a reader finds the sender of a valid one, and none for an invalid one.",
		"ethereum/tests, npm package ethereum-tests "+EthereumTestsVersion+", TransactionTests; hash by op-geth "+cases.OpGethVersion,
		"MIT", list)
}

func transaction(file, name, raw, sender string, valid bool) transactionCase {
	c := transactionCase{
		label: label{file + "_" + name, "A transaction of " + file + ": " + name + "."},
		Raw:   hex(unhex(raw)), Valid: valid,
	}
	if valid {
		text := common.HexToAddress(sender).Hex()
		c.Sender = &text
	}
	var tx types.Transaction
	if err := tx.UnmarshalBinary(unhex(raw)); err != nil {
		if valid {
			if !strings.Contains(err.Error(), "uint64") {
				panic(fmt.Sprintf("%s is valid and op-geth says: %v", name, err))
			}
			c.Differs = longGas
		}
		return c
	}
	c.Accepts = true
	hash := tx.Hash().Hex()
	c.Hash = &hash
	from, err := types.Sender(types.HomesteadSigner{}, &tx)
	switch {
	case valid && err == nil && from.Hex() == *c.Sender:
	case valid && err != nil && !belowOrder(&tx):
		c.Differs = largeS
	case valid && err != nil:
		old, errThen := types.Sender(types.FrontierSigner{}, &tx)
		if errThen != nil || old.Hex() != *c.Sender {
			panic(fmt.Sprintf("%s: Frontier's signer says %s, %v", name, old, errThen))
		}
		c.Differs = highS
	case valid:
		panic(fmt.Sprintf("%s: op-geth says that %s sent it", name, from))
	case err == nil:
		c.Differs = noGas
	}
	return c
}

func belowOrder(tx *types.Transaction) bool {
	_, r, s := tx.RawSignatureValues()
	order := crypto.S256().Params().N
	return r.Cmp(order) < 0 && s.Cmp(order) < 0
}
