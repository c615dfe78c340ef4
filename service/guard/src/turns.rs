//! The thread of a guard whose record is shared: it has its turn with the ledger, reads what others
//! have written, decides what has come meanwhile, and writes it, all in one transaction.

use std::sync::Arc;
use std::time::Duration;

use crate::anchor::{AnchorValue, Keeper};
use crate::crash::crash_point;
use crate::decision::Failure;
use crate::engine::Inner;
use crate::error::StoreError;
use crate::figures::Counters;
use crate::hex::Hex;
use crate::job::Answer;
use crate::ledger::{Head, Ledger};
use crate::log::Header;
use crate::record::Record;
use crate::shared;

/// How often an idle guard looks what others have written.
const LOOK: Duration = Duration::from_millis(200);

/// Between attempts while the ledger does not answer.
const RETRY: Duration = Duration::from_millis(20);

/// One of the signers that share a record.
pub(crate) struct Replica {
    ledger: Box<dyn Ledger>,
    /// The rollback witness: the last event that is known to be durable, and on which server.
    seen: AnchorValue,
    header: Header,
    /// Whether a commit was begun and its outcome is not known.
    unsure: bool,
    keeper: Keeper,
    patience: Duration,
}

/// Why the thread is awake.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// There are jobs.
    Jobs,
    /// There are none.
    Idle,
    /// The guard ends.
    Stop,
}

/// What was decided in a turn.
pub(crate) struct Batch {
    pub(crate) cells: Vec<u8>,
    pub(crate) sequence: u64,
    pub(crate) link: [u8; 32],
    pub(crate) answers: Vec<Answer>,
}

impl Replica {
    /// The record's random name.
    pub(crate) const fn record(&self) -> Hex<16> {
        Hex(self.header.store)
    }

    pub(crate) const fn new(
        ledger: Box<dyn Ledger>,
        head: &Head,
        keeper: Keeper,
        patience: Duration,
    ) -> Self {
        let (seen, header) = (AnchorValue::of(head), head.header());
        Self { ledger, seen, header, unsure: false, keeper, patience }
    }

    pub(crate) fn run(&mut self, inner: &Arc<Inner>) {
        loop {
            let wake = inner.wait_for_jobs(LOOK);
            let outcome = match wake {
                Wake::Idle => self.look(inner),
                Wake::Jobs | Wake::Stop => self.turn(inner, wake == Wake::Stop),
            };
            inner.counters.set_unavailable(outcome.is_err());
            match outcome {
                Ok(()) if wake == Wake::Stop => {
                    // Nobody waits for it; the next start compares with an older value.
                    let _ = self.keeper.keep(&self.seen, true);
                    return;
                }
                Ok(()) => {}
                Err(_) if wake == Wake::Stop => return,
                Err(error) if error.may_pass() => {
                    inner.expire(self.patience);
                    inner.pause(RETRY);
                }
                Err(error) => return inner.close_for(error),
            }
        }
    }

    /// A look at the head, and a turn if there is something to read or to write.
    fn look(&mut self, inner: &Arc<Inner>) -> Result<(), StoreError> {
        let head = self.ledger.head()?;
        let same = AnchorValue::of(&head) == self.seen && head.header() == self.header;
        if same && !self.unsure && !inner.has_signed() { Ok(()) } else { self.turn(inner, true) }
    }

    /// One transaction. `all`: signatures are written even if nothing else is.
    fn turn(&mut self, inner: &Arc<Inner>, all: bool) -> Result<(), StoreError> {
        let head = self.begin(inner)?;
        let batch = inner.decide_jobs(all);
        if batch.cells.is_empty() {
            let ended = self.ledger.abandon();
            // If the turn was over before it ended, another may have decided otherwise.
            let answers = batch.answers.into_iter();
            inner.give(match ended {
                Ok(()) => answers.collect(),
                Err(_) => answers.map(|answer| answer.fail(Failure::Unavailable)).collect(),
            });
            return ended;
        }
        let new = Head { sequence: batch.sequence, link: batch.link, ..head };
        crash_point("record written");
        self.unsure = true;
        if let Err(error) = self.ledger.commit(&batch.cells, &new) {
            let failed = batch.answers.into_iter().map(|answer| answer.fail(Failure::Unavailable));
            inner.give(failed.collect());
            return Err(error);
        }
        crash_point("record synced");
        self.unsure = false;
        Counters::add(&inner.counters.batches, 1);
        Counters::add(&inner.counters.syncs, 1);
        self.acknowledge(inner, AnchorValue::of(&new))?;
        inner.give(batch.answers);
        Ok(())
    }

    /// Begins a turn in which all that others have written is known, and so is what became of the
    /// last commit.
    fn begin(&mut self, inner: &Arc<Inner>) -> Result<Head, StoreError> {
        loop {
            let head = self.ledger.begin()?;
            if !self.unsure && head.header() == self.header {
                self.follow(inner, &head)?;
                return Ok(head);
            }
            shared::compare(&mut *self.ledger, &self.seen, &head)?;
            // The lock on the head is ours, so whatever a lost connection did is done.
            let (sequence, link) = inner.last();
            if self.unsure && shared::link_at(&mut *self.ledger, &head, sequence)? == Some(link) {
                self.unsure = false;
                let seen = AnchorValue { sequence, link, ..self.seen };
                self.acknowledge(inner, seen)?;
            }
            if !self.unsure && head.header() == self.header {
                self.follow(inner, &head)?;
                return Ok(head);
            }
            // What was decided is not on record, or the record starts elsewhere now: all of it is
            // read anew, without keeping others from their turns.
            self.ledger.abandon()?;
            let state = shared::read(&mut *self.ledger, &head)?;
            inner.reload(state, head.sequence, head.link);
            (self.seen, self.header) = (AnchorValue::of(&head), head.header());
            self.unsure = false;
        }
    }

    /// Takes in what others have written.
    fn follow(&mut self, inner: &Arc<Inner>, head: &Head) -> Result<(), StoreError> {
        shared::compare_head(&self.seen, head)?;
        let known = Head { sequence: self.seen.sequence, link: self.seen.link, ..*head };
        let mut records: Vec<Record> = Vec::new();
        let read = shared::follow(&mut *self.ledger, &known.tail(), head, |record| {
            records.push(record.clone());
            Some(())
        });
        if let Err(error @ StoreError::Damaged { .. }) = read {
            // Another history, or a damaged one?
            shared::compare(&mut *self.ledger, &self.seen, head)?;
            return Err(error);
        }
        read?;
        inner.follow(&records, head.sequence, head.link)?;
        self.seen = AnchorValue::of(head);
        Ok(())
    }

    /// What was decided up to here is durable: the anchor first, then the answers.
    fn acknowledge(&mut self, inner: &Arc<Inner>, seen: AnchorValue) -> Result<(), StoreError> {
        self.seen = seen;
        let saved = self.keeper.keep(&self.seen, false)?;
        Counters::add(&inner.counters.anchored, u64::from(saved));
        crash_point("batch durable");
        inner.durable(self.seen.sequence);
        crash_point("batch answered");
        Ok(())
    }
}
