package transactions

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
)

// signatures has what may be wrong with v, r and s. op-geth looks at them when
// it asks for the sender, not when it decodes.
func (s *set) signatures() {
	flipped := func(t signed) *big.Int {
		if ofParity(0)(t) {
			return plus(t.v, 1)
		}
		return minus(t.v, 1)
	}
	for _, kind := range signable {
		name, t := typeNames[kind], ordinary(kind).sign(key())
		with := func(v, r, s *big.Int) []byte { return encode(kind, withSignature(t.fields.items(), v, r, s)) }
		s.otherSender(name+"_parity_flipped", "The other parity: recovers another address.", with(flipped(t), t.r, t.s))
		s.noSender(name+"_high_s", "s' = n - s and the other parity: recovers the signer's address, but op-geth demands a low s.",
			with(flipped(t), t.r, new(big.Int).Sub(order, t.s)), nil)
		s.noSender(name+"_r_zero", "r = 0.", with(t.v, zero, t.s), nil)
		s.noSender(name+"_s_zero", "s = 0.", with(t.v, t.r, zero), nil)
		s.noSender(name+"_r_n", "r = n, which is 0 in arithmetic modulo n.", with(t.v, order, t.s), nil)
		s.noSender(name+"_s_n", "s = n, which is 0 in arithmetic modulo n.", with(t.v, t.r, order), nil)
		if kind == legacy || kind == feeMarket {
			s.noSender(name+"_r_2_256_minus_1", "The largest r of 32 bytes.", with(t.v, maxUint256, t.s), nil)
			s.noSender(name+"_s_2_256_minus_1", "The largest s of 32 bytes.", with(t.v, t.r, maxUint256), nil)
			s.otherSender(name+"_s_half", "s = (n - 1) / 2, the largest that is not high.", with(t.v, t.r, halfOrder))
			s.noSender(name+"_s_half_plus_1", "s = (n + 1) / 2, the smallest that is high.", with(t.v, t.r, plus(halfOrder, 1)), nil)
			s.noSender(name+"_r_off_curve", "r is in range but is not the x coordinate of a point.", with(t.v, offCurve(t.r), t.s), nil)
		}
		for _, tooLong := range []struct {
			name string
			raw  []byte
		}{
			{"r_33_bytes", with(t.v, new(big.Int).Add(t.r, power(256)), t.s)},
			{"s_33_bytes", with(t.v, t.r, new(big.Int).Add(t.s, power(256)))},
		} {
			comment := "The right number plus 2^256."
			if kind == blob || kind == setCode {
				s.refused(name+"_"+tooLong.name, comment, tooLong.raw)
			} else {
				s.noSender(name+"_"+tooLong.name, comment+" op-geth decodes integers of any length in this type.", tooLong.raw, nil)
			}
		}
		if kind == legacy {
			continue
		}
		s.noSender(name+"_not_signed", "All of the signature is zero.", with(zero, zero, zero), nil)
		for _, parity := range []int64{2, 27, 28} {
			s.noSender(fmt.Sprintf("%s_y_parity_%d", name, parity), "A typed transaction has a y parity of 0 or 1.", with(big.NewInt(parity), t.r, t.s), nil)
		}
	}
	t := ordinary(feeMarket).sign(key())
	for _, parity := range []struct {
		name  string
		value *big.Int
	}{
		{"3", big.NewInt(3)}, {"37", big.NewInt(37)}, {"128", big.NewInt(128)}, {"228", big.NewInt(228)}, {"229", big.NewInt(229)}, {"255", big.NewInt(255)},
		{"256", big.NewInt(256)}, {"2_64", power(64)}, {"2_256", power(256)}, {"2_256_plus_1", plus(power(256), 1)},
	} {
		s.noSender("1559_y_parity_"+parity.name, "A y parity that a careless conversion may take for 0 or 1.", t.with("v", parity.value), nil)
	}
	for _, kind := range []byte{blob, setCode} {
		t := ordinary(kind).sign(key())
		s.noSender(typeNames[kind]+"_y_parity_2_256_minus_1", "A y parity of 32 bytes.", t.with("v", maxUint256), nil)
		s.refused(typeNames[kind]+"_y_parity_2_256", "A y parity of 33 bytes.", t.with("v", power(256)))
	}

	t = ordinary(legacy).sign(key())
	for _, v := range []int64{0, 1, 2, 10, 26, 29, 30, 33, 34} {
		raw := t.with("v", big.NewInt(v))
		var tx types.Transaction
		if err := tx.UnmarshalBinary(raw); err != nil {
			panic(err)
		}
		s.noSender(fmt.Sprintf("legacy_v_%d", v),
			fmt.Sprintf("v says neither that there is no chain id nor which: op-geth's ChainId() wraps around to %s.", tx.ChainId()), raw, nil)
	}
	for _, parity := range []uint{0, 1} {
		f := ordinary(legacy)
		f.chainID = zero
		f = until(f, ofParity(parity))
		var tx types.Transaction
		made := f.sign(key())
		if err := tx.UnmarshalBinary(made.raw); err != nil {
			panic(err)
		}
		if from, err := types.NewEIP155Signer(zero).Sender(&tx); err != nil || from != crypto.PubkeyToAddress(key().PublicKey) {
			panic(fmt.Sprintf("the EIP-155 signer of chain 0 says %s, %v", from, err))
		}
		s.noSender(fmt.Sprintf("legacy_v_%d", 35+parity),
			"Signed for chain 0 by EIP-155: op-geth has no newer signer for that chain; its old EIP-155 signer finds the sender.", made.raw, key())
	}
	s.otherSender("legacy_v_27_signed_for_10", "Signed for chain 10, but v says that there is no chain: recovers another address.", t.with("v", big.NewInt(27)))
	s.otherSender("legacy_v_37_signed_for_10", "Signed for chain 10, but v says chain 1: recovers another address.", t.with("v", big.NewInt(37)))
	s.noSender("legacy_not_signed", "All of the signature is zero.", encode(legacy, withSignature(t.fields.items(), zero, zero, zero)), nil)
	s.noSender("legacy_not_signed_chain_10", "What EIP-155 hashes: the chain id in the place of v, then zeros.",
		encode(legacy, withSignature(t.fields.items(), big.NewInt(10), zero, zero)), nil)
	s.noSender("legacy_not_signed_chain_8453", "The same for Base: read as a v, 8453 says chain 4209.",
		encode(legacy, withSignature(t.fields.items(), big.NewInt(8453), zero, zero)), nil)
	s.otherSender("legacy_v_283", "283 = 27 + 256 is a v of chain 124: recovers another address.", t.with("v", big.NewInt(283)))
}

