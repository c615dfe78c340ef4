//! `beefy.json`: what a `beef` key signs.

use codec::{DecodeAll, Encode};
use serde_json::{Value, json};
use sp_consensus_beefy::{Commitment, Payload, known_payloads::MMR_ROOT_ID};
use sp_crypto_hashing::keccak_256;

use crate::file::{File, SP, hex, pseudorandom};

/// Its cases.
pub fn file() -> File {
    let mut cases = good();
    cases.extend(bad());
    File {
        name: "beefy.json",
        description: "BEEFY's commitments: `encoded` is SCALE, `hash` is keccak-256 of it, which is what is signed. 64-bit numbers are text. Cases with `error` are refused; `sp_decodes` says whether sp-consensus-beefy decodes all of the bytes.",
        source: format!("{SP}, sp-consensus-beefy 32.0.0. The names of errors are given by hand."),
        cases,
    }
}

/// A commitment to one MMR root.
pub fn commitment(root: [u8; 32], block_number: u32, validator_set_id: u64) -> Commitment<u32> {
    let payload = Payload::from_single_entry(MMR_ROOT_ID, root.to_vec());
    Commitment { payload, block_number, validator_set_id }
}

fn good() -> Vec<Value> {
    let root = pseudorandom("mmr root");
    let two =
        Payload::from_single_entry(MMR_ROOT_ID, root.to_vec()).push_raw(*b"zz", vec![1, 2, 3]);
    let empty = Payload::from_single_entry(*b"aa", Vec::new());
    let long = Payload::from_single_entry(*b"aa", vec![5; 16_384]);
    let cases = [
        ("usual", "As Polkadot's are.", commitment(root, 21_543_210, 2_345)),
        ("zero", "The least numbers.", commitment([0; 32], 0, 0)),
        ("max", "The greatest numbers.", commitment([255; 32], u32::MAX, u64::MAX)),
        (
            "two_entries",
            "Two payloads.",
            Commitment { payload: two, block_number: 5, validator_set_id: 6 },
        ),
        (
            "entry_empty",
            "A payload without bytes.",
            Commitment { payload: empty, block_number: 5, validator_set_id: 6 },
        ),
        (
            "entry_long",
            "A payload whose length takes four bytes.",
            Commitment { payload: long, block_number: 5, validator_set_id: 6 },
        ),
    ];
    cases
        .into_iter()
        .map(|(name, comment, commitment)| {
            let encoded = commitment.encode();
            // The entries have no other way out of `Payload`.
            let entries =
                <Vec<([u8; 2], Vec<u8>)>>::decode_all(&mut &commitment.payload.encode()[..]);
            let entries = entries.expect("a list of pairs");
            json!({
                "name": name,
                "comment": comment,
                "payload": entries.iter().map(|(id, data)| json!({
                    "id": String::from_utf8_lossy(id), "data": hex(data),
                })).collect::<Vec<_>>(),
                "block_number": commitment.block_number,
                "validator_set_id": commitment.validator_set_id.to_string(),
                "encoded": hex(&encoded),
                "hash": hex(keccak_256(&encoded)),
            })
        })
        .collect()
}

fn bad() -> Vec<Value> {
    let encoded = commitment(pseudorandom("mmr root"), 5, 6).encode();
    assert_eq!(encoded.len(), 1 + 2 + 1 + 32 + 4 + 8);
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("empty", "Nothing.", vec![]),
        ("truncated", "The last byte is missing.", encoded[..encoded.len() - 1].to_vec()),
        ("trailing", "A byte too many.", [&encoded[..], &[0]].concat()),
        (
            "count_two_bytes",
            "A count in more bytes than it needs.",
            [&[5, 0], &encoded[1..]].concat(),
        ),
        (
            "length_two_bytes",
            "A length in more bytes than it needs.",
            [&encoded[..3], &[(32 << 2) | 1, 0], &encoded[4..]].concat(),
        ),
        (
            "count_great",
            "More entries than there are bytes.",
            [&[254, 255, 255, 255], &encoded[1..]].concat(),
        ),
        ("hash", "The hash instead of what it is of.", keccak_256(&encoded).to_vec()),
    ];
    cases
        .into_iter()
        .map(|(name, comment, bytes)| {
            let decodes = Commitment::<u32>::decode_all(&mut &bytes[..]).is_ok();
            assert!(!decodes, "sp-consensus-beefy decodes {name}");
            json!({
                "name": name, "comment": comment, "encoded": hex(&bytes),
                "error": "message_unknown", "sp_decodes": decodes,
            })
        })
        .collect()
}
