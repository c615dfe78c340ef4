//! `vrf.json`: what a key draws for a slot.

use codec::{Decode, Encode};
use serde_json::{Value, json};
use sp_consensus_babe::{RANDOMNESS_VRF_CONTEXT, make_vrf_transcript};
use sp_core::crypto::{Pair, VrfPublic, VrfSecret};
use sp_core::sr25519::vrf::{VrfSignData, VrfSignature, VrfTranscript};

use crate::file::{File, SP, bytes, hex, pseudorandom};
use crate::headers::alice;
use crate::judge::TranscriptData;
use crate::signatures::{pair, vrf_signature};

/// Its cases.
pub fn file() -> File {
    let mut cases = babe();
    cases.extend(others());
    let bad = bad(&cases);
    cases.extend(bad);
    File {
        name: "vrf.json",
        description: "VRFs of sr25519 over merlin's transcripts, which are a label and labelled items: bytes, or a number (as text) that enters as 8 bytes, little-endian. `pre_output` and `outputs` (by context) are the same whoever computes them; `signature`, the pre-output and the proof, is to be verified. `valid` is sp-core's verdict. `babe` is what make_vrf_transcript was called with. `extra` is a second transcript that only the proof covers.",
        source: format!("{SP}, sp-consensus-babe 0.50.0, schnorrkel 0.11.5, merlin 3.0.0"),
        cases,
    }
}

fn babe() -> Vec<Value> {
    let usual = pseudorandom("epoch randomness");
    let cases = [
        ("alice", "A slot of Alice's.", alice(), usual, 288_450_123, 7),
        ("next_slot", "The next slot.", alice(), usual, 288_450_124, 7),
        ("next_epoch", "The same slot in the next epoch.", alice(), usual, 288_450_123, 8),
        (
            "other_randomness",
            "Another epoch's randomness.",
            alice(),
            pseudorandom("other"),
            288_450_123,
            7,
        ),
        ("zero", "The least numbers.", pseudorandom("vrf zero"), [0; 32], 0, 0),
        ("max", "The greatest numbers.", pseudorandom("vrf max"), [255; 32], u64::MAX, u64::MAX),
        (
            "no_float",
            "Numbers that a double does not hold.",
            pseudorandom("vrf no float"),
            usual,
            (1 << 53) + 1,
            (1 << 63) + 1,
        ),
    ];
    cases
        .into_iter()
        .map(|(name, comment, seed, randomness, slot, epoch)| {
            let transcript = json!({"label": "BABE", "items": [
                {"label": "slot number", "u64": slot.to_string()},
                {"label": "current epoch", "u64": epoch.to_string()},
                {"label": "chain randomness", "bytes": hex(randomness)},
            ]});
            let mut case = good(&format!("babe_{name}"), comment, &seed, transcript.clone(), Value::Null);
            // sp-consensus-babe must come to the same.
            let data = make_vrf_transcript(&randomness, slot.into(), epoch);
            assert_eq!(hex(pair(&seed).vrf_pre_output(&data).encode()), case["pre_output"].as_str().expect("hex"));
            case["babe"] = json!({"randomness": hex(randomness), "slot": slot.to_string(), "epoch": epoch.to_string()});
            case
        })
        .collect()
}

fn others() -> Vec<Value> {
    let extra =
        || json!({"label": "extra", "items": [{"label": "domain2", "bytes": "0x6461746132"}]});
    let cases = [
        ("no_items", "A label alone.", json!({"label": "opsign", "items": []}), Value::Null),
        ("empty_label", "Not even that.", json!({"label": "", "items": []}), Value::Null),
        (
            "empty_item",
            "An item without bytes.",
            json!({"label": "opsign", "items": [{"label": "", "bytes": "0x"}]}),
            Value::Null,
        ),
        (
            "long_item",
            "An item longer than the sponge.",
            json!({"label": "opsign", "items": [{"label": "long", "bytes": hex([0x5a; 500])}]}),
            Value::Null,
        ),
        (
            "number_as_bytes",
            "A number and its 8 bytes are the same, see babe_alice.",
            json!({"label": "BABE", "items": [
                {"label": "slot number", "bytes": hex(288_450_123_u64.to_le_bytes())},
                {"label": "current epoch", "bytes": hex(7_u64.to_le_bytes())},
                {"label": "chain randomness", "bytes": hex(pseudorandom("epoch randomness"))},
            ]}),
            Value::Null,
        ),
        (
            "extra",
            "With extra data.",
            json!({"label": "label", "items": [{"label": "domain1", "bytes": "0x6461746131"}]}),
            extra(),
        ),
    ];
    let mut made = Vec::new();
    for (name, comment, transcript, extra) in cases {
        made.push(good(name, comment, &alice(), transcript, extra));
    }
    made
}

