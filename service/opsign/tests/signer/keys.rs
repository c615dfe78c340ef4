//! Keys in every place they may have, and what happens when a place fails.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bench::{AUTH, Bench, FAKE, ONE, PLAIN, call};
use crate::token::{fake_module, make_token, softhsm_module, write_softhsm_conf};
use crate::wire::wait_until;

fn vector(name: &str) -> Value {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../../vectors/keys.json")).unwrap();
    let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["name"] == name);
    case.unwrap_or_else(|| panic!("no case {name}")).clone()
}

#[test]
fn keys_in_files_of_every_format() {
    for (name, has_password, has_path) in [
        ("hex", false, false),
        ("sec1_pem", false, false),
        ("sec1_pem_no_public", false, false),
        ("pkcs8_pem", false, false),
        ("scrypt_geth_light", true, false),
        ("pbkdf2", true, false),
        ("english_12", false, false),
        ("path_second", false, true),
        ("english_24", true, true),
    ] {
        let case = vector(name);
        let text = |field: &str| case[field].as_str().unwrap().to_owned();
        let bench = Bench::new();
        bench.write("k", text("input"));
        let mut lines = "  keys:\n  - key: k\n".to_owned();
        if has_password {
            bench.write("password", text("passphrase"));
            lines += "    passwordFile: password\n";
        }
        if has_path {
            lines += &format!("    hdPath: \"{}\"\n", text("path"));
        }
        let signer = bench.start(&format!("{AUTH}{lines}  fromAddress: \"{}\"\n", text("address")));
        bench.connect(&signer).assert_signs(&text("address"));
        // The same with a mistake in what opens it.
        if has_password {
            bench.write("password", "wrong");
            let ran = bench.run(&["check-config"], &format!("{AUTH}{lines}"));
            let opens = ran.code == Some(0) && !ran.out.contains(&text("address"));
            assert!(opens || ran.code == Some(78), "{name}: {}{}", ran.out, ran.err);
            assert!(!ran.err.contains("wrong "), "{}", ran.err);
        }
    }
}

#[test]
fn a_key_in_a_token() {
    let bench = Bench::new();
    make_token(&write_softhsm_conf(bench.folder()), "tok");
    let address = make_key(&bench, "tok", None);
    let signer = bench.start(&format!("{AUTH}  key: {}\n{}", uri("tok"), pkcs11()));
    let mut connection = bench.connect(&signer);
    for _ in 0..10 {
        connection.assert_signs(&address);
    }
    let backend = "{backend=\"pkcs11:tok/sequencer\"}";
    assert_eq!(signer.metric(&format!("opsign_backend_up{backend}")), 1.0);
    assert_eq!(signer.metric("opsign_ready"), 1.0);
    signer.wait_for_log("pkcs11:tok/sequencer");
}

/// A key made in the token, or the given one put there; its address.
fn make_key(bench: &Bench, token: &str, secret: Option<&str>) -> String {
    let module = softhsm_module();
    bench.write(
        "hsm.yaml",
        format!(
            "module: {}\ntoken:\n  label: {token}\npin:\n  file: pin\nkey:\n  label: sequencer\n",
            module.display()
        ),
    );
    let mut words = vec!["--json", "key"];
    match secret {
        None => words.extend(["generate", "--hsm-config", "hsm.yaml"]),
        Some(file) => {
            words.extend([
                "import",
                "--hsm-config",
                "hsm.yaml",
                "--label",
                "sequencer",
                "--id",
                "01",
                file,
            ]);
        }
    }
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_opsign"))
        .args(words)
        .current_dir(bench.folder())
        .env("SOFTHSM2_CONF", bench.file("softhsm2.conf"))
        .output()
        .unwrap();
    let made: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    made["address"].as_str().unwrap().to_owned()
}

fn uri(token: &str) -> String {
    format!("\"pkcs11:token={token};object=sequencer;type=private\"")
}

fn pkcs11() -> String {
    format!("pkcs11:\n  module: {}\n  pinFile: pin\n", softhsm_module().display())
}

