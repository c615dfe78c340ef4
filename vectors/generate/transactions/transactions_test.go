package transactions

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	decred "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
)

// least is the number of cases below which a file has lost some.
var least = map[string]int{
	"transactions.json":   743,
	"authorizations.json": 53,
	"messages.json":       190,
}

func TestCommittedFilesAreTheGeneratedOnes(t *testing.T) {
	files := All()
	if len(files) != len(least) {
		t.Errorf("%d files are generated, %d are expected", len(files), len(least))
	}
	for _, file := range files {
		if committed := readCommitted(t, file.Name); !bytes.Equal(committed, file.Data) {
			t.Errorf("%s is not what the generator makes; run: %s", file.Name, Command)
		}
	}
}

func TestGeneratingTwiceGivesTheSameBytes(t *testing.T) {
	first, second := All(), All()
	for i := range first {
		if !bytes.Equal(first[i].Data, second[i].Data) {
			t.Errorf("%s differs between two runs", first[i].Name)
		}
	}
}

func TestEveryCaseIsNamedAndExplained(t *testing.T) {
	capitalHex := regexp.MustCompile(`"0x[0-9a-f]*[A-F][0-9A-Fa-f]*"`)
	for _, file := range All() {
		var read struct {
			Description, Source, Generator string
			Count                          int
			Cases                          []map[string]any
		}
		if err := json.Unmarshal(file.Data, &read); err != nil {
			t.Fatalf("%s: %v", file.Name, err)
		}
		if read.Count != len(read.Cases) || read.Count < least[file.Name] {
			t.Errorf("%s: %d cases, its count says %d, at least %d are expected", file.Name, len(read.Cases), read.Count, least[file.Name])
		}
		if read.Description == "" || read.Source == "" || read.Generator != Command {
			t.Errorf("%s does not say what it is and whence", file.Name)
		}
		names := map[any]bool{}
		for _, c := range read.Cases {
			if names[c["name"]] || c["comment"] == "" {
				t.Errorf("%s: case %q is not unique or not explained", file.Name, c["name"])
			}
			names[c["name"]] = true
		}
		if file.Name == "messages.json" {
			continue // typed data has hex of its own
		}
		for _, text := range capitalHex.FindAllString(string(file.Data), -1) {
			if len(text) != len(`""`)+42 { // an address
				t.Errorf("%s: %s has capitals", file.Name, text)
			}
		}
	}
}

// committedTransaction is a case as a reader of the file sees it.
type committedTransaction struct {
	Name            string
	RawParts        []part `json:"raw_parts"`
	Accepts         bool
	GoEthereumError string `json:"go_ethereum_error"`
	Type            byte
	Hash            common.Hash
	Canonical       []part
	Unsigned        []part
	SigningHash     *common.Hash `json:"signing_hash"`
	R, S            *hexutil.Bytes
	YParity         *byte          `json:"y_parity"`
	SecretKey       *hexutil.Bytes `json:"secret_key"`
	Recovered       *common.Address
	Sender          *common.Address
	SenderError     *string `json:"sender_error"`
}

func committedTransactions(t *testing.T) []committedTransaction {
	t.Helper()
	var read struct{ Cases []committedTransaction }
	if err := json.Unmarshal(readCommitted(t, "transactions.json"), &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Cases) < least["transactions.json"] {
		t.Fatalf("only %d cases", len(read.Cases))
	}
	return read.Cases
}

func TestAcceptedTransactionsAreWrittenAsTheyWereRead(t *testing.T) {
	accepted := 0
	for _, c := range committedTransactions(t) {
		raw := join(c.RawParts)
		var tx types.Transaction
		err := tx.UnmarshalBinary(raw)
		if c.Accepts != (err == nil) || err != nil && err.Error() != c.GoEthereumError {
			t.Errorf("%s: op-geth says %v, the file says %q", c.Name, err, c.GoEthereumError)
		}
		if err != nil {
			continue
		}
		accepted++
		if again, err := tx.MarshalBinary(); err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%s: op-geth writes %x, %v", c.Name, again, err)
		}
		var canonical types.Transaction
		if err := canonical.UnmarshalBinary(join(c.Canonical)); err != nil || canonical.Hash() != c.Hash || canonical.BlobTxSidecar() != nil {
			t.Errorf("%s: the form without sidecar gives %s, %v", c.Name, canonical.Hash(), err)
		}
		if tx.Hash() != c.Hash || tx.Type() != c.Type {
			t.Errorf("%s: op-geth says type %d, hash %s", c.Name, tx.Type(), tx.Hash())
		}
		if (c.Sender == nil) == (c.SenderError == nil) {
			t.Errorf("%s: either a sender or an error", c.Name)
		}
	}
	if accepted < 200 {
		t.Errorf("only %d cases are accepted", accepted)
	}
}

