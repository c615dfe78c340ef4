//! `headers.json`: what a `babe` key seals.

use codec::{Compact, Decode, DecodeAll, Encode};
use serde_json::{Value, json};
use sp_consensus_babe::digests::{
    CompatibleDigestItem, PreDigest, PrimaryPreDigest, SecondaryPlainPreDigest,
    SecondaryVRFPreDigest,
};
use sp_consensus_babe::{BABE_ENGINE_ID, make_vrf_sign_data};
use sp_core::crypto::{Pair, VrfSecret};
use sp_core::{H256, sr25519};
use sp_runtime::generic::{Digest, DigestItem};
use sp_runtime::traits::BlakeTwo256;

use crate::file::{File, SP, hex, pseudorandom};
use crate::signatures::vrf_signature;

/// The header of Polkadot, Kusama and the chains of their kind.
pub type Header = sp_runtime::generic::Header<u32, BlakeTwo256>;

/// Its cases.
pub fn file() -> File {
    let mut cases = good();
    cases.extend(bad());
    File {
        name: "headers.json",
        description: "Block headers without their seal, as BABE seals them: `encoded` is SCALE, `hash` is blake2b-256 of it, which is the message to sign; `babe` is what the pre-digest says. 64-bit numbers are text. Cases with `error` are refused by a careful signer; `sp_decodes` says whether sp-runtime decodes all of the bytes, and `sp_slot` which slot sp-consensus-babe finds in it: where there is one, the signature could be evidence.",
        source: format!("{SP}, sp-consensus-babe 0.50.0. The names of errors are given by hand."),
        cases,
    }
}

/// A header with the given digest.
pub fn header(name: &str, number: u32, digest: Vec<DigestItem>) -> Header {
    let part = |part: &str| H256(pseudorandom(&format!("header {name}, {part}")));
    Header {
        parent_hash: part("parent"),
        number,
        state_root: part("state"),
        extrinsics_root: part("extrinsics"),
        digest: Digest { logs: digest },
    }
}

/// The pre-digest of a block that won its slot.
pub fn primary(authority_index: u32, slot: u64) -> PreDigest {
    let vrf_signature = slot_vrf(slot);
    PreDigest::Primary(PrimaryPreDigest { authority_index, slot: slot.into(), vrf_signature })
}

/// The pre-digest of a block whose slot fell to its author.
pub fn secondary_plain(authority_index: u32, slot: u64) -> PreDigest {
    PreDigest::SecondaryPlain(SecondaryPlainPreDigest { authority_index, slot: slot.into() })
}

fn secondary_vrf(authority_index: u32, slot: u64) -> PreDigest {
    let vrf_signature = slot_vrf(slot);
    PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
        authority_index,
        slot: slot.into(),
        vrf_signature,
    })
}

/// Alice's, for epoch 7.
fn slot_vrf(slot: u64) -> sp_consensus_babe::VrfSignature {
    let data = make_vrf_sign_data(&pseudorandom("epoch randomness"), slot.into(), 7);
    let seed = alice();
    let pre_output = sr25519::Pair::from_seed(&seed).vrf_pre_output(data.as_ref());
    let signature = vrf_signature(&seed, data.as_ref().0.clone(), None);
    assert_eq!(signature[..32], pre_output.encode()[..]);
    Decode::decode(&mut &signature[..]).expect("a VRF signature")
}

/// The mini secret of //Alice.
pub fn alice() -> [u8; 32] {
    sr25519::Pair::from_string_with_seed("//Alice", None).expect("a seed").1.expect("hard only")
}

/// The item that holds it.
pub fn item(pre_digest: PreDigest) -> DigestItem {
    <DigestItem as CompatibleDigestItem>::babe_pre_digest(pre_digest)
}

