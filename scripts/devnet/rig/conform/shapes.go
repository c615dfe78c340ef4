package conform

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// ids: of every type, on calls that pass and on calls that are multiplexed.
func ids() []shape {
	var shapes []shape
	for _, id := range []string{
		"0", "-1", "1.5", "1e3", `""`, `"a string"`, `"\u0061\ud83d"`, "null", "18446744073709551616", "123456789012345678901234567890",
		`"` + strings.Repeat("x", 5000) + `"`, "true", "{}", "[1]",
	} {
		shapes = append(shapes, post("id "+short(id), `{"jsonrpc":"2.0","id":`+id+`,"method":"eth_chainId","params":[]}`))
	}
	zero := strings.Repeat("00", 32)
	state := fmt.Sprintf(`{"headBlockHash":"0x%s","safeBlockHash":"0x%s","finalizedBlockHash":"0x%s"}`, zero, zero, zero)
	for _, id := range []string{"1.5", `"a string"`, "null", "18446744073709551616", "{}"} {
		shapes = append(shapes, loosely(post("FCU, id "+short(id),
			`{"jsonrpc":"2.0","id":`+id+`,"method":"engine_forkchoiceUpdatedV3","params":[`+state+`,null]}`)))
	}
	return append(shapes,
		post("notification", `{"jsonrpc":"2.0","method":"eth_chainId","params":[]}`),
		post("FCU as a notification", `{"jsonrpc":"2.0","method":"engine_forkchoiceUpdatedV3","params":[`+state+`,null]}`),
	)
}

func short(text string) string { return text[:min(len(text), 32)] }

// envelopes: what a JSON-RPC object can look like.
func envelopes() []shape {
	version := `"method":"eth_chainId","params":[]}`
	return []shape{
		post("no version", `{"id":1,`+version),
		post("version 1.0", `{"jsonrpc":"1.0","id":1,`+version),
		post("an unknown member", `{"jsonrpc":"2.0","id":1,"extra":{"a":[1]},`+version),
		post("a member twice", `{"jsonrpc":"2.0","id":1,"id":2,`+version),
		post("a method twice", `{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber",`+version),
		post("members in another case", `{"JSONRPC":"2.0","ID":1,"METHOD":"eth_chainId"}`),
		post("an escaped method", `{"jsonrpc":"2.0","id":1,"method":"eth_ch\u0061inId","params":[]}`),
		post("an escaped engine method", `{"jsonrpc":"2.0","id":1,"method":"engine_getPayl\u006fadV4","params":["0x0300000000000000"]}`),
		post("an escaped member", `{"jsonrpc":"2.0","id":1,"m\u0065thod":"eth_chainId","params":[]}`),
		post("spaces everywhere", " \r\n\t{ \"jsonrpc\" : \"2.0\" ,\n \"id\" : 1 , \"method\" : \"eth_chainId\" , \"params\" : [ ] } \n"),
		post("words after the object", `{"jsonrpc":"2.0","id":1,`+version+" and more"),
		post("two objects", `{"jsonrpc":"2.0","id":1,`+version+`{"jsonrpc":"2.0","id":2,`+version),
		post("a byte order mark", "\ufeff"+`{"jsonrpc":"2.0","id":1,`+version),
		post("no body", ""),
		post("null", "null"),
		post("a number", "1"),
		post("a string", `"eth_chainId"`),
		post("malformed", `{"jsonrpc":"2.0","id":1,"method":`),
		post("cut inside a string", `{"jsonrpc":"2.0","id":1,"method":"eth_ch`),
		post("bytes that are no text", "\xff\xfe{\x00}"),
		post("no UTF-8 in a string", `{"jsonrpc":"2.0","id":1,"method":"eth_`+"\xff"+`","params":[]}`),
		post("no method", `{"jsonrpc":"2.0","id":1,"params":[]}`),
		post("a method that is a number", `{"jsonrpc":"2.0","id":1,"method":7,"params":[]}`),
		post("no parameters", `{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}`),
		post("parameters null", `{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":null}`),
		post("parameters an object", `{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{"a":1}}`),
		post("parameters a string", `{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":"none"}`),
		post("too many parameters", call("eth_chainId", "1,2,3")),
		post("too few parameters", call("eth_getBalance", "")),
		post("a response", `{"jsonrpc":"2.0","id":1,"result":"0x1"}`),
		post("300 levels deep", call("eth_chainId", strings.Repeat("[", 300)+strings.Repeat("]", 300))),
		post("12 000 levels deep", call("eth_chainId", strings.Repeat("[", 12_000)+strings.Repeat("]", 12_000))),
	}
}

