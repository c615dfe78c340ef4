package mutate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/vectors/generate/blocks"
	"github.com/opsign/opsign/vectors/generate/cases"
)

// RulesCommand makes gossip_rules.json anew, from the repository's root.
const RulesCommand = "cd vectors/generate && go run ./cmd/mutate --rules ../gossip_rules.json"

type rulesCase struct {
	Name    string `json:"name"`
	Comment string `json:"comment"`
	Situation
}

// RulesFile makes gossip_rules.json: a case for every exit that a message can
// reach, and those beside the limits that are accepted. It panics if op-node
// contradicts a case.
func RulesFile() []byte {
	document := struct {
		Description string      `json:"description"`
		Source      string      `json:"source"`
		Generator   string      `json:"generator"`
		Count       int         `json:"count"`
		Cases       []rulesCase `json:"cases"`
	}{
		Description: "Every way out of op-node's validator of gossiped blocks, as docs/gossip-rules.md describes it: " +
			"\"rule\" is the name it has there, \"verdict\" and \"reason\" are op-node's own. " +
			"The validator is that of \"topic\" and \"chain_id\", with \"address\" and \"previous_address\" as the signers that it takes, Jovian active from \"jovian_time\" or never, and its clock at \"now\". " +
			"\"previous_address\" is what op-node's memory of signers holds before the message: within a sequence it is null once the grace is over. " +
			"Each case has a validator of its own, but cases with the same \"sequence\" are judged by one, in the order of their \"step\". " +
			"With \"message_repeat\", the message is \"message\", then \"unit\" as often as \"times\" says, then \"tail\".",
		Source: "p2p.BuildBlocksValidator and node/runcfg of op-node " + cases.OptimismVersion + " (github.com/ethereum-optimism/optimism); " +
			"op-geth " + cases.OpGethVersion + " (github.com/ethereum-optimism/op-geth). The names of rules are given by hand.",
		Generator: RulesCommand,
	}
	h := new(handpicked)
	h.accepted()
	h.compression()
	h.signatures()
	h.encoding()
	h.times()
	h.hashes()
	h.contents()
	h.memory()
	document.Count, document.Cases = len(h.cases), h.cases

	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		panic(fmt.Sprintf("the cases are always JSON: %v", err))
	}
	return out.Bytes()
}

// handpicked collects the cases.
type handpicked struct {
	cases []rulesCase
	judge *judge // of the sequence that is being written
	name  string
	step  int
}

// add judges a draft by a validator of its own, or by that of the sequence.
func (h *handpicked) add(name, comment string, rule Rule, d *draft) *rulesCase {
	j := h.judge
	if j == nil {
		j = newJudge(d.Node, d.now)
	}
	c := rulesCase{name, comment, d.judgedBy(j).Situation}
	if h.judge != nil {
		sequence, step := h.name, h.step
		c.Sequence, c.Step = &sequence, &step
		h.step++
	}
	if c.Rule != rule {
		panic(fmt.Sprintf("%s: the case expects %s, op-node takes %s (%s): correct the case", name, rule, c.Rule, c.Reason))
	}
	for _, other := range h.cases {
		if other.Name == name {
			panic(fmt.Sprintf("two cases are named %q: rename one", name))
		}
	}
	h.cases = append(h.cases, c)
	return &h.cases[len(h.cases)-1]
}

// addRepeated adds a case whose message is written in short.
func (h *handpicked) addRepeated(name, comment string, rule Rule, d *draft, m repeated) {
	d.message = m.bytes()
	c := h.add(name, comment, rule, d)
	c.Message = hexutil.Encode(m.head)
	c.MessageRepeat = &Repeat{hexutil.Encode(m.unit), m.times, hexutil.Encode(m.tail)}
}

// sequence has the cases that within adds judged by one validator.
func (h *handpicked) sequence(name string, start *draft, within func()) {
	h.name, h.step, h.judge = name, 0, newJudge(start.Node, start.now)
	within()
	h.judge = nil
}

var handpickedChain = big.NewInt(10)

// block is a good draft with the L1 attributes and nothing else.
func block(topic blocks.Topic) *draft {
	built, err := blocks.Build(blocks.Spec{Topic: topic, ChainID: handpickedChain, Number: 9000 + uint64(topic), Timestamp: blockTime})
	if err != nil {
		panic(err)
	}
	return &draft{
		Node:   Node{Topic: topic, ChainID: handpickedChain, Current: addressOf(sequencer)},
		now:    blockTime + 2,
		key:    sequencer,
		signed: built.Bytes,
	}
}

