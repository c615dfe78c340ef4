//! Clients that are slow, many, or rude; and a clean stop.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::bench::{Bench, FAKE, ONE, PLAIN, call, payload};
use crate::wire::{Connection, request, wait_until};

fn cut(reason: &str) -> String {
    format!("opsign_connections_cut_total{{reason=\"{reason}\"}}")
}

/// The config with these limits besides.
fn limited(limits: &str) -> String {
    format!("{PLAIN}limits: {{{limits}}}\n")
}

#[test]
fn slow_clients_are_cut_off() {
    let bench = Bench::new();
    let signer = bench.start(&limited("headMs: 300, bodyMs: 300, idleMs: 60000"));
    // A head that comes byte by byte, always a little.
    let mut slow = bench.connect(&signer);
    let started = Instant::now();
    let mut sent = 0;
    while slow.send(b"P").is_ok() && started.elapsed() < crate::wire::PATIENCE {
        sent += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(sent > 10, "it had its time: {sent}");
    signer.wait_for_metric(&cut("slow_head"), 1.0);
    // A second head counts anew.
    let mut second = bench.connect(&signer);
    second.assert_signs(ONE);
    second.send(b"POST / HTTP/1.1\r\n").unwrap();
    assert!(second.ends());
    signer.wait_for_metric(&cut("slow_head"), 2.0);
    // A body that stops halfway.
    let mut body = bench.connect(&signer);
    let whole = request("POST", "/", "content-type: application/json\r\n", &"x".repeat(100));
    body.send(&whole.as_bytes()[..whole.len() - 50]).unwrap();
    let answer = body.answer().unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (408, "the request took too long\n"));
    assert!(body.ends());
    signer.wait_for_metric(&cut("slow_body"), 1.0);
    // Nothing of this touches a client with manners, however long it thinks.
    let mut patient = bench.connect(&signer);
    patient.assert_signs(ONE);
    let quiet = Instant::now();
    wait_until("three heads' time", || quiet.elapsed() > Duration::from_millis(900));
    patient.assert_signs(ONE);
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let bench = Bench::new();
    let signer = bench.start(&limited("writeMs: 300, deadlineMs: 5000"));
    let mut connection = bench.connect(&signer);
    let unknown = json!({"jsonrpc": "2.0", "id": "x".repeat(1000), "method": "none"});
    let batch = Value::from(vec![unknown; 1000]).to_string();
    let bytes = request("POST", "/", "content-type: application/json\r\n", &batch);
    let started = Instant::now();
    // A megabyte each way, again and again, and no answer is read.
    while connection.send(bytes.as_bytes()).is_ok() {
        assert!(started.elapsed() < crate::wire::PATIENCE, "never cut off");
    }
    signer.wait_for_metric(&cut("slow_write"), 1.0);
    bench.connect(&signer).assert_signs(ONE);
}

#[test]
fn idle_clients_are_cut_off() {
    let bench = Bench::new();
    let signer = bench.start(&limited("idleMs: 400"));
    let started = Instant::now();
    let mut never = bench.connect(&signer);
    let mut once = bench.connect(&signer);
    once.assert_signs(ONE);
    assert!(never.ends(), "the one that never asked");
    assert!(once.ends(), "the one that asked");
    assert!(started.elapsed() >= Duration::from_millis(400));
    signer.wait_for_metric(&cut("idle"), 2.0);
    // HTTP/2's own pings are no requests.
    let mut config = (*bench.client(&["client.local"])).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut http2 = Connection::open(signer.address, &std::sync::Arc::new(config)).unwrap();
    http2.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    // A ping comes every tenth of a second.
    let pings = pongs_until_the_end(&mut http2);
    assert!((1..50).contains(&pings), "{pings} pings");
    signer.wait_for_metric(&cut("idle"), 3.0);
}

/// Answers each ping (RFC 9113, 6.7); how many there were until the server ended it, 50
/// at most.
fn pongs_until_the_end(connection: &mut Connection) -> usize {
    let (mut pongs, mut bytes, mut buffer) = (0, Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = connection.stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..read]);
        while bytes.len() >= 9 {
            let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize + 9;
            if bytes.len() < length {
                break;
            }
            let mut frame: Vec<u8> = bytes.drain(..length).collect();
            if frame[3] == 6 && frame[4] == 0 {
                frame[4] = 1;
                pongs += 1;
                if pongs == 50 {
                    return pongs;
                }
                // The end may come first.
                let _ = connection.send(&frame);
            }
        }
    }
    pongs
}

