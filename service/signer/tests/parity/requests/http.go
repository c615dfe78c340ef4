package requests

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
)

func http() []exchange.Case {
	sign := one(v2, goodV2)
	var cases []exchange.Case
	add := func(name, comment string, change func(*exchange.Request)) {
		c := body("http_"+name, comment, sign)
		change(&c.Request)
		cases = append(cases, c)
	}
	header := func(name, value string) func(*exchange.Request) {
		return func(r *exchange.Request) { r.Headers = append(r.Headers, [2]string{name, value}) }
	}
	contentType := func(value string) func(*exchange.Request) {
		return func(r *exchange.Request) { r.Headers = [][2]string{{"Content-Type", value}} }
	}

	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND"} {
		add("method_"+method, method+" with a body", func(r *exchange.Request) { r.Method = method })
		if method != "CONNECT" {
			add("method_"+method+"_no_body", method+" without a body", func(r *exchange.Request) { r.Method, r.Body = method, "" })
		}
	}
	add("get_query", "GET with a query", func(r *exchange.Request) { r.Method, r.Path, r.Body = "GET", "/?x=1", "" })
	add("get_empty_query", "GET with an empty query", func(r *exchange.Request) { r.Method, r.Path, r.Body = "GET", "/?", "" })
	add("get_no_type", "GET without a content type", func(r *exchange.Request) { r.Method, r.Body, r.Headers = "GET", "", nil })
	add("get_no_type_body", "GET with a body and without a content type", func(r *exchange.Request) { r.Method, r.Headers = "GET", nil })
	add("post_query", "POST with a query", func(r *exchange.Request) { r.Path = "/?x=1" })
	for _, path := range []string{"/x", "/healthz", "/healthz/", "/healthz/x", "/HEALTHZ", "/health", "//", "/./", "/a/..", "/metrics", "/rpc", "/%2f", "/healthz?x=1", "/index.html"} {
		for _, method := range []string{"GET", "POST"} {
			add("path_"+method+"_"+path, method+" "+path, func(r *exchange.Request) { r.Method, r.Path = method, path })
		}
	}
	for _, method := range []string{"HEAD", "PUT", "OPTIONS", "DELETE"} {
		add("healthz_"+method, method+" /healthz", func(r *exchange.Request) { r.Method, r.Path, r.Body = method, "/healthz", "" })
	}
	for _, client := range []string{"none", "no-san"} {
		for _, path := range []string{"/", "/x", "/healthz/"} {
			c := exchange.Case{Name: "http_" + client + "_" + path, Comment: "GET " + path + ", certificate: " + client,
				Request: exchange.Request{Client: client, Method: "GET", Path: path}}
			cases = append(cases, c)
		}
	}

	for i, value := range []string{
		"application/json; charset=utf-8", "application/json;charset=utf-16", "application/json-rpc", "application/jsonrequest",
		"APPLICATION/JSON", " application/json ", "application/json;", "application/json; x", "application/json, text/plain",
		"text/plain", "text/json", "application/x-www-form-urlencoded", "application/jsonx", "application/*", "json", ";", "",
	} {
		add(fmt.Sprintf("type_%02d", i), fmt.Sprintf("content type %q", value), contentType(value))
	}
	add("type_missing", "no content type", func(r *exchange.Request) { r.Headers = nil })
	add("type_twice", "two content types, the first good", header("Content-Type", "text/plain"))
	add("type_twice_bad_first", "two content types, the second good", func(r *exchange.Request) {
		r.Headers = [][2]string{{"Content-Type", "text/plain"}, {"Content-Type", "application/json"}}
	})
	add("type_wrong_empty_body", "a wrong content type and no body", func(r *exchange.Request) { r.Headers, r.Body = [][2]string{{"Content-Type", "text/plain"}}, "" })

	for i, value := range []string{"gzip", "GZIP", "gzip, deflate, br", "deflate", "identity", "*", "gzip;q=0", "gzip;q=0.5, identity;q=0.1", "br;q=1.0, gzip;q=0.8", "identity, gzip", "x-gzip", ""} {
		add(fmt.Sprintf("accept_encoding_%02d", i), fmt.Sprintf("accept encoding %q", value), header("Accept-Encoding", value))
	}
	add("accept_encoding_gzip_unknown_method", "a compressed error", func(r *exchange.Request) {
		r.Body = call("x_y", `[]`)
		header("Accept-Encoding", "gzip")(r)
	})
	add("accept_encoding_gzip_empty", "a compressed answer to nothing", func(r *exchange.Request) {
		r.Body = ""
		header("Accept-Encoding", "gzip")(r)
	})
	add("accept_encoding_gzip_404", "a compressed 404", func(r *exchange.Request) {
		r.Path = "/x"
		header("Accept-Encoding", "gzip")(r)
	})
	add("accept_encoding_gzip_415", "a compressed 415", func(r *exchange.Request) {
		r.Headers = [][2]string{{"Content-Type", "text/plain"}, {"Accept-Encoding", "gzip"}}
	})
	add("accept_encoding_gzip_healthz", "a compressed /healthz", func(r *exchange.Request) {
		r.Method, r.Path, r.Body = "GET", "/healthz", ""
		header("Accept-Encoding", "gzip")(r)
	})
	add("accept_encoding_gzip_batch", "a compressed answer of some length", func(r *exchange.Request) {
		r.Body, r.Repeat = "[", &exchange.Repeat{Unit: sign + ",", Times: 49, Tail: sign + "]"}
		header("Accept-Encoding", "gzip")(r)
	})
	add("accept_text", "accepts text only", header("Accept", "text/html"))
	add("body_gzip", "a compressed request", func(r *exchange.Request) {
		r.Body, r.BodyHex = "", hex.EncodeToString(zipped(sign))
		header("Content-Encoding", "gzip")(r)
	})
	add("body_gzip_unnamed", "a compressed request that does not say so", func(r *exchange.Request) { r.Body, r.BodyHex = "", hex.EncodeToString(zipped(sign)) })
	add("body_gzip_lie", "a plain request that says it is compressed", header("Content-Encoding", "gzip"))
	add("body_br_lie", "a plain request in an encoding nobody has", header("Content-Encoding", "br"))
	add("body_not_utf8", "bytes that are no UTF-8 in an id", func(r *exchange.Request) {
		r.Body, r.BodyHex = "", hex.EncodeToString([]byte("{\"jsonrpc\":\"2.0\",\"id\":\"\xff\xfe\",\"method\":\"health_status\"}"))
	})

	add("chunked", "a body in chunks", func(r *exchange.Request) { r.Chunked = true })
	add("http2", "HTTP/2", func(r *exchange.Request) { r.HTTP2 = true })
	add("http2_gzip", "HTTP/2 with a compressed answer", func(r *exchange.Request) { r.HTTP2 = true; header("Accept-Encoding", "gzip")(r) })
	add("http2_healthz", "/healthz over HTTP/2", func(r *exchange.Request) { r.HTTP2, r.Method, r.Path, r.Body = true, "GET", "/healthz", "" })
	add("http2_404", "another path over HTTP/2", func(r *exchange.Request) { r.HTTP2, r.Path = true, "/x" })
	add("http2_put", "PUT over HTTP/2", func(r *exchange.Request) { r.HTTP2, r.Method = true, "PUT" })
	add("http2_no_certificate", "HTTP/2 without a certificate", func(r *exchange.Request) { r.HTTP2, r.Client = true, "none" })

	for _, origin := range []string{"https://example.org", "null", "*"} {
		add("origin_"+origin, "the origin "+origin, header("Origin", origin))
	}
	add("origin_preflight", "a preflight of a browser", func(r *exchange.Request) {
		r.Method, r.Body = "OPTIONS", ""
		r.Headers = [][2]string{{"Origin", "https://example.org"}, {"Access-Control-Request-Method", "POST"}, {"Access-Control-Request-Headers", "content-type"}}
	})
	add("origin_no_certificate", "an origin without a certificate", func(r *exchange.Request) { r.Client = "none"; header("Origin", "https://example.org")(r) })
	add("authorization", "an Authorization header", header("Authorization", "Bearer x"))
	add("trace_context", "a trace context", header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
	add("trace_context_bad", "a trace context that is none", header("traceparent", "zz"))
	add("forwarded_client", "headers in which a proxy would name a client", header("X-Forwarded-Client-Cert", "DNS=unknown.local"))

	padding := func(times int) func(*exchange.Request) {
		return func(r *exchange.Request) {
			r.Body = strings.TrimSuffix(sign, "}") + `,"padding":"`
			r.Repeat = &exchange.Repeat{Unit: "0123456789", Times: times, Tail: `"}`}
		}
	}
	add("body_1_mb", "a body of 1 MB", padding(100_000))
	add("body_5_mb", "a body just below 5 MiB", padding(524_200))
	add("body_5_mb_chunked", "a body just below 5 MiB, in chunks", func(r *exchange.Request) { padding(524_200)(r); r.Chunked = true })
	add("body_deep", "10,001 arrays in one another", func(r *exchange.Request) {
		r.Body = `{"jsonrpc":"2.0","id":1,"method":"health_status","params":`
		r.Repeat = &exchange.Repeat{Unit: "[", Times: 10_001, Tail: strings.Repeat("]", 10_001) + "}"}
	})
	add("body_deep_ok", "5,000 arrays in one another", func(r *exchange.Request) {
		r.Body = `{"jsonrpc":"2.0","id":1,"method":"health_status","params":`
		r.Repeat = &exchange.Repeat{Unit: "[", Times: 5_000, Tail: strings.Repeat("]", 5_000) + "}"}
	})
	return append(cases, rawRequests(sign)...)
}

