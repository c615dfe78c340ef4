//! What a config may say: each mistake is refused before a port is open, with file, line and what
//! to write.

use crate::bench::{Bench, ONE, PLAIN};

/// A config whose one entry has these lines besides a name and a key.
fn entry(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    format!("provider: LOCAL\nauth:\n- name: client.local\n  key: key.hex\n{lines}")
}

/// The same with another key.
fn keyed(key: &str) -> String {
    format!("provider: LOCAL\nauth:\n- name: client.local\n  key: {key}\n")
}

#[test]
fn mistakes_are_refused_with_their_line() {
    let bench = Bench::new();
    bench.write("two.hex", format!("{:064x}", 2));
    bench.write("garbage.pem", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n");
    let cases: Vec<(String, Option<u32>, &str)> = vec![
        (format!("{PLAIN}colour: red\n"), Some(6), "colour"),
        (entry("toAddress: []"), Some(5), "toAddress"),
        (PLAIN.replace("client.local", "\"\""), Some(3), "name is empty"),
        (PLAIN.replace("- name: client.local\n  key", "- key"), Some(3), "name is empty"),
        (PLAIN.replace("client.local", "a b"), Some(3), "white space"),
        (entry("fromAddress: \"0x12\""), Some(3), "fromAddress 0x12"),
        (entry("toAddresses: [\"0x12\"]"), Some(3), "toAddresses 0x12"),
        (entry("fromAddress: 0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"), Some(3), ONE),
        (keyed("nowhere.pem"), Some(3), "nowhere.pem: cannot be read"),
        (keyed("garbage.pem"), Some(3), "garbage.pem"),
        (keyed("\"\""), Some(3), "key is empty"),
        ("provider: LOCAL\nauth:\n- name: a\n".into(), Some(3), "key is missing"),
        (PLAIN.replace("LOCAL", "GCP"), Some(1), "later release"),
        (PLAIN.replace("LOCAL", "AWS"), Some(1), "later release"),
        (PLAIN.replace("LOCAL", "local"), Some(1), "write LOCAL"),
        (PLAIN.replace("provider: LOCAL\n", ""), None, "provider is not set"),
        ("provider: LOCAL\n".into(), None, "auth is empty"),
        ("provider: LOCAL\nauth: []\n".into(), None, "auth is empty"),
        (keyed("pkcs11:token=a"), Some(3), "name the key"),
        (keyed("pkcs11:token=a;object=b"), Some(3), "module-path"),
        (keyed("pkcs11:token=a;object=b?module-path=/nowhere.so"), Some(3), "pin-source"),
        (
            keyed("pkcs11:token=a;object=b?module-path=/nowhere.so&pin-source=file:pin"),
            Some(3),
            "/nowhere.so",
        ),
        (keyed("pkcs11:token=a;object=b?pin-value=84218421"), Some(3), "does not belong"),
        (keyed("pkcs11:token=a;pin-value=84218421;object=b"), Some(3), "pin-value"),
        (keyed("pkcs11:token=a;object=b;84218421"), Some(3), "no value"),
        (entry("maxValue: lots"), Some(3), "maxValue lots: write a number"),
        (entry("maxValue: \"-1\""), Some(3), "maxValue -1"),
        (entry("maxValue: \"1e18\""), Some(3), "maxValue 1e18"),
        (entry("maxFeePerGas: x"), Some(3), "maxFeePerGas x"),
        (entry("chainID: ten"), Some(3), "chainID"),
        (entry("maxGas: -1"), Some(5), "invalid u64"),
        (entry("methods: [sign]"), Some(3), "none of transaction, block_payload"),
        (entry("transactionTypes: [1]"), Some(3), "none of 2, 3, 4"),
        (entry("selectors: [\"0x1234\"]"), Some(3), "8 hex digits"),
        (entry("domains: [\"0x00\"]"), Some(3), "64 hex digits"),
        (entry("delegates: [\"0x00\"]"), Some(3), "delegates 0x00"),
        (entry("rate:\n  blockTimeMs: 0"), Some(3), "block time"),
        (entry("rate:\n  burst: 1"), Some(6), "blockTimeMs"),
        (entry("validFrom: tomorrow"), Some(3), "write a time such as"),
        (entry("keys:\n- key: key.hex"), Some(3), "either key or keys"),
        (entry("chainID: 10\nchainID: 10"), Some(6), "chainID"),
        (format!("{PLAIN}provider: LOCAL\n"), Some(6), "provider"),
        (format!("{PLAIN}limits:\n  deadlineMs: 0\n"), None, "limits.deadlineMs"),
        (format!("{PLAIN}limits:\n  batch: 0\n"), None, "limits.batch"),
        (format!("{PLAIN}tls:\n  minVersion: \"1.1\"\n"), Some(7), "write \"1.2\" or \"1.3\""),
        (format!("{PLAIN}trialIntervalS: 0\n"), None, "trialIntervalS"),
        (format!("{PLAIN}audit:\n  file: nowhere/audit.log\n"), None, "nowhere/audit.log"),
        (format!("{PLAIN}clientNames: some\n"), Some(6), "some"),
        ("provider: [\n".into(), Some(1), "expected string"),
        (
            "provider: LOCAL\nauth:\n- name: a\n  keys:\n  - key: key.hex\n  - key: two.hex\n"
                .into(),
            Some(3),
            "different addresses",
        ),
        (
            "provider: LOCAL\nauth:\n- name: a\n  keys:\n  - {key: key.hex, hdPath: x}\n".into(),
            Some(3),
            "hdPath",
        ),
        (
            "provider: LOCAL\nauth:\n- name: a\n  keys:\n  - {key: key.hex, pinFile: pin}\n".into(),
            Some(3),
            "for pkcs11: keys",
        ),
    ];
    for (config, line, word) in &cases {
        for command in ["signer", "check-config"] {
            let ran = bench.run(&[command], config);
            assert_eq!(ran.code, Some(78), "{command}\n{config}\n{}{}", ran.out, ran.err);
            let place = line.map_or("config.yaml: ".into(), |line| format!("config.yaml:{line}: "));
            assert!(ran.err.contains(&place), "{place} in: {}\n{config}", ran.err);
            assert!(ran.err.contains(word), "{word} in: {}\n{config}", ran.err);
            assert!(!ran.err.contains("84218421"), "a PIN is never shown: {}", ran.err);
            assert!(!ran.out.contains("listening"), "{}", ran.out);
        }
    }
    assert_eq!(cases.len(), 52);
}

#[test]
fn certificates_that_cannot_be_used_are_refused() {
    let bench = Bench::new();
    let other = bench.authority.issue(&["localhost"]);
    let no_name = bench.authority.issue(&[]);
    let past = time::OffsetDateTime::now_utc() - std::time::Duration::from_secs(5);
    let ended = bench.authority.issue_with(&["localhost"], |params| params.not_after = past);
    let good = |name: &str| std::fs::read_to_string(bench.file(name)).unwrap();
    let cases = [
        ("ca.crt", "", "ca.crt holds no CERTIFICATE block"),
        ("ca.crt", "garbage", "ca.crt holds no CERTIFICATE block"),
        ("ca.crt", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "ca.crt"),
        ("ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "ca.crt"),
        ("tls.crt", "", "tls.crt holds no CERTIFICATE block"),
        ("tls.crt", &no_name.certificate, "tls.crt has no subjectAltName"),
        ("tls.crt", &ended.certificate, "tls.crt is not valid now"),
        ("tls.key", "", "tls.key no private key in PEM"),
        ("tls.key", &other.key, "tls.key does not fit tls.crt"),
    ];
    for (name, contents, says) in cases {
        let before = good(name);
        bench.write(name, contents);
        for command in ["signer", "check-config"] {
            let ran = bench.run(&[command], PLAIN);
            assert_eq!(ran.code, Some(78), "{name}: {}{}", ran.out, ran.err);
            assert!(ran.err.contains(says), "{says} in: {}", ran.err);
        }
        bench.write(name, before);
    }
    std::fs::rename(bench.file("ca.crt"), bench.file("gone")).unwrap();
    let ran = bench.run(&["signer"], PLAIN);
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("TLS: ca.crt cannot be read: No such file"), "{}", ran.err);
    std::fs::rename(bench.file("gone"), bench.file("ca.crt")).unwrap();
    let ran = bench.run(&["signer", "--tls.enabled=false"], PLAIN);
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("tls.enabled is false"), "{}", ran.err);
    let ran = bench.run(&["check-config"], &format!("{PLAIN}tls:\n  crls: [none.pem]\n"));
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("none.pem cannot be read"), "{}", ran.err);
}

