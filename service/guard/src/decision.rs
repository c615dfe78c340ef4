//! The guard's three answers, and why it refuses.

use std::fmt;

use opsign_core::Signature;

use crate::hex::Hex;
use crate::request::Stance;
use crate::reservation::Reservation;
use crate::scope::Digest;

/// The answer to a request. Nothing may be signed but under a [`Reservation`].
#[derive(Debug)]
#[must_use]
pub enum Decision {
    /// This digest has a signature already: here it is.
    Stored(Signature),
    /// The digest is in the durable record and nobody else is signing it: sign, then complete.
    Reserved(Reservation),
    /// The digest is in the durable record; the announcement asked for no more. In `observe`, with
    /// the rule that it breaks.
    Recorded(Option<Refusal>),
    /// A rule forbids it.
    Refused(Refusal),
    /// The guard could not decide or record: nothing may be signed.
    Failed(Failure),
}

/// Which rule said no, and what it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The guard was given no rules for this scope.
    UnknownScope,
    /// `strict` signs only payloads that it has seen.
    NotAnnounced,
    /// Another client holds the lease.
    NotHolder {
        /// The lease's epoch.
        epoch: u64,
    },
    /// A switch is draining this scope; ask again.
    Switching,
    /// The slot is below the floor.
    BelowFloor {
        /// The lowest slot that may be signed.
        floor: u64,
    },
    /// The block's time is too far from now: peers would reject it.
    OutsideWindow {
        /// The block's time, in seconds since 1970.
        timestamp: u64,
    },
    /// Equivocation: another digest is recorded at this slot.
    SlotTaken {
        /// The recorded digest.
        recorded: Digest,
    },
    /// Equivocation: the slot is not above the last one, and what stood there is not on record.
    BehindTip {
        /// The highest recorded slot.
        tip: u64,
    },
    /// Equivocation one block later: the parent is not the recorded block.
    ParentMismatch {
        /// The block hash recorded one slot below.
        expected: Hex<32>,
    },
    /// Too many slots would be left out.
    GapTooWide {
        /// The highest recorded slot.
        tip: u64,
        /// The most that a slot may be above it.
        most: u64,
    },
    /// A contradiction: the key has said something of this candidate that this does not go with.
    Contradiction {
        /// The candidate.
        candidate: Hex<32>,
        /// What it has said.
        recorded: Stance,
    },
    /// The key has made as many statements in one session as are remembered.
    TooManyStatements,
    /// A reorg ticket gave this digest's fork up.
    Superseded,
    /// Too many new digests in too little time.
    RateExceeded,
    /// The rate was exceeded before, which looks like two sequencers; an operator must unlatch.
    Latched,
    /// `once`: the nonce has been used.
    ReplacementForbidden,
    /// `same-payload`: the replacement does something else.
    ContentChanged,
    /// `bump`: a replacement must be of the same pool, blobs or none.
    PoolChanged,
    /// `bump`: a fee is not raised enough.
    FeeTooLow,
    /// The nonce has had all its replacements.
    TooManyReplacements,
    /// The spend window is used up.
    SpendExceeded,
}

