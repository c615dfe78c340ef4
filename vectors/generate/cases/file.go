// Package cases makes the files of vectors/ from op-node, op-geth and their
// libraries alone. No value in them comes from opsign.
//
// Error names are given by hand, since Go's libraries do not have them. Every
// name is checked against the library's success or failure and, for signatures,
// against a second, slow statement of the rules; a contradiction panics.
package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// Versions of what makes the vectors. A test compares them with go.mod.
const (
	OptimismVersion = "v1.19.6"
	OpGethVersion   = "v1.101702.3-rc.7"
	DecredVersion   = "v4.4.0"
	SnappyVersion   = "v1.0.0"
)

// Command makes the files anew, from the repository's root.
const Command = "cd vectors/generate && go run ./cmd/vectors"

const (
	opNode = "op-node " + OptimismVersion + " (github.com/ethereum-optimism/optimism)"
	opGeth = "op-geth " + OpGethVersion + " (github.com/ethereum-optimism/op-geth)"
)

// File is one file of vectors/.
type File struct {
	Name string // with its extension, without a folder
	Data []byte
}

// All makes every file. It panics if a library contradicts a case.
func All() []File {
	return []File{
		payloadSigning(),
		recovery(),
		secretKeys(),
		addresses(),
		gossip(),
		l1Info(),
		envelopes(),
	}
}

// document is the layout that all files share.
type document[C any] struct {
	Description string `json:"description"`
	Source      string `json:"source"`
	Generator   string `json:"generator"`
	Count       int    `json:"count"`
	Cases       []C    `json:"cases"`
}

// label opens every case.
type label struct {
	Name    string `json:"name"`
	Comment string `json:"comment"`
}

func (l label) caseName() string { return l.Name }

func newFile[C interface{ caseName() string }](name, description, source string, cases []C) File {
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.caseName()] {
			panic(fmt.Sprintf("%s has two cases named %q: rename one", name, c.caseName()))
		}
		seen[c.caseName()] = true
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(document[C]{description, source, Command, len(cases), cases})
	if err != nil {
		panic(fmt.Sprintf("writing %s: %v", name, err))
	}
	return File{Name: name, Data: out.Bytes()}
}

// outcome is an address or the name of an error, never both.
type outcome struct {
	Address string `json:"address,omitempty"`
	Error   string `json:"error,omitempty"`
}

// Names of errors, as the files spell them.
const (
	errEmpty             = "empty"
	errTooShort          = "too_short"
	errTooLong           = "too_long"
	errRZero             = "signature_r_zero"
	errRTooLarge         = "signature_r_too_large"
	errSZero             = "signature_s_zero"
	errSTooLarge         = "signature_s_too_large"
	errSHigh             = "signature_s_high"
	errYParity           = "signature_y_parity"
	errNotRecoverable    = "signature_not_recoverable"
	errSecretKeyZero     = "secret_key_zero"
	errSecretKeyTooLarge = "secret_key_too_large"
	errHexDigit          = "hex_digit"
	errHexPrefix         = "hex_prefix"
	errAddressChecksum   = "address_checksum"
	errWrongSigner       = "wrong_signer"
	errSnappy            = "snappy"
	errMessageTooLong    = "message_too_long"
)

// Numbers of the curve secp256k1.
var (
	one        = big.NewInt(1)
	order      = crypto.S256().Params().N
	fieldPrime = crypto.S256().Params().P
	halfOrder  = new(big.Int).Rsh(order, 1)
	maxUint256 = minus(new(big.Int).Lsh(one, 256), 1)
)

func plus(a *big.Int, b int64) *big.Int  { return new(big.Int).Add(a, big.NewInt(b)) }
func minus(a *big.Int, b int64) *big.Int { return new(big.Int).Sub(a, big.NewInt(b)) }

// bytes32 is a number as 32 bytes, most significant first.
func bytes32(number *big.Int) []byte { return number.FillBytes(make([]byte, 32)) }

// chainIDs that files use by name.
var (
	opMainnet = big.NewInt(10)
	devnet    = big.NewInt(901)
	twoPow64  = new(big.Int).Lsh(one, 64)
)

// reproducible gives 32 bytes that look random and depend on the label only.
func reproducible(label string) []byte {
	return crypto.Keccak256([]byte("opsign test vector: " + label))
}

// reproducibleScalar gives a secret key or another number in 1..n-1.
func reproducibleScalar(label string) *big.Int {
	scalar := new(big.Int).SetBytes(reproducible(label))
	if scalar.Sign() == 0 || scalar.Cmp(order) >= 0 {
		panic(fmt.Sprintf("label %q gives no scalar: choose another", label))
	}
	return scalar
}

// signingHash is what op-node signs, with the zero domain.
func signingHash(chainID *big.Int, payloadHash common.Hash) common.Hash {
	message := opsigner.BlockSigningMessage{
		Domain:      opsigner.SigningDomainBlocksV1,
		ChainID:     eth.ChainIDFromBig(chainID),
		PayloadHash: payloadHash,
	}
	return message.ToSigningHash()
}

func hex(b []byte) string { return hexutil.Encode(b) }

// smallBlock builds the block that several cases share.
func smallBlock(topic blocks.Topic, chainID *big.Int, number uint64, transactions int) *blocks.Block {
	block, err := blocks.Build(blocks.Spec{
		Topic: topic, ChainID: chainID, Number: number, Timestamp: blockTime, Transactions: transactions,
	})
	if err != nil {
		panic(err)
	}
	return block
}

// blockTime is the timestamp of every block in the vectors.
const blockTime = 1_760_000_000
