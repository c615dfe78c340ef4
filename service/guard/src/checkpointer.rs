//! Beside the thread that writes: a thread that now and then makes a new checkpoint from the
//! record's file, and after a start from one checks what opening has not read.
//!
//! It reads only what is durable and takes no lock of the engine's, so nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::cell::Link;
use crate::checkpoint::Checkpoint;
use crate::engine::Inner;
use crate::error::StoreError;
use crate::figures::Counters;
use crate::folder::Folder;
use crate::log::{self, Header, Tail};
use crate::record::Record;
use crate::state::State;

/// Events between two checkpoints, unless the last one holds more records than that. Programs that
/// are killed for a test make some in each of their short lives.
pub(crate) const EVERY: u64 = if TESTED { 8 } else { 16_384 };
const TESTED: bool = cfg!(feature = "crash-points");

/// Events that are read before the thread rests as long as they took, at most [`REST`].
const PIECE: u64 = 4_096;
const REST: Duration = Duration::from_millis(20);

/// When the next checkpoint is due, and the thread that makes it.
pub(crate) struct Checkpointer {
    folder: Folder,
    header: Header,
    every: u64,
    /// The event of the last one, and its records.
    last: (u64, u64),
    /// Whether opening has left the part before the checkpoint unread.
    unchecked: bool,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Option<Done>>>,
}

/// What the thread did.
struct Done {
    /// The event of the new checkpoint and its records, if it wrote one.
    made: Option<(u64, u64)>,
}

/// What the thread is to do.
struct Job {
    folder: Folder,
    header: Header,
    check: bool,
    make: bool,
    last: u64,
    stop: Arc<AtomicBool>,
}

impl Checkpointer {
    /// For a record that was opened from a checkpoint, or was read as a whole.
    pub(crate) fn new(
        folder: Folder,
        header: Header,
        every: u64,
        from: Option<&Checkpoint>,
    ) -> Self {
        let last = from.map_or((header.base, 0), |from| (from.sequence, from.records.len() as u64));
        let stop = Arc::default();
        Self { folder, header, every, last, unchecked: from.is_some(), stop, thread: None }
    }

    /// Whether opening has read all of the record.
    pub(crate) const fn has_read_all(&self) -> bool {
        !self.unchecked
    }

    /// Begins what is due now that everything up to `durable` is.
    pub(crate) fn durable(&mut self, inner: &Arc<Inner>, durable: u64) {
        if let Some(thread) = self.thread.take_if(|thread| thread.is_finished()) {
            // What it panics of or fails with has been said; the next is tried after as long again.
            let done = thread.join().ok().flatten();
            self.last = done.and_then(|done| done.made).unwrap_or((durable, self.last.1));
        }
        let least = if TESTED { self.every } else { self.every.max(self.last.1) };
        let make = durable.saturating_sub(self.last.0) >= least;
        if self.thread.is_some() || !(make || self.unchecked) {
            return;
        }
        let check = std::mem::take(&mut self.unchecked);
        let (folder, header, stop) = (self.folder.clone(), self.header, self.stop.clone());
        let job = Job { folder, header, check, make, last: durable, stop };
        let inner = inner.clone();
        let run = move || job.run(&inner);
        // Without a thread there is no checkpoint, which nobody needs for an answer.
        self.thread = Builder::new().name("guard-checkpoint".into()).spawn(run).ok();
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It only panics if there is a bug, and then it has said so.
            let _ = thread.join();
        }
    }
}

impl Job {
    fn run(&self, inner: &Arc<Inner>) -> Option<Done> {
        let read = self.read();
        if self.stopped() {
            return None;
        }
        let (tail, state) = match read {
            Ok(read) => read,
            Err(error) => {
                // Nothing more is granted on a record that is not what was written.
                inner.close_for(error);
                return None;
            }
        };
        inner.counters.checked.store(1, Ordering::Relaxed);
        let mut made = None;
        if self.make {
            let new = Checkpoint::of(&self.header, tail.sequence, tail.link, &state);
            // A full disk is found by the record itself.
            if new.save(&self.folder).is_ok() {
                Counters::add(&inner.counters.checkpoints, 1);
                made = Some((new.sequence, new.records.len() as u64));
            }
        }
        Some(Done { made })
    }

    /// The state at the last durable event: from the last checkpoint on, or all of it, and held
    /// against the last checkpoint in passing.
    fn read(&self) -> Result<(Tail, State), StoreError> {
        let path = log::path(&self.folder.path);
        let file = self.folder.io.open(&path).map_err(StoreError::io("opening the record"))?;
        let checkpoint = Checkpoint::load(&self.folder)?;
        let fits = |it: &Checkpoint| it.store == self.header.store && it.base == self.header.base;
        let checkpoint = checkpoint.filter(fits);
        let mut state = State::default();
        let mut start = self.header.tail();
        if let Some(from) = checkpoint.as_ref().filter(|_| !self.check)
            && let Some(known) = from.state()
        {
            state = known;
            (start.sequence, start.link) = (from.sequence, from.link);
        }
        let mut pace = Pace::new();
        let take = |sequence: u64, link: &Link, record: Record| {
            if self.stopped() {
                return None;
            }
            pace.count();
            state.apply(&record)?;
            match &checkpoint {
                Some(known) if known.sequence == sequence => {
                    let same = known.link == *link && known.records == state.snapshot(0);
                    same.then_some(())
                }
                _ => Some(()),
            }
        };
        let tail = log::scan(&*file, &start, Some(self.last), take)?;
        Ok((tail, state))
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Leaves half of the time to those who sign.
struct Pace {
    events: u64,
    since: Instant,
}

impl Pace {
    fn new() -> Self {
        Self { events: 0, since: Instant::now() }
    }

    fn count(&mut self) {
        self.events += 1;
        if self.events.is_multiple_of(PIECE) {
            std::thread::sleep(self.since.elapsed().min(REST));
            self.since = Instant::now();
        }
    }
}