// bare is a good draft without any transactions, which is smaller.
func bare(topic blocks.Topic) *draft {
	return block(topic).edit(func(p *parts) { p.transactions = nil })
}

// edit changes parts of the block, and its hash with them.
func (d *draft) edit(change func(p *parts)) *draft {
	p, ok := split(d.Topic, d.signed)
	if !ok {
		panic("only good blocks are edited")
	}
	change(&p)
	d.signed = rehash(d.Topic, p.join())
	return d
}

// with changes anything about the draft.
func (d *draft) with(change func(d *draft)) *draft {
	change(d)
	return d
}

// offset writes an offset at a place in the payload; the block keeps its hash.
func (d *draft) offset(at, value int) *draft {
	put32(d.signed[prefixLength(d.Topic)+at:], value)
	return d
}

// ofLength cuts the signed bytes, or adds zeros to them.
func (d *draft) ofLength(length int) *draft {
	d.signed = append(d.signed, make([]byte, max(0, length-len(d.signed)))...)[:length]
	return d
}

func (d *draft) payloadLength() int { return len(d.signed) - prefixLength(d.Topic) }

func (h *handpicked) accepted() {
	for _, topic := range blocks.Topics {
		h.add(fmt.Sprintf("%s_good", topic), fmt.Sprintf("A block of %s with its L1 attributes.", topic.Fork()), Accepted, block(topic))
	}
	for _, topic := range blocks.Topics {
		h.add(fmt.Sprintf("%s_no_transactions", topic), "A block without any transactions, not even L1 attributes: nothing asks for them.", Accepted, bare(topic))
	}
	h.add("v4_transactions_not_decoded", "Transactions that are garbage, and one that is no transaction of any type: they are never decoded, and nothing looks at the first one.", Accepted,
		block(blocks.V4).edit(func(p *parts) { p.transactions = [][]byte{{0xff}, {0x00}, []byte("no transaction")} }))
	h.add("v3_many_small_transactions", "130 transactions of 1 to 34 bytes: the trie has two levels of branches, and nodes shorter than 32 bytes, which stand in their parents.", Accepted,
		block(blocks.V3).edit(func(p *parts) {
			p.transactions = nil
			for i := range 130 {
				p.transactions = append(p.transactions, bytes.Repeat([]byte{byte(i)}, 1+i%34))
			}
		}))
	h.add("v4_extra_data_32_bytes", "As much extra data as there may be.", Accepted,
		bare(blocks.V4).edit(func(p *parts) { p.extra = bytesOf(0xee, 32) }))
	h.add("v4_extra_data_empty", "No extra data: op-node's validator does not miss the parameters of Holocene.", Accepted,
		bare(blocks.V4).edit(func(p *parts) { p.extra = nil }))
	h.add("v3_beacon_root_zero", "The parent beacon block root is zero: any value will do.", Accepted,
		bare(blocks.V3).edit(func(p *parts) { clear(p.root) }))
	h.add("v4_withdrawals_root_of_nothing", "The withdrawals root is the root of an empty trie, as if it were a list: any value will do.", Accepted,
		bare(blocks.V4).edit(func(p *parts) { copy(p.fixed[atWithdrawalsRoot:], types.EmptyWithdrawalsHash[:]) }))
	h.add("v4_numbers_zero", "Height, gas and base fee are zero, which RLP writes as the empty string.", Accepted,
		bare(blocks.V4).edit(func(p *parts) {
			clear(p.fixed[atNumber:atTimestamp])
			clear(p.fixed[atBaseFee:atBlockHash])
		}))
	h.add("v2_numbers_large", "The largest height that op-node can hash, gas at 2^64 - 1, a base fee of 2^256 - 1.", Accepted,
		bare(blocks.V2).edit(func(p *parts) {
			put64(p.fixed[atNumber:], 1<<63-1)
			put64(p.fixed[atGasLimit:], 1<<64-1)
			put64(p.fixed[atGasUsed:], 1<<64-1)
			copy(p.fixed[atBaseFee:], bytesOf(0xff, 32))
		}))
}

