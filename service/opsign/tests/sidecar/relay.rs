//! What passes: everything, as it is.

use std::io::{Read, Write};

use serde_json::{Value, json};

use crate::engine::Fault;
use crate::wire::wait_until;
use crate::world::{PATIENT, World};

#[test]
fn any_call_gets_what_the_engine_answers() {
    let mut world = World::new(PATIENT);
    let mut count = 0;
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":"a\"b","method":"eth_echo","params":[1.50,{"a":[]}]}"#,
        r#"{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"eth_echo","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"eth_echo","params":{"by":"name"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"engine_exchangeCapabilities","params":[[]]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"engine_signalSuperchainV1","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"engine_getPayloadV9","params":["0x01"]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"engine_getPayloadV4","params":["0x0000000000000001"]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"\u0065th_chainId"}"#,
        r#"[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},{"jsonrpc":"2.0","id":2,"method":"x"}]"#,
        "[]",
        "{",
        "no json",
        " ",
        r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
    ] {
        let mut direct = crate::http::Client::open(world.local.address, crate::world::LOCAL);
        let (direct, through) = (direct.post(body.as_bytes()), world.client.post(body.as_bytes()));
        assert_eq!(through.first.split(' ').nth(1), direct.first.split(' ').nth(1), "{body}");
        assert_eq!(through.text(), direct.text(), "{body}");
        assert_eq!(through.header("x-engine"), Some("fake"), "{body}");
        let passed = world.local.with(|state| state.seen.last().unwrap().1.clone());
        assert_eq!(passed.body, body.as_bytes());
        count += 1;
    }
    assert_eq!(count, 15);
}

#[test]
fn any_request_is_passed_on() {
    let mut world = World::new(PATIENT);
    for (head, says) in [
        ("GET / HTTP/1.1\r\n", "GET / HTTP/1.1 0"),
        ("OPTIONS /x?y=1 HTTP/1.1\r\norigin: a\r\n", "OPTIONS /x?y=1 HTTP/1.1 0"),
        ("DELETE / HTTP/1.1\r\n", "DELETE / HTTP/1.1 0"),
        ("PUT / HTTP/1.1\r\n", "PUT / HTTP/1.1 0"),
    ] {
        assert_eq!(world.client.send(head, b"").text(), says);
    }
    let text = world.client.send("POST / HTTP/1.1\r\ncontent-type: text/plain\r\n", b"hello");
    assert_eq!(text.text(), "POST / HTTP/1.1 5");
    let head = "POST / HTTP/1.1\r\nuser-agent: op-node\r\ntraceparent: 00-a\r\naccept-encoding: \
                gzip\r\n";
    world.client.send(head, br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#);
    let seen = world.local.last("eth_chainId");
    assert_eq!(seen.header("user-agent"), Some("op-node"));
    assert_eq!(seen.header("traceparent"), Some("00-a"));
    assert_eq!(seen.header("accept-encoding"), Some("gzip"));
    assert_eq!(seen.header("host"), Some(&*world.local.address.to_string()));
}

#[test]
fn status_headers_and_encoded_bodies_come_back() {
    let mut world = World::new(PATIENT);
    let raw = b"HTTP/1.1 503 Busy\r\nretry-after: 3\r\ncontent-encoding: gzip\r\n\
                content-length: 4\r\n\r\n\x1f\x8b\x00\xff";
    world.local.fault("eth_", Fault::Raw(raw.to_vec()));
    let answer = world.client.post(br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#);
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.header("retry-after"), Some("3"));
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.body, b"\x1f\x8b\x00\xff");
}

