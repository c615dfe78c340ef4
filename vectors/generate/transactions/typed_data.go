package transactions

import (
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/crypto"
)

const (
	domainTypes = `"EIP712Domain": [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}, {"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}]`
	mailDomain  = `{"name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"}`
	smallDomain = `{"name": "opsign"}`
	smallTypes  = `"EIP712Domain": [{"name": "name", "type": "string"}]`
)

// member is a member of a type: its type and name, as in Solidity.
func member(text string) string {
	kind, name, _ := strings.Cut(text, " ")
	return fmt.Sprintf(`{"name": %q, "type": %q}`, name, kind)
}

// structType writes a type: structType("Person", "string name", "address wallet").
func structType(name string, members ...string) string {
	written := []string{}
	for _, text := range members {
		written = append(written, member(text))
	}
	return fmt.Sprintf(`%q: [%s]`, name, strings.Join(written, ", "))
}

// typedJSON writes typed data with the small domain.
func typedJSON(primary, message string, types ...string) string {
	return typedJSONIn(smallDomain, smallTypes, primary, message, types...)
}

func typedJSONIn(domain, domainType, primary, message string, types ...string) string {
	all := append([]string{domainType}, types...)
	return fmt.Sprintf(`{"types": {%s}, "primaryType": %q, "domain": %s, "message": %s}`, strings.Join(all, ", "), primary, domain, message)
}

// one value of one type.
func valueJSON(kind, value string) string {
	return typedJSON("Value", fmt.Sprintf(`{"value": %s}`, value), structType("Value", kind+" value"))
}

// inDomain is typed data of which only the domain matters.
func inDomain(domain string, members ...string) string {
	return typedJSONIn(domain, structType("EIP712Domain", members...), "Note", `{"text": "hello"}`, structType("Note", "string text"))
}