func (h *handpicked) compression() {
	good := func() *draft { return bare(blocks.V1) }
	plain := good().plain()
	raw := func(message []byte) *draft {
		return good().with(func(d *draft) { d.message = message })
	}
	claim := func(length uint64, width int) *draft {
		compressed := good().compress()
		return raw(append(uvarint(length, width), compressed[2:]...))
	}
	h.add("v1_empty", "No bytes at all.", "snappy_length_invalid", raw([]byte{}))
	h.add("v1_length_without_end", "The length ends in the middle.", "snappy_length_invalid", raw([]byte{0xff, 0xff}))
	h.add("v1_length_2_32", "The length needs 33 bits.", "snappy_length_invalid", claim(1<<32, 0))
	h.add("v1_length_11_bytes", "The right length, padded to eleven bytes: ten are the most.", "snappy_length_invalid", claim(uint64(len(plain)), 11))
	h.add("v1_length_65_bits", "The tenth byte of the length sets the 65th bit; without it, the length would be right.", "snappy_length_invalid",
		claim(uint64(len(plain)), 10).with(func(d *draft) { d.message[9] = 2 }))
	h.add("v1_length_10_bytes", "The right length, padded to ten bytes.", Accepted, claim(uint64(len(plain)), 10))
	h.add("v1_length_10_mib_plus_1", "Claims a byte more than there may be.", "message_too_large", claim(blocks.MaxMessageLength+1, 0))
	h.add("v1_length_2_32_minus_1", "Claims 4 GiB less a byte, the most that snappy can.", "message_too_large", claim(1<<32-1, 0))
	h.add("v1_length_10_mib", "Claims what there may be, and has less.", "snappy_corrupt", claim(blocks.MaxMessageLength, 0))
	h.add("v1_length_65", "Claims a signature of nothing; what follows does not matter.", "message_too_small", claim(65, 0))
	h.add("v1_length_0", "Claims nothing, in a length of three bytes.", "message_too_small", claim(0, 3))
	h.add("v1_length_66", "Claims a signature and a byte, and has more.", "snappy_corrupt", claim(66, 0))
	h.add("v1_literals", "Literals of 100 bytes, whose lengths take four bytes instead of one.", Accepted, raw(literals(plain, 100, 4)))
	h.add("v1_copies_of_all_kinds", "The bloom's zeros by copies with offsets in 11, 16 and 32 bits, which overlap what they write.", Accepted,
		raw(func() []byte {
			zeros := 65 + atBloom // and 256 of them
			out := appendLiteral(uvarint(uint64(len(plain)), 0), plain[:zeros+1], 0)
			out = appendCopy(out, tagCopy1, 1, 11)
			out = appendCopy(out, tagCopy2, 2, 64)
			out = appendCopy(out, tagCopy4, 3, 64)
			out = appendCopy(out, tagCopy4, 64, 64)
			return appendLiteral(out, plain[zeros+1+11+64+64+64:], 0)
		}()))
	first := appendLiteral(uvarint(uint64(len(plain)), 0), plain[:100], 0)
	h.add("v1_copy_offset_zero", "A copy from where it writes to.", "snappy_corrupt", raw(appendCopy(bytes.Clone(first), tagCopy2, 0, 64)))
	h.add("v1_copy_offset_before_start", "A copy from before the beginning.", "snappy_corrupt", raw(appendCopy(bytes.Clone(first), tagCopy1, 101, 4)))
	h.add("v1_copy_offset_2_31", "A copy from 2 GiB before.", "snappy_corrupt", raw(appendCopy(bytes.Clone(first), tagCopy4, 1<<31, 4)))
	h.add("v1_literal_4_gib", "A literal of 4 GiB.", "snappy_corrupt", raw(append(bytes.Clone(first), 63<<2, 0xff, 0xff, 0xff, 0xff)))
	h.add("v1_literal_cut", "The last byte is missing.", "snappy_corrupt", raw(func() []byte { all := literals(plain, len(plain), 0); return all[:len(all)-1] }()))
	h.add("v1_trailing_literal", "A byte more than claimed, after the end.", "snappy_corrupt", raw(append(good().compress(), 0, 0)))

	// As large as a message may be: one transaction of zeros.
	large := bare(blocks.V1).edit(func(p *parts) {
		p.transactions = [][]byte{make([]byte, blocks.MaxMessageLength-blocks.SignatureLength-508-4)}
	})
	whole := large.plain()
	before := blocks.SignatureLength + 508 + 4
	h.addRepeated("v1_10_mib", "10 MiB to the byte, almost all of it one transaction of zeros.", Accepted, large,
		repeat(whole[:before], []byte{0}, len(whole)-before, nil))
}

