package mutate

import (
	"bytes"
	"encoding/binary"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// The rules of docs/gossip-rules.md stated once more, in the plainest way and
// with nothing of op-node or op-geth but keccak256 and the recovery of a key.
// Where op-node decides otherwise, the document is wrong.

// restated is a validator of one topic.
type restated struct {
	version           int // 1 to 4
	chainID           *big.Int
	jovianTime        *uint64
	current, previous common.Address
	heights           []uint64 // in the order of use, the latest last
	hashes            map[uint64][]string
}

func keccak(parts ...[]byte) []byte { return crypto.Keccak256(parts...) }

func unhex(text string) []byte { return common.FromHex(text) }

// judge gives the rule by which a message is judged.
func (v *restated) judge(message []byte, now uint64) Rule {
	// Steps 1 to 4.
	length, rest, ok := readVarint(message)
	switch {
	case !ok || length > 1<<32-1:
		return "snappy_length_invalid"
	case length > 10485760:
		return "message_too_large"
	case length < 66:
		return "message_too_small"
	}
	plain, ok := decompress(rest, int(length))
	if !ok {
		return "snappy_corrupt"
	}
	signature, signed := plain[:65], plain[65:]

	// Steps 5 to 7.
	if v.current == (common.Address{}) {
		return "no_signer"
	}
	chain := v.chainID.FillBytes(make([]byte, 32))
	public, err := crypto.SigToPub(keccak(make([]byte, 32), chain, keccak(signed)), signature)
	if err != nil {
		return "signature_not_recoverable"
	}
	switch signer := crypto.PubkeyToAddress(*public); {
	case signer == v.current:
		v.previous = common.Address{}
	case v.previous != (common.Address{}) && signer == v.previous:
	default:
		return "signature_wrong_signer"
	}

	// Steps 8 to 16.
	payload := signed
	var beaconRoot []byte
	if v.version >= 3 {
		if len(signed) < 32 {
			return "ssz_envelope_too_short"
		}
		beaconRoot, payload = signed[:32], signed[32:]
	}
	fixed := []int{508, 512, 528, 560}[v.version-1]
	scope := len(payload)
	if scope < fixed {
		return "ssz_too_short"
	}
	u32 := func(at int) int { return int(binary.LittleEndian.Uint32(payload[at:])) }
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(payload[at:]) }
	extraAt, transactionsAt, withdrawalsAt := u32(436), u32(504), scope
	if extraAt != fixed {
		return "ssz_extra_data_offset"
	}
	if transactionsAt < extraAt {
		return "ssz_transactions_offset_too_small"
	}
	if v.version >= 2 {
		withdrawalsAt = u32(508)
		if withdrawalsAt < transactionsAt {
			return "ssz_withdrawals_offset_too_small"
		}
		if withdrawalsAt > scope {
			return "ssz_withdrawals_offset_too_large"
		}
	}
	if transactionsAt > extraAt+32 || transactionsAt > scope {
		return "ssz_extra_data_too_long"
	}
	transactions, rule := cutTransactions(payload[transactionsAt:withdrawalsAt])
	if rule != "" {
		return rule
	}
	withdrawals := payload[withdrawalsAt:]
	if len(withdrawals)%44 != 0 {
		return "ssz_withdrawals_length"
	}
	if len(withdrawals) > 16*44 {
		return "ssz_too_many_withdrawals"
	}

	// Steps 17 and 18.
	timestamp := u64(428)
	if timestamp < now-60 {
		return "timestamp_too_old"
	}
	if timestamp > now+5 {
		return "timestamp_too_new"
	}

	// Step 19.
	height := u64(404)
	trieOf := func(values [][]byte) []byte {
		var entries []entry
		for i, value := range values {
			if len(value) > 0 {
				entries = append(entries, entry{nibbles(rlpNumber(big.NewInt(int64(i)))), value})
			}
		}
		return root(entries)
	}
	number := func(at int) []byte { return rlpNumber(new(big.Int).SetUint64(u64(at))) }
	field := func(at, length int) []byte { return rlpString(payload[at : at+length]) }
	baseFee := bytes.Clone(payload[440:472])
	for i := range 16 {
		baseFee[i], baseFee[31-i] = baseFee[31-i], baseFee[i]
	}
	header := [][]byte{
		field(0, 32),
		rlpString(unhex("0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347")),
		field(32, 20), field(52, 32), rlpString(trieOf(transactions)), field(84, 32), field(116, 256),
		rlpString(nil), number(404), number(412), number(420), number(428),
		rlpString(payload[extraAt:transactionsAt]), field(372, 32), rlpString(make([]byte, 8)),
		rlpNumber(new(big.Int).SetBytes(baseFee)),
	}
	switch {
	case v.version == 4:
		header = append(header, field(528, 32))
	case v.version >= 2:
		var values [][]byte
		for at := 0; at < len(withdrawals); at += 44 {
			w := withdrawals[at:]
			le := func(at int) []byte {
				return rlpNumber(new(big.Int).SetUint64(binary.LittleEndian.Uint64(w[at:])))
			}
			values = append(values, rlpList(le(0), le(8), rlpString(w[16:36]), le(36)))
		}
		header = append(header, rlpString(trieOf(values)))
	}
	if v.version >= 3 {
		header = append(header, number(512), number(520), rlpString(beaconRoot))
	}
	if v.version == 4 {
		header = append(header, rlpString(unhex("0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")))
	}
	hash := keccak(rlpList(header...))
	if height >= 1<<63 {
		hash = keccak()
	}
	if !bytes.Equal(hash, payload[472:504]) {
		return "block_hash_mismatch"
	}

	// Steps 20 to 23.
	if len(withdrawals) > 0 {
		return "withdrawals_not_empty"
	}
	if v.version >= 3 {
		jovian := v.jovianTime != nil && *v.jovianTime <= timestamp
		if u64(512) != 0 && !jovian {
			return "blob_gas_used_not_zero"
		}
		if u64(520) != 0 {
			return "excess_blob_gas_not_zero"
		}
	}

	// Steps 24 to 26.
	for i, known := range v.heights {
		if known == height {
			v.heights = append(v.heights[:i:i], v.heights[i+1:]...)
			break
		}
	}
	v.heights = append(v.heights, height)
	if len(v.heights) > 1000 {
		delete(v.hashes, v.heights[0])
		v.heights = v.heights[1:]
	}
	seen := v.hashes[height]
	if len(seen) == 6 {
		return "too_many_blocks_at_height"
	}
	for _, known := range seen {
		if known == string(hash) {
			return "already_seen"
		}
	}
	v.hashes[height] = append(seen, string(hash))
	return Accepted
}