#[test]
fn a_vanished_token_is_unavailable_and_comes_back() {
    let bench = Bench::new();
    make_token(&write_softhsm_conf(bench.folder()), "tok");
    let address = make_key(&bench, "tok", None);
    let signer =
        bench.start(&format!("{AUTH}  key: {}\n{}trialIntervalS: 1\n", uri("tok"), pkcs11()));
    let mut connection = bench.connect(&signer);
    connection.assert_signs(&address);
    let (tokens, away) = (bench.file("tokens"), bench.file("away"));
    std::fs::rename(&tokens, &away).unwrap();
    for _ in 0..3 {
        let started = Instant::now();
        let (code, message) = connection.sign_payload(10).unwrap_err();
        assert_eq!(code, -32012);
        assert!(message.starts_with("key unavailable: "), "{message}");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    }
    signer.wait_for_log("a token was lost; opening it again");
    signer.wait_for_metric("opsign_ready", 0.0);
    assert_eq!(ready(&mut connection), 503);
    std::fs::rename(&away, &tokens).unwrap();
    signer.wait_for_log("the token is back");
    connection.assert_signs(&address);
    signer.wait_for_metric("opsign_ready", 1.0);
    assert_eq!(ready(&mut connection), 200);
}

#[test]
fn k256_is_asked_about_each_signature_where_it_is_wanted() {
    for (two, from_the_start) in [(false, false), (false, true), (true, false), (true, true)] {
        let bench = Bench::new();
        bench.write("control", "");
        let config = if two { two_places(&bench, 1000) } else { PLAIN.to_owned() };
        let config = |wanted: bool| format!("{config}secondOpinion: {wanted}\n");
        let (address, backend) =
            if two { (FAKE, "pkcs11:fake/sequencer") } else { (ONE, "key.hex") };
        let asked = format!("opsign_second_opinion_seconds_count{{backend=\"{backend}\"}}");
        let signer = bench.start(&config(from_the_start));
        let mut connection = bench.connect(&signer);
        let mut assert_asked = |wanted: bool| {
            let before = signer.metric(&asked);
            for _ in 0..3 {
                connection.assert_signs(address);
            }
            let times = signer.metric(&asked) - before;
            assert!(if wanted { times >= 6.0 } else { times == 0.0 }, "{}", signer.metrics());
        };
        assert_asked(from_the_start);
        bench.write("config.yaml", config(!from_the_start));
        signer.wait_for_metric("opsign_reloads_total{outcome=\"loaded\"}", 1.0);
        assert_asked(!from_the_start);
    }
}

fn ready(connection: &mut crate::wire::Connection) -> u16 {
    connection.request("GET", "/readyz", "", "").unwrap().status
}

/// A config with the fake module's key first and a SoftHSM token's second. Both hold the
/// fake's key.
fn two_places(bench: &Bench, hedge_ms: u64) -> String {
    make_token(&write_softhsm_conf(bench.folder()), "tok");
    bench.write("fake.hex", "01".repeat(32));
    assert_eq!(make_key(bench, "tok", Some("fake.hex")), FAKE);
    format!(
        "{AUTH}  hedgeMs: {hedge_ms}\n  keys:\n  - key: \"pkcs11:token=fake;object=sequencer\"\n    \
         module: {}\n  - key: {}\n{}trialIntervalS: 1\n",
        fake_module().display(),
        uri("tok"),
        pkcs11()
    )
}

fn answers(backend: &str, outcome: &str) -> String {
    format!(
        "opsign_backend_answers_total{{backend=\"pkcs11:{backend}/sequencer\",outcome=\"{outcome}\"}}"
    )
}

