//! What is written can be read again: by opsign, by OpenSSL, by ethers.
#![allow(clippy::unwrap_used, reason = "a test program")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use opsign_keys::{
    DerivationPath, Format, Language, Mnemonic, Options, Passphrase, ScryptCost, Secret, WordCount,
    read, recognise, system_random,
};
use serde_json::{Value, json};

/// Keys with and without leading zeros, and random ones.
fn secrets() -> Vec<Secret> {
    let mut small = [0; 32];
    small[31] = 1;
    let mut secrets = vec![Secret::from_bytes(&small).unwrap()];
    small[0] = 0xff;
    secrets.push(Secret::from_bytes(&small).unwrap());
    secrets.extend((0..4).map(|_| Secret::generate(system_random).unwrap()));
    secrets
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

fn run(program: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program:?}: {complaint}");
    output.stdout
}

#[test]
fn what_is_written_is_read() {
    let plain = Options::default();
    let passphrase = Passphrase::new("gr\u{f6}\u{df}er");
    let options = Options { passphrase: Some(&passphrase), path: None };
    let cost = ScryptCost::new(256, 8, 1).unwrap();
    for secret in secrets() {
        for (text, format) in [
            (secret.to_hex(), Format::Hex),
            (secret.to_sec1_pem(), Format::Sec1Pem),
            (secret.to_pkcs8_pem(), Format::Pkcs8Pem),
        ] {
            let text = text.as_str().as_bytes();
            assert_eq!(recognise(text).unwrap(), format);
            assert_eq!(read(text, &plain).unwrap().as_bytes(), secret.as_bytes());
        }
        let keystore = secret.to_keystore(&passphrase, cost, system_random).unwrap();
        assert_eq!(recognise(keystore.as_bytes()).unwrap(), Format::Keystore);
        let read_back = read(keystore.as_bytes(), &options).unwrap();
        assert_eq!(read_back.as_bytes(), secret.as_bytes());
    }
}

