//! Methods that panic, hang or take too long, on a real port: each call is answered all the same.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod harness;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::{Authority, Connection};
use opsign_wire::{Call, Handler, Limits, Metrics, RpcError, Server, Stop, Stopper, Tls, TlsFiles};
use prometheus::{Registry, TextEncoder};
use rustls::ALL_VERSIONS;
use serde_json::{Value, json};

struct Odd;

impl Handler for Odd {
    async fn call<'a>(&'a self, call: Call<'a>) -> Result<String, RpcError> {
        match call.method {
            "panic" => panic!("on purpose"),
            "panic_later" => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                panic!("on purpose, later")
            }
            "hang" => std::future::pending().await,
            "name" => Ok(json!(call.client.name()).to_string()),
            method => Err(RpcError::method_not_found(method)),
        }
    }

    fn ready(&self) -> bool {
        false
    }
}

struct Running {
    address: SocketAddr,
    registry: Registry,
    authority: Authority,
    stopper: Stopper,
    server: tokio::task::JoinHandle<usize>,
    _folder: tempfile::TempDir,
}

async fn start(limits: Limits) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("calls");
    let own = authority.issue(&["localhost"]);
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let tls = Tls::load(TlsFiles {
        ca: write("ca.crt", &authority.pem),
        cert: write("tls.crt", &own.certificate),
        key: write("tls.key", &own.key),
        crls: Vec::new(),
        tls13_only: false,
    });
    let registry = Registry::new();
    let metrics = Arc::new(Metrics::new(&registry).unwrap());
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let server =
        Server::bind(any, Some(Arc::new(tls.unwrap())), limits, metrics, "0").await.unwrap();
    let address = server.local_addr().unwrap();
    let (stopper, stop): (Stopper, Stop) = Stopper::new();
    let server = tokio::spawn(server.run(Arc::new(Odd), stop));
    Running { address, registry, authority, stopper, server, _folder: folder }
}

impl Running {
    fn connect(&self) -> Connection {
        let identity = self.authority.issue(&["caller.local"]);
        let config = self.authority.client(Some(&identity), ALL_VERSIONS);
        Connection::open(self.address, &config).unwrap()
    }

    fn counts(&self, line: &str) -> bool {
        let text = TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap();
        text.lines().any(|found| found == line)
    }
}

