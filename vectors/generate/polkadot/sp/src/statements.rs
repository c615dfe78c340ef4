//! `statements.json`: what a `para` key signs.

use bitvec::order::Lsb0;
use bitvec::vec::BitVec;
use codec::{DecodeAll, Encode};
use polkadot_primitives::{
    ApprovalVote, ApprovalVoteMultipleCandidates, AvailabilityBitfield, CandidateHash,
    CompactStatement, ExplicitDisputeStatement, MAX_COALESCE_APPROVALS, PvfCheckStatement,
    SigningContext,
};
use serde_json::{Value, json};
use sp_core::H256;

use crate::file::{File, SP, hex, pseudorandom};

/// Its cases.
pub fn file() -> File {
    assert_eq!(MAX_COALESCE_APPROVALS, 16);
    let mut cases = backing();
    cases.extend(approvals());
    cases.extend(disputes());
    cases.extend(bitfields());
    cases.extend(pvf_checks());
    cases.extend(bad());
    File {
        name: "statements.json",
        description: "What a parachain validator signs: `encoded` is what is signed. seconded and valid: BKNG; approval: APPR, with one candidate or 2 to 16; dispute: DISP; bitfield: no letters in front; pvf_check: VCPC, a vote on new code of a parachain, by the same key. Cases with `error` are refused; `sp_decodes` says whether polkadot-primitives' types decode all of the bytes and encode them again as they were, null where it has no such type.",
        source: format!(
            "{SP}, polkadot-primitives 26.0.0 (GPL-3.0; only its answers are here). The names of errors are given by hand."
        ),
        cases,
    }
}

/// A candidate's hash, made up.
pub fn candidate(name: &str) -> CandidateHash {
    CandidateHash(H256(pseudorandom(&format!("candidate {name}"))))
}

fn backing() -> Vec<Value> {
    let parent = H256(pseudorandom("relay parent"));
    let mut cases = Vec::new();
    for (name, comment, session_index) in [
        ("usual", "As Polkadot's are.", 11_234),
        ("zero", "The least session.", 0),
        ("max", "The greatest session.", u32::MAX),
    ] {
        for kind in ["seconded", "valid"] {
            let candidate = candidate(name);
            let statement = match kind {
                "seconded" => CompactStatement::Seconded(candidate),
                _ => CompactStatement::Valid(candidate),
            };
            let context = SigningContext { session_index, parent_hash: parent };
            cases.push(json!({
                "name": format!("{kind}_{name}"), "comment": comment, "kind": kind,
                "candidate_hash": hex(candidate.0), "session": session_index,
                "parent_hash": hex(parent), "encoded": hex(statement.signing_payload(&context)),
            }));
        }
    }
    cases
}

fn approvals() -> Vec<Value> {
    let mut cases = Vec::new();
    for (name, comment, count, session) in [
        ("one", "One candidate.", 1, 11_234),
        ("one_max", "The greatest session.", 1, u32::MAX),
        ("two", "The least that is a list.", 2, 11_234),
        ("three", "Three candidates.", 3, 0),
        ("sixteen", "The most that one signature covers.", 16, 11_234),
    ] {
        let hashes = (0..count).map(|n| candidate(&n.to_string())).collect::<Vec<_>>();
        let encoded = ApprovalVoteMultipleCandidates(&hashes).signing_payload(session);
        if count == 1 {
            assert_eq!(encoded, ApprovalVote(hashes[0]).signing_payload(session));
        }
        cases.push(json!({
            "name": format!("approval_{name}"), "comment": comment, "kind": "approval",
            "candidate_hashes": hashes.iter().map(|hash| hex(hash.0)).collect::<Vec<_>>(),
            "session": session, "encoded": hex(encoded),
        }));
    }
    cases
}

fn disputes() -> Vec<Value> {
    let mut cases = Vec::new();
    for (name, comment, valid, session) in [
        ("valid", "For the candidate.", true, 11_234),
        ("invalid", "Against it.", false, 11_234),
        ("session_max", "The greatest session.", false, u32::MAX),
    ] {
        let candidate_hash = candidate(name);
        let statement = ExplicitDisputeStatement { valid, candidate_hash, session };
        cases.push(json!({
            "name": format!("dispute_{name}"), "comment": comment, "kind": "dispute",
            "valid": valid, "candidate_hash": hex(candidate_hash.0), "session": session,
            "encoded": hex(statement.signing_payload()),
        }));
    }
    cases
}

fn bitfield(bits: &[bool], session_index: u32) -> Vec<u8> {
    let parent_hash = H256(pseudorandom("relay parent"));
    let bitfield = AvailabilityBitfield(bits.iter().copied().collect::<BitVec<u8, Lsb0>>());
    // As UncheckedSigned::payload_data has it.
    (bitfield, SigningContext { session_index, parent_hash }).encode()
}

fn bitfields() -> Vec<Value> {
    let mut cases = Vec::new();
    for (name, comment, count) in [
        ("empty", "No cores.", 0),
        ("1", "One core.", 1),
        ("8", "A whole byte.", 8),
        ("9", "A bit more.", 9),
        ("10", "Ten cores.", 10),
        ("63", "The greatest count in one byte.", 63),
        ("64", "The least in two.", 64),
        ("100", "As many cores as Polkadot has.", 100),
        ("1000", "More than there will be.", 1000),
    ] {
        let bits = (0..count).map(|n| (n * n) % 3 == 1).collect::<Vec<_>>();
        cases.push(json!({
            "name": format!("bitfield_{name}"), "comment": comment, "kind": "bitfield",
            "bits": bits.iter().map(|bit| if *bit { '1' } else { '0' }).collect::<String>(),
            "session": 11_234, "parent_hash": hex(pseudorandom("relay parent")),
            "encoded": hex(bitfield(&bits, 11_234)),
        }));
    }
    cases
}