// offCurve gives the next number that is no x coordinate of a point.
func offCurve(x *big.Int) *big.Int {
	prime := crypto.S256().Params().P
	for ; ; x = plus(x, 1) {
		square := new(big.Int).Exp(x, big.NewInt(3), prime)
		if new(big.Int).ModSqrt(square.Mod(plus(square, 7), prime), prime) == nil {
			return x
		}
	}
}

// integerNames are the elements of a type that are integers, without v, r and s.
func integerNames(kind byte) []string {
	names := []string{}
	for _, element := range ordinary(kind).items() {
		switch element.value.(type) {
		case *big.Int, uint64:
			names = append(names, element.name)
		}
	}
	return names
}

// integers has the ways in which an integer must not be written, and how long
// one may be.
func (s *set) integers() {
	for _, kind := range signable {
		name, t := typeNames[kind], ordinary(kind).sign(key())
		for _, element := range append(integerNames(kind), "v", "r", "s") {
			s.refused(fmt.Sprintf("%s_%s_zero_byte", name, element), "0 is the empty string, not a zero byte.", t.with(element, rlp.RawValue{0}))
			if kind != feeMarket && kind != setCode {
				continue
			}
			s.refused(fmt.Sprintf("%s_%s_leading_zero", name, element), "A leading zero byte.", t.with(element, []byte{0, 0x80}))
			s.refused(fmt.Sprintf("%s_%s_needless_prefix", name, element), "1 is itself in RLP, without a prefix.", t.with(element, rlp.RawValue{0x81, 1}))
			s.refused(fmt.Sprintf("%s_%s_list", name, element), "A list in place of an integer.", t.with(element, rlp.RawValue{0xc0}))
		}
		for _, element := range []string{"nonce", "gas"} {
			s.refused(fmt.Sprintf("%s_%s_2_64", name, element), "65 bits.", t.with(element, power(64)))
		}
		for _, element := range integerNames(kind) {
			switch element {
			case "nonce", "gas":
				continue
			}
			caseName := fmt.Sprintf("%s_%s_2_256", name, element)
			if kind == blob || kind == setCode {
				s.refused(caseName, "257 bits.", t.with(element, power(256)))
				continue
			}
			s.signed(caseName, "257 bits: op-geth decodes integers of any length in this type, and finds the sender.", change(kind, func(f *fields) {
				switch element {
				case "chain_id":
					f.chainID = power(256)
				case "gas_price":
					f.gasPrice = power(256)
				case "max_priority_fee_per_gas":
					f.tip = power(256)
				case "max_fee_per_gas":
					f.fee = power(256)
				case "value":
					f.value = power(256)
				default:
					panic(element)
				}
			}))
		}
	}
	s.signed("legacy_chain_id_2_256", "257 bits of chain id: op-geth has no limit for v.", change(legacy, func(f *fields) { f.chainID = power(256) }))
	s.signed("1559_value_1000_bytes", "A value of 8000 bits.", change(feeMarket, func(f *fields) { f.value = power(7999) }))
	t := ordinary(feeMarket).sign(key())
	s.refused("1559_gas_2_72", "9 bytes, of which the last 8 are zero.", t.with("gas", power(72)))
	s.refused("1559_nonce_long_prefix", "An integer with a long prefix.", t.with("nonce", rlp.RawValue{0xb8, 1, 0x80}))
	s.refused("1559_value_9_bytes_leading_zero", "A value padded to 9 bytes.", t.with("value", []byte{0, 1, 2, 3, 4, 5, 6, 7, 8}))
	s.refused("1559_r_33_bytes_leading_zero", "r with the zero byte that encoders of signed numbers add.",
		t.with("r", append([]byte{0}, bytes32(t.r)...)))
	short := until(ordinary(feeMarket), func(t signed) bool { return t.r.BitLen() <= 248 }).sign(key())
	s.refused("1559_r_padded", "An r of 31 bytes, padded to 32.", short.with("r", bytes32(short.r)))
	s.refused("1559_chain_id_padded", "The chain id padded to 32 bytes.", t.with("chain_id", bytes32(t.fields.chainID)))
}

