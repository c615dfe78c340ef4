//! `opsign proxy`: a client cannot tell it from the signer, which nobody reaches.

use std::collections::HashMap;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::client;

use crate::bench::{Bench, ONE, call, payload, transaction};
use crate::peers::{Fake, Set, proxy_config, secret_key, signer_config};
use crate::wire::{Connection, wait_for, wait_until};

#[test]
fn a_client_cannot_tell_the_proxy_from_the_signer() {
    let set = Set::new();
    let mut through = set.client("client.local");
    let mut direct = set.bench.connect(&set.signer);
    through.assert_signs(ONE);
    let mut version_one = json!({
        "domain": vec![0; 32], "chainId": 10,
        "payloadHash": "W7oUc+EuSXJDPl90zcn6JxU4zBmBbVBmi8zkGhG9Iik=",
    });
    let mut calls = vec![
        ("opsigner_signBlockPayloadV2", json!([payload(10)])),
        ("opsigner_signBlockPayloadV2", json!([payload(11)])),
        ("opsigner_signBlockPayloadV2", json!([])),
        ("opsigner_signBlockPayloadV2", json!([1])),
        ("opsigner_signBlockPayloadV2", json!([payload(10), payload(10)])),
        ("opsigner_signBlockPayload", json!([version_one.clone()])),
        ("opsigner_signBlockPayload", json!(payload(10))),
        ("eth_signTransaction", json!([transaction(&json!({}))])),
        ("eth_signTransaction", json!([transaction(&json!({"from": ONE}))])),
        ("eth_signTransaction", json!([transaction(&json!({"from": format!("0x{:040x}", 5)}))])),
        ("eth_signTransaction", json!([transaction(&json!({"chainId": "0x1"}))])),
        ("eth_signTransaction", json!([transaction(&json!({"gas": null}))])),
        ("eth_signTransaction", json!("none")),
        ("health_status", json!([])),
        ("rpc_modules", json!([])),
        ("eth_sendTransaction", json!([])),
    ];
    version_one["senderAddress"] = json!(ONE);
    calls.push(("opsigner_signBlockPayload", json!([version_one])));
    for (method, params) in calls {
        let ask = |connection: &mut Connection| connection.rpc(method, params.clone());
        let (proxied, straight) = (ask(&mut through), ask(&mut direct));
        assert_eq!(proxied, straight, "{method} {params}");
    }
    // A batch, and a client of neither.
    let batch = format!("[{},{}]", call("health_status", &json!([])), call("no_such", &json!([])));
    assert_eq!(through.post(&batch).unwrap().body, direct.post(&batch).unwrap().body);
    let stranger = set.bench.client(&["stranger.local"]);
    let open = |address| Connection::open(address, &stranger).unwrap();
    assert_eq!(open(set.proxy.address).sign_payload(10), open(set.signer.address).sign_payload(10));
}

#[test]
fn a_proxy_speaks_for_none_but_its_own_clients() {
    let config = |port| {
        format!("{}\n", signer_config(port, "client.local"))
            .replace("proxies:", "- name: other.local\n  key: key.hex\n  chainID: 10\nproxies:")
    };
    let set = Set::with(&proxy_config(""), config);
    set.client("client.local").sign_payload(10).unwrap();
    let (code, message) = set.client("other.local").sign_payload(10).unwrap_err();
    assert_eq!(code, -32000);
    assert!(message.contains("this proxy may not speak for client 'other.local'"), "{message}");
    // At the signer's own port it may.
    let other = set.bench.client(&["other.local"]);
    Connection::open(set.signer.address, &other).unwrap().sign_payload(10).unwrap();
}