fn good() -> Vec<Value> {
    let slot = 288_450_123;
    let beefy = || DigestItem::Consensus(*b"BEEF", [&[3][..], &pseudorandom("mmr root")].concat());
    let cases = [
        (
            "primary",
            "A block that won its slot.",
            header("primary", 21_543_210, vec![item(primary(3, slot))]),
        ),
        (
            "secondary_plain",
            "A secondary block without VRF.",
            header("plain", 21_543_211, vec![item(secondary_plain(4, slot + 1))]),
        ),
        (
            "secondary_vrf",
            "A secondary block with VRF, as Polkadot has them.",
            header("vrf", 21_543_212, vec![item(secondary_vrf(5, slot + 2))]),
        ),
        (
            "beefy_digest",
            "The MMR root that every block of Polkadot carries.",
            header("beefy", 21_543_213, vec![item(primary(6, slot + 3)), beefy()]),
        ),
        (
            "epoch_change",
            "The last block of an epoch: a long item of BABE that is no pre-digest.",
            header(
                "epoch",
                21_543_214,
                vec![
                    item(primary(7, slot + 4)),
                    DigestItem::Consensus(BABE_ENGINE_ID, vec![1; 12_000]),
                    beefy(),
                ],
            ),
        ),
        (
            "consensus_before",
            "The pre-digest need not be the first item.",
            header("before", 21_543_215, vec![beefy(), item(primary(8, slot + 5))]),
        ),
        (
            "other",
            "An item without an engine.",
            header(
                "other",
                21_543_216,
                vec![item(primary(9, slot + 6)), DigestItem::Other(b"opsign".to_vec())],
            ),
        ),
        (
            "other_empty",
            "One without bytes.",
            header(
                "other empty",
                21_543_217,
                vec![item(primary(9, slot + 7)), DigestItem::Other(Vec::new())],
            ),
        ),
        (
            "runtime_updated",
            "The item of a runtime upgrade, which has no bytes.",
            header(
                "upgrade",
                21_543_218,
                vec![item(primary(10, slot + 8)), DigestItem::RuntimeEnvironmentUpdated],
            ),
        ),
        (
            "other_engine",
            "A pre-digest of another engine beside BABE's.",
            header(
                "aura",
                21_543_219,
                vec![DigestItem::PreRuntime(*b"aura", vec![1; 8]), item(primary(11, slot + 9))],
            ),
        ),
        (
            "all_items",
            "Every kind of item but a seal.",
            header(
                "all",
                21_543_220,
                vec![
                    DigestItem::RuntimeEnvironmentUpdated,
                    DigestItem::Other(vec![0; 64]),
                    item(secondary_vrf(12, slot + 10)),
                    beefy(),
                    DigestItem::PreRuntime(*b"pow_", Vec::new()),
                ],
            ),
        ),
        (
            "number_0",
            "The least number, which is genesis: nobody seals it.",
            header("0", 0, vec![item(primary(0, slot))]),
        ),
        (
            "number_63",
            "The greatest number in one byte.",
            header("63", 63, vec![item(primary(0, slot))]),
        ),
        ("number_64", "The least in two.", header("64", 64, vec![item(primary(0, slot))])),
        (
            "number_16383",
            "The greatest in two.",
            header("16383", 16_383, vec![item(primary(0, slot))]),
        ),
        (
            "number_16384",
            "The least in four.",
            header("16384", 16_384, vec![item(primary(0, slot))]),
        ),
        (
            "number_2_30_minus_1",
            "The greatest in four.",
            header("2^30-1", (1 << 30) - 1, vec![item(primary(0, slot))]),
        ),
        (
            "number_2_30",
            "The least in five.",
            header("2^30", 1 << 30, vec![item(primary(0, slot))]),
        ),
        (
            "number_max",
            "The greatest number.",
            header("max", u32::MAX, vec![item(primary(u32::MAX, slot))]),
        ),
        ("slot_0", "The least slot.", header("slot 0", 1, vec![item(secondary_plain(0, 0))])),
        (
            "slot_max",
            "The greatest slot.",
            header("slot max", 1, vec![item(secondary_plain(0, u64::MAX))]),
        ),
    ];
    cases.into_iter().map(|(name, comment, header)| good_case(name, comment, &header)).collect()
}

