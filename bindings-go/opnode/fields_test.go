package opnode_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/golang/snappy"

	"github.com/ethereum-optimism/optimism/op-service/eth"

	"github.com/opsign/opsign/bindings-go"
	"github.com/opsign/opsign/vectors/generate/blocks"
)

// readCases reads the cases of a file, and makes sure that there are as many as it says.
func readCases[Case any](t *testing.T, name string) []Case {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Count int
		Cases []Case
	}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 || len(file.Cases) != file.Count {
		t.Fatalf("%s has %d cases, its count says %d", name, len(file.Cases), file.Count)
	}
	return file.Cases
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	decoded, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// same compares what op-geth reads with what opsign reads, where nil stands for
// what a type does not have.
func same(t *testing.T, what string, theirs, ours *big.Int) {
	t.Helper()
	if ours == nil && theirs != nil && theirs.Sign() == 0 {
		return
	}
	if ours == nil || theirs == nil || theirs.Cmp(ours) != 0 {
		t.Errorf("%s: op-geth reads %v, opsign %v", what, theirs, ours)
	}
}

// op-geth and opsign read the same fields in each transaction that both take.
func TestFieldsOfTransactions(t *testing.T) {
	compared := 0
	for _, c := range readCases[struct {
		Name     string
		RawParts []struct {
			Hex    string
			Repeat int
		} `json:"raw_parts"`
	}](t, "transactions.json") {
		var raw []byte
		for _, part := range c.RawParts {
			raw = append(raw, bytes.Repeat(unhex(t, part.Hex), part.Repeat)...)
		}
		ours, err := opsign.DecodeTransaction(raw)
		if err != nil {
			continue // bindings-go's own test asks whether it should have been read
		}
		theirs := new(types.Transaction)
		if err := theirs.UnmarshalBinary(raw); err != nil {
			t.Errorf("%s: op-geth refuses it: %v", c.Name, err)
			continue
		}
		compareTransaction(t, c.Name, theirs, ours)
		compared++
	}
	if compared != 283 {
		t.Errorf("%d transactions were compared, not 283", compared)
	}
	t.Logf("%d transactions compared with op-geth's", compared)
}

func compareTransaction(t *testing.T, name string, theirs *types.Transaction, ours *opsign.Transaction) {
	t.Helper()
	same(t, name+" value", theirs.Value(), ours.Value)
	switch ours.Type {
	case opsign.LegacyTransaction, opsign.AccessListTransaction:
		same(t, name+" gas price", theirs.GasPrice(), ours.GasPrice)
	case opsign.DepositTransaction:
		if theirs.SourceHash() != common.Hash(ours.Deposit.SourceHash) || theirs.IsSystemTx() != ours.Deposit.IsSystem {
			t.Errorf("%s: deposit %+v", name, ours.Deposit)
		}
		same(t, name+" mint", orZero(theirs.Mint()), ours.Deposit.Mint)
	default:
		same(t, name+" max fee", theirs.GasFeeCap(), ours.MaxFeePerGas)
		same(t, name+" max priority fee", theirs.GasTipCap(), ours.MaxPriorityFeePerGas)
	}
	same(t, name+" max fee per blob gas", orZero(theirs.BlobGasFeeCap()), ours.MaxFeePerBlobGas)
	v, r, s := theirs.RawSignatureValues()
	same(t, name+" v", v, ours.V)
	same(t, name+" r", r, ours.R)
	same(t, name+" s", s, ours.S)
	if theirs.Type() != ours.Type || theirs.Gas() != ours.Gas || !bytes.Equal(theirs.Data(), ours.Input) ||
		ours.Deposit == nil && theirs.Nonce() != ours.Nonce {
		t.Errorf("%s: type %d, nonce %d, gas %d, input %x", name, ours.Type, ours.Nonce, ours.Gas, ours.Input)
	}
	if to := theirs.To(); (to == nil) != (ours.To == nil) || to != nil && *to != common.Address(*ours.To) {
		t.Errorf("%s: to %v, not %v", name, ours.To, to)
	}
	if ours.ChainID != nil && theirs.ChainId().Cmp(new(big.Int).SetBytes(ours.ChainID[:])) != 0 {
		t.Errorf("%s: chain %s, not %s", name, ours.ChainID, theirs.ChainId())
	}
	list := theirs.AccessList()
	if len(list) != len(ours.AccessList) {
		t.Fatalf("%s: %d access list items, not %d", name, len(ours.AccessList), len(list))
	}
	for i, item := range list {
		if item.Address != common.Address(ours.AccessList[i].Address) {
			t.Errorf("%s: access list item %d", name, i)
		}
		compareHashes(t, name, item.StorageKeys, ours.AccessList[i].StorageKeys)
	}
	compareHashes(t, name, theirs.BlobHashes(), ours.BlobVersionedHashes)
	authorizations := theirs.SetCodeAuthorizations()
	if len(authorizations) != len(ours.Authorizations) {
		t.Fatalf("%s: %d authorizations, not %d", name, len(ours.Authorizations), len(authorizations))
	}
	for i, theirs := range authorizations {
		ours := ours.Authorizations[i]
		r, s := theirs.R.Bytes32(), theirs.S.Bytes32()
		if theirs.ChainID.Bytes32() != ours.ChainID || theirs.Address != common.Address(ours.Address) ||
			theirs.Nonce != ours.Nonce || !bytes.Equal(append(append(r[:], s[:]...), theirs.V), ours.Signature[:]) {
			t.Errorf("%s: authorization %d: %+v, not %+v", name, i, ours, theirs)
		}
		authority, err := theirs.Authority()
		signer, ourErr := opsign.AuthorizationSigner(ours.Authorization, ours.Signature[:])
		if (err == nil) != (ourErr == nil) || err == nil && authority != common.Address(signer) {
			t.Errorf("%s: authority %s, %v, not %s, %v", name, signer, ourErr, authority, err)
		}
	}
}

