//! The program as a user runs it: files in, words and exit codes out, a real token behind it.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod bench;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use bench::{Bench, PIN, text, vector};
use serde_json::Value;

#[test]
fn help_and_version_are_answers_and_wrong_usage_is_64() {
    let bench = Bench::new();
    assert!(bench.run("--help").expect(0).out.contains("Exit codes: 0 yes"));
    assert!(bench.run("--version").expect(0).out.starts_with("opsign "));
    for help in ["key generate", "payload sign", "payload verify", "gossip decode", "gossip verify"]
    {
        assert!(bench.run(&format!("{help} --help")).expect(0).out.contains("Usage: opsign"));
    }
    for wrong in [
        "",
        "nonsense",
        "payload",
        "payload sign",
        "key generate",
        "key list --key-dir a --hsm-config b",
    ] {
        assert!(!bench.run(wrong).expect(64).err.is_empty());
    }
}

#[test]
fn a_reader_that_has_gone_changes_no_verdict() {
    let bench = Bench::new();
    bench.run("key generate --key new.key").expect(0);
    for (line, code) in [
        ("key address --key new.key", 69),
        ("--json key address --key new.key", 69),
        // What went wrong counts for more than that nobody hears it.
        ("--json key address --key none.key", 65),
        ("--json key generate --key new.key", 65),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_opsign"))
            .args(line.split(' '))
            .current_dir(bench.path())
            .stdout(writer)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert!(!said.contains("panicked"), "{line}: {said}");
    }
}

