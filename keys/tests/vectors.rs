//! Every case of `vectors/keys.json`, whose values come from ethers, OpenSSL and published vectors.
#![allow(clippy::unwrap_used, reason = "a test program")]

use std::path::Path;

use opsign_keys::{DerivationPath, Error, Options, Passphrase, Secret, read, recognise};
use serde_json::Value;

fn bytes(hex: &str) -> Vec<u8> {
    base16ct::mixed::decode_vec(hex.strip_prefix("0x").unwrap()).unwrap()
}

fn input(case: &Value) -> Vec<u8> {
    match (case["input"].as_str(), case["input_hex"].as_str()) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(hex)) => bytes(hex),
        _ => panic!("{} has no input, or two", case["name"]),
    }
}

/// What a program does with the three things that a case holds.
fn run(case: &Value, input: &[u8]) -> Result<Secret, Error> {
    let path: Option<DerivationPath> = case["path"].as_str().map(str::parse).transpose()?;
    if case["format"] == "seed" {
        return Secret::from_seed(input, &path.unwrap());
    }
    let passphrase = case["passphrase"].as_str().map(Passphrase::new);
    read(input, &Options { passphrase: passphrase.as_ref(), path: path.as_ref() })
}

#[test]
fn keys() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/keys.json");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(vectors["count"].as_u64().unwrap() as usize, cases.len());
    let (mut keys, mut errors) = (0, 0);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        println!("keys.json: {name}");
        let input = input(case);
        if case["format"] != "seed" {
            let format = recognise(&input);
            match case["format"].as_str() {
                Some(expected) => assert_eq!(format.unwrap().name(), expected, "{name}"),
                None => assert_eq!(format.unwrap_err().kind().name(), case["error"], "{name}"),
            }
        }
        match (case["secret_key"].as_str(), case["error"].as_str(), run(case, &input)) {
            (Some(expected), None, Ok(secret)) => {
                assert_eq!(secret.as_bytes().as_slice(), bytes(expected), "{name}");
                assert_eq!(secret.address().to_string(), case["address"], "{name}");
                assert_eq!(secret.into_secret_key().address().to_string(), case["address"]);
                keys += 1;
            }
            (None, Some(expected), Err(error)) => {
                assert_eq!(error.kind().name(), expected, "{name}: {error}");
                check_message(&error.to_string(), case);
                errors += 1;
            }
            (_, _, Ok(_)) => panic!("{name}: a key, but not the expected outcome"),
            (_, _, Err(error)) => panic!("{name}: {error}"),
        }
    }
    assert_eq!(keys + errors, cases.len());
    assert!(keys > 200 && errors > 100);
    println!("keys.json: {keys} keys, {errors} errors");
}

/// A message is one short sentence, and shows no long word, number or hex of the input.
fn check_message(message: &str, case: &Value) {
    let name = &case["name"];
    assert!(!message.is_empty() && !message.ends_with('.') && !message.contains('\n'), "{name}");
    assert!(message.is_ascii() && message.len() < 250, "{name}: {message}");
    if let Some(passphrase) = case["passphrase"].as_str().filter(|text| text.len() > 1) {
        assert!(!message.contains(passphrase), "{name}: {message}");
    }
    let input = case["input"].as_str().or(case["input_hex"].as_str()).unwrap();
    // These show an address and the numbers of a cost.
    if case["error"] == "key_address_mismatch" || case["error"] == "key_kdf_too_costly" {
        return;
    }
    for part in input.split(|letter: char| !letter.is_alphanumeric()) {
        let shown =
            message.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == part);
        assert!(part.len() < 12 || part == "cipherparams" || !shown, "{name}: {message}");
    }
}

#[test]
fn mnemonic_words_are_named_by_position() {
    let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    for at in 0..12 {
        let mut words: Vec<_> = words.split(' ').collect();
        words[at] = "hush";
        let Err(error) = read(words.join(" ").as_bytes(), &Options::default()) else {
            panic!("a key");
        };
        let expected = format!("word {} of the mnemonic is not in the English list", at + 1);
        assert_eq!(error.to_string(), expected);
    }
}
