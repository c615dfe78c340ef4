//go:build cgo

package opsign_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opsign/opsign/bindings-go"
)

// anyCase is a case with all its fields, of which numbers keep their digits.
type anyCase map[string]any

func (c *anyCase) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode((*map[string]any)(c))
}

func (c anyCase) name() string { return c["name"].(string) }

// text is a field that may be null.
func (c anyCase) text(key string) *string {
	if value, ok := c[key].(string); ok {
		return &value
	}
	return nil
}

func (c anyCase) bytes(t *testing.T, key string) []byte {
	t.Helper()
	decoded, err := hex.DecodeString(strings.TrimPrefix(c[key].(string), "0x"))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// compare looks for each field of ours in the case.
func (c anyCase) compare(t *testing.T, ours map[string]any) {
	t.Helper()
	text, err := json.Marshal(ours)
	if err != nil {
		t.Fatal(err)
	}
	var plain anyCase
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	for key, value := range plain {
		want, found := c[key]
		if !found && value == nil {
			continue // fields of deposits are left out elsewhere
		}
		if !reflect.DeepEqual(value, want) {
			t.Errorf("%s: %s: want %v, got %v", c.name(), key, want, value)
		}
	}
}

func hexText(bytes []byte) string { return "0x" + hex.EncodeToString(bytes) }

func decimal(number *big.Int) any {
	if number == nil {
		return nil
	}
	return number.String()
}

func word(number *big.Int) any {
	if number == nil {
		return nil
	}
	return hexText(number.FillBytes(make([]byte, 32)))
}

func hashTexts(hashes []opsign.Hash) []string {
	texts := []string{}
	for _, hash := range hashes {
		texts = append(texts, hexText(hash[:]))
	}
	return texts
}

// inWordsOfTheFile is a transaction with the names and types of transactions.json.
func inWordsOfTheFile(t *testing.T, tx *opsign.Transaction) map[string]any {
	inputHash, err := opsign.HashPayload(tx.Input) // keccak256
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{
		"type": tx.Type, "gas": strconv.FormatUint(tx.Gas, 10), "gas_price": decimal(tx.GasPrice),
		"max_fee_per_gas": decimal(tx.MaxFeePerGas), "max_priority_fee_per_gas": decimal(tx.MaxPriorityFeePerGas),
		"max_fee_per_blob_gas": decimal(tx.MaxFeePerBlobGas), "to": tx.To, "value": decimal(tx.Value),
		"input_hash": hexText(inputHash[:]), "input_length": len(tx.Input),
		"v": decimal(tx.V), "r": word(tx.R), "s": word(tx.S), "nonce": strconv.FormatUint(tx.Nonce, 10),
		"chain_id": nil, "access_list": nil, "blob_versioned_hashes": nil, "authorizations": nil,
		"source_hash": nil, "mint": nil, "is_system": nil, "sidecar": nil,
	}
	if tx.ChainID != nil {
		fields["chain_id"] = tx.ChainID.String()
	}
	if tx.Type != opsign.LegacyTransaction && tx.Type != opsign.DepositTransaction {
		list := []any{}
		for _, item := range tx.AccessList {
			list = append(list, map[string]any{"address": item.Address, "storage_keys": hashTexts(item.StorageKeys)})
		}
		fields["access_list"] = list
	}
	if tx.Type == opsign.BlobTransaction {
		fields["blob_versioned_hashes"] = hashTexts(tx.BlobVersionedHashes)
	}
	if tx.Type == opsign.SetCodeTransaction {
		list := []any{}
		for _, a := range tx.Authorizations {
			var authority any
			if address, err := opsign.AuthorizationSigner(a.Authorization, a.Signature[:]); err == nil {
				authority = address
			}
			list = append(list, map[string]any{
				"chain_id": a.ChainID.String(), "address": a.Address, "nonce": strconv.FormatUint(a.Nonce, 10),
				"r": hexText(a.Signature[:32]), "s": hexText(a.Signature[32:64]), "y_parity": a.Signature[64],
				"authority": authority,
			})
		}
		fields["authorizations"] = list
	}
	if tx.Sidecar != nil {
		fields["sidecar"] = map[string]any{"version": tx.Sidecar.Version, "blobs": tx.Sidecar.Blobs,
			"commitments": tx.Sidecar.Commitments, "proofs": tx.Sidecar.Proofs}
	}
	if tx.Deposit != nil {
		fields["source_hash"] = hexText(tx.Deposit.SourceHash[:])
		fields["mint"] = decimal(tx.Deposit.Mint)
		fields["is_system"] = tx.Deposit.IsSystem
		fields["sender"] = tx.Deposit.From
		fields["nonce"] = nil
	}
	return fields
}

func TestDecodeTransactionVectors(t *testing.T) {
	raws := readVectors[struct {
		RawParts []part `json:"raw_parts"`
	}](t, "transactions.json")
	decoded, refused, kinds := 0, 0, map[uint8]int{}
	for i, c := range readVectors[anyCase](t, "transactions.json") {
		raw := join(raws[i].RawParts)
		tx, err := opsign.DecodeTransaction(raw)
		if c["accepts"] != true || isLong(c) {
			if err == nil || tx != nil || errors.Is(err, opsign.ErrInternal) {
				t.Errorf("%s: %+v, %v", c.name(), tx, err)
			}
			refused++
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name(), err)
			continue
		}
		c.compare(t, inWordsOfTheFile(t, tx))
		hash, err := opsign.TransactionSigningHash(raw)
		if tx.Deposit != nil {
			if !errors.Is(err, opsign.ErrDepositNotSignable) {
				t.Errorf("%s: the signing hash of a deposit: %v", c.name(), err)
			}
		} else if want := c.text("signing_hash"); err != nil || want != nil && hexText(hash[:]) != *want {
			t.Errorf("%s: signing hash %x, %v", c.name(), hash, err)
		}
		decoded++
		kinds[tx.Type]++
	}
	if decoded != 283 || refused != 460 || len(kinds) != 6 {
		t.Errorf("%d decoded, %d refused, of types %v", decoded, refused, kinds)
	}
	t.Logf("%d transactions decoded, %d refused", decoded, refused)
}

