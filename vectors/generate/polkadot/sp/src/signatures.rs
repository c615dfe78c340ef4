//! `signatures.json`: signatures that hold, and some that do not.
//!
//! sr25519 draws random numbers. Here they come from a seed, so that the file is the same each
//! time; the signatures are schnorrkel's all the same, and sp-core judges them.

use codec::Encode;
use merlin::Transcript;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use schnorrkel::context::{attach_rng, signing_context};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};
use serde_json::{Value, json};
use sp_core::crypto::Pair;
use sp_core::{ecdsa, ed25519, sr25519};
use sp_crypto_hashing::keccak_256;

use crate::file::{File, SP, hex, pseudorandom};
use crate::judge::{Line, Verdict, judge};

/// Its cases.
pub fn file() -> File {
    let mut cases = Vec::new();
    for (name, comment, message) in messages() {
        for scheme in ["sr25519", "ed25519", "ecdsa", "ecdsa_keccak"] {
            cases.push(good(scheme, name, comment, &message));
        }
    }
    cases.extend(bad());
    File {
        name: "signatures.json",
        description: "Signatures as Substrate has them: sr25519 in the context `substrate`, ed25519, ecdsa (blake2b-256, 65 bytes with a recovery id of 0 to 3) and ecdsa_keccak (the same over keccak-256, as BEEFY signs). `valid` is sp-core's verdict. Where `deterministic`, a signer makes these very bytes of `seed`; a signature of sr25519 is to be verified.",
        source: format!("{SP}, schnorrkel 0.11.5"),
        cases,
    }
}

fn messages() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    vec![
        ("empty", "Nothing.", vec![]),
        ("byte", "One byte.", vec![0]),
        ("hash", "32 bytes, as a BABE seal has them.", pseudorandom("message").to_vec()),
        ("vote", "53 bytes, as a vote of GRANDPA has them.", vec![0xab; 53]),
        ("text", "A text.", b"opsign".to_vec()),
        ("kilobyte", "Longer than any block of a hash.", vec![0x5a; 1024]),
    ]
}

fn good(scheme: &str, name: &str, comment: &str, message: &[u8]) -> Value {
    let seed = pseudorandom(&format!("signer {name}"));
    let (public, signature) = sign(scheme, &seed, message);
    let line = line(scheme, &public, message, &signature);
    assert_eq!(judge(&line), Ok(Verdict::Valid), "{scheme} {name}");
    json!({
        "name": format!("{scheme}_{name}"),
        "comment": comment,
        "scheme": scheme,
        "seed": hex(seed),
        "public": hex(public),
        "message": hex(message),
        "signature": hex(signature),
        "deterministic": scheme != "sr25519",
        "valid": true,
    })
}

/// The public key of a seed, and its signature.
pub fn sign(scheme: &str, seed: &[u8; 32], message: &[u8]) -> (Vec<u8>, Vec<u8>) {
    match scheme {
        "sr25519" => {
            let keys = keypair(seed);
            let transcript = signing_context(b"substrate").bytes(message);
            let signature = keys.sign(attach_rng(transcript, numbers(message)));
            (keys.public.to_bytes().to_vec(), signature.to_bytes().to_vec())
        }
        "ed25519" => {
            let pair = ed25519::Pair::from_seed(seed);
            (pair.public().0.to_vec(), pair.sign(message).0.to_vec())
        }
        "ecdsa" => {
            let pair = ecdsa::Pair::from_seed(seed);
            (pair.public().0.to_vec(), pair.sign(message).0.to_vec())
        }
        _ => {
            let pair = ecdsa::Pair::from_seed(seed);
            (pair.public().0.to_vec(), pair.sign_prehashed(&keccak_256(message)).0.to_vec())
        }
    }
}

/// The pre-output and proof of a VRF, 96 bytes.
pub fn vrf_signature(
    seed: &[u8; 32],
    transcript: Transcript,
    extra: Option<Transcript>,
) -> Vec<u8> {
    let keys = keypair(seed);
    let output = keys.vrf_create_hash(transcript);
    let extra = extra.unwrap_or_else(|| Transcript::new(b"VRF"));
    let (proof, _) = keys.dleq_proove(attach_rng(extra, numbers(seed)), &output, true);
    [output.to_preout().to_bytes().to_vec(), proof.to_bytes().to_vec()].concat()
}

fn keypair(seed: &[u8; 32]) -> Keypair {
    MiniSecretKey::from_bytes(seed).expect("32 bytes").expand_to_keypair(ExpansionMode::Ed25519)
}

fn numbers(seed: &[u8]) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(sp_crypto_hashing::blake2_256(seed))
}

