//! What is asked of the guard, on its way from the question to the answer: a [`Job`] is decided
//! under the lock, [`Decided`] waits until its record is durable, an [`Answer`] is given without
//! the lock.

use crate::change::Change;
use crate::decision::{Decision, Refusal};
use crate::error::StoreError;
use crate::pending::Promise;
use crate::request::Request;
use crate::scope::Digest;

/// A digest in a scope.
pub(crate) type Key = (u32, Digest);

/// What came of a change.
pub(crate) type Outcome = Result<(), StoreError>;

/// Something to be decided.
pub(crate) enum Job {
    /// May this be signed?
    Ask(Ask),
    /// An operator's change.
    Change(Box<Change>, Promise<Outcome>),
}

/// A request and who waits for it.
pub(crate) struct Ask {
    pub(crate) request: Box<Request>,
    /// Whether a signature is wanted, or only the record.
    pub(crate) sign: bool,
    pub(crate) promise: Promise,
}

/// What a request was judged by.
#[derive(Clone, Copy)]
pub(crate) struct Grant {
    pub(crate) key: Key,
    /// The lease's epoch at that time.
    pub(crate) epoch: u64,
    /// In `observe`, the rule that it breaks.
    pub(crate) alarm: Option<Refusal>,
}

/// Something whose record is on its way to the disk.
pub(crate) enum Decided {
    /// The digest is recorded, or was before.
    Ask(Ask, Grant),
    /// The change is recorded.
    Change(Promise<Outcome>),
}

/// An answer for whoever waits. Given without the engine's lock, which the last owner of a
/// reservation takes.
pub(crate) enum Answer {
    /// To a request.
    Ask(Promise, Decision),
    /// To a change.
    Change(Promise<Outcome>, Outcome),
}

impl Answer {
    pub(crate) fn give(self) {
        match self {
            Self::Ask(promise, decision) => promise.keep(decision),
            Self::Change(promise, outcome) => promise.keep(outcome),
        }
    }
}