fn call(method: &str, id: u32) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_an_error_and_the_connection_lives() {
    let running = start(Limits::default()).await;
    let mut connection = running.connect();
    for (id, method) in [(1, "panic"), (2, "panic_later")] {
        let answer = connection.post(&call(method, id).to_string()).unwrap();
        assert_eq!(answer.status, 200);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["error"]["code"], -32603);
        assert_eq!(body["error"]["message"], "method handler crashed");
        assert_eq!(body["id"], id);
    }
    let batch = json!([call("panic", 3), call("name", 4)]).to_string();
    let body: Value = serde_json::from_str(&connection.post(&batch).unwrap().body).unwrap();
    assert_eq!(body[0]["error"]["code"], -32603);
    assert_eq!(body[1]["result"], "caller.local", "the rest of a batch is answered");
    assert!(running.counts("opsign_panics_total 3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_method_is_answered_at_its_deadline() {
    let limits = Limits { deadline: Duration::from_millis(150), ..Limits::default() };
    let running = start(limits).await;
    let mut connection = running.connect();
    let started = Instant::now();
    let batch = json!([call("hang", 1), call("name", 2)]).to_string();
    let body: Value = serde_json::from_str(&connection.post(&batch).unwrap().body).unwrap();
    let took = started.elapsed();
    assert_eq!(body[0]["error"]["code"], -32002, "{body}");
    assert_eq!(body[0]["error"]["message"], "request timed out");
    assert_eq!(body[1]["result"], "caller.local", "a call's deadline is its own: {body}");
    assert!(took >= Duration::from_millis(150), "{took:?}");
    assert!(running.counts("opsign_timeouts_total 1"));
    let body = connection.post(&call("name", 3).to_string()).unwrap().body;
    assert!(body.contains("caller.local"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_an_end_whatever_its_calls_do() {
    let limits = Limits {
        deadline: Duration::from_secs(3600),
        batch_time: Duration::from_millis(150),
        ..Limits::default()
    };
    let running = start(limits).await;
    let mut connection = running.connect();
    let started = Instant::now();
    let batch = json!([call("name", 1), call("hang", 2), call("name", 3)]).to_string();
    let body: Value = serde_json::from_str(&connection.post(&batch).unwrap().body).unwrap();
    assert!(started.elapsed() >= Duration::from_millis(150));
    assert_eq!(body[0]["result"], "caller.local");
    for item in [&body[1], &body[2]] {
        assert_eq!(item["error"]["code"], -32002, "{body}");
    }
    assert!(running.counts("opsign_timeouts_total 2"), "the call that was not begun counts, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_one_host_and_expects_nothing_odd() {
    let running = start(Limits::default()).await;
    let body = call("name", 1).to_string();
    let length = body.len();
    for (headers, status, text) in [
        ("Host: a\r\n", 200, "caller.local"),
        ("Host:\r\n", 200, "caller.local"),
        ("host: [::1]:8545\r\n", 200, "caller.local"),
        ("Host: a\r\nExpect: 100-Continue\r\n", 200, "caller.local"),
        ("", 400, "400 Bad Request: missing required Host header"),
        ("Host: a\r\nHost: b\r\n", 400, "400 Bad Request"),
        ("Host: a\r\nHost: a\r\n", 400, "400 Bad Request"),
        ("Host: a b\r\n", 400, "400 Bad Request: malformed Host header"),
        ("Host: a/b\r\n", 400, "400 Bad Request: malformed Host header"),
        ("Host: a\r\nExpect: tea\r\n", 417, ""),
    ] {
        let mut connection = running.connect();
        let head = "POST / HTTP/1.1\r\nContent-Type: application/json\r\n";
        let request = format!("{head}{headers}Content-Length: {length}\r\n\r\n{body}");
        connection.send(request.as_bytes()).unwrap();
        let mut answer = connection.answer().unwrap();
        if answer.status == 100 {
            answer = connection.answer().unwrap();
        }
        assert_eq!(answer.status, status, "{headers:?}: {answer:?}");
        if status == 200 {
            assert!(answer.body.contains(text), "{headers:?}: {answer:?}");
            continue;
        }
        assert_eq!(answer.body, text, "{headers:?}");
        assert!(connection.ends(), "{headers:?}");
    }
    // HTTP/1.0 needs no host.
    let mut connection = running.connect();
    let head = "POST / HTTP/1.0\r\nContent-Type: application/json\r\n";
    connection.send(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).unwrap();
    assert_eq!(connection.answer().unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn not_ready_is_503_for_anybody() {
    let running = start(Limits::default()).await;
    let config = running.authority.client(None, ALL_VERSIONS);
    let mut connection = Connection::open(running.address, &config).unwrap();
    let answer = connection.request("GET", "/readyz", "", "").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (503, "{\"ready\":false}\n"));
    let answer = connection.request("GET", "/healthz", "", "").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"version\":\"0\"}\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_what_is_idle_at_once_and_cuts_what_hangs() {
    let limits = Limits {
        deadline: Duration::from_secs(60),
        drain_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let running = start(limits).await;
    // One that never said a word, one between two requests, one before its handshake, and one
    // whose request hangs.
    let silent = std::net::TcpStream::connect(running.address).unwrap();
    let mut fresh = running.connect();
    let mut idle = running.connect();
    idle.post(&call("name", 1).to_string()).unwrap();
    let mut busy = running.connect();
    busy.send(
        harness::request(
            "POST",
            "/",
            "content-type: application/json\r\n",
            &call("hang", 1).to_string(),
        )
        .as_bytes(),
    )
    .unwrap();
    harness::wait_until("the request is being served", || {
        running.counts("signer_http_inflight_requests_count{method=\"POST\"} 1")
    });
    running.stopper.stop();
    let cut = running.server.await.unwrap();
    assert!(fresh.ends() && idle.ends());
    assert_eq!(cut, 1, "only the one that hangs is left at the end");
    drop(silent);
}