impl Refusal {
    /// A name for metrics, logs and the RPC error's data.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnknownScope => "unknown_scope",
            Self::NotAnnounced => "not_announced",
            Self::NotHolder { .. } => "not_holder",
            Self::Switching => "switching",
            Self::BelowFloor { .. } => "below_floor",
            Self::OutsideWindow { .. } => "outside_window",
            Self::SlotTaken { .. } => "slot_taken",
            Self::BehindTip { .. } => "behind_tip",
            Self::ParentMismatch { .. } => "parent_mismatch",
            Self::GapTooWide { .. } => "gap_too_wide",
            Self::Contradiction { .. } => "contradiction",
            Self::TooManyStatements => "too_many_statements",
            Self::Superseded => "superseded",
            Self::RateExceeded => "rate_exceeded",
            Self::Latched => "latched",
            Self::ReplacementForbidden => "replacement_forbidden",
            Self::ContentChanged => "content_changed",
            Self::PoolChanged => "pool_changed",
            Self::FeeTooLow => "fee_too_low",
            Self::TooManyReplacements => "too_many_replacements",
            Self::SpendExceeded => "spend_exceeded",
        }
    }

    /// Whether signing would have been a double sign.
    pub const fn is_equivocation(&self) -> bool {
        matches!(
            self,
            Self::SlotTaken { .. }
                | Self::BehindTip { .. }
                | Self::ParentMismatch { .. }
                | Self::Contradiction { .. }
                | Self::Superseded
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownScope => f.write_str("the guard has no rules for this key and chain"),
            Self::NotAnnounced => {
                f.write_str("strict mode signs only payloads that were announced to it")
            }
            Self::NotHolder { epoch } => {
                write!(f, "another client holds the lease (epoch {epoch})")
            }
            Self::Switching => f.write_str("a switch between clients is under way"),
            Self::BelowFloor { floor } => write!(f, "the slot is below the floor, {floor}"),
            Self::OutsideWindow { timestamp } => {
                write!(f, "the block's time, {timestamp}, is too far from now")
            }
            Self::SlotTaken { recorded } => {
                write!(f, "equivocation: {recorded} is recorded at this slot")
            }
            Self::BehindTip { tip } => {
                write!(f, "equivocation: slot {tip} is recorded, and this is not above it")
            }
            Self::ParentMismatch { expected } => {
                write!(f, "equivocation: the parent is not {expected}, which is recorded")
            }
            Self::GapTooWide { tip, most } => {
                write!(f, "the slot is more than {most} above the last one, {tip}")
            }
            Self::Contradiction { candidate, recorded } => {
                write!(f, "a contradiction: {recorded:?} is recorded of candidate {candidate}")
            }
            Self::TooManyStatements => {
                f.write_str("the key has made more statements in a session than are remembered")
            }
            Self::Superseded => f.write_str("a reorg ticket gave this block's fork up"),
            Self::RateExceeded => f.write_str("more new hashes than the chain has blocks"),
            Self::Latched => f.write_str("the rate was exceeded before; an operator must unlatch"),
            Self::ReplacementForbidden => f.write_str("the nonce is used"),
            Self::ContentChanged => f.write_str("the replacement does something else"),
            Self::PoolChanged => {
                f.write_str("a replacement carries blobs exactly if the replaced one does")
            }
            Self::FeeTooLow => f.write_str("the replacement does not raise its fees enough"),
            Self::TooManyReplacements => f.write_str("the nonce has had all its replacements"),
            Self::SpendExceeded => f.write_str("the spend window is used up"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Why the guard has no answer. Asking again is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// A write to the record failed; nothing new is signed until the process is started again.
    StoreClosed,
    /// The guard is shutting down.
    Stopped,
    /// The database that holds the record does not answer. It is asked again and again.
    Unavailable,
    /// The record is not what it was, and may have forgotten signatures: see
    /// [`Guard::trouble`](crate::Guard::trouble).
    NotTheRecord,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StoreClosed => "the guard's record cannot be written; free its disk and restart",
            Self::Stopped => "the guard is shutting down",
            Self::Unavailable => "the guard's database does not answer; ask again",
            Self::NotTheRecord => {
                "the guard's record has lost or changed events; nothing is signed until an \
                 operator has recovered it"
            }
        })
    }
}

impl std::error::Error for Failure {}

/// Why a signature was not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotReleased {
    /// The signature is not the key's over the reserved digest.
    WrongSignature(opsign_core::Error),
    /// The lease moved on while a hash without a slot was being signed.
    Fenced,
    /// The guard cannot record it, and a hash without a slot is not released without.
    Unavailable,
}

impl fmt::Display for NotReleased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongSignature(error) => write!(f, "the key backend signed wrongly: {error}"),
            Self::Fenced => f.write_str("the lease went to another client during signing"),
            Self::Unavailable => f.write_str("the guard cannot record the signature; ask again"),
        }
    }
}

impl std::error::Error for NotReleased {}