func (s *messageSet) typedData() {
	cow := must(crypto.ToECDSA(crypto.Keccak256([]byte("cow"))))
	s.typedBy(cow, "mail", "The example of EIP-712's own text, with its key.", typedJSONIn(mailDomain, domainTypes, "Mail",
		`{"from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"}, "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"}, "contents": "Hello, Bob!"}`,
		structType("Person", "string name", "address wallet"), structType("Mail", "Person from", "Person to", "string contents")))
	s.typedBy(cow, "mail_arrays", "The example of eth-sig-util with arrays of structs and of addresses.", typedJSONIn(mailDomain, domainTypes, "Mail",
		`{"from": {"name": "Cow", "wallets": ["0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826", "0xDeaDbeefdEAdbeefdEadbEEFdeadbeEFdEaDbeeF"]}, `+
			`"to": [{"name": "Bob", "wallets": ["0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB", "0xB0BdaBea57B0BDABeA57b0bdABEA57b0BDabEa57", "0xB0B0b0b0b0b0B000000000000000000000000000"]}], "contents": "Hello, Bob!"}`,
		structType("Person", "string name", "address[] wallets"), structType("Mail", "Person from", "Person[] to", "string contents")))
	s.typed("permit", "EIP-2612, as tokens have it.", typedJSONIn(
		`{"name": "USD Coin", "version": "2", "chainId": 10, "verifyingContract": "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85"}`, domainTypes, "Permit",
		`{"owner": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826", "spender": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB", "value": "115792089237316195423570985008687907853269984665640564039457584007913129639935", "nonce": 0, "deadline": "1760000000"}`,
		structType("Permit", "address owner", "address spender", "uint256 value", "uint256 nonce", "uint256 deadline")))

	s.typed("nested", "Structs in structs; the types follow the primary one in alphabetical order.", typedJSON("Order",
		`{"zebra": {"inner": {"flag": true}}, "apple": {"flag": false}, "id": 7}`,
		structType("Order", "Zebra zebra", "Apple apple", "uint64 id"), structType("Zebra", "Apple inner"), structType("Apple", "bool flag")))
	s.typed("nested_in_array_only", "A type that occurs in an array only belongs to the encoding, too.", typedJSON("Box",
		`{"items": [{"tag": {"text": "a"}}, {"tag": {"text": "b"}}]}`,
		structType("Box", "Item[] items"), structType("Item", "Tag tag"), structType("Tag", "string text")))
	s.typed("unused_type", "A type that nothing refers to is not in the encoding.", typedJSON("Note", `{"text": "hello"}`,
		structType("Note", "string text"), structType("Unused", "uint256 number")))
	s.typed("message_order", "The order of the message's keys does not matter, that of the type's members does.", typedJSON("Pair",
		`{"second": 2, "first": 1}`, structType("Pair", "uint8 first", "uint8 second")))
	s.typed("recursive", "A type that holds a list of itself.", typedJSON("Node",
		`{"name": "root", "children": [{"name": "left", "children": []}, {"name": "right", "children": [{"name": "leaf", "children": []}]}]}`,
		structType("Node", "string name", "Node[] children")))
	s.typed("recursive_mutual", "Two types that hold lists of each other.", typedJSON("Folder",
		`{"files": [{"copies": [{"files": []}]}, {"copies": []}]}`,
		structType("Folder", "File[] files"), structType("File", "Folder[] copies")))
	s.typed("primary_is_domain", "The domain as the message: op-geth hashes it twice, in both places.", typedJSON("EIP712Domain", smallDomain))
	s.typed("type_name_with_digits", "Names with digits and underscores.", typedJSON("Type_2", `{"_a1": "x"}`, structType("Type_2", "string _a1")))

	for _, v := range []struct{ name, comment, kind, value string }{
		{"array_empty", "An empty list: the hash of nothing.", "uint256[]", `[]`},
		{"array_uint256", "Each element takes 32 bytes.", "uint256[]", `[1, "2", "0x3"]`},
		{"array_uint8", "Small integers take 32 bytes each, too.", "uint8[]", `[1, 2, 255]`},
		{"array_fixed", "A list of fixed length.", "uint8[3]", `[1, 2, 3]`},
		{"array_string", "Each string is hashed.", "string[]", `["", "a", "世界"]`},
		{"array_bytes", "Each byte string is hashed.", "bytes[]", `["0x", "0x00", "0xdeadbeef"]`},
		{"array_bytes4", "Padded on the right.", "bytes4[]", `["0xdeadbeef", "0x00000000"]`},
		{"array_address", "Padded on the left.", "address[]", `["0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"]`},
		{"array_bool", "0 or 1, of 32 bytes.", "bool[]", `[true, false]`},
		{"array_nested", "Each inner list is hashed.", "uint256[][]", `[[1, 2], [], [3]]`},
		{"array_nested_fixed", "Inner lists of fixed length.", "uint256[2][]", `[[1, 2], [3, 4]]`},
		{"array_nested_three", "Three levels.", "string[][][]", `[[["a"], []], [["b", "c"]]]`},
		{"bytes_empty", "The hash of nothing.", "bytes", `"0x"`},
		{"bytes_1", "A zero byte.", "bytes", `"0x00"`},
		{"bytes_33", "More than a word.", "bytes", `"0x` + strings.Repeat("5a", 33) + `"`},
		{"bytes1", "Padded on the right.", "bytes1", `"0xff"`},
		{"bytes4", "Padded on the right.", "bytes4", `"0x00000001"`},
		{"bytes31", "Padded on the right by one byte.", "bytes31", `"0x` + strings.Repeat("ab", 31) + `"`},
		{"bytes32", "Not padded.", "bytes32", `"0x` + strings.Repeat("cd", 32) + `"`},
		{"bool_true", "1.", "bool", `true`},
		{"bool_false", "0.", "bool", `false`},
		{"string_empty", "The hash of nothing.", "string", `""`},
		{"string_utf8", "The hash of the text's UTF-8.", "string", `"Grüße, 世界 🌍"`},
		{"string_escapes", "JSON's escapes are resolved before hashing.", "string", `"a\"b\\c\n\u00e9"`},
		{"string_hex", "Text that looks like hex stays text.", "string", `"0xdeadbeef"`},
		{"address", "Padded on the left.", "address", `"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"`},
		{"address_lower", "Without a checksum.", "address", `"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826"`},
		{"uint8_0", "The smallest.", "uint8", `0`},
		{"uint8_255", "The largest.", "uint8", `255`},
		{"uint256_largest", "The largest, in decimal digits.", "uint256", `"115792089237316195423570985008687907853269984665640564039457584007913129639935"`},
		{"uint256_largest_hex", "The largest, in hex.", "uint256", `"0x` + strings.Repeat("f", 64) + `"`},
		{"uint256_hex_odd", "Hex with an odd number of digits.", "uint256", `"0x123"`},
		{"uint256_hex_capitals", "Hex in capitals, with a capital X.", "uint256", `"0XABCDEF"`},
		{"uint256_2_53_number", "The largest number before doubles have gaps.", "uint256", `9007199254740992`},
		{"uint256_2_53_plus_1_text", "As text no digit is lost.", "uint256", `"9007199254740993"`},
		{"int8_minus_1", "Two's complement of 256 bits.", "int8", `-1`},
		{"int8_minus_128", "The smallest.", "int8", `-128`},
		{"int8_127", "The largest.", "int8", `127`},
		{"int256_smallest", "-2^255.", "int256", `"-57896044618658097711785492504343953926634992332820282019728792003956564819968"`},
		{"int256_largest", "2^255 - 1.", "int256", `"57896044618658097711785492504343953926634992332820282019728792003956564819967"`},
		{"int64_minus_text", "A negative number as text.", "int64", `"-42"`},
		{"uint_alias", "uint without a size stays uint in the encoding of the type.", "uint", `1`},
		{"int_alias", "int without a size stays int in the encoding of the type.", "int", `-1`},
		{"uint24", "A size that is a multiple of 8.", "uint24", `16777215`},
	} {
		s.typed(v.name, v.comment, valueJSON(v.kind, v.value))
	}
	s.typed("array_of_structs_nested", "Lists of lists of structs.", typedJSON("Grid", `{"rows": [[{"x": 1}, {"x": 2}], []]}`,
		structType("Grid", "Cell[][] rows"), structType("Cell", "uint8 x")))

	for _, d := range []struct {
		name, comment, domain string
		members               []string
	}{
		{"domain_name_only", "A domain with a name only.", `{"name": "opsign"}`, []string{"string name"}},
		{"domain_chain_id_only", "A domain with a chain id only.", `{"chainId": 10}`, []string{"uint256 chainId"}},
		{"domain_salt_only", "A domain with a salt only.", `{"salt": "0x` + strings.Repeat("ef", 32) + `"}`, []string{"bytes32 salt"}},
		{"domain_all", "All five fields.", `{"name": "opsign", "version": "1", "chainId": 10, "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC", "salt": "0x` + strings.Repeat("01", 32) + `"}`,
			[]string{"string name", "string version", "uint256 chainId", "address verifyingContract", "bytes32 salt"}},
		{"domain_other_order", "The order of the type's members counts, not EIP-712's.", `{"name": "opsign", "chainId": 10}`, []string{"uint256 chainId", "string name"}},
		{"domain_chain_id_text", "The chain id as decimal text.", `{"chainId": "10"}`, []string{"uint256 chainId"}},
		{"domain_chain_id_hex", "The chain id as hex.", `{"chainId": "0xa"}`, []string{"uint256 chainId"}},
		{"domain_chain_id_0", "Chain 0 is not a missing one.", `{"chainId": 0}`, []string{"uint256 chainId"}},
		{"domain_chain_id_2_53_plus_1", "A number in the domain is read digit by digit: nothing is lost, unlike in the message.", `{"chainId": 9007199254740993}`, []string{"uint256 chainId"}},
		{"domain_chain_id_largest", "The largest, as a number.", `{"chainId": 115792089237316195423570985008687907853269984665640564039457584007913129639935}`, []string{"uint256 chainId"}},
		{"domain_chain_id_uint64", "The chain id declared as uint64.", `{"chainId": 10}`, []string{"uint64 chainId"}},
		{"domain_unknown_key", "A key that a domain does not have is not looked at.", `{"name": "opsign", "color": "red"}`, []string{"string name"}},
	} {
		s.typed(d.name, d.comment, inDomain(d.domain, d.members...))
	}
}