// shapes has elements of the wrong kind, length or number.
func (s *set) shapes() {
	to := address("recipient")
	for _, kind := range signable {
		name, t := typeNames[kind], ordinary(kind).sign(key())
		s.refused(name+"_to_19_bytes", "A recipient that lacks a byte.", t.with("to", to[1:]))
		s.refused(name+"_to_21_bytes", "A recipient with a byte more.", t.with("to", append(bytes.Clone(to[:]), 0)))
		s.refused(name+"_to_list", "An empty list in place of no recipient.", t.with("to", rlp.RawValue{0xc0}))
		s.refused(name+"_input_list", "A list in place of the input.", t.with("input", rlp.RawValue{0xc0}))
		s.refused(name+"_without_first", "The first element is missing.", t.without(t.list[0].name))
		s.refused(name+"_without_s", "The last element is missing.", t.without("s"))
		s.refused(name+"_without_signature", "v, r and s are missing.", encode(kind, t.fields.items()))
		s.refused(name+"_extra_element", "An element too many.", encode(kind, append(slices.Clone(t.list), item{"", zero})))
		s.refused(name+"_extra_list", "An empty list too many.", encode(kind, append(slices.Clone(t.list), item{"", []any{}})))
		s.refused(name+"_trailing_byte", "A byte after the list.", append(bytes.Clone(t.raw), 0))
		s.refused(name+"_trailing_empty_list", "An empty list after the list.", append(bytes.Clone(t.raw), 0xc0))
		s.refused(name+"_twice", "The transaction, and the same again.", append(bytes.Clone(t.raw), t.raw...))
		if kind == blob || kind == setCode {
			s.refused(name+"_creation", "A transaction of this type needs a recipient.", t.with("to", []byte{}))
		}
	}
	t := ordinary(feeMarket).sign(key())
	s.refused("1559_to_1_byte", "A recipient of one byte.", t.with("to", []byte{0x42}))
	s.refused("1559_to_32_bytes", "A recipient padded to 32 bytes.", t.with("to", append(make([]byte, 12), to[:]...)))
	s.refused("1559_to_list_of_address", "A list with the recipient.", t.with("to", []any{to}))
	s.refused("1559_to_long_prefix", "A recipient with a long prefix.", t.with("to", rlp.RawValue(append([]byte{0xb8, 20}, to[:]...))))
	s.refused("1559_input_needless_prefix", "A byte below 0x80 with a prefix.", t.with("input", rlp.RawValue{0x81, 0x7f}))
	s.refused("1559_input_55_long_prefix", "55 bytes with a long prefix.", t.with("input", rlp.RawValue(append([]byte{0xb8, 55}, patterned("input", 55)...))))
	s.refused("1559_input_empty_long_prefix", "No bytes with a long prefix.", t.with("input", rlp.RawValue{0xb8, 0}))
	s.refused("1559_input_length_leading_zero", "A length with a leading zero byte.", t.with("input", rlp.RawValue(append([]byte{0xb9, 0, 56}, patterned("input", 56)...))))
	s.refused("1559_input_beyond_list", "The input is longer than the list that it is in.", t.with("input", rlp.RawValue{0xb9, 0xff, 0xff}))
	s.refused("1559_input_huge", "The input claims 2^64 - 1 bytes.", t.with("input", rlp.RawValue{0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}))
	s.refused("1559_input_huge_wrapping", "The input claims 2^64 - 9 bytes: with its prefix that is 2^64.", t.with("input", rlp.RawValue{0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf7}))

	// Access lists that are none. None of them changes which type op-geth sees.
	token, storageKey := address("token"), common.Hash(reproducible("storage key 0"))
	for _, kind := range []byte{accessList, feeMarket} {
		t := ordinary(kind).sign(key())
		bad := func(name, comment string, value any) {
			s.refused(typeNames[kind]+"_access_list_"+name, comment, t.with("access_list", value))
		}
		bad("string", "An empty string in place of the list.", rlp.RawValue{0x80})
		bad("tuple", "A tuple in place of a list of tuples.", []any{token, []any{storageKey}})
		bad("tuple_string", "A string in place of a tuple.", []any{token})
		bad("tuple_empty", "A tuple without elements.", []any{[]any{}})
		bad("tuple_one_element", "A tuple without its list of keys.", []any{[]any{token}})
		bad("tuple_three_elements", "A tuple with an element too many.", []any{[]any{token, []any{}, []any{}}})
		bad("tuple_swapped", "The keys, then the address.", []any{[]any{[]any{storageKey}, token}})
		bad("keys_string", "A key in place of a list of keys.", []any{[]any{token, storageKey}})
		bad("keys_empty_string", "An empty string in place of a list of keys.", []any{[]any{token, []byte{}}})
		bad("key_31_bytes", "A key that lacks a byte.", []any{[]any{token, []any{storageKey[1:]}}})
		bad("key_33_bytes", "A key with a byte more.", []any{[]any{token, []any{append(bytes.Clone(storageKey[:]), 0)}}})
		bad("key_empty", "A key without bytes: a key of zeros has 32.", []any{[]any{token, []any{[]byte{}}}})
		bad("key_list", "A list in place of a key.", []any{[]any{token, []any{[]any{storageKey}}}})
		bad("address_empty", "A tuple without address.", []any{[]any{[]byte{}, []any{}}})
		bad("address_19_bytes", "An address that lacks a byte.", []any{[]any{token[1:], []any{}}})
		bad("address_21_bytes", "An address with a byte more.", []any{[]any{append(bytes.Clone(token[:]), 0), []any{}}})
		bad("long_prefix", "An empty list with a long prefix.", rlp.RawValue{0xf8, 0})
		bad("length_leading_zero", "A length with a leading zero byte.", rlp.RawValue(append([]byte{0xf9, 0, 0x17}, must(rlp.EncodeToBytes([]any{[]any{token, []any{}}}))[1:]...)))
		bad("beyond_list", "An access list that is longer than the list that it is in.", rlp.RawValue{0xf9, 0xff, 0xff})
		bad("huge", "An access list that claims 2^64 - 1 bytes.", rlp.RawValue(bytes.Repeat([]byte{0xff}, 9)))
	}
	b := ordinary(blob).sign(key())
	for _, bad := range []struct {
		name, comment string
		value         any
	}{
		{"string", "A hash in place of a list of hashes.", blobHash(1)},
		{"empty_string", "An empty string in place of a list of hashes.", []byte{}},
		{"31_bytes", "A hash that lacks a byte.", [][]byte{blobHash(1).Bytes()[1:]}},
		{"33_bytes", "A hash with a byte more.", [][]byte{append(blobHash(1).Bytes(), 0)}},
		{"nested", "A list in place of a hash.", []any{[]any{blobHash(1)}}},
	} {
		s.refused("4844_hashes_"+bad.name, bad.comment, b.with("blob_versioned_hashes", bad.value))
	}
	s.refused("4844_hash_empty", "A hash without bytes.", b.with("blob_versioned_hashes", [][]byte{{}}))
}

