package transactions

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

const (
	legacy     = types.LegacyTxType
	accessList = types.AccessListTxType
	feeMarket  = types.DynamicFeeTxType
	blob       = types.BlobTxType
	setCode    = types.SetCodeTxType
)

// typeNames are what the names of cases call the types.
var typeNames = map[byte]string{legacy: "legacy", accessList: "2930", feeMarket: "1559", blob: "4844", setCode: "7702"}

// signable are the types that are signed, in their order.
var signable = []byte{legacy, accessList, feeMarket, blob, setCode}

// until changes the nonce until the signed transaction is as wanted.
func until(f fields, wanted func(signed) bool) fields {
	for f.nonce = 0; ; f.nonce++ {
		if wanted(f.sign(key())) {
			return f
		}
	}
}

// ofParity asks for a y parity.
func ofParity(parity uint) func(signed) bool {
	return func(s signed) bool {
		if s.fields.kind == legacy {
			return s.v.Bit(0) != parity // 27 and 35 are the even ones
		}
		return s.v.Bit(0) == parity
	}
}

type namedChain struct {
	name, comment string
	id            *big.Int
}

// chains are ids that every type can carry in 32 bytes.
func chains() []namedChain {
	return []namedChain{
		{"1", "Ethereum, the smallest chain id in use.", big.NewInt(1)},
		{"10", "OP Mainnet.", big.NewInt(10)},
		{"8453", "Base.", big.NewInt(8453)},
		{"46", "v of EIP-155 is 127 or 128: RLP takes one byte or two.", big.NewInt(46)},
		{"110", "v of EIP-155 is 255 or 256, one byte or two.", big.NewInt(110)},
		{"2_53", "The first integer after which a JavaScript number has gaps.", power(53)},
		{"2_53_plus_1", "The first integer that a JavaScript number cannot hold.", plus(power(53), 1)},
		{"2_63_minus_18", "v of EIP-155 is 2^64 - 1 or 2^64: it fits 64 bits for one parity only.", minus(power(63), 18)},
		{"2_63_minus_17", "The smallest chain id whose v of EIP-155 does not fit 64 bits.", minus(power(63), 17)},
		{"2_64_minus_1", "The largest chain id that fits 64 bits.", minus(power(64), 1)},
		{"2_64", "The first chain id that does not fit 64 bits.", power(64)},
		{"2_255_minus_19", "The largest chain id whose v of EIP-155 fits 256 bits for either parity.", minus(power(255), 19)},
		{"2_256_minus_1", "The largest chain id; v of EIP-155 takes 33 bytes.", maxUint256},
	}
}

func (s *set) legacy() {
	s.signedByExample()
	for _, parity := range []uint{0, 1} {
		unprotected := ordinary(legacy)
		unprotected.chainID = nil
		s.signed(fmt.Sprintf("legacy_unprotected_v_%d", 27+parity),
			"Signed without EIP-155, as before 2016: valid on every chain.", until(unprotected, ofParity(parity)))
		s.signed(fmt.Sprintf("legacy_v_%d", 35+2*10+parity),
			"Signed for OP Mainnet by EIP-155.", until(ordinary(legacy), ofParity(parity)))
	}
	for _, chain := range chains() {
		s.signed("legacy_chain_id_"+chain.name, chain.comment, change(legacy, func(f *fields) { f.chainID = chain.id }))
	}
	s.signed("legacy_creation", "A contract is created: no recipient.", change(legacy, func(f *fields) { f.to = nil }))
	s.signed("legacy_creation_unprotected", "A contract is created, signed without EIP-155: so one address on every chain.",
		change(legacy, func(f *fields) { f.to, f.chainID = nil, nil }))
	s.signed("legacy_to_zero_address", "The zero address is a recipient, not a creation.",
		change(legacy, func(f *fields) { f.to = new(common.Address) }))
	s.signed("legacy_all_smallest", "All numbers are zero, there is no input.", fields{
		kind: legacy, chainID: one, gasPrice: zero, value: zero, to: new(common.Address),
	})
	s.signed("legacy_creation_of_nothing", "All numbers are zero, no recipient, no input, no chain: the shortest transaction.", fields{
		kind: legacy, gasPrice: zero, value: zero,
	})
	s.signed("legacy_all_largest", "The largest nonce and gas of 64 bits, price and value of 256 bits.", change(legacy, func(f *fields) {
		f.nonce, f.gas, f.gasPrice, f.value = math.MaxUint64, math.MaxUint64, maxUint256, maxUint256
	}))
}

