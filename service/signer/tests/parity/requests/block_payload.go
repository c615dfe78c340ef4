package requests

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
)

const (
	v1 = "opsigner_signBlockPayload"
	v2 = "opsigner_signBlockPayloadV2"

	addressOne = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
	addressTwo = "0x2b5ad5c4795c026514f8317c7a215e218dccd6cf"
)

var (
	hash32   = "c0ffee" + strings.Repeat("5a", 29)
	base64of = func(hexDigits string) string {
		var raw []byte
		for i := 0; i < len(hexDigits); i += 2 {
			var octet byte
			if _, err := fmt.Sscanf(hexDigits[i:i+2], "%02x", &octet); err != nil {
				panic(err)
			}
			raw = append(raw, octet)
		}
		return quote(base64.StdEncoding.EncodeToString(raw))
	}
	goodV1 = object{
		{"domain", numbers(32)}, {"chainId", `10`}, {"payloadHash", base64of(hash32)},
		{"senderAddress", quote(addressOne)},
	}
	goodV2 = object{
		{"domain", quote("0x" + zeros64)}, {"chainId", `"10"`}, {"payloadHash", quote("0x" + hash32)},
		{"senderAddress", quote(addressOne)},
	}
)

// numbers is an array of that many zeros.
func numbers(count int) string {
	return "[" + strings.TrimSuffix(strings.Repeat("0,", count), ",") + "]"
}

func blockPayload() []exchange.Case {
	cases := append(fields("v1", v1, goodV1), fields("v2", v2, goodV2)...)
	cases = append(cases, versionOne()...)
	cases = append(cases, versionTwo()...)
	cases = append(cases, payloadClients()...)
	for _, method := range []string{v1, v2} {
		short := map[string]string{v1: "v1", v2: "v2"}[method]
		good := map[string]object{v1: goodV1, v2: goodV2}[method].String()
		cases = append(cases,
			body(short+"_params_absent", "no params at all", `{"jsonrpc":"2.0","id":1,"method":"`+method+`"}`),
			body(short+"_params_null", "params is null", call(method, `null`)),
			body(short+"_params_empty", "params is an empty array", call(method, `[]`)),
			body(short+"_params_object", "params is the object itself", call(method, good)),
			body(short+"_params_string", "params is a string", call(method, `"x"`)),
			body(short+"_params_number", "params is a number", call(method, `7`)),
			body(short+"_params_two", "one argument too many", call(method, "["+good+",1]")),
			body(short+"_params_two_null", "one argument too many, which is null", call(method, "["+good+",null]")),
			body(short+"_argument_null", "the argument is null", call(method, `[null]`)),
			body(short+"_argument_number", "the argument is a number", call(method, `[1]`)),
			body(short+"_argument_array", "the argument is an array", call(method, `[[]]`)),
			body(short+"_argument_string", "the argument is a string", call(method, `["0x"]`)),
			body(short+"_argument_empty", "the argument is an empty object", call(method, `[{}]`)),
		)
	}
	return cases
}

