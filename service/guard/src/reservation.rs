//! The right to sign one digest, and what becomes of it.

use std::fmt;
use std::sync::Arc;

use opsign_core::{Address, CheckedSignature, Signature, SigningHash};

use crate::decision::{Decision, NotReleased, Refusal};
use crate::engine::Inner;
use crate::figures::Counters;
use crate::hex::Hex;
use crate::job::{Answer, Grant, Job, Release, Released};
use crate::pending::{Pending, pending};
use crate::record::Record;

/// The right and the duty to sign one digest now. Dropped without [`Reservation::complete`] it
/// stays on record, and the right goes to whoever asks for the same digest next.
#[must_use]
pub struct Reservation {
    inner: Arc<Inner>,
    pub(crate) grant: Grant,
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
        let checked = CheckedSignature::new(&self.hash, signature, &self.address()?)
            .map_err(NotReleased::WrongSignature)?;
        self.release(&checked).wait()
    }

    /// As [`Reservation::complete`] with a signature that has been checked, for those who must not
    /// block a thread. Of a digest without a slot in a shared record, the answer comes when it is
    /// recorded that the lease still stood.
    pub fn release(self, checked: &CheckedSignature) -> Pending<Released> {
        let (promise, pending) = pending(|| Err(NotReleased::Unavailable));
        let signature = checked.signature();
        let recorded = match self.is_meant(checked) {
            Ok(()) => self.inner.clone().record_signed(&self, signature),
            Err(error) => Err(error),
        };
        match recorded {
            Ok(true) => {
                self.finish(signature);
                promise.keep(Ok(*signature));
            }
            Ok(false) => {
                let inner = self.inner.clone();
                let release = Release { reservation: self, signature: *signature, promise };
                inner.submit(Job::Release(Box::new(release)));
            }
            Err(error) => promise.keep(Err(error)),
        }
        pending
    }

    /// The record of its signature.
    pub(crate) fn signed(&self, signature: &Signature) -> Record {
        let (scope, digest) = self.grant.key;
        Record::Signed { scope, digest, signature: Hex(*signature.as_bytes()) }
    }

    /// Whether it is over this digest, by the scope's key.
    fn is_meant(&self, checked: &CheckedSignature) -> Result<(), NotReleased> {
        let address = self.address()?;
        if checked.hash() == &self.hash && checked.signer() == &address {
            return Ok(());
        }
        // Sound, and for something else: the check of what was asked for says what is wrong with it.
        CheckedSignature::new(&self.hash, checked.signature(), &address)
            .map(|_| ())
            .map_err(NotReleased::WrongSignature)
    }

    /// Of the scope's key.
    fn address(&self) -> Result<Address, NotReleased> {
        let core = self.inner.lock();
        Ok(core.state.scope(self.grant.key.0).ok_or(NotReleased::Fenced)?.scope.address())
    }

    /// Hands the signature to everybody who waits for this digest.
    pub(crate) fn finish(mut self, signature: &Signature) {
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