func readVarint(in []byte) (value uint64, rest []byte, ok bool) {
	for i := 0; i < 10 && i < len(in); i++ {
		if i == 9 && in[i] > 1 {
			return 0, nil, false
		}
		value |= uint64(in[i]&0x7f) << (7 * i)
		if in[i] < 0x80 {
			return value, in[i+1:], true
		}
	}
	return 0, nil, false
}

func decompress(in []byte, length int) ([]byte, bool) {
	out := make([]byte, 0, length)
	number := func(at, bytes int) (value int) {
		for i := range bytes {
			value |= int(in[at+i]) << (8 * i)
		}
		return value
	}
	for len(in) > 0 {
		tag := in[0]
		size := []int{1, 2, 3, 5}[tag&3] // of the element, without a literal's bytes
		if tag&3 == 0 && tag>>2 >= 60 {
			size += int(tag>>2) - 59
		}
		if len(in) < size {
			return nil, false
		}
		if tag&3 == 0 {
			count := int(tag>>2) + 1
			if size > 1 {
				count = number(1, size-1) + 1
			}
			if count > len(in)-size || count > length-len(out) {
				return nil, false
			}
			out = append(out, in[size:size+count]...)
			in = in[size+count:]
			continue
		}
		count, offset := int(tag>>2)+1, 0
		if tag&3 == 1 {
			count, offset = 4+int(tag>>2&7), int(tag&0xe0)<<3+int(in[1])
		} else {
			offset = number(1, size-1)
		}
		if offset == 0 || offset > len(out) || count > length-len(out) {
			return nil, false
		}
		for range count {
			out = append(out, out[len(out)-offset])
		}
		in = in[size:]
	}
	return out, len(out) == length
}