// isLong says whether op-geth reads what opsign does not: numbers of more than
// 256 bits, and its own type 0x7d.
func isLong(c anyCase) bool {
	keys := []string{"value", "gas_price", "max_fee_per_gas", "max_priority_fee_per_gas", "mint", "v", "chain_id", "r", "s"}
	return c["type"] == json.Number("125") || slices.ContainsFunc(keys, func(key string) bool {
		text := c.text(key)
		if text == nil {
			return false
		}
		number, ok := new(big.Int).SetString(*text, 0)
		return ok && number.BitLen() > 256
	})
}

func TestAuthorizationVectors(t *testing.T) {
	ran, signed := 0, 0
	for _, c := range readVectors[anyCase](t, "authorizations.json") {
		chainID, err := opsign.ParseChainID(c["chain_id"].(string))
		if err != nil {
			t.Fatal(err)
		}
		address, err := opsign.ParseAddress(c["address"].(string))
		if err != nil {
			t.Fatal(err)
		}
		nonce, err := strconv.ParseUint(c["nonce"].(string), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		authorization := opsign.Authorization{ChainID: chainID, Address: address, Nonce: nonce}
		hash, err := opsign.AuthorizationHash(authorization)
		if err != nil || hexText(hash[:]) != c["signing_hash"] {
			t.Errorf("%s: want hash %s, got %x, %v", c.name(), c["signing_hash"], hash, err)
		}
		parity, err := c["y_parity"].(json.Number).Int64()
		if err != nil {
			t.Fatal(err)
		}
		signature := append(append(c.bytes(t, "r"), c.bytes(t, "s")...), byte(parity))
		authority, err := opsign.AuthorizationSigner(authorization, signature)
		if want := c.text("authority"); want == nil && err == nil || want != nil && (err != nil || authority.String() != *want) {
			t.Errorf("%s: want authority %v, got %s, %v", c.name(), c["authority"], authority, err)
		}
		ran++
		if c.text("secret_key") == nil {
			continue
		}
		key, err := opsign.NewSecretKey(c.bytes(t, "secret_key"))
		if err != nil {
			t.Fatal(err)
		}
		made, err := key.SignAuthorization(authorization)
		if err != nil || !bytes.Equal(made[:], signature) {
			t.Errorf("%s: signed %x, %v", c.name(), made, err)
		}
		_ = key.Close()
		if _, err := key.SignAuthorization(authorization); !errors.Is(err, opsign.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		signed++
	}
	if ran != 53 || signed < 20 {
		t.Errorf("%d cases, %d signed", ran, signed)
	}
	if _, err := opsign.AuthorizationSigner(opsign.Authorization{}, make([]byte, 64)); !errors.Is(err, opsign.ErrTooShort) {
		t.Errorf("64 bytes: %v", err)
	}
	t.Logf("%d authorizations, %d signed", ran, signed)
}

func topicOf(c anyCase) opsign.Topic { return opsign.Topic(c["topic"].(string)[1] - '0') }

func TestDecodeGossipVectors(t *testing.T) {
	ran, blocks := 0, 0
	for _, c := range readVectors[anyCase](t, "gossip.json") {
		ran++
		block, err := opsign.DecodeGossip(topicOf(c), c.bytes(t, "message"))
		decoded, _ := c["decoded"].(map[string]any)
		if decoded == nil || decoded["block_hash"] == nil {
			if err == nil || errors.Is(err, opsign.ErrInternal) || block != nil {
				t.Errorf("%s: %+v, %v", c.name(), block, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name(), err)
			continue
		}
		blocks++
		payloadHash, err := opsign.HashPayload(block.Payload)
		if err != nil {
			t.Fatal(err)
		}
		ours := map[string]any{
			"payload_hash": hexText(payloadHash[:]), "signature": hexText(block.Signature[:]),
			"parent_hash": hexText(block.ParentHash[:]), "block_hash": hexText(block.BlockHash[:]),
			"block_number": block.Number, "timestamp": block.Timestamp, "parent_beacon_block_root": nil,
		}
		if block.ParentBeaconBlockRoot != nil {
			ours["parent_beacon_block_root"] = hexText(block.ParentBeaconBlockRoot[:])
		}
		decoded["name"] = c["name"]
		anyCase(decoded).compare(t, ours)
		if c["op_node"] == "accept" && (block.ComputedBlockHash != block.BlockHash || block.L1Info == nil) {
			t.Errorf("%s: computed %x, L1 %+v", c.name(), block.ComputedBlockHash, block.L1Info)
		}
	}
	if ran != 41 || blocks != 32 {
		t.Errorf("%d messages, %d blocks", ran, blocks)
	}
	t.Logf("%d messages, %d of them blocks", ran, blocks)
}

// A message that a rule of form refuses does not decode, for that reason; one
// that a later rule refuses does.
func TestDecodeGossipRuleVectors(t *testing.T) {
	type vector struct {
		Name, Topic, Rule string
		Message           hexBytes
		Repeat            *struct {
			Unit, Tail hexBytes
			Times      int
		} `json:"message_repeat"`
	}
	ran, form := 0, 0
	for _, c := range readVectors[vector](t, "gossip_rules.json") {
		message := c.Message
		if c.Repeat != nil {
			message = append(append(message, bytes.Repeat(c.Repeat.Unit, c.Repeat.Times)...), c.Repeat.Tail...)
		}
		block, err := opsign.DecodeGossip(opsign.Topic(c.Topic[1]-'0'), message)
		ran++
		isForm := slices.ContainsFunc([]string{"ssz_", "snappy_", "message_"}, func(kind string) bool {
			return strings.HasPrefix(c.Rule, kind)
		})
		if isForm {
			form++
			var code opsign.ErrorCode
			if !sameError(err, c.Rule) || !errors.As(err, &code) || opsign.Reason(code).String() != c.Rule {
				t.Errorf("%s: want %s, got %v", c.Name, c.Rule, err)
			}
			continue
		}
		if strings.HasPrefix(c.Rule, "signature_") || c.Rule == "no_signer" {
			continue // judged before the form, which may be bad as well
		}
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if right := block.ComputedBlockHash == block.BlockHash; right == (c.Rule == "block_hash_mismatch") &&
			!strings.HasPrefix(c.Rule, "timestamp_") {
			t.Errorf("%s: the block hash is right: %v", c.Name, right)
		}
	}
	if ran != 140 || form < 40 {
		t.Errorf("%d cases, %d of form", ran, form)
	}
	if _, err := opsign.DecodeGossip(0, nil); err == nil {
		t.Error("topic 0 decodes")
	}
	t.Logf("%d cases, %d of them refused for their form", ran, form)
}

func TestL1InfoVectors(t *testing.T) {
	ran, found := 0, 0
	for _, c := range readVectors[anyCase](t, "l1_info.json") {
		info, err := opsign.L1InfoFromTransaction(c.bytes(t, "transaction"))
		ran++
		want, _ := c["l1_info"].(map[string]any)
		if want == nil {
			if err == nil || info != nil {
				t.Errorf("%s: %+v, %v", c.name(), info, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name(), err)
			continue
		}
		found++
		want["name"] = c["name"]
		anyCase(want).compare(t, map[string]any{"number": info.Number, "timestamp": info.Timestamp,
			"sequence_number": info.SequenceNumber, "hash": hexText(info.Hash[:])})
	}
	if ran != 55 || found < 5 {
		t.Errorf("%d cases, %d with an origin", ran, found)
	}
	t.Logf("%d cases, %d with an origin", ran, found)
}