#[test]
fn a_signer_of_another_key_is_denied_and_both_logs_say_why() {
    let bench = Bench::new();
    let proxy = bench.start_proxy(&proxy_config(""));
    bench.write("key.hex", format!("{:064x}", 2));
    let port = proxy.wait_for_address("\"signers\"");
    let signer = bench.start(&signer_config(port, "client.local"));
    let why = "this proxy does not let localhost serve \
               0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF (chain 10: transaction, block_payload)";
    proxy.wait_for_log(why);
    signer.wait_for_log(why);
    let mut client = Connection::open(proxy.address, &bench.client(&["client.local"])).unwrap();
    let (code, message) = client.sign_payload(10).unwrap_err();
    assert_eq!(code, -32022, "{message}");
    assert_eq!(message, format!("no signer for {ONE} on chain 10 is connected to this proxy"));
}

#[test]
fn both_may_go_away_and_come_back() {
    let mut set = Set::new();
    let mut client = set.client("client.local");
    client.sign_payload(10).unwrap();
    // The signer: what is asked meanwhile is answered if it is back within the deadline.
    set.signer.signal(rustix::process::Signal::TERM);
    set.signer.wait();
    let (code, _) = client.sign_payload(10).unwrap_err();
    assert_eq!(code, -32022);
    set.signer = set.bench.start(&signer_config(set.relay.address, "client.local"));
    wait_until("the signer is back", || client.sign_payload(10).is_ok());
    // The proxy.
    set.proxy.signal(rustix::process::Signal::TERM);
    assert!(set.proxy.wait().success());
    set.proxy = set.bench.start_proxy(&proxy_config(""));
    set.relay.set_target(Some(set.proxy.wait_for_address("\"signers\"")));
    let mut client = set.client("client.local");
    wait_until("the signer has dialled again", || client.sign_payload(10).is_ok());
}

#[test]
fn a_link_that_returns_is_used_at_once() {
    let set = Set::new();
    let mut client = set.client("client.local");
    client.sign_payload(10).unwrap();
    let mut times = Vec::new();
    for _ in 0..10 {
        set.relay.cut();
        let start = Instant::now();
        // Asked while there is no link: waits for it.
        client.sign_payload(10).unwrap();
        times.push(start.elapsed());
    }
    times.sort();
    println!("first answer after a cut: median {:?}, longest {:?}", times[5], times[9]);
    assert!(times[5] < Duration::from_millis(900), "{times:?}");
}

#[test]
fn status_shows_who_is_connected() {
    let set = Set::new();
    set.client("client.local").sign_payload(10).unwrap();
    let own = set.bench.authority.issue(&["ops.local"]);
    set.bench.write("ops.crt", &own.certificate);
    set.bench.write("ops.key", &own.key);
    let status = |cert: &str, key: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_opsign"))
            .args(["--json", "proxy", "status", "--ca", "ca.crt", "--cert", cert, "--key", key])
            .args(["--url", &format!("https://localhost:{}", set.proxy.address.port())])
            .current_dir(set.bench.folder())
            .output()
            .unwrap();
        let text =
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), text)
    };
    let (code, text) = status("ops.crt", "ops.key");
    assert_eq!(code, Some(0), "{text}");
    let shown: Value = serde_json::from_str(&text).unwrap();
    let signer = &shown["signers"][0];
    assert_eq!(signer["signer"], "localhost");
    assert_eq!(signer["keys"][0]["role"], "active");
    assert_eq!(signer["link"]["answered"], 1);
    set.relay.set_target(None);
    set.relay.cut();
    let away = wait_for("the signer is shown as away", || {
        let shown: Value = serde_json::from_str(&status("ops.crt", "ops.key").1).unwrap();
        (shown["signers"][0]["keys"][0]["role"] == "away").then_some(shown)
    });
    assert!(away["signers"][0]["lastError"].as_str().unwrap().starts_with("lost: "), "{away}");
    // The signer's own certificate is no operator's.
    let (code, text) = status("tls.crt", "tls.key");
    assert_eq!(code, Some(69), "{text}");
    assert!(text.contains("its admins must name it"), "{text}");
}

