//! `grandpa.json`: what a `gran` key signs.

use codec::{DecodeAll, Encode};
use finality_grandpa::{Message, Precommit, Prevote, PrimaryPropose};
use serde_json::{Value, json};
use sp_consensus_grandpa::localized_payload;
use sp_core::H256;

use crate::file::{File, SP, hex, pseudorandom};

/// The message of Polkadot, Kusama and the chains of their kind.
pub type Vote = Message<H256, u32>;

/// Its cases.
pub fn file() -> File {
    let mut cases = good();
    cases.extend(bad());
    File {
        name: "grandpa.json",
        description: "GRANDPA's messages with round and set id: `encoded` is what is signed. 64-bit numbers are text. Cases with `error` are refused; `sp_decodes` says whether finality-grandpa's types decode all of the bytes.",
        source: format!(
            "{SP}, sp-consensus-grandpa 31.0.0, finality-grandpa 0.16.3. The names of errors are given by hand."
        ),
        cases,
    }
}

/// A message of one of three kinds.
pub fn vote(kind: &str, target_hash: H256, target_number: u32) -> Vote {
    match kind {
        "prevote" => Message::Prevote(Prevote { target_hash, target_number }),
        "precommit" => Message::Precommit(Precommit { target_hash, target_number }),
        "primary_propose" => Message::PrimaryPropose(PrimaryPropose { target_hash, target_number }),
        _ => unreachable!("a kind of this crate"),
    }
}

fn good() -> Vec<Value> {
    let mut cases = Vec::new();
    for kind in ["prevote", "precommit", "primary_propose"] {
        for (name, comment, number, round, set_id) in [
            ("usual", "As Polkadot's are.", 21_543_210, 4_711, 2_345),
            ("zero", "The least numbers.", 0, 0, 0),
            ("first", "The first round of the first set.", 1, 1, 0),
            ("max", "The greatest numbers.", u32::MAX, u64::MAX, u64::MAX),
            (
                "no_float",
                "Numbers that a double does not hold.",
                16_777_217,
                (1 << 53) + 1,
                (1 << 63) + 1,
            ),
        ] {
            let hash = H256(pseudorandom(&format!("target {number}")));
            cases.push(json!({
                "name": format!("{kind}_{name}"),
                "comment": comment,
                "kind": kind,
                "target_hash": hex(hash),
                "target_number": number,
                "round": round.to_string(),
                "set_id": set_id.to_string(),
                "encoded": hex(localized_payload(round, set_id, &vote(kind, hash, number))),
            }));
        }
    }
    cases
}

fn bad() -> Vec<Value> {
    let hash = H256(pseudorandom("target"));
    let encoded = localized_payload(1, 2, &vote("prevote", hash, 3));
    assert_eq!(encoded.len(), 53);
    let wide = Message::<H256, u64>::Prevote(Prevote { target_hash: hash, target_number: 3 });
    let with_kind = |kind: u8| [&[kind], &encoded[1..]].concat();
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("empty", "Nothing.", vec![]),
        ("truncated", "The last byte is missing.", encoded[..52].to_vec()),
        ("trailing", "A byte too many.", [&encoded[..], &[0]].concat()),
        ("kind_3", "A kind that is none.", with_kind(3)),
        ("kind_255", "A kind that is none.", with_kind(255)),
        (
            "number_64_bits",
            "Of a chain whose block numbers have 64 bits.",
            localized_payload(1, 2, &wide),
        ),
        (
            "not_localized",
            "The message without round and set id.",
            vote("prevote", hash, 3).encode(),
        ),
        ("hash_only", "32 bytes, as a BABE seal has them.", hash.0.to_vec()),
        ("twice", "Two messages.", [&encoded[..], &encoded].concat()),
    ];
    cases
        .into_iter()
        .map(|(name, comment, bytes)| {
            let decodes = <(Vote, u64, u64)>::decode_all(&mut &bytes[..]).is_ok();
            assert!(!decodes, "finality-grandpa decodes {name}");
            json!({
                "name": name, "comment": comment, "encoded": hex(&bytes),
                "error": "message_unknown", "sp_decodes": decodes,
            })
        })
        .collect()
}