// exampleRaw is the example in the text of EIP-155, exampleHash what is signed.
const (
	exampleKey  = "4646464646464646464646464646464646464646464646464646464646464646"
	exampleRaw  = "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
	exampleHash = "0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"
)

func (s *set) signedByExample() {
	secret := must(crypto.HexToECDSA(exampleKey))
	c := judge(common.FromHex(exampleRaw), secret)
	if !c.Accepts || *c.SigningHash != exampleHash {
		panic("op-geth does not agree with EIP-155")
	}
	s.add("legacy_eip155_example", "The example of EIP-155's own text.", c)
}

func (s *set) feeMarket() {
	for _, kind := range []byte{accessList, feeMarket, blob, setCode} {
		name := typeNames[kind]
		for _, parity := range []uint{0, 1} {
			s.signed(fmt.Sprintf("%s_y_parity_%d", name, parity), "An ordinary transaction.", until(ordinary(kind), ofParity(parity)))
		}
		for _, chain := range chains() {
			switch chain.name {
			case "1", "8453", "2_53_plus_1", "2_256_minus_1":
				s.signed(name+"_chain_id_"+chain.name, "The chain id is an element of its own, of up to 256 bits.",
					change(kind, func(f *fields) { f.chainID = chain.id }))
			}
		}
		s.signed(name+"_all_smallest", "All numbers but the chain id are zero, all lists are empty.", fields{
			kind: kind, chainID: one, gasPrice: zero, tip: zero, fee: zero, blobFee: zero, value: zero, to: new(common.Address),
		})
		s.signed(name+"_all_largest", "The largest nonce and gas of 64 bits; fees, value and chain id of 256 bits.", change(kind, func(f *fields) {
			f.nonce, f.gas = math.MaxUint64, math.MaxUint64
			f.chainID, f.gasPrice, f.tip, f.fee, f.blobFee, f.value = maxUint256, maxUint256, maxUint256, maxUint256, maxUint256, maxUint256
		}))
		s.noSender(name+"_chain_id_0", "Chain 0: op-geth decodes it, but has no signer for that chain.",
			change(kind, func(f *fields) { f.chainID = zero }).sign(key()).raw, key())
	}
	for _, kind := range []byte{accessList, feeMarket} {
		s.signed(typeNames[kind]+"_creation", "A contract is created: no recipient.", change(kind, func(f *fields) { f.to = nil }))
	}
	s.signed("1559_tip_above_fee", "A tip above the fee cap is no matter of decoding.",
		change(feeMarket, func(f *fields) { f.tip, f.fee = big.NewInt(2), big.NewInt(1) }))

	for _, kind := range signable {
		s.signed(typeNames[kind]+"_short_r", "r begins with a zero byte, which RLP drops.",
			until(ordinary(kind), func(t signed) bool { return t.r.BitLen() <= 248 }))
		s.signed(typeNames[kind]+"_short_s", "s begins with a zero byte, which RLP drops.",
			until(ordinary(kind), func(t signed) bool { return t.s.BitLen() <= 248 }))
	}
}

func (s *set) numbers() {
	for _, n := range []uint64{0, 1, 127, 128, 255, 256, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64, math.MaxUint64} {
		s.signed(fmt.Sprintf("1559_nonce_and_gas_%d", n), "The edges of RLP's integers.",
			change(feeMarket, func(f *fields) { f.nonce, f.gas = n, n }))
	}
	for _, n := range []struct {
		name  string
		value *big.Int
	}{
		{"0", zero}, {"127", big.NewInt(127)}, {"128", big.NewInt(128)}, {"2_64", power(64)}, {"2_128_minus_1", minus(power(128), 1)}, {"2_255", power(255)},
	} {
		s.signed("1559_value_and_fees_"+n.name, "Value, tip and fee cap of the same number.",
			change(feeMarket, func(f *fields) { f.value, f.tip, f.fee = n.value, n.value, n.value }))
	}
}