#[test]
fn signers_that_misbehave_are_denied_before_they_serve() {
    let bench = Bench::new();
    let proxy = bench.start_proxy(&proxy_config(""));
    let dial = || Fake::dial(&bench, &proxy);

    let mut fake = dial();
    fake.register(json!({"version": 2}));
    assert!(fake.denied().contains("speaks version 2 of the protocol, this proxy 1"));
    let mut fake = dial();
    fake.register(json!({"offers": []}));
    assert!(fake.denied().contains("offers no key"));
    let mut fake = dial();
    fake.register(json!({"offers": [{"address": "0x12", "chainIds": [], "kinds": []}]}));
    assert!(fake.denied().contains("offered address 0x12"));
    let mut fake = dial();
    fake.say(&json!({"id": 1, "method": "eth_signTransaction"}));
    assert!(fake.denied().contains("register first"));
    // Another key's proof, and a proof for another session.
    let mut fake = dial();
    fake.register(json!({}));
    let binding = fake.binding;
    fake.prove(2, binding);
    assert!(fake.denied().contains("did not prove that it holds"));
    let other = dial();
    let mut fake = dial();
    fake.register(json!({}));
    fake.prove(1, other.binding);
    assert!(fake.denied().contains("did not prove that it holds"));
    // A name that signers.allow has not.
    let address = proxy.wait_for_address("\"signers\"");
    let mut fake = Fake::dial_as(address, &bench.client(&["stranger.local"]));
    fake.register(json!({}));
    let binding = fake.binding;
    fake.prove(1, binding);
    assert!(fake.denied().contains("does not name stranger.local"));
    // No JSON, no text, too much.
    let mut fake = dial();
    fake.socket.send(Message::text("hello")).unwrap();
    assert!(fake.hear().is_none());
    let mut fake = dial();
    fake.socket.send(Message::binary(vec![0; 8])).unwrap();
    assert!(fake.hear().is_none());
    let mut fake = dial();
    // The proxy may end it while it is still being sent.
    let _ = fake.socket.send(Message::text("x".repeat(18 << 20)));
    assert!(fake.hear().is_none());
    // Without a certificate there is not even a conversation.
    let nobody = bench.authority.client(None, rustls::ALL_VERSIONS);
    let refused = match Connection::open(address, &nobody) {
        Ok(connection) => client("wss://localhost/", connection.stream).is_err(),
        Err(_) => true,
    };
    assert!(refused);
    // And who says nothing is not waited for.
    let mut silent = dial();
    assert!(silent.hear().is_none());
}

#[test]
fn answers_that_were_not_asked_for_change_nothing() {
    let bench = Bench::new();
    let proxy = bench.start_proxy(&proxy_config(""));
    let mut fake = Fake::serving(&bench, &proxy);
    let config = bench.client(&["client.local"]);
    let ask = |chain| {
        let (address, config) = (proxy.address, Arc::clone(&config));
        std::thread::spawn(move || Connection::open(address, &config).unwrap().sign_payload(chain))
    };
    // Unknown ids and a replayed answer.
    let asking = ask(10);
    let asked = fake.hear().unwrap();
    assert_eq!(asked["opsign"]["client"]["names"], json!(["client.local"]));
    assert_eq!(asked["opsign"]["client"]["fingerprint"].as_str().unwrap().len(), 66);
    for id in [0, 999_999] {
        fake.say(&json!({"id": id, "result": "0xbad"}));
    }
    fake.say(&json!({"id": asked["id"], "result": "0x01"}));
    fake.say(&json!({"id": asked["id"], "result": "0xbad"}));
    assert_eq!(asking.join().unwrap(), Ok(json!("0x01")));
    let asking = ask(10);
    let second = fake.hear().unwrap();
    assert_ne!(second["id"], asked["id"]);
    fake.say(&json!({"id": asked["id"], "result": "0xbad"}));
    fake.say(
        &json!({"id": second["id"], "error": {"code": -7, "message": "no", "data": {"a": 1}}}),
    );
    assert_eq!(asking.join().unwrap(), Err((-7, "no".to_owned())));
    // One that does not answer: the deadline does. Its late answer is nobody's.
    let asking = ask(10);
    let third = fake.hear().unwrap();
    assert_eq!(asking.join().unwrap(), Err((-32002, "request timed out".to_owned())));
    fake.say(&json!({"id": third["id"], "result": "0xbad"}));
    let mut ops = Connection::open(proxy.address, &bench.client(&["ops.local"])).unwrap();
    wait_until("all five are counted", || {
        let status = ops.rpc("opsignproxy_status", json!([])).unwrap();
        assert_eq!(status["signers"][0]["link"]["answered"], 2);
        status["signers"][0]["link"]["strays"] == 5
    });
    // A link that ends in the middle: asked again over the next one, answered once.
    let asking = ask(10);
    let fourth = fake.hear().unwrap();
    drop(fake);
    let mut fake = Fake::serving(&bench, &proxy);
    let again = fake.hear().unwrap();
    assert_ne!(again["id"], fourth["id"]);
    assert_eq!(again["params"], fourth["params"]);
    fake.say(&json!({"id": fourth["id"], "result": "0xbad"}));
    fake.say(&json!({"id": again["id"], "result": "0x04"}));
    assert_eq!(asking.join().unwrap(), Ok(json!("0x04")));
    // A second registration on one link ends it.
    fake.register(json!({}));
    assert!(fake.hear().is_none());
}