fn line(scheme: &str, public: &[u8], message: &[u8], signature: &[u8]) -> Line {
    Line::signature(scheme, public, message, signature)
}

/// Name, comment, scheme, public key, message, signature.
type Bad = (String, &'static str, &'static str, Vec<u8>, Vec<u8>, Vec<u8>);

fn bad() -> Vec<Value> {
    let seed = pseudorandom("signer bad");
    let message = b"opsign".to_vec();
    let mut cases: Vec<Bad> = Vec::new();
    for scheme in ["sr25519", "ed25519", "ecdsa", "ecdsa_keccak"] {
        let (public, signature) = sign(scheme, &seed, &message);
        let (other, _) = sign(scheme, &pseudorandom("another"), &message);
        let flipped = |at: usize| {
            let mut bytes = signature.clone();
            bytes[at] ^= 1;
            bytes
        };
        let mut add = |name: &str, comment, public: &[u8], message: &[u8], signature: Vec<u8>| {
            let name = format!("{scheme}_{name}");
            cases.push((name, comment, scheme, public.to_vec(), message.to_vec(), signature));
        };
        add("first_bit", "A bit of the first number.", &public, &message, flipped(0));
        add("second_bit", "A bit of the second number.", &public, &message, flipped(32));
        add("other_message", "Of another message.", &public, b"Opsign", signature.clone());
        add("other_key", "Of another key.", &other, &message, signature.clone());
        add("zero", "Zeros.", &public, &message, vec![0; signature.len()]);
        add(
            "short",
            "A byte is missing.",
            &public,
            &message,
            signature[..signature.len() - 1].to_vec(),
        );
        add("long", "A byte too many.", &public, &message, [&signature[..], &[0]].concat());
        add(
            "no_key",
            "A key that is none.",
            &vec![0xff; public.len()],
            &message,
            signature.clone(),
        );
        match scheme {
            "sr25519" => {
                let mut unmarked = signature.clone();
                unmarked[63] &= 0x7f;
                add(
                    "unmarked",
                    "Without schnorrkel's bit, as before its audit.",
                    &public,
                    &message,
                    unmarked,
                );
                let keys = keypair(&seed);
                let transcript = signing_context(b"polkadot").bytes(&message);
                let other = keys.sign(attach_rng(transcript, numbers(&message)));
                add(
                    "other_context",
                    "In another context.",
                    &public,
                    &message,
                    other.to_bytes().to_vec(),
                );
                let uniform = MiniSecretKey::from_bytes(&seed).expect("32 bytes");
                let uniform = uniform.expand_to_keypair(ExpansionMode::Uniform);
                let transcript = signing_context(b"substrate").bytes(&message);
                let other = uniform.sign(attach_rng(transcript, numbers(&message)));
                add(
                    "other_expansion",
                    "By the same mini secret, expanded the other way.",
                    &public,
                    &message,
                    other.to_bytes().to_vec(),
                );
            }
            "ed25519" => {
                let order = crate::file::bytes(
                    "0xedd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
                );
                add(
                    "s_too_great",
                    "A second number of the group's order more.",
                    &public,
                    &message,
                    [&signature[..32], &plus(&signature[32..], &order)].concat(),
                );
            }
            _ => {
                for (name, id) in [
                    ("id_other", signature[64] ^ 1),
                    ("id_27", signature[64] + 27),
                    ("id_4", signature[64] + 4),
                ] {
                    let mut changed = signature.clone();
                    changed[64] = id;
                    add(name, "Another recovery id.", &public, &message, changed);
                }
                let (_, unhashed) =
                    sign(if scheme == "ecdsa" { "ecdsa_keccak" } else { "ecdsa" }, &seed, &message);
                add("other_hash", "Over the other hash.", &public, &message, unhashed);
            }
        }
    }
    cases
        .into_iter()
        .map(|(name, comment, scheme, public, message, signature)| {
            let verdict = judge(&line(scheme, &public, &message, &signature));
            assert_eq!(verdict, Ok(Verdict::Invalid), "{name}");
            json!({
                "name": name, "comment": comment, "scheme": scheme, "public": hex(public),
                "message": hex(message), "signature": hex(signature), "valid": false,
            })
        })
        .collect()
}

/// The sum of two little-endian numbers.
fn plus(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let sum = left.iter().zip(right).map(|(left, right)| {
        carry += u16::from(*left) + u16::from(*right);
        let byte = carry as u8;
        carry >>= 8;
        byte
    });
    sum.collect()
}

/// sp-core's own pair, for what needs one.
pub fn pair(seed: &[u8; 32]) -> sr25519::Pair {
    let pair = sr25519::Pair::from_seed(seed);
    assert_eq!(pair.public().encode(), keypair(seed).public.to_bytes());
    pair
}
