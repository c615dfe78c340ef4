//! The cases of `vectors/polkadot`, which sp-core and its like have made.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;

use opsign_keystore::message::{Asked, Claim, understand};
use opsign_keystore::proto::remote_keystore_payload as payload;
use opsign_keystore::proto::{RemoteKeystorePayload, remote_keystore_payload::Message};
use opsign_keystore::{KeyType, Scheme, SessionKey, Transcripts, VrfItem, VrfValue};
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    let path = format!("{}/../../vectors/polkadot/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap().clone();
    assert_eq!(cases.len() as u64, file["count"].as_u64().unwrap());
    cases
}

fn bytes(value: &Value) -> Vec<u8> {
    base16ct::mixed::decode_vec(value.as_str().unwrap().strip_prefix("0x").unwrap()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A number, or one that is text because it has more than 53 bits.
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| text(value).parse().unwrap())
}

fn key_type(letters: &str) -> KeyType {
    letters.parse().unwrap()
}

fn ask(letters: &str, message: &[u8], payload: Option<&RemoteKeystorePayload>) -> Option<Claim> {
    let key_type = key_type(letters);
    let prehashed = letters == "beef" && payload.is_some();
    understand(&Asked { key_type, message, prehashed, payload, raw: false }).ok()
}

#[test]
fn seeds() {
    let mut met = [0, 0];
    let mut wrong = Vec::new();
    for case in cases("seeds") {
        let name = text(&case["name"]);
        let mut suri = text(&case["suri"]).to_owned();
        if let Some(password) = case["password"].as_str() {
            // One beside the text counts instead of one in it.
            let (phrase, _) = suri.split_once("///").unwrap_or((&suri, ""));
            suri = format!("{phrase}///{password}");
        }
        let scheme: Scheme = text(&case["scheme"]).parse().unwrap();
        let key = SessionKey::from_seed(key_type("dumy"), scheme, &suri);
        let found = key.map(|key| key.public().to_string());
        match case["public_key"].as_str() {
            Some(public) => {
                if found.as_deref() != Ok(public) {
                    wrong.push(format!("{name}: {found:?}, not {public}"));
                }
                met[0] += 1;
            }
            None => {
                if found.is_ok() {
                    wrong.push(format!("{name}: {found:?}"));
                }
                met[1] += 1;
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    println!("{met:?}");
    assert!(met[0] > 100 && met[1] > 10, "{met:?}");
}

#[test]
fn signatures() {
    let (mut same, mut verified) = (0, 0);
    for case in cases("signatures") {
        let Some(seed) = case["seed"].as_str() else { continue };
        let (name, message) = (text(&case["name"]), bytes(&case["message"]));
        let prehashed = case["scheme"] == "ecdsa_keccak";
        let scheme = if prehashed { "ecdsa" } else { text(&case["scheme"]) };
        let scheme: Scheme = scheme.parse().unwrap();
        let key = SessionKey::from_seed(key_type("dumy"), scheme, seed).unwrap();
        let sign = || {
            if prehashed {
                use sha3::Digest as _;
                let hash: [u8; 32] = sha3::Keccak256::digest(&message).into();
                key.sign_prehashed(&hash).unwrap().unwrap()
            } else {
                key.sign(&message).unwrap()
            }
        };
        let signature = sign();
        assert_eq!(signature, sign(), "{name}: the same bytes again");
        if case["deterministic"] == true {
            assert_eq!(signature, bytes(&case["signature"]), "{name}");
            same += 1;
        } else {
            assert_eq!(scheme, Scheme::Sr25519, "{name}");
            assert_ne!(signature, bytes(&case["signature"]), "{name}");
            // sp-core verifies so: schnorrkel in the context `substrate`.
            let public = schnorrkel::PublicKey::from_bytes(key.public().as_bytes()).unwrap();
            let signature = schnorrkel::Signature::from_bytes(&signature).unwrap();
            public.verify_simple(b"substrate", &message, &signature).unwrap();
            verified += 1;
        }
    }
    println!("{same} {verified}");
    assert!(same >= 10 && verified >= 5, "{same} {verified}");
}

#[test]
fn vrf() {
    let mut met = 0;
    for case in cases("vrf") {
        let Some(seed) = case["seed"].as_str().filter(|_| case["extra"].is_null()) else {
            continue;
        };
        let name = text(&case["name"]);
        let label = text(&case["transcript"]["label"]);
        let items: Vec<VrfItem> = case["transcript"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| VrfItem {
                label: text(&item["label"]).to_owned(),
                value: match item["u64"].as_str() {
                    Some(number) => VrfValue::Number(number.parse().unwrap()),
                    None => VrfValue::Bytes(bytes(&item["bytes"])),
                },
            })
            .collect();
        let key = SessionKey::from_seed(key_type("babe"), Scheme::Sr25519, seed).unwrap();
        let labels: Vec<String> = items.iter().map(|item| item.label.clone()).collect();
        let transcripts = match label {
            "BABE" => Transcripts::babe(),
            _ => Transcripts::babe().with(label, &labels),
        };
        let build = |items: &[VrfItem]| transcripts.build(label, items);
        let Ok(transcript) = build(&items) else {
            assert_eq!(label, "BABE", "{name}");
            continue;
        };
        let signature = key.vrf_sign(transcript).unwrap();
        assert_eq!(signature.output[..], bytes(&case["pre_output"]), "{name}");
        assert_eq!(key.vrf_sign(build(&items).unwrap()).unwrap(), signature, "{name}");
        let unlabelled: Vec<VrfItem> =
            items.iter().map(|item| VrfItem { label: String::new(), ..item.clone() }).collect();
        assert_eq!(key.vrf_sign(build(&unlabelled).unwrap()).unwrap(), signature, "{name}");
        let public = schnorrkel::PublicKey::from_bytes(key.public().as_bytes()).unwrap();
        let output = schnorrkel::vrf::VRFPreOut::from_bytes(&signature.output).unwrap();
        let proof = [signature.challenge, signature.proof].concat();
        let proof = schnorrkel::vrf::VRFProof::from_bytes(&proof).unwrap();
        public.vrf_verify(build(&items).unwrap(), &output, &proof).unwrap();
        met += 1;
    }
    println!("{met}");
    assert!(met >= 8, "{met}");
}

fn payload(message: Message, session: u32, parent: &[u8]) -> RemoteKeystorePayload {
    RemoteKeystorePayload {
        session_index: session,
        parent_hash: parent.to_vec(),
        message: Some(message),
        ..Default::default()
    }
}

fn grandpa(case: &Value) -> Message {
    let target_hash = bytes(&case["target_hash"]);
    let target_number = (number(&case["target_number"]) as u32).to_le_bytes().to_vec();
    use payload::grandpa_message::Message as Vote;
    let vote = match text(&case["kind"]) {
        "prevote" => Vote::PreVote(payload::GrandpaPreVote { target_hash, target_number }),
        "precommit" => Vote::PreCommit(payload::GrandpaPreCommit { target_hash, target_number }),
        _ => Vote::PrimaryPropose(payload::GrandpaPrimaryPropose { target_hash, target_number }),
    };
    Message::GrandpaMessage(payload::GrandpaMessage {
        message: Some(vote),
        round_number: number(&case["round"]),
        set_id: number(&case["set_id"]),
    })
}

#[test]
fn grandpa_votes() {
    let mut met = [0, 0];
    for case in cases("grandpa") {
        let (name, message) = (text(&case["name"]), bytes(&case["encoded"]));
        let claim = ask("gran", &message, None);
        if !case["error"].is_null() {
            assert_eq!(claim, None, "{name}");
            met[1] += 1;
            continue;
        }
        let step = match text(&case["kind"]) {
            "prevote" => 1,
            "precommit" => 2,
            _ => 0,
        };
        let (round, set_id) = (number(&case["round"]), number(&case["set_id"]));
        let expected = Some(Claim::Vote { set_id, round, step });
        assert_eq!(claim, expected, "{name}");
        let payload = payload(grandpa(&case), 0, &[]);
        assert_eq!(ask("gran", &message, Some(&payload)), expected, "{name}");
        for at in 0..message.len() {
            let mut other = message.clone();
            other[at] ^= 1;
            assert_eq!(ask("gran", &other, Some(&payload)), None, "{name} {at}");
        }
        for other in ["babe", "para", "beef", "asgn"] {
            assert_eq!(ask(other, &message, Some(&payload)), None, "{name} {other}");
        }
        met[0] += 1;
    }
    println!("{met:?}");
    assert!(met[0] >= 9 && met[1] >= 8, "{met:?}");
}

#[test]
fn statements() {
    use opsign_guard::Stance::{Against, For, Seconded, Valid};
    let mut met = [0, 0];
    for case in cases("statements") {
        let (name, message) = (text(&case["name"]), bytes(&case["encoded"]));
        let claim = ask("para", &message, None);
        if !case["error"].is_null() {
            assert_eq!(claim, None, "{name}");
            met[1] += 1;
            continue;
        }
        let session = case["session"].as_u64().unwrap_or_default() as u32;
        let of = |stance, hashes: Vec<&Value>| Claim::Statement {
            session,
            stance,
            candidates: hashes.into_iter().map(|hash| bytes(hash).try_into().unwrap()).collect(),
        };
        let one = vec![&case["candidate_hash"]];
        let parent = || bytes(&case["parent_hash"]);
        let hash = || payload::CandidateHash { hash: bytes(&case["candidate_hash"]) };
        let (expected, message_of) = match text(&case["kind"]) {
            "seconded" => (of(Seconded, one), None),
            "valid" => (of(Valid, one), Some(payload(Message::Valid(hash()), session, &parent()))),
            "approval" => {
                let hashes = case["candidate_hashes"].as_array();
                (of(For, hashes.map_or(one, |hashes| hashes.iter().collect())), None)
            }
            "dispute" if case["valid"] == true => (of(For, one), None),
            "dispute" => (of(Against, one), Some(payload(Message::Invalid(hash()), session, &[]))),
            "pvf_check" => (Claim::PvfCheck, None),
            "bitfield" => {
                let bits = message[..message.len() - 36].to_vec();
                let field = payload::AvailabilityBitfield { bits };
                let message = Message::AvailabilityBitfield(field);
                (Claim::Bitfield, Some(payload(message, session, &parent())))
            }
            other => panic!("{other}"),
        };
        assert_eq!(claim.as_ref(), Some(&expected), "{name}");
        if let Some(payload) = message_of {
            assert_eq!(ask("para", &message, Some(&payload)), Some(expected), "{name}");
            let other = RemoteKeystorePayload { session_index: session ^ 1, ..payload };
            assert_eq!(ask("para", &message, Some(&other)), None, "{name}");
        }
        for other in ["babe", "gran", "beef", "asgn"] {
            assert_eq!(ask(other, &message, None), None, "{name} {other}");
        }
        met[0] += 1;
    }
    println!("{met:?}");
    assert!(met[0] >= 20 && met[1] >= 25, "{met:?}");
}

/// The parts of a SCALE header: parent, number's bytes, roots, digest.
fn header(case: &Value) -> payload::BlockProposal {
    let header = &case["header"];
    let encoded = bytes(&case["encoded"]);
    let compact = match encoded[32] & 3 {
        0 => 1,
        1 => 2,
        2 => 4,
        _ => 1 + 4 + usize::from(encoded[32] >> 2),
    };
    payload::BlockProposal {
        parent_hash: bytes(&header["parent_hash"]),
        number: number(&header["number"]).to_string(),
        state_root: bytes(&header["state_root"]),
        extrinsics_root: bytes(&header["extrinsics_root"]),
        digest: encoded[32 + compact + 64..].to_vec(),
        slot: None,
    }
}

#[test]
fn headers() {
    let mut met = [0, 0];
    for case in cases("headers") {
        let name = text(&case["name"]);
        if !case["error"].is_null() {
            // Without a header by field only the digest can be put into a payload.
            let encoded = bytes(&case["encoded"]);
            if encoded.len() < 97 || case["hash"].is_null() {
                continue;
            }
            let (number, at) = match encoded[32] & 3 {
                0 => (u32::from(encoded[32] >> 2), 33),
                1 => (u32::from(u16::from_le_bytes([encoded[32], encoded[33]]) >> 2), 34),
                _ => (u32::from_le_bytes(encoded[32..36].try_into().unwrap()) >> 2, 36),
            };
            let block = payload::BlockProposal {
                parent_hash: encoded[..32].to_vec(),
                number: number.to_string(),
                state_root: encoded[at..at + 32].to_vec(),
                extrinsics_root: encoded[at + 32..at + 64].to_vec(),
                digest: encoded[at + 64..].to_vec(),
                slot: None,
            };
            let payload = payload(Message::BlockProposal(block), 0, &[]);
            assert_eq!(ask("babe", &bytes(&case["hash"]), Some(&payload)), None, "{name}");
            met[1] += 1;
            continue;
        }
        let (hash, slot) = (bytes(&case["hash"]), number(&case["babe"]["slot"]));
        let block = header(&case);
        let of = |block| payload(Message::BlockProposal(block), 0, &[]);
        let expected = Some(Claim::Block { slot });
        assert_eq!(ask("babe", &hash, Some(&of(block.clone()))), expected, "{name}");
        let right = payload::BlockProposal { slot: Some(slot), ..block.clone() };
        assert_eq!(ask("babe", &hash, Some(&of(right))), expected, "{name}");
        let wrong = payload::BlockProposal { slot: Some(slot ^ 1), ..block.clone() };
        assert_eq!(ask("babe", &hash, Some(&of(wrong))), None, "{name}");
        assert_eq!(ask("babe", &hash, None), None, "{name}");
        assert_eq!(ask("gran", &hash, Some(&of(block.clone()))), None, "{name}");
        let mut other = block.clone();
        other.state_root[0] ^= 1;
        assert_eq!(ask("babe", &hash, Some(&of(other))), None, "{name}");
        met[0] += 1;
    }
    println!("{met:?}");
    assert!(met[0] >= 20 && met[1] >= 10, "{met:?}");
}

#[test]
fn candidates() {
    let mut met = 0;
    for case in cases("candidates") {
        let name = text(&case["name"]);
        let field = |name: &str| bytes(&case["descriptor"][name]);
        let descriptor = payload::committed_candidate_receipt::CandidateDescriptor {
            para_id: number(&case["descriptor"]["para_id"]) as u32,
            relay_parent: field("relay_parent"),
            collator: field("collator"),
            persisted_validation_data_hash: field("persisted_validation_data_hash"),
            pov_hash: field("pov_hash"),
            erasure_root: field("erasure_root"),
            signature: field("signature"),
            para_head: field("para_head"),
            validation_code_hash: field("validation_code_hash"),
        };
        let commitments = &case["commitments"];
        let list = |value: &Value| value.as_array().unwrap().clone();
        use payload::committed_candidate_receipt::candidate_commitments::OutboundHrmpMessage;
        let code = &commitments["new_validation_code"];
        let built = payload::committed_candidate_receipt::CandidateCommitments {
            upward_messages: list(&commitments["upward_messages"]).iter().map(bytes).collect(),
            horizontal_messages: list(&commitments["horizontal_messages"])
                .iter()
                .map(|message| OutboundHrmpMessage {
                    recipient: number(&message["recipient"]) as u32,
                    data: bytes(&message["data"]),
                })
                .collect(),
            new_validation_code: if code.is_null() { Vec::new() } else { bytes(code) },
            head_data: bytes(&commitments["head_data"]),
            processed_downward_messages: number(&commitments["processed_downward_messages"]) as u32,
            hrmp_watermark: number(&commitments["hrmp_watermark"]) as u32,
        };
        let (session, parent) = (number(&case["session"]) as u32, bytes(&case["parent_hash"]));
        let of = |commitments, commitments_hash: Vec<u8>| {
            let descriptor = Some(descriptor.clone());
            let receipt =
                payload::CommittedCandidateReceipt { descriptor, commitments, commitments_hash };
            payload(Message::Seconded(receipt), session, &parent)
        };
        let message = bytes(&case["seconded"]);
        let expected = Some(Claim::Statement {
            session,
            stance: opsign_guard::Stance::Seconded,
            candidates: vec![bytes(&case["candidate_hash"]).try_into().unwrap()],
        });
        let hash = bytes(&case["commitments_hash"]);
        let forms = [
            of(Some(built.clone()), Vec::new()),
            of(None, hash.clone()),
            of(Some(built.clone()), hash.clone()),
        ];
        for payload in forms {
            assert_eq!(ask("para", &message, Some(&payload)), expected, "{name}");
        }
        let mut other = hash;
        other[0] ^= 1;
        for payload in [of(None, other.clone()), of(Some(built), other), of(None, Vec::new())] {
            assert_eq!(ask("para", &message, Some(&payload)), None, "{name}");
        }
        met += 1;
    }
    assert!(met >= 8, "{met}");
}

#[test]
fn beefy_commitments() {
    let mut met = [0, 0];
    for case in cases("beefy") {
        let name = text(&case["name"]);
        let commitment = bytes(&case["encoded"]);
        let field = payload::BeefyCommitment { commitment: commitment.clone() };
        let payload = payload(Message::BeefyCommitment(field), 0, &[]);
        let ask = |hash: &[u8], prehashed| {
            let key_type = key_type("beef");
            let payload = Some(&payload);
            understand(&Asked { key_type, message: hash, prehashed, payload, raw: false }).ok()
        };
        if !case["error"].is_null() {
            use sha3::Digest as _;
            let hash = sha3::Keccak256::digest(&commitment);
            assert_eq!(ask(&hash, true), None, "{name}");
            met[1] += 1;
            continue;
        }
        let hash = bytes(&case["hash"]);
        let expected = Claim::Commitment {
            set_id: number(&case["validator_set_id"]),
            block: number(&case["block_number"]) as u32,
        };
        assert_eq!(ask(&hash, true), Some(expected), "{name}");
        assert_eq!(ask(&hash, false), None, "{name}");
        assert_eq!(ask(&commitment, false), None, "{name}");
        let mut other = hash;
        other[31] ^= 1;
        assert_eq!(ask(&other, true), None, "{name}");
        met[0] += 1;
    }
    assert!(met[0] >= 5 && met[1] >= 4, "{met:?}");
}

#[test]
fn ownership() {
    let mut lengths = HashSet::new();
    for case in cases("ownership") {
        let (name, message) = (text(&case["name"]), bytes(&case["encoded"]));
        for letters in ["babe", "gran", "para", "beef", "asgn"] {
            let claim = ask(letters, &message, None);
            if matches!(message.len() - 4, 20 | 32..=64) {
                assert_eq!(claim, Some(Claim::Ownership), "{name} {letters}");
                lengths.insert(message.len());
            } else {
                assert_ne!(claim, Some(Claim::Ownership), "{name} {letters}");
            }
        }
    }
    assert!(lengths.contains(&36) && lengths.len() > 1, "{lengths:?}");
}

/// A hash of a header can be made to begin with the tag.
#[test]
fn no_ownership_of_28_bytes() {
    let mut message = [7; 32];
    message[..4].copy_from_slice(b"POP_");
    assert_eq!(ask("babe", &message, None), None);
}

/// No truth but a promise: a release that makes other signatures, say with another schnorrkel, would
/// answer what was asked before it with a second seal. What is pinned verifies, and stays.
#[test]
fn the_same_bytes_in_every_release() {
    let key = SessionKey::from_seed(key_type("babe"), Scheme::Sr25519, "//Alice/soft").unwrap();
    let signature = key.sign(b"opsign").unwrap();
    assert_eq!(
        base16ct::lower::encode_string(&signature),
        concat!(
            "3ebdc7d86225fe8c2bd52a418977f35ce55c5519918dfca3ff465299fe2a2d44",
            "da93baa7d8808457ab2ccb4513f2fb8cd0288570de70fc5205378a782fec8787",
        )
    );
    let public = schnorrkel::PublicKey::from_bytes(key.public().as_bytes()).unwrap();
    let signature = schnorrkel::Signature::from_bytes(&signature).unwrap();
    public.verify_simple(b"substrate", b"opsign", &signature).unwrap();
}