#[test]
fn large_bodies_pass_both_ways() {
    let mut world = World::new(PATIENT);
    let size = 20 << 20;
    let big =
        json!({"jsonrpc": "2.0", "id": 1, "method": "eth_echo", "params": ["y".repeat(size)]});
    let answer = world.client.post(big.to_string().as_bytes()).json();
    assert_eq!(answer["result"], big["params"]);
    assert_eq!(world.client.result("eth_big", json!([size])).as_str().unwrap().len(), size);
    // Of a length that is not told.
    world.client.start("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n", b"");
    let chunk = br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    let chunks =
        format!("{:x}\r\n{}\r\n0\r\n\r\n", chunk.len(), std::str::from_utf8(chunk).unwrap());
    world.client.stream.get_mut().write_all(chunks.as_bytes()).unwrap();
    let answer = crate::http::Message::read(&mut world.client.stream, true).unwrap();
    assert_eq!(answer.json()["result"], "0xa");
    // More than op-geth takes is not read at all.
    let head = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n", 200 << 20);
    world.client.start(&head, b"");
    let answer = crate::http::Message::read(&mut world.client.stream, true).unwrap();
    assert_eq!(answer.status(), 413);
}

#[test]
fn a_websocket_is_the_engines() {
    let mut world = World::new(PATIENT);
    let head = "GET / HTTP/1.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
                sec-websocket-key: abc\r\nsec-websocket-version: 13\r\n";
    let answer = world.client.send(head, b"");
    assert_eq!(answer.status(), 101);
    assert_eq!(answer.header("sec-websocket-accept"), Some("abc"));
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    let seen = world.local.last("upgrade");
    assert_eq!(seen.header("sec-websocket-key"), Some("abc"));
    world.client.stream.get_mut().write_all(b"any frame").unwrap();
    let mut echo = [0; 9];
    world.client.stream.read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"any frame");
    world.sidecar.wait_for_metric("opsign_sidecar_websockets_total", 1.0);
}

#[test]
fn a_batch_with_engine_calls_is_answered_in_order() {
    let mut world = World::new(PATIENT);
    let attributes = world.attributes();
    let state = world.state();
    let fork_choice = |attributes: &Value, id: Value| {
        json!({"jsonrpc": "2.0", "id": id, "method": "engine_forkchoiceUpdatedV3",
               "params": [state, attributes]})
    };
    let batch = json!([
        {"jsonrpc": "2.0", "id": "first", "method": "eth_chainId"},
        fork_choice(&attributes, json!(2)),
        {"jsonrpc": "2.0", "id": 3, "method": "no_such"},
    ]);
    let answer = world.client.post(batch.to_string().as_bytes()).json();
    let answers = answer.as_array().unwrap();
    assert_eq!(answers.len(), 3);
    assert_eq!((&answers[0]["id"], &answers[0]["result"]), (&json!("first"), &json!("0xa")));
    assert_eq!(answers[2]["error"]["code"], -32601);
    let id = answers[1]["result"]["payloadId"].as_str().unwrap().to_owned();
    let envelope = world.get(&id);
    assert_eq!(crate::world::builder(&envelope), "one");
}

#[test]
fn an_engine_that_is_away_is_a_bad_gateway_and_its_return_is_seen() {
    let mut world = World::new(PATIENT);
    world.local.kill();
    let call = br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    let answer = world.client.post(call);
    assert_eq!(answer.status(), 502);
    assert!(answer.text().contains("local engine"), "{}", answer.text());
    world.local.restart();
    assert_eq!(world.client.post(call).json()["result"], "0xa");
    assert_eq!(world.make(), "one");
}

#[test]
fn work_is_finished_for_a_client_that_goes_away() {
    let mut world = World::new(PATIENT);
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    let envelope = world.get(&id);
    world.local.fault("engine_newPayload", Fault::Delay(std::time::Duration::from_millis(300)));
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "engine_newPayloadV4",
                      "params": [envelope["executionPayload"], [], "0x00", []]});
    let mut other = world.connect();
    other.start("POST / HTTP/1.1\r\n", call.to_string().as_bytes());
    drop(other);
    let hash = envelope["executionPayload"]["blockHash"].as_str().unwrap().to_owned();
    for engine in [&world.local, &world.one] {
        wait_until("the block arrives", || engine.with(|state| state.blocks.contains_key(&hash)));
    }
}
