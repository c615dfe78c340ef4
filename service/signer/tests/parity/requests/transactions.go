package requests

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
)

const (
	signTransaction = "eth_signTransaction"

	inbox   = "0xff00000000000000000000000000000000000010"
	max256  = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
	over256 = "115792089237316195423570985008687907853269984665640564039457584007913129639936"

	blobHash = "0x01aabbccddeeff00112233445566778899aabbccddeeff001122334455667788"
)

var (
	// As op-service's client sends them.
	dynamicFee = object{
		{"from", quote(addressOne)}, {"to", quote(inbox)}, {"gas", `"0x5208"`}, {"gasPrice", `null`},
		{"maxFeePerGas", `"0x2"`}, {"maxPriorityFeePerGas", `"0x1"`}, {"value", `"0x1"`}, {"nonce", `"0x3"`},
		{"data", `null`}, {"input", `"0x"`}, {"accessList", `[]`}, {"chainId", `"0xa"`},
	}
	blob          = dynamicFee.with("blobVersionedHashes", `["`+blobHash+`"]`).with("maxFeePerBlobGas", `"0x5"`)
	authorization = object{
		{"chainId", `"0xa"`}, {"address", quote(inbox)}, {"nonce", `"0x1"`}, {"yParity", `"0x0"`},
		{"r", `"0x1234"`}, {"s", `"0x5678"`},
	}
	setCode = dynamicFee.with("authorizationList", "["+authorization.String()+"]")
	entry   = `{"address":"` + inbox + `","storageKeys":["0x` + zeros64 + `"]}`
)

func keccakHex(data []byte) string { return hex.EncodeToString(crypto.Keccak256(data)) }

func transactions() []exchange.Case {
	cases := fields("tx", signTransaction, dynamicFee)
	blobs := object{{"blobVersionedHashes", ""}, {"maxFeePerBlobGas", ""}}
	for _, member := range blobs {
		name := member[0]
		cases = append(cases, body("blob_no_"+name, name+" is missing", one(signTransaction, blob.without(name))))
		for _, wrong := range wrongValues {
			cases = append(cases, body("blob_"+name+"_"+wrong.name, name+" is "+wrong.json,
				one(signTransaction, blob.with(name, wrong.json))))
		}
	}
	for _, wrong := range wrongValues {
		cases = append(cases, body("set_code_list_"+wrong.name, "authorizationList is "+wrong.json,
			one(signTransaction, setCode.with("authorizationList", wrong.json))))
	}
	for _, member := range authorization {
		name := member[0]
		list := func(a object) object { return setCode.with("authorizationList", "["+a.String()+"]") }
		cases = append(cases, body("authorization_no_"+name, name+" of an authorization is missing",
			one(signTransaction, list(authorization.without(name)))))
		for _, wrong := range wrongValues {
			cases = append(cases, body("authorization_"+name+"_"+wrong.name, name+" of an authorization is "+wrong.json,
				one(signTransaction, list(authorization.with(name, wrong.json)))))
		}
	}
	cases = append(cases, transactionShapes()...)
	return append(cases, transactionPolicy()...)
}