// op-geth signs and recovers with libsecp256k1 here; this is a second opinion.
func TestAnotherLibrarySignsAndRecoversTheSame(t *testing.T) {
	signed, recovered := 0, 0
	for _, c := range committedTransactions(t) {
		if c.YParity == nil {
			continue
		}
		if hash := common.Hash(keccak(join(c.Unsigned))); hash != *c.SigningHash {
			t.Errorf("%s: the hash of the unsigned bytes is %s", c.Name, hash)
		}
		if len(*c.R) != 32 || len(*c.S) != 32 {
			continue
		}
		signature := slices.Concat([]byte{27 + *c.YParity}, *c.R, *c.S)
		if c.SecretKey != nil {
			signed++
			if again := decred.SignCompact(secp256k1.PrivKeyFromBytes(*c.SecretKey), c.SigningHash[:], false); !bytes.Equal(again, signature) {
				t.Errorf("%s: the key gives %x", c.Name, again)
			}
		}
		public, _, err := decred.RecoverCompact(signature, c.SigningHash[:])
		if (err == nil) != (c.Recovered != nil) {
			t.Errorf("%s: recovery says %v, the file %v", c.Name, err, c.Recovered)
		} else if err == nil {
			recovered++
			if got := common.BytesToAddress(keccak(public.SerializeUncompressed()[1:])[12:]); got != *c.Recovered {
				t.Errorf("%s: recovered %s, the file says %s", c.Name, got, c.Recovered)
			}
		}
	}
	if signed < 180 || recovered < signed {
		t.Errorf("only %d were signed, %d recovered", signed, recovered)
	}
}

// Hashes that are published elsewhere.
func TestPublishedExamples(t *testing.T) {
	var read struct {
		Cases []struct {
			Name, Hash       string
			Signature        string
			DomainSeparator  string `json:"domain_separator"`
			StructHash       string `json:"struct_hash"`
			SignatureYParity string `json:"signature_y_parity"`
		}
	}
	if err := json.Unmarshal(readCommitted(t, "messages.json"), &read); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, c := range read.Cases {
		switch c.Name {
		case "personal_hello_world": // web3.js, eth.accounts.hashMessage
			found++
			if c.Hash != "0xa1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2" {
				t.Errorf("%s: %s", c.Name, c.Hash)
			}
		case "typed_mail": // EIP-712, Example.js
			found++
			if c.Hash != "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2" ||
				c.DomainSeparator != "0xf2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f" ||
				c.StructHash != "0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e" ||
				c.Signature != "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c" {
				t.Errorf("%s: %+v", c.Name, c)
			}
		case "typed_mail_arrays": // MetaMask's eth-sig-util, version 4 of its signing
			found++
			if c.Hash != "0xa85c2e2b118698e88db68a8105b794a8cc7cec074e89ef991cb4f5f533819cc2" ||
				c.StructHash != "0xeb4221181ff3f1a83ea7313993ca9218496e424604ba9492bb4052c03d5c3df8" {
				t.Errorf("%s: %+v", c.Name, c)
			}
		}
	}
	if found != 3 {
		t.Errorf("%d examples were found", found)
	}
}

func TestPartsGiveTheBytesAgain(t *testing.T) {
	noise := append(patterned("a", 32), patterned("b", 32)...)
	for _, b := range [][]byte{
		nil, {0}, make([]byte, 159), make([]byte, 160), make([]byte, 131072), patterned("a", 1000), patterned("a", 1001),
		noise, append(bytes.Clone(noise), make([]byte, 500)...), bytes.Repeat(noise, 40), append(make([]byte, 300), noise...),
	} {
		parts := split(b)
		if again := join(parts); !bytes.Equal(again, b) {
			t.Errorf("%d bytes give %d", len(b), len(again))
		}
		if len(parts) > 3 {
			t.Errorf("%d bytes take %d parts", len(b), len(parts))
		}
		for _, p := range parts {
			if p.Repeat < 1 || len(p.Hex) <= len("0x") {
				t.Errorf("an idle part: %+v", p)
			}
		}
	}
}

func readCommitted(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatalf("%v; run: %s", err, Command)
	}
	return data
}