func orZero(number *big.Int) *big.Int {
	if number == nil {
		return new(big.Int)
	}
	return number
}

func compareHashes(t *testing.T, name string, theirs []common.Hash, ours []opsign.Hash) {
	t.Helper()
	if len(theirs) != len(ours) {
		t.Fatalf("%s: %d hashes, not %d", name, len(ours), len(theirs))
	}
	for i := range theirs {
		if theirs[i] != common.Hash(ours[i]) {
			t.Errorf("%s: hash %d is %x, not %x", name, i, ours[i], theirs[i])
		}
	}
}

// op-node and opsign read the same fields in each gossip message that both take,
// and take the same ones.
func TestFieldsOfGossip(t *testing.T) {
	versions := map[string]eth.BlockVersion{"v1": eth.BlockV1, "v2": eth.BlockV2, "v3": eth.BlockV3, "v4": eth.BlockV4}
	compared := 0
	for _, c := range readCases[struct{ Name, Topic, Message string }](t, "gossip.json") {
		message := unhex(t, c.Message)
		ours, ourErr := opsign.DecodeGossip(opsign.Topic(c.Topic[1]-'0'), message)
		// op-node looks at the length before it decompresses.
		if length, err := snappy.DecodedLen(message); err != nil || length > 10<<20 || length < 66 {
			if ourErr == nil {
				t.Errorf("%s: opsign reads it", c.Name)
			}
			continue
		}
		data, err := snappy.Decode(nil, message)
		envelope := new(eth.ExecutionPayloadEnvelope)
		if err == nil {
			body := data[blocks.SignatureLength:]
			if version := versions[c.Topic]; version.HasParentBeaconBlockRoot() {
				err = envelope.UnmarshalSSZ(version, uint32(len(body)), bytes.NewReader(body))
			} else {
				envelope.ExecutionPayload = new(eth.ExecutionPayload)
				err = envelope.ExecutionPayload.UnmarshalSSZ(version, uint32(len(body)), bytes.NewReader(body))
			}
		}
		if (err == nil) != (ourErr == nil) {
			t.Errorf("%s: op-node says %v, opsign %v", c.Name, err, ourErr)
		}
		if err != nil || ourErr != nil {
			continue
		}
		compareBlock(t, c.Name, envelope, ours)
		compared++
	}
	if compared != 32 {
		t.Errorf("%d blocks were compared, not 32", compared)
	}
	t.Logf("%d blocks compared with op-node's", compared)
}

func compareBlock(t *testing.T, name string, envelope *eth.ExecutionPayloadEnvelope, ours *opsign.GossipBlock) {
	t.Helper()
	theirs := envelope.ExecutionPayload
	root := func(hash *common.Hash) any {
		if hash == nil {
			return nil
		}
		return *hash
	}
	ourRoot := func(hash *opsign.Hash) any {
		if hash == nil {
			return nil
		}
		return common.Hash(*hash)
	}
	number := func(number *uint64) any {
		if number == nil {
			return nil
		}
		return *number
	}
	theirNumber := func(n *eth.Uint64Quantity) any { return number((*uint64)(n)) }
	computed, _ := envelope.CheckBlockHash()
	fee, err := theirs.BaseFeePerGas.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for field, values := range map[string][2]any{
		"parent beacon block root": {root(envelope.ParentBeaconBlockRoot), ourRoot(ours.ParentBeaconBlockRoot)},
		"parent hash":              {theirs.ParentHash, common.Hash(ours.ParentHash)},
		"fee recipient":            {theirs.FeeRecipient, common.Address(ours.FeeRecipient)},
		"state root":               {common.Hash(theirs.StateRoot), common.Hash(ours.StateRoot)},
		"receipts root":            {common.Hash(theirs.ReceiptsRoot), common.Hash(ours.ReceiptsRoot)},
		"logs bloom":               {string(theirs.LogsBloom[:]), string(ours.LogsBloom)},
		"prev randao":              {common.Hash(theirs.PrevRandao), common.Hash(ours.PrevRandao)},
		"number":                   {uint64(theirs.BlockNumber), ours.Number},
		"gas limit":                {uint64(theirs.GasLimit), ours.GasLimit},
		"gas used":                 {uint64(theirs.GasUsed), ours.GasUsed},
		"timestamp":                {uint64(theirs.Timestamp), ours.Timestamp},
		"extra data":               {string(theirs.ExtraData), string(ours.ExtraData)},
		"base fee":                 {string(fee), "0x" + ours.BaseFeePerGas.Text(16)},
		"block hash":               {theirs.BlockHash, common.Hash(ours.BlockHash)},
		"computed block hash":      {computed, common.Hash(ours.ComputedBlockHash)},
		"blob gas used":            {theirNumber(theirs.BlobGasUsed), number(ours.BlobGasUsed)},
		"excess blob gas":          {theirNumber(theirs.ExcessBlobGas), number(ours.ExcessBlobGas)},
		"withdrawals root":         {root(theirs.WithdrawalsRoot), ourRoot(ours.WithdrawalsRoot)},
		"transactions":             {len(theirs.Transactions), len(ours.Transactions)},
	} {
		if values[0] != values[1] {
			t.Errorf("%s: %s: op-node reads %v, opsign %v", name, field, values[0], values[1])
		}
	}
	for i := range min(len(theirs.Transactions), len(ours.Transactions)) {
		if !bytes.Equal(theirs.Transactions[i], ours.Transactions[i]) {
			t.Errorf("%s: transaction %d differs", name, i)
		}
	}
}
