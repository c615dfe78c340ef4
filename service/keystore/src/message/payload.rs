//! The bytes that a payload stands for.

use sha3::{Digest, Keccak256};

use super::beefy::Commitment;
use super::grandpa;
use super::header::Header;
use super::statement::{bits, encode_backing, encode_bytes, encode_dispute};
use crate::blake2::blake2_256;
use crate::proto::RemoteKeystorePayload;
use crate::proto::remote_keystore_payload::committed_candidate_receipt::{
    CandidateCommitments, CandidateDescriptor,
};
use crate::proto::remote_keystore_payload::grandpa_message::Message as Vote;
use crate::proto::remote_keystore_payload::{
    BlockProposal, CommittedCandidateReceipt, GrandpaMessage, Message,
};
use crate::scale::{Reader, compact};

/// The field of a payload that is wrong, by its name in the proto file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is missing, too long or in another form than it should be", self.0)
    }
}

/// What a payload stands for.
pub(super) enum Built<'a> {
    /// Bytes that describe themselves.
    Plain(Vec<u8>),
    /// A header, of which the hash is signed.
    Header(Header),
    /// A commitment, of which another hash is signed.
    Commitment(Commitment<'a>),
}

impl Built<'_> {
    /// The bytes to be signed; none if this is not signed in such a way.
    pub(super) fn message(&self, prehashed: bool) -> Option<Vec<u8>> {
        match (self, prehashed) {
            (Self::Plain(bytes), false) => Some(bytes.clone()),
            (Self::Header(header), false) => Some(blake2_256(&[&header.bytes]).to_vec()),
            (Self::Commitment(commitment), true) => {
                Some(Keccak256::digest(commitment.bytes).to_vec())
            }
            _ => None,
        }
    }
}

/// What a payload stands for; nothing if it is empty.
pub(super) fn build(payload: &RemoteKeystorePayload) -> Result<Option<Built<'_>>, Malformed> {
    let Some(message) = &payload.message else { return Ok(None) };
    let session = payload.session_index;
    let parent = || bytes32("parent_hash", &payload.parent_hash);
    let built = match message {
        Message::AvailabilityBitfield(field) => {
            let mut from = Reader::new(&field.bits);
            let sound = bits(&mut from).and_then(|()| from.end());
            sound.ok_or(Malformed("availability_bitfield.bits"))?;
            Built::Plain([&field.bits[..], &session.to_le_bytes(), parent()?].concat())
        }
        Message::Seconded(receipt) => {
            Built::Plain(encode_backing(1, &candidate_hash(receipt)?, session, parent()?))
        }
        Message::Valid(candidate) => {
            let hash = bytes32("valid.hash", &candidate.hash)?;
            Built::Plain(encode_backing(2, hash, session, parent()?))
        }
        Message::Invalid(candidate) => {
            let hash = bytes32("invalid.hash", &candidate.hash)?;
            Built::Plain(encode_dispute(false, hash, session))
        }
        Message::BlockProposal(block) => Built::Header(header(block)?),
        Message::GrandpaMessage(vote) => Built::Plain(grandpa_vote(vote)?),
        Message::BeefyCommitment(field) => {
            let commitment = Commitment::new(&field.commitment);
            Built::Commitment(commitment.ok_or(Malformed("beefy_commitment.commitment"))?)
        }
    };
    Ok(Some(built))
}

fn header(block: &BlockProposal) -> Result<Header, Malformed> {
    let number = &block.number;
    let canonical = number.len() == 1 || !number.starts_with('0');
    let digits = number.bytes().all(|digit| digit.is_ascii_digit());
    let number = number.parse::<u32>().ok().filter(|_| canonical && digits);
    let header = Header::new(
        bytes32("block_proposal.parent_hash", &block.parent_hash)?,
        number.ok_or(Malformed("block_proposal.number"))?,
        bytes32("block_proposal.state_root", &block.state_root)?,
        bytes32("block_proposal.extrinsics_root", &block.extrinsics_root)?,
        &block.digest,
    );
    let header = header.ok_or(Malformed("block_proposal.digest"))?;
    match block.slot {
        Some(slot) if !header.has_slot(slot) => Err(Malformed("block_proposal.slot")),
        _ => Ok(header),
    }
}

