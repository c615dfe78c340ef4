//! What the thread of a shared record asks of the engine.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use opsign_core::Signature;

use crate::cell::Link;
use crate::decision::{Failure, NotReleased};
use crate::engine::{Core, Held, Inner, Keeping};
use crate::error::StoreError;
use crate::record::Record;
use crate::reservation::Reservation;
use crate::state::State;
use crate::turns::{Batch, Wake};

impl Inner {
    /// Waits until there is something to decide, for at most `time`.
    pub(crate) fn wait_for_jobs(&self, time: Duration) -> Wake {
        let core = self.lock();
        let idle = |core: &mut Core| core.jobs.is_empty() && !core.stop;
        let (core, _) = (self.work.wait_timeout_while(core, time, idle))
            .unwrap_or_else(PoisonError::into_inner);
        match (core.stop, core.jobs.is_empty()) {
            (true, _) => Wake::Stop,
            (false, false) => Wake::Jobs,
            (false, true) => Wake::Idle,
        }
    }

    /// Lets time pass, unless the guard ends.
    pub(crate) fn pause(&self, time: Duration) {
        let core = self.lock();
        drop(self.work.wait_timeout_while(core, time, |core| !core.stop));
    }

    /// Whether there are signatures to be recorded.
    pub(crate) fn has_signed(&self) -> bool {
        !self.lock().signed.is_empty()
    }

    /// Decides all jobs. Signatures ride along with what has to be written, or with `all` alone.
    pub(crate) fn decide_jobs(self: &Arc<Self>, all: bool) -> Batch {
        let mut core = self.lock();
        let mut answers = Vec::new();
        for (since, job) in std::mem::take(&mut core.jobs) {
            answers.extend(self.take(&mut core, since, job));
        }
        if all || !core.queue.is_empty() {
            for record in std::mem::take(&mut core.signed) {
                // A record that does not fit here only saves work.
                let _ = self.append(&mut core, &record, false);
            }
        }
        let cells = std::mem::take(&mut core.queue);
        Batch { cells, sequence: core.sequence, link: core.link, answers }
    }

    /// The last event that was decided.
    pub(crate) fn last(&self) -> (u64, Link) {
        let core = self.lock();
        (core.sequence, core.link)
    }

    /// Takes in what others have written.
    pub(crate) fn follow(
        &self,
        records: &[Record],
        sequence: u64,
        link: Link,
    ) -> Result<(), StoreError> {
        let mut core = self.lock();
        let first = sequence + 1 - records.len() as u64;
        for (sequence, record) in (first..).zip(records) {
            let damaged = StoreError::Damaged { sequence, offset: 0 };
            core.state.apply(record).ok_or(damaged)?;
        }
        core.stand_at(sequence, link);
        Ok(())
    }

    /// Replaces what is known by what is on record. What was decided and is not is decided again.
    pub(crate) fn reload(&self, state: State, sequence: u64, link: Link) {
        let mut core = self.lock();
        core.state = state;
        core.queue.clear();
        core.stand_at(sequence, link);
        for Held { since, decided, .. } in std::mem::take(&mut core.waiting).into_iter().rev() {
            core.jobs.push_front((since, decided.undo()));
        }
    }

    /// Answers those who have waited too long.
    pub(crate) fn expire(&self, patience: Duration) {
        let mut core = self.lock();
        let now = Instant::now();
        let late = |since: &Instant| now.saturating_duration_since(*since) >= patience;
        let mut answers = Vec::new();
        let mut waiting = std::mem::take(&mut core.waiting);
        // Both are in order of time.
        while let Some(held) = waiting.pop_front_if(|held| late(&held.since)) {
            answers.push(held.decided.undo().fail(Failure::Unavailable));
        }
        core.waiting = waiting;
        let mut jobs = std::mem::take(&mut core.jobs);
        while let Some((_, job)) = jobs.pop_front_if(|(since, _)| late(since)) {
            answers.push(job.fail(Failure::Unavailable));
        }
        core.jobs = jobs;
        drop(core);
        self.give(answers);
    }

    /// Ends recording for a reason.
    pub(crate) fn close_for(&self, error: StoreError) {
        let failure = match &error {
            StoreError::Io { .. } => Failure::StoreClosed,
            _ => Failure::NotTheRecord,
        };
        self.lock().trouble = Some(Arc::new(error));
        self.close(failure);
    }

    /// Records a signature, or says that this takes a turn of its own.
    pub(crate) fn record_signed(
        &self,
        reservation: &Reservation,
        signature: &Signature,
    ) -> Result<bool, NotReleased> {
        let mut core = self.lock();
        if !core.may_release(&reservation.grant) {
            return Err(NotReleased::Fenced);
        }
        let record = reservation.signed(signature);
        if core.keeping != Keeping::Shared {
            // A closed record does not take it; the reservation is durable, and that is what counts.
            let _ = self.append(&mut core, &record, false);
            return Ok(true);
        }
        let (scope, digest) = reservation.grant.key;
        let row = core.state.scope(scope).and_then(|scope| scope.row(&digest));
        if row.is_none_or(|row| row.reserve.facts.slot().is_none()) {
            return Ok(false);
        }
        // Known here at once, and to the others with the next batch.
        let _ = core.state.apply(&record);
        core.signed.push(record);
        Ok(true)
    }
}

impl Core {
    fn stand_at(&mut self, sequence: u64, link: Link) {
        (self.sequence, self.link) = (sequence, link);
        (self.must, self.durable) = (sequence, sequence);
    }
}