#[test]
fn a_key_in_a_file() {
    let bench = Bench::new();
    let address = bench.run("key generate --key new.key").expect(0).out;
    assert_eq!(address.len(), 43, "a single fact is printed bare: {address}");
    let mode = std::fs::metadata(bench.file("new.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(bench.run("key address --key new.key").expect(0).out, address);
    let before = std::fs::read(bench.file("new.key")).unwrap();
    bench.run("key generate --key new.key").expect(65).says("never overwritten");
    assert_eq!(std::fs::read(bench.file("new.key")).unwrap(), before);

    std::fs::set_permissions(bench.file("new.key"), PermissionsExt::from_mode(0o644)).unwrap();
    bench.run("key address --key new.key").expect(0).says("chmod 600");

    let case = vector("secret_keys.json", "random_a");
    let imported =
        bench.run_with("key import --key imported.key -", text(&case, "secret_key").as_bytes());
    assert_eq!(imported.expect(0).out.trim(), text(&case, "address"));
    bench.write("raw", [0x11; 32]);
    bench.run("key import --key raw.key raw").expect(0);
    let hex = std::fs::read_to_string(bench.file("raw.key")).unwrap();
    assert_eq!(hex, format!("{}\n", "11".repeat(32)));

    std::fs::create_dir(bench.file("keys")).unwrap();
    std::fs::copy(bench.file("imported.key"), bench.file("keys/a.key")).unwrap();
    bench.write("keys/readme", "nothing");
    let list = bench.run("--json key list --key-dir keys").expect(0).json();
    assert_eq!(list["keys"][0]["address"], case["address"]);
    assert_eq!(list["keys"][1]["address"], Value::Null);
    assert!(text(&list["keys"][1], "error").contains("is no key"), "{list}");
}

#[test]
fn bad_keys_leave_no_file() {
    let bench = Bench::new();
    for (input, says) in [
        ("", "empty"),
        ("00", "too short"),
        ("0x123", "odd number"),
        (&"0".repeat(64), "zero"),
        (&"f".repeat(64), "group order"),
        (&"g".repeat(64), "is no key"),
        (&format!("{}g", "1".repeat(63)), "no hex digit at position 63"),
        (&"1".repeat(2000), "too long"),
        (&" ".repeat(70_000), "at most 65536"),
    ] {
        bench.run_with("key import --key bad.key -", input.as_bytes()).expect(65).says(says);
        assert!(!bench.file("bad.key").exists());
    }
    bench.run("key generate --key no/such/folder/x.key").expect(65).says("no/such/folder/x.key");
    bench.run("key address --key missing").expect(65).says("missing");
    bench.run("key generate --key x.key --label l").expect(64).says("--label");
    assert!(!bench.file("x.key").exists());
}

#[test]
fn a_payload_is_hashed_signed_and_verified_as_op_node_does() {
    let bench = Bench::new();
    let case = vector("payload_signing.json", "block_v4");
    bench.write("key", text(&case, "secret_key"));
    std::fs::set_permissions(bench.file("key"), PermissionsExt::from_mode(0o600)).unwrap();
    let payload = text(&case, "payload");
    bench.write("payload.hex", payload);
    bench.write("payload.bin", base16ct::mixed::decode_vec(&payload[2..]).unwrap());
    let chain = text(&case, "chain_id");
    for file in
        ["payload.hex", "payload.bin", "--format hex payload.hex", "--format binary payload.bin"]
    {
        let hash =
            bench.run(&format!("--json payload hash --chain-id {chain} {file}")).expect(0).json();
        assert_eq!(hash["payload_hash"], case["payload_hash"]);
        assert_eq!(hash["signing_hash"], case["signing_hash"]);
    }
    let signed = bench.run_with(
        &format!("--json payload sign --chain-id {chain} --key key -"),
        &std::fs::read(bench.file("payload.bin")).unwrap(),
    );
    assert_eq!(signed.err, "");
    assert_eq!(signed.expect(0).json()["signature"], case["signature"]);

    let (signature, address) = (text(&case, "signature"), text(&case, "address"));
    let verify = |chain: &str, signature: &str, address: &str| {
        bench.run(&format!(
            "--json payload verify --chain-id {chain} --signature {signature} --address {address} \
             payload.bin"
        ))
    };
    assert_eq!(verify(chain, signature, address).expect(0).json()["valid"], true);
    let no = verify("11155420", signature, address).expect(1).json();
    assert_eq!((no["valid"].as_bool(), text(&no, "reason")), (Some(false), "wrong_signer"));
    let zero = "0x0000000000000000000000000000000000000000";
    verify(chain, signature, zero).expect(1);
    let v27 = format!("{}{:02x}", &signature[..130], 27 + signature[131..].parse::<u8>().unwrap());
    assert_eq!(
        text(&verify(chain, &v27, address).expect(1).json(), "reason"),
        "signature_y_parity"
    );
    let short = verify(chain, &signature[..130], address).expect(65).json();
    assert_eq!(text(&short["error"], "name"), "too_short");
    let bad = verify("ten", signature, address).expect(65).json();
    assert_eq!(text(&bad["error"], "name"), "chain_id_digit");
    let lower = address.to_lowercase().replace("0x", "0X");
    let bad = verify(chain, signature, &lower).expect(65).json();
    assert_eq!((&bad["error"]["number"], text(&bad["error"], "name")), (&13.into(), "hex_prefix"));
}

#[test]
fn strict_and_consensus_rules() {
    let bench = Bench::new();
    let case = vector("recovery.json", "high_s_twin_parity_1");
    // A payload whose hash is the vector's is not to be had, so any payload and its own signer do.
    let signed = vector("payload_signing.json", "block_v1");
    bench.write("payload", text(&signed, "payload"));
    assert_eq!(text(&case["strict"], "error"), "signature_s_high");
    let verify = |rules: &str| {
        bench.run(&format!(
            "--json payload verify --rules {rules} --chain-id 10 --signature {} --address {} payload",
            text(&case, "signature"),
            text(&signed, "address"),
        ))
    };
    assert_eq!(text(&verify("strict").expect(1).json(), "reason"), "signature_s_high");
    assert_eq!(text(&verify("consensus").expect(1).json(), "reason"), "wrong_signer");
    verify("lenient").expect(64);
}

#[test]
fn bad_payloads_are_not_signed() {
    let bench = Bench::new();
    bench.run("key generate --key k").expect(0);
    let sign = |input: &[u8], more: &str| {
        bench.run_with(&format!("payload sign --chain-id 10 --key k {more} -"), input)
    };
    for (input, more, says) in [
        (&b""[..], "", "payload is empty"),
        (b"0x", "", "payload is empty"),
        (b"0x123", "", "odd number"),
        (b"0x12z4", "", "no hex digit at position 4"),
        (b"hello", "", "no hex digit at position 0"),
        (b"\xff\x00", "--format hex", "no hex digit at position 0"),
    ] {
        let ran = sign(input, more).expect(65).says(says);
        assert_eq!(ran.out, "");
    }
    sign(b"hello", "--format binary").expect(0);
    sign(&vec![0; (10 << 20) + 1], "").expect(65).says("at most 10485760");
    sign(&vec![b'a'; (21 << 20) + 2048], "").expect(65).says("more than");
    bench.run("payload sign --chain-id 10 --key k missing").expect(65).says("missing");
    bench.run("payload sign --chain-id 10 --key missing k").expect(65).says("missing");
    sign(b"0x12", "--hsm-config x").expect(64);
}

#[test]
fn a_binary_payload_that_starts_like_hex_stays_binary() {
    let bench = Bench::new();
    // One parent hash in 65,536 starts with the bytes "0x".
    let mut payload = b"0x".to_vec();
    payload.extend([0; 600]);
    let auto = bench.run_with("payload hash", &payload).expect(0).out;
    assert_eq!(auto, bench.run_with("payload hash --format binary", &payload).expect(0).out);
}

#[test]
fn gossip_messages_are_decoded_as_op_node_made_them() {
    let bench = Bench::new();
    for topic in ["v1", "v2", "v3", "v4"] {
        let case = vector("gossip.json", &format!("{topic}_good_chain_901"));
        bench.write("message", text(&case, "message"));
        let chain = text(&case, "chain_id");
        let words = format!("--json gossip decode --topic {topic} --chain-id {chain} message");
        let decoded = bench.run(&words).expect(0).json();
        for key in [
            "payload_hash",
            "signing_hash",
            "parent_beacon_block_root",
            "parent_hash",
            "block_hash",
            "block_number",
            "timestamp",
            "signature",
            "signer",
        ] {
            assert_eq!(decoded[key], case["decoded"][key], "{key}");
        }
        assert_eq!(decoded["block_hash_is_right"], true);
        // The generator's blocks come six to an L1 block.
        let number = case["decoded"]["block_number"].as_u64().unwrap();
        assert_eq!(decoded["l1_number"].as_u64(), Some(number / 6));
        assert_eq!(decoded["l1_sequence_number"].as_u64(), Some(number % 6));
    }
    let unknown = bench.run_with("gossip decode --topic v5 -", b"").expect(65);
    unknown.says("v1, v2, v3 or v4");
    for (name, reason) in [
        ("v4_snappy_4_gib", "message_too_large"),
        ("v4_snappy_truncated", "snappy_corrupt"),
        ("v4_signature_only", "message_too_small"),
    ] {
        let case = vector("gossip.json", name);
        let message = text(&case, "message").as_bytes();
        let answer = bench.run_with("--json gossip decode --topic v4 -", message).expect(65).json();
        assert_eq!(text(&answer["error"], "name"), reason);
    }
}

#[test]
fn gossip_messages_are_judged_as_op_node_judges_them() {
    let bench = Bench::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/gossip.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(Some(cases.len() as u64), vectors["count"].as_u64());
    for case in cases {
        let words = format!(
            "--json gossip verify --topic {} --chain-id {} --address {} --now {} -",
            text(case, "topic"),
            text(case, "chain_id"),
            text(case, "address"),
            case["now"]
        );
        let expected = text(case, "op_node");
        let code = if expected == "accept" { 0 } else { 1 };
        // "0x" alone is how a test gives no bytes.
        let message = text(case, "message").as_bytes();
        let answer = bench.run_with(&words, message).expect(code).json();
        assert_eq!(text(&answer, "verdict"), expected, "{}: {answer}", case["name"]);
    }
}

#[test]
fn a_gossip_message_is_made_and_is_fresh_for_a_minute() {
    let bench = Bench::new();
    let case = vector("gossip.json", "v4_good_chain_10");
    let decoded = &case["decoded"];
    bench.write("message", text(&case, "message"));
    let verify = |more: &str, file: &str| {
        bench.run(&format!(
            "--json gossip verify --topic v4 --chain-id 10 --address {} {more} {file}",
            text(&case, "address")
        ))
    };
    let now = decoded["timestamp"].as_u64().unwrap();
    for (at, reason) in [
        (now + 60, "accepted"),
        (now + 61, "timestamp_too_old"),
        (now - 5, "accepted"),
        (now - 6, "timestamp_too_new"),
    ] {
        let answer = verify(&format!("--now {at}"), "message");
        assert_eq!(text(&answer.json(), "reason"), reason);
    }
    assert_eq!(text(&verify("", "message").expect(1).json(), "reason"), "timestamp_too_old");
    let answer = verify(&format!("--now {} --max-age 86400", now + 86_400), "message");
    answer.expect(0);

    // Made anew, the message may be compressed another way and holds the same bytes.
    let signed = vector("payload_signing.json", "block_v4");
    bench.write("payload", text(&signed, "payload"));
    let words = format!("gossip encode --signature {} payload", text(&signed, "signature"));
    bench.write("made", bench.run(&words).expect(0).out);
    let words =
        format!("--json gossip decode --topic v4 --chain-id {} made", text(&signed, "chain_id"));
    let made = bench.run(&words).expect(0).json();
    assert_eq!(made["signer"], signed["address"]);
    assert_eq!(made["payload_hash"], signed["payload_hash"]);
    bench.run("gossip encode --signature 0x00 payload").expect(65).says("signature");
}

#[test]
fn transactions_go_through_in_bulk() {
    let bench = Bench::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/transactions.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases: Vec<&Value> = vectors["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| {
            let parts = case["raw_parts"].as_array().unwrap();
            parts.len() == 1 && parts[0]["repeat"] == 1 && parts[0]["hex"] != "0x"
        })
        .collect();
    let raw = |case: &Value| case["raw_parts"][0]["hex"].as_str().unwrap().to_owned();
    let input: String = cases.iter().map(|case| raw(case) + "\n\n").collect();
    let ran = bench.run_with("--json tx decode", input.as_bytes()).expect(1);
    let answers = ran.json_lines();
    assert_eq!(answers.len(), cases.len(), "an answer for each line that is not empty");
    let mut accepted = 0;
    for (case, answer) in cases.iter().zip(&answers) {
        if case["accepts"] == false {
            assert!(!text(&answer["error"], "message").is_empty(), "{}", case["name"]);
        } else if answer.get("error").is_none() {
            accepted += 1;
            for key in ["hash", "type", "nonce", "gas", "value", "to", "v", "r", "s"] {
                if answer.get(key).is_some() {
                    assert_eq!(answer[key], case[key], "{key} of {}", case["name"]);
                }
            }
        }
    }
    assert!(accepted > 200, "{accepted} accepted");

    let case = cases.iter().find(|case| case["name"] == "1559_y_parity_1").unwrap_or(&cases[0]);
    bench.write_key("k", text(case, "secret_key"));
    bench.write("unsigned", case["unsigned"][0]["hex"].as_str().unwrap());
    let signed = bench.run("--json tx sign --key k unsigned").expect(0).json();
    assert_eq!(text(&signed, "raw"), raw(case));
    assert_eq!(signed["hash"], case["hash"]);
    bench.write("raw", raw(case));
    assert_eq!(bench.run("tx sender raw").expect(0).out.trim(), text(case, "sender"));
    assert_eq!(bench.run("tx hash raw").expect(0).out.trim(), text(case, "hash"));
    bench.write("bad", format!("zz\n{}\n0x\n", raw(case)));
    let ran = bench.run("tx hash bad").expect(1).says("no hex digit at position 0");
    assert_eq!(ran.out.trim(), text(case, "hash"), "the run goes on after a bad line");
    // A deposit is refused, whoever asks.
    let deposit = cases.iter().find(|case| case["type"] == 0x7e).unwrap();
    bench.write("deposit", raw(deposit));
    bench.run("tx sign --key k deposit").expect(1).says("a deposit is not signed");
}

#[test]
fn messages_for_people() {
    let bench = Bench::new();
    let case = vector("messages.json", "personal_hello_world");
    bench.write_key("k", text(&case, "secret_key"));
    let message = base16ct::mixed::decode_vec(&text(&case, "message")[2..]).unwrap();
    bench.write("message", &message);
    assert_eq!(bench.run("message hash message").expect(0).out.trim(), text(&case, "hash"));
    let signed = bench.run("--json message sign --key k message").expect(0).json();
    assert_eq!(signed["signature"], case["signature"]);
    for signature in ["signature", "signature_y_parity"] {
        let words = format!("message recover --signature {} message", text(&case, signature));
        assert_eq!(bench.run(&words).expect(0).out.trim(), text(&case, "address"));
    }
    let as_text = bench.run("message hash --text hello").expect(0).out;
    bench.write("hello", "hello");
    assert_eq!(as_text, bench.run("message hash hello").expect(0).out);
    bench.run("message recover --signature 0x12 message").expect(65).says("too short");
    bench.run("message recover message").expect(64).says("--signature");
    bench.run("message hash --text hello --lines").expect(64).says("--lines");
}

/// The cases of `messages.json` of one kind, each with its typed data as the file has it: numbers
/// that no double holds are lost on the way through a [`Value`].
fn messages(kind: &str) -> Vec<(Value, String)> {
    #[derive(serde::Deserialize)]
    struct File {
        count: usize,
        cases: Vec<Case>,
    }
    #[derive(serde::Deserialize)]
    struct Case {
        typed_data: Option<Box<serde_json::value::RawValue>>,
        #[serde(flatten)]
        rest: Value,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/messages.json");
    let file: File = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(file.cases.len(), file.count);
    let ours = file.cases.into_iter().filter(|case| case.rest["kind"] == kind);
    // A line each: JSON has no line end that means something.
    ours.map(|case| {
        let json = case.typed_data.map(|json| json.get().replace('\n', " "));
        (case.rest, json.unwrap_or_default())
    })
    .collect()
}

#[test]
fn typed_data_goes_through_in_bulk() {
    let bench = Bench::new();
    let cases = messages("typed_data");
    assert_eq!(cases.len(), 175);
    let accepted: Vec<_> = cases.iter().filter(|(case, _)| case["accepts"] == true).collect();
    assert_eq!(accepted.len(), 94);

    let input: String = cases.iter().map(|(_, json)| format!("{json}\n\n")).collect();
    let answers = bench
        .run_with("--json message hash --typed-data --lines", input.as_bytes())
        .expect(1)
        .json_lines();
    assert_eq!(answers.len(), cases.len(), "an answer for each line that is not empty");
    for ((case, _), answer) in cases.iter().zip(&answers) {
        if case["accepts"] == true {
            for key in ["hash", "domain_separator", "struct_hash"] {
                assert_eq!(answer[key], case[key], "{key} of {}", case["name"]);
            }
        } else {
            let error = &answer["error"];
            assert!((230..250).contains(&error["number"].as_i64().unwrap()), "{}", case["name"]);
            assert!(text(error, "name").starts_with("typed_data_"), "{error}");
            assert!(text(error, "message").len() > 10, "{error}");
        }
    }

    let (first, one) = accepted[0];
    bench.write("one", one);
    bench.write_key("k", text(first, "secret_key"));
    let answer = bench.run("--json message sign --typed-data --key k one").expect(0).json();
    assert_eq!(answer["signature"], first["signature"]);
    assert_eq!(answer["struct_hash"], first["struct_hash"]);
    let words =
        format!("message recover --typed-data --signature {} one", text(first, "signature"));
    assert_eq!(bench.run(&words).expect(0).out.trim(), text(first, "address"));
    let out = bench.run("message hash --typed-data one").expect(0).out;
    assert!(out.contains(text(first, "hash")) && out.contains("domain separator  0x"), "{out}");
    let bad = bench.run_with("--json message hash --typed-data", b"{").expect(65).json();
    assert_eq!(bad["error"]["name"], "typed_data_json");

    let signed: String = accepted
        .iter()
        .map(|(case, json)| format!("{} {json}\n", text(case, "signature")))
        .collect();
    let answers = bench
        .run_with("--json message recover --typed-data --lines", signed.as_bytes())
        .expect(0)
        .json_lines();
    assert_eq!(answers.len(), 94);
    for ((case, _), answer) in accepted.iter().zip(&answers) {
        assert_eq!(answer["address"], case["address"], "{}", case["name"]);
    }
}

#[test]
fn personal_messages_go_through_in_bulk() {
    let bench = Bench::new();
    let cases: Vec<Value> = messages("personal")
        .into_iter()
        .map(|(case, _)| case)
        .filter(|case| case["message"] != "0x")
        .collect();
    assert_eq!(cases.len(), 23, "all but the one without bytes, which is no line");
    let hex = |case: &Value| {
        let repeat = case["message_repeat"].as_u64().unwrap() as usize;
        format!("0x{}", text(case, "message")[2..].repeat(repeat))
    };
    let key = text(&cases[0], "secret_key");
    bench.write_key("k", key);
    let input: String = cases.iter().map(|case| hex(case) + "\n").collect();
    let answers = bench.run_with("--json message sign --key k --lines", input.as_bytes());
    let answers = answers.expect(0).json_lines();
    assert_eq!(answers.len(), cases.len());
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(answer["hash"], case["hash"]);
        let ours = case["secret_key"] == key;
        assert_eq!(answer["signature"] == case["signature"], ours, "{}", case["name"]);
    }

    let mut signed: Vec<String> =
        cases.iter().map(|case| format!("{}\t {}", text(case, "signature"), hex(case))).collect();
    signed.insert(1, "0x12 0x34".to_owned());
    signed.insert(2, text(&cases[0], "signature").to_owned());
    signed.insert(3, "\u{fffd} 0x34".to_owned());
    let ran = bench.run_with("--json message recover --lines", signed.join("\n").as_bytes());
    let mut answers = ran.expect(1).json_lines();
    assert_eq!(answers[1]["error"]["name"], "too_short");
    assert!(text(&answers[2]["error"], "message").contains("a space"), "{}", answers[2]);
    assert_eq!(answers[3]["error"]["name"], "hex_digit");
    answers.drain(1..4);
    assert_eq!(answers.len(), cases.len());
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(answer["address"], case["address"], "{}", case["name"]);
    }
}