func versionOne() []exchange.Case {
	by := func(name, comment string, argument object) exchange.Case {
		return body("v1_"+name, comment, one(v1, argument))
	}
	payload := "payload bytes of an old op-node"
	return []exchange.Case{
		by("good", "as op-node sends it", goodV1),
		by("lower_and_upper_case", "names of members in any case", object{
			{"DOMAIN", numbers(32)}, {"chainid", `10`}, {"PayloadHash", base64of(hash32)}, {"SENDERADDRESS", quote(addressOne)}}),
		by("payload_bytes", "PayloadBytes, which op-node up to 1.11 sends by accident; it does not hash to payloadHash",
			goodV1.with("PayloadBytes", base64of(fmt.Sprintf("%x", payload)))),
		by("payload_bytes_right", "PayloadBytes that hash to payloadHash",
			goodV1.with("payloadHash", base64of(keccakHex([]byte(payload)))).with("PayloadBytes", base64of(fmt.Sprintf("%x", payload)))),
		by("payload_bytes_null", "PayloadBytes is null", goodV1.with("PayloadBytes", `null`)),
		by("payload_bytes_no_base64", "PayloadBytes is no base64", goodV1.with("PayloadBytes", `"*"`)),
		by("payload_bytes_number", "PayloadBytes is a number", goodV1.with("PayloadBytes", `1`)),
		by("unknown_member", "a member nobody knows", goodV1.with("blockNumber", `"0x1"`)),
		by("twice_chain", "chainId twice: the last counts", goodV1.again("chainId", `11`)),
		by("twice_chain_right_last", "chainId twice, the right one last", goodV1.with("chainId", `11`).again("chainId", `10`)),
		by("twice_null_last", "chainId twice, the last null", goodV1.again("chainId", `null`)),
		by("domain_short", "a domain of 31 numbers", goodV1.with("domain", numbers(31))),
		by("domain_long", "a domain of 33 numbers", goodV1.with("domain", numbers(33))),
		by("domain_one", "a domain of one number", goodV1.with("domain", `[0]`)),
		by("domain_not_zero", "a domain that no chain uses", goodV1.with("domain", `[1`+numbers(31)[2:]+`]`)),
		by("domain_last_not_zero", "a domain whose last number is not zero", goodV1.with("domain", strings.TrimSuffix(numbers(31), "]")+`,255]`)),
		by("domain_256", "a domain with a number above 255", goodV1.with("domain", `[256`+numbers(32)[2:])),
		by("domain_item_negative", "a domain with a negative number", goodV1.with("domain", `[-1`+numbers(32)[2:])),
		by("domain_item_fraction", "a domain with a fraction", goodV1.with("domain", `[0.5`+numbers(32)[2:])),
		by("domain_nulls", "a domain of nulls", goodV1.with("domain", `[null`+numbers(32)[2:])),
		by("domain_strings", "a domain of strings", goodV1.with("domain", `["0"]`)),
		by("domain_hex", "a domain in hex, as kona-node sends it", goodV1.with("domain", quote("0x"+zeros64))),
		by("domain_base64", "a domain in base64", goodV1.with("domain", base64of(zeros64))),
		by("chain_exponent", "a chain id with an exponent", goodV1.with("chainId", `1e1`)),
		by("chain_point_zero", "a chain id with a fraction of zero", goodV1.with("chainId", `10.0`)),
		by("chain_minus_zero", "a chain id of minus zero", goodV1.with("chainId", `-0`)),
		by("chain_string", "a chain id as a string", goodV1.with("chainId", `"10"`)),
		by("chain_wrong", "another chain", goodV1.with("chainId", `11`)),
		by("chain_64_bit", "the largest chain id of 64 bits", goodV1.with("chainId", `18446744073709551615`)),
		by("chain_65_bit", "a chain id that is ours in its low 64 bits", goodV1.with("chainId", `18446744073709551626`)),
		by("chain_256_bit", "the largest chain id of 256 bits", goodV1.with("chainId", max256)),
		by("chain_257_bit", "a chain id of 257 bits", goodV1.with("chainId", over256)),
		by("hash_zero", "a hash of zeros", goodV1.with("payloadHash", base64of(zeros64))),
		by("hash_short", "a hash of 31 bytes", goodV1.with("payloadHash", base64of(hash32[2:]))),
		by("hash_long", "a hash of 33 bytes", goodV1.with("payloadHash", base64of(hash32+"00"))),
		by("hash_no_padding", "base64 without padding", goodV1.with("payloadHash", strings.ReplaceAll(base64of(hash32), "=", ""))),
		by("hash_url_base64", "base64 of the other alphabet", goodV1.with("payloadHash", `"_____________________________________________="`)),
		by("hash_newline", "base64 with a line break", goodV1.with("payloadHash", `"\n`+base64of(hash32)[1:])),
		by("hash_space", "base64 with a blank", goodV1.with("payloadHash", `" `+base64of(hash32)[1:])),
		by("hash_odd_last_bits", "base64 whose unused bits are set", goodV1.with("payloadHash", strings.Replace(base64of(hash32), "o=", "p=", 1))),
		by("hash_hex", "a hash in hex, as kona-node sends it", goodV1.with("payloadHash", quote("0x"+hash32))),
		by("hash_numbers", "a hash as an array of numbers", goodV1.with("payloadHash", numbers(32))),
		by("sender_other", "an address that is not configured", goodV1.with("senderAddress", quote(addressTwo))),
		by("sender_upper", "an address in capitals", goodV1.with("senderAddress", quote("0X"+strings.ToUpper(addressOne[2:])))),
		by("sender_checksummed", "an address with its EIP-55 capitals", goodV1.with("senderAddress", `"0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"`)),
		by("sender_bad_checksum", "an address with wrong capitals", goodV1.with("senderAddress", `"0x7e5F4552091A69125d5DfCb7b8C2659029395Bdf"`)),
		by("sender_no_prefix", "an address without 0x", goodV1.with("senderAddress", quote(addressOne[2:]))),
		by("sender_short", "an address of 19 bytes", goodV1.with("senderAddress", quote(addressOne[:40]))),
		by("sender_zero", "the zero address", goodV1.with("senderAddress", quote("0x"+zeros64[:40]))),
		body("v1_kona", "the whole request of kona-node", `{"method":"`+v1+`","params":{"domain":"0x`+zeros64+
			`","chainId":10,"payloadHash":"0x`+hash32+`","senderAddress":"`+addressOne+`"},"id":0,"jsonrpc":"2.0"}`),
	}
}