#[test]
fn a_second_signer_of_a_key_needs_the_same_record() {
    let more = format!("  - name: second.local\n    addresses: [\"{ONE}\"]\n");
    let bench = Bench::new();
    let proxy = bench.start_proxy(&proxy_config(&more));
    let _first = Fake::serving(&bench, &proxy);
    let second = |record: Value| {
        Fake::registered("second.local", &bench, &proxy, json!({ "record": record }))
    };
    assert!(second(Value::Null).denied().contains("localhost serves"));
    assert!(second(json!("one")).denied().contains("must share its guard's record"));
    // With one record the second stands by, and is asked when the first has gone.
    drop(_first);
    let (mut first, _) = Fake::serving_as("localhost", &bench, &proxy, json!({ "record": "one" }));
    let mut standby = second(json!("one"));
    assert!(standby.hear().unwrap()["result"].is_object());
    let config = bench.client(&["client.local"]);
    let address = proxy.address;
    let asking =
        std::thread::spawn(move || Connection::open(address, &config).unwrap().sign_payload(10));
    first.hear().unwrap();
    drop(first);
    let asked = standby.hear().unwrap();
    standby.say(&json!({"id": asked["id"], "result": "0x02"}));
    assert_eq!(asking.join().unwrap(), Ok(json!("0x02")));
}