#[test]
fn gossip_messages_go_through_in_bulk() {
    let bench = Bench::new();
    let good = vector("gossip.json", "v4_good_chain_10");
    let chain = text(&good, "chain_id");
    let corrupt = vector("gossip.json", "v4_snappy_truncated");
    let lines = [text(&good, "message"), "0xzz", text(&corrupt, "message"), text(&good, "message")];
    bench.write("lines", lines.join("\n"));

    let words = format!("--json gossip decode --topic v4 --chain-id {chain} --lines lines");
    let answers = bench.run(&words).expect(1).json_lines();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0]["signer"], good["decoded"]["signer"]);
    assert!(text(&answers[1]["error"], "message").contains("position 2"), "{}", answers[1]);
    assert_eq!(answers[2]["error"]["name"], "snappy_corrupt");
    assert_eq!(answers[3], answers[0]);

    let words = format!(
        "--json gossip verify --topic v4 --chain-id {chain} --address {} --now {} --lines lines",
        text(&good, "address"),
        good["now"]
    );
    let answers = bench.run(&words).expect(1).json_lines();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0]["reason"], "accepted");
    assert!(text(&answers[1]["error"], "message").contains("position 2"), "{}", answers[1]);
    assert_eq!(answers[2]["reason"], "snappy_corrupt");
    assert_eq!(answers[3]["reason"], "already_seen", "the run remembers its blocks");

    let signed = vector("payload_signing.json", "block_v4");
    let line = format!("{} {}\n", text(&signed, "signature"), text(&signed, "payload"));
    let input = format!("{line}0x00 0x00\n{line}");
    let answers = bench.run_with("--json gossip encode --lines", input.as_bytes());
    let answers = answers.expect(1).json_lines();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0], answers[2]);
    assert_eq!(answers[1]["error"]["name"], "too_short");
    bench.write("made", text(&answers[0], "message"));
    let words =
        format!("--json gossip decode --topic v4 --chain-id {} made", text(&signed, "chain_id"));
    assert_eq!(bench.run(&words).expect(0).json()["signer"], signed["address"]);
    bench.run("gossip encode lines").expect(64).says("--signature");
}