func transactionShapes() []exchange.Case {
	by := func(name, comment string, argument object) exchange.Case {
		return body("tx_"+name, comment, one(signTransaction, argument))
	}
	long := "0x" + strings.Repeat("ab", 10_000)
	signed := blob.with("blobVersionedHashes", `["`+blobHash+`","`+strings.Replace(blobHash, "0x01", "0x02", 1)+`"]`)
	return []exchange.Case{
		by("dynamic_fee", "type 2 as op-service's client sends it", dynamicFee),
		by("blob", "type 3 as op-service's client sends it", blob),
		by("set_code", "type 4 as op-service's client sends it", setCode),
		by("any_case", "names of members in any case", dynamicFee.without("chainId").with("CHAINID", `"0xa"`).without("maxFeePerGas").with("maxfeepergas", `"0x2"`)),
		by("unknown_member", "a member nobody knows", dynamicFee.with("type", `"0x0"`)),
		by("type_claimed_legacy", "a legacy transaction, as a wallet writes it", object{{"from", quote(addressOne)}, {"to", quote(inbox)},
			{"gas", `"0x5208"`}, {"gasPrice", `"0x2"`}, {"nonce", `"0x0"`}, {"value", `"0x0"`}, {"chainId", `"0xa"`}}),
		by("gas_price_and_fees", "gasPrice beside the fees", dynamicFee.with("gasPrice", `"0x1"`)),
		by("tip_above_cap", "the tip is above the cap", dynamicFee.with("maxPriorityFeePerGas", `"0x3"`)),
		by("tip_is_cap", "the tip is the cap", dynamicFee.with("maxPriorityFeePerGas", `"0x2"`)),
		by("fees_zero", "both fees are zero", dynamicFee.with("maxFeePerGas", `"0x0"`).with("maxPriorityFeePerGas", `"0x0"`)),
		by("fees_largest", "fees of 256 bits", dynamicFee.with("maxFeePerGas", `"0x`+strings.Repeat("f", 64)+`"`).with("maxPriorityFeePerGas", `"0x`+strings.Repeat("f", 64)+`"`)),
		by("fees_too_large", "a fee of 257 bits", dynamicFee.with("maxFeePerGas", `"0x1`+zeros64+`"`)),
		by("value_largest", "a value of 256 bits", dynamicFee.with("value", `"0x`+strings.Repeat("f", 64)+`"`)),
		by("gas_largest", "gas of 64 bits", dynamicFee.with("gas", `"0xffffffffffffffff"`)),
		by("gas_65_bits", "gas of 65 bits", dynamicFee.with("gas", `"0x10000000000000000"`)),
		by("nonce_largest", "a nonce of 64 bits", dynamicFee.with("nonce", `"0xffffffffffffffff"`)),
		by("nonce_65_bits", "a nonce of 65 bits", dynamicFee.with("nonce", `"0x10000000000000000"`)),
		by("value_capital_x", "a quantity after 0X", dynamicFee.with("value", `"0X1"`)),
		by("value_capitals", "a quantity in capitals", dynamicFee.with("value", `"0xABCDEF"`)),
		by("value_decimal", "a quantity in decimal", dynamicFee.with("value", `"17"`)),
		by("value_bad_digit", "a quantity with a digit that is none", dynamicFee.with("value", `"0xg"`)),
		by("value_blank", "a quantity with a blank", dynamicFee.with("value", `" 0x1"`)),
		by("value_escaped", "a quantity with an escaped digit", dynamicFee.with("value", `"0x\u0031"`)),
		by("twice_value", "value twice: the last counts", dynamicFee.again("value", `"0x7"`)),
		by("twice_null", "value twice, the last null", dynamicFee.again("value", `null`)),
		by("data_alone", "data without input", dynamicFee.without("input").with("data", `"0xabcd"`)),
		by("input_alone", "input without data", dynamicFee.without("data").with("input", `"0xabcd"`)),
		by("data_and_input_equal", "data and input, equal", dynamicFee.with("data", `"0xabcd"`).with("input", `"0xabcd"`)),
		by("data_and_input_differ", "data and input, different", dynamicFee.with("data", `"0xabcd"`).with("input", `"0xabce"`)),
		by("data_empty_and_input", "empty data beside an input", dynamicFee.with("data", `"0x"`).with("input", `"0xabcd"`)),
		by("data_and_input_empty", "data beside an empty input", dynamicFee.with("data", `"0xabcd"`)),
		by("data_10_kb", "calldata of 10,000 bytes", dynamicFee.with("input", quote(long))),
		by("data_capitals", "calldata in capitals", dynamicFee.with("input", `"0xABCD"`)),
		by("create", "contract creation", dynamicFee.with("to", `null`).with("input", `"0x6000"`)),
		by("create_by_data", "contract creation by data", dynamicFee.without("to").without("input").with("data", `"0x6000"`)),
		by("create_nothing", "contract creation without data", dynamicFee.with("to", `null`)),
		by("create_no_input", "contract creation with neither data nor input", dynamicFee.with("to", `null`).without("input").without("data")),
		by("create_blob", "contract creation with blobs", blob.with("to", `null`).with("input", `"0x6000"`)),
		by("create_set_code", "contract creation with authorizations", setCode.with("to", `null`).with("input", `"0x6000"`)),
		by("to_zero_address", "to the zero address", dynamicFee.with("to", quote("0x"+zeros64[:40]))),
		by("to_no_prefix", "to without 0x", dynamicFee.with("to", quote(inbox[2:]))),
		by("to_checksum_wrong", "to with wrong capitals", dynamicFee.with("to", `"0xFf00000000000000000000000000000000000010"`)),
		by("to_21_bytes", "to of 21 bytes", dynamicFee.with("to", quote(inbox+"00"))),
		by("chain_other", "another chain than the configured one", dynamicFee.with("chainId", `"0xb"`)),
		by("chain_one", "Ethereum's chain", dynamicFee.with("chainId", `"0x1"`)),
		by("chain_id_zero", "chain id zero", dynamicFee.with("chainId", `"0x0"`)),
		by("chain_64_bits", "a chain id of 64 bits", dynamicFee.with("chainId", `"0xffffffffffffffff"`)),
		by("chain_65_bits", "a chain id that is ours in its low 64 bits", dynamicFee.with("chainId", `"0x1000000000000000a"`)),
		by("chain_256_bits", "a chain id of 256 bits", dynamicFee.with("chainId", `"0x`+strings.Repeat("f", 64)+`"`)),
		by("from_other", "from is not the key's address", dynamicFee.with("from", quote(addressTwo))),
		by("from_zero_address", "from is the zero address", dynamicFee.with("from", quote("0x"+zeros64[:40]))),
		by("from_other_policy", "from is another and the cap is below the tip: which is told", dynamicFee.with("from", quote(addressTwo)).with("maxPriorityFeePerGas", `"0x3"`)),
		by("access_list", "an access list", dynamicFee.with("accessList", "["+entry+"]")),
		by("access_list_two", "two entries of one address", dynamicFee.with("accessList", "["+entry+","+entry+"]")),
		by("access_list_no_keys", "an entry without storageKeys", dynamicFee.with("accessList", `[{"address":"`+inbox+`"}]`)),
		by("access_list_null_keys", "an entry with null for storageKeys", dynamicFee.with("accessList", `[{"address":"`+inbox+`","storageKeys":null}]`)),
		by("access_list_empty_keys", "an entry with no keys", dynamicFee.with("accessList", `[{"address":"`+inbox+`","storageKeys":[]}]`)),
		by("access_list_no_address", "an entry without address", dynamicFee.with("accessList", `[{"storageKeys":[]}]`)),
		by("access_list_short_key", "a storage key of one byte", dynamicFee.with("accessList", `[{"address":"`+inbox+`","storageKeys":["0x01"]}]`)),
		by("access_list_null_entry", "an entry that is null", dynamicFee.with("accessList", `[null]`)),
		by("access_list_number", "an entry that is a number", dynamicFee.with("accessList", `[1]`)),
		by("access_list_extra", "an entry with a member nobody knows", dynamicFee.with("accessList", `[{"address":"`+inbox+`","storageKeys":[],"x":1}]`)),
		by("blob_two", "two blobs, one of a version nobody knows", signed),
		by("blob_seven", "seven blobs", blob.with("blobVersionedHashes", "["+strings.TrimSuffix(strings.Repeat(`"`+blobHash+`",`, 7), ",")+"]")),
		by("blob_version_zero", "a blob's hash without a version", blob.with("blobVersionedHashes", `["0x`+zeros64+`"]`)),
		by("blob_hash_short", "a blob's hash of 31 bytes", blob.with("blobVersionedHashes", `["`+blobHash[:64]+`"]`)),
		by("blob_hash_null", "a blob's hash is null", blob.with("blobVersionedHashes", `[null]`)),
		by("blob_hash_number", "a blob's hash is a number", blob.with("blobVersionedHashes", `[1]`)),
		by("blob_fee_zero", "a blob fee of zero", blob.with("maxFeePerBlobGas", `"0x0"`)),
		by("blob_fee_alone", "a blob fee without blobs", dynamicFee.with("maxFeePerBlobGas", `"0x5"`)),
		by("blob_hashes_empty_no_fee", "no blobs, and the list is there", dynamicFee.with("blobVersionedHashes", `[]`)),
		by("blob_sidecar", "blobs, commitments and proofs beside the hashes", blob.with("blobs", `[]`).with("commitments", `[]`).with("proofs", `[]`)),
		by("blob_sidecar_wrong", "blobs that are a number", blob.with("blobs", `1`)),
		by("blob_to_null", "blobs and no receiver", blob.with("to", `null`)),
		by("blob_access_list", "blobs and an access list", blob.with("accessList", "["+entry+"]")),
		by("set_code_two", "two authorizations", setCode.with("authorizationList", "["+authorization.String()+","+authorization.with("nonce", `"0x2"`).String()+"]")),
		by("set_code_any_chain", "an authorization for every chain", setCode.with("authorizationList", "["+authorization.with("chainId", `"0x0"`).String()+"]")),
		by("set_code_parity_255", "a y parity of 255", setCode.with("authorizationList", "["+authorization.with("yParity", `"0xff"`).String()+"]")),
		by("set_code_parity_256", "a y parity of 256", setCode.with("authorizationList", "["+authorization.with("yParity", `"0x100"`).String()+"]")),
		by("set_code_v", "an authorization with v beside yParity", setCode.with("authorizationList", "["+authorization.with("v", `"0x1b"`).String()+"]")),
		by("set_code_null_entry", "an authorization that is null", setCode.with("authorizationList", `[null]`)),
		by("set_code_number_entry", "an authorization that is a number", setCode.with("authorizationList", `[1]`)),
		by("set_code_and_blobs", "authorizations and blobs", setCode.with("blobVersionedHashes", `["`+blobHash+`"]`).with("maxFeePerBlobGas", `"0x5"`)),
		by("set_code_and_blob_fee", "authorizations and a blob fee", setCode.with("maxFeePerBlobGas", `"0x5"`)),
		by("set_code_to_null", "authorizations and no receiver", setCode.with("to", `null`)),
		by("set_code_access_list", "authorizations and an access list", setCode.with("accessList", "["+entry+"]")),
		by("nothing_at_all", "an empty object", object{}),
		by("only_gas", "gas alone", object{{"gas", `"0x1"`}}),
		body("tx_params_object", "params is the object itself", call(signTransaction, dynamicFee.String())),
		body("tx_params_absent", "no params at all", `{"jsonrpc":"2.0","id":1,"method":"eth_signTransaction"}`),
		body("tx_params_empty", "params is an empty array", call(signTransaction, `[]`)),
		body("tx_params_two", "one argument too many", call(signTransaction, "["+dynamicFee.String()+`,"latest"]`)),
		body("tx_argument_null", "the argument is null", call(signTransaction, `[null]`)),
		body("tx_argument_raw", "the argument is raw bytes", call(signTransaction, `["0x02f8"]`)),
		body("tx_argument_number", "the argument is a number", call(signTransaction, `[1]`)),
	}
}