#[test]
fn too_many_connections_are_turned_away() {
    let bench = Bench::new();
    let signer = bench.start(&limited("connections: 3"));
    let mut held: Vec<Connection> = (0..3).map(|_| bench.connect(&signer)).collect();
    let client = bench.client(&["client.local"]);
    assert!(Connection::open(signer.address, &client).is_err());
    signer.wait_for_metric(&cut("too_many"), 1.0);
    held[0].assert_signs(ONE);
    held.pop();
    wait_until("a place is free", || Connection::open(signer.address, &client).is_ok());
}

#[test]
fn batches_bodies_and_heads_have_limits() {
    let bench = Bench::new();
    let signer = bench.start(&limited("batch: 3, bodyBytes: 4096"));
    let mut connection = bench.connect(&signer);
    let one: Value = serde_json::from_str(&call("health_status", &json!([]))).unwrap();
    let batch = |many: usize| Value::from(vec![one.clone(); many]).to_string();
    let answer = connection.post(&batch(3)).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap().as_array().unwrap().len(), 3);
    let body: Value = serde_json::from_str(&connection.post(&batch(4)).unwrap().body).unwrap();
    assert_eq!(body["error"]["code"], -32600);
    assert_eq!(body["error"]["message"], "batch too large: 4 requests, at most 3");

    let fits = format!("{one}{}", " ".repeat(4096 - one.to_string().len()));
    assert!(connection.post(&fits).unwrap().body.contains("result"));
    let answer = connection.post(&format!("{fits} ")).unwrap();
    assert_eq!(answer.status, 413);
    assert_eq!(answer.body, "content length too large (4097>4096)\n");
    assert!(connection.ends());
    // Far more than fits any buffer: the answer is seen all the same.
    let mut connection = bench.connect(&signer);
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    connection.send(format!("{head}content-length: 99999999\r\n\r\n").as_bytes()).unwrap();
    assert_eq!(connection.answer().unwrap().status, 413);
    let mut connection = bench.connect(&signer);
    let begun = "x".repeat(5000);
    connection.send(format!("{head}content-length: 99999999\r\n\r\n{begun}").as_bytes()).unwrap();
    assert_eq!(connection.answer().unwrap().status, 413);
    // One that does not say how long it is.
    let mut connection = bench.connect(&signer);
    let chunk = format!("1001\r\n{}\r\n0\r\n\r\n", "1".repeat(0x1001));
    connection.send(format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}").as_bytes()).unwrap();
    assert!(connection.answer().unwrap().body.contains("-32700"));
    assert!(connection.ends());

    let mut connection = bench.connect(&signer);
    // The limit is 64 KiB and one more read.
    let long = format!("x: {}\r\n", "y".repeat(300 << 10));
    let sent = connection.send(request("POST", "/", &long, "").as_bytes());
    let answer = sent.and_then(|()| connection.answer());
    assert!(answer.map_or(true, |answer| answer.status == 431));
    let mut connection = bench.connect(&signer);
    assert_eq!(connection.request("POST", "/", &"a: b\r\n".repeat(200), "").unwrap().status, 431);
    let mut connection = bench.connect(&signer);
    connection.send(b"POST / HTTP/1.1\r\nno header\r\n\r\n").unwrap();
    assert_eq!(connection.answer().unwrap().status, 400);
    bench.connect(&signer).assert_signs(ONE);
}

#[test]
fn many_idle_connections_are_held() {
    let many = 10_000;
    let room = getrlimit(Resource::Nofile);
    let enough = room.maximum.is_none_or(|files| files > 12_000);
    assert!(enough, "this needs a hard limit of 12,000 open files: {room:?}");
    setrlimit(Resource::Nofile, Rlimit { current: room.maximum, ..room }).unwrap();
    let bench = Bench::new();
    // The signer's own limit is low until it raises it.
    let command = "ulimit -Sn 256; exec \"$0\" \"$@\"";
    let signer = bench.start_under(&["sh", "-c", command], PLAIN, &["--log.format", "json"]);
    let before = signer.resident();
    let client = bench.client(&["client.local"]);
    let mut held: Vec<Connection> = Vec::with_capacity(many);
    std::thread::scope(|scope| {
        let open = |share: usize| {
            let client = &client;
            let address = signer.address;
            scope.spawn(move || {
                (0..share).map(|_| Connection::open(address, client).unwrap()).collect::<Vec<_>>()
            })
        };
        let halves = [open(many / 2), open(many - many / 2)];
        for half in halves {
            held.extend(half.join().unwrap());
        }
    });
    assert_eq!(signer.metric("opsign_connections"), many as f64);
    for connection in held.iter_mut().step_by(many / 10) {
        connection.assert_signs(ONE);
    }
    let each = (signer.resident() - before) * 1024 / many as u64;
    println!("{many} connections held, {each} bytes each");
    assert!(each < 40_000, "{each} bytes a connection");
    drop(held);
    wait_until("all are gone", || signer.metric("opsign_connections") == 0.0);
}

