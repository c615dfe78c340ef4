//! What a signer leaves behind: audit lines, logs, metrics. None of them holds a secret.

use serde_json::{Value, json};

use crate::bench::{Bench, ONE, PLAIN, transaction};
use crate::token::{PIN, fake_module};
use crate::wire::{Connection, request, wait_until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn the_audit_log_has_a_line_for_each_grant_and_refusal() {
    let bench = Bench::new();
    let signer = bench.start(&format!("{PLAIN}  maxValue: 100\naudit:\n  file: audit.log\n"));
    let mut connection = bench.connect(&signer);
    connection.sign_payload(10).unwrap();
    connection.sign_payload(11).unwrap_err();
    let raw = connection.sign_transaction(json!({})).unwrap();
    connection.sign_transaction(json!({"value": "0x65"})).unwrap_err();
    connection.sign_transaction(json!({"gas": null})).unwrap_err();
    // Arguments that cannot even be read: of the wrong type, too many, none.
    assert_eq!(connection.sign_transaction(json!({"gas": 5})).unwrap_err().0, -32602);
    let twice = json!([crate::bench::payload(10), 1]);
    for (method, params) in [
        ("opsigner_signBlockPayloadV2", twice),
        ("opsigner_signBlockPayload", json!([{"domain": "x"}])),
        ("eth_signTransaction", json!([])),
    ] {
        assert_eq!(connection.rpc(method, params).unwrap_err().0, -32602);
    }
    let other = bench.client(&["other.local"]);
    Connection::open(signer.address, &other).unwrap().sign_payload(10).unwrap_err();
    let traced = format!(
        "content-type: application/json\r\ntraceparent: 00-{TRACE}-0000000000000001-01\r\n"
    );
    let body =
        crate::bench::call("opsigner_signBlockPayloadV2", &json!([crate::bench::payload(10)]));
    connection.send(request("POST", "/", &traced, &body).as_bytes()).unwrap();
    assert!(connection.answer().unwrap().body.contains("result"));
    connection.rpc("health_status", json!([])).unwrap();

    let text = std::fs::read_to_string(bench.file("audit.log")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (block, eth) = ("opsigner_signBlockPayloadV2", "eth_signTransaction");
    let expected = [
        ("client.local", block, "signed", Some("10")),
        ("client.local", block, "chain_id", Some("11")),
        ("client.local", eth, "signed", Some("10")),
        ("client.local", eth, "value", Some("10")),
        ("client.local", eth, "invalid", None),
        ("client.local", eth, "invalid", None),
        ("client.local", block, "invalid", None),
        ("client.local", "opsigner_signBlockPayload", "invalid", None),
        ("client.local", eth, "invalid", None),
        ("other.local", block, "client", None),
        ("client.local", block, "signed", Some("10")),
    ];
    assert_eq!(lines.len(), expected.len(), "{text}");
    for (at, (line, (client, method, outcome, chain))) in lines.iter().zip(expected).enumerate() {
        assert_eq!(line["client"], client, "{line}");
        assert_eq!(line["method"], method, "{line}");
        assert_eq!(line["outcome"], outcome, "{line}");
        assert_eq!(line["chain_id"].as_str(), chain, "{line}");
        let known = client == "client.local" && !(5..9).contains(&at);
        assert_eq!(line["key"].as_str(), known.then_some(ONE), "{line}");
        assert_eq!(line["signing_hash"].is_string(), outcome == "signed", "{line}");
        assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}");
    }
    assert_eq!(lines[10]["trace"], TRACE);
    assert_eq!(signer.metric("opsign_refusals_total{reason=\"invalid\"}"), 5.0);
    assert_eq!(lines[0]["trace"], Value::Null);
    assert!(!text.contains(&raw.as_str().unwrap()[2..]), "no whole transaction");
    let mode =
        std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(bench.file("audit.log")).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    // The answer may overtake the log, which is read by a thread of this test.
    signer.wait_for_log(TRACE);

    // An audit log that was moved away is begun anew at a SIGHUP.
    std::fs::rename(bench.file("audit.log"), bench.file("audit.log.1")).unwrap();
    signer.signal(rustix::process::Signal::HUP);
    signer.wait_for_metric("opsign_reloads_total{outcome=\"loaded\"}", 1.0);
    connection.sign_payload(10).unwrap();
    assert_eq!(std::fs::read_to_string(bench.file("audit.log")).unwrap().lines().count(), 1);
}

/// Secrets that are everywhere in a set-up like this one, and what a log could quote of requests.
fn secrets(bench: &Bench, raw: &Value) -> Vec<String> {
    let key = std::fs::read_to_string(bench.file("key.hex")).unwrap();
    let tls = std::fs::read_to_string(bench.file("tls.key")).unwrap();
    let tls_line = tls.lines().nth(1).unwrap().to_owned();
    vec![
        key.trim_start_matches('0').to_owned(),
        tls_line,
        "open sesame".to_owned(),
        PIN_OF_ITS_OWN.to_owned(),
        raw.as_str().unwrap()[2..].to_owned(),
        "deadbeefcafe".to_owned(),
    ]
}

const PIN_OF_ITS_OWN: &str = PIN;

#[test]
fn logs_parse_in_every_format_and_hold_no_secrets() {
    // A key whose digits cannot be in a log by chance.
    const KEY: &str = "d5ad3ad49d22a6942b6bbbbd6ee26d101041e18e333a5ef04b8283ff610e7dde";
    for format in ["json", "jsonms", "logfmt", "logfmtms", "text", "terminal", "JSON"] {
        let bench = Bench::new();
        bench.write("key.hex", KEY);
        bench.write("password", "open sesame");
        bench.write("control", "");
        let config = format!(
            "{PLAIN}- name: hsm.local\n  key: \"pkcs11:token=fake;object=sequencer\"\n  chainID: 10\n\
             pkcs11:\n  module: {}\n  pinFile: pin\n",
            fake_module().display()
        );
        let mut signer =
            bench.start_with(&config, &["--log.format", format, "--log.level", "INFO"]);
        let mut connection = bench.connect(&signer);
        connection.sign_payload(10).unwrap();
        let raw = connection.sign_transaction(json!({"input": "0xdeadbeefcafe"})).unwrap();
        connection
            .sign_transaction(json!({"input": "0xdeadbeefcafe", "chainId": "0x1"}))
            .unwrap_err();
        connection.sign_transaction(json!({"gas": "open sesame"})).unwrap_err();
        let mut hsm = Connection::open(signer.address, &bench.client(&["hsm.local"])).unwrap();
        hsm.sign_payload(10).unwrap();
        bench.write("control", "removed");
        hsm.sign_payload(10).unwrap_err();
        // A name that would make lines and pairs of its own.
        let odd = bench.client(&["a b=\"c\" lvl=info"]);
        Connection::open(signer.address, &odd).unwrap().sign_payload(10).unwrap_err();
        bench.write("config.yaml", "provider: GCP\n");
        signer.signal(rustix::process::Signal::HUP);
        signer.wait_for_metric("opsign_reloads_total{outcome=\"kept_old\"}", 1.0);
        signer.signal(rustix::process::Signal::TERM);
        assert!(signer.wait().success());
        signer.wait_for_log("stopped");
        let log = signer.log();
        for secret in secrets(&bench, &raw) {
            // The PIN has four digits, which a port or a time may have.
            if secret != PIN {
                assert!(!log.contains(&secret), "{format}: \"{secret}\" in {log}");
            }
        }
        let messages: Vec<String> = log.lines().map(|line| message(format, line)).collect();
        for wanted in [
            "listening",
            "serving",
            "signed a block payload",
            "signed a transaction",
            "refused",
            "stopped",
        ] {
            let found = messages.iter().any(|message| message.contains(wanted));
            assert!(found, "{format}: {wanted} in {messages:?}");
        }
        assert!(log.lines().count() >= 10, "{log}");
    }
}

/// The message of a line in this format; panics if it is not in it.
fn message(format: &str, line: &str) -> String {
    match format.to_ascii_lowercase().as_str() {
        "json" | "jsonms" => {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
            line["message"].as_str().unwrap().to_owned()
        }
        "logfmt" | "logfmtms" => {
            let pairs = logfmt(line);
            let names: Vec<&str> = pairs.iter().take(3).map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["t", "lvl", "msg"], "{line}");
            assert_eq!(pairs.iter().filter(|(name, _)| name == "lvl").count(), 1, "{line}");
            pairs[2].1.clone()
        }
        _ => {
            let start = line.trim_start_matches("\x1b[2m");
            assert!(start.starts_with("20"), "begins with a time: {line:?}");
            let level = ["INFO", "WARN", "ERROR"].iter().any(|level| line.contains(level));
            assert!(level, "{line}");
            line.to_owned()
        }
    }
}