func transactionPolicy() []exchange.Case {
	var cases []exchange.Case
	by := func(client, name, comment string, argument object) {
		cases = append(cases, bodyBy(client, fmt.Sprintf("tx_%s_%s", strings.ReplaceAll(client, "-", "_"), name), comment, one(signTransaction, argument)))
	}
	capped := dynamicFee.with("from", quote(addressTwo))
	by("capped", "good", "a receiver and a value that are allowed", capped)
	by("capped", "second_receiver", "the second of the receivers, in other capitals than configured", capped.with("to", `"0xFF0000000000000000000000000000000000ABCD"`))
	by("capped", "other_receiver", "a receiver that is not allowed", capped.with("to", quote(addressOne)))
	by("capped", "value_at_cap", "the value is the cap", capped.with("value", `"0x64"`))
	by("capped", "value_above_cap", "the value is above the cap", capped.with("value", `"0x65"`))
	by("capped", "value_null", "no value", capped.with("value", `null`))
	by("capped", "value_256_bits", "a value of 256 bits", capped.with("value", `"0x`+strings.Repeat("f", 64)+`"`))
	by("capped", "both_wrong", "receiver and value are not allowed: which is told", capped.with("to", quote(addressOne)).with("value", `"0x65"`))
	by("capped", "create", "contract creation where receivers are listed", capped.with("to", `null`).with("input", `"0x6000"`))
	by("capped", "from_other", "from is not the key's address", capped.with("from", quote(addressOne)))
	by("capped", "from_null", "no from", capped.with("from", `null`))
	by("capped", "other_chain", "another chain", capped.with("chainId", `"0x2105"`))
	by("capped", "blob", "blobs to an allowed receiver", blob.with("from", quote(addressTwo)))
	by("capped", "set_code", "authorizations under a list of receivers", setCode.with("from", quote(addressTwo)))
	by("capped", "bad_arguments_first", "no gas and a receiver that is not allowed: which is told", capped.without("gas").with("to", quote(addressOne)))
	by("two-keys", "first", "two entries: the first key", dynamicFee)
	by("two-keys", "second", "two entries: from is the second key's", dynamicFee.with("from", quote(addressTwo)).with("chainId", `"0x2105"`))
	by("two-keys", "no_from", "two entries, no from", dynamicFee.with("from", `null`))
	by("no-chain", "good", "an entry without chain id", dynamicFee)
	by("no-from", "good", "an entry without fromAddress", dynamicFee)
	by("no-from", "from_other", "an entry without fromAddress, from is another", dynamicFee.with("from", quote(addressTwo)))
	by("unknown", "good", "a client that is not configured", dynamicFee)
	by("unknown", "bad", "a client that is not configured, with bad arguments", dynamicFee.without("gas"))
	by("unknown", "undecodable", "a client that is not configured, with arguments that do not decode", dynamicFee.with("gas", `1`))
	return cases
}