#[test]
fn a_flood_of_bad_requests_leaves_memory_flat() {
    const AT_ONCE: usize = 50;
    let many = 100_000;
    let bench = Bench::new();
    let signer = bench.start(PLAIN);
    let json_type = "content-type: application/json\r\n";
    let post = |body: &str| request("POST", "/", json_type, body);
    let bad = [
        post("{"),
        post("[]"),
        post("[[[[[[[[[[[[[[[[[["),
        post(&call("no_such_method", &json!([]))),
        post(&call("eth_signTransaction", &json!([{"chainId": "0xzz"}]))),
        post(&call("opsigner_signBlockPayloadV2", &json!([payload(11)]))),
        post(&"9".repeat(2000)),
        request("GET", "/nowhere", "", ""),
        request("PUT", "/", "", ""),
        request("POST", "/", "content-type: text/plain\r\n", "x"),
    ];
    let flood = |requests: usize| {
        let mut connection = bench.connect(&signer);
        for round in 0..requests / AT_ONCE {
            let text: String =
                (0..AT_ONCE).map(|i| bad[(round + i) % bad.len()].as_str()).collect();
            connection.send(text.as_bytes()).unwrap();
            for _ in 0..AT_ONCE {
                connection.answer().unwrap();
            }
        }
    };
    // What it takes once, it takes before the measurement.
    let share = |all: usize| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| flood(all / 4));
            }
        });
    };
    share(many / 10);
    let before = signer.resident();
    share(many);
    // Handshakes that fail are bad requests, too.
    for _ in 0..many / 100 {
        let mut stream = TcpStream::connect(signer.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    }
    let after = signer.resident();
    println!("{many} bad requests: {before} kB before, {after} kB after");
    assert!(after < before + 10 * 1024, "{before} kB before, {after} kB after");
    bench.connect(&signer).assert_signs(ONE);
}

#[test]
fn a_stop_lets_running_requests_finish() {
    let bench = Bench::new();
    let config = bench.fake_token() + "limits: {deadlineMs: 5000}\npkcs11: {deadlineMs: 5000}\n";
    for signal in [Signal::TERM, Signal::INT] {
        let mut signer = bench.start(&config);
        let mut idle = bench.connect(&signer);
        let mut busy = bench.connect(&signer);
        busy.assert_signs(FAKE);
        bench.write("control", "hang");
        let body = call("opsigner_signBlockPayloadV2", &json!([payload(10)]));
        busy.send(request("POST", "/", "content-type: application/json\r\n", &body).as_bytes())
            .unwrap();
        let inflight = "signer_http_inflight_requests_count{method=\"POST\"}";
        signer.wait_for_metric(inflight, 1.0);
        signer.signal(signal);
        signer.wait_for_log("stopping: running requests are finished first");
        assert!(idle.ends());
        wait_until("the port is closed", || TcpStream::connect(signer.address).is_err());
        bench.write("control", "");
        let answer = busy.answer().unwrap();
        assert!(answer.body.contains("\"result\":\"0x"), "{answer:?}");
        assert!(busy.ends());
        assert!(signer.wait().success());
        signer.wait_for_log("stopped");
    }
}

#[test]
fn a_stop_does_not_wait_for_ever() {
    let bench = Bench::new();
    let config = bench.fake_token()
        + "limits: {deadlineMs: 60000, drainMs: 300}\npkcs11: {deadlineMs: 60000}\n";
    let mut signer = bench.start(&config);
    let mut busy = bench.connect(&signer);
    bench.write("control", "hang");
    let body = call("opsigner_signBlockPayloadV2", &json!([payload(10)]));
    busy.send(request("POST", "/", "content-type: application/json\r\n", &body).as_bytes())
        .unwrap();
    signer.wait_for_metric("signer_http_inflight_requests_count{method=\"POST\"}", 1.0);
    let started = Instant::now();
    signer.signal(Signal::TERM);
    assert!(signer.wait().success());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    signer.wait_for_log("cut off: they were not done in time");
}
