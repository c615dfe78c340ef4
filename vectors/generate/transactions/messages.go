package transactions

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/json"
	"fmt"

	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"

	"github.com/opsign/opsign/vectors/generate/blocks"
	"github.com/opsign/opsign/vectors/generate/cases"
)

type messageCase struct {
	label
	Kind string `json:"kind"`
	*personal
	TypedData       json.RawMessage `json:"typed_data,omitempty"`
	Accepts         bool            `json:"accepts"`
	GoEthereumError string          `json:"go_ethereum_error,omitempty"`
	*structHashes
	*messageSignature
}

// personal is what only messages of EIP-191 have.
type personal struct {
	Message       string `json:"message"`
	MessageRepeat int    `json:"message_repeat"`
}

// structHashes are what only typed data have.
type structHashes struct {
	EncodedType     string `json:"encoded_type"`
	DomainSeparator string `json:"domain_separator"`
	StructHash      string `json:"struct_hash"`
}

type messageSignature struct {
	Hash             string `json:"hash"`
	SecretKey        string `json:"secret_key"`
	Signature        string `json:"signature"`
	SignatureYParity string `json:"signature_y_parity"`
	Address          string `json:"address"`
}

// signHash signs as op-geth's personal_sign and eth_signTypedData do: they add
// 27 to the y parity.
func signHash(hash []byte, key *ecdsa.PrivateKey) *messageSignature {
	signature := must(crypto.Sign(hash, key))
	older := bytes.Clone(signature)
	older[64] += 27
	return &messageSignature{
		Hash: hex(hash), SecretKey: hex(crypto.FromECDSA(key)),
		Signature: hex(older), SignatureYParity: hex(signature),
		Address: crypto.PubkeyToAddress(key.PublicKey).Hex(),
	}
}

// messageSet collects the cases of messages.json.
type messageSet struct {
	list []messageCase
	seen map[string]bool
}

func (s *messageSet) add(name, comment string, c messageCase) {
	if s.seen[name] {
		panic(fmt.Sprintf("two cases are named %q: rename one", name))
	}
	s.seen[name] = true
	c.label = label{name, comment}
	s.list = append(s.list, c)
}

// personal adds a message of EIP-191: the bytes, repeated.
func (s *messageSet) personal(name, comment string, message []byte, repeat int, key *ecdsa.PrivateKey) {
	s.add("personal_"+name, comment, messageCase{
		Kind: "personal", Accepts: true,
		personal:         &personal{hex(message), repeat},
		messageSignature: signHash(accounts.TextHash(bytes.Repeat(message, repeat)), key),
	})
}

// typed adds typed data that op-geth hashes.
func (s *messageSet) typed(name, comment, text string) {
	s.typedBy(blocks.TestKey("messages"), name, comment, text)
}

func (s *messageSet) typedBy(key *ecdsa.PrivateKey, name, comment, text string) {
	c := judgeTypedData(text, key)
	if !c.Accepts {
		panic(fmt.Sprintf("%s: op-geth does not take it: %s", name, c.GoEthereumError))
	}
	s.add("typed_"+name, comment, c)
}

// refused adds typed data that op-geth does not hash.
func (s *messageSet) refused(name, comment, text string) {
	c := judgeTypedData(text, blocks.TestKey("messages"))
	if c.Accepts {
		panic(fmt.Sprintf("%s: op-geth takes it: correct the case", name))
	}
	s.add("typed_"+name, comment, c)
}

// judgeTypedData asks op-geth about the JSON of typed data.
func judgeTypedData(text string, key *ecdsa.PrivateKey) (c messageCase) {
	if !json.Valid([]byte(text)) {
		panic("this is no JSON: " + text)
	}
	c = messageCase{Kind: "typed_data", TypedData: json.RawMessage(text)}
	defer func() {
		if problem := recover(); problem != nil {
			c.GoEthereumError = fmt.Sprintf("panic: %v", problem)
		}
	}()
	var data apitypes.TypedData
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		c.GoEthereumError = err.Error()
		return c
	}
	hash, raw, err := apitypes.TypedDataAndHash(data)
	if err != nil {
		c.GoEthereumError = err.Error()
		return c
	}
	c.Accepts = true
	c.structHashes = &structHashes{
		EncodedType:     string(data.EncodeType(data.PrimaryType)),
		DomainSeparator: hex([]byte(raw[2:34])),
		StructHash:      hex([]byte(raw[34:66])),
	}
	c.messageSignature = signHash(hash, key)
	return c
}

