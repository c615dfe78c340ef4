//! `equivocations.json`: pairs of signatures, and whether a chain punishes them.

use codec::Encode;
use finality_grandpa::Message;
use serde_json::{Value, json};
use sp_consensus_babe::AuthorityId as BabeId;
use sp_consensus_babe::digests::{CompatibleDigestItem, PreDigest};
use sp_consensus_beefy::{DoubleVotingProof, VoteMessage, ecdsa_crypto};
use sp_consensus_grandpa::{Equivocation, EquivocationProof, localized_payload};
use sp_core::{ByteArray, H256, ecdsa, ed25519, sr25519};
use sp_runtime::generic::DigestItem;
use sp_runtime::traits::Header as _;

use crate::beefy::commitment;
use crate::file::{File, SP, hex, pseudorandom};
use crate::grandpa::{Vote, vote};
use crate::headers::{Header, alice, header, item, primary, secondary_plain};
use crate::signatures::sign;

/// Its cases.
pub fn file() -> File {
    let mut cases = babe();
    cases.extend(grandpa());
    cases.extend(beefy());
    File {
        name: "equivocations.json",
        description: "Two signatures of one key each, and whether the protocol's own check takes the pair for an equivocation: check_equivocation_proof of BABE and GRANDPA, check_double_voting_proof of BEEFY. After `first`, a signer that protects its key must not give out `second` where `equivocation` is true. `second` may be the same message again: then another signature must not come out of it. `message` is what is signed; of a `babe` key it is the hash of `header`.",
        source: format!(
            "{SP}, sp-consensus-babe 0.50.0, sp-consensus-grandpa 31.0.0, sp-consensus-beefy 32.0.0, schnorrkel 0.11.5"
        ),
        cases,
    }
}

/// A signature with what it is of.
fn signed(message: &[u8], signature: &[u8], header: Option<&[u8]>) -> Value {
    json!({"message": hex(message), "header": header.map(hex), "signature": hex(signature)})
}

fn case(
    class: &str,
    (name, comment): (&str, &str),
    scheme: &str,
    public: &[u8],
    [first, second]: [Value; 2],
    equivocation: bool,
) -> Value {
    json!({
        "name": format!("{class}_{name}"), "comment": comment, "class": class, "scheme": scheme,
        "public": hex(public), "first": first, "second": second, "equivocation": equivocation,
    })
}

fn babe() -> Vec<Value> {
    let slot = 288_450_123;
    let at = |name: &str, pre_digest: PreDigest| header(name, 21_543_210, vec![item(pre_digest)]);
    let sealed = |header: &Header| {
        let message = header.hash();
        let (public, signature) = sign("sr25519", &alice(), message.as_bytes());
        (header.clone(), public, signature)
    };
    let cases = [
        (
            "two_blocks",
            "Two blocks in one slot.",
            sealed(&at("a", primary(3, slot))),
            sealed(&at("b", primary(3, slot))),
        ),
        (
            "two_kinds",
            "One primary, one secondary.",
            sealed(&at("a", primary(3, slot))),
            sealed(&at("a", secondary_plain(3, slot))),
        ),
        (
            "two_heights",
            "In one slot on two heights.",
            sealed(&at("a", primary(3, slot))),
            sealed(&header("c", 21_543_211, vec![item(primary(3, slot))])),
        ),
        (
            "two_slots",
            "Two blocks in two slots.",
            sealed(&at("a", primary(3, slot))),
            sealed(&at("b", primary(3, slot + 1))),
        ),
        (
            "same",
            "The same block with the same seal.",
            sealed(&at("a", primary(3, slot))),
            sealed(&at("a", primary(3, slot))),
        ),
        (
            "other_authority",
            "Under two indices: the chain does not hold that against anybody.",
            sealed(&at("a", primary(3, slot))),
            sealed(&at("b", primary(4, slot))),
        ),
        (
            "two_seals",
            "The same block sealed twice: sr25519 draws numbers, and the seal is part of the hash that is compared.",
            sealed(&at("a", primary(3, slot))),
            sealed_again(&at("a", primary(3, slot))),
        ),
    ];
    cases
        .into_iter()
        .map(|(name, comment, (first, public, first_seal), (second, _, second_seal))| {
            let offender = BabeId::from(sr25519::Public::from_slice(&public).expect("a key"));
            let with_seal = |header: &Header, seal: &[u8]| {
                let mut header = header.clone();
                let seal = sr25519::Signature::from_slice(seal).expect("a signature");
                header
                    .digest_mut()
                    .push(<DigestItem as CompatibleDigestItem>::babe_seal(seal.into()));
                header
            };
            let equivocation = sp_consensus_babe::check_equivocation_proof(
                sp_consensus_slots::EquivocationProof {
                    offender,
                    slot: slot.into(),
                    first_header: with_seal(&first, &first_seal),
                    second_header: with_seal(&second, &second_seal),
                },
            );
            let signed = |header: &Header, seal: &[u8]| {
                signed(header.hash().as_bytes(), seal, Some(&header.encode()))
            };
            let pair = [signed(&first, &first_seal), signed(&second, &second_seal)];
            case("babe", (name, comment), "sr25519", &public, pair, equivocation)
        })
        .collect()
}