// cut has transactions that end too early.
func (s *set) cut() {
	t := change(feeMarket, func(f *fields) {
		f.input = patterned("input", 150)
		f.accessList = types.AccessList{{Address: address("token"), StorageKeys: []common.Hash{common.Hash(reproducible("storage key 0"))}}}
	}).sign(key())
	for _, length := range []int{2, 3, 4, 5, 10, 20, 40, 60, 61, 100, 160, 180, len(t.raw) - 66, len(t.raw) - 33, len(t.raw) - 32, len(t.raw) - 1} {
		s.refused(fmt.Sprintf("1559_cut_to_%d", length), fmt.Sprintf("The first %d bytes of %d.", length, len(t.raw)), t.raw[:length])
	}
	for _, kind := range []byte{legacy, accessList, blob, setCode} {
		raw := ordinary(kind).sign(key()).raw
		for _, length := range []int{2, 3, len(raw) / 2, len(raw) - 1} {
			s.refused(fmt.Sprintf("%s_cut_to_%d", typeNames[kind], length), fmt.Sprintf("The first %d bytes of %d.", length, len(raw)), raw[:length])
		}
	}
	whole := wrap(ordinary(blob).sign(key()).raw, some(1, aBlob), some(1, aCommitment), some(1, aProof))
	for _, length := range []int{2, 6, 10, 200, 65536, len(whole) - 49, len(whole) - 1} {
		s.refused(fmt.Sprintf("4844_sidecar_cut_to_%d", length), fmt.Sprintf("The first %d bytes of %d.", length, len(whole)), whole[:length])
	}
	// The list says how much there is, an element says more.
	s.refused("1559_s_beyond_list", "The list ends within s.", shorten(t.raw, 1))
	s.refused("1559_list_without_s", "The list ends before s, and s follows it.", shortenHeader(t.raw, 33))
	s.refused("1559_list_one_longer", "The list says one byte more than there is.", shortenHeader(t.raw, -1))
}

