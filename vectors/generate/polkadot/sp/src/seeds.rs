//! `seeds.json`: what a seed's text says, as `subkey` and every node read it.

use serde_json::{Value, json};
use sp_core::crypto::{DEV_PHRASE, Pair, SecretStringError};
use sp_core::{ecdsa, ed25519, sr25519};

use crate::file::{File, SP, hex, pseudorandom};

/// Its cases.
pub fn file() -> File {
    let mut cases = Vec::new();
    for (name, comment, suri, password) in texts() {
        for scheme in ["sr25519", "ed25519", "ecdsa"] {
            cases.push(case(scheme, name, comment, &suri, password));
        }
    }
    File {
        name: "seeds.json",
        description: "Seeds as Substrate writes them (hex, mnemonic, derivation path, password after ///): the public key, or sp-core's error. `password` is one given beside the text. `seed` is the mini secret or secret key that comes out, null where there is none (after a soft junction).",
        source: SP.into(),
        cases,
    }
}

fn case(scheme: &str, name: &str, comment: &str, suri: &str, password: Option<&str>) -> Value {
    let outcome = match scheme {
        "sr25519" => outcome::<sr25519::Pair>(suri, password),
        "ed25519" => outcome::<ed25519::Pair>(suri, password),
        _ => outcome::<ecdsa::Pair>(suri, password),
    };
    let mut case = json!({
        "name": format!("{scheme}_{name}"),
        "comment": comment,
        "scheme": scheme,
        "suri": suri,
        "password": password,
    });
    let fields = case.as_object_mut().expect("an object");
    match outcome {
        Ok((public, seed)) => {
            fields.insert("public_key".into(), json!(public));
            fields.insert("seed".into(), json!(seed));
        }
        Err(error) => {
            fields.insert("error".into(), json!(error));
        }
    }
    case
}

/// The public key and the seed, or the name of the error. sp-core panics where a secret key of
/// ecdsa is none.
fn outcome<P: Pair>(
    suri: &str,
    password: Option<&str>,
) -> Result<(String, Option<String>), &'static str> {
    let shown = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let read = std::panic::catch_unwind(|| P::from_string_with_seed(suri, password));
    std::panic::set_hook(shown);
    let (pair, seed) = read.map_err(|_| "panic")?.map_err(|error| match error {
        SecretStringError::InvalidFormat(_) => "format",
        SecretStringError::InvalidPhrase => "phrase",
        SecretStringError::InvalidPassword => "password",
        SecretStringError::InvalidSeed => "seed",
        SecretStringError::InvalidSeedLength => "seed_length",
        SecretStringError::InvalidPath => "path",
    })?;
    Ok((hex(pair.public()), seed.map(hex)))
}