fn good(name: &str, comment: &str, seed: &[u8; 32], transcript: Value, extra: Value) -> Value {
    let pair = pair(seed);
    let merlin = build(&transcript).expect("a transcript");
    let pre_output = pair.vrf_pre_output(&VrfTranscript(merlin.clone()));
    let signature = vrf_signature(seed, merlin.clone(), build(&extra));
    assert!(verifies(&pair.public().0, &transcript, &extra, &signature), "{name}");
    let contexts = [RANDOMNESS_VRF_CONTEXT, b"substrate-babe-vrf", b"opsign"];
    let outputs = contexts.map(|context| {
        let output = pair.make_bytes::<16>(context, &VrfTranscript(merlin.clone()));
        (String::from_utf8_lossy(context).into_owned(), json!(hex(output)))
    });
    json!({
        "name": name,
        "comment": comment,
        "scheme": "sr25519_vrf",
        "seed": hex(seed),
        "public": hex(pair.public()),
        "transcript": transcript,
        "extra": extra,
        "pre_output": hex(pre_output.encode()),
        "outputs": serde_json::Map::from_iter(outputs),
        "signature": hex(signature),
        "valid": true,
    })
}

fn build(transcript: &Value) -> Option<merlin::Transcript> {
    let data: Option<TranscriptData> =
        serde_json::from_value(transcript.clone()).expect("a transcript");
    data.map(|data| data.build().expect("values"))
}

fn verifies(public: &[u8; 32], transcript: &Value, extra: &Value, signature: &[u8]) -> bool {
    let Ok(signature) = VrfSignature::decode(&mut &signature[..]) else { return false };
    let mut data = VrfSignData::from(VrfTranscript(build(transcript).expect("a transcript")));
    if let Some(extra) = build(extra) {
        data = data.with_extra(VrfTranscript(extra));
    }
    sp_core::sr25519::Public::from(*public).vrf_verify(&data, &signature)
}

fn bad(good: &[Value]) -> Vec<Value> {
    let [alice, next_slot] = [&good[0], &good[1]];
    let of = |case: &Value| bytes(case["signature"].as_str().expect("hex"));
    let public: [u8; 32] =
        bytes(alice["public"].as_str().expect("hex")).try_into().expect("32 bytes");
    let other: [u8; 32] =
        bytes(good[4]["public"].as_str().expect("hex")).try_into().expect("32 bytes");
    let flipped = |at: usize| {
        let mut bytes = of(alice);
        bytes[at] ^= 1;
        bytes
    };
    let swapped = |range: std::ops::Range<usize>| {
        let mut bytes = of(alice);
        bytes[range.clone()].copy_from_slice(&of(next_slot)[range]);
        bytes
    };
    let mut relabelled = alice["transcript"].clone();
    relabelled["items"][0]["label"] = json!("slot_number");
    let mut unlabelled = alice["transcript"].clone();
    for item in unlabelled["items"].as_array_mut().expect("items") {
        item["label"] = json!("");
    }
    let mut reordered = alice["transcript"].clone();
    reordered["items"].as_array_mut().expect("items").swap(0, 1);
    let same = || alice["transcript"].clone();
    let cases = [
        ("pre_output", "A bit of the pre-output.", public, same(), flipped(0)),
        ("challenge", "A bit of the challenge.", public, same(), flipped(32)),
        ("response", "A bit of the response.", public, same(), flipped(64)),
        ("other_pre_output", "The next slot's pre-output.", public, same(), swapped(0..32)),
        ("other_proof", "The next slot's proof.", public, same(), swapped(32..96)),
        ("other_slot", "The next slot's signature.", public, same(), of(next_slot)),
        ("other_key", "Another key.", other, same(), of(alice)),
        ("other_label", "An item under another label.", public, relabelled, of(alice)),
        (
            "no_labels",
            "Items without labels: what the proposal's messages would have to sign.",
            public,
            unlabelled,
            of(alice),
        ),
        ("other_order", "Items in another order.", public, reordered, of(alice)),
    ];
    cases
        .into_iter()
        .map(|(name, comment, public, transcript, signature)| {
            assert!(!verifies(&public, &transcript, &Value::Null, &signature), "{name}");
            json!({
                "name": format!("bad_{name}"), "comment": comment, "scheme": "sr25519_vrf",
                "public": hex(public), "transcript": transcript, "extra": null,
                "signature": hex(signature), "valid": false,
            })
        })
        .collect()
}
