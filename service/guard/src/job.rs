//! What is asked of the guard, on its way from the question to the answer: a [`Job`] is decided
//! under the lock, [`Decided`] waits until its record is durable, an [`Answer`] is given without
//! the lock.

use opsign_core::Signature;

use crate::change::Change;
use crate::decision::{Decision, Failure, NotReleased, Refusal};
use crate::error::StoreError;
use crate::pending::Promise;
use crate::request::Request;
use crate::reservation::Reservation;
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
    /// In a shared record, the signature of a digest without a slot: may it be released?
    Release(Box<Release>),
    /// In a shared record: what have the others written?
    Look(Promise<()>),
}

/// A request and who waits for it.
pub(crate) struct Ask {
    pub(crate) request: Box<Request>,
    /// Whether a signature is wanted, or only the record.
    pub(crate) sign: bool,
    pub(crate) promise: Promise,
}

/// A signature that waits for its record.
pub(crate) struct Release {
    pub(crate) reservation: Reservation,
    pub(crate) signature: Signature,
    pub(crate) promise: Promise<Released>,
}

/// What came of a signature.
pub(crate) type Released = Result<Signature, NotReleased>;

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
    Change(Box<Change>, Promise<Outcome>),
    /// The signature is recorded.
    Release(Box<Release>),
}

impl Decided {
    /// What it was before it was decided.
    pub(crate) fn undo(self) -> Job {
        match self {
            Self::Ask(ask, _) => Job::Ask(ask),
            Self::Change(change, promise) => Job::Change(change, promise),
            Self::Release(release) => Job::Release(release),
        }
    }
}

impl Job {
    /// The answer of a guard that has none.
    pub(crate) fn fail(self, failure: Failure) -> Answer {
        match self {
            Self::Ask(ask) => Answer::Ask(ask.promise, Decision::Failed(failure)),
            Self::Change(_, promise) => Answer::Change(promise, Err(failure.into())),
            Self::Release(release) => Answer::Release(release, Err(NotReleased::Unavailable)),
            Self::Look(promise) => Answer::Look(promise),
        }
    }
}

/// An answer for whoever waits. Given without the engine's lock, which the last owner of a
/// reservation takes.
pub(crate) enum Answer {
    /// To a request.
    Ask(Promise, Decision),
    /// To a change.
    Change(Promise<Outcome>, Outcome),
    /// To a signature.
    Release(Box<Release>, Result<(), NotReleased>),
    /// The others' records are read, or cannot be.
    Look(Promise<()>),
}

impl Answer {
    /// The same question without an answer.
    pub(crate) fn fail(self, failure: Failure) -> Self {
        match self {
            Self::Ask(promise, _) => Self::Ask(promise, Decision::Failed(failure)),
            Self::Change(promise, _) => Self::Change(promise, Err(failure.into())),
            Self::Release(release, _) => Self::Release(release, Err(NotReleased::Unavailable)),
            Self::Look(promise) => Self::Look(promise),
        }
    }

    pub(crate) fn give(self) {
        match self {
            Self::Ask(promise, decision) => promise.keep(decision),
            Self::Change(promise, outcome) => promise.keep(outcome),
            Self::Release(release, outcome) => {
                let Release { reservation, signature, promise } = *release;
                match &outcome {
                    Ok(()) => reservation.finish(&signature),
                    Err(_) => drop(reservation),
                }
                promise.keep(outcome.map(|()| signature));
            }
            Self::Look(promise) => promise.keep(()),
        }
    }
}
