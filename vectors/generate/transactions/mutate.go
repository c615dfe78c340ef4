package transactions

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/json"
	"math/rand/v2"
	"regexp"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// TypedDataVerdict is op-geth's answer to some typed data. The hashes are null
// if it has none.
type TypedDataVerdict struct {
	ID              uint64  `json:"id"`
	JSON            string  `json:"json"` // hex, since it may be no UTF-8
	Hash            *string `json:"hash"`
	DomainSeparator *string `json:"domain_separator"`
	StructHash      *string `json:"struct_hash"`
}

// TypedDataMutator changes the typed data of messages.json, token by token, so
// that much of it stays JSON and some of it typed data.
type TypedDataMutator struct {
	random *rand.Rand
	key    *ecdsa.PrivateKey
	seeds  [][]byte
	id     uint64
}

// NewTypedDataMutator makes one; equal seeds give equal typed data.
func NewTypedDataMutator(seed uint64) *TypedDataMutator {
	s := &messageSet{seen: map[string]bool{}}
	s.typedData()
	s.typedDataOdd()
	s.typedDataRefused()
	m := &TypedDataMutator{random: rand.New(rand.NewPCG(seed, 712)), key: blocks.TestKey("messages")}
	for _, c := range s.list {
		var compact bytes.Buffer
		if err := json.Compact(&compact, c.TypedData); err != nil {
			panic(err)
		}
		m.seeds = append(m.seeds, compact.Bytes())
	}
	return m
}

var jsonToken = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|\{\}|\[\]`)

// jsonPieces stand where op-geth or Go's encoding/json have habits of their own.
var jsonPieces = []string{
	`null`, `true`, `0`, `-1`, `1e400`, `1e-400`, `1e18`, `1.5`, `9007199254740993`,
	`-9223372036854775808`, `9223372036854775807`, `""`, `"0x"`, `"0X1f"`, `"0x-1"`, `"+7"`, `"-0"`,
	`"9007199254740993"`, `"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"`, `"\ud800"`, `"\ud83c\udf0d"`,
	`"\u0031"`, "\"\xff\xfe\"", "\"\xe2\x82\"", `"uint8"`, `"uint7"`, `"int8"`, `"bytes0"`, `"bytes"`,
	`"bytes32"`, `"uint256[]"`, `"uint8[2][]"`, `"Person"`, `"Person[]"`, `"Mail"`, `"Mail["`, `"Node[]"`,
	`"uint8[x"`, `"EIP712Domain"`, `"Name"`, `"TYPES"`, `"type` + "ſ" + `"`, `"Message"`, `"message"`,
	`"domain"`, `"primaryType"`, `"types"`, `"chainId"`, `"chainid"`, `{}`, `[]`, `[null]`, `[[]]`,
	`[[1],[2]]`, `{"a":1}`,
}

// Next gives the next typed data with op-geth's verdict.
func (m *TypedDataMutator) Next() TypedDataVerdict {
	text := bytes.Clone(m.seeds[m.random.IntN(len(m.seeds))])
	for range 1 + m.random.IntN(2) {
		text = m.replaceToken(text)
	}
	verdict := TypedDataVerdict{ID: m.id, JSON: hex(text)}
	m.id++
	if !json.Valid(text) {
		return verdict
	}
	if c := judgeTypedData(string(text), m.key); c.Accepts {
		verdict.Hash, verdict.DomainSeparator, verdict.StructHash = &c.Hash, &c.DomainSeparator, &c.StructHash
	}
	return verdict
}

func (m *TypedDataMutator) replaceToken(text []byte) []byte {
	at := m.token(text)
	if at == nil {
		return text
	}
	var piece []byte
	switch m.random.IntN(4) {
	case 0:
		other := m.seeds[m.random.IntN(len(m.seeds))]
		if from := m.token(other); from != nil {
			piece = other[from[0]:from[1]]
		}
	case 1:
		from := m.token(text)
		piece = text[from[0]:from[1]]
	case 2: // Of a key's token it makes two members.
		from := m.token(text)
		piece = bytes.Join([][]byte{text[at[0]:at[1]], []byte(":"), text[from[0]:from[1]], []byte(","), text[at[0]:at[1]]}, nil)
	default:
		piece = []byte(jsonPieces[m.random.IntN(len(jsonPieces))])
	}
	return bytes.Join([][]byte{text[:at[0]], piece, text[at[1]:]}, nil)
}

// token finds a place of a token, nil if there is none.
func (m *TypedDataMutator) token(text []byte) []int {
	places := jsonToken.FindAllIndex(text, -1)
	if len(places) == 0 {
		return nil
	}
	return places[m.random.IntN(len(places))]
}