func messages() cases.File {
	s := &messageSet{seen: map[string]bool{}}
	s.texts()
	s.typedData()
	s.typedDataOdd()
	s.typedDataRefused()
	return newFile("messages.json",
		"Messages that accounts sign. \"personal\" is version 0x45 of EIP-191: the message is the bytes of \"message\", repeated \"message_repeat\" times; "+
			"hash = keccak256(0x19 || \"Ethereum Signed Message:\" || 0x0a || length in decimal digits || message). "+
			"\"typed_data\" is EIP-712: the JSON as a wallet gets it, which has numbers that a double does not hold; "+
			"hash = keccak256(0x1901 || domain_separator || struct_hash), encoded_type is the primary type's encodeType. "+
			"\"accepts\" says whether op-geth makes a hash, go_ethereum_error why not (\"panic: \" before the text of a panic). "+
			"signature = r || s || 27 + y parity, as personal_sign gives it; signature_y_parity ends with the y parity itself.",
		"TextHash and apitypes.TypedDataAndHash of "+opGeth+"; signatures by its crypto.Sign with cgo (libsecp256k1), 27 added as its personal_sign does. "+
			"Texts that begin with \"json: \" are of Go's encoding/json. The first two typed messages are the example of EIP-712 and the one with arrays of MetaMask's eth-sig-util.",
		s.list)
}

func (s *messageSet) texts() {
	key, other := blocks.TestKey("messages"), blocks.TestKey("other messages")
	s.personal("empty", "No bytes: the length is 0.", nil, 1, key)
	s.personal("hello_world", "ASCII; web3.js gives this hash in its manual.", []byte("Hello World"), 1, key)
	s.personal("other_key", "The same text, another key.", []byte("Hello World"), 1, other)
	s.personal("utf8", "UTF-8 of two, three and four bytes: the length is that in bytes.", []byte("Grüße, 世界 🌍"), 1, key)
	s.personal("newlines", "Line ends are bytes like others.", []byte("one\ntwo\r\nthree\n"), 1, key)
	s.personal("zero_byte", "A zero byte ends nothing.", []byte{0}, 1, key)
	s.personal("not_utf8", "Bytes that are no UTF-8.", []byte{0xff, 0xfe, 0x80, 0xc0}, 1, key)
	s.personal("32_bytes", "32 bytes, such as a hash, are a message like others: they are hashed again.", reproducible("message"), 1, key)
	s.personal("hex_text", "Hex digits as text stay text.", []byte("0x68656c6c6f"), 1, key)
	for _, n := range []int{9, 10, 99, 100, 999, 1000} {
		s.personal(fmt.Sprintf("%d_bytes", n), "The length takes one decimal digit more from 10, 100 and 1000 on.", []byte("a"), n, key)
	}
	for _, n := range []int{106, 107, 108} {
		s.personal(fmt.Sprintf("%d_bytes", n), fmt.Sprintf("%d bytes are hashed; Keccak's block has 136.", n+29), []byte{0xa5}, n, key)
	}
	s.personal("100_kib", "A long message.", reproducible("100 KiB"), 100<<10/32, key)
	s.personal("own_prefix", "A message that begins as if it had the prefix already: it gets another one.", []byte("\x19Ethereum Signed Message:\n5hello"), 1, key)
	s.personal("typed_prefix", "A message that looks like typed data.", append([]byte{0x19, 1}, patterned("typed", 64)...), 1, key)
	s.personal("transaction", "A message that is an unsigned transaction.", encode(legacy, ordinary(legacy).items()), 1, key)
	for _, half := range []struct {
		name, comment string
		at            int
	}{
		{"r_leading_zero", "r has a leading zero byte, which must not be dropped.", 0},
		{"s_leading_zero", "s has a leading zero byte, which must not be dropped.", 32},
	} {
		for i := 0; ; i++ {
			message := fmt.Appendf(nil, "%s %d", half.name, i)
			if must(crypto.Sign(accounts.TextHash(message), key))[half.at] == 0 {
				s.personal(half.name, half.comment, message, 1, key)
				break
			}
		}
	}
}