// typedDataOdd has what op-geth takes although EIP-712 or other wallets do not.
func (s *messageSet) typedDataOdd() {
	for _, v := range []struct{ name, comment, kind, value string }{
		{"int8_200", "Out of range: op-geth counts the bits without the sign, so 200 passes as an int8.", "int8", `200`},
		{"int8_minus_255", "Out of range, for the same reason.", "int8", `-255`},
		{"int256_2_255", "Out of range: hashes like -2^255.", "int256", `"57896044618658097711785492504343953926634992332820282019728792003956564819968"`},
		{"uint256_empty_text", "Empty text is 0.", "uint256", `""`},
		{"uint256_plus", "A plus sign.", "uint256", `"+5"`},
		{"uint256_leading_zeros", "Leading zeros are no octal number.", "uint256", `"0010"`},
		{"int256_hex_minus", "A minus sign after 0x.", "int256", `"0x-1"`},
		{"uint256_exponent", "A number of JSON may have an exponent.", "uint256", `1e3`},
		{"uint256_fraction_zero", "A fraction of zero.", "uint256", `5.0`},
		{"uint256_2_53_plus_1_number", "A number of JSON goes through a double: 9007199254740993 is signed as 9007199254740992.", "uint256", `9007199254740993`},
		{"uint256_2_53_plus_1_and_more", "Just above the middle of two doubles, by the 49th digit.", "uint256", `9007199254740993.00000000000000000000000000000001`},
		{"uint256_nearly_1", "Nearer to 1 than to the double before it.", "uint256", `0.99999999999999999999999999999`},
		{"uint256_1_tie", "1 + 2^-53, in the middle of two doubles: the even one is 1.", "uint256", `1.00000000000000011102230246251565404236316680908203125`},
		{"uint256_2_63_nearly", "Just below the middle of 2^63 - 1024 and 2^63.", "uint256", `9223372036854775295.9999999999999999999999999`},
		{"uint256_underflow", "Too small for a double: 0.", "uint256", `1e-400`},
		{"uint256_below_half_of_least", "Nearer to 0 than to the smallest double, by the 20th digit.", "uint256", `2.4703282292062327208e-324`},
		{"array_fixed_short", "Two elements where the type says three: op-geth does not count.", "uint8[3]", `[1, 2]`},
		{"array_fixed_long", "Four elements where the type says three.", "uint8[3]", `[1, 2, 3, 4]`},
		{"array_nested_flat", "A flat list where the type says a list of lists.", "uint256[][]", `[1, 2]`},
		{"array_flat_nested", "A list of lists where the type says a flat one.", "uint256[]", `[[1], [2]]`},
		{"address_no_prefix", "An address without 0x.", "address", `"CD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"`},
		{"address_wrong_checksum", "The checksum of an address is not looked at.", "address", `"0xcD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"`},
	} {
		s.typed("odd_"+v.name, v.comment, valueJSON(v.kind, v.value))
	}
	s.typed("odd_struct_empty", "A struct without members: op-geth loses a bracket and hashes the type \"Nothing)\".",
		typedJSON("Nothing", `{}`, `"Nothing": []`))
	s.typed("odd_struct_empty_inside", "The same as a member.",
		typedJSON("Box", `{"nothing": {}}`, structType("Box", "Nothing nothing"), `"Nothing": []`))
	s.typed("odd_primary_type_undefined", "A primary type that is not defined, and no message: the type is hashed as if it had no text.",
		typedJSON("Missing", `{}`))
	s.typed("odd_array_type_defined", "A type of the name of an array is not looked at: the element's type counts.",
		typedJSON("Value", `{"value": [1]}`, structType("Value", "uint8[] value"), structType("uint8[]", "string text")))
}