// lengths has the edges of RLP's length prefixes: of the input, of the list that
// is hashed and of the list that is sent.
func (s *set) lengths() {
	for _, n := range []struct {
		name, comment string
		input         []byte
	}{
		{"0", "No input.", nil},
		{"1_byte_00", "A zero byte is itself in RLP; it is not the empty string.", []byte{0}},
		{"1_byte_7f", "The largest byte that is itself in RLP.", []byte{0x7f}},
		{"1_byte_80", "The smallest byte that takes a prefix.", []byte{0x80}},
		{"1_byte_ff", "The largest byte.", []byte{0xff}},
		{"2", "Two zero bytes.", []byte{0, 0}},
		{"55", "The longest string with a short prefix.", patterned("input", 55)},
		{"56", "The shortest string with a long prefix.", patterned("input", 56)},
		{"255", "The longest with one byte of length.", patterned("input", 255)},
		{"256", "The shortest with two bytes of length.", patterned("input", 256)},
		{"65535", "The longest with two bytes of length.", patterned("input", 65535)},
		{"65536", "The shortest with three bytes of length.", patterned("input", 65536)},
		{"131072", "128 KiB.", patterned("input", 131072)},
	} {
		s.signed("1559_input_"+n.name, n.comment, change(feeMarket, func(f *fields) { f.input = n.input }))
		switch n.name {
		case "0", "1_byte_7f", "1_byte_80", "55", "56", "65536":
			s.signed("legacy_input_"+n.name, n.comment, change(legacy, func(f *fields) { f.input = n.input }))
		}
	}
	s.signed("legacy_input_131072_creation", "128 KiB of code: zero bytes.",
		change(legacy, func(f *fields) { f.to, f.input = nil, make([]byte, 131072) }))

	// The smallest numbers, so that the list is short.
	small := func(kind byte) fields {
		to := address("recipient")
		return fields{kind: kind, chainID: one, nonce: 1, gasPrice: one, tip: one, fee: one, gas: 1, to: &to, value: one}
	}
	hashedLength := func(t signed) int {
		var tx types.Transaction
		if err := tx.UnmarshalBinary(t.raw); err != nil {
			panic(err)
		}
		return contentLength(t.fields.kind, hashed(&tx, t.fields.chainID))
	}
	sentLength := func(t signed) int { return contentLength(t.fields.kind, t.raw) }
	for _, length := range []int{54, 55, 56, 57, 255, 256, 65535, 65536} {
		for _, kind := range []byte{legacy, feeMarket} {
			f := small(kind)
			if kind == legacy {
				f.chainID = nil
			}
			s.signed(fmt.Sprintf("%s_hashed_list_%d", typeNames[kind], length),
				fmt.Sprintf("The content of the list that is hashed has %d bytes; the list begins in another way at 56, 256 and 65536.", length),
				grow(f, length, hashedLength))
		}
	}
	for _, length := range []int{255, 256, 65535, 65536} {
		s.signed(fmt.Sprintf("1559_sent_list_%d", length), fmt.Sprintf("The content of the list that is sent has %d bytes.", length),
			grow(small(feeMarket), length, sentLength))
	}
}

// grow lengthens the input until the length is the wanted one, with other
// values where a longer input skips it.
func grow(f fields, length int, of func(signed) int) fields {
	for f.value = one; ; f.value = plus(f.value, 200) {
		f.input = nil
		for n := max(0, length-of(f.sign(key()))-8); n <= length; n++ {
			f.input = patterned("input", n)
			got := of(f.sign(key()))
			if got == length {
				return f
			} else if got > length+2 {
				break
			}
		}
	}
}

// contentLength is the length of the outer list without its prefix.
func contentLength(kind byte, raw []byte) int {
	if kind != legacy {
		raw = raw[1:]
	}
	content, _, err := rlp.SplitList(raw)
	if err != nil {
		panic(err)
	}
	return len(content)
}