func zipped(text string) []byte {
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	if _, err := writer.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}
	return buffer.Bytes()
}

// rawRequests are what no HTTP library would send.
func rawRequests(sign string) []exchange.Case {
	const typed = "Content-Type: application/json\r\n"
	length := fmt.Sprintf("Content-Length: %d\r\n", len(sign))
	cases := []exchange.Case{}
	add := func(name, comment, text string) {
		cases = append(cases, exchange.Case{Name: "raw_" + name, Comment: comment, Request: exchange.Request{Client: "localhost", Raw: text}})
	}
	add("good", "a plain request", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+length+"\r\n"+sign)
	add("lower_case_headers", "names of headers in small letters", "POST / HTTP/1.1\r\nhost: HOST\r\n"+strings.ToLower(typed+length)+"\r\n"+sign)
	add("connection_close", "the client wants no more", "POST / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n"+typed+length+"\r\n"+sign)
	add("http_1_0", "HTTP/1.0", "POST / HTTP/1.0\r\n"+typed+length+"\r\n"+sign)
	add("http_1_0_keep_alive", "HTTP/1.0 that wants to keep the connection", "POST / HTTP/1.0\r\nConnection: keep-alive\r\n"+typed+length+"\r\n"+sign)
	add("no_host", "no Host", "POST / HTTP/1.1\r\n"+typed+length+"\r\n"+sign)
	add("two_hosts", "two Hosts", "POST / HTTP/1.1\r\nHost: HOST\r\nHost: other\r\n"+typed+length+"\r\n"+sign)
	add("other_host", "a Host that is not ours", "POST / HTTP/1.1\r\nHost: example.org\r\n"+typed+length+"\r\n"+sign)
	add("empty_host", "an empty Host", "POST / HTTP/1.1\r\nHost:\r\n"+typed+length+"\r\n"+sign)
	add("bad_host", "a Host with a blank", "POST / HTTP/1.1\r\nHost: a b\r\n"+typed+length+"\r\n"+sign)
	add("http_2_0", "a version that has no such form", "POST / HTTP/2.0\r\nHost: HOST\r\n"+typed+length+"\r\n"+sign)
	add("http_1_2", "HTTP/1.2", "POST / HTTP/1.2\r\nHost: HOST\r\n"+typed+length+"\r\n"+sign)
	add("no_version", "no version", "POST /\r\nHost: HOST\r\n\r\n")
	add("lower_case_method", "the method in small letters", "post / HTTP/1.1\r\nHost: HOST\r\n"+typed+length+"\r\n"+sign)
	add("no_http", "no HTTP at all", "hello\r\n\r\n")
	add("absolute", "a whole address as the target", "POST https://HOST/ HTTP/1.1\r\nHost: HOST\r\n"+typed+length+"\r\n"+sign)
	add("absolute_other_path", "a whole address with another path", "POST https://HOST/x HTTP/1.1\r\nHost: HOST\r\n"+typed+length+"\r\n"+sign)
	add("asterisk", "OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n")
	add("header_no_colon", "a header without a colon", "POST / HTTP/1.1\r\nHost: HOST\r\nnonsense\r\n"+typed+length+"\r\n"+sign)
	add("header_blank_name", "a blank before the colon", "POST / HTTP/1.1\r\nHost: HOST\r\nX-Y : 1\r\n"+typed+length+"\r\n"+sign)
	add("header_folded", "a header over two lines", "POST / HTTP/1.1\r\nHost: HOST\r\nX-Y: 1\r\n 2\r\n"+typed+length+"\r\n"+sign)
	add("header_nul", "a header with a zero byte", "POST / HTTP/1.1\r\nHost: HOST\r\nX-Y: \x00\r\n"+typed+length+"\r\n"+sign)
	add("bare_newlines", "line feeds alone", "POST / HTTP/1.1\nHost: HOST\nContent-Type: application/json\n"+strings.TrimSuffix(length, "\r\n")+"\n\n"+sign)
	add("length_negative", "a negative length", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+"Content-Length: -1\r\n\r\n"+sign)
	add("length_text", "a length that is no number", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+"Content-Length: x\r\n\r\n"+sign)
	add("length_plus", "a length with a plus", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+strings.Replace(length, ": ", ": +", 1)+"\r\n"+sign)
	add("length_twice_same", "the length twice, equal", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+length+length+"\r\n"+sign)
	add("length_twice_other", "the length twice, different", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+length+"Content-Length: 1\r\n\r\n"+sign)
	add("length_missing", "neither length nor chunks", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+"\r\n")
	add("length_short", "a length below the body's: the JSON is cut", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+"Content-Length: 20\r\n\r\n"+sign)
	add("length_above_limit", "a length above 5 MiB", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+"Content-Length: 5242881\r\n\r\n")
	add("length_far_above_limit", "a length of 20 digits", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+"Content-Length: 99999999999999999999\r\n\r\n")
	add("length_above_limit_get", "a length above 5 MiB in a GET", "GET / HTTP/1.1\r\nHost: HOST\r\n"+typed+"Content-Length: 5242881\r\n\r\n")
	add("length_above_limit_type", "a length above 5 MiB and a wrong content type", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/plain\r\nContent-Length: 5242881\r\n\r\n")
	add("length_and_chunks", "a length and chunks", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+length+"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	add("chunks_odd", "small chunks with an extension and a trailer", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+"Transfer-Encoding: chunked\r\n\r\n"+
		fmt.Sprintf("1;x=y\r\n{\r\n%x\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n", len(sign)-1, sign[1:]))
	add("chunks_bad_size", "a chunk whose size is no number", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n")
	add("transfer_encoding_unknown", "a transfer encoding nobody has", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+"Transfer-Encoding: gzip\r\n\r\n")
	add("transfer_encoding_identity", "the identity transfer encoding", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+length+"Transfer-Encoding: identity\r\n\r\n"+sign)
	add("expect", "Expect: 100-continue, without waiting", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+length+"Expect: 100-continue\r\n\r\n"+sign)
	add("expect_other", "an expectation nobody has", "POST / HTTP/1.1\r\nHost: HOST\r\n"+typed+length+"Expect: tea\r\n\r\n"+sign)
	add("upgrade_websocket", "an upgrade to a web socket", "GET / HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	add("upgrade_h2c", "an upgrade to HTTP/2", "POST / HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n"+typed+length+"\r\n"+sign)
	add("http2_preface", "the preface of HTTP/2 without having agreed on it", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	add("headers_large", "headers of 60 kB", "POST / HTTP/1.1\r\nHost: HOST\r\nX-Y: "+strings.Repeat("y", 60_000)+"\r\n"+typed+length+"\r\n"+sign)
	add("headers_many", "five hundred headers", "POST / HTTP/1.1\r\nHost: HOST\r\n"+strings.Repeat("X-Y: 1\r\n", 500)+typed+length+"\r\n"+sign)
	add("path_long", "a path of 9,000 letters", "POST /"+strings.Repeat("a", 9_000)+" HTTP/1.1\r\nHost: HOST\r\n"+typed+length+"\r\n"+sign)
	plain := exchange.Case{Name: "raw_plain_text", Comment: "HTTP without TLS", Request: exchange.Request{
		Client: "none", PlainText: true, Raw: "POST / HTTP/1.1\r\nHost: HOST\r\n" + typed + length + "\r\n" + sign}}
	return append(cases, plain)
}