func batches() []shape {
	one := func(id int, method string) string {
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"%s","params":[]}`, id, method)
	}
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprintf(`{"jsonrpc":"2.0","id":"%d","method":"eth_getBlockByNumber","params":["0x%x",false]}`, i, i%4)
	}
	return []shape{
		post("batch of one", "["+one(1, "eth_chainId")+"]"),
		post("batch of two", "["+one(1, "eth_chainId")+","+one(2, "eth_blockNumber")+"]"),
		post("batch of twenty", "["+strings.Join(many, ",")+"]"),
		post("batch of 2001", "["+strings.Repeat(one(1, "eth_chainId")+",", 2000)+one(2, "eth_chainId")+"]"),
		post("empty batch", "[]"),
		post("batch with spaces before", " \n ["+one(1, "eth_chainId")+"]"),
		post("batch in a batch", "[["+one(1, "eth_chainId")+"]]"),
		post("batch of numbers", "[1,2]"),
		post("batch with a bad element", "["+one(1, "eth_chainId")+`,{"id":2},`+one(3, "eth_chainId")+"]"),
		post("batch with equal ids", "["+one(1, "eth_chainId")+","+one(1, "eth_blockNumber")+"]"),
		post("batch with a notification", `[{"jsonrpc":"2.0","method":"eth_chainId","params":[]},`+one(2, "eth_chainId")+"]"),
		post("batch of notifications", `[{"jsonrpc":"2.0","method":"eth_chainId","params":[]}]`),
		loosely(post("batch with engine calls", "["+one(1, "eth_chainId")+`,{"jsonrpc":"2.0","id":2,"method":"engine_exchangeCapabilities","params":[[]]},`+
			`{"jsonrpc":"2.0","id":"x","method":"engine_getPayloadV4","params":["0x0300000000000000"]},`+one(4, "engine_unknownV1")+"]")),
		post("cut batch", "["+one(1, "eth_chainId")),
	}
}

// methods that are none of the engine's.
func methods(w *world) []shape {
	return []shape{
		post("eth_chainId", call("eth_chainId", "")),
		post("eth_syncing", call("eth_syncing", "")),
		post("a block", call("eth_getBlockByNumber", `"0x1",true`)),
		post("a block that is not there", call("eth_getBlockByNumber", `"0xffff",true`)),
		post("logs", call("eth_getLogs", `{"fromBlock":"0x0"}`)),
		post("a method of eth that is not there", call("eth_unknown", "")),
		post("a namespace that is not there", call("unknown_method", "")),
		post("a method without a namespace", call("chainId", "")),
		post("an empty method", call("", "")),
		post("web3_clientVersion", call("web3_clientVersion", "")),
		post("net_version", call("net_version", "")),
		post("rpc_modules", call("rpc_modules", "")),
		post("admin_nodeInfo", call("admin_nodeInfo", "")),
		post("miner_setGasLimit", call("miner_setGasLimit", `"0x1"`)),
		post("miner_setMaxDASize", call("miner_setMaxDASize", `"0x0","0x0"`)),
		post("miner_setExtra", call("miner_setExtra", `"x"`)),
		post("a subscription", call("eth_subscribe", `"newHeads"`)),
		post("an unknown method of 100 kB", call("eth_"+strings.Repeat("x", 100_000), "")),
		post("a call of 12 MB", call("eth_call", `{"to":"0x0000000000000000000000000000000000000001","data":"0x`+strings.Repeat("00", 6_000_000)+`","gas":"0x1"},"latest"`)),
		post("a transaction that is known", call("eth_sendRawTransaction", `"`+w.raw+`"`)),
		post("a transaction that is none", call("eth_sendRawTransaction", `"0x02c0"`)),
		post("a transaction that is no hex", call("eth_sendRawTransaction", `"zz"`)),
		post("a conditional transaction", call("eth_sendRawTransactionConditional", `"`+w.raw+`",{}`)),
	}
}

func engineCalls(w *world) []shape {
	none := `{"headBlockHash":"0x` + strings.Repeat("11", 32) + `","safeBlockHash":"` + w.head + `","finalizedBlockHash":"` + w.head + `"}`
	zero := strings.ReplaceAll(none, strings.Repeat("11", 32), strings.Repeat("00", 32))
	unsafe := `{"headBlockHash":"` + w.head + `","safeBlockHash":"0x` + strings.Repeat("11", 32) + `","finalizedBlockHash":"` + w.head + `"}`
	edit := func(object, member, value string) string {
		before, after, found := strings.Cut(object, `"`+member+`":"`)
		if !found {
			panic("no " + member) // in an object made by this program
		}
		_, rest, _ := strings.Cut(after, `"`)
		return before + `"` + member + `":` + value + rest
	}
	with := func(object, members string) string { return object[:len(object)-1] + "," + members + "}" }
	root := `"` + w.beaconRoot + `"`
	known := `"` + w.payloadID + `"`
	shapes := []shape{
		post("exchangeCapabilities", call("engine_exchangeCapabilities", `["engine_newPayloadV4"]`)),
		post("exchangeTransitionConfiguration", call("engine_exchangeTransitionConfigurationV1",
			`{"terminalTotalDifficulty":"0x0","terminalBlockHash":"0x`+strings.Repeat("00", 32)+`","terminalBlockNumber":"0x0"}`)),
		post("getClientVersion", call("engine_getClientVersionV1", `{"code":"ON","name":"op-node","version":"1","commit":"0x00000000"}`)),
		post("bodies by hash, V1", call("engine_getPayloadBodiesByHashV1", `["`+w.head+`"]`)),
		post("bodies by hash, V2", call("engine_getPayloadBodiesByHashV2", `["`+w.head+`"]`)),
		post("bodies by range, V1", call("engine_getPayloadBodiesByRangeV1", `"0x1","0x2"`)),
		post("bodies by range, V2", call("engine_getPayloadBodiesByRangeV2", `"0x1","0x2"`)),
		post("blobs", call("engine_getBlobsV1", `["0x`+strings.Repeat("01", 32)+`"]`)),
		post("signalSuperchain", call("engine_signalSuperchainV1", `{"recommended":"0x`+strings.Repeat("00", 32)+`","required":"0x`+strings.Repeat("00", 32)+`"}`)),
		post("a method of engine that is not there", call("engine_unknownV1", "")),
		post("engine_ alone", call("engine_", "")),
		post("FCU without a version", call("engine_forkchoiceUpdated", w.state+",null")),
		post("FCU of a version to come", call("engine_forkchoiceUpdatedV99", w.state+","+w.attributes)),
		post("getPayload of a version to come", call("engine_getPayloadV99", known)),
		post("newPayload of a version to come", call("engine_newPayloadV99", w.payload+",[],"+root+",[]")),
		loosely(post("FCU, one parameter", call("engine_forkchoiceUpdatedV3", w.state))),
		loosely(post("FCU, three parameters", call("engine_forkchoiceUpdatedV3", w.state+",null,null"))),
		loosely(post("FCU, no parameters", call("engine_forkchoiceUpdatedV3", ""))),
		loosely(post("FCU, a string for a state", call("engine_forkchoiceUpdatedV3", `"head",null`))),
		loosely(post("FCU to a head that is not there", call("engine_forkchoiceUpdatedV3", none+",null"))),
		loosely(post("FCU to nothing", call("engine_forkchoiceUpdatedV3", zero+",null"))),
		loosely(post("FCU, safe block unknown", call("engine_forkchoiceUpdatedV3", unsafe+",null"))),
		loosely(post("FCU with attributes", call("engine_forkchoiceUpdatedV3", w.state+","+w.attributes))),
		loosely(post("FCU with the same again", call("engine_forkchoiceUpdatedV3", w.state+","+w.attributes))),
		loosely(post("FCU V2 with attributes of V3", call("engine_forkchoiceUpdatedV2", w.state+","+w.attributes))),
		loosely(post("FCU V4 with attributes of V3", call("engine_forkchoiceUpdatedV4", w.state+","+w.attributes))),
		loosely(post("attributes with a field to come", call("engine_forkchoiceUpdatedV3", w.state+","+with(w.attributes, `"future":{"a":["0x1"]}`)))),
		loosely(post("attributes of the past", call("engine_forkchoiceUpdatedV3", w.state+","+edit(w.attributes, "timestamp", `"0x1"`)))),
		loosely(post("attributes with a wrong timestamp", call("engine_forkchoiceUpdatedV3", w.state+","+edit(w.attributes, "timestamp", `"soon"`)))),
		loosely(post("attributes without a gas limit", call("engine_forkchoiceUpdatedV3", w.state+","+edit(w.attributes, "gasLimit", `null`)))),
		loosely(post("attributes that are a list", call("engine_forkchoiceUpdatedV3", w.state+",[]"))),
		loosely(post("attributes of V4 in V4", call("engine_forkchoiceUpdatedV4", w.state+","+with(w.attributes, `"slotNumber":"0x1","targetGasLimit":"0x1"`)))),
		loosely(post("getPayload", call("engine_getPayloadV4", known))),
		loosely(post("getPayload again", call("engine_getPayloadV4", known))),
		loosely(post("getPayload with two parameters", call("engine_getPayloadV4", known+",1"))),
		post("getPayload without an id", call("engine_getPayloadV4", "")),
		post("getPayload of an id that is not there", call("engine_getPayloadV4", `"0x0301020304050607"`)),
		post("getPayload of a long id", call("engine_getPayloadV4", `"0x030102030405060708"`)),
		post("getPayload of a number", call("engine_getPayloadV4", "7")),
		loosely(post("newPayload, hash wrong", call("engine_newPayloadV4", edit(w.payload, "stateRoot", `"0x`+strings.Repeat("11", 32)+`"`)+",[],"+root+",[]"))),
		loosely(post("newPayload, parent unknown", call("engine_newPayloadV4", edit(w.payload, "parentHash", `"0x`+strings.Repeat("11", 32)+`"`)+",[],"+root+",[]"))),
		loosely(post("newPayload, no withdrawals root", call("engine_newPayloadV4", edit(w.payload, "withdrawalsRoot", `null`)+",[],"+root+",[]"))),
		loosely(post("newPayload, blob hashes", call("engine_newPayloadV4", w.payload+`,["0x`+strings.Repeat("01", 32)+`"],`+root+",[]"))),
		loosely(post("newPayload, requests", call("engine_newPayloadV4", w.payload+`,[],`+root+`,["0x01"]`))),
		loosely(post("newPayload, three parameters", call("engine_newPayloadV4", w.payload+",[],"+root))),
		loosely(post("newPayload, another root", call("engine_newPayloadV4", w.payload+`,[],"0x`+strings.Repeat("11", 32)+`",[]`))),
		loosely(post("newPayload, a string", call("engine_newPayloadV4", `"payload",[],`+root+",[]"))),
		loosely(post("newPayload, a field to come", call("engine_newPayloadV4", with(w.payload, `"future":["0x1"]`)+",[],"+root+",[]"))),
		loosely(post("newPayload", call("engine_newPayloadV4", w.payload+",[],"+root+",[]"))),
		loosely(post("newPayload again", call("engine_newPayloadV4", w.payload+",[],"+root+",[]"))),
		loosely(post("newPayload V5", call("engine_newPayloadV5", w.payload+",[],"+root+",[]"))),
		loosely(post("newPayload with a witness", call("engine_newPayloadWithWitnessV4", w.payload+",[],"+root+",[]"))),
		loosely(post("FCU with a witness", call("engine_forkchoiceUpdatedWithWitnessV3", w.state+",null"))),
		loosely(post("FCU to the head", call("engine_forkchoiceUpdatedV3", w.state+",null"))),
	}
	for _, version := range []int{1, 2, 3, 5, 6} {
		shapes = append(shapes, loosely(post(fmt.Sprintf("getPayload V%d", version), call(fmt.Sprintf("engine_getPayloadV%d", version), known))))
	}
	for _, version := range []int{1, 2, 3} {
		shapes = append(shapes, loosely(post(fmt.Sprintf("newPayload V%d", version), call(fmt.Sprintf("engine_newPayloadV%d", version), w.payload+",[],"+root))))
	}
	for _, version := range []int{1, 2, 4} {
		shapes = append(shapes, loosely(post(fmt.Sprintf("FCU V%d", version), call(fmt.Sprintf("engine_forkchoiceUpdatedV%d", version), w.state+",null"))))
	}
	return shapes
}