func (h *handpicked) signatures() {
	signed := func(change func(*eth.Bytes65)) *draft {
		return bare(blocks.V4).with(func(d *draft) { change(d.sign()) })
	}
	h.add("v4_no_signer", "The node knows no signer.", "no_signer", bare(blocks.V4).with(func(d *draft) { d.Current = common.Address{} }))
	h.add("v4_no_signer_bad_signature", "The node knows no signer, so the signature does not matter.", "no_signer",
		signed(func(s *eth.Bytes65) { *s = eth.Bytes65{} }).with(func(d *draft) { d.Current = common.Address{} }))
	h.add("v4_no_signer_but_previous", "The signer on L1 was set to zero: the previous one does not help, although the message is his.", "no_signer",
		bare(blocks.V4).with(func(d *draft) { d.Current, d.Previous, d.key = common.Address{}, addressOf(former), former }))
	h.add("v4_y_parity_27", "The y parity in the older form.", "signature_not_recoverable", signed(func(s *eth.Bytes65) { s[64] += 27 }))
	h.add("v4_recovery_id_4", "The first recovery id that does not exist. (op-node built without cgo takes it.)", "signature_not_recoverable", signed(func(s *eth.Bytes65) { s[64] += 4 }))
	h.add("v4_r_zero", "r = 0.", "signature_not_recoverable", signed(func(s *eth.Bytes65) { clear(s[:32]) }))
	h.add("v4_s_order", "s = n.", "signature_not_recoverable", signed(func(s *eth.Bytes65) { order.FillBytes(s[32:64]) }))
	h.add("v4_high_s", "The twin signature with a high s.", Accepted, signed(func(s *eth.Bytes65) { *s = highS(*s) }))
	h.add("v4_recovery_id_2", "r + n is the x coordinate: nobody makes such a signature, but it recovers an address, and the node takes that for its signer.", Accepted,
		bare(blocks.V4).with(func(d *draft) {
			hash := signingHash(d.ChainID, opsigner.PayloadHash(d.signed), eth.Bytes32{})
			d.signature = &eth.Bytes65{63: 7, 64: 2}
			for ; ; d.signature[31]++ {
				if public, err := crypto.SigToPub(hash[:], d.signature[:]); err == nil {
					d.Current = crypto.PubkeyToAddress(*public)
					return
				}
			}
		}))
	h.add("v4_y_parity_flipped", "It recovers another address.", "signature_wrong_signer", signed(func(s *eth.Bytes65) { s[64] ^= 1 }))
	h.add("v4_other_chain", "Signed for chain 11.", "signature_wrong_signer",
		signed(func(s *eth.Bytes65) { *s = signWith(sequencer, big.NewInt(11), bare(blocks.V4).signed) }))
	h.add("v4_without_root", "The signature covers the payload without the beacon root in front.", "signature_wrong_signer",
		signed(func(s *eth.Bytes65) { *s = signWith(sequencer, handpickedChain, bare(blocks.V4).signed[32:]) }))
	h.add("v4_stranger", "Signed by neither the present nor the previous signer.", "signature_wrong_signer",
		bare(blocks.V4).with(func(d *draft) { d.Previous, d.key = addressOf(former), stranger }))

	start := bare(blocks.V4).with(func(d *draft) { d.Previous = addressOf(former) })
	h.sequence("grace", start, func() {
		another := func(which int, key string) *draft {
			d := start.next(start.now)
			d.another(which)
			if key == "former" {
				d.key = former
			}
			return d
		}
		h.add("grace_previous_signer", "After a rotation, the previous signer is still taken.", Accepted, another(1, "former"))
		h.add("grace_present_signer_bad_block", "The present signer's first message. Its block is rejected, but its signature ends the grace.", "block_hash_mismatch",
			another(2, "present").with(func(d *draft) { d.set(atStateRoot, 99) }))
		h.add("grace_is_over", "The previous signer again: the node has forgotten him.", "signature_wrong_signer", another(3, "former"))
		h.add("grace_present_signer", "The present signer goes on.", Accepted, another(4, "present"))
	})
}