#[test]
fn the_second_place_answers_when_the_first_fails() {
    let bench = Bench::new();
    bench.write("control", "");
    let signer = bench.start(&two_places(&bench, 200));
    let mut connection = bench.connect(&signer);
    connection.assert_signs(FAKE);
    let second = || signer.metric(&answers("tok", "signed"));
    // One that says no at once costs nothing; one that hangs, the hedge delay.
    for (behaviour, least, outcome) in [
        ("removed", 0, "unavailable"),
        ("fail_sign=0x30", 0, "unavailable"),
        ("corrupt", 0, "wrong"),
        ("wrong_key", 0, "wrong"),
        ("hang", 200, ""),
    ] {
        bench.write("control", behaviour);
        let (before, failed) = (second(), signer.metric(&answers("fake", outcome)));
        let started = Instant::now();
        connection.sign_payload(10).unwrap();
        let took = started.elapsed();
        assert!(took >= Duration::from_millis(least), "{behaviour}: {took:?}");
        assert!(took < Duration::from_millis(900), "{behaviour}: {took:?}");
        connection.assert_signs(FAKE);
        assert!(second() >= before + 3.0, "{behaviour}: the second is counted");
        if !outcome.is_empty() {
            assert!(
                signer.metric(&answers("fake", outcome)) > failed,
                "{behaviour}: so is the first"
            );
        }
        bench.write("control", "");
        let first = signer.metric(&answers("fake", "signed"));
        wait_until("the first place signs again", || {
            connection.sign_payload(10).unwrap();
            signer.metric(&answers("fake", "signed")) > first
        });
    }
}

#[test]
fn a_place_that_is_away_at_the_start_is_taken_into_use_when_it_is_back() {
    let bench = Bench::new();
    let config = two_places(&bench, 200);
    for away in ["removed", "fail_open_session=0x30", "fail_token_info=0x32"] {
        bench.write("control", away);
        let ran = bench.run(&["check-config"], &config);
        assert_eq!(ran.code, Some(0), "{away}: {}", ran.err);
        assert!(ran.out.contains("pkcs11:fake/sequencer which is away: "), "{away}: {}", ran.out);
        let signer = bench.start(&config);
        signer.wait_for_log("STARTING WITHOUT ONE PLACE OF A KEY");
        let mut connection = bench.connect(&signer);
        connection.assert_signs(FAKE);
        assert_eq!(ready(&mut connection), 200);
        let up = "opsign_backend_up{backend=\"pkcs11:fake/sequencer\"}";
        assert_eq!(signer.metric(up), 0.0, "{away}");
        bench.write("control", "");
        signer.wait_for_log("the token is back");
        wait_until("the first place signs", || {
            connection.sign_payload(10).unwrap();
            signer.metric(&answers("fake", "signed")) > 0.0
        });
        signer.wait_for_metric(up, 1.0);
    }
}

#[test]
fn a_start_without_any_place_can_be_tried_again_but_not_a_wrong_pin() {
    let bench = Bench::new();
    let two = two_places(&bench, 200);
    let only = bench.fake_token();
    for (control, config, code, what) in [
        ("removed", &only, 69, "fake"),
        ("fail_open_session=0x30", &only, 69, "C_OpenSession"),
        // The PIN is refused, is locked, may be tried once more.
        ("fail_login=0xa0", &only, 78, "C_Login"),
        ("fail_login=0xa0", &two, 78, "C_Login"),
        ("pin_locked", &two, 78, "PIN"),
        ("pin_final_try", &two, 78, "PIN"),
        // Another key, or none, under this label.
        ("empty", &two, 78, "sequencer"),
    ] {
        bench.write("control", control);
        for command in ["check-config", "signer"] {
            let ran = bench.run(&[command], config);
            assert_eq!(ran.code, Some(code), "{control}, {command}: {}{}", ran.out, ran.err);
            let said = format!("{}{}", ran.out, ran.err);
            assert!(said.contains(what) && said.contains("config.yaml:3: "), "{control}: {said}");
        }
    }
    // Both work, and hold different keys.
    bench.write("control", "");
    bench.write("one.hex", format!("{:064x}", 1));
    let other = two.replace(&uri("tok"), "one.hex");
    let ran = bench.run(&["check-config"], &other);
    assert_eq!(ran.code, Some(78), "{}", ran.err);
    assert!(ran.err.contains("different addresses"), "{}", ran.err);
}