#[test]
fn a_good_config_is_told_in_words() {
    let bench = Bench::new();
    let config =
        format!("{PLAIN}- name: batcher.local\n  key: key.hex\n  methods: [transaction]\n");
    let ran = bench.run(&["check-config"], &config);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for says in [
        &format!("client.local: transaction, block_payload with {ONE} (key.hex), chain 10"),
        &format!("batcher.local: transaction with {ONE} (key.hex), any chain (no blocks)"),
        "(server) ends in",
        "(ca) ends in",
    ] {
        assert!(ran.out.contains(says), "{says} in: {}", ran.out);
    }
    let json = bench.run(&["--json", "check-config"], &config).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["ok"], true);
    assert_eq!(json["found"].as_array().unwrap().len(), 4);
}

#[test]
fn op_signers_own_config_works_unchanged() {
    let bench = Bench::new();
    let config = include_str!("../../../../vectors/opsigner/config.yaml");
    std::fs::create_dir(bench.file("keys")).unwrap();
    bench.write("keys/one.pem", format!("{:064x}", 1));
    bench.write("keys/two.pem", format!("{:064x}", 2));
    let ran = bench.run(&["check-config"], config);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let signer = bench.start(config);
    let client = bench.client(&["localhost"]);
    crate::wire::Connection::open(signer.address, &client).unwrap().assert_signs(ONE);
    // Its repository's sample names no provider, which means GCP there.
    let sample = "auth:\n  - name: localhost\n    key: projects/p/locations/l/keyRings/r\n";
    let ran = bench.run(&["check-config"], sample);
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("which op-signer takes for GCP"), "{}", ran.err);
}

#[test]
fn a_port_that_is_taken_is_69() {
    let bench = Bench::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let words = ["signer", "--rpc.addr", "127.0.0.1", "--rpc.port", &port];
    let ran = bench.run(&words, PLAIN);
    assert_eq!(ran.code, Some(69));
    assert!(ran.err.contains(&format!("port 127.0.0.1:{port}")), "{}", ran.err);
}
