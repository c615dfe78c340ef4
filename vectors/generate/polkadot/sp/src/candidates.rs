//! `candidates.json`: from a candidate to the hash that statements name.

use codec::Encode;
use polkadot_primitives::{
    CandidateCommitments, CandidateDescriptorV2, CommittedCandidateReceiptV2, CompactStatement,
    CoreIndex, HeadData, OutboundHrmpMessage, SigningContext, ValidationCode,
};
use serde_json::{Value, json};
use sp_core::H256;

use crate::file::{File, SP, hex, pseudorandom};

type Descriptor = CandidateDescriptorV2<H256>;

/// Its cases.
pub fn file() -> File {
    let cases = vec![
        case("v1", "A descriptor of version 1: a collator's key and signature.", v1(), plain()),
        case("v2", "Version 2: core and session in their place.", v2(7, 11_234), plain()),
        case("v2_max", "The greatest core and session.", v2(u16::MAX.into(), u32::MAX), plain()),
        case("v3", "Version 3: a scheduling parent.", v3(), plain()),
        case("no_commitments", "The least commitments.", v2(0, 0), CandidateCommitments::default()),
        case(
            "upward_messages",
            "Messages up, one of them empty.",
            v2(1, 2),
            CandidateCommitments {
                upward_messages: vec![b"up".to_vec(), vec![], vec![7; 100]]
                    .try_into()
                    .expect("few"),
                ..plain()
            },
        ),
        case(
            "horizontal_messages",
            "Messages to other chains.",
            v2(1, 2),
            CandidateCommitments {
                horizontal_messages: vec![
                    OutboundHrmpMessage { recipient: 1000.into(), data: b"to asset hub".to_vec() },
                    OutboundHrmpMessage { recipient: u32::MAX.into(), data: vec![] },
                ]
                .try_into()
                .expect("few"),
                ..plain()
            },
        ),
        case(
            "new_code",
            "New code.",
            v2(1, 2),
            CandidateCommitments {
                new_validation_code: Some(ValidationCode(vec![0x5a; 20_000])),
                ..plain()
            },
        ),
        case(
            "numbers_max",
            "The greatest numbers.",
            v2(1, 2),
            CandidateCommitments {
                processed_downward_messages: u32::MAX,
                hrmp_watermark: u32::MAX,
                ..plain()
            },
        ),
    ];
    File {
        name: "candidates.json",
        description: "Candidates of parachains: descriptor and commitments by field, `descriptor_encoded` (SCALE, 292 bytes), `commitments_hash`, `candidate_hash`, and `seconded`, what is signed for it with `session` and `parent_hash`. `collator` and `signature` are the 32 and 64 bytes in these places, whatever the version puts there. `new_validation_code` is null for none.",
        source: format!("{SP}, polkadot-primitives 26.0.0 (GPL-3.0; only its answers are here)"),
        cases,
    }
}

fn hash(name: &str) -> H256 {
    H256(pseudorandom(&format!("candidate {name}")))
}

fn v1() -> Descriptor {
    let signature = [pseudorandom("collator r"), pseudorandom("collator s")].concat();
    let collator = pseudorandom("collator");
    Descriptor::new_from_raw(
        2000.into(),
        hash("relay parent"),
        collator[0],
        u16::from_le_bytes([collator[1], collator[2]]),
        u32::from_le_bytes([collator[3], collator[4], collator[5], collator[6]]),
        collator[7],
        collator[8..].try_into().expect("24 bytes"),
        hash("validation data"),
        hash("pov"),
        hash("erasure root"),
        H256::from_slice(&signature[..32]),
        signature[32..].try_into().expect("32 bytes"),
        hash("para head"),
        hash("code").into(),
    )
}

fn v2(core: u32, session: u32) -> Descriptor {
    Descriptor::new(
        2000.into(),
        hash("relay parent"),
        CoreIndex(core),
        session,
        hash("validation data"),
        hash("pov"),
        hash("erasure root"),
        hash("para head"),
        hash("code").into(),
    )
}

fn v3() -> Descriptor {
    Descriptor::new_v3(
        2000.into(),
        hash("relay parent"),
        CoreIndex(7),
        11_234,
        11_235,
        hash("validation data"),
        hash("pov"),
        hash("erasure root"),
        hash("para head"),
        hash("code").into(),
        hash("scheduling parent"),
    )
}

fn plain() -> CandidateCommitments {
    CandidateCommitments {
        head_data: HeadData(b"a head".to_vec()),
        processed_downward_messages: 3,
        hrmp_watermark: 21_543_210,
        ..Default::default()
    }
}

fn case(
    name: &str,
    comment: &str,
    descriptor: Descriptor,
    commitments: CandidateCommitments,
) -> Value {
    let encoded = descriptor.encode();
    assert_eq!(encoded.len(), 292);
    let receipt = CommittedCandidateReceiptV2 { descriptor, commitments: commitments.clone() };
    let context = SigningContext { session_index: 11_234, parent_hash: hash("relay parent") };
    let seconded = CompactStatement::Seconded(receipt.hash()).signing_payload(&context);
    json!({
        "name": name,
        "comment": comment,
        "descriptor": {
            "para_id": u32::from(receipt.descriptor.para_id()),
            "relay_parent": hex(&encoded[4..36]),
            "collator": hex(&encoded[36..68]),
            "persisted_validation_data_hash": hex(receipt.descriptor.persisted_validation_data_hash()),
            "pov_hash": hex(receipt.descriptor.pov_hash()),
            "erasure_root": hex(receipt.descriptor.erasure_root()),
            "signature": hex(&encoded[164..228]),
            "para_head": hex(receipt.descriptor.para_head()),
            "validation_code_hash": hex(&encoded[260..]),
        },
        "commitments": {
            "upward_messages": commitments.upward_messages.iter().map(hex).collect::<Vec<_>>(),
            "horizontal_messages": commitments.horizontal_messages.iter().map(|message| json!({
                "recipient": u32::from(message.recipient), "data": hex(&message.data),
            })).collect::<Vec<_>>(),
            "new_validation_code": commitments.new_validation_code.as_ref().map(|code| hex(&code.0)),
            "head_data": hex(&commitments.head_data.0),
            "processed_downward_messages": commitments.processed_downward_messages,
            "hrmp_watermark": commitments.hrmp_watermark,
        },
        "descriptor_encoded": hex(&encoded),
        "commitments_hash": hex(commitments.hash()),
        "candidate_hash": hex(receipt.hash().0),
        "session": context.session_index,
        "parent_hash": hex(context.parent_hash),
        "seconded": hex(seconded),
    })
}
