//! Secret keys in the formats of files: what was read is written and read again.

use opsign_core::Address;
use opsign_keys::{
    DerivationPath, ErrorKind, Format, Language, Mnemonic, Options, Passphrase, Secret, read,
    recognise,
};
use serde_json::Value;

fn read_plain(input: &[u8]) -> Result<Secret, ErrorKind> {
    read(input, &Options::default()).map_err(|error| error.kind())
}

fn address(input: &[u8]) -> Result<Address, ErrorKind> {
    read_plain(input).map(|secret| secret.address())
}

fn check_writers(secret: &Secret) {
    for text in [secret.to_hex(), secret.to_sec1_pem(), secret.to_pkcs8_pem()] {
        assert_eq!(address(text.as_str().as_bytes()), Ok(secret.address()));
    }
}

/// Any file that may be a key. A mnemonic's seed takes milliseconds, so `mnemonic` has those.
pub fn key_read(data: &[u8]) {
    let format = recognise(data).map_err(|error| error.kind());
    if format == Ok(Format::Mnemonic) {
        return;
    }
    match read_plain(data) {
        Ok(secret) => {
            assert!(format.is_ok());
            check_writers(&secret);
        }
        Err(kind) => assert!(format.map_or_else(|first| first == kind, |_| true)),
    }
}

/// DER, by itself and in both kinds of PEM.
pub fn key_der(data: &[u8]) {
    let by_itself = address(data);
    if let Ok(secret) = read_plain(data) {
        check_writers(&secret);
    }
    let Ok(format) = recognise(data) else { return };
    if !matches!(format, Format::Sec1Der | Format::Pkcs8Der) {
        return;
    }
    for (label, same) in [("EC PRIVATE KEY", Format::Sec1Der), ("PRIVATE KEY", Format::Pkcs8Der)] {
        let pem = pem(label, data);
        let in_pem = address(pem.as_bytes());
        if format == same {
            assert_eq!(in_pem, by_itself, "{pem}");
        } else {
            assert!(in_pem.is_err(), "{pem}");
        }
    }
}

/// RFC 7468, with lines of 64 letters.
fn pem(label: &str, der: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for (at, chunk) in der.chunks(3).enumerate() {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for letter in 0..4 {
            let index = (bits >> (18 - 6 * letter)) as usize & 63;
            text.push(if letter <= chunk.len() { ALPHABET[index].into() } else { '=' });
        }
        if at % 16 == 15 || 3 * (at + 1) >= der.len() {
            text.push('\n');
        }
    }
    text + "-----END " + label + "-----\n"
}

/// A keystore; opened with the passphrase that those in `vectors/keys.json` mostly have, if that is
/// quick work.
pub fn keystore(data: &[u8]) {
    if recognise(data).ok() != Some(Format::Keystore) {
        return;
    }
    let closed = read_plain(data).err().expect("a keystore wants a passphrase");
    let cheap = serde_json::from_slice(data).is_ok_and(|json: Value| is_cheap(&json));
    if closed != ErrorKind::PassphraseMissing || !cheap {
        return;
    }
    let passphrase = Passphrase::new("testpassword");
    let options = Options { passphrase: Some(&passphrase), ..Options::default() };
    if let Ok(secret) = read(data, &options) {
        check_writers(&secret);
    }
}

fn is_cheap(json: &Value) -> bool {
    match json {
        Value::Object(members) => members.iter().all(|(name, value)| {
            let small = value.as_u64().is_none_or(|number| number <= 64);
            is_cheap(value) && (small || !matches!(&name[..], "n" | "r" | "p" | "c"))
        }),
        Value::Array(values) => values.iter().all(is_cheap),
        _ => true,
    }
}

/// Words; or, after a byte below 16, entropy in the language that it names.
pub fn mnemonic(data: &[u8]) {
    if let [language @ 0..16, entropy @ ..] = data {
        let language = Language::ALL[usize::from(*language) % Language::ALL.len()];
        if let Ok(mnemonic) = Mnemonic::from_entropy(entropy, language) {
            let again =
                Mnemonic::parse(mnemonic.as_str()).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(again.as_str(), mnemonic.as_str());
        }
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(mnemonic) = Mnemonic::parse(text) {
        let again = Mnemonic::parse(mnemonic.as_str()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.as_str(), mnemonic.as_str());
        assert_eq!(recognise(mnemonic.as_str().as_bytes()).ok(), Some(Format::Mnemonic));
    }
}

/// A derivation path, and a key along a short one.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(path) = text.parse::<DerivationPath>() else { return };
    let written = path.to_string();
    assert_eq!(written.parse::<DerivationPath>().ok(), Some(path.clone()));
    if text.matches('/').count() <= 2 {
        let secret = Secret::from_seed(&[1; 16], &path).unwrap_or_else(|error| panic!("{error}"));
        check_writers(&secret);
    }
}