#[test]
fn a_line_that_is_too_long_does_not_end_the_run() {
    let bench = Bench::new();
    let mut input = vec![b'0'; 21 << 20];
    input.extend(b"1\n0x68656c6c6f\n");
    let ran = bench.run_with("message hash --lines", &input).expect(1).says("too long");
    assert_eq!(ran.out, bench.run("message hash --text hello").expect(0).out);
}

#[test]
fn a_key_in_a_token() {
    let bench = Bench::with_token();
    let made = bench.run("--json key generate --hsm-config hsm.yaml").expect(0).json();
    assert_eq!(text(&made, "label"), "sequencer");
    assert_eq!(made["extractable"], false);
    assert_eq!(made["sensitive"], true);
    assert_eq!(made["made_in_token"], true);
    let address = text(&made, "address");
    let own = bench.run("key address --hsm-config hsm.yaml").expect(0).out;
    assert_eq!(own.trim(), address);

    let case = vector("secret_keys.json", "random_b");
    let imported = bench
        .run_with(
            "--json key import --hsm-config hsm.yaml --label second --id 0a0b -",
            text(&case, "secret_key").as_bytes(),
        )
        .expect(0)
        .json();
    assert_eq!((&imported["address"], &imported["id"]), (&case["address"], &"0a0b".into()));
    assert_eq!(imported["made_in_token"], false);
    let list = bench.run("--json key list --hsm-config hsm.yaml").expect(0).json();
    assert_eq!(list["keys"].as_array().unwrap().len(), 2);
    bench.run("key generate --hsm-config hsm.yaml").expect(65).says("choose another label");

    let payload = vector("payload_signing.json", "block_v3");
    bench.write("payload", text(&payload, "payload"));
    let signed = bench
        .run("--json payload sign --chain-id 10 --hsm-config hsm.yaml payload")
        .expect(0)
        .json();
    assert_eq!(text(&signed, "address"), address);
    bench
        .run(&format!(
            "payload verify --chain-id 10 --signature {} --address {address} payload",
            text(&signed, "signature")
        ))
        .expect(0);
}