fn good_case(name: &str, comment: &str, header: &Header) -> Value {
    let encoded = header.encode();
    assert_eq!(sp_crypto_hashing::blake2_256(&encoded), header.hash().0);
    json!({
        "name": name,
        "comment": comment,
        "header": {
            "parent_hash": hex(header.parent_hash),
            "number": header.number,
            "state_root": hex(header.state_root),
            "extrinsics_root": hex(header.extrinsics_root),
            "digest": header.digest.logs.iter().map(digest_item).collect::<Vec<_>>(),
        },
        "babe": pre_digest(header).expect("a pre-digest of BABE"),
        "encoded": hex(&encoded),
        "hash": hex(header.hash()),
    })
}

fn digest_item(item: &DigestItem) -> Value {
    let engine = |id: &[u8; 4]| String::from_utf8(id.to_vec()).expect("ASCII");
    match item {
        DigestItem::PreRuntime(id, data) => {
            json!({"kind": "pre_runtime", "engine": engine(id), "data": hex(data)})
        }
        DigestItem::Consensus(id, data) => {
            json!({"kind": "consensus", "engine": engine(id), "data": hex(data)})
        }
        DigestItem::Seal(id, data) => {
            json!({"kind": "seal", "engine": engine(id), "data": hex(data)})
        }
        DigestItem::Other(data) => json!({"kind": "other", "data": hex(data)}),
        DigestItem::RuntimeEnvironmentUpdated => json!({"kind": "runtime_environment_updated"}),
    }
}

/// What sp-consensus-babe finds.
fn pre_digest(header: &Header) -> Option<Value> {
    let found = header.digest.logs.iter().find_map(|item| item.as_babe_pre_digest())?;
    let kind = match &found {
        PreDigest::Primary(_) => "primary",
        PreDigest::SecondaryPlain(_) => "secondary_plain",
        PreDigest::SecondaryVRF(_) => "secondary_vrf",
    };
    let vrf = found.vrf_signature();
    Some(json!({
        "kind": kind,
        "authority_index": found.authority_index(),
        "slot": u64::from(found.slot()).to_string(),
        "pre_output": vrf.map(|vrf| hex(vrf.pre_output.encode())),
        "proof": vrf.map(|vrf| hex(vrf.proof.encode())),
    }))
}

