//! The commands beside the server.

use serde_json::Value;

use crate::world::*;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn keys_are_made_listed_and_exported() {
    let world = World::new();
    let alice = world.import("babe", "sr25519", "//Alice", "one.example");
    let folder = ["--folder", "keys"];
    let password = ["--password-file", "passphrase"];
    let new = ["--key-type", "gran", "--crypto-type", "ed25519"];
    let words = [&["--json", "keystore", "key", "generate"][..], &folder, &password, &new].concat();
    let made = json(&world.done(&words));
    let listed = json(&world.done(&["--json", "keystore", "key", "list", "--folder", "keys"]));
    let words = [&["--json", "keystore", "key", "export-public"][..], &folder, &password].concat();
    assert_eq!(json(&world.done(&words)), listed);
    let keys = listed["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(hex(keys[0]["publicKey"].as_str().unwrap()), alice);
    assert_eq!(keys[0]["owner"], "one.example");
    assert_eq!(keys[1]["publicKey"], made["publicKey"]);
    assert_eq!(keys[1]["owner"], Value::Null);
    // Nothing of the secret stands in the file.
    let file = read(&world.path(made["file"].as_str().unwrap()));
    assert!(file.contains("ciphertext") && !file.contains("a test's"));

    let again = world.run(&[
        "keystore",
        "key",
        "import",
        "--folder",
        "keys",
        "--password-file",
        "passphrase",
        "--key-type",
        "babe",
        "--crypto-type",
        "sr25519",
        "seed",
    ]);
    assert_eq!(again.status.code(), Some(78), "a key that is there is not replaced");
    world.write("wrong", "another");
    let words =
        ["keystore", "key", "export-public", "--folder", "keys", "--password-file", "wrong"];
    assert_eq!(world.run(&words).status.code(), Some(78));
}

#[test]
fn an_altered_key_file_stops_everything() {
    let world = World::new();
    let alice = world.import("babe", "sr25519", "//Alice", "one.example");
    let name = format!("babe-sr25519-{}.json", base16ct::lower::encode_string(&alice));
    let path = world.path("keys").join(&name);
    let text = read(&path);
    let check = || world.run(&["keystore", "check-config", "--config", "keystore.yaml"]);
    assert!(check().status.success());
    for (from, to) in [("one.example", "two.example"), ("\"babe\"", "\"audi\"")] {
        std::fs::write(&path, text.replace(from, to)).unwrap();
        assert_eq!(check().status.code(), Some(78), "{to}");
    }
    std::fs::write(&path, &text).unwrap();
    std::fs::rename(&path, path.with_file_name(name.replace("babe", "audi"))).unwrap();
    assert_eq!(check().status.code(), Some(78));
}

#[test]
fn a_check_says_what_there_is_and_changes_nothing() {
    let world = World::new();
    world.import("babe", "sr25519", "//Alice", "one.example");
    let before = std::fs::read(world.path("guard/log")).unwrap();
    let words = ["--json", "keystore", "check-config", "--config", "keystore.yaml"];
    let report = world.done(&words);
    for part in ["key babe sr25519 0xd43593c7", "client one.example", "record 0x", "1 keys"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert_eq!(std::fs::read(world.path("guard/log")).unwrap(), before);
    let bad = [
        ("clients:", "client:", "client"),
        ("  record: guard\n", "", "record"),
        ("sign,", "sing,", "sing"),
        ("babe,", "bab,", "bab"),
        ("folder: keys", "folder: nowhere", "nowhere"),
    ];
    let config = read(&world.path("keystore.yaml"));
    for (from, to, named) in bad {
        assert!(config.contains(from));
        world.write("bad.yaml", &config.replacen(from, to, 1));
        let output = world.run(&["keystore", "check-config", "--config", "bad.yaml"]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{to}");
        assert!(error.contains(named), "{to}: {error}");
        let serves = world.run(&["keystore", "--config", "bad.yaml"]);
        assert_eq!(serves.status.code(), Some(78), "{to}");
    }
}

/// Lines that are added to a good config, and the word by which the error names them.
#[test]
fn what_makes_no_sense_is_refused_before_the_start() {
    let world = World::new();
    world.import("babe", "sr25519", "//Alice", "one.example");
    let good = read(&world.path("keystore.yaml"));
    let refused = |text: &str, named: &str| {
        world.write("bad.yaml", text);
        let output = world.run(&["keystore", "check-config", "--config", "bad.yaml"]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{text}");
        assert!(error.contains(named), "{named}: {error}");
    };
    let more = [
        ("transcripts: [{label: BABE, items: [a]}]", "BABE is there already"),
        ("transcripts: [{label: '', items: [a]}]", "a label is empty"),
        ("transcripts: [{label: mine, items: ['']}]", "a label is empty"),
        ("limits: {deadlineMs: 0}", "0 would let nothing through"),
        ("limits: {streams: 0}", "0 would let nothing through"),
        ("publish: {brokers: [], topic: grants}", "at least one broker"),
        ("publish: {brokers: ['kafka-1:9093'], topic: ''}", "at least one broker"),
        ("publish: {brokers: ['kafka-1'], topic: grants}", "kafka-1 is no HOST:PORT"),
        ("publish: {brokers: [':9093'], topic: grants}", ":9093 is no HOST:PORT"),
        (
            "publish: {brokers: ['kafka-1:9093'], topic: grants, tls: {ca: tls/ca.crt, cert: a}}",
            "cert and key go together",
        ),
        ("publish: {brokers: ['kafka-1:9093'], topic: grants, tls: {ca: nowhere}}", "nowhere"),
    ];
    for (more, named) in more {
        refused(&(good.clone() + more), named);
    }
    let publish = "publish: {brokers: ['kafka-1:9093'], topic: grants}\n";
    let (one, record) = ("- name: one.example\n", "  record: guard\n");
    let key = |scheme: &str, key: &str| {
        format!("{one}  publicKeys: [{{cryptoType: {scheme}, publicKey: '{key}'}}]\n")
    };
    let changed = [
        ("audit: audit.jsonl\n", publish.to_owned(), "write audit"),
        (
            "- name: two.example",
            "- name: one.example".into(),
            "one.example: the name is there twice",
        ),
        ("- name: two.example", "- name: ''".into(), "a name is empty"),
        (one, key("sr25519", "0x00"), "0x00 is no sr25519 public key"),
        (one, key("rsa", "0x00"), "one.example"),
        (record, format!("{record}  observe: true\n"), "and not both"),
        (record, format!("{record}  notBefore: soon\n"), "write a time such as"),
        (record, format!("{record}  notBefore: 1969-01-01T00:00:00Z\n"), "before 1970"),
    ];
    for (from, to, named) in changed {
        assert!(good.contains(from));
        refused(&good.replacen(from, &to, 1), named);
    }
    let (clients, _) = good.split_once("clients:\n").unwrap();
    refused(&format!("{clients}clients: []\n"), "nobody could ask for anything");
    let tls = "tls: {ca: tls/ca.crt, cert: tls/tls.crt, key: tls/tls.key}}";
    let topic = format!("publish: {{brokers: ['kafka-1:9093'], topic: grants, {tls}\n");
    world.configure(&topic);
    let report = world.done(&["keystore", "check-config", "--config", "keystore.yaml"]);
    assert!(report.contains("publishes to topic grants at kafka-1:9093"), "{report}");
}

#[test]
fn one_key_of_two_types_has_to_be_allowed() {
    let world = World::new();
    for key_type in ["babe", "audi"] {
        world.import(key_type, "sr25519", "//Alice", "one.example");
    }
    let check = ["keystore", "check-config", "--config", "keystore.yaml"];
    let output = world.run(&check);
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("keys.allowShared"));
    let config = read(&world.path("keystore.yaml"));
    let allowed = config.replacen("keys:\n", "keys:\n  allowShared: true\n", 1);
    world.write("keystore.yaml", &(allowed + "rawKeyTypes: [babe, audi]\n"));
    let report = world.done(&check);
    assert!(report.contains("warning: keys.allowShared"), "{report}");
    assert!(report.contains("warning: rawKeyTypes: babe signs what is not understood"), "{report}");
    assert!(!report.contains("rawKeyTypes: audi"), "it is protected in neither case: {report}");
}

/// The sample is read whole; what stops it is that its files are not there.
#[test]
fn the_sample_is_a_config() {
    let world = World::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../keystore/keystore.sample.yaml");
    let output = world.run(&["keystore", "check-config", "--config", sample]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78));
    assert!(error.contains("keys.passphrase"), "{error}");
}

#[test]
fn a_lost_record_does_not_become_a_new_one() {
    let world = World::new();
    world.import("babe", "sr25519", "//Alice", "one.example");
    std::fs::remove_dir_all(world.path("guard")).unwrap();
    let output = world.run(&["keystore", "--config", "keystore.yaml"]);
    assert_eq!(output.status.code(), Some(78));
}

#[tokio::test]
async fn floors_keep_a_moved_key_from_signing_again() {
    let world = World::new();
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    let babe = world.import("babe", "sr25519", "//Alice", "one.example");
    let para = world.import("para", "sr25519", "//Bob", "one.example");
    let set = |key_type: &str, scheme: &str, key: &[u8], floor: &[&str]| {
        let key = base16ct::lower::encode_string(key);
        let words = [
            "keystore",
            "set-floor",
            "--record",
            "guard",
            "--key-type",
            key_type,
            "--crypto-type",
            scheme,
            "--public-key",
            &key,
        ];
        world.run(&[&words[..], floor].concat())
    };
    assert!(set("gran", "ed25519", &gran, &["--set-id", "3", "--round", "9"]).status.success());
    assert!(set("babe", "sr25519", &babe, &["--slot", "100"]).status.success());
    assert!(set("para", "sr25519", &para, &["--session", "7"]).status.success());
    let usage = [
        set("gran", "ed25519", &gran, &["--slot", "3"]),
        set("babe", "sr25519", &babe, &["--session", "3"]),
        set("gran", "sr25519", &gran[1..], &["--set-id", "3"]),
    ];
    for output in usage {
        assert_eq!(output.status.code(), Some(64));
    }
    assert!(!set("babe", "sr25519", &babe, &["--slot", "99"]).status.success(), "never lower");
    let running = world.start();
    let mut client = world.client(&running, "one.example").await;
    let seal = |slot| {
        let (hash, payload) = block(slot, 1);
        sign_with("babe", "sr25519", &babe, &hash, Some(payload))
    };
    let cast =
        |round, set_id| sign_with("gran", "ed25519", &gran, &vote(0, 1, round, set_id), None);
    let say =
        |session| sign_with("para", "sr25519", &para, &statement(b"DISP", 1, 1, session), None);
    for (request, granted) in [
        (seal(99), false),
        (seal(100), true),
        (cast(8, 3), false),
        (cast(100, 2), false),
        (cast(9, 3), true),
        (say(6), false),
        (say(7), true),
    ] {
        let reply = sign(&mut client, request).await;
        assert_eq!(reply.error == 0, granted, "{}", reply.reason);
    }
}