fn logfmt(line: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=').unwrap_or_else(|| panic!("{line}"));
        assert!(!name.contains([' ', '"']), "{line}");
        if value.starts_with('"') {
            let mut end = 1;
            let bytes = value.as_bytes();
            while bytes[end] != b'"' {
                end += 1 + usize::from(bytes[end] == b'\\');
            }
            pairs.push((name.to_owned(), value[1..end].to_owned()));
            rest = value[end + 1..].strip_prefix(' ').unwrap_or(&value[end + 1..]);
        } else {
            let (value, next) = value.split_once(' ').unwrap_or((value, ""));
            pairs.push((name.to_owned(), value.to_owned()));
            rest = next;
        }
    }
    pairs
}

#[test]
fn metrics_have_op_signers_names_and_labels() {
    let bench = Bench::new();
    let signer = bench.start(PLAIN);
    let mut connection = bench.connect(&signer);
    connection.sign_payload(10).unwrap();
    connection.sign_payload(10).unwrap();
    connection.sign_payload(11).unwrap_err();
    connection
        .rpc("opsigner_signBlockPayloadV2", json!([{"payloadHash": format!("0x{:064x}", 1)}]))
        .unwrap_err();
    connection.sign_transaction(json!({})).unwrap();
    connection.sign_transaction(json!({"nonce": null})).unwrap_err();
    connection.rpc("eth_signTransaction", json!([{}, transaction(&json!({}))])).unwrap_err();
    connection.request("GET", "/nowhere", "", "").unwrap();
    let other = bench.client(&["other.local"]);
    Connection::open(signer.address, &other).unwrap().sign_payload(10).unwrap_err();
    for (name, value) in [
        (
            "signer_signblockpayload_total{client=\"client.local\",error=\"\",status=\"success\"}",
            2.0,
        ),
        ("signer_signblockpayload_total{client=\"client.local\",error=\"\",status=\"error\"}", 1.0),
        (
            "signer_signblockpayload_total{client=\"client.local\",error=\"invalid_blockPayload\",status=\"error\"}",
            1.0,
        ),
        ("signer_signblockpayload_total{client=\"unknown\",error=\"\",status=\"error\"}", 1.0),
        (
            "signer_signtransaction_total{client=\"client.local\",error=\"\",status=\"success\"}",
            1.0,
        ),
        (
            "signer_signtransaction_total{client=\"client.local\",error=\"transaction_args_error\",status=\"error\"}",
            1.0,
        ),
        ("signer_http_requests_count_total{method=\"POST\"}", 8.0),
        ("signer_http_requests_count_total{method=\"GET\"}", 1.0),
        ("signer_http_responses_count_total{method=\"POST\",response_code=\"200\"}", 8.0),
        ("signer_http_responses_count_total{method=\"GET\",response_code=\"404\"}", 1.0),
        ("signer_http_inflight_requests_count{method=\"POST\"}", 0.0),
        ("signer_http_request_latency_seconds_count", 9.0),
        ("signer_http_response_size_count", 9.0),
        ("signer_http_request_duration_ms_count{method=\"POST\",response_code=\"200\"}", 8.0),
        ("opsign_refusals_total{reason=\"chain_id\"}", 1.0),
        ("opsign_refusals_total{reason=\"client\"}", 1.0),
        ("opsign_refusals_total{reason=\"invalid\"}", 3.0),
        ("opsign_backend_up{backend=\"key.hex\"}", 1.0),
        ("opsign_ready", 1.0),
        ("opsign_queue_depth{backend=\"key.hex\"}", 0.0),
    ] {
        assert_eq!(signer.metric(name), value, "{name}\n{}", signer.metrics());
        let family = name.split('{').next().unwrap();
        assert!(signer.metrics().contains(family), "{family} is there");
    }
    let latency = format!(
        "opsign_request_seconds_count{{client=\"client.local\",key=\"{ONE}\",method=\"eth_signTransaction\"}}"
    );
    assert_eq!(signer.metric(&latency), 2.0);
    let metrics = signer.metrics();
    for family in [
        "process_resident_memory_bytes",
        "opsign_certificate_expiry_seconds{role=\"ca\"",
        "opsign_certificate_expiry_seconds{role=\"server\"",
        "opsign_connections ",
    ] {
        assert!(metrics.contains(family), "{family}");
    }
    drop(connection);
    wait_until("both connections are gone", || signer.metric("opsign_connections") == 0.0);
}