func (h *handpicked) encoding() {
	fixed4 := fixedLength(blocks.V4)
	h.add("v3_root_cut", "31 bytes: not even a beacon root.", envelopeTooShort, bare(blocks.V3).ofLength(31))
	h.add("v3_root_only", "A beacon root, and no payload.", payloadTooShort, bare(blocks.V3).ofLength(32))
	h.add("v1_one_byte", "The shortest message that gets this far.", payloadTooShort, bare(blocks.V1).ofLength(1))
	for _, topic := range blocks.Topics {
		h.add(fmt.Sprintf("%s_fixed_part_cut", topic), "A byte of the fixed part is missing.", payloadTooShort,
			bare(topic).ofLength(prefixLength(topic)+fixedLength(topic)-1))
	}
	for _, pair := range [][2]blocks.Topic{{blocks.V1, blocks.V2}, {blocks.V2, blocks.V1}, {blocks.V3, blocks.V4}, {blocks.V4, blocks.V3}} {
		h.add(fmt.Sprintf("%s_block_of_%s", pair[1], pair[0]), "The extra data offset betrays a block of another version.", "ssz_extra_data_offset",
			block(pair[0]).with(func(d *draft) { d.Topic = pair[1] }))
	}
	h.add("v2_block_of_v3", "The beacon root in front moves everything.", "ssz_extra_data_offset", block(blocks.V3).with(func(d *draft) { d.Topic = blocks.V2 }))
	h.add("v4_transactions_offset_minus_1", "The transactions begin a byte before the extra data.", "ssz_transactions_offset_too_small",
		bare(blocks.V4).offset(atTransactionOffset, fixed4-1))
	h.add("v4_withdrawals_offset_minus_1", "The withdrawals begin a byte before the transactions.", "ssz_withdrawals_offset_too_small",
		bare(blocks.V4).with(func(d *draft) { d.offset(atWithdrawalOffset, d.payloadLength()-1) }))
	h.add("v4_withdrawals_offset_past_end", "The withdrawals begin a byte behind the end.", "ssz_withdrawals_offset_too_large",
		bare(blocks.V4).with(func(d *draft) { d.offset(atWithdrawalOffset, d.payloadLength()+1) }))
	h.add("v4_transactions_offset_past_end", "The transactions begin behind the end. The withdrawals' offset is looked at first.", "ssz_withdrawals_offset_too_small",
		bare(blocks.V4).with(func(d *draft) { d.offset(atTransactionOffset, d.payloadLength()+1) }))
	h.add("v1_transactions_offset_past_end", "The same without withdrawals.", "ssz_extra_data_too_long",
		bare(blocks.V1).with(func(d *draft) { d.offset(atTransactionOffset, d.payloadLength()+1) }))
	h.add("v4_extra_data_33_bytes", "A byte more than there may be. The block hash would be right.", "ssz_extra_data_too_long",
		bare(blocks.V4).edit(func(p *parts) { p.extra = bytesOf(0xee, 33) }))

	// The list of transactions, by itself.
	list := func(topic blocks.Topic, list []byte) *draft {
		return bare(topic).with(func(d *draft) {
			p, _ := split(topic, d.signed)
			p.withdrawals = list // they come last
			d.signed = p.join()
			if topic.BlockVersion().HasWithdrawals() {
				d.offset(atWithdrawalOffset, d.payloadLength())
			}
			d.signed = rehash(topic, d.signed)
		})
	}
	offsets := func(values ...int) (out []byte) {
		for _, value := range values {
			out = append(out, byte(value), byte(value>>8), byte(value>>16), byte(value>>24))
		}
		return out
	}
	h.add("v3_transactions_3_bytes", "Too short for an offset.", "ssz_transactions_too_short", list(blocks.V3, []byte{4, 0, 0}))
	h.add("v1_trailing_byte", "A byte after a V1 block without transactions is a list of them, too short for an offset.", "ssz_transactions_too_short", bare(blocks.V1).ofLength(509))
	h.add("v3_first_offset_5", "An offset that is no multiple of 4.", "ssz_first_transaction_unaligned", list(blocks.V3, append(offsets(5), 0)))
	h.add("v3_first_offset_past_end", "The first transaction begins behind the end.", "ssz_first_transaction_out_of_scope", list(blocks.V3, offsets(8)))
	h.add("v3_first_offset_0", "No transactions, in four bytes.", "ssz_first_transaction_zero", list(blocks.V3, offsets(0)))
	h.add("v3_first_offset_at_end", "One empty transaction: its offset is the list's end.", Accepted, list(blocks.V3, offsets(4)))
	h.add("v3_offsets_equal", "Two empty transactions.", Accepted, list(blocks.V3, offsets(8, 8)))
	h.add("v3_offsets_descend", "The second transaction begins before the first.", "ssz_transaction_offset", list(blocks.V3, append(offsets(8, 7), 0xaa)))
	h.add("v3_second_offset_past_end", "The second transaction begins behind the end.", "ssz_transaction_offset", list(blocks.V3, append(offsets(8, 10), 0xaa)))
	h.add("v1_trailing_byte_in_transaction", "A byte after a V1 block belongs to its last transaction. The hash is that of the longer one.", Accepted,
		block(blocks.V1).with(func(d *draft) { d.signed = rehash(d.Topic, append(d.signed, 0)) }))
	for _, extra := range []int{0, 1} {
		count := 1<<20 + extra
		d := bare(blocks.V1).edit(func(p *parts) { p.transactions = make([][]byte, count) })
		whole := d.plain()
		before := blocks.SignatureLength + fixedLength(blocks.V1)
		name, comment, rule := "v1_2_20_transactions", "As many transactions as there may be, all empty.", Accepted
		if extra > 0 {
			name, comment, rule = "v1_2_20_transactions_plus_1", "One transaction more than there may be, all empty.", "ssz_too_many_transactions"
		}
		h.addRepeated(name, comment, rule, d, repeat(whole[:before], whole[before:before+4], count, nil))
	}

	withdrawals := func(topic blocks.Topic, length int) *draft {
		return bare(topic).edit(func(p *parts) { p.withdrawals = bytesOf(0x11, length) })
	}
	h.add("v2_withdrawals_43_bytes", "A withdrawal less a byte.", "ssz_withdrawals_length", withdrawals(blocks.V2, 43))
	h.add("v4_trailing_byte", "A byte after the end is a broken withdrawal.", "ssz_withdrawals_length", block(blocks.V4).with(func(d *draft) { d.signed = append(d.signed, 0) }))
	h.add("v2_17_withdrawals", "One more than there may be.", "ssz_too_many_withdrawals", withdrawals(blocks.V2, 17*withdrawalLength))
	h.add("v2_16_withdrawals", "As many as decode. That there are any is rejected later.", "withdrawals_not_empty", withdrawals(blocks.V2, 16*withdrawalLength))
}

