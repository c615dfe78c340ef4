package cases

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/golang/snappy"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

type gossipCase struct {
	label
	Topic          string         `json:"topic"`
	ChainID        string         `json:"chain_id"`
	Address        string         `json:"address"`
	Now            uint64         `json:"now"`
	Message        string         `json:"message"`
	OpNode         blocks.Verdict `json:"op_node"`
	OpNodeReason   string         `json:"op_node_reason"`
	SignatureCheck string         `json:"signature_check"`
	Decoded        *gossipDecoded `json:"decoded"`
}

// gossipDecoded holds what a message says. The fields of the block are nil when
// op-node cannot decode the block; the signer is nil when none can be recovered.
type gossipDecoded struct {
	PayloadHash           string  `json:"payload_hash"`
	SigningHash           string  `json:"signing_hash"`
	ParentBeaconBlockRoot *string `json:"parent_beacon_block_root"`
	ParentHash            *string `json:"parent_hash"`
	BlockHash             *string `json:"block_hash"`
	BlockNumber           *uint64 `json:"block_number"`
	Timestamp             *uint64 `json:"timestamp"`
	Signature             string  `json:"signature"`
	Signer                *string `json:"signer"`
}

const valid = "valid"

// gossipInput is what a case of gossip.json starts from.
type gossipInput struct {
	name, comment string
	topic         blocks.Topic
	chainID       *big.Int
	signer        common.Address
	now           uint64
	message       []byte
	check         string         // what opsign is to say about the signature
	verdict       blocks.Verdict // what op-node is to say
}

func (in gossipInput) judge() gossipCase {
	judgement := blocks.NewValidator(in.topic, in.chainID, in.signer, blocks.ClockAt(in.now)).Judge(in.message)
	if judgement.Verdict == blocks.Accept && in.check != valid {
		panic(fmt.Sprintf("%s: op-node accepts what the case calls %s: correct the case", in.name, in.check))
	}
	if judgement.Verdict != in.verdict {
		panic(fmt.Sprintf("%s: the case expects %s, op-node says %+v: correct the case", in.name, in.verdict, judgement))
	}
	if ruled := in.checkByRules(); ruled != in.check {
		panic(fmt.Sprintf("%s: the case expects %s, the rules say %s: correct the case", in.name, in.check, ruled))
	}
	return gossipCase{
		label:          label{in.name, in.comment},
		Topic:          in.topic.String(),
		ChainID:        in.chainID.String(),
		Address:        in.signer.Hex(),
		Now:            in.now,
		Message:        hex(in.message),
		OpNode:         judgement.Verdict,
		OpNodeReason:   judgement.Reason,
		SignatureCheck: in.check,
		Decoded:        in.decode(),
	}
}

// checkByRules says once more what is wrong with the message or its signature.
func (in gossipInput) checkByRules() string {
	if len(in.message) == 0 {
		return errEmpty
	}
	length, err := snappy.DecodedLen(in.message)
	if err != nil {
		return errSnappy
	}
	if length > blocks.MaxMessageLength {
		return errMessageTooLong
	}
	if length <= blocks.SignatureLength {
		return errTooShort
	}
	signature, encoded, err := blocks.DecodeMessage(in.message)
	if err != nil {
		return errSnappy
	}
	result := consensusRules.check(signingHash(in.chainID, opsigner.PayloadHash(encoded)), signature[:])
	switch {
	case result.Error != "":
		return result.Error
	case result.Address != in.signer.Hex():
		return errWrongSigner
	default:
		return valid
	}
}

func (in gossipInput) decode() *gossipDecoded {
	signature, encoded, err := blocks.DecodeMessage(in.message)
	if err != nil {
		return nil
	}
	payloadHash := opsigner.PayloadHash(encoded)
	hash := signingHash(in.chainID, payloadHash)
	decoded := &gossipDecoded{
		PayloadHash: payloadHash.Hex(),
		SigningHash: hash.Hex(),
		Signature:   hex(signature[:]),
	}
	if signer, err := recoverPlain(hash, signature[:]); err == nil {
		decoded.Signer = ptr(signer.Hex())
	}
	if envelope, err := blocks.Decode(in.topic, encoded); err == nil {
		payload := envelope.ExecutionPayload
		decoded.ParentHash = ptr(payload.ParentHash.Hex())
		decoded.BlockHash = ptr(payload.BlockHash.Hex())
		decoded.BlockNumber = ptr(uint64(payload.BlockNumber))
		decoded.Timestamp = ptr(uint64(payload.Timestamp))
		if envelope.ParentBeaconBlockRoot != nil {
			decoded.ParentBeaconBlockRoot = ptr(envelope.ParentBeaconBlockRoot.Hex())
		}
	}
	return decoded
}