fn bad() -> Vec<Value> {
    let slot = 288_450_123;
    let plain = header("bad", 5, vec![item(primary(1, slot))]);
    let encoded = plain.encode();
    // Parent, number in one byte, two roots, count of items, tag, engine, length (of 2 bytes).
    let (number_at, count_at, tag_at, index_at) = (32, 97, 98, 105);
    assert_eq!((encoded[number_at], encoded[count_at], encoded[tag_at]), (5 << 2, 1 << 2, 6));
    assert_eq!(encoded[index_at], 1);
    let splice = |at: usize, length: usize, with: &[u8]| {
        let mut bytes = encoded.clone();
        bytes.splice(at..at + length, with.iter().copied());
        bytes
    };
    let with = |digest| header("bad", 5, digest).encode();
    let raw = |data: Vec<u8>| DigestItem::PreRuntime(BABE_ENGINE_ID, data);
    let longer = [primary(1, slot).encode(), vec![0]].concat();
    let shorter = primary(1, slot).encode()[..40].to_vec();
    let seal = || DigestItem::Seal(BABE_ENGINE_ID, vec![7; 64]);
    let cases: Vec<(&str, &str, &str, Vec<u8>)> = vec![
        ("empty", "Nothing.", "truncated", vec![]),
        (
            "truncated",
            "The last byte is missing.",
            "truncated",
            encoded[..encoded.len() - 1].to_vec(),
        ),
        ("truncated_roots", "The digest is missing.", "truncated", encoded[..count_at].to_vec()),
        ("trailing", "A byte too many.", "trailing_bytes", [&encoded[..], &[0]].concat()),
        (
            "number_two_bytes",
            "A number in more bytes than it needs.",
            "compact_not_minimal",
            splice(number_at, 1, &[(5 << 2) | 1, 0]),
        ),
        (
            "number_four_bytes",
            "The same in four.",
            "compact_not_minimal",
            splice(number_at, 1, &[(5 << 2) | 2, 0, 0, 0]),
        ),
        (
            "number_five_bytes",
            "The same in five.",
            "compact_not_minimal",
            splice(number_at, 1, &[3, 5, 0, 0, 0]),
        ),
        (
            "number_33_bits",
            "A number that is too great.",
            "number_too_great",
            splice(number_at, 1, &Compact(1_u64 << 32).encode()),
        ),
        (
            "count_two_bytes",
            "A count in more bytes than it needs.",
            "compact_not_minimal",
            splice(count_at, 1, &[5, 0]),
        ),
        (
            "count_great",
            "More items than there are bytes.",
            "truncated",
            splice(count_at, 1, &Compact(u32::MAX).encode()),
        ),
        ("tag_1", "A tag of old times.", "digest_item_unknown", splice(tag_at, 1, &[1])),
        ("tag_7", "A tag that never was.", "digest_item_unknown", splice(tag_at, 1, &[7])),
        ("tag_9", "A tag that is not yet.", "digest_item_unknown", splice(tag_at, 1, &[9])),
        ("no_digest", "No items.", "pre_digest_missing", with(vec![])),
        (
            "no_babe",
            "A header of AURA.",
            "pre_digest_missing",
            with(vec![DigestItem::PreRuntime(*b"aura", vec![1; 8])]),
        ),
        (
            "babe_consensus",
            "BABE's name on an item of another kind.",
            "pre_digest_missing",
            with(vec![DigestItem::Consensus(BABE_ENGINE_ID, primary(1, slot).encode())]),
        ),
        (
            "two_pre_digests",
            "Two of BABE, for two slots.",
            "pre_digest_twice",
            with(vec![item(primary(1, slot)), item(primary(1, slot + 1))]),
        ),
        (
            "two_equal_pre_digests",
            "Two of BABE, the same.",
            "pre_digest_twice",
            with(vec![item(primary(1, slot)), item(primary(1, slot))]),
        ),
        (
            "bad_then_good",
            "One of BABE that says nothing, then one that does.",
            "pre_digest_malformed",
            with(vec![raw(vec![]), item(primary(1, slot))]),
        ),
        (
            "index_0",
            "A kind of pre-digest that never was.",
            "pre_digest_malformed",
            splice(index_at, 1, &[0]),
        ),
        (
            "index_4",
            "A kind of pre-digest that is not yet.",
            "pre_digest_malformed",
            splice(index_at, 1, &[4]),
        ),
        (
            "pre_digest_empty",
            "A pre-digest without bytes.",
            "pre_digest_malformed",
            with(vec![raw(vec![])]),
        ),
        (
            "pre_digest_short",
            "A pre-digest cut off.",
            "pre_digest_malformed",
            with(vec![raw(shorter)]),
        ),
        (
            "pre_digest_long",
            "A pre-digest with a byte too many.",
            "pre_digest_malformed",
            with(vec![raw(longer)]),
        ),
        (
            "sealed",
            "With a seal: what is signed has none.",
            "sealed",
            with(vec![item(primary(1, slot)), seal()]),
        ),
        (
            "sealed_in_front",
            "A seal in another place.",
            "sealed",
            with(vec![seal(), item(primary(1, slot))]),
        ),
        (
            "sealed_other_engine",
            "Another engine's seal.",
            "sealed",
            with(vec![item(primary(1, slot)), DigestItem::Seal(*b"pow_", vec![1])]),
        ),
    ];
    cases
        .into_iter()
        .map(|(name, comment, error, bytes)| {
            let decoded = Header::decode_all(&mut &bytes[..]).ok();
            let slot = decoded.as_ref().and_then(pre_digest).map(|found| found["slot"].clone());
            if [
                "truncated",
                "trailing_bytes",
                "compact_not_minimal",
                "number_too_great",
                "digest_item_unknown",
            ]
            .contains(&error)
            {
                assert!(decoded.is_none(), "sp-runtime decodes {name}");
            }
            json!({
                "name": name,
                "comment": comment,
                "encoded": hex(&bytes),
                "hash": hex(sp_crypto_hashing::blake2_256(&bytes)),
                "error": error,
                "sp_decodes": decoded.is_some(),
                "sp_slot": slot,
            })
        })
        .collect()
}