func (s *set) accessLists() {
	storageKey := func(i int) common.Hash { return common.Hash(reproducible(fmt.Sprintf("storage key %d", i))) }
	keys := func(n int) []common.Hash {
		list := []common.Hash{}
		for i := range n {
			list = append(list, storageKey(i))
		}
		return list
	}
	token, other := address("token"), address("other token")
	for _, a := range []struct {
		name, comment string
		list          types.AccessList
	}{
		{"empty", "An empty access list.", nil},
		{"address_only", "An address without storage keys.", types.AccessList{{Address: token}}},
		{"one_key", "One storage key: the list of the tuple has 55 bytes, the most with a short prefix.", types.AccessList{{Address: token, StorageKeys: keys(1)}}},
		{"two_keys", "Two storage keys: all lists have long prefixes.", types.AccessList{{Address: token, StorageKeys: keys(2)}}},
		{"two_addresses", "Two addresses without keys: 46 bytes.", types.AccessList{{Address: token}, {Address: other}}},
		{"three_addresses", "Three addresses without keys: 69 bytes.", types.AccessList{{Address: token}, {Address: other}, {Address: token}}},
		{"mixed", "No keys, three keys, one key.", types.AccessList{{Address: token}, {Address: other, StorageKeys: keys(3)}, {Address: token, StorageKeys: keys(1)}}},
		{"duplicates", "The same address and keys twice: allowed, and paid for twice.", types.AccessList{
			{Address: token, StorageKeys: []common.Hash{storageKey(0), storageKey(0)}},
			{Address: token, StorageKeys: []common.Hash{storageKey(0), storageKey(0)}},
		}},
		{"zeros", "The zero address and the zero key.", types.AccessList{{StorageKeys: make([]common.Hash, 1)}}},
	} {
		for _, kind := range []byte{accessList, feeMarket} {
			s.signed(typeNames[kind]+"_access_list_"+a.name, a.comment, change(kind, func(f *fields) { f.accessList = a.list }))
		}
	}
	long := types.AccessList{{Address: token, StorageKeys: slices.Repeat([]common.Hash{storageKey(0)}, 20)}}
	for i := range 12 {
		long = append(long, types.AccessTuple{Address: address(fmt.Sprintf("token %d", i))})
	}
	for _, kind := range []byte{accessList, feeMarket, blob, setCode} {
		s.signed(typeNames[kind]+"_access_list_long", "20 times one key, then 12 addresses: lengths of two bytes.",
			change(kind, func(f *fields) { f.accessList = long }))
	}
}

// blobBytes is a blob's length, cellProofs the number of a blob's cell proofs.
const (
	blobBytes  = 131072
	cellProofs = 128
)

// aBlob gives bytes of a blob's length. Decoding does not look at them.
func aBlob(i int) []byte       { return patterned(fmt.Sprintf("blob %d", i), blobBytes) }
func aCommitment(i int) []byte { return patterned(fmt.Sprintf("commitment %d", i), 48) }
func aProof(i int) []byte      { return patterned(fmt.Sprintf("proof %d", i), 48) }

// some gives n values.
func some(n int, value func(int) []byte) [][]byte {
	list := [][]byte{}
	for i := range n {
		list = append(list, value(i))
	}
	return list
}

// wrap writes a blob transaction with what follows it in the network's form.
func wrap(tx []byte, rest ...any) []byte {
	list := []item{{"transaction", rlp.RawValue(tx[1:])}}
	for _, value := range rest {
		list = append(list, item{"", value})
	}
	return encode(blob, list)
}

