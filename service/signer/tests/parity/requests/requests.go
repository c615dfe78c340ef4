// Package requests is the list of what is sent to a signer, good and bad. It
// says nothing of the answers: the peer gives them (cmd/record).
package requests

import "github.com/opsign/opsign/service/signer/tests/parity/exchange"

// Group is one file of vectors/opsigner.
type Group struct {
	Name        string
	Description string
	Cases       []exchange.Case
}

// All is every request in its file. It panics if a name stands twice.
func All() []Group {
	groups := []Group{
		{"certificates", "Who may call: certificates good and bad, and which name in them counts.", certificates()},
		{"http", "The layer below JSON-RPC: methods, paths, headers, compression, limits, broken framing.", http()},
		{"json_rpc", "Envelopes, ids, parameters and batches.", jsonRPC()},
		{"block_payload", "opsigner_signBlockPayload and opsigner_signBlockPayloadV2.", blockPayload()},
		{"transactions", "eth_signTransaction: every type, every field missing or wrong, policy.", transactions()},
	}
	seen := map[string]bool{}
	for _, group := range groups {
		for _, c := range group.Cases {
			if seen[c.Name] {
				panic("two requests are called " + c.Name)
			}
			seen[c.Name] = true
			if c.Comment == "" {
				panic(c.Name + " has no comment")
			}
		}
	}
	return groups
}

// body is a plain POST by the usual client.
func body(name, comment, text string) exchange.Case {
	return bodyBy("localhost", name, comment, text)
}

func bodyBy(client, name, comment, text string) exchange.Case {
	return exchange.Case{Name: name, Comment: comment, Request: exchange.Request{
		Client: client, Headers: jsonHeaders(), Body: text,
	}}
}

func jsonHeaders() [][2]string { return [][2]string{{"Content-Type", "application/json"}} }

// wrongValue is JSON that does not fit, or only just fits, somewhere.
type wrongValue struct{ name, json string }

// Every field of every method gets each of these.
var wrongValues = []wrongValue{
	{"null", `null`},
	{"true", `true`},
	{"zero", `0`},
	{"number", `10`},
	{"negative", `-1`},
	{"fraction", `1.5`},
	{"empty_string", `""`},
	{"text", `"text"`},
	{"bare_0x", `"0x"`},
	{"hex_zero", `"0x0"`},
	{"hex_leading_zero", `"0x01"`},
	{"hex_odd", `"0xabc"`},
	{"hex_no_prefix", `"ab"`},
	{"hex_257_bits", `"0x1` + zeros64 + `"`},
	{"empty_array", `[]`},
	{"empty_object", `{}`},
}

const zeros64 = "0000000000000000000000000000000000000000000000000000000000000000"

// fields makes a case for each field missing, and for each with each wrong value.
func fields(prefix, method string, good object) []exchange.Case {
	var cases []exchange.Case
	for _, member := range good {
		name := member[0]
		cases = append(cases, body(prefix+"_no_"+name, name+" is missing", one(method, good.without(name))))
		for _, wrong := range wrongValues {
			cases = append(cases, body(prefix+"_"+name+"_"+wrong.name, name+" is "+wrong.json,
				one(method, good.with(name, wrong.json))))
		}
	}
	return cases
}