#[test]
fn keystores_differ_each_time() {
    let secret = Secret::from_bytes(&[1; 32]).unwrap();
    let passphrase = Passphrase::new("secret");
    let cost = ScryptCost::new(2, 1, 1).unwrap();
    let keystore = || -> Value {
        let text = secret.to_keystore(&passphrase, cost, system_random).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let (one, two) = (keystore(), keystore());
    for pointer in
        ["/id", "/crypto/kdfparams/salt", "/crypto/cipherparams/iv", "/crypto/ciphertext"]
    {
        assert_ne!(one.pointer(pointer).unwrap(), two.pointer(pointer).unwrap(), "{pointer}");
    }
    let id = one["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "4"));
}

#[test]
fn standard_cost() {
    let secret = Secret::from_bytes(&[2; 32]).unwrap();
    let passphrase = Passphrase::new("secret");
    let keystore = secret.to_keystore(&passphrase, ScryptCost::STANDARD, system_random).unwrap();
    let value: Value = serde_json::from_str(&keystore).unwrap();
    let params = &value["crypto"]["kdfparams"];
    assert_eq!((&params["n"], &params["r"], &params["p"]), (&262_144.into(), &8.into(), &1.into()));
    let options = Options { passphrase: Some(&passphrase), path: None };
    assert_eq!(read(keystore.as_bytes(), &options).unwrap().as_bytes(), secret.as_bytes());
}

#[test]
fn mnemonics_are_read() {
    let counts = [
        (WordCount::Twelve, 12),
        (WordCount::Fifteen, 15),
        (WordCount::Eighteen, 18),
        (WordCount::TwentyOne, 21),
        (WordCount::TwentyFour, 24),
    ];
    let path = DerivationPath::default();
    for &language in Language::ALL {
        for (count, words) in counts {
            let mnemonic = Mnemonic::generate(count, language, system_random).unwrap();
            assert_eq!(mnemonic.as_str().split(' ').count(), words);
            assert_eq!(recognise(mnemonic.as_str().as_bytes()).unwrap(), Format::Mnemonic);
            let read_back = Mnemonic::parse(mnemonic.as_str()).unwrap();
            assert_eq!(read_back.as_str(), mnemonic.as_str());
            let secret = read(mnemonic.as_str().as_bytes(), &Options::default()).unwrap();
            assert_eq!(secret.as_bytes(), mnemonic.derive(None, &path).unwrap().as_bytes());
        }
    }
}

#[test]
fn paths_are_read() {
    for text in ["m", "m/0", "m/44'/60'/0'/0/0", "m/2147483647'/0/1'"] {
        assert_eq!(text.parse::<DerivationPath>().unwrap().to_string(), text);
    }
    assert_eq!(DerivationPath::default().to_string(), "m/44'/60'/0'/0/0");
}

/// OpenSSL reads both kinds of PEM, finds nothing wrong, and would have written the same bytes.
#[test]
fn openssl_accepts() {
    let openssl = |args: &[&str], input: &str| {
        String::from_utf8(run(Command::new("openssl").args(args), input.as_bytes())).unwrap()
    };
    for secret in secrets() {
        let (sec1, pkcs8) = (secret.to_sec1_pem(), secret.to_pkcs8_pem());
        let (sec1, pkcs8) = (sec1.as_str(), pkcs8.as_str());
        assert_eq!(openssl(&["ec"], sec1), sec1);
        assert_eq!(openssl(&["ec"], pkcs8), sec1);
        assert_eq!(openssl(&["pkey"], sec1), pkcs8);
        assert_eq!(openssl(&["pkey"], pkcs8), pkcs8);
        for pem in [sec1, pkcs8] {
            let text = openssl(&["pkey", "-check", "-noout", "-text"], pem);
            assert!(text.contains("Key is valid") && text.contains("ASN1 OID: secp256k1"));
            let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
            assert!(digits.contains(&hex(secret.as_bytes())), "{text}");
        }
    }
}

/// ethers reads keystores, hex and mnemonics of every language, and finds the same keys; and the
/// word lists are its own.
#[test]
fn ethers_accepts() {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR"));
    let generator = keys.join("../vectors/generate/keys");
    assert!(
        generator.join("node_modules/ethers").is_dir(),
        "ethers is not installed: run `npm ci` in vectors/generate/keys"
    );
    let mut cases = Vec::new();
    for secret in secrets() {
        let key = format!("0x{}", hex(secret.as_bytes()));
        let address = secret.address().to_string();
        let passphrase = "gr\u{f6}\u{df}er secret";
        let keystore =
            secret.to_keystore(&Passphrase::new(passphrase), ScryptCost::LIGHT, system_random);
        let outcome = json!({"secret_key": key, "address": address});
        cases.push(json!({"keystore": keystore.unwrap(), "passphrase": passphrase, "is": outcome}));
        cases.push(json!({"hex": secret.to_hex().as_str(), "is": outcome}));
    }
    let path = "m/44'/60'/7'/0/2";
    for &language in Language::ALL {
        let mnemonic = Mnemonic::generate(WordCount::TwentyFour, language, system_random).unwrap();
        let passphrase = Passphrase::new("\u{334d}");
        let secret = mnemonic.derive(Some(&passphrase), &path.parse().unwrap()).unwrap();
        cases.push(json!({
            "mnemonic": mnemonic.as_str(),
            "language": format!("{language:?}"),
            "passphrase": "\u{334d}",
            "path": path,
            "is": {
                "secret_key": format!("0x{}", hex(secret.as_bytes())),
                "address": secret.address().to_string(),
            },
        }));
    }
    let script: PathBuf = keys.join("tests/accepts.mjs");
    let mut node = Command::new("node");
    let output = run(node.arg(script), Value::from(cases.clone()).to_string().as_bytes());
    assert_eq!(String::from_utf8(output).unwrap().trim(), format!("{} accepted", cases.len()));
    run(Command::new("node").current_dir(generator).args(["words.mjs", "--check"]), b"");
}
