package requests

import (
	"fmt"
	"strings"

	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
)

func jsonRPC() []exchange.Case {
	status := func(rest string) string { return `{"jsonrpc":"2.0","method":"health_status"` + rest + `}` }
	sign := one(v2, goodV2)
	cases := []exchange.Case{
		body("rpc_status", "no params", status(`,"id":1`)),
		body("rpc_status_empty", "empty params", status(`,"id":1,"params":[]`)),
		body("rpc_status_null", "params is null", status(`,"id":1,"params":null`)),
		body("rpc_status_object", "params is an object", status(`,"id":1,"params":{}`)),
		body("rpc_status_one", "a param too many", status(`,"id":1,"params":[1]`)),
		body("rpc_status_one_null", "a param too many, which is null", status(`,"id":1,"params":[null]`)),
		body("rpc_modules", "the list of modules", call("rpc_modules", `[]`)),
		body("rpc_modules_one", "the list of modules, a param too many", call("rpc_modules", `[1]`)),
		body("rpc_other_order", "members in another order", `{"params":[],"method":"health_status","id":1,"jsonrpc":"2.0"}`),
		body("rpc_extra_member", "a member nobody knows", status(`,"id":1,"extra":{"a":[1]}`)),
		body("rpc_upper_case_members", "names of members in capitals", `{"JSONRPC":"2.0","ID":1,"METHOD":"health_status","PARAMS":[]}`),
		body("rpc_twice_method", "method twice: the last counts", `{"jsonrpc":"2.0","id":1,"method":"eth_chainId","method":"health_status"}`),
		body("rpc_twice_id", "id twice: the last counts", status(`,"id":1,"id":2`)),
		body("rpc_white_space", "white space everywhere", " \n\t{ \"jsonrpc\" : \"2.0\" ,\r\n \"id\" : 1 , \"method\" : \"health_status\" } \n"),
		body("rpc_white_space_in_params", "white space in the params", call(v2, " [ \n"+goodV2.String()+"\t] ")),
		body("rpc_escaped_method", "an escaped letter in the method", `{"jsonrpc":"2.0","id":1,"method":"\u0068ealth_status"}`),
		body("rpc_trailing_text", "text after the value", status(`,"id":1`)+" trailing"),
		body("rpc_trailing_value", "a second value after the first", status(`,"id":1`)+status(`,"id":2`)),
		body("rpc_trailing_brace", "a brace too many", status(`,"id":1`)+"}"),
		body("rpc_byte_order_mark", "a byte order mark first", "\ufeff"+status(`,"id":1`)),
		body("rpc_result", "an answer instead of a request", `{"jsonrpc":"2.0","id":1,"result":"0x1"}`),
		body("rpc_error", "an error instead of a request", `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}`),
		body("rpc_method_and_result", "a request with a result", `{"jsonrpc":"2.0","id":1,"method":"health_status","result":1}`),
		body("rpc_nothing", "an empty object", `{}`),
		body("rpc_only_version", "a version and nothing else", `{"jsonrpc":"2.0"}`),
		body("rpc_only_id", "a version and an id", `{"jsonrpc":"2.0","id":1}`),
		body("rpc_method_null", "the method is null", `{"jsonrpc":"2.0","id":1,"method":null}`),
		body("rpc_method_number", "the method is a number", `{"jsonrpc":"2.0","id":1,"method":1}`),
		body("rpc_method_empty", "the method is empty", `{"jsonrpc":"2.0","id":1,"method":""}`),
	}
	for _, text := range []struct{ name, text string }{
		{"empty", ""}, {"blank", " "}, {"null", "null"}, {"true", "true"}, {"number", "1"}, {"string", `"x"`},
		{"half_object", `{"jsonrpc":"2.0"`}, {"half_string", `{"jsonrpc":"2.`}, {"half_array", `[`}, {"no_json", "hello"},
		{"single_quotes", `{'jsonrpc':'2.0','id':1}`}, {"trailing_comma", `{"jsonrpc":"2.0","id":1,"method":"health_status",}`},
		{"comment", `/* x */{}`}, {"nan", `{"jsonrpc":"2.0","id":NaN,"method":"health_status"}`}, {"leading_zero", `{"jsonrpc":"2.0","id":01,"method":"health_status"}`},
		{"control_character", "{\"jsonrpc\":\"2.0\",\"id\":\"a\nb\",\"method\":\"health_status\"}"},
		{"nul", "\x00"}, {"xml", "<x/>"},
	} {
		cases = append(cases, body("rpc_body_"+text.name, "the body is "+text.name, text.text))
	}
	for i, id := range []string{
		`0`, `1`, `-1`, `1.5`, `1e3`, `18446744073709551616`, `1.0`, `"1"`, `""`, `"text"`, `"\u00e9\n"`, `"<&>"`, `null`, `true`, `false`,
		`{}`, `{"a":1}`, `[]`, `[1]`, ` 7 `, `"` + strings.Repeat("x", 1000) + `"`,
	} {
		name := fmt.Sprintf("rpc_id_%02d", i)
		comment := "the id is " + id
		if len(id) > 100 {
			comment = "an id of a thousand letters"
		}
		cases = append(cases, body(name, comment, status(`,"id":`+id)),
			body(name+"_unknown_method", comment+", the method unknown", `{"jsonrpc":"2.0","id":`+id+`,"method":"x_y"}`))
	}
	for i, version := range []string{`"1.0"`, `"2"`, `2.0`, `2`, `null`, `""`, `"2.0 "`, `true`, `[]`} {
		cases = append(cases, body(fmt.Sprintf("rpc_version_%02d", i), "jsonrpc is "+version, `{"jsonrpc":`+version+`,"id":1,"method":"health_status"}`))
	}
	cases = append(cases, body("rpc_version_missing", "no jsonrpc", `{"id":1,"method":"health_status"}`))
	for _, method := range []string{
		"eth_chainId", "eth_sign", "eth_accounts", "eth_sendTransaction", "eth_signTypedData", "personal_sign", "account_list", "admin_logLevel",
		"opsigner_signBlockPayloadV3", "opsigner_SignBlockPayload", "OPSIGNER_signBlockPayload", "opsigner", "_", "eth_", "_signTransaction",
		"health_Status", "health_status_", "health.status", "eth_subscribe", "eth_unsubscribe", "x_subscribe", "opsigner_subscribe",
		"eth_signTransaction ", "a<b>&c", "é", "rpc_discover", "web3_clientVersion",
	} {
		cases = append(cases, body("rpc_method_"+method, "the method "+method, call(method, `[]`)))
	}
	cases = append(cases, body("rpc_subscribe_params", "a subscription with params", call("eth_subscribe", `["newHeads"]`)),
		body("rpc_method_long", "a method of 2,000 letters", call(strings.Repeat("m", 2000), `[]`)))
	cases = append(cases, notifications(status, sign)...)
	return append(cases, batches(status, sign)...)
}