// hypertext: what HTTP allows.
func hypertext() []shape {
	body := call("eth_chainId", "")
	long := call("eth_getBlockByNumber", `"0x1",true`)
	return []shape{
		request("GET", http.MethodGet, "/", "", "Content-Length:", "Content-Type:"),
		request("GET with a body", http.MethodGet, "/", body),
		request("HEAD", http.MethodHead, "/", "", "Content-Length:"),
		request("OPTIONS", http.MethodOptions, "/", "", "Content-Length:"),
		request("OPTIONS of a browser", http.MethodOptions, "/", "", "Content-Length:", "Origin: http://page.example", "Access-Control-Request-Method: POST"),
		request("PUT", http.MethodPut, "/", body),
		request("DELETE", http.MethodDelete, "/", ""),
		request("PATCH", http.MethodPatch, "/", body),
		request("another path", http.MethodPost, "/another", body),
		request("a query", http.MethodPost, "/?a=b", body),
		post("an origin", body, "Origin: http://page.example"),
		post("text", body, "Content-Type: text/plain"),
		post("no content type", body, "Content-Type:"),
		post("a content type with a charset", body, "Content-Type: application/json; charset=utf-8"),
		post("application/json-rpc", body, "Content-Type: application/json-rpc"),
		post("application/jsonrequest", body, "Content-Type: application/jsonrequest"),
		post("gzip wanted", long, "Accept-Encoding: gzip"),
		post("any coding wanted", long, "Accept-Encoding: br;q=1.0, gzip;q=0.8, *;q=0.1"),
		post("gzip wanted of the engine", call("engine_exchangeCapabilities", "[]"), "Accept-Encoding: gzip"),
		post("gzip sent", packed(body), "Content-Encoding: gzip"),
		post("a host of another name", body, "Host: example.com"),
		post("localhost", body, "Host: localhost"),
		post("no length", body, "Content-Length:", "Connection: close"),
		shape{name: "chunks", send: func(t *target) (*answer, error) {
			lines := t.headLines(http.MethodPost, "/", 0, "Content-Length:", "Transfer-Encoding: chunked")
			half := len(body) / 2
			chunked := fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", half, body[:half], len(body)-half, body[half:])
			return t.exchange(append(lines, chunked...), http.MethodPost)
		}},
		// 128 MiB are op-geth's limit. Only the length is told.
		refused(post("one byte too long", "", fmt.Sprintf("Content-Length: %d", 128<<20+1))),
		post("a length below the body's", body, "Content-Length: 10"),
		post("a header of 20 kB", body, "X-Long: "+strings.Repeat("x", 20_000)),
	}
}