fn pvf_checks() -> Vec<Value> {
    let mut cases = Vec::new();
    for (name, comment, accept, session_index, validator_index) in [
        ("accept", "For the code.", true, 11_234, 17),
        ("reject", "Against it.", false, 11_234, 17),
        ("max", "The greatest numbers.", true, u32::MAX, u32::MAX),
    ] {
        let subject = H256(pseudorandom("validation code"));
        let statement = PvfCheckStatement {
            accept,
            subject: subject.into(),
            session_index,
            validator_index: validator_index.into(),
        };
        cases.push(json!({
            "name": format!("pvf_check_{name}"), "comment": comment, "kind": "pvf_check",
            "accept": accept, "validation_code_hash": hex(subject), "session": session_index,
            "validator_index": validator_index, "encoded": hex(statement.signing_payload()),
        }));
    }
    cases
}

fn bad() -> Vec<Value> {
    let context =
        SigningContext { session_index: 5, parent_hash: H256(pseudorandom("relay parent")) };
    let statement = CompactStatement::Valid(candidate("bad")).signing_payload(&context);
    let approval = |count| {
        let hashes = (0..count).map(|n: i32| candidate(&n.to_string())).collect::<Vec<_>>();
        ApprovalVoteMultipleCandidates(&hashes).signing_payload(5)
    };
    let dispute =
        ExplicitDisputeStatement { valid: true, candidate_hash: candidate("bad"), session: 5 };
    let dispute = dispute.signing_payload();
    let check = PvfCheckStatement {
        accept: true,
        subject: H256(pseudorandom("validation code")).into(),
        session_index: 5,
        validator_index: 6.into(),
    };
    let check = check.signing_payload();
    let bits = bitfield(&[true; 10], 5);
    assert_eq!((statement.len(), approval(2).len(), dispute.len(), bits.len()), (73, 73, 41, 39));
    let with = |bytes: &[u8], at: usize, byte: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = byte;
        bytes
    };
    let long = |bytes: &[u8]| [bytes, &[0]].concat();
    let short = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
    let one_in_a_list = (*b"APPR", vec![candidate("bad")], 5_u32).encode();
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("empty", "Nothing.", vec![]),
        ("backing_0", "A statement that is none.", with(&statement, 4, 0)),
        ("backing_3", "What the statement of invalidity was in 2020.", with(&statement, 4, 3)),
        ("backing_short", "A byte is missing.", short(&statement)),
        ("backing_long", "A byte too many.", long(&statement)),
        ("backing_no_context", "Without session and parent.", statement[..37].to_vec()),
        ("backing_other_letters", "Letters that are none.", with(&statement, 0, b'C')),
        ("backing_without_letters", "As before the letters.", statement[4..].to_vec()),
        ("approval_one_in_a_list", "One candidate is no list.", one_in_a_list),
        ("approval_none", "No candidate.", approval(0)),
        ("approval_17", "One too many.", approval(17)),
        ("approval_short", "A byte is missing.", short(&approval(1))),
        ("approval_long", "A byte too many.", long(&approval(1))),
        ("approval_list_short", "A byte is missing.", short(&approval(2))),
        ("approval_list_long", "A byte too many.", long(&approval(2))),
        ("approval_count", "The count says three, there are two.", with(&approval(2), 4, 3 << 2)),
        (
            "approval_count_two_bytes",
            "A count in more bytes than it needs.",
            [b"APPR", &[(2 << 2) | 1, 0][..], &approval(2)[5..]].concat(),
        ),
        ("dispute_2", "Neither valid nor invalid.", with(&dispute, 4, 2)),
        ("dispute_short", "A byte is missing.", short(&dispute)),
        ("dispute_long", "A byte too many.", long(&dispute)),
        ("pvf_check_2", "Neither for nor against.", with(&check, 4, 2)),
        ("pvf_check_short", "A byte is missing.", short(&check)),
        ("pvf_check_long", "A byte too many.", long(&check)),
        ("bitfield_short", "A byte is missing.", short(&bits)),
        ("bitfield_long", "A byte too many.", long(&bits)),
        ("bitfield_count", "The count asks for a byte more.", with(&bits, 0, 17 << 2)),
        (
            "bitfield_count_two_bytes",
            "A count in more bytes than it needs.",
            [&[(10 << 2) | 1, 0], &bits[1..]].concat(),
        ),
        ("bitfield_padding", "A bit behind the last one.", with(&bits, 2, 0b111)),
        ("bitfield_no_context", "Without session and parent.", bits[..3].to_vec()),
        ("hash", "32 bytes, as a BABE seal has them.", pseudorandom("seal").to_vec()),
    ];
    cases
        .into_iter()
        .map(|(name, comment, bytes)| {
            let has_type = name.starts_with("backing") || name.starts_with("bitfield");
            let decodes = has_type.then(|| {
                decodes::<CompactStatement>(&bytes) || decodes::<AvailabilityBitfield>(&bytes)
            });
            json!({
                "name": format!("bad_{name}"), "comment": comment, "encoded": hex(&bytes),
                "error": "message_unknown", "sp_decodes": decodes,
            })
        })
        .collect()
}

/// Whether these are a statement with its context, written as it is always written.
fn decodes<T: codec::Decode + Encode>(bytes: &[u8]) -> bool {
    <(T, SigningContext)>::decode_all(&mut &bytes[..])
        .is_ok_and(|decoded| decoded.encode() == bytes)
}