func (h *handpicked) times() {
	when := func(now uint64) *draft { return bare(blocks.V2).with(func(d *draft) { d.now = now }) }
	h.add("v2_60_seconds_old", "As old as a block may be.", Accepted, when(blockTime+60))
	h.add("v2_61_seconds_old", "A second older.", "timestamp_too_old", when(blockTime+61))
	h.add("v2_5_seconds_early", "As early as a block may be.", Accepted, when(blockTime-5))
	h.add("v2_6_seconds_early", "A second earlier.", "timestamp_too_new", when(blockTime-6))
	early := func(timestamp uint64) *draft {
		return bare(blocks.V2).edit(func(p *parts) { put64(p.fixed[atTimestamp:], timestamp) })
	}
	h.add("v2_timestamp_2_64_minus_1", "The latest timestamp that can be written.", "timestamp_too_new", early(1<<64-1))
	h.add("v2_clock_at_60", "A minute after 1970, a block of 1970.", Accepted, early(0).with(func(d *draft) { d.now = 60 }))
	h.add("v2_clock_at_59", "With a clock below 60, 60 seconds ago is a time long after, by unsigned arithmetic.", "timestamp_too_old", early(59).with(func(d *draft) { d.now = 59 }))
	h.add("v2_too_old_and_wrong_hash", "The time is looked at before the hash.", "timestamp_too_old", when(blockTime+61).with(func(d *draft) { d.set(atStateRoot, 1) }))
}

