//! Thousands of requests a little beside the recorded ones: each gets JSON-RPC or an HTTP error, and
//! nothing panics.
#![allow(clippy::unwrap_used, reason = "a test program")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opsign_wire::{Call, Handler, Limits, Metrics, RpcError, Server, Stopper};
use prometheus::Registry;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::runtime::Runtime;

const PER_BODY: usize = 20;
const PER_HEAD: usize = 20;

/// Looks at its parameters as a real one does, and says how long they are.
struct Measure;

impl Handler for Measure {
    async fn call<'a>(&'a self, call: Call<'a>) -> Result<String, RpcError> {
        if !call.method.contains("sign") {
            return Err(RpcError::method_not_found(call.method));
        }
        let given = call.positional(1)?;
        let first = given.first().ok_or_else(|| RpcError::invalid_params("missing value"))?;
        Ok(first.get().len().to_string())
    }

    fn ready(&self) -> bool {
        true
    }
}

/// A server on loopback without TLS: what is tested lies above it.
struct Running {
    address: SocketAddr,
    registry: Registry,
    _stopper: Stopper,
    _runtime: Runtime,
}

impl Running {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let registry = Registry::new();
        let metrics = Arc::new(Metrics::new(&registry).unwrap());
        let (stopper, stop) = Stopper::new();
        // A body cut short must not be waited for.
        let limits = Limits { body_time: Duration::from_millis(200), ..Limits::default() };
        let local = "127.0.0.1:0".parse().unwrap();
        let server = runtime.block_on(Server::bind(local, None, limits, metrics, "test")).unwrap();
        let address = server.local_addr().unwrap();
        runtime.spawn(server.run(Arc::new(Measure), stop));
        Self { address, registry, _stopper: stopper, _runtime: runtime }
    }

    fn panics(&self) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name().contains("panics")).unwrap();
        family.get_metric()[0].get_counter().get_value()
    }
}

/// The recorded bodies that are text.
fn recorded(key: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/opsigner");
    let mut found = Vec::new();
    for file in ["block_payload", "http", "json_rpc", "transactions"] {
        let text = std::fs::read_to_string(folder.join(file).with_extension("json")).unwrap();
        let vectors: Value = serde_json::from_str(&text).unwrap();
        let requests = vectors["cases"].as_array().unwrap().iter().map(|case| &case["request"]);
        found.extend(
            requests.filter_map(|request| Some(request[key].as_str()?.as_bytes().to_vec())),
        );
    }
    found
}

/// xorshift: the same mutations in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    /// One to four changes.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        const TOKENS: [&[u8]; 16] = [
            b"[",
            b"]",
            b"{",
            b"}",
            b"\"",
            b",",
            b":",
            b"\\u0000",
            b"\\ud800",
            b"null",
            b"-",
            b"1e999",
            b"\xff",
            b"\"id\":",
            b"\"params\":",
            b"\r\n",
        ];
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(5) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.splice(at..at, bytes[at..end].to_vec()).for_each(drop),
                3 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                _ => {
                    let token = TOKENS[self.below(TOKENS.len())];
                    bytes.splice(at..at, token.iter().copied()).for_each(drop);
                }
            }
        }
    }
}

/// Status and body of the next answer.
fn read_answer(from: &mut impl BufRead) -> (u16, Vec<u8>) {
    let mut length = 0;
    let mut status = None;
    loop {
        let mut line = String::new();
        assert!(from.read_line(&mut line).unwrap() > 0, "the connection ended within a head");
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if status.is_none() {
            let rest = line.strip_prefix("HTTP/1.").unwrap_or_else(|| panic!("no HTTP: {line}"));
            status = Some(rest[2..5].parse().unwrap());
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).unwrap();
    (status.unwrap(), body)
}

/// A reply's members. The id is as it came, which may be JSON that has no meaning in Unicode.
type Reply<'a> = BTreeMap<&'a str, &'a RawValue>;

/// Whether a reply is one of JSON-RPC 2.0: exactly a result or an error.
fn is_reply(reply: &Reply<'_>) -> bool {
    let known = ["jsonrpc", "id", "result", "error"];
    let text = |name: &str| reply.get(name).map(|value| value.get());
    let error = text("error").map(|error| serde_json::from_str::<Value>(error).unwrap());
    reply.keys().all(|name| known.contains(name))
        && text("jsonrpc") == Some("\"2.0\"")
        && text("id").is_some_and(|id| !id.starts_with(['{', '[']))
        && error.is_some() != reply.contains_key("result")
        && error.is_none_or(|error| error["code"].is_i64() && error["message"].is_string())
}

#[test]
fn bodies() {
    let server = Running::start();
    let stream = TcpStream::connect(server.address).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut dice = Dice(0x6f70_7369_676e);
    let bodies = recorded("body");
    assert!(bodies.len() > 1000, "{} bodies", bodies.len());
    let (mut replies, mut errors, mut batches, mut empty) = (0, 0, 0, 0);
    for original in &bodies {
        for _ in 0..PER_BODY {
            let mut body = original.clone();
            dice.mutate(&mut body);
            let mut request = format!(
                "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n",
                body.len()
            )
            .into_bytes();
            request.extend_from_slice(&body);
            (&stream).write_all(&request).unwrap();
            let (status, answer) = read_answer(&mut answers);
            let shown = String::from_utf8_lossy(&body);
            assert_eq!(status, 200, "{shown}");
            if answer.is_empty() {
                empty += 1;
                continue;
            }
            let batch = answer.starts_with(b"[");
            batches += usize::from(batch);
            let list: Vec<Reply<'_>> = if batch {
                serde_json::from_slice(&answer)
            } else {
                serde_json::from_slice(&answer).map(|reply| vec![reply])
            }
            .unwrap_or_else(|error| panic!("{shown}: answered by no JSON: {error}"));
            assert!(!list.is_empty() && list.iter().all(is_reply), "{shown}: {list:?}");
            replies += list.len();
            errors += list.iter().filter(|reply| reply.contains_key("error")).count();
        }
    }
    println!("{replies} replies, {errors} of them errors, {batches} batches, {empty} empty");
    assert!(errors > 1000 && replies - errors > 100 && batches > 10 && empty > 10);
    assert_eq!(server.panics(), 0.0);
}

#[test]
fn heads() {
    let server = Running::start();
    let mut dice = Dice(0x6865_6164);
    let heads = recorded("raw");
    assert!(heads.len() > 20, "{} heads", heads.len());
    let (mut answered, mut closed) = (0, 0);
    for original in &heads {
        for _ in 0..PER_HEAD {
            let mut request = original.clone();
            dice.mutate(&mut request);
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(&request).unwrap();
            // Nothing more comes: an unfinished request is broken off. A server that has not read
            // all may have reset the connection by now, or does so after its answer.
            let _ = stream.shutdown(Shutdown::Write);
            let mut all = Vec::new();
            let _ = stream.read_to_end(&mut all);
            if all.is_empty() {
                closed += 1;
                continue;
            }
            let (status, _) = read_answer(&mut all.as_slice());
            assert!((100..600).contains(&status), "{}", String::from_utf8_lossy(&request));
            answered += 1;
        }
    }
    println!("{answered} heads answered, {closed} closed");
    assert!(answered > 100);
    assert_eq!(server.panics(), 0.0);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut BufReader::new(stream)).0, 200);
}