func notifications(status func(string) string, sign string) []exchange.Case {
	silent := strings.Replace(sign, `"id":1,`, "", 1)
	return []exchange.Case{
		body("rpc_notification", "no id", status("")),
		body("rpc_notification_sign", "a payload without id", silent),
		body("rpc_notification_unknown", "an unknown method without id", `{"jsonrpc":"2.0","method":"x_y"}`),
		body("rpc_notification_bad_params", "bad params without id", `{"jsonrpc":"2.0","method":"`+v2+`","params":{}}`),
		body("rpc_notification_no_version", "neither id nor version", `{"method":"health_status"}`),
		body("rpc_notification_subscription", "the method of subscriptions, without id", `{"jsonrpc":"2.0","method":"eth_subscription","params":{}}`),
		body("batch_notification", "a batch of one without id", "["+status("")+"]"),
		body("batch_notifications", "a batch without any id", "["+status("")+","+silent+"]"),
		body("batch_notification_mixed", "a batch, one of two without id", "["+status("")+","+status(`,"id":7`)+"]"),
	}
}

func batches(status func(string) string, sign string) []exchange.Case {
	repeated := func(name, comment string, times int) exchange.Case {
		c := body(name, comment, "[")
		c.Request.Repeat = &exchange.Repeat{Unit: sign + ",", Times: times - 1, Tail: sign + "]"}
		return c
	}
	return []exchange.Case{
		body("batch_empty", "no request in it", `[]`),
		body("batch_empty_space", "nothing but blanks in it", ` [ ] `),
		body("batch_one", "one request", "["+sign+"]"),
		body("batch_two", "two requests", "["+sign+","+status(`,"id":2`)+"]"),
		body("batch_same_id", "two requests with one id", "["+sign+","+sign+"]"),
		body("batch_mixed", "good and bad ones", "["+sign+","+call("x_y", `[]`)+`,{"jsonrpc":"1.0","id":3,"method":"a_b"},`+call(v2, `[{}]`)+`,{"jsonrpc":"2.0","id":{},"method":"health_status"}]`),
		body("batch_null", "null in it", `[null]`),
		body("batch_nulls", "null beside a request", `[null,`+status(`,"id":2`)+`,null]`),
		body("batch_number", "a number in it", `[1]`),
		body("batch_numbers", "numbers in it", `[1,2,3]`),
		body("batch_string", "a string in it", `["x"]`),
		body("batch_nested", "a batch in a batch", "[["+sign+"]]"),
		body("batch_nested_empty", "an empty batch in a batch", `[[]]`),
		body("batch_object_empty", "an empty object in it", `[{}]`),
		body("batch_half", "it does not end", "["+sign),
		body("batch_half_item", "its second item does not end", "["+sign+`,{"jsonrpc"`),
		body("batch_trailing_comma", "a comma too many", "["+sign+",]"),
		body("batch_trailing_text", "text after it", "["+sign+"] trailing"),
		body("batch_result", "an answer in it", `[{"jsonrpc":"2.0","id":1,"result":1}]`),
		repeated("batch_100", "a hundred requests", 100),
		repeated("batch_101", "a hundred and one requests", 101),
		repeated("batch_1000", "a thousand requests", 1000),
		repeated("batch_1001", "a thousand and one requests", 1001),
		repeated("batch_5000", "five thousand requests, which the peer signs one after another", 5000),
	}
}