// shortenHeader subtracts from the length that the outer list of a typed
// transaction states in two bytes.
func shortenHeader(raw []byte, by int) []byte {
	raw = bytes.Clone(raw)
	if raw[1] != 0xf9 {
		panic("the list has another prefix")
	}
	binary.BigEndian.PutUint16(raw[2:], uint16(int(binary.BigEndian.Uint16(raw[2:]))-by))
	return raw
}

// shorten cuts bytes off and corrects the outer list's length.
func shorten(raw []byte, by int) []byte { return shortenHeader(raw, by)[:len(raw)-by] }

// envelopes has what stands around the lists: type bytes, prefixes, nothing.
func (s *set) envelopes() {
	s.refused("empty", "No bytes.", nil)
	f, l := ordinary(feeMarket).sign(key()).raw, ordinary(legacy).sign(key()).raw
	for _, kind := range []byte{0, 1, 2, 3, 4, 5, 0x7c, types.PostExecTxType, types.DepositTxType, 0x7f, 0x80, 0xb7, 0xb8, 0xbf, 0xc1, 0xf7, 0xf8, 0xff} {
		s.refused(fmt.Sprintf("only_byte_%02x", kind), "A single byte.", []byte{kind})
	}
	s.refused("empty_list", "A list without elements.", []byte{0xc0})
	for _, kind := range signable[1:] {
		s.refused(typeNames[kind]+"_empty_list", "A type byte and a list without elements.", []byte{kind, 0xc0})
		s.refused(typeNames[kind]+"_empty_string", "A type byte and an empty string.", []byte{kind, 0x80})
		s.refused(typeNames[kind]+"_zero_byte", "A type byte and a zero byte.", []byte{kind, 0})
		s.refused(typeNames[kind]+"_list_of_list", "A type byte and a list of an empty list.", []byte{kind, 0xc1, 0xc0})
	}
	s.refused("list_of_list", "A list of an empty list.", []byte{0xc1, 0xc0})
	for _, kind := range []byte{0, 5, 6, 0x64, 0x7c, 0x7f} {
		s.refused(fmt.Sprintf("type_%02x", kind), "A type that does not exist, with the list of another one.", append([]byte{kind}, f[1:]...))
	}
	s.refused("type_00_legacy", "A legacy transaction with a type byte, which it does not have.", append([]byte{0}, l...))
	for _, kind := range signable[1:] {
		s.refused(typeNames[kind]+"_list_of_legacy", "A type byte in front of the list of a legacy transaction.", append([]byte{kind}, l...))
	}
	s.refused("legacy_list_of_1559", "The list of type 2 without its type byte.", f[1:])
	s.refused("legacy_list_of_2930", "The list of type 1 without its type byte.", ordinary(accessList).sign(key()).raw[1:])
	s.refused("2930_list_of_1559", "The list of type 2 under type 1.", append([]byte{accessList}, f[1:]...))
	s.refused("4844_list_of_1559", "The list of type 2 under type 3.", append([]byte{blob}, f[1:]...))
	s.refused("7702_list_of_1559", "The list of type 2 under type 4.", append([]byte{setCode}, f[1:]...))
	s.refused("1559_list_of_7702", "The list of type 4 under type 2.", append([]byte{feeMarket}, ordinary(setCode).sign(key()).raw[1:]...))
	s.refused("1559_in_string", "As in a block or between nodes: a typed transaction is a string there.", must(rlp.EncodeToBytes(f)))
	s.refused("legacy_in_string", "A legacy transaction as a string.", must(rlp.EncodeToBytes(l)))
	s.refused("legacy_in_list", "A list of one legacy transaction.", must(rlp.EncodeToBytes([]rlp.RawValue{l})))
	s.refused("1559_in_list", "The list of type 2 in one more list.", append([]byte{feeMarket}, must(rlp.EncodeToBytes([]rlp.RawValue{f[1:]}))...))
	s.refused("1559_type_twice", "The type byte twice.", append([]byte{feeMarket}, f...))
	s.refused("1559_leading_zero", "A zero byte in front.", append([]byte{0}, f...))
	s.refused("legacy_hex_text", "Hex digits as text.", []byte(hex(l)))
	s.refused("1559_list_length_leading_zero", "The length of the list has a leading zero byte.", slices.Concat([]byte{feeMarket, 0xf9, 0}, f[2:]))
	s.refused("legacy_list_length_leading_zero", "The length of the list has a leading zero byte.", slices.Concat([]byte{0xf9, 0}, l[1:]))
	s.refused("1559_list_as_string", "The list's content as a string.", slices.Concat([]byte{feeMarket, 0xb8}, f[2:]))
	s.refused("1559_short_list_long_prefix", "An empty list with a long prefix.", []byte{feeMarket, 0xf8, 0})
	for _, huge := range []struct {
		name, comment string
		raw           []byte
	}{
		{"string_2_64_minus_1", "A string that claims 2^64 - 1 bytes.", []byte{0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{"list_2_64_minus_1", "A list that claims 2^64 - 1 bytes.", bytes.Repeat([]byte{0xff}, 9)},
		{"list_2_64_minus_9", "A list that claims 2^64 - 9 bytes: with its prefix that is 2^64.", []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf7}},
		{"list_2_63", "A list that claims 2^63 bytes.", []byte{0xff, 0x80, 0, 0, 0, 0, 0, 0, 0}},
		{"list_2_31", "A list that claims 2^31 bytes.", []byte{0xfb, 0x80, 0, 0, 0}},
		{"list_2_32", "A list that claims 2^32 bytes.", []byte{0xfc, 1, 0, 0, 0, 0}},
	} {
		s.refused("huge_"+huge.name, huge.comment, huge.raw)
		s.refused("1559_huge_"+huge.name, huge.comment, append([]byte{feeMarket}, huge.raw...))
		s.refused("4844_huge_"+huge.name, huge.comment, append([]byte{blob}, huge.raw...))
	}
	s.refused("4844_huge_sidecar_blobs", "A sidecar whose list of blobs claims 2^64 - 1 bytes.",
		wrap(ordinary(blob).sign(key()).raw, rlp.RawValue(bytes.Repeat([]byte{0xff}, 9)), [][]byte{}, [][]byte{}))
}