func (h *handpicked) hashes() {
	h.add("v4_wrong_hash", "A bit of the state root is flipped.", "block_hash_mismatch", bare(blocks.V4).with(func(d *draft) { d.signed[32+atStateRoot] ^= 1 }))
	h.add("v4_beacon_root_flipped", "A bit of the beacon root is flipped: the hash covers it.", "block_hash_mismatch", bare(blocks.V4).with(func(d *draft) { d.signed[0] ^= 1 }))
	as := func(name, comment string, topic blocks.Topic, change func(*types.Header)) {
		d := bare(topic)
		envelope, err := blocks.Decode(topic, d.signed)
		if err != nil {
			panic(err)
		}
		header := headerOf(topic, envelope)
		change(header)
		d.signed = withHash(topic, d.signed, header.Hash())
		h.add(name, comment, "block_hash_mismatch", d)
	}
	as("v4_hash_without_requests", "The hash of a header without a requests hash.", blocks.V4, func(header *types.Header) { header.RequestsHash = nil })
	as("v3_hash_with_requests", "The hash of a header with a requests hash, before Isthmus.", blocks.V3, func(header *types.Header) { header.RequestsHash = &types.EmptyRequestsHash })
	as("v4_hash_with_withdrawals_list", "The withdrawals root of Canyon instead of Isthmus's.", blocks.V4, func(header *types.Header) { header.WithdrawalsHash = &types.EmptyWithdrawalsHash })
	as("v1_hash_with_withdrawals", "The hash of a header with a withdrawals root, before Canyon.", blocks.V1, func(header *types.Header) { header.WithdrawalsHash = &types.EmptyWithdrawalsHash })
	as("v2_hash_without_withdrawals", "The hash of a header without a withdrawals root.", blocks.V2, func(header *types.Header) { header.WithdrawalsHash = nil })

	// A height that op-node cannot hash.
	negative := func() *draft { return bare(blocks.V4).edit(func(p *parts) { put64(p.fixed[atNumber:], 1<<63) }) }
	h.add("v4_number_2_63", "op-node's header has a signed height, RLP refuses negative ones, nobody looks at the error: the hash is that of nothing.", Accepted, negative())
	h.add("v4_number_2_63_real_hash", "The same height with the hash that the header has.", "block_hash_mismatch", negative().with(func(d *draft) {
		envelope, err := blocks.Decode(d.Topic, d.signed)
		if err != nil {
			panic(err)
		}
		d.signed = withHash(d.Topic, d.signed, headerOf(d.Topic, envelope).Hash())
	}))

	// Empty transactions, which op-node leaves out of the trie.
	transactions := func(list ...[]byte) *draft { return bare(blocks.V4).edit(func(p *parts) { p.transactions = list }) }
	keeps := func(d, of *draft) *draft { return d.with(func(d *draft) { d.signed = hashOf(d, of) }) }
	one, two := []byte("one"), []byte("two")
	h.add("v4_empty_transaction_last", "An empty transaction at the end: the hash is that of the block without it.", Accepted, keeps(transactions(one, nil), transactions(one)))
	h.add("v4_empty_transaction_first", "An empty transaction in front: it is left out of the trie, but the one behind it keeps the index 1.", Accepted, transactions(nil, one))
	h.add("v4_empty_transaction_not_counted", "The same with the hash of the block without it.", "block_hash_mismatch", keeps(transactions(nil, one), transactions(one)))
	h.add("v4_empty_transaction_between", "An empty transaction between two.", Accepted, transactions(one, nil, two))
	h.add("v4_only_empty_transactions", "Three empty transactions: the hash is that of the block without transactions.", Accepted, keeps(transactions(nil, nil, nil), transactions()))
}

// hashOf gives a block the hash of another one.
func hashOf(d, of *draft) []byte {
	at := prefixLength(of.Topic) + atBlockHash
	return withHash(d.Topic, d.signed, common.BytesToHash(of.signed[at:at+common.HashLength]))
}