func packed(text string) string {
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, _ = writer.Write([]byte(text)) // to memory
	_ = writer.Close()
	return buffer.String()
}

// tokens, good and bad.
func tokens() []shape {
	body := call("eth_chainId", "")
	signed := func(name string, token func(t *target) string) shape {
		return shape{name: name, send: func(t *target) (*answer, error) {
			return t.exchange(append(t.headLines(http.MethodPost, "/", len(body), "Authorization: "+token(t)), body...), http.MethodPost)
		}}
	}
	const header = `{"alg":"HS256","typ":"JWT"}`
	at := func(shift time.Duration) int64 { return time.Now().Add(shift).Unix() }
	claims := func(name, header string, format string, shifts ...time.Duration) shape {
		return signed(name, func(t *target) string {
			var times []any
			for _, shift := range shifts {
				times = append(times, at(shift))
			}
			return "Bearer " + t.secret.Sign(header, fmt.Sprintf(format, times...))
		})
	}
	return []shape{
		post("no token", body, "Authorization:"),
		post("no token, GET", body, "Authorization:", "Content-Type:"),
		signed("an empty token", func(*target) string { return "Bearer " }),
		signed("no bearer", func(t *target) string { return t.secret.Token(time.Now()) }),
		signed("basic", func(*target) string { return "Basic YTpi" }),
		refused(signed("garbage", func(*target) string { return "Bearer a.b.c" })),
		signed("two parts", func(*target) string { return "Bearer a.b" }),
		signed("bearer in small letters", func(t *target) string { return "bearer " + t.secret.Token(time.Now()) }),
		refused(signed("two spaces", func(t *target) string { return "Bearer  " + t.secret.Token(time.Now()) })),
		signed("another secret", func(t *target) string {
			return "Bearer " + append(t.secret[1:len(t.secret):len(t.secret)], 7).Token(time.Now())
		}),
		refused(signed("signature cut", func(t *target) string { token := t.bearer(); return token[:len(token)-4] })),
		claims("issued 120 s ago", header, `{"iat":%d}`, -120*time.Second),
		claims("issued in 120 s", header, `{"iat":%d}`, 120*time.Second),
		claims("issued 50 s ago", header, `{"iat":%d}`, -50*time.Second),
		claims("issued in 50 s", header, `{"iat":%d}`, 50*time.Second),
		claims("not issued", header, `{}`),
		claims("issued at a string", header, `{"iat":"%d"}`, 0),
		claims("issued at a fraction", header, `{"iat":%d.5}`, -time.Second),
		claims("expired", header, `{"iat":%d,"exp":%d}`, 0, -10*time.Second),
		claims("expires later", header, `{"iat":%d,"exp":%d}`, 0, 10*time.Second),
		claims("not yet valid", header, `{"iat":%d,"nbf":%d}`, 0, 300*time.Second),
		claims("more claims", header, `{"iat":%d,"id":"op-node","clv":"1"}`, 0),
		refused(claims("claims that are no JSON", header, `iat`)),
		claims("algorithm none", `{"alg":"none","typ":"JWT"}`, `{"iat":%d}`, 0),
		claims("algorithm HS512", `{"alg":"HS512","typ":"JWT"}`, `{"iat":%d}`, 0),
		claims("no type", `{"alg":"HS256"}`, `{"iat":%d}`, 0),
		claims("more in the header", `{"alg":"HS256","kid":"7","typ":"JWT"}`, `{"iat":%d}`, 0),
	}
}