func (s *set) blobs() {
	withHashes := func(n int) fields {
		return change(blob, func(f *fields) {
			f.blobHashes = nil
			for i := range n {
				f.blobHashes = append(f.blobHashes, blobHash(byte(i+1)))
			}
		})
	}
	for _, n := range []int{0, 1, 2, 6, 9} {
		comment := "Versioned hashes of blobs."
		if n == 0 {
			comment = "No versioned hash: EIP-4844 demands one, decoding does not."
		}
		s.signed(fmt.Sprintf("4844_hashes_%d", n), comment, withHashes(n))
	}
	s.signed("4844_hash_version_2", "A versioned hash that begins with 2 is no matter of decoding.",
		change(blob, func(f *fields) { f.blobHashes[0][0] = 2 }))

	tx := withHashes(1).sign(key()).raw
	two := withHashes(2).sign(key()).raw
	none := withHashes(0).sign(key()).raw
	one48, oneBlob := some(1, aCommitment), some(1, aBlob)
	empty := [][]byte{}

	s.signedBytes("4844_sidecar_v0", "The first form of a sidecar: blobs, commitments, a proof for each blob.",
		wrap(tx, oneBlob, one48, some(1, aProof)))
	s.signedBytes("4844_sidecar_v0_two", "Two blobs.", wrap(two, some(2, aBlob), some(2, aCommitment), some(2, aProof)))
	s.signedBytes("4844_sidecar_v0_zero_blob", "A blob of zeros.", wrap(tx, some(1, func(int) []byte { return make([]byte, blobBytes) }), one48, some(1, aProof)))
	s.signedBytes("4844_sidecar_v0_empty", "A sidecar of three empty lists.", wrap(none, empty, empty, empty))
	s.signedBytes("4844_sidecar_v1", "The second form: a version byte, and 128 cell proofs for each blob.",
		wrap(tx, uint(1), oneBlob, one48, some(cellProofs, aProof)))
	s.signedBytes("4844_sidecar_v1_two", "Two blobs, 256 cell proofs, all the same.",
		wrap(two, uint(1), some(2, aBlob), some(2, aCommitment), some(2*cellProofs, func(int) []byte { return aProof(0) })))
	s.signedBytes("4844_sidecar_v1_empty", "A version byte and three empty lists.", wrap(none, uint(1), empty, empty, empty))

	s.signedBytes("4844_sidecar_v0_two_blobs_one_hash", "More blobs than versioned hashes: decoding does not count.",
		wrap(tx, some(2, aBlob), some(2, aCommitment), some(2, aProof)))
	s.signedBytes("4844_sidecar_v0_no_commitment", "A blob without commitment: decoding does not count.", wrap(tx, oneBlob, empty, some(1, aProof)))
	s.signedBytes("4844_sidecar_v0_no_blob", "A hash, a commitment and a proof without the blob.", wrap(tx, empty, one48, some(1, aProof)))
	s.signedBytes("4844_sidecar_v0_no_proof", "A blob without proof.", wrap(tx, oneBlob, one48, empty))
	s.signedBytes("4844_sidecar_v0_cell_proofs", "The first form with 128 proofs.", wrap(tx, empty, one48, some(cellProofs, func(int) []byte { return aProof(0) })))
	s.signedBytes("4844_sidecar_v1_one_proof", "The second form with one proof.", wrap(tx, uint(1), empty, one48, some(1, aProof)))
	s.signedBytes("4844_sidecar_v1_127_proofs", "One cell proof is missing.", wrap(tx, uint(1), empty, one48, some(cellProofs-1, func(int) []byte { return aProof(0) })))

	for _, version := range []uint{0, 2, 127, 128, 255} {
		s.refused(fmt.Sprintf("4844_sidecar_version_%d", version), "A version byte other than 1; the first form, version 0, is written without one.",
			wrap(none, version, empty, empty, empty))
	}
	s.refused("4844_sidecar_version_256", "A version of two bytes.", wrap(none, uint(256), empty, empty, empty))
	s.refused("4844_sidecar_version_00", "Version 0 as a zero byte, which is no integer of RLP.", wrap(none, rlp.RawValue{0}, empty, empty, empty))
	s.refused("4844_sidecar_version_8101", "Version 1 with a prefix that it must not have.", wrap(none, rlp.RawValue{0x81, 1}, empty, empty, empty))
	s.refused("4844_sidecar_nothing", "A list around the transaction and nothing else.", wrap(none))
	s.refused("4844_sidecar_v0_no_proofs", "The list of proofs is missing.", wrap(none, empty, empty))
	s.refused("4844_sidecar_v0_extra", "A fourth list.", wrap(none, empty, empty, empty, empty))
	s.refused("4844_sidecar_v1_only_version", "A version byte and nothing else.", wrap(none, uint(1)))
	s.refused("4844_sidecar_v1_no_proofs", "The list of proofs is missing.", wrap(none, uint(1), empty, empty))
	s.refused("4844_sidecar_v1_extra", "A fourth list.", wrap(none, uint(1), empty, empty, empty, empty))
	s.refused("4844_sidecar_version_at_end", "The version byte follows the lists.", wrap(none, empty, empty, empty, uint(1)))
	s.refused("4844_sidecar_blob_short", "A blob that lacks a byte.", wrap(tx, some(1, func(int) []byte { return aBlob(0)[1:] }), one48, some(1, aProof)))
	s.refused("4844_sidecar_blob_long", "A blob with a byte more.", wrap(tx, some(1, func(int) []byte { return append(aBlob(0), 0) }), one48, some(1, aProof)))
	s.refused("4844_sidecar_blob_empty", "A blob without bytes.", wrap(tx, [][]byte{{}}, one48, some(1, aProof)))
	s.refused("4844_sidecar_commitment_47", "A commitment that lacks a byte.", wrap(none, empty, [][]byte{aCommitment(0)[1:]}, empty))
	s.refused("4844_sidecar_commitment_49", "A commitment with a byte more.", wrap(none, empty, [][]byte{append(aCommitment(0), 0)}, empty))
	s.refused("4844_sidecar_proof_47", "A proof that lacks a byte.", wrap(none, empty, empty, [][]byte{aProof(0)[1:]}))
	s.refused("4844_sidecar_proof_49", "A cell proof with a byte more.", wrap(none, uint(1), empty, empty, [][]byte{append(aProof(0), 0)}))
	s.refused("4844_sidecar_blobs_no_list", "A blob in place of the list of blobs, which is read as a version.", wrap(tx, aBlob(0), one48, some(1, aProof)))
	s.refused("4844_sidecar_trailing_byte", "A byte after the whole.", append(wrap(none, empty, empty, empty), 0))
	s.refused("4844_sidecar_transaction_with_type", "The inner transaction has its type byte, inside a string.",
		encode(blob, []item{{"", none}, {"", empty}, {"", empty}, {"", empty}}))
	s.refused("4844_sidecar_twice", "A sidecar around a transaction that has one.", wrap(wrap(none, empty, empty, empty), empty, empty, empty))
	s.refused("1559_sidecar", "A sidecar around a transaction of type 2.", append([]byte{feeMarket}, wrap(ordinary(feeMarket).sign(key()).raw, empty, empty, empty)[1:]...))
}

