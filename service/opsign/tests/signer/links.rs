//! Links that go wrong: dead ways, reloads, revoked certificates, stops, and a proxy that misbehaves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustls::{ALL_VERSIONS, ClientConfig};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{Bench, ONE, Signer, payload};
use crate::peers::{Dialled, Fake, FakeProxy, Set, proxy_config, secret_key, signer_config};
use crate::wire::{Connection, wait_until};

const BLOCK: &str = "opsigner_signBlockPayloadV2";

type Asking = JoinHandle<Result<Value, (i64, String)>>;

/// Asks a proxy for the signature of a payload, meanwhile.
fn ask(bench: &Bench, proxy: SocketAddr, name: &str) -> Asking {
    let config = bench.client(&[name]);
    std::thread::spawn(move || Connection::open(proxy, &config).unwrap().sign_payload(10))
}

#[test]
fn a_way_that_goes_dead_is_noticed_at_both_ends() {
    let set = Set::new();
    let mut client = set.client("client.local");
    client.sign_payload(10).unwrap();
    let start = Instant::now();
    set.relay.freeze(true);
    set.proxy.wait_for_log("dead: nothing heard for 3 s");
    set.signer.wait_for_log("dead: nothing heard for 3 s");
    println!("noticed at both ends after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    let (code, _) = client.sign_payload(10).unwrap_err();
    assert_eq!(code, -32022);
    set.relay.freeze(false);
    wait_until("the signer is back", || client.sign_payload(10).is_ok());
}

#[test]
fn a_reload_of_a_proxy() {
    let bench = Bench::new();
    let old = proxy_config("");
    let proxy = bench.start_proxy(&old);
    let mut fake = Fake::serving(&bench, &proxy);
    let wrong = [
        ("listen: 127.0.0.1:0\nmetrics", "listen: 127.0.0.1:1\nmetrics", "need a restart"),
        ("clients:\n-", "limits: {callsPerClient: 1}\nclients:\n-", "need a restart"),
        ("clients:\n-", "limits: {deadlineMs: 1}\nclients:\n-", "need a restart"),
        ("tls: {ca: ca.crt", "tls: {ca: other.crt", "need a restart"),
        ("admins:", "admin:", "unknown field `admin`"),
        (ONE, "0x12", "0x12"),
    ];
    for (kept, (from, to, what)) in (1..).zip(wrong) {
        assert!(old.contains(from), "{from}");
        bench.write("proxy.yaml", old.replace(from, to));
        proxy.signal(Signal::HUP);
        wait_until("the proxy refuses the new files", || {
            proxy.log().matches("the new files cannot be used; the old stay").count() == kept
        });
        let log = proxy.log();
        assert!(log.lines().last().unwrap().contains(what), "{what}: {log}");
        let asking = ask(&bench, proxy.address, "client.local");
        fake.answers(BLOCK, "0x01");
        assert_eq!(asking.join().unwrap(), Ok(json!("0x01")));
    }
    // A client more, and the signer stays.
    bench.write("proxy.yaml", old.replace("other.local", "third.local"));
    proxy.signal(Signal::HUP);
    proxy.wait_for_log("loaded anew");
    let asking = ask(&bench, proxy.address, "third.local");
    fake.answers(BLOCK, "0x02");
    assert_eq!(asking.join().unwrap(), Ok(json!("0x02")));
    let (code, _) = ask(&bench, proxy.address, "other.local").join().unwrap().unwrap_err();
    assert_eq!(code, -32000);
    // Another signer instead.
    bench.write("proxy.yaml", old.replace("localhost", "second.local"));
    proxy.signal(Signal::HUP);
    assert!(fake.hear().is_none(), "it is dismissed");
    proxy.wait_for_log("dismissed: it has dialled anew, or may serve no more");
    let denied = Fake::registered("localhost", &bench, &proxy, json!({})).denied();
    assert!(denied.contains("does not name localhost"), "{denied}");
    let (mut second, _) = Fake::serving_as("second.local", &bench, &proxy, json!({}));
    let asking = ask(&bench, proxy.address, "client.local");
    second.answers(BLOCK, "0x03");
    assert_eq!(asking.join().unwrap(), Ok(json!("0x03")));
}

/// Serves the key one with a certificate that `change` has made other.
fn serving_with(
    bench: &Bench,
    proxy: &Signer,
    change: impl FnOnce(&mut rcgen::CertificateParams),
) -> Fake {
    let identity = bench.authority.issue_with(&["localhost"], change);
    let config: Arc<ClientConfig> = bench.authority.client(Some(&identity), ALL_VERSIONS);
    let mut fake = Fake::dial_as(proxy.wait_for_address("\"signers\""), &config);
    fake.register(json!({}));
    let binding = fake.binding;
    fake.prove(1, binding);
    assert!(fake.hear().unwrap()["result"].is_object());
    fake
}

#[test]
fn a_certificate_that_is_revoked_or_ends_ends_a_live_link() {
    let bench = Bench::new();
    bench.write("revoked.crl", bench.authority.revoke(&[99]));
    let tls = "tls: {ca: ca.crt, cert: tls.crt, key: tls.key, crls: [revoked.crl]}";
    let config = proxy_config("").replace("  allow:", &format!("  {tls}\n  allow:"));
    let proxy = bench.start_proxy(&config);
    let serial = |number: u64| {
        move |params: &mut rcgen::CertificateParams| params.serial_number = Some(number.into())
    };
    let mut fake = serving_with(&bench, &proxy, serial(7));
    bench.write("revoked.crl", bench.authority.revoke(&[99, 7]));
    proxy.signal(Signal::HUP);
    let bad = || proxy.log().matches("its certificate is no longer good").count();
    assert!(fake.hear().is_none());
    wait_until("the revocation is told", || bad() == 1);
    // One that is good, until it ends.
    let ends = OffsetDateTime::now_utc() + Duration::from_secs(6);
    let mut fake = serving_with(&bench, &proxy, |params| params.not_after = ends);
    assert!(fake.hear().is_none());
    assert!(OffsetDateTime::now_utc() >= ends - Duration::from_secs(1));
    wait_until("the end is told", || bad() == 2);
    // One that stays good stays.
    let mut fake = serving_with(&bench, &proxy, serial(8));
    let asking = ask(&bench, proxy.address, "client.local");
    fake.answers(BLOCK, "0x01");
    assert_eq!(asking.join().unwrap(), Ok(json!("0x01")));
}

/// A proxy whose calls may take long, and one call of `client.local` that its signer has got.
fn with_a_call_under_way(bench: &Bench, limits: &str) -> (Signer, Fake, Value, Asking) {
    let limits = format!("limits: {{deadlineMs: 20000{limits}}}\nclients:\n-");
    let proxy = bench.start_proxy(&proxy_config("").replace("clients:\n-", &limits));
    let mut fake = Fake::serving(bench, &proxy);
    let asking = ask(bench, proxy.address, "client.local");
    let asked = fake.hear().unwrap();
    (proxy, fake, asked["id"].clone(), asking)
}

#[test]
fn one_client_cannot_take_all_the_room() {
    let bench = Bench::new();
    let (proxy, mut fake, id, first) = with_a_call_under_way(&bench, ", callsPerClient: 1");
    let busy = ask(&bench, proxy.address, "client.local").join().unwrap();
    assert_eq!(busy, Err((-32005, "this client has too many calls under way".to_owned())));
    let other = ask(&bench, proxy.address, "other.local");
    fake.answers(BLOCK, "0x02");
    assert_eq!(other.join().unwrap(), Ok(json!("0x02")));
    fake.say(&json!({"id": id, "result": "0x01"}));
    assert_eq!(first.join().unwrap(), Ok(json!("0x01")));
    let again = ask(&bench, proxy.address, "client.local");
    fake.answers(BLOCK, "0x03");
    assert_eq!(again.join().unwrap(), Ok(json!("0x03")));
}

#[test]
fn a_proxy_that_stops_finishes_what_is_under_way() {
    let bench = Bench::new();
    let (mut proxy, mut fake, id, asking) = with_a_call_under_way(&bench, "");
    proxy.signal(Signal::TERM);
    proxy.wait_for_log("stopping: running requests are finished first");
    wait_until("the port is closed", || std::net::TcpStream::connect(proxy.address).is_err());
    fake.say(&json!({"id": id, "result": "0x01"}));
    assert_eq!(asking.join().unwrap(), Ok(json!("0x01")));
    assert!(fake.hear().is_none());
    assert!(proxy.wait().success());
    proxy.wait_for_log("stopped");
}

/// What a proxy says of a call.
fn envelope(names: &[&str]) -> Value {
    json!({"client": {"names": names}, "deadlineMs": 1000})
}

#[test]
fn a_signer_that_stops_finishes_what_is_under_way() {
    let bench = Bench::new();
    let fake = FakeProxy::new(&bench);
    let port = fake.address().port();
    let mut signer = bench.start(&format!(
        "{}limits: {{deadlineMs: 20000}}\npkcs11: {{deadlineMs: 20000}}\n\
         proxies:\n- {{url: \"wss://localhost:{port}\", clients: [client.local]}}\n",
        bench.fake_token()
    ));
    let mut dialled = fake.serving();
    bench.write("control", "hang");
    let mut says = envelope(&["client.local"]);
    says["deadlineMs"] = json!(20000);
    dialled.say(&json!({"id": 7, "method": BLOCK, "params": [payload(10)], "opsign": says}));
    dialled.settle();
    signer.signal(Signal::TERM);
    signer.wait_for_log("stopping: running requests are finished first");
    bench.write("control", "");
    let answer = dialled.hear().unwrap();
    assert_eq!(answer["id"], 7);
    assert!(answer["result"].is_string(), "{answer}");
    assert!(dialled.hear().is_none());
    assert!(signer.wait().success());
}

/// A signer that knows `client.local` on chain 10 and `other.local`, which the proxy may not speak
/// for, with another key on chain 11.
fn behind(bench: &Bench, proxy: &FakeProxy) -> Signer {
    bench.write("two.hex", format!("{:064x}", 2));
    let more = "- name: other.local\n  key: two.hex\n  chainID: 11\nclientNames: any\nproxies:";
    bench.start(&signer_config(proxy.address(), "client.local").replace("proxies:", more))
}

#[test]
fn a_proxy_that_opens_wrongly_is_left() {
    let bench = Bench::new();
    let proxy = FakeProxy::new(&bench);
    let signer = behind(&bench, &proxy);
    let digits = "5".repeat(64);
    type Deed<'a> = &'a dyn Fn(&mut Dialled, Value);
    // What is done, how many frames the signer sends on that, and why it leaves.
    let openings: [(Deed<'_>, usize, &str); 9] = [
        (
            &|it, _| it.say(&json!({"id": 1, "method": BLOCK, "params": [payload(10)]})),
            0,
            "protocol: a call before the proof",
        ),
        (&|it, _| it.challenge("hello"), 0, "protocol: no challenge of 0x and 64 hex digits"),
        (&|it, _| it.challenge(&digits), 0, "protocol: no challenge"),
        (&|it, _| it.challenge(&format!("0x{}\nkey", &digits[4..])), 0, "protocol: no challenge"),
        (&|it, id| it.say(&json!({"id": id, "result": {}})), 0, "protocol: an answer to nothing"),
        (
            &|it, _| {
                it.challenge(&format!("0x{digits}"));
                it.challenge(&format!("0x{digits}"));
            },
            1,
            "protocol: an answer to nothing",
        ),
        (
            &|it, id| {
                it.challenge(&format!("0x{digits}"));
                let welcome = json!({"proxy": "fake", "version": 2, "accepted": []});
                it.say(&json!({"id": id, "result": welcome}));
            },
            1,
            "protocol: another version",
        ),
        (
            &|it, _| it.socket.send(Message::binary(vec![0; 8])).unwrap(),
            0,
            "protocol: a binary frame",
        ),
        (&|it, _| it.socket.send(Message::text("[]")).unwrap(), 0, "protocol: no JSON-RPC"),
    ];
    for (deed, frames, why) in openings {
        let mut dialled = proxy.dialled();
        let registered = dialled.hear().unwrap();
        let keys = registered["params"][0]["offers"].as_array().unwrap();
        assert_eq!(keys.len(), 1, "no key of a client that it may not speak for: {registered}");
        assert_eq!(keys[0]["address"], ONE);
        deed(&mut dialled, registered["id"].clone());
        let heard = std::iter::from_fn(|| dialled.hear()).count();
        assert_eq!(heard, frames, "{why}");
        signer.wait_for_log(why);
    }
    // And one that behaves is served, as if nothing had been.
    let answer = proxy.serving().relay(1, BLOCK, &payload(10), envelope(&["client.local"]));
    assert!(answer["result"].is_string(), "{answer}");
}

#[test]
fn a_proxy_that_lies_gets_no_more_than_its_clients() {
    let bench = Bench::new();
    let proxy = FakeProxy::new(&bench);
    let signer = behind(&bench, &proxy);
    let mut dialled = proxy.serving();
    let mine = || envelope(&["client.local"]);
    let signed = dialled.relay(5, BLOCK, &payload(10), mine())["result"].clone();
    assert!(signed.is_string(), "{signed}");
    // The same id again is another call, and gets the same signature.
    assert_eq!(dialled.relay(5, BLOCK, &payload(10), mine())["result"], signed);
    let mut of_two = payload(11);
    of_two["senderAddress"] = json!(secret_key(2).address().to_string());
    let prove = json!({"challenge": format!("0x{}", "5".repeat(64))});
    let foreign = "Forbidden: this proxy may not speak for client";
    let refused = [
        (BLOCK, &of_two, envelope(&["other.local"]), -32000, foreign),
        (BLOCK, &of_two, envelope(&["other.local", "client.local"]), -32000, foreign),
        (BLOCK, &payload(10), envelope(&["stranger.local"]), -32000, foreign),
        (BLOCK, &payload(10), envelope(&[""]), -32000, foreign),
        (BLOCK, &payload(10), envelope(&[]), -32000, foreign),
        // A foreign name behind its own does not count, even where any name does.
        (
            BLOCK,
            &of_two,
            envelope(&["client.local", "other.local"]),
            -32000,
            "Forbidden: client 'client.local'",
        ),
        (BLOCK, &payload(11), mine(), -32013, "unexpected chainId"),
        (BLOCK, &payload(10), Value::Null, -32600, "invalid request"),
        // Another proof is not to be had, nor a registration.
        ("opsignerproxy_prove", &prove, Value::Null, -32600, "invalid request"),
        ("opsignerproxy_prove", &prove, mine(), -32601, "the method opsignerproxy_prove does not"),
        ("opsignerproxy_serveSigner", &prove, mine(), -32601, "the method opsignerproxy_serve"),
        (
            BLOCK,
            &payload(10),
            json!({"client": {"names": ["client.local"]}, "deadlineMs": 0}),
            -32002,
            "request timed out",
        ),
    ];
    let mut asked = 0;
    for (id, (method, argument, envelope, code, message)) in refused.into_iter().enumerate() {
        let answer = dialled.relay(id as u64, method, argument, envelope.clone());
        assert_eq!(answer["error"]["code"], code, "{method} {envelope}: {answer}");
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.starts_with(message), "{envelope}: {said}");
        asked += 1;
    }
    assert_eq!(asked, 12);
    // Frames that are none end the link, and the signer dials again.
    let broken: [(Message, &str); 5] = [
        (Message::binary(vec![0; 8]), "protocol: a binary frame"),
        (Message::text("hello"), "protocol: no JSON-RPC"),
        (Message::text(r#"{"id":1,"method":"x","opsign":7}"#), "protocol: no JSON-RPC"),
        (Message::text(r#"{"id":1,"result":"0x01"}"#), "protocol: an answer to nothing"),
        (Message::text("x".repeat(18 << 20)), "Message too long"),
    ];
    for (frame, why) in broken {
        // It may end the link while an oversize frame is still being sent.
        let _ = dialled.socket.send(frame);
        assert!(dialled.hear().is_none());
        signer.wait_for_log(why);
        dialled = proxy.serving();
    }
    assert_eq!(dialled.relay(5, BLOCK, &payload(10), mine())["result"], signed);
}

#[test]
fn a_proxy_cannot_have_a_call_wait_longer_than_the_signer_lets_it() {
    let bench = Bench::new();
    let proxy = FakeProxy::new(&bench);
    let port = proxy.address().port();
    let _signer = bench.start(&format!(
        "{}limits: {{deadlineMs: 500}}\n\
         proxies:\n- {{url: \"wss://localhost:{port}\", clients: [client.local]}}\n",
        bench.fake_token()
    ));
    let mut dialled = proxy.serving();
    bench.write("control", "hang");
    let mut says = envelope(&["client.local"]);
    says["deadlineMs"] = json!(u64::MAX);
    // The token would hang for 60 s, the test waits for 20.
    let answer = dialled.relay(1, BLOCK, &payload(10), says);
    assert!(answer["error"].is_object(), "{answer}");
    bench.write("control", "");
}