#[test]
fn a_call_goes_to_the_signer_of_its_chain() {
    let more = format!(
        "  - name: second.local\n    addresses: [\"{ONE}\"]\n    chainIds: [\"11\", \"12\"]\n"
    );
    let bench = Bench::new();
    let proxy = bench.start_proxy(&proxy_config(&more));
    let kinds = json!(["transaction", "block_payload"]);
    let offer =
        |chains: Value| json!({"offers": [{"address": ONE, "chainIds": chains, "kinds": kinds}]});
    let dial = |name, chains| Fake::serving_as(name, &bench, &proxy, offer(chains));
    // Other chains, so another record is no danger. An offer of any chain is cut to what the config
    // lets it serve.
    let (mut ten, _) = dial("localhost", json!(["10"]));
    let (mut others, accepted) = dial("second.local", json!([]));
    assert_eq!(accepted, json!([{"address": ONE, "chainIds": ["11", "12"], "kinds": kinds}]));
    let overlapping =
        Fake::registered("localhost", &bench, &proxy, offer(json!(["10", "12"]))).denied();
    assert!(overlapping.contains("second.local serves"), "{overlapping}");
    let config = bench.client(&["client.local"]);
    let ask = |method: &'static str, argument: Value| {
        let (address, config) = (proxy.address, Arc::clone(&config));
        std::thread::spawn(move || {
            Connection::open(address, &config).unwrap().rpc(method, json!([argument]))
        })
    };
    let (block, transfer) = ("opsigner_signBlockPayloadV2", "eth_signTransaction");
    let numbered = json!({"domain": [], "chainId": 12, "payloadHash": ""});
    for (method, argument, to_ten) in [
        (block, payload(10), true),
        (block, payload(11), false),
        (transfer, transaction(&json!({})), true),
        (transfer, transaction(&json!({"chainId": "0xb"})), false),
        ("opsigner_signBlockPayload", numbered, false),
        // Nobody's chain, or none: the first refuses it in the signer's own words.
        (transfer, transaction(&json!({"chainId": "0xd"})), true),
        (block, json!({}), true),
    ] {
        let asking = ask(method, argument.clone());
        let signer = if to_ten { &mut ten } else { &mut others };
        signer.answers(method, "0x01");
        assert_eq!(asking.join().unwrap(), Ok(json!("0x01")), "{argument}");
    }
    // While one is away its chains have none, and the other's are served.
    drop(others);
    proxy.wait_for_log("a signer is gone");
    let asking = ask(block, payload(11));
    let other = ask(block, payload(10));
    ten.answers(block, "0x02");
    assert_eq!(other.join().unwrap(), Ok(json!("0x02")));
    let message = format!("no signer for {ONE} on chain 11 is connected to this proxy");
    assert_eq!(asking.join().unwrap(), Err((-32022, message)));
    let denied = Fake::registered("second.local", &bench, &proxy, offer(json!(["13"]))).denied();
    assert!(
        denied.contains(&format!("does not let second.local serve {ONE} (chain 13")),
        "{denied}"
    );
}

/// The link is cut after a number of bytes that grows, so at every step of the conversation: each
/// request is answered once or refused with an error, and no nonce is signed twice. `OPSIGN_CUTS` is
/// how many times.
#[test]
fn a_link_that_is_cut_anywhere_loses_and_repeats_nothing() {
    let set = Set::with(&proxy_config(""), |port| {
        let guard = "guard:\n  record: guard\n  transactions: once\n";
        signer_config(port, "client.local") + guard
    });
    let mut client = set.client("client.local");
    let mut signed: HashMap<u64, String> = HashMap::new();
    let (mut answered, mut refused) = (0, 0);
    let start = Instant::now();
    let rounds = std::env::var("OPSIGN_CUTS").map_or(300, |text| text.parse().unwrap());
    for round in 0..rounds {
        // A cut waits for the bytes of several calls, and for those of the next registration.
        set.relay.cut_after(round * 37 % 3000);
        for value in ["0x1", "0x2"] {
            let nonce = round as u64;
            let change = json!({"nonce": format!("{nonce:#x}"), "value": value});
            match client.rpc("eth_signTransaction", json!([transaction(&change)])) {
                Ok(raw) => {
                    answered += 1;
                    let raw = raw.as_str().unwrap().to_owned();
                    assert_eq!(signed.entry(nonce).or_insert_with(|| raw.clone()), &raw);
                }
                Err((code, message)) => {
                    refused += 1;
                    assert!([-32011, -32022, -32002].contains(&code), "{code} {message}");
                }
            }
        }
    }
    println!(
        "{} cuts in {:?}: {answered} answered, {refused} refused, {} nonces",
        set.relay.cuts(),
        start.elapsed(),
        signed.len()
    );
    let rounds = rounds as usize;
    assert!(set.relay.cuts() > rounds / 10, "hardly ever cut");
    assert!(signed.len() > rounds * 5 / 6, "hardly anything was signed: {}", signed.len());
}