#[test]
fn a_lost_token_that_refuses_the_pin_is_left_alone_until_a_reload() {
    let bench = Bench::new();
    let config = bench.fake_token();
    let signer = bench.start(&config);
    let mut connection = bench.connect(&signer);
    connection.assert_signs(FAKE);
    bench.write("control", "session_closed\nfail_login=0xa0");
    connection.sign_payload(10).unwrap_err();
    signer.wait_for_log("the token is not tried again until a reload or restart");
    bench.write("control", "");
    // Longer than the first waits between two tries.
    let quiet = Instant::now();
    wait_until("a second", || quiet.elapsed() > Duration::from_secs(1));
    let (code, message) = connection.sign_payload(10).unwrap_err();
    assert!(code == -32012 && message.contains("C_Login"), "{message}");
    signer.signal(rustix::process::Signal::HUP);
    signer.wait_for_metric("opsign_reloads_total{outcome=\"loaded\"}", 1.0);
    connection.assert_signs(FAKE);
}

#[test]
fn a_lying_token_releases_nothing() {
    let bench = Bench::new();
    let config = bench.fake_token();
    let signer = bench.start(&config);
    let mut connection = bench.connect(&signer);
    let mut lies = 0;
    for lie in [
        "corrupt",
        "corrupt_r",
        "zero_r",
        "zero_s",
        "s_is_order",
        "all_ones",
        "wrong_key",
        "wrong_hash",
        "short=63",
        "long=65",
        "der",
        "replay",
    ] {
        bench.write("control", lie);
        for answer in [connection.sign_payload(10), connection.sign_transaction(json!({}))] {
            let (code, message) = answer.expect_err(lie);
            assert!(matches!(code, -32010 | -32012), "{code}");
            assert!(message.starts_with("wrong signature, not released: "), "{lie}: {message}");
            lies += 1;
        }
        bench.write("control", "");
        connection.assert_signs(FAKE);
    }
    assert_eq!(lies, 24);
    let wrong = signer.metric(&answers("fake", "wrong"));
    assert!(wrong >= 24.0, "{wrong}");
}

#[test]
fn a_hanging_token_is_answered_for_in_time() {
    let bench = Bench::new();
    let config = bench.fake_token() + "limits:\n  deadlineMs: 300\n  batchMs: 500\n";
    let signer = bench.start(&config);
    let mut connection = bench.connect(&signer);
    bench.write("control", "hang");
    let argument = crate::bench::payload(10);
    let batch: Vec<Value> = (0..4)
        .map(|_| {
            let text = call("opsigner_signBlockPayloadV2", &json!([argument]));
            serde_json::from_str(&text).unwrap()
        })
        .collect();
    let answer = connection.post(&Value::from(batch).to_string()).unwrap();
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let codes: Vec<i64> = body
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["error"]["code"].as_i64().unwrap())
        .collect();
    // The first two have the time that they wait for the token, the others none.
    assert!(codes[..2].iter().all(|code| matches!(code, -32012 | -32002)), "{body}");
    assert_eq!(codes[2..], [-32002; 2], "{body}");
    bench.write("control", "");
    wait_until("the token signs again", || connection.sign_payload(10).is_ok());
}

#[test]
fn many_keys_of_many_kinds_in_one_process() {
    let bench = Bench::new();
    bench.write("control", "");
    make_token(&write_softhsm_conf(bench.folder()), "tok");
    let made = make_key(&bench, "tok", None);
    let two = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
    bench.write("two.hex", format!("{:064x}", 2));
    let config = format!(
        "{PLAIN}- name: client.local\n  key: two.hex\n  chainID: 10\n- name: client.local\n  key: {}\n  \
         chainID: 10\n{}",
        uri("tok"),
        pkcs11()
    );
    let signer = bench.start(&config);
    let mut connection = bench.connect(&signer);
    for address in [ONE, two, &made] {
        let raw =
            crate::bench::unhex(&connection.sign_transaction(json!({"from": address})).unwrap());
        let signed = opsign_core::tx::SignedTransaction::decode(&raw).unwrap();
        assert_eq!(signed.sender().unwrap().to_string(), address);
    }
    let stranger = "0x00000000000000000000000000000000000000ff";
    let error = connection.sign_transaction(json!({"from": stranger})).unwrap_err();
    assert_eq!(error, (-32010, "unexpected from address".to_owned()));
}