/// By schnorrkel with other random numbers.
fn sealed_again(header: &Header) -> (Header, Vec<u8>, Vec<u8>) {
    use rand_chacha::rand_core::SeedableRng;
    let keys = schnorrkel::MiniSecretKey::from_bytes(&alice()).expect("32 bytes");
    let keys = keys.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
    let transcript = schnorrkel::signing_context(b"substrate").bytes(header.hash().as_bytes());
    let numbers = rand_chacha::ChaCha20Rng::from_seed([9; 32]);
    let signature = keys.sign(schnorrkel::context::attach_rng(transcript, numbers));
    (header.clone(), keys.public.to_bytes().to_vec(), signature.to_bytes().to_vec())
}

fn grandpa() -> Vec<Value> {
    let [a, b] = ["a", "b"].map(|name| H256(pseudorandom(&format!("target {name}"))));
    let cases = [
        ("prevotes", "Two prevotes in one round.", vote("prevote", a, 5), vote("prevote", b, 5)),
        (
            "precommits",
            "Two precommits in one round.",
            vote("precommit", a, 5),
            vote("precommit", b, 6),
        ),
        (
            "prevote_numbers",
            "One hash on two heights.",
            vote("prevote", a, 5),
            vote("prevote", a, 6),
        ),
        ("same_prevote", "The same prevote again.", vote("prevote", a, 5), vote("prevote", a, 5)),
        (
            "same_precommit",
            "The same precommit again.",
            vote("precommit", a, 5),
            vote("precommit", a, 5),
        ),
    ];
    let mut made = Vec::new();
    for (name, comment, first, second) in cases {
        made.push(votes(name, comment, (1, 1, &first), (1, 1, &second)));
    }
    let prevotes = (vote("prevote", a, 5), vote("prevote", b, 5));
    made.push(votes(
        "two_rounds",
        "Two prevotes in two rounds.",
        (1, 1, &prevotes.0),
        (2, 1, &prevotes.1),
    ));
    made.push(votes(
        "two_sets",
        "Two prevotes in two sets.",
        (1, 1, &prevotes.0),
        (1, 2, &prevotes.1),
    ));
    made
}

/// Two votes, each with round and set id. The proof is made for those of the first.
fn votes(name: &str, comment: &str, first: (u64, u64, &Vote), second: (u64, u64, &Vote)) -> Value {
    let seed = pseudorandom("voter");
    let [(public, one, first_message), (_, two, second_message)] =
        [first, second].map(|(round, set_id, vote)| {
            let message = localized_payload(round, set_id, vote);
            let (public, signature) = sign("ed25519", &seed, &message);
            (public, signature, message)
        });
    let identity = sp_consensus_grandpa::AuthorityId::from(
        ed25519::Public::from_slice(&public).expect("a key"),
    );
    let [one_signature, two_signature] = [&one, &two].map(|signature| {
        sp_consensus_grandpa::AuthoritySignature::from(
            ed25519::Signature::from_slice(signature).expect("a signature"),
        )
    });
    let (round_number, set_id, _) = first;
    let proof: Equivocation<H256, u32> = match (first.2, second.2) {
        (Message::Prevote(one), Message::Prevote(two)) => finality_grandpa::Equivocation {
            round_number,
            identity,
            first: (one.clone(), one_signature),
            second: (two.clone(), two_signature),
        }
        .into(),
        (Message::Precommit(one), Message::Precommit(two)) => finality_grandpa::Equivocation {
            round_number,
            identity,
            first: (one.clone(), one_signature),
            second: (two.clone(), two_signature),
        }
        .into(),
        _ => unreachable!("two of one kind"),
    };
    let equivocation =
        sp_consensus_grandpa::check_equivocation_proof(EquivocationProof::new(set_id, proof));
    let pair = [signed(&first_message, &one, None), signed(&second_message, &two, None)];
    case("gran", (name, comment), "ed25519", &public, pair, equivocation)
}

fn beefy() -> Vec<Value> {
    let [a, b] = ["a", "b"].map(|name| pseudorandom(&format!("mmr {name}")));
    let cases = [
        ("two_roots", "Two roots at one height.", commitment(a, 5, 6), commitment(b, 5, 6)),
        ("two_heights", "Two heights.", commitment(a, 5, 6), commitment(b, 6, 6)),
        ("two_sets", "Two sets.", commitment(a, 5, 6), commitment(b, 5, 7)),
        ("same", "The same again.", commitment(a, 5, 6), commitment(a, 5, 6)),
    ];
    cases
        .into_iter()
        .map(|(name, comment, first, second)| {
            let seed = pseudorandom("beefy voter");
            let [(public, one), (_, two)] = [&first, &second]
                .map(|commitment| sign("ecdsa_keccak", &seed, &commitment.encode()));
            let id =
                ecdsa_crypto::AuthorityId::from(ecdsa::Public::from_slice(&public).expect("a key"));
            let vote =
                |commitment: &sp_consensus_beefy::Commitment<u32>, signature: &[u8]| VoteMessage {
                    commitment: commitment.clone(),
                    id: id.clone(),
                    signature: ecdsa_crypto::Signature::from(
                        ecdsa::Signature::from_slice(signature).expect("a signature"),
                    ),
                };
            let proof =
                DoubleVotingProof { first: vote(&first, &one), second: vote(&second, &two) };
            let equivocation = sp_consensus_beefy::check_double_voting_proof::<
                u32,
                ecdsa_crypto::AuthorityId,
            >(&proof);
            let pair = [signed(&first.encode(), &one, None), signed(&second.encode(), &two, None)];
            case("beef", (name, comment), "ecdsa_keccak", &public, pair, equivocation)
        })
        .collect()
}