func sockets(w *world) []shape {
	good := func(t *target) http.Header { return http.Header{"Authorization": {t.bearer()}} }
	bad := func(*target) http.Header { return http.Header{} }
	return []shape{
		socket("WebSocket", good, websocket.TextMessage, call("eth_chainId", "")),
		socket("WebSocket, several calls", good, websocket.TextMessage, call("eth_chainId", ""), call("eth_blockNumber", ""), call("eth_unknown", "")),
		socket("WebSocket, a batch", good, websocket.TextMessage, "["+call("eth_chainId", "")+"]"),
		socket("WebSocket, binary", good, websocket.BinaryMessage, call("eth_chainId", "")),
		socket("WebSocket, FCU with attributes", good, websocket.TextMessage, call("engine_forkchoiceUpdatedV3", w.state+","+w.attributes)),
		socket("WebSocket, getPayload", good, websocket.TextMessage, call("engine_getPayloadV4", `"`+w.payloadID+`"`)),
		socket("WebSocket, malformed", good, websocket.TextMessage, "{"),
		socket("WebSocket, 1 MB", good, websocket.TextMessage, call("eth_unknown", `"`+strings.Repeat("x", 1_000_000)+`"`)),
		socket("WebSocket without a token", bad, websocket.TextMessage),
		socket("WebSocket with an origin", func(t *target) http.Header {
			return http.Header{"Authorization": {t.bearer()}, "Origin": {"http://page.example"}}
		}, websocket.TextMessage, call("eth_chainId", "")),
	}
}