#[test]
fn bad_token_configurations_are_78_and_say_where() {
    let bench = Bench::with_token();
    bench.run("key generate --hsm-config hsm.yaml").expect(0);
    let good = std::fs::read_to_string(bench.file("hsm.yaml")).unwrap();
    let try_config = |text: &str, says: &str| {
        bench.write("hsm.yaml", text);
        let ran = bench.run_with("payload sign --chain-id 10 --hsm-config hsm.yaml -", b"0x00");
        assert_eq!(ran.expect(78).says(says).out, "");
    };
    try_config("", "hsm.yaml");
    try_config("module: [", "hsm.yaml");
    try_config(&format!("{good}colour: red\n"), "colour");
    try_config(&format!("{good}colour: red\n"), "line 9");
    try_config(&good.replace("file: pin", "value: 1234"), "never the PIN itself");
    try_config(&good.replace("  file: pin", "  file: pin\n  env: X"), "either file or env");
    try_config(&good.replace("file: pin", "file: nopin"), "nopin");
    try_config(&good.replace("file: pin", "env: OPSIGN_NOT_SET"), "OPSIGN_NOT_SET");
    try_config(&good.replace("label: tok", "label: other"), "no token with label \"other\"");
    try_config(
        &good.replace("  label: tok", "  label: tok\n  serial: 1"),
        "either label or serial",
    );
    try_config(&good.replace("label: sequencer", "label: nobody"), "label \"nobody\"");
    try_config(&good.replace("label: sequencer", "id: xyz"), "xyz");
    try_config(&good.replace("key:\n  label: sequencer\n", ""), "label or id");
    try_config(&good.replace("module: ", "module: /nowhere"), "/nowhere");
    try_config(&format!("{good}address: \"0x12\"\n"), "address");
    let zero = "0x0000000000000000000000000000000000000001";
    try_config(&format!("{good}address: \"{zero}\"\n"), zero);
    try_config(&format!("{good}sessions: 0\n"), "sessions");
    try_config(&good.replace("5000", "0"), "deadline_ms");
    bench.write("pin", "9999");
    try_config(&good, "refused the PIN");
    bench
        .run("payload sign --chain-id 10 --hsm-config missing.yaml -")
        .expect(78)
        .says("missing.yaml");
    bench.write("pin", PIN);
    bench.write("hsm.yaml", good.replace("file: pin", "env: OPSIGN_TEST_PIN"));
    bench
        .run_with("payload sign --chain-id 10 --hsm-config hsm.yaml -", b"0x00")
        .expect(0)
        .says("wrong PIN");
}