func (s *messageSet) typedDataRefused() {
	for _, v := range []struct{ name, comment, kind, value string }{
		{"uint8_256", "Too large for the type.", "uint8", `256`},
		{"uint8_minus_1", "Negative without a sign.", "uint8", `-1`},
		{"int8_256", "More bits than the type has.", "int8", `256`},
		{"uint256_2_256", "257 bits.", "uint256", `"115792089237316195423570985008687907853269984665640564039457584007913129639936"`},
		{"uint256_fraction", "No integer.", "uint256", `1.5`},
		{"uint256_1e20", "A number that is beyond 64 bits.", "uint256", `100000000000000000000`},
		{"uint256_2_63", "2^63 - 512, in the middle of two doubles: the even one is 2^63, which is beyond 64 bits with a sign.", "uint256", `9223372036854775296`},
		{"uint256_1_and_more", "1 + 2^-53 and a little: the nearest double is no integer.", "uint256", `1.00000000000000011102230246251565404236316680908203125000000000000000000000000000000001`},
		{"uint256_above_half_of_least", "Nearer to the smallest double than to 0.", "uint256", `2.4703282292062327209e-324`},
		{"uint256_word", "No digits.", "uint256", `"ten"`},
		{"uint256_space", "A space before the digits.", "uint256", `" 10"`},
		{"uint256_only_prefix", "A prefix without digits.", "uint256", `"0x"`},
		{"uint256_minus_hex", "A minus sign before 0x.", "uint256", `"-0x1"`},
		{"uint256_underscore", "Digits in groups.", "uint256", `"1_000"`},
		{"uint256_bool", "A truth value.", "uint256", `true`},
		{"uint256_null", "null.", "uint256", `null`},
		{"uint256_list", "A list.", "uint256", `[1]`},
		{"bool_text", "Text that says true.", "bool", `"true"`},
		{"bool_number", "A number that says true.", "bool", `1`},
		{"string_number", "A number.", "string", `1`},
		{"string_null", "null.", "string", `null`},
		{"bytes_no_prefix", "Without 0x.", "bytes", `"deadbeef"`},
		{"bytes_odd", "An odd number of digits.", "bytes", `"0xabc"`},
		{"bytes_text", "No hex.", "bytes", `"hello"`},
		{"bytes_empty_text", "Empty text: op-geth asks for 0x.", "bytes", `""`},
		{"bytes_list", "A list of numbers.", "bytes", `[1, 2]`},
		{"bytes4_3", "A byte is missing.", "bytes4", `"0x010203"`},
		{"bytes4_5", "A byte too many.", "bytes4", `"0x0102030405"`},
		{"bytes32_31", "A byte is missing.", "bytes32", `"0x` + strings.Repeat("cd", 31) + `"`},
		{"address_19", "A byte is missing.", "address", `"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD8"`},
		{"address_21", "A byte too many.", "address", `"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD82600"`},
		{"address_number", "A number.", "address", `1`},
		{"array_no_list", "A value in place of a list.", "uint8[]", `1`},
		{"array_object", "An object in place of a list.", "uint8[]", `{"0": 1}`},
		{"array_null", "null in place of a list.", "uint8[]", `null`},
		{"array_element", "An element of another type.", "uint8[]", `[1, "x"]`},
		{"array_element_null", "null in a list: op-geth panics.", "uint8[]", `[1, null]`},
		{"type_uint7", "A size that is no multiple of 8.", "uint7", `1`},
		{"type_uint264", "A size beyond 256.", "uint264", `1`},
		{"type_uint0", "A size of 0.", "uint0", `1`},
		{"type_uint08", "A size with a leading zero.", "uint08", `1`},
		{"type_bytes0", "No bytes.", "bytes0", `"0x"`},
		{"type_bytes33", "Beyond 32 bytes.", "bytes33", `"0x` + strings.Repeat("cd", 33) + `"`},
		{"type_fixed", "Fixed-point numbers do not exist in EIP-712.", "fixed128x18", `"1"`},
		{"type_undefined", "A type that is not defined.", "Person", `{}`},
		{"type_capital", "The name of a type has small letters.", "Uint256", `1`},
	} {
		s.refused(v.name, v.comment, valueJSON(v.kind, v.value))
	}
	note := structType("Note", "string text")
	s.refused("member_missing", "A member that the type has and the message does not.", typedJSON("Pair", `{"first": 1}`, structType("Pair", "uint8 first", "uint8 second")))
	s.refused("member_extra", "A member that the type does not have.", typedJSON("Note", `{"text": "hello", "more": 1}`, note))
	s.refused("member_misspelt", "A member of another name.", typedJSON("Note", `{"Text": "hello"}`, note))
	s.refused("message_null", "No message.", typedJSON("Note", `null`, note))
	s.refused("message_list", "A list in place of the message.", typedJSON("Note", `["hello"]`, note))
	s.refused("struct_null", "null in place of a struct, which other wallets take as 32 zero bytes.",
		typedJSON("Outer", `{"inner": null}`, structType("Outer", "Note inner"), note))
	s.refused("struct_text", "Text in place of a struct.", typedJSON("Outer", `{"inner": "hello"}`, structType("Outer", "Note inner"), note))
	s.refused("struct_element_null", "null in a list of structs: op-geth panics.", typedJSON("Outer", `{"inner": [null]}`, structType("Outer", "Note[] inner"), note))
	s.refused("type_of_itself", "A type that holds itself, not a list.", typedJSON("Node", `{"next": {}}`, structType("Node", "Node next")))
	s.refused("type_of_each_other", "Two types that hold each other: the message must end somewhere.",
		typedJSON("A", `{"b": {"a": null}}`, structType("A", "B b"), structType("B", "A a")))
	s.refused("member_without_type", "A member without a type.", typedJSON("Note", `{"text": "hello"}`, `"Note": [{"name": "text"}]`))
	s.refused("member_without_name", "A member without a name.", typedJSON("Note", `{"text": "hello"}`, `"Note": [{"type": "string"}]`))
	s.refused("type_without_name", "A type without a name.", typedJSON("Note", `{"text": "hello"}`, note, `"": []`))
	s.refused("type_name_hyphen", "A type's name with a hyphen.", typedJSON("Outer", `{"inner": {"text": "hello"}}`, structType("Outer", "My-Note inner"), structType("My-Note", "string text")))
	s.refused("type_name_digit", "A type's name that begins with a digit.", typedJSON("Outer", `{"inner": {"text": "hello"}}`, structType("Outer", "2Note inner"), structType("2Note", "string text")))
	s.refused("array_bracket", "A list's type with text in its brackets.", typedJSON("Outer", `{"inner": []}`, structType("Outer", "Note[x] inner"), note))
	s.refused("primary_type_undefined", "A primary type that is not defined.", typedJSON("Missing", `{"text": "hello"}`, note))
	s.refused("primary_type_missing", "No primary type.", `{"types": {`+smallTypes+`, `+note+`}, "domain": `+smallDomain+`, "message": {"text": "hello"}}`)
	s.refused("types_missing", "No types.", `{"primaryType": "Note", "domain": `+smallDomain+`, "message": {"text": "hello"}}`)
	s.refused("domain_type_missing", "No EIP712Domain among the types: op-geth does not derive it from the domain.",
		`{"types": {`+note+`}, "primaryType": "Note", "domain": `+smallDomain+`, "message": {"text": "hello"}}`)
	s.refused("domain_missing", "No domain.", `{"types": {`+smallTypes+`, `+note+`}, "primaryType": "Note", "message": {"text": "hello"}}`)
	s.refused("object_missing", "Text in place of it all.", `"hello"`)

	for _, d := range []struct {
		name, comment, domain string
		members               []string
	}{
		{"domain_empty", "A domain without fields, which EIP-712 allows.", `{}`, nil},
		{"domain_field_missing", "The type has a field that the domain does not.", `{"name": "opsign"}`, []string{"string name", "string version"}},
		{"domain_field_undeclared", "The domain has a field that its type does not.", `{"name": "opsign", "version": "1"}`, []string{"string name"}},
		{"domain_name_empty", "An empty name is taken for none.", `{"name": "", "version": "1"}`, []string{"string name", "string version"}},
		{"domain_field_unknown", "The type has a field that domains do not have.", `{"name": "opsign", "color": "red"}`, []string{"string name", "string color"}},
		{"domain_salt_31", "A salt that lacks a byte.", `{"salt": "0x` + strings.Repeat("ef", 31) + `"}`, []string{"bytes32 salt"}},
		{"domain_contract_19", "A contract's address that lacks a byte.", `{"verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccc"}`, []string{"address verifyingContract"}},
		{"domain_name_number", "A number for a name.", `{"name": 1}`, []string{"string name"}},
		{"domain_chain_id_word", "A chain id without digits.", `{"chainId": "ten"}`, []string{"uint256 chainId"}},
		{"domain_chain_id_exponent", "A chain id with an exponent.", `{"chainId": 1e1}`, []string{"uint256 chainId"}},
		{"domain_chain_id_2_256", "A chain id of 257 bits.", `{"chainId": "0x1` + strings.Repeat("0", 64) + `"}`, []string{"uint256 chainId"}},
		{"domain_chain_id_minus_1", "A negative chain id.", `{"chainId": -1}`, []string{"uint256 chainId"}},
		{"domain_chain_id_string", "The chain id declared as text.", `{"chainId": 10}`, []string{"string chainId"}},
	} {
		s.refused(d.name, d.comment, inDomain(d.domain, d.members...))
	}
}
