//! `ownership.json`: what session keys sign to prove whose they are.

use serde_json::{Value, json};
use sp_core::proof_of_possession::{ProofOfPossessionVerifier, statement_of_ownership};
use sp_core::{ByteArray, ecdsa, ed25519, sr25519};

use crate::file::{File, SP, hex, pseudorandom};
use crate::signatures::sign;

/// Its cases.
pub fn file() -> File {
    let owners = [
        (
            "account",
            "An account's id, as `author_rotateKeysWithOwner` has it.",
            pseudorandom("owner").to_vec(),
        ),
        ("empty", "Nobody.", vec![]),
        ("short", "A byte.", vec![1]),
        ("account_20", "An account of 20 bytes, as Ethereum's are.", vec![0x11; 20]),
        ("encoded", "A longer one.", vec![0x22; 64]),
    ];
    let mut cases = Vec::new();
    for (name, comment, owner) in owners {
        for scheme in ["sr25519", "ed25519", "ecdsa"] {
            cases.push(case(scheme, name, comment, &owner));
        }
    }
    File {
        name: "ownership.json",
        description: "Statements of ownership: `encoded` is what is signed for `owner`. `signature` is one that sp-core's verify_proof_of_possession takes.",
        source: format!("{SP}, schnorrkel 0.11.5"),
        cases,
    }
}

fn case(scheme: &str, name: &str, comment: &str, owner: &[u8]) -> Value {
    let seed = pseudorandom(&format!("session key {name}"));
    let encoded = statement_of_ownership(owner);
    let (public, signature) = sign(scheme, &seed, &encoded);
    let proved = match scheme {
        "sr25519" => proved::<sr25519::Pair>(owner, &public, &signature),
        "ed25519" => proved::<ed25519::Pair>(owner, &public, &signature),
        _ => proved::<ecdsa::Pair>(owner, &public, &signature),
    };
    assert!(proved, "{scheme} {name}");
    json!({
        "name": format!("{scheme}_{name}"), "comment": comment, "scheme": scheme,
        "owner": hex(owner), "encoded": hex(encoded),
        "public": hex(public), "signature": hex(signature),
    })
}

fn proved<P: ProofOfPossessionVerifier>(owner: &[u8], public: &[u8], signature: &[u8]) -> bool
where
    P::Public: ByteArray,
    P::ProofOfPossession: ByteArray + sp_core::crypto::Signature,
{
    let public = P::Public::from_slice(public).expect("a public key");
    let signature = P::ProofOfPossession::from_slice(signature).expect("a signature");
    P::verify_proof_of_possession(owner, &signature, &public)
}