#[test]
fn a_config_is_checked_and_the_sample_is_one() {
    let bench = Bench::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../proxy/proxy.sample.yaml");
    let sample = std::fs::read_to_string(path).unwrap();
    let sample = sample.replace("tls/signers-ca.crt", "ca.crt").replace("tls/", "");
    let check = |text: &str| {
        bench.write("proxy.yaml", text);
        let output = Command::new(env!("CARGO_BIN_EXE_opsign"))
            .args(["proxy", "check-config"])
            .current_dir(bench.folder())
            .output()
            .unwrap();
        let both = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(both).unwrap())
    };
    let (code, text) = check(&sample);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(&format!("client sequencer.example.org: {ONE}")), "{text}");
    assert!(text.contains(&format!("signer signer-a.example.org: {ONE} on chain 10")), "{text}");
    let other = format!("0x{:040x}", 5);
    for (from, to, what) in [
        ("deadlineMs: 1000", "deadlineMs: 0", "0 would let nothing through"),
        ("chainIds: [10]", "chainIds: [ten]", "signers.allow, signer-a.example.org: chain ten"),
        ("deadlineMs:", "deadline:", "unknown field `deadline`"),
        ("admins: [", "admin: [", "unknown field `admin`"),
        ("cert: tls.crt", "cert: none.crt", "none.crt cannot be read"),
        ("listen: 0.0.0.0:8545", "listen: here", "proxy.yaml:6: invalid socket address"),
    ] {
        let (code, text) = check(&sample.replace(from, to));
        assert_eq!(code, Some(78), "{text}");
        assert!(text.contains(what), "{what}: {text}");
    }
    let client = format!("clients:\n  - name: x.local\n    addresses: [\"{other}\"]\n");
    let (code, text) = check(&sample.replace("clients:\n", &client));
    assert_eq!(code, Some(78), "{text}");
    assert!(text.contains("no signer of signers.allow has"), "{text}");
}

/// Fifty signers and a thousand clients, each of which is answered by its own signer.
#[test]
fn a_proxy_for_many() {
    const SIGNERS: u8 = 50;
    const CLIENTS: usize = 1000;
    let bench = Bench::new();
    let addresses: Vec<_> =
        (1..=SIGNERS).map(|number| secret_key(number).address().to_string()).collect();
    let mut config = "listen: 127.0.0.1:0\nmetrics: 127.0.0.1:0\n\
                      tls: {ca: ca.crt, cert: tls.crt, key: tls.key}\n\
                      signers:\n  listen: 127.0.0.1:0\n  allow:\n"
        .to_owned();
    for (number, address) in addresses.iter().enumerate() {
        config += &format!("  - {{name: s{number}.local, addresses: [\"{address}\"]}}\n");
    }
    config += "clients:\n";
    for (number, address) in addresses.iter().enumerate() {
        config += &format!("- {{name: c{number}.local, addresses: [\"{address}\"]}}\n");
    }
    let proxy = bench.start_proxy(&config);
    let port = proxy.wait_for_address("\"signers\"");
    for (number, address) in addresses.iter().enumerate() {
        let mut fake = Fake::dial_as(port, &bench.client(&[&format!("s{number}.local")]));
        let offer = json!([{"address": address, "chainIds": ["10"], "kinds": ["block_payload"]}]);
        fake.register(json!({ "offers": offer }));
        let binding = fake.binding;
        fake.prove_as(address, number as u8 + 1, binding);
        assert!(fake.hear().unwrap()["result"].is_object());
        std::thread::spawn(move || {
            // Until the proxy ends.
            while let Some(asked) = fake.hear() {
                fake.say(&json!({"id": asked["id"], "result": format!("0x{number:02x}")}));
            }
        });
    }
    let configs: Vec<_> =
        (0..SIGNERS).map(|number| bench.client(&[&format!("c{number}.local")])).collect();
    let connections: Vec<_> = (0..CLIENTS)
        .map(|at| {
            let number = at % configs.len();
            let mut connection = Connection::open(proxy.address, &configs[number]).unwrap();
            assert_eq!(connection.sign_payload(10), Ok(json!(format!("0x{number:02x}"))));
            connection
        })
        .collect();
    let resident = proxy.resident() / 1024;
    println!("{} clients, {SIGNERS} signers: {resident} MB", connections.len());
    assert!(resident < 200, "{resident} MB");
}