func (h *handpicked) contents() {
	one := bytesOf(0x11, withdrawalLength)
	for _, topic := range []blocks.Topic{blocks.V2, blocks.V3, blocks.V4} {
		h.add(fmt.Sprintf("%s_withdrawal", topic), "A withdrawal. The hash is right.", "withdrawals_not_empty",
			bare(topic).edit(func(p *parts) { p.withdrawals = one }))
	}
	h.add("v4_withdrawal_not_hashed", "A withdrawal, with the hash of the block without it: since Isthmus the hash does not cover the list.", "withdrawals_not_empty",
		bare(blocks.V4).with(func(d *draft) {
			d.signed = hashOf(bare(blocks.V4).edit(func(p *parts) { p.withdrawals = one }), bare(blocks.V4))
		}))
	h.add("v3_withdrawal_not_hashed", "The same before Isthmus.", "block_hash_mismatch",
		bare(blocks.V3).with(func(d *draft) {
			d.signed = hashOf(bare(blocks.V3).edit(func(p *parts) { p.withdrawals = one }), bare(blocks.V3))
		}))
	gas := func(topic blocks.Topic, at int, value uint64, jovian *uint64) *draft {
		return bare(topic).edit(func(p *parts) { put64(p.fixed[at:], value) }).with(func(d *draft) { d.JovianTime = jovian })
	}
	h.add("v3_blob_gas_used", "Blob gas was used.", "blob_gas_used_not_zero", gas(blocks.V3, atBlobGasUsed, 1, nil))
	h.add("v4_blob_gas_used", "Blob gas was used, and Jovian is not planned.", "blob_gas_used_not_zero", gas(blocks.V4, atBlobGasUsed, 1<<17, nil))
	h.add("v4_blob_gas_used_before_jovian", "Jovian starts a second after the block; the clock is past it already.", "blob_gas_used_not_zero", gas(blocks.V4, atBlobGasUsed, 1<<17, at(blockTime+1)))
	h.add("v4_blob_gas_used_jovian", "Jovian starts with this block: the field holds its data's footprint.", Accepted, gas(blocks.V4, atBlobGasUsed, 1<<17, at(blockTime)))
	h.add("v4_blob_gas_not_used_jovian", "Jovian demands nothing.", Accepted, gas(blocks.V4, atBlobGasUsed, 0, at(0)))
	h.add("v3_blob_gas_used_jovian", "Jovian's exception holds on the topic of Ecotone, too.", Accepted, gas(blocks.V3, atBlobGasUsed, 1<<64-1, at(0)))
	h.add("v3_excess_blob_gas", "Excess blob gas.", "excess_blob_gas_not_zero", gas(blocks.V3, atExcessBlobGas, 1, nil))
	h.add("v4_excess_blob_gas_jovian", "Jovian changes nothing about excess blob gas.", "excess_blob_gas_not_zero", gas(blocks.V4, atExcessBlobGas, 1<<63, at(0)))
}

func (h *handpicked) memory() {
	start := bare(blocks.V1)
	number := func(which int) *draft {
		d := start.next(start.now)
		d.another(which)
		return d
	}
	h.sequence("seen", start, func() {
		h.add("seen_first", "A block.", Accepted, number(0))
		h.add("seen_again", "The same message.", "already_seen", number(0))
		h.add("seen_twin", "The same block with the twin signature.", "already_seen", number(0).with(func(d *draft) {
			twin := highS(*d.sign())
			d.signature = &twin
		}))
		h.add("seen_other_height", "A block of the next height.", Accepted, number(0).with(func(d *draft) { d.atHeight(d.number() + 1) }))
		h.add("seen_empty_transaction", "Another block with the first one's hash: an empty transaction follows.", "already_seen", number(0).edit(func(p *parts) {
			p.transactions = append(p.transactions, nil)
		}))
	})
	h.sequence("full", start, func() {
		for which := range 6 {
			h.add(fmt.Sprintf("full_%d", which), "One of the six blocks that a height takes.", Accepted, number(which))
		}
		h.add("full_7th", "The seventh.", "too_many_blocks_at_height", number(6))
		h.add("full_again", "The first one again: rejected now, not ignored.", "too_many_blocks_at_height", number(0))
		h.add("full_bad_hash", "A block of this height with a wrong hash: the memory is looked at last.", "block_hash_mismatch", number(0).with(func(d *draft) { d.set(atStateRoot, 99) }))
		h.add("full_other_height", "The next height is free.", Accepted, number(0).with(func(d *draft) { d.atHeight(d.number() + 1) }))
	})
	h.sequence("hash_of_nothing", start, func() {
		far := func(which int) *draft {
			return number(which).edit(func(p *parts) { put64(p.fixed[atNumber:], 1<<64-1) })
		}
		h.add("hash_of_nothing_first", "A height of 2^64 - 1, which op-node cannot hash.", Accepted, far(1))
		h.add("hash_of_nothing_other", "Another block of this height has the same hash.", "already_seen", far(2))
	})
}
