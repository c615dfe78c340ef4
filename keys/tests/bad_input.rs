//! Inputs that somebody damaged, made up or made too large: an error, quickly, and never a panic.
#![allow(clippy::unwrap_used, reason = "a test program")]

use std::time::{Duration, Instant};

use opsign_keys::{
    DerivationPath, Error, ErrorKind, Language, MAX_INPUT, Mnemonic, Options, Passphrase,
    ScryptCost, Secret, WordCount, read, recognise, system_random,
};
use serde_json::Value;

fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error.kind(),
    }
}

fn read_plain(input: &[u8]) -> Result<Secret, Error> {
    read(input, &Options::default())
}

/// From 200 to 229; 230 to 249 belong to typed data.
#[test]
fn numbers_names_and_messages_are_the_frozen_ones() {
    let errors: Value = serde_json::from_str(include_str!("../../vectors/errors.json")).unwrap();
    let listed: Vec<_> = errors["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            let text = |key: &str| case[key].as_str().unwrap();
            (case["number"].as_i64().unwrap() as i32, text("name"), text("message"))
        })
        .filter(|(number, ..)| (200..230).contains(number))
        .collect();
    let ours: Vec<_> =
        ErrorKind::ALL.iter().map(|kind| (kind.number(), kind.name(), kind.message())).collect();
    assert_eq!(listed, ours);
    for kind in ErrorKind::ALL {
        assert_eq!(ErrorKind::from_number(kind.number()), Some(*kind));
        let (name, message) = kind.c_strings();
        assert_eq!((name.to_str(), message.to_str()), (Ok(kind.name()), Ok(kind.message())));
    }
    assert_eq!(ErrorKind::from_number(199), None);
}

#[test]
fn size() {
    let mut hex = vec![b' '; MAX_INPUT - 64];
    hex.extend([b'1'; 64]);
    assert!(read_plain(&hex).is_ok());
    hex.push(b'\n');
    assert_eq!(kind(read_plain(&hex)), ErrorKind::TooLarge);
    assert_eq!(kind(recognise(&hex)), ErrorKind::TooLarge);
}