func (s *set) setCode() {
	chain := big.NewInt(10)
	withList := func(list ...types.SetCodeAuthorization) fields {
		return change(setCode, func(f *fields) { f.authorizations = list })
	}
	a := authorize("authority", chain, "delegate", 1)
	anyChain := authorize("authority", zero, "delegate", 2)
	otherChain := authorize("other authority", big.NewInt(1), "delegate", 0)
	s.signed("7702_authorizations_0", "No authorization: EIP-7702 demands one, decoding does not.", withList())
	s.signed("7702_authorizations_3", "For this chain, for every chain (0) and for another one.", withList(a, anyChain, otherChain))
	s.signed("7702_authorizations_same", "The same authorization twice.", withList(a, a))
	many := make([]types.SetCodeAuthorization, 0, 20)
	for i := range uint64(20) {
		many = append(many, authorize(fmt.Sprintf("authority %d", i), chain, "delegate", i))
	}
	s.signed("7702_authorizations_20", "Authorizations by 20 accounts, of either parity.", withList(many...))
	for _, parity := range []uint8{0, 1} {
		one := a
		for nonce := uint64(0); ; nonce++ {
			if one = authorize("authority", chain, "delegate", nonce); one.V == parity {
				break
			}
		}
		s.signed(fmt.Sprintf("7702_authorization_y_parity_%d", parity), "An authorization of this parity.", withList(one))
	}
	s.signed("7702_authorization_own", "The sender authorizes, too: its nonce is one more, since the transaction's comes first.",
		withList(authorize("transactions", chain, "delegate", 8)))
	revoke := types.SetCodeAuthorization{Nonce: 3}
	revoke.ChainID.SetFromBig(chain)
	s.signed("7702_authorization_zero_address", "The zero address revokes a delegation.",
		withList(must(types.SignSetCode(blocks.TestKey("authority"), revoke))))
	s.signed("7702_authorization_largest", "The largest chain id and nonce.", withList(authorize("authority", maxUint256, "delegate", math.MaxUint64)))

	odd := func(name, comment string, by func(a *types.SetCodeAuthorization)) {
		changed := a
		by(&changed)
		s.signed("7702_authorization_"+name, comment+" The transaction is valid all the same: such an authorization is skipped.", withList(changed, anyChain))
	}
	odd("high_s", "s' = n - s and the other parity.", func(a *types.SetCodeAuthorization) {
		a.S.SetFromBig(new(big.Int).Sub(order, a.S.ToBig()))
		a.V ^= 1
	})
	odd("y_parity_2", "A y parity of 2.", func(a *types.SetCodeAuthorization) { a.V = 2 })
	odd("y_parity_27", "A y parity of 27.", func(a *types.SetCodeAuthorization) { a.V = 27 })
	odd("y_parity_255", "The largest y parity of one byte.", func(a *types.SetCodeAuthorization) { a.V = 255 })
	odd("r_zero", "r = 0.", func(a *types.SetCodeAuthorization) { a.R.Clear() })
	odd("s_zero", "s = 0.", func(a *types.SetCodeAuthorization) { a.S.Clear() })
	odd("r_n", "r = n.", func(a *types.SetCodeAuthorization) { a.R.SetFromBig(order) })
	odd("largest_numbers", "r and s of 256 bits.", func(a *types.SetCodeAuthorization) {
		a.R.SetFromBig(maxUint256)
		a.S.SetFromBig(maxUint256)
	})

	// What cannot be an authorization at all.
	t := ordinary(setCode).sign(key())
	tuple := func(name string, value any) []any {
		elements := []item{
			{"chain_id", &a.ChainID}, {"address", a.Address}, {"nonce", a.Nonce},
			{"y_parity", a.V}, {"r", &a.R}, {"s", &a.S},
		}
		values := []any{}
		for _, element := range replace(elements, name, value) {
			values = append(values, element.value)
		}
		return values
	}
	bad := func(name, comment string, list any) {
		s.refused("7702_authorization_"+name, comment, t.with("authorizations", list))
	}
	whole := tuple("nonce", a.Nonce)
	bad("y_parity_256", "A y parity of two bytes.", []any{tuple("y_parity", uint(256))})
	bad("y_parity_leading_zero", "A y parity of 0 as a zero byte.", []any{tuple("y_parity", rlp.RawValue{0})})
	bad("chain_id_33_bytes", "A chain id of 33 bytes.", []any{tuple("chain_id", power(256))})
	bad("nonce_9_bytes", "A nonce of 9 bytes.", []any{tuple("nonce", power(64))})
	bad("r_33_bytes", "r has 33 bytes.", []any{tuple("r", power(256))})
	bad("s_33_bytes", "s has 33 bytes.", []any{tuple("s", power(256))})
	bad("r_leading_zero", "r with a leading zero byte.", []any{tuple("r", append([]byte{0}, bytes32(a.R.ToBig())...))})
	bad("address_empty", "No address: unlike a recipient it must be there.", []any{tuple("address", []byte{})})
	bad("address_19_bytes", "An address that lacks a byte.", []any{tuple("address", a.Address[1:])})
	bad("address_21_bytes", "An address with a byte more.", []any{tuple("address", append(bytes.Clone(a.Address[:]), 0))})
	bad("five_elements", "s is missing.", []any{whole[:5]})
	bad("seven_elements", "An element too many.", []any{append(whole, uint(0))})
	bad("empty", "An authorization without elements.", []any{[]any{}})
	bad("string", "A string in place of an authorization.", []any{[]byte("authorization")})
	bad("no_list", "An authorization in place of the list of authorizations.", whole)
}