func cutTransactions(list []byte) ([][]byte, Rule) {
	size := len(list)
	if size == 0 {
		return nil, ""
	}
	if size < 4 {
		return nil, "ssz_transactions_too_short"
	}
	offset := func(i int) int { return int(binary.LittleEndian.Uint32(list[4*i:])) }
	first := offset(0)
	switch {
	case first%4 != 0:
		return nil, "ssz_first_transaction_unaligned"
	case first > size:
		return nil, "ssz_first_transaction_out_of_scope"
	case first == 0:
		return nil, "ssz_first_transaction_zero"
	case first/4 > 1048576:
		return nil, "ssz_too_many_transactions"
	}
	var out [][]byte
	for i := range first / 4 {
		end := size
		if i+1 < first/4 {
			end = offset(i + 1)
		}
		if end < offset(i) || end > size {
			return nil, "ssz_transaction_offset"
		}
		out = append(out, list[offset(i):end])
	}
	return out, ""
}

func rlpHead(short byte, length int) []byte {
	if length < 56 {
		return []byte{short + byte(length)}
	}
	digits := big.NewInt(int64(length)).Bytes()
	return append([]byte{short + 55 + byte(len(digits))}, digits...)
}

func rlpString(value []byte) []byte {
	if len(value) == 1 && value[0] < 0x80 {
		return value
	}
	return append(rlpHead(0x80, len(value)), value...)
}

func rlpNumber(value *big.Int) []byte { return rlpString(value.Bytes()) }

func rlpList(items ...[]byte) []byte {
	body := bytes.Join(items, nil)
	return append(rlpHead(0xc0, len(body)), body...)
}

// entry is a key, in nibbles, and its value.
type entry struct{ key, value []byte }

func nibbles(key []byte) (out []byte) {
	for _, b := range key {
		out = append(out, b>>4, b&15)
	}
	return out
}

// root is the hash of a Merkle-Patricia trie.
func root(entries []entry) []byte {
	if len(entries) == 0 {
		return keccak(rlpString(nil))
	}
	return keccak(node(entries))
}

// node is the RLP of the node that holds the entries, of which there is one at least.
func node(entries []entry) []byte {
	if len(entries) == 1 {
		return rlpList(rlpString(path(entries[0].key, 2)), rlpString(entries[0].value))
	}
	shared := len(entries[0].key)
	for _, e := range entries[1:] {
		shared = min(shared, len(e.key))
		for i := range shared {
			if e.key[i] != entries[0].key[i] {
				shared = i
				break
			}
		}
	}
	if shared > 0 {
		var below []entry
		for _, e := range entries {
			below = append(below, entry{e.key[shared:], e.value})
		}
		return rlpList(rlpString(path(entries[0].key[:shared], 0)), reference(below))
	}
	items := make([][]byte, 17)
	items[16] = rlpString(nil) // no index is the beginning of another
	for nibble := range items[:16] {
		var below []entry
		for _, e := range entries {
			if int(e.key[0]) == nibble {
				below = append(below, entry{e.key[1:], e.value})
			}
		}
		items[nibble] = rlpString(nil)
		if len(below) > 0 {
			items[nibble] = reference(below)
		}
	}
	return rlpList(items...)
}

// reference is how a node stands in its parent.
func reference(entries []entry) []byte {
	encoded := node(entries)
	if len(encoded) < 32 {
		return encoded
	}
	return rlpString(keccak(encoded))
}

// path packs nibbles, with 2 in the flags for a leaf.
func path(key []byte, flags byte) []byte {
	if len(key)%2 == 1 {
		key = append([]byte{flags + 1}, key...)
	} else {
		key = append([]byte{flags, 0}, key...)
	}
	var out []byte
	for i := 0; i < len(key); i += 2 {
		out = append(out, key[i]<<4|key[i+1])
	}
	return out
}
