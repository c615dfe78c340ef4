//! The right to sign one digest, and what becomes of it.

use std::fmt;
use std::sync::Arc;

use opsign_core::{Signature, SigningHash, verify_signing_hash};

use crate::decision::{Decision, NotReleased, Refusal};
use crate::engine::Inner;
use crate::figures::Counters;
use crate::hex::Hex;
use crate::job::{Answer, Grant};
use crate::pending::{Pending, pending};
use crate::record::Record;

/// The right and the duty to sign one digest now. Dropped without [`Reservation::complete`] it
/// stays on record, and the right goes to whoever asks for the same digest next.
#[must_use]
pub struct Reservation {
    inner: Arc<Inner>,
    grant: Grant,
    hash: SigningHash,
    open: bool,
}

impl Reservation {
    pub(crate) const fn new(inner: Arc<Inner>, grant: Grant, hash: SigningHash) -> Self {
        Self { inner, grant, hash, open: true }
    }

    /// What is to be signed.
    pub const fn hash(&self) -> &SigningHash {
        &self.hash
    }

    /// In `observe`, the rule that this signature breaks.
    pub const fn alarm(&self) -> Option<&Refusal> {
        self.grant.alarm.as_ref()
    }

    /// Checks the signature against the scope's key, records it, and releases it to everybody who
    /// waits for this digest.
    ///
    /// # Errors
    /// [`NotReleased`]; the digest stays reserved.
    pub fn complete(self, signature: &Signature) -> Result<Signature, NotReleased> {
        self.release(signature).wait()
    }

    /// As [`Reservation::complete`], for those who must not block a thread.
    pub fn release(self, signature: &Signature) -> Pending<Result<Signature, NotReleased>> {
        let (promise, pending) = pending(|| Err(NotReleased::Fenced));
        let outcome = self.check(signature).and_then(|()| self.record(signature));
        if outcome.is_ok() {
            self.finish(signature);
        }
        promise.keep(outcome.map(|()| *signature));
        pending
    }

    fn check(&self, signature: &Signature) -> Result<(), NotReleased> {
        let address = {
            let core = self.inner.lock();
            core.state.scope(self.grant.key.0).ok_or(NotReleased::Fenced)?.scope.address()
        };
        verify_signing_hash(&self.hash, signature, &address).map_err(NotReleased::WrongSignature)
    }

    fn record(&self, signature: &Signature) -> Result<(), NotReleased> {
        let mut core = self.inner.lock();
        if !core.may_release(&self.grant) {
            return Err(NotReleased::Fenced);
        }
        let (scope, digest) = self.grant.key;
        let record = Record::Signed { scope, digest, signature: Hex(*signature.as_bytes()) };
        // A closed record does not take it; the reservation is durable, and that is what counts.
        let _ = self.inner.append(&mut core, &record, false);
        Ok(())
    }

    /// Hands the signature to everybody who waits for this digest.
    fn finish(mut self, signature: &Signature) {
        self.open = false;
        let waiting = self.inner.lock().land(&self.grant.key);
        self.inner.changed.notify_all();
        Counters::add(&self.inner.counters.signed, 1);
        for (ask, _) in waiting {
            ask.promise.keep(Decision::Stored(*signature));
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        let mut core = self.inner.lock();
        let mut answers = Vec::new();
        // The first that may goes on in this one's place, and the rest then wait for that.
        for (ask, grant) in core.land(&self.grant.key) {
            answers.extend(self.inner.settle_ask(&mut core, ask, grant));
        }
        drop(core);
        self.inner.changed.notify_all();
        answers.into_iter().for_each(Answer::give);
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").field("hash", &self.hash).finish_non_exhaustive()
    }
}