func ptr[T any](value T) *T { return &value }

func signBlock(key *ecdsa.PrivateKey, chainID *big.Int, encoded []byte) eth.Bytes65 {
	signature, err := blocks.Sign(key, chainID, encoded)
	if err != nil {
		panic(err)
	}
	return signature
}

// flip changes one bit of a copy.
func flip(in []byte, at int, mask byte) []byte {
	out := bytes.Clone(in)
	out[at] ^= mask
	return out
}

func gossip() File {
	const now = blockTime + 2
	sequencer, stranger := blocks.TestKey("sequencer"), blocks.TestKey("stranger")
	signer := crypto.PubkeyToAddress(sequencer.PublicKey)
	var cases []gossipCase
	add := func(name, comment string, topic blocks.Topic, chainID *big.Int, message []byte, check string, verdict blocks.Verdict) {
		in := gossipInput{name, comment, topic, chainID, signer, now, message, check, verdict}
		cases = append(cases, in.judge())
	}

	for _, topic := range blocks.Topics {
		for _, chainID := range []*big.Int{opMainnet, devnet} {
			block := smallBlock(topic, chainID, 7000+uint64(topic), 3)
			add(fmt.Sprintf("%s_good_chain_%s", topic, chainID), fmt.Sprintf("A block of %s from its sequencer.", topic.Fork()),
				topic, chainID, blocks.EncodeMessage(signBlock(sequencer, chainID, block.Bytes), block.Bytes), valid, blocks.Accept)
		}
	}
	large := smallBlock(blocks.V4, plus(twoPow64, 10), 1, 1)
	add("v4_good_chain_2_64_plus_10", "The chain id does not fit 64 bits: cut off, it would be 10.", blocks.V4, large.Spec.ChainID,
		blocks.EncodeMessage(signBlock(sequencer, large.Spec.ChainID, large.Bytes), large.Bytes), valid, blocks.Accept)

	// One small block of each topic, spoilt in turn.
	chainID := opMainnet
	block := map[blocks.Topic]*blocks.Block{}
	good := map[blocks.Topic]eth.Bytes65{}
	for _, topic := range blocks.Topics {
		block[topic] = smallBlock(topic, chainID, 8000+uint64(topic), 1)
		good[topic] = signBlock(sequencer, chainID, block[topic].Bytes)
	}
	for _, bit := range []struct {
		topic   blocks.Topic
		comment string
		at      int
		mask    byte
	}{
		{blocks.V1, "The first bit of the payload, in the parent hash, is flipped.", 0, 0x80},
		{blocks.V2, "The last bit of the payload, in a transaction, is flipped.", len(block[blocks.V2].Bytes) - 1, 0x01},
		{blocks.V3, "A bit of the parent beacon block root is flipped.", 31, 0x10},
		{blocks.V4, "A bit of the block number is flipped.", 32 + 404, 0x02},
	} {
		add(fmt.Sprintf("%s_payload_bit_flipped", bit.topic), bit.comment, bit.topic, chainID,
			blocks.EncodeMessage(good[bit.topic], flip(block[bit.topic].Bytes, bit.at, bit.mask)), errWrongSigner, blocks.Reject)
	}
	for _, bit := range []struct {
		topic   blocks.Topic
		comment string
		at      int
		mask    byte
		check   string
	}{
		{blocks.V1, "A bit of r is flipped; the new r is the x coordinate of no point.", 31, 0x04, errNotRecoverable},
		{blocks.V2, "The last bit of s is flipped.", 63, 0x01, errWrongSigner},
		{blocks.V3, "A bit of r is flipped; the new r is the x coordinate of a point.", 31, 0x01, errWrongSigner},
		{blocks.V4, "The y parity is flipped.", 64, 0x01, errWrongSigner},
	} {
		signature := good[bit.topic]
		signature[bit.at] ^= bit.mask
		add(fmt.Sprintf("%s_signature_bit_flipped", bit.topic), bit.comment, bit.topic, chainID,
			blocks.EncodeMessage(signature, block[bit.topic].Bytes), bit.check, blocks.Reject)
	}
	for _, topic := range blocks.Topics {
		encoded := block[topic].Bytes
		add(fmt.Sprintf("%s_other_chain", topic), "Signed for chain 901, sent on chain 10.", topic, chainID,
			blocks.EncodeMessage(signBlock(sequencer, devnet, encoded), encoded), errWrongSigner, blocks.Reject)
		signature := good[topic]
		signature[64] += 27
		add(fmt.Sprintf("%s_y_parity_plus_27", topic), "The y parity in the older form, 27 or 28.", topic, chainID,
			blocks.EncodeMessage(signature, encoded), errYParity, blocks.Reject)
	}
	for _, topic := range []blocks.Topic{blocks.V1, blocks.V4} {
		encoded := block[topic].Bytes
		add(fmt.Sprintf("%s_wrong_key", topic), "Signed with a key that is not the sequencer's.", topic, chainID,
			blocks.EncodeMessage(signBlock(stranger, chainID, encoded), encoded), errWrongSigner, blocks.Reject)
	}

	encoded, signature := block[blocks.V4].Bytes, good[blocks.V4]
	noR := signature
	clear(noR[:32])
	add("v4_r_zero", "r = 0.", blocks.V4, chainID, blocks.EncodeMessage(noR, encoded), errRZero, blocks.Reject)
	highS := new(big.Int).Sub(order, new(big.Int).SetBytes(signature[32:64]))
	twin := eth.Bytes65(join(new(big.Int).SetBytes(signature[:32]), highS, 1-signature[64]))
	add("v4_high_s", "The twin signature with a high s: op-node accepts it, so a verifier of gossip has to.", blocks.V4, chainID,
		blocks.EncodeMessage(twin, encoded), valid, blocks.Accept)

	message := blocks.EncodeMessage(signature, encoded)
	header := func(length uint64, rest []byte) []byte {
		return append(binary.AppendUvarint(nil, length), rest...)
	}
	add("v4_snappy_truncated", "The compressed bytes end early.", blocks.V4, chainID, message[:len(message)-10], errSnappy, blocks.Reject)
	add("v4_snappy_4_gib", "The message declares 4 GiB less a byte: refuse it before allocating.", blocks.V4, chainID,
		header(1<<32-1, message[2:]), errMessageTooLong, blocks.Reject)
	add("v4_snappy_10_mib_plus_1", "The message declares one byte more than op-node takes.", blocks.V4, chainID,
		header(blocks.MaxMessageLength+1, message[2:]), errMessageTooLong, blocks.Reject)
	add("v4_snappy_10_mib", "The message declares just what op-node takes, but holds less.", blocks.V4, chainID,
		header(blocks.MaxMessageLength, message[2:]), errSnappy, blocks.Reject)
	add("v4_snappy_2_32", "The declared length does not fit 32 bits, which snappy forbids.", blocks.V4, chainID,
		header(1<<32, message[2:]), errSnappy, blocks.Reject)
	add("v4_signature_only", "65 bytes: a signature of nothing.", blocks.V4, chainID, snappy.Encode(nil, signature[:]), errTooShort, blocks.Reject)
	add("v4_snappy_of_nothing", "The compressed form of no bytes.", blocks.V4, chainID, snappy.Encode(nil, nil), errTooShort, blocks.Reject)
	add("v4_empty", "No bytes at all, not even a declared length.", blocks.V4, chainID, nil, errEmpty, blocks.Reject)

	// The signature is right, op-node has other reasons.
	add("v2_block_of_v3", "A V3 block on topic V2: the signed bytes do not name the topic, so only decoding fails.", blocks.V2, chainID,
		blocks.EncodeMessage(good[blocks.V3], block[blocks.V3].Bytes), valid, blocks.Reject)
	lied := flip(encoded, 32+472, 0x01)
	add("v4_wrong_block_hash", "Well signed, but the block hash in the payload is not the block's.", blocks.V4, chainID,
		blocks.EncodeMessage(signBlock(sequencer, chainID, lied), lied), valid, blocks.Reject)
	cases = append(cases, gossipInput{"v4_too_old", "Well signed, but 61 seconds old.", blocks.V4, chainID,
		signer, blockTime + 61, message, valid, blocks.Reject}.judge())
	cases = append(cases, gossipInput{"v4_no_signer", "The node does not know its chain's signer yet: op-node ignores the message.", blocks.V4, chainID,
		common.Address{}, now, message, errWrongSigner, blocks.Ignore}.judge())

	return newFile("gossip.json",
		"Gossip messages as they arrive from the network, and what op-node decides about each one. "+
			"A message is the snappy block format of signature || X, where X is the SSZ payload (v1, v2) or the parent beacon block root and the SSZ payload (v3, v4). "+
			"\"op_node\" is the verdict of op-node's validator at time \"now\" with \"address\" as the chain's block signer, \"op_node_reason\" the text it logs. "+
			"\"signature_check\" looks at the signature alone, by the consensus rules of recovery.json: op_node never accepts unless it is \"valid\", "+
			"but op_node looks at the block, too. \"decoded\" is null if the message does not decompress.",
		"p2p.BuildBlocksValidator, op-service/eth and op-service/signer of "+opNode+"; github.com/golang/snappy "+SnappyVersion+". The names of errors are given by hand.",
		cases)
}