func (s *set) deposits() {
	block, err := blocks.Build(blocks.Spec{Topic: blocks.V4, ChainID: big.NewInt(10), Number: 4200, Timestamp: 1_760_000_000})
	if err != nil {
		panic(err)
	}
	s.otherSender("deposit_l1_attributes", "The first transaction of a block of Isthmus.", block.Envelope.ExecutionPayload.Transactions[0])

	to := address("recipient")
	source, from := common.Hash(reproducible("source")), address("depositor")
	base := []item{
		{"source_hash", source}, {"from", from}, {"to", to}, {"mint", big.NewInt(5_000_000_000)},
		{"value", big.NewInt(7)}, {"gas", uint64(100_000)}, {"is_system", false}, {"input", reproducible("input")[:4]},
	}
	deposit := func(list []item) []byte { return encode(types.DepositTxType, list) }
	add := func(name, comment string, changes ...item) {
		list := base
		for _, c := range changes {
			list = replace(list, c.name, c.value)
		}
		s.otherSender("deposit_"+name, comment, deposit(list))
	}
	add("ordinary", "A user's deposit that mints.")
	add("mint_none", "Nothing is minted: an empty string. op-geth reads it as 0, never as nil, and writes both so.", item{"mint", []byte{}})
	add("mint_1", "The smallest mint.", item{"mint", one})
	add("mint_largest", "The largest mint and value of 256 bits.", item{"mint", maxUint256}, item{"value", maxUint256})
	add("creation", "A contract is created: no recipient.", item{"to", []byte{}})
	add("to_zero_address", "The zero address is a recipient.", item{"to", common.Address{}})
	add("system", "A system transaction, as before Regolith.", item{"is_system", true}, item{"mint", []byte{}})
	add("zeros", "All is zero.", item{"source_hash", common.Hash{}}, item{"from", common.Address{}}, item{"to", []byte{}},
		item{"mint", []byte{}}, item{"value", zero}, item{"gas", uint64(0)}, item{"input", []byte{}})
	add("gas_largest", "The largest gas.", item{"gas", uint64(math.MaxUint64)})
	add("input_1_byte", "An input of one byte that is itself in RLP.", item{"input", []byte{0x7f}})
	add("input_65536", "A long input.", item{"input", patterned("input", 65536)})
	add("input_131072", "128 KiB of zeros.", item{"input", make([]byte, 131072)})
	add("mint_33_bytes", "A mint of 257 bits: op-geth has no limit here.", item{"mint", power(256)})
	add("value_33_bytes", "A value of 257 bits.", item{"value", power(256)})

	bad := func(name, comment, element string, value any) {
		s.refused("deposit_"+name, comment, deposit(replace(base, element, value)))
	}
	bad("mint_00", "A mint of 0 as a zero byte.", "mint", rlp.RawValue{0})
	bad("mint_list", "An empty list in place of no mint.", "mint", rlp.RawValue{0xc0})
	bad("mint_leading_zero", "A mint with a leading zero byte.", "mint", []byte{0, 1})
	bad("to_list", "An empty list in place of no recipient.", "to", rlp.RawValue{0xc0})
	bad("to_19_bytes", "A recipient that lacks a byte.", "to", to[1:])
	bad("from_empty", "No sender.", "from", []byte{})
	bad("from_21_bytes", "A sender with a byte more.", "from", append(bytes.Clone(from[:]), 0))
	bad("source_31_bytes", "A source hash that lacks a byte.", "source_hash", source[1:])
	bad("source_33_bytes", "A source hash with a byte more.", "source_hash", append(bytes.Clone(source[:]), 0))
	bad("is_system_2", "A truth value is 0 or 1.", "is_system", uint(2))
	bad("is_system_00", "False as a zero byte.", "is_system", rlp.RawValue{0})
	bad("is_system_list", "An empty list in place of false.", "is_system", rlp.RawValue{0xc0})
	bad("gas_9_bytes", "A gas limit of 65 bits.", "gas", power(64))
	bad("value_leading_zero", "A value with a leading zero byte.", "value", []byte{0, 7})
	bad("input_list", "A list in place of the input.", "input", rlp.RawValue{0xc1, 1})
	s.refused("deposit_seven_elements", "The input is missing.", deposit(remove(base, "input")))
	s.refused("deposit_nine_elements", "An element too many, such as the nonce of a receipt.", deposit(append(slices.Clone(base), item{"nonce", uint64(1)})))
	s.refused("deposit_signed", "With v, r and s, which a deposit does not have.", deposit(withSignature(base, zero, zero, zero)))
	s.refused("deposit_trailing_byte", "A byte after the list.", append(deposit(base), 0))
	s.refused("deposit_cut", "The last byte is missing.", deposit(base)[:len(deposit(base))-1])
	s.refused("deposit_empty_list", "A list without elements.", []byte{types.DepositTxType, 0xc0})

	post := "op-geth's own addition to the OP Stack: it takes any bytes and has no sender but the zero address."
	s.otherSender("post_exec_1_byte", post, []byte{types.PostExecTxType, 0})
	s.otherSender("post_exec_no_rlp", post, append([]byte{types.PostExecTxType}, reproducible("post-exec")...))
}
