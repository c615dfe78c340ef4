//! Counts for metrics and assertions.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// How often what has happened since the guard was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Figures {
    /// Syncs of the record; of a shared one, commits.
    pub syncs: u64,
    /// Writes to the record, one per batch; those of signatures alone are not synced.
    pub batches: u64,
    /// Events recorded.
    pub records: u64,
    /// Requests for a digest that was on record already.
    pub repeated: u64,
    /// Reservations given out.
    pub granted: u64,
    /// Signatures released.
    pub signed: u64,
    /// Requests refused.
    pub refused: u64,
    /// In `observe`, requests granted against a rule.
    pub alarms: u64,
    /// Blocks granted in the place of others on evidence from L1.
    pub reorgs: u64,
    /// Times the anchor was written.
    pub anchored: u64,
    /// Events that the opening read, and the one that it wrote.
    pub read: u64,
    /// Checkpoints of the record written.
    pub checkpoints: u64,
    /// Whether all of the record has been read and checked, at the opening or since.
    pub checked: bool,
    /// Whether a write failed, so that nothing new is signed.
    pub closed: bool,
    /// Whether a shared record did not answer when it was last asked.
    pub unavailable: bool,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) syncs: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) records: AtomicU64,
    pub(crate) repeated: AtomicU64,
    pub(crate) granted: AtomicU64,
    pub(crate) signed: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) alarms: AtomicU64,
    pub(crate) reorgs: AtomicU64,
    pub(crate) anchored: AtomicU64,
    pub(crate) read: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
    pub(crate) checked: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) unavailable: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Relaxed);
    }

    pub(crate) fn set_unavailable(&self, unavailable: bool) {
        self.unavailable.store(u64::from(unavailable), Relaxed);
    }

    pub(crate) fn read(&self) -> Figures {
        Figures {
            syncs: self.syncs.load(Relaxed),
            batches: self.batches.load(Relaxed),
            records: self.records.load(Relaxed),
            repeated: self.repeated.load(Relaxed),
            granted: self.granted.load(Relaxed),
            signed: self.signed.load(Relaxed),
            refused: self.refused.load(Relaxed),
            alarms: self.alarms.load(Relaxed),
            reorgs: self.reorgs.load(Relaxed),
            anchored: self.anchored.load(Relaxed),
            read: self.read.load(Relaxed),
            checkpoints: self.checkpoints.load(Relaxed),
            checked: self.checked.load(Relaxed) != 0,
            closed: self.closed.load(Relaxed) != 0,
            unavailable: self.unavailable.load(Relaxed) != 0,
        }
    }
}
