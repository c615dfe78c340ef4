//! The typed data of `vectors/messages.json`, with op-geth's verdicts, hashes and signatures.
#![allow(clippy::unwrap_used, reason = "a test program")]

use std::collections::BTreeMap;
use std::path::Path;

use opsign_core::{SecretKey, Signer};
use opsign_typed_data::{TypedData, TypedDataErrorKind};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct File {
    count: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    kind: String,
    /// As text: it has numbers that no double holds.
    typed_data: Option<Box<RawValue>>,
    #[serde(default)]
    accepts: bool,
    #[serde(default)]
    encoded_type: String,
    #[serde(default)]
    domain_separator: String,
    #[serde(default)]
    struct_hash: String,
    #[serde(default)]
    hash: String,
    #[serde(default)]
    secret_key: String,
    #[serde(default)]
    signature_y_parity: String,
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/messages.json");
    let file: File = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(file.count, file.cases.len());
    file.cases
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", base16ct::lower::encode_string(bytes))
}

#[test]
fn op_geth_s_verdicts_hashes_and_signatures() {
    let cases = cases();
    let (mut personal, mut accepted, mut refused) = (0, 0, 0);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &cases {
        let name = &case.name;
        if case.kind == "personal" {
            personal += 1;
            continue;
        }
        assert_eq!(case.kind, "typed_data");
        let typed_data = TypedData::from_json(case.typed_data.as_ref().unwrap().get().as_bytes());
        if !case.accepts {
            let error = typed_data.expect_err(name);
            println!("{name}: {error}");
            *kinds.entry(error.kind().name()).or_default() += 1;
            refused += 1;
            continue;
        }
        let typed_data = typed_data.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(typed_data.encoded_type(), case.encoded_type, "{name}");
        assert_eq!(hex(typed_data.domain_separator()), case.domain_separator, "{name}");
        assert_eq!(hex(typed_data.struct_hash()), case.struct_hash, "{name}");
        let hash = typed_data.signing_hash();
        assert_eq!(hash.to_string(), case.hash, "{name}");
        let signature = SecretKey::from_hex(&case.secret_key).unwrap().sign(&hash).unwrap();
        assert_eq!(signature.to_string(), case.signature_y_parity, "{name}");
        accepted += 1;
    }
    assert_eq!(personal + accepted + refused, cases.len());
    assert_eq!((accepted, refused), (94, 81));
    println!("messages.json: {accepted} typed data accepted, {refused} refused: {kinds:?}");
    // Each kind of refusal that op-geth has, too, occurs.
    let bounds = [
        "typed_data_json",
        "typed_data_too_long",
        "typed_data_too_deep",
        "typed_data_too_many_types",
    ];
    for kind in TypedDataErrorKind::ALL {
        assert_eq!(kinds.contains_key(kind.name()), !bounds.contains(&kind.name()), "{kind:?}");
    }
}

#[test]
fn error_numbers_names_and_sentences_are_the_frozen_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/errors.json");
    let errors: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let listed: Vec<_> = errors["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| (230..250).contains(&case["number"].as_i64().unwrap()))
        .map(|case| {
            let text = |key: &str| case[key].as_str().unwrap();
            (case["number"].as_i64().unwrap() as i32, text("name"), text("message"))
        })
        .collect();
    let ours: Vec<_> = TypedDataErrorKind::ALL
        .iter()
        .map(|kind| (kind.number(), kind.name(), kind.message()))
        .collect();
    assert_eq!(listed, ours);
    for kind in TypedDataErrorKind::ALL {
        assert_eq!(TypedDataErrorKind::from_number(kind.number()), Some(*kind));
        let (name, message) = kind.c_strings();
        assert_eq!(name.to_str(), Ok(kind.name()));
        assert_eq!(message.to_str(), Ok(kind.message()));
    }
}

/// Typed data that nobody has seen before: scripts/opnode.sh makes it, and runs this.
#[test]
#[ignore = "scripts/opnode.sh says where op-geth's verdicts are"]
fn op_geth_hashes_alike() {
    #[derive(Deserialize)]
    struct Verdict {
        id: u64,
        json: String,
        hash: Option<String>,
        domain_separator: Option<String>,
        struct_hash: Option<String>,
    }
    let path = std::env::var("OPSIGN_OP_GETH_VERDICTS").unwrap();
    let (mut accepted, mut refused, mut differences) = (0, 0, 0);
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let verdict: Verdict = serde_json::from_str(line).unwrap();
        let json = base16ct::lower::decode_vec(&verdict.json[2..]).unwrap();
        let ours = TypedData::from_json(&json);
        let hashes = ours.as_ref().ok().map(|typed_data| {
            (
                typed_data.signing_hash().to_string(),
                hex(typed_data.domain_separator()),
                hex(typed_data.struct_hash()),
            )
        });
        let op_geth = verdict.hash.zip(verdict.domain_separator).zip(verdict.struct_hash);
        let op_geth = op_geth.map(|((hash, domain), message)| (hash, domain, message));
        if hashes != op_geth {
            let text = String::from_utf8_lossy(&json);
            println!("{}: op-geth {op_geth:?}, we {ours:?}: {text}", verdict.id);
            differences += 1;
        }
        if op_geth.is_some() { accepted += 1 } else { refused += 1 }
    }
    println!("{} typed data: {accepted} accepted, {refused} refused alike", accepted + refused);
    assert_eq!(differences, 0);
    assert!(accepted > 50 && refused > 500);
}