/// Name, comment, text, password beside it.
fn texts() -> Vec<(&'static str, &'static str, String, Option<&'static str>)> {
    let seed = hex(pseudorandom("polkadot seed"));
    let digits = &seed[2..];
    let phrase24 = "\
        legal winner thank year wave sausage worth useful legal winner thank year \
        wave sausage worth useful legal winner thank year wave sausage worth title";
    let mut texts = vec![
        ("hex", "The 32 bytes.", seed.clone(), None),
        ("hex_upper", "Capital digits.", format!("0x{}", digits.to_uppercase()), None),
        ("hex_hard", "A hard junction behind hex.", format!("{seed}//1"), None),
        ("hex_soft", "A soft junction: sr25519 alone has them.", format!("{seed}/1"), None),
        (
            "hex_password",
            "A password behind hex changes nothing.",
            format!("{seed}///password"),
            None,
        ),
        ("hex_password_beside", "Nor does one beside it.", seed.clone(), Some("password")),
        ("hex_bare", "Without 0x it is a phrase, and none.", digits.into(), None),
        ("hex_capital_prefix", "0X is no prefix.", format!("0X{digits}"), None),
        ("hex_31", "A byte is missing.", seed[..64].into(), None),
        ("hex_33", "A byte too many.", format!("{seed}00"), None),
        ("hex_63", "A digit is missing.", seed[..65].into(), None),
        ("hex_64_bytes", "Twice the bytes.", format!("{seed}{digits}"), None),
        ("hex_letter", "The letter O for a digit.", format!("0xO{}", &digits[1..]), None),
        ("hex_nothing", "No digits.", "0x".into(), None),
        ("hex_zero", "Zero: no key of ecdsa.", format!("0x{}", "00".repeat(32)), None),
        (
            "hex_order",
            "The order of secp256k1: no key of ecdsa.",
            "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".into(),
            None,
        ),
        ("hex_max", "All ones: no key of ecdsa.", format!("0x{}", "ff".repeat(32)), None),
        ("empty", "Nothing is the development phrase.", String::new(), None),
        ("dev", "The development phrase.", DEV_PHRASE.into(), None),
        ("password_only", "The development phrase with a password.", "///opsign".into(), None),
        ("password_empty", "An empty password is none.", format!("{DEV_PHRASE}///"), None),
        (
            "password",
            "A password behind the phrase.",
            format!("{DEV_PHRASE}///correct horse/battery//staple"),
            None,
        ),
        ("password_beside", "A password beside the phrase.", DEV_PHRASE.into(), Some("opsign")),
        (
            "password_twice",
            "The one beside the phrase wins.",
            format!("{DEV_PHRASE}///other"),
            Some("opsign"),
        ),
        (
            "password_unicode",
            "Not normalised: other bytes, another key.",
            format!("{DEV_PHRASE}///pa\u{308}ssword"),
            None,
        ),
        (
            "words_12",
            "The first of BIP-39's vectors.",
            format!("{}about", "abandon ".repeat(11)),
            None,
        ),
        ("words_24", "24 words.", phrase24.into(), None),
        ("words_24_path", "24 words and a path.", format!("{phrase24}//polkadot//0"), None),
        ("words_checksum", "The checksum is wrong.", "abandon ".repeat(12).trim().into(), None),
        ("words_11", "A word is missing.", "abandon ".repeat(11).trim().into(), None),
        ("words_13", "A word too many.", format!("{DEV_PHRASE} abandon"), None),
        (
            "words_unknown",
            "A word that is in no list.",
            DEV_PHRASE.replace("bottom", "opsign"),
            None,
        ),
        ("words_capital", "Capital letters.", DEV_PHRASE.to_uppercase(), None),
        ("words_two_spaces", "Two spaces.", DEV_PHRASE.replacen(' ', "  ", 1), None),
        ("words_space_end", "A space at the end.", format!("{DEV_PHRASE} "), None),
        ("words_line_end", "A line end.", format!("{DEV_PHRASE}\n"), None),
        ("words_comma", "Commas.", DEV_PHRASE.replace(' ', ","), None),
        ("name_only", "A name without slashes is a phrase, and none.", "Alice".into(), None),
        ("soft", "A soft junction by name.", "/Alice".into(), None),
        ("soft_number", "A soft junction by number.", "/1".into(), None),
        ("hard_number", "A junction that is a number is encoded as u64.", "//1".into(), None),
        ("hard_zeros", "Leading zeros are still the number 1.", "//001".into(), None),
        ("hard_plus", "So is a sign.", "//+1".into(), None),
        ("hard_minus", "A negative number is a name.", "//-1".into(), None),
        ("hard_u64_max", "The greatest number.", format!("//{}", u64::MAX), None),
        ("hard_u64_max_plus_1", "A number too great is a name.", format!("//{}0", u64::MAX), None),
        (
            "hard_31",
            "With its length, 32 bytes: taken as it is.",
            format!("//{}", "a".repeat(31)),
            None,
        ),
        ("hard_32", "One more: hashed.", format!("//{}", "a".repeat(32)), None),
        ("hard_64", "A length of two bytes, hashed.", format!("//{}", "a".repeat(64)), None),
        ("hard_unicode", "Not normalised.", "//Zo\u{eb}".into(), None),
        ("hard_space", "A space is part of a name.", "// Alice".into(), None),
        ("hard_line_end", "So is a line end: not Alice's key.", "//Alice\n".into(), None),
        ("path_deep", "Hard ones in a row.", "//polkadot//session//babe//0".into(), None),
        ("path_mixed", "Hard and soft ones.", "//polkadot/babe//0/1".into(), None),
        ("path_password", "A path and a password.", "//polkadot//0///opsign".into(), None),
        ("path_slash_end", "A slash at the end.", "//Alice/".into(), None),
        ("path_two_slashes_end", "Two slashes at the end.", "//Alice//".into(), None),
        ("path_slash", "A slash alone.", "/".into(), None),
        ("path_two_slashes", "Two slashes alone.", "//".into(), None),
        ("path_four_slashes", "Four: a password that begins with one.", "////Alice".into(), None),
    ];
    for (name, suri) in [
        ("alice", "//Alice"),
        ("bob", "//Bob"),
        ("charlie", "//Charlie"),
        ("dave", "//Dave"),
        ("eve", "//Eve"),
        ("ferdie", "//Ferdie"),
        ("alice_stash", "//Alice//stash"),
    ] {
        texts.push((name, "A development key: everybody knows it.", suri.into(), None));
    }
    texts
}