func versionTwo() []exchange.Case {
	by := func(name, comment string, argument object) exchange.Case {
		return body("v2_"+name, comment, one(v2, argument))
	}
	return []exchange.Case{
		by("good", "as op-service's client sends it", goodV2),
		by("any_case", "names of members in any case", object{
			{"DOMAIN", quote("0x" + zeros64)}, {"ChainID", `"10"`}, {"payloadhash", quote("0x" + hash32)}, {"senderaddress", `null`}}),
		by("unknown_member", "a member nobody knows", goodV2.with("blockNumber", `"0x1"`)),
		by("twice", "chainId twice: the last counts", goodV2.again("chainId", `"11"`)),
		by("chain_hex", "a chain id in hex", goodV2.with("chainId", `"0xa"`)),
		by("chain_hex_capital", "a chain id in hex with capitals", goodV2.with("chainId", `"0XA"`)),
		by("chain_hex_zero_first", "a chain id in hex with a leading zero", goodV2.with("chainId", `"0x0a"`)),
		by("chain_decimal_zero_first", "a chain id with a leading zero", goodV2.with("chainId", `"010"`)),
		by("chain_plus", "a chain id with a plus", goodV2.with("chainId", `"+10"`)),
		by("chain_blank", "a chain id with a blank", goodV2.with("chainId", `" 10"`)),
		by("chain_underscore", "a chain id with an underscore", goodV2.with("chainId", `"1_0"`)),
		by("chain_wrong", "another chain", goodV2.with("chainId", `"11"`)),
		by("chain_65_bit", "a chain id that is ours in its low 64 bits", goodV2.with("chainId", `"18446744073709551626"`)),
		by("chain_256_bit", "the largest chain id of 256 bits", goodV2.with("chainId", quote(max256))),
		by("chain_257_bit", "a chain id of 257 bits", goodV2.with("chainId", quote(over256))),
		by("domain_not_zero", "a domain that no chain uses", goodV2.with("domain", `"0x01`+zeros64[2:]+`"`)),
		by("domain_numbers", "a domain as version one has it", goodV2.with("domain", numbers(32))),
		by("domain_short", "a domain of 31 bytes", goodV2.with("domain", quote("0x"+zeros64[2:]))),
		by("domain_long", "a domain of 33 bytes", goodV2.with("domain", quote("0x00"+zeros64))),
		by("domain_no_prefix", "a domain without 0x", goodV2.with("domain", quote(zeros64))),
		by("hash_zero", "a hash of zeros", goodV2.with("payloadHash", quote("0x"+zeros64))),
		by("hash_upper", "a hash in capitals", goodV2.with("payloadHash", quote("0x"+strings.ToUpper(hash32)))),
		by("hash_capital_x", "a hash after 0X", goodV2.with("payloadHash", quote("0X"+hash32))),
		by("hash_short", "a hash of 31 bytes", goodV2.with("payloadHash", quote("0x"+hash32[2:]))),
		by("hash_long", "a hash of 33 bytes", goodV2.with("payloadHash", quote("0x00"+hash32))),
		by("hash_no_hex", "a hash with a digit that is none", goodV2.with("payloadHash", quote("0xg"+hash32[1:]))),
		by("hash_base64", "a hash as version one has it", goodV2.with("payloadHash", base64of(hash32))),
		by("hash_escaped", "a hash with an escaped digit", goodV2.with("payloadHash", `"0x\u0063`+hash32[1:]+`"`)),
		by("sender_other", "an address that is not configured", goodV2.with("senderAddress", quote(addressTwo))),
		by("sender_no_prefix", "an address without 0x", goodV2.with("senderAddress", quote(addressOne[2:]))),
		by("sender_zero", "the zero address", goodV2.with("senderAddress", quote("0x"+zeros64[:40]))),
		// Which of two faults is told.
		by("fault_order_chain_hash", "no chain id and no hash", goodV2.without("chainId").without("payloadHash")),
		by("fault_order_sender_hash", "a wrong sender and no hash", goodV2.without("payloadHash").with("senderAddress", quote(addressTwo))),
		by("fault_order_chain_sender", "a wrong sender and a wrong chain", goodV2.with("chainId", `"11"`).with("senderAddress", quote(addressTwo))),
	}
}

// Clients with other entries in config.yaml.
func payloadClients() []exchange.Case {
	var cases []exchange.Case
	senders := map[string]string{"null": `null`, "one": quote(addressOne), "two": quote(addressTwo), "zero": quote("0x" + zeros64[:40])}
	for _, client := range []string{"two-keys", "capped", "no-chain", "no-from", "unknown"} {
		for _, sender := range []string{"null", "one", "two", "zero"} {
			for _, chain := range []string{"10", "8453", "0"} {
				name := fmt.Sprintf("%s_sender_%s_chain_%s", strings.ReplaceAll(client, "-", "_"), sender, chain)
				comment := fmt.Sprintf("the client %s, sender %s, chain %s", client, sender, chain)
				cases = append(cases,
					bodyBy(client, "v1_"+name, comment, one(v1, goodV1.with("senderAddress", senders[sender]).with("chainId", chain))),
					bodyBy(client, "v2_"+name, comment, one(v2, goodV2.with("senderAddress", senders[sender]).with("chainId", quote(chain)))))
			}
		}
	}
	return cases
}