/// The largest inputs of every kind end soon, whatever they hold. The bound is generous, since
/// other programs run beside this one; without a limit these take minutes.
#[test]
fn large_inputs_end_soon() {
    let fill = |text: &str| text.repeat(MAX_INPUT / text.len()).into_bytes();
    let inputs = [
        fill("-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n"),
        fill("-----BEGIN "),
        fill("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
        fill("hush "),
        fill("legal "),
        fill("\u{fdfa} "),
        fill("\u{fdfa}"),
        fill("\u{7684}"),
        fill("\u{7684} "),
        fill("a\u{301}\u{327}"),
        fill("{\"a\":"),
        fill("["),
        fill("0"),
        fill("\0"),
        fill("\u{30}\u{1}\u{1}"),
    ];
    let start = Instant::now();
    for input in &inputs {
        let _ = recognise(input);
        let _ = read_plain(input);
    }
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// Every file of the vectors that holds a key, with each byte of it changed or gone.
#[test]
fn damaged_files() {
    let vectors: Value = serde_json::from_str(include_str!("../../vectors/keys.json")).unwrap();
    let names =
        ["sec1_pem_explicit", "sec1_der_explicit", "pkcs8_pem", "pkcs8_der_v2_attributes", "hex"];
    for name in names {
        let case =
            vectors["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap();
        let input = match case["input"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => base16ct::mixed::decode_vec(&case["input_hex"].as_str().unwrap()[2..]).unwrap(),
        };
        let good = read_plain(&input).unwrap();
        for at in 0..input.len() {
            for change in [1, 0x80] {
                let mut changed = input.clone();
                changed[at] ^= change;
                if let Ok(secret) = read_plain(&changed) {
                    // Changed where nothing depends on it, or in plain hex, which has no checksum.
                    assert!(name == "hex" || secret.as_bytes() == good.as_bytes(), "{name} {at}");
                }
            }
            let _ = read_plain(&input[..at]);
            let _ = read_plain(&input[at..]);
        }
    }
}

/// No JSON value of the wrong kind, anywhere in a keystore, gets further than an error.
#[test]
fn damaged_keystores() {
    let secret = Secret::from_bytes(&[1; 32]).unwrap();
    let passphrase = Passphrase::new("secret");
    let cost = ScryptCost::new(2, 1, 1).unwrap();
    let text = secret.to_keystore(&passphrase, cost, system_random).unwrap();
    let options = Options { passphrase: Some(&passphrase), path: None };
    assert!(read(text.as_bytes(), &options).is_ok());

    let store: Value = serde_json::from_str(&text).unwrap();
    let wrong: [Value; 9] = [
        Value::Null,
        true.into(),
        (-1).into(),
        1e300.into(),
        u64::MAX.into(),
        "".into(),
        "\u{1f511}".into(),
        Value::Array(Vec::new()),
        Value::Object(serde_json::Map::new()),
    ];
    let mut tried = 0;
    for pointer in [
        "/version",
        "/crypto",
        "/crypto/cipher",
        "/crypto/ciphertext",
        "/crypto/cipherparams",
        "/crypto/cipherparams/iv",
        "/crypto/kdf",
        "/crypto/kdfparams",
        "/crypto/kdfparams/n",
        "/crypto/kdfparams/r",
        "/crypto/kdfparams/p",
        "/crypto/kdfparams/salt",
        "/crypto/kdfparams/dklen",
        "/crypto/mac",
    ] {
        for value in &wrong {
            let mut changed = store.clone();
            *changed.pointer_mut(pointer).unwrap() = value.clone();
            let result = read(changed.to_string().as_bytes(), &options);
            match result {
                Ok(_) => assert!(pointer.ends_with("dklen"), "{pointer} {value}"),
                Err(error) => assert_ne!(error.kind(), ErrorKind::FormatUnknown),
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 14 * 9);
    for end in 0..text.len() {
        assert!(read(&text.as_bytes()[..end], &options).is_err(), "{end}");
    }
}

#[test]
fn costs() {
    let refused = |n, r, p| kind(ScryptCost::new(n, r, p));
    for (n, r, p) in [(262_144, 8, 1), (4096, 8, 6), (2, 1, 1), (1 << 20, 8, 4), (2, 1, 64)] {
        assert!(ScryptCost::new(n, r, p).is_ok(), "{n} {r} {p}");
    }
    assert_eq!(ScryptCost::new(262_144, 8, 1).unwrap(), ScryptCost::STANDARD);
    assert_eq!(ScryptCost::new(4096, 8, 6).unwrap(), ScryptCost::LIGHT);
    for (n, r, p) in [(0, 8, 1), (1, 8, 1), (3, 8, 1), (u64::MAX, 8, 1), (2, 0, 1), (2, 1, 0)] {
        assert_eq!(refused(n, r, p), ErrorKind::KeystoreMalformed, "{n} {r} {p}");
    }
    for (n, r, p) in [
        (1 << 21, 8, 1),
        (1 << 20, 9, 1),
        (1 << 20, 8, 5),
        (2, 1, 65),
        (2, u64::MAX, 1),
        (1 << 63, 1, 1),
        (1 << 63, u64::MAX, u64::MAX),
    ] {
        assert_eq!(refused(n, r, p), ErrorKind::KdfTooCostly, "{n} {r} {p}");
    }
}

#[test]
fn seeds_and_entropy() {
    let path = DerivationPath::default();
    for length in [0, 15, 65, 1000] {
        assert_eq!(kind(Secret::from_seed(&vec![1; length], &path)), ErrorKind::Input);
    }
    for length in [0, 12, 15, 17, 36, 64] {
        let mnemonic = Mnemonic::from_entropy(&vec![1; length], Language::English);
        assert_eq!(kind(mnemonic), ErrorKind::Input);
    }
}

#[test]
fn passphrases() {
    for (contents, text) in [
        ("secret", "secret"),
        ("secret\n", "secret"),
        ("secret\r\n", "secret"),
        ("secret\n\n", "secret\n"),
        (" secret ", " secret "),
        ("", ""),
    ] {
        let secret = Secret::from_bytes(&[1; 32]).unwrap();
        let read_back = Passphrase::from_file_contents(contents.as_bytes()).unwrap();
        let cost = ScryptCost::new(2, 1, 1).unwrap();
        let typed = Passphrase::new(text);
        let keystore = secret.to_keystore(&typed, cost, system_random);
        if text.is_empty() {
            assert_eq!(kind(keystore), ErrorKind::PassphraseMissing);
            continue;
        }
        let options = Options { passphrase: Some(&read_back), path: None };
        assert!(read(keystore.unwrap().as_bytes(), &options).is_ok(), "{contents:?}");
    }
    let malformed = Passphrase::from_file_contents(b"\xff");
    assert_eq!(kind(malformed), ErrorKind::PassphraseMalformed);
}

/// A source that fails, and one that never gives a key.
#[test]
fn randomness() {
    let fails = |_: &mut [u8]| Err(Error::randomness("no luck"));
    assert_eq!(kind(Secret::generate(fails)), ErrorKind::Randomness);
    assert_eq!(
        kind(Mnemonic::generate(WordCount::Twelve, Language::English, fails)),
        ErrorKind::Randomness
    );
    let secret = Secret::from_bytes(&[1; 32]).unwrap();
    let keystore = secret.to_keystore(&Passphrase::new("x"), ScryptCost::LIGHT, fails);
    assert_eq!(kind(keystore), ErrorKind::Randomness);

    let zeros = |_: &mut [u8]| Ok(());
    assert_eq!(kind(Secret::generate(zeros)), ErrorKind::SecretOutOfRange);
    let mut tries = 0;
    let second = |bytes: &mut [u8]| {
        bytes.fill(if tries == 0 { 0xff } else { 1 });
        tries += 1;
        Ok(())
    };
    assert_eq!(Secret::generate(second).unwrap().as_bytes(), &[1; 32]);
}
