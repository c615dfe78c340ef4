//! What a message says. The bytes that are signed decide it; a payload can only be found to differ.
//!
//! | file | what it is |
//! |---|---|
//! | `grandpa.rs` | votes: they describe themselves |
//! | `statement.rs` | a parachain validator's statements and bitfields: the same |
//! | `header.rs` | a block's header, which comes as payload and must hash to the message |
//! | `beefy.rs` | a BEEFY commitment: the same with keccak256 |
//! | `payload.rs` | the bytes that a payload stands for |

mod beefy;
mod grandpa;
mod header;
mod payload;
mod statement;

use std::fmt;

use opsign_guard::Stance;

use crate::key_type::{Duty, KeyType};
use crate::proto::RemoteKeystorePayload;

pub use payload::Malformed;

/// What a message says, as far as it can be held against its signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// "This is the block of the slot."
    Block {
        /// The slot.
        slot: u64,
    },
    /// A vote in GRANDPA.
    Vote {
        /// The authority set.
        set_id: u64,
        /// The round.
        round: u64,
        /// 0 primary proposal, 1 prevote, 2 precommit: the order in which a voter casts them.
        step: u8,
    },
    /// A BEEFY commitment.
    Commitment {
        /// The validator set.
        set_id: u64,
        /// The block.
        block: u32,
    },
    /// A statement about candidates.
    Statement {
        /// The session.
        session: u32,
        /// What is said of them.
        stance: Stance,
        /// Their hashes: one, or up to 16 of an approval.
        candidates: Vec<[u8; 32]>,
    },
    /// Which chunks are available; it may change its mind.
    Bitfield,
    /// A vote on new code of a parachain, which is not held against anybody.
    PvfCheck,
    /// "These session keys are this account's."
    Ownership,
    /// Nothing that is known here, of a key type that may sign that.
    Opaque,
}

impl Claim {
    /// Its name in metrics and logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Block { .. } => "block",
            Self::Vote { step: 0, .. } => "primary_proposal",
            Self::Vote { step: 1, .. } => "prevote",
            Self::Vote { .. } => "precommit",
            Self::Commitment { .. } => "commitment",
            Self::Statement { stance: Stance::Seconded, .. } => "seconded",
            Self::Statement { stance: Stance::Valid, .. } => "valid",
            Self::Statement { stance: Stance::For, .. } => "for",
            Self::Statement { stance: Stance::Against, .. } => "against",
            Self::Bitfield => "bitfield",
            Self::PvfCheck => "pvf_check",
            Self::Ownership => "ownership",
            Self::Opaque => "opaque",
        }
    }
}

/// What is to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The key's type.
    pub key_type: KeyType,
    /// The bytes.
    pub message: &'a [u8],
    /// Whether they are a hash already, which an ECDSA key signs as it is.
    pub prehashed: bool,
    /// What the client says that they stand for.
    pub payload: Option<&'a RemoteKeystorePayload>,
    /// Whether the config lets keys of this type sign what is not understood.
    pub raw: bool,
}

/// Why a message is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotUnderstood {
    /// The payload stands for nothing.
    Malformed(Malformed),
    /// The payload stands for other bytes than the message.
    Differs,
    /// A block's seal or a BEEFY commitment without the payload that it is the hash of.
    NoPayload,
    /// The payload holds a block for other keys, or none that this key type signs.
    OtherEngine,
    /// The bytes are not what keys of this type sign.
    NotItsKind,
    /// A hash that comes ready made has 32 bytes.
    NotAHash,
}

impl NotUnderstood {
    /// A name for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed(_) => "payload_malformed",
            Self::Differs => "payload_differs",
            Self::NoPayload => "no_payload",
            Self::OtherEngine => "other_engine",
            Self::NotItsKind => "not_its_kind",
            Self::NotAHash => "not_a_hash",
        }
    }
}

impl fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => write!(f, "the payload is malformed: {malformed}"),
            Self::Differs => f.write_str("the payload stands for other bytes than the message"),
            Self::NoPayload => f.write_str(
                "the message is a hash, and the payload that it is the hash of did not come along",
            ),
            Self::OtherEngine => {
                f.write_str("the payload's block was not made by a key of this type")
            }
            Self::NotItsKind => f.write_str("the message is not one that keys of this type sign"),
            Self::NotAHash => f.write_str("a hash has 32 bytes"),
        }
    }
}

impl std::error::Error for NotUnderstood {}

/// What the bytes say, if keys of the type may sign that.
///
/// # Errors
/// [`NotUnderstood`].
pub fn understand(asked: &Asked<'_>) -> Result<Claim, NotUnderstood> {
    if asked.prehashed && asked.message.len() != 32 {
        return Err(NotUnderstood::NotAHash);
    }
    let built = match asked.payload {
        Some(payload) => payload::build(payload).map_err(NotUnderstood::Malformed)?,
        None => None,
    };
    if let Some(built) = &built
        && built.message(asked.prehashed).as_deref() != Some(asked.message)
    {
        return Err(NotUnderstood::Differs);
    }
    let duty = asked.key_type.duty().unwrap_or(Duty::Other);
    match recognise(duty, asked, built.as_ref()) {
        Err(NotUnderstood::NotItsKind | NotUnderstood::NoPayload) if asked.raw => Ok(Claim::Opaque),
        other => other,
    }
}

fn recognise(
    duty: Duty,
    asked: &Asked<'_>,
    built: Option<&payload::Built<'_>>,
) -> Result<Claim, NotUnderstood> {
    let Asked { message, prehashed, .. } = *asked;
    // Every session key signs that its owner is who it is.
    if !prehashed && duty != Duty::Other && is_ownership(message) {
        return Ok(Claim::Ownership);
    }
    let claim = match (duty, prehashed) {
        (Duty::Blocks, false) => return header::seal(asked, built),
        (Duty::Commitments, true) => return beefy::commitment(built),
        (Duty::Finality, false) => grandpa::vote(message),
        (Duty::Candidates, false) => statement::statement(message),
        (Duty::Other, _) => Some(Claim::Opaque),
        _ => None,
    };
    claim.ok_or(NotUnderstood::NotItsKind)
}

/// sp-core `proof_of_possession`: the tag and the owner's account, of 20 bytes, 32 or a few more.
/// Never 32 in all: a block can be made whose hash begins with the tag.
fn is_ownership(message: &[u8]) -> bool {
    let owner = message.strip_prefix(b"POP_").map(<[u8]>::len);
    matches!(owner, Some(20 | 32..=64))
}