#[test]
fn an_inline_pin_is_refused_without_being_shown() {
    let bench = Bench::with_token();
    let good = std::fs::read_to_string(bench.file("hsm.yaml")).unwrap();
    for pin in ["pin: 84218421\n", "pin:\n  pin: 84218421\n", "pin:\n  84218421: x\n"] {
        bench.write("hsm.yaml", good.replace("pin:\n  file: pin\n", pin));
        let ran = bench.run("key list --hsm-config hsm.yaml").expect(78);
        assert!(!ran.err.contains("84218421"), "{}", ran.err);
    }
}

#[test]
fn a_misbehaving_token_releases_nothing() {
    for (behaviour, code, name) in [
        ("corrupt", 69, "hsm_wrong_signature"),
        ("wrong_key", 69, "hsm_wrong_signature"),
        ("fail_sign=0x32", 69, "hsm_token_gone"),
        ("slow=6000", 69, "hsm_timeout"),
        ("pin_final_try", 78, "hsm_pin_final_try"),
        ("two_keys", 78, "hsm_key_ambiguous"),
    ] {
        let bench = Bench::with_fake(behaviour);
        let ran =
            bench.run_with("--json payload sign --chain-id 10 --hsm-config hsm.yaml -", b"0x00");
        let answer = ran.expect(code).json();
        assert_eq!(text(&answer["error"], "name"), name, "{answer}");
        assert!(answer.get("signature").is_none());
    }
    let bench = Bench::with_fake("");
    bench.run_with("payload sign --chain-id 10 --hsm-config hsm.yaml -", b"0x00").expect(0);
}

#[test]
fn a_module_that_kills_the_process_releases_nothing() {
    let bench = Bench::with_fake("abort");
    let ran = bench.run_with("payload sign --chain-id 10 --hsm-config hsm.yaml -", b"0x00");
    assert_eq!((ran.code, ran.signal), (None, Some(6)), "{}", ran.err);
    assert_eq!(ran.out, "");
}

#[test]
fn the_sample_configuration_is_read() {
    let bench = Bench::with_token();
    let sample = include_str!("../hsm.sample.yaml");
    bench.write("hsm.yaml", sample.replace("/usr/lib/softhsm/libsofthsm2.so", "/nowhere.so"));
    bench.run("key list --hsm-config hsm.yaml").expect(78).says("/nowhere.so");
    let commented: Vec<&str> = sample
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("# "))
        .filter(|line| {
            line.split(':')
                .next()
                .is_some_and(|key| ["serial", "env", "id", "address"].contains(&key))
        })
        .collect();
    assert_eq!(commented.len(), 4, "every other setting is shown, commented out: {commented:?}");
}