fn grandpa_vote(vote: &GrandpaMessage) -> Result<Vec<u8>, Malformed> {
    let missing = Malformed("grandpa_message.message");
    let (kind, hash, number) = match vote.message.as_ref().ok_or(missing)? {
        Vote::PreVote(vote) => (0, &vote.target_hash, &vote.target_number),
        Vote::PreCommit(vote) => (1, &vote.target_hash, &vote.target_number),
        Vote::PrimaryPropose(vote) => (2, &vote.target_hash, &vote.target_number),
    };
    let hash = bytes32("target_hash", hash)?;
    let mut little = [0; 8];
    let place = little.get_mut(..number.len()).ok_or(Malformed("target_number"))?;
    place.copy_from_slice(number);
    let number = u32::try_from(u64::from_le_bytes(little));
    let number = number.map_err(|_| Malformed("target_number"))?;
    Ok(grandpa::encode(kind, hash, number, vote.round_number, vote.set_id))
}

/// polkadot-primitives `CommittedCandidateReceipt::hash`.
fn candidate_hash(receipt: &CommittedCandidateReceipt) -> Result<[u8; 32], Malformed> {
    let descriptor = receipt.descriptor.as_ref().ok_or(Malformed("seconded.descriptor"))?;
    let commitments = match (&receipt.commitments, &receipt.commitments_hash[..]) {
        (Some(commitments), []) => blake2_256(&[&encode_commitments(commitments)]),
        (Some(commitments), hash) => {
            let built = blake2_256(&[&encode_commitments(commitments)]);
            if built != hash {
                return Err(Malformed("seconded.commitments_hash"));
            }
            built
        }
        (None, hash) => *bytes32("seconded.commitments_hash", hash)?,
    };
    Ok(blake2_256(&[&encode_descriptor(descriptor)?, &commitments]))
}

/// 292 bytes, whatever version the descriptor is of.
fn encode_descriptor(descriptor: &CandidateDescriptor) -> Result<Vec<u8>, Malformed> {
    let signature: &[u8; 64] =
        descriptor.signature[..].try_into().map_err(|_| Malformed("descriptor.signature"))?;
    let pov = bytes32("descriptor.pov_hash", &descriptor.pov_hash)?;
    let data = &descriptor.persisted_validation_data_hash;
    Ok([
        &descriptor.para_id.to_le_bytes()[..],
        bytes32("descriptor.relay_parent", &descriptor.relay_parent)?,
        bytes32("descriptor.collator", &descriptor.collator)?,
        bytes32("descriptor.persisted_validation_data_hash", data)?,
        pov,
        bytes32("descriptor.erasure_root", &descriptor.erasure_root)?,
        signature,
        bytes32("descriptor.para_head", &descriptor.para_head)?,
        bytes32("descriptor.validation_code_hash", &descriptor.validation_code_hash)?,
    ]
    .concat())
}

/// polkadot-primitives `CandidateCommitments`.
fn encode_commitments(commitments: &CandidateCommitments) -> Vec<u8> {
    let mut out = compact(commitments.upward_messages.len() as u64);
    for message in &commitments.upward_messages {
        out.extend(encode_bytes(message));
    }
    out.extend(compact(commitments.horizontal_messages.len() as u64));
    for message in &commitments.horizontal_messages {
        out.extend_from_slice(&message.recipient.to_le_bytes());
        out.extend(encode_bytes(&message.data));
    }
    match &commitments.new_validation_code[..] {
        [] => out.push(0),
        code => {
            out.push(1);
            out.extend(encode_bytes(code));
        }
    }
    out.extend(encode_bytes(&commitments.head_data));
    out.extend_from_slice(&commitments.processed_downward_messages.to_le_bytes());
    out.extend_from_slice(&commitments.hrmp_watermark.to_le_bytes());
    out
}

fn bytes32<'a>(name: &'static str, bytes: &'a [u8]) -> Result<&'a [u8; 32], Malformed> {
    bytes.try_into().map_err(|_| Malformed(name))
}
