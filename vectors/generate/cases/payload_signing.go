package cases

import (
	"bytes"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

type payloadSigningCase struct {
	label
	SecretKey     string `json:"secret_key"`
	Domain        string `json:"domain"`
	ChainID       string `json:"chain_id"`
	Payload       string `json:"payload"`
	PayloadRepeat int    `json:"payload_repeat"`
	PayloadHash   string `json:"payload_hash"`
	SigningHash   string `json:"signing_hash"`
	Signature     string `json:"signature"`
	Address       string `json:"address"`
}

// signingInput is what a case of payload_signing.json starts from.
type signingInput struct {
	name, comment string
	secretKey     *big.Int
	domain        [32]byte
	chainID       *big.Int
	payload       []byte
	repeat        int
}

func (in signingInput) sign() (payloadSigningCase, []byte) {
	key, err := crypto.ToECDSA(bytes32(in.secretKey))
	if err != nil {
		panic(fmt.Sprintf("%s: the secret key is invalid: %v", in.name, err))
	}
	payloadHash := opsigner.PayloadHash(bytes.Repeat(in.payload, in.repeat))
	message := opsigner.BlockSigningMessage{
		Domain:      in.domain,
		ChainID:     eth.ChainIDFromBig(in.chainID),
		PayloadHash: payloadHash,
	}
	hash := message.ToSigningHash()
	signature, err := crypto.Sign(hash[:], key)
	if err != nil {
		panic(fmt.Sprintf("%s: go-ethereum does not sign: %v", in.name, err))
	}
	return payloadSigningCase{
		label:         label{in.name, in.comment},
		SecretKey:     hex(bytes32(in.secretKey)),
		Domain:        hex(in.domain[:]),
		ChainID:       in.chainID.String(),
		Payload:       hex(in.payload),
		PayloadRepeat: in.repeat,
		PayloadHash:   payloadHash.Hex(),
		SigningHash:   hash.Hex(),
		Signature:     hex(signature),
		Address:       crypto.PubkeyToAddress(key.PublicKey).Hex(),
	}, signature
}

func payloadSigning() File {
	keyA, keyB, keyC := reproducibleScalar("key A"), reproducibleScalar("key B"), reproducibleScalar("key C")
	short := reproducible("short payload")
	var zeroDomain [32]byte
	var cases []payloadSigningCase
	parities := map[byte]int{}
	add := func(name, comment string, secretKey *big.Int, domain [32]byte, chainID *big.Int, payload []byte, repeat int) {
		signed, signature := signingInput{name, comment, secretKey, domain, chainID, payload, repeat}.sign()
		cases = append(cases, signed)
		parities[signature[64]]++
	}

	for _, chain := range []struct {
		name, comment string
		id            *big.Int
	}{
		{"chain_id_0", "The smallest chain id. op-node would not run such a chain, the hash is defined all the same.", new(big.Int)},
		{"chain_id_1", "The smallest chain id in use.", big.NewInt(1)},
		{"chain_id_10", "OP Mainnet.", opMainnet},
		{"chain_id_8453", "Base.", big.NewInt(8453)},
		{"chain_id_901", "The usual devnet.", devnet},
		{"chain_id_2_53_plus_1", "The first integer that a JavaScript number cannot hold.", plus(new(big.Int).Lsh(one, 53), 1)},
		{"chain_id_2_64_minus_1", "The largest chain id that fits 64 bits.", minus(twoPow64, 1)},
		{"chain_id_2_64", "The first chain id that does not fit 64 bits.", twoPow64},
		{"chain_id_2_255", "Only the highest bit is set: shows the byte order and sign handling.", new(big.Int).Lsh(one, 255)},
		{"chain_id_2_256_minus_1", "The largest chain id.", maxUint256},
	} {
		add(chain.name, chain.comment, keyA, zeroDomain, chain.id, short, 1)
	}

	add("payload_empty", "Nothing to hash: Keccak's padding alone.", keyB, zeroDomain, opMainnet, nil, 1)
	add("payload_1_byte", "The shortest payload.", keyB, zeroDomain, opMainnet, []byte{0x80}, 1)
	add("payload_135_bytes", "One byte less than Keccak's block: the padding is a single byte.", keyB, zeroDomain, opMainnet, []byte{0xa5}, 135)
	add("payload_136_bytes", "Exactly Keccak's block: the padding fills a block of its own.", keyB, zeroDomain, opMainnet, []byte{0xa5}, 136)
	add("payload_137_bytes", "One byte more than Keccak's block.", keyB, zeroDomain, opMainnet, []byte{0xa5}, 137)
	add("payload_272_bytes", "Exactly two of Keccak's blocks.", keyB, zeroDomain, opMainnet, []byte{0xa5}, 272)
	add("payload_1_mib", "A large block.", keyC, zeroDomain, big.NewInt(8453), reproducible("1 MiB"), 1<<20/32)
	add("payload_largest_gossip", "10 MiB less the signature: the largest payload that a gossip message can carry.",
		keyC, zeroDomain, opMainnet, reproducible("largest")[:5], (blocks.MaxMessageLength-blocks.SignatureLength)/5)

	for _, topic := range blocks.Topics {
		add("block_"+topic.String(), fmt.Sprintf("A block of %s as it is gossiped on topic %s.", topic.Fork(), topic),
			keyA, zeroDomain, opMainnet, smallBlock(topic, opMainnet, 4200+uint64(topic), 5).Bytes, 1)
	}

	add("key_1", "The smallest key: its public key is the generator.", one, zeroDomain, opMainnet, short, 1)
	add("key_n_minus_1", "The largest key: its public key is the negated generator.", minus(order, 1), zeroDomain, opMainnet, short, 1)
	add("key_16_bytes", "The upper half of the key is zero.", new(big.Int).SetBytes(reproducible("half key")[:16]), zeroDomain, devnet, short, 1)

	var ones, highBit, lowBit [32]byte
	copy(ones[:], bytes32(maxUint256))
	highBit[0], lowBit[31] = 0x80, 0x01
	add("domain_ones", "Every bit of the domain is set.", keyA, ones, opMainnet, short, 1)
	add("domain_high_bit", "The first bit of the domain is set: it comes first in the hashed message.", keyA, highBit, opMainnet, short, 1)
	add("domain_low_bit", "The last bit of the domain is set, next to the chain id.", keyA, lowBit, opMainnet, short, 1)
	add("domain_random", "An ordinary domain.", keyB, common.Hash(reproducible("domain")), devnet, short, 1)

	for _, half := range []struct {
		name, comment string
		at            int
	}{
		{"r_leading_zero", "r has a leading zero byte, which must not be dropped.", 0},
		{"s_leading_zero", "s has a leading zero byte, which must not be dropped.", 32},
	} {
		in := signingInput{half.name, half.comment, keyC, zeroDomain, opMainnet, nil, 1}
		for counter := 0; ; counter++ {
			in.payload = fmt.Appendf(nil, "%s %d", half.name, counter)
			if signed, signature := in.sign(); signature[half.at] == 0 {
				cases = append(cases, signed)
				break
			}
		}
	}

	if parities[0] == 0 || parities[1] == 0 || parities[0]+parities[1] != len(cases)-2 {
		panic(fmt.Sprintf("both y parities must occur, and no others: got %v", parities))
	}
	return newFile("payload_signing.json",
		"Block payloads and their signatures. The payload is the bytes of \"payload\", repeated \"payload_repeat\" times. "+
			"payload_hash = keccak256(payload); signing_hash = keccak256(domain || chain_id as 32 bytes, most significant first || payload_hash); "+
			"signature = r || s || y_parity (0 or 1), s in the lower half, nonce by RFC 6979 with SHA-256, so it can be compared byte by byte.",
		"BlockSigningMessage.ToSigningHash and PayloadHash of "+opNode+"; crypto.Sign of "+opGeth+". The blocks are made by package blocks of the generator.",
		cases)
}
