//! The record at rest: making, opening and recovering it.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::anchor::{Anchor, AnchorValue, Keeper};
use crate::cell::Link;
use crate::checkpoint::Checkpoint;
use crate::checkpointer::{self, Checkpointer};
use crate::crash::crash_point;
use crate::error::StoreError;
use crate::folder::{Folder, Read, append_all};
use crate::io::{Io, SystemIo};
use crate::ledger::{Cluster, Head, Ledger};
use crate::log::{self, Header, Log};
use crate::record::Record;
use crate::scope::Scope;
use crate::shared;
use crate::state::State;
use crate::turns::Replica;

/// Where a record is kept and how.
pub struct Store {
    pub(crate) place: Place,
    pub(crate) keeper: Keeper,
    pub(crate) on_sync_failure: fn(&io::Error),
    patience: Duration,
    checkpoint_every: u64,
}

/// Whose a record is.
pub(crate) enum Place {
    /// One process's.
    Own(Folder),
    /// Several signers'.
    Shared(Box<dyn Ledger>),
}

impl Store {
    /// The record in `folder`, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::with_io(folder, Arc::new(SystemIo))
    }

    /// The record in `folder` of another file system than the system's.
    pub fn with_io(folder: impl Into<PathBuf>, io: Arc<dyn Io>) -> Self {
        Self::at(Place::Own(Folder { path: folder.into(), io }))
    }

    /// A record that several signers share. A request waits at most `patience` while the ledger
    /// does not answer, and as long again for a call that is under way.
    pub fn shared(ledger: Box<dyn Ledger>, patience: Duration) -> Self {
        Self { patience, ..Self::at(Place::Shared(ledger)) }
    }

    fn at(place: Place) -> Self {
        let on_sync_failure = |error: &io::Error| {
            eprintln!("guard: the record could not be synced, aborting: {error}");
            std::process::abort();
        };
        Self {
            place,
            keeper: Keeper::none(),
            on_sync_failure,
            patience: Duration::ZERO,
            checkpoint_every: checkpointer::EVERY,
        }
    }

    /// Keeps `anchor` beside the record. It is written at every opening, at every orderly end, and
    /// before the answers of a batch that brings `every` events since it was last written: at most
    /// so many events of a crashed run can be missing from a record without notice.
    pub fn with_anchor(mut self, anchor: Box<dyn Anchor>, every: u64) -> Self {
        self.keeper = Keeper::of(anchor, every);
        self
    }

    /// What to do when a sync fails instead of aborting the process. For tests: after a failed sync
    /// nobody knows what is on the disk, and only reading it anew tells. If it returns, the guard
    /// closes.
    pub fn on_sync_failure(mut self, hook: fn(&io::Error)) -> Self {
        self.on_sync_failure = hook;
        self
    }

    /// How many events of a record of one's own pass at least from one checkpoint to the next,
    /// which is about what an opening reads: 16,384 unless set.
    pub fn checkpoint_every(mut self, events: u64) -> Self {
        self.checkpoint_every = events.max(1);
        self
    }

    /// Makes an empty record. It is the only way to one.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is one, or if its anchor remembers one.
    pub fn init(&mut self) -> Result<(), StoreError> {
        self.init_with(&[])
    }

    pub(crate) fn init_with(&mut self, records: &[Record]) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let anchored = self.keeper.load()?.is_some();
        let mut store = [0; 16];
        getrandom::fill(&mut store).map_err(|error| StoreError::Io {
            doing: "getting random numbers",
            error: std::io::Error::other(error.to_string()),
        })?;
        let header = Header { store, base: 0, base_link: [0; 32] };
        match &mut self.place {
            Place::Own(folder) => {
                let path = log::path(&folder.path);
                if anchored || !folder.is_unfinished(&path, self.keeper.is_some())? {
                    return Err(StoreError::Exists { path });
                }
                let tail = folder.replace(&header, records)?;
                self.keeper.save(&AnchorValue::own(&tail))
            }
            Place::Shared(ledger) => {
                if anchored {
                    return Err(StoreError::Exists { path: ledger.name().into() });
                }
                let mut tail = header.tail();
                let cells = tail.extend(records)?;
                // The cluster is not written: it is the server's own.
                let cluster = Cluster { system: 0, timeline: 0, synchronous: false };
                ledger.create(&Head::of(&tail, cluster), &cells)?;
                self.keeper.save(&AnchorValue::of(&ledger.head()?))
            }
        }
    }

    /// Takes up a shared record that another signer uses or has made: reads all of it, and has the
    /// anchor of this signer remember where it stands.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if the anchor remembers a record; [`StoreError::NotShared`]; those of
    /// reading.
    pub fn join(&mut self) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let anchored = self.keeper.load()?.is_some();
        let Place::Shared(ledger) = &mut self.place else { return Err(StoreError::NotShared) };
        if anchored {
            return Err(StoreError::Exists { path: ledger.name().into() });
        }
        let head = ledger.head()?;
        shared::read(&mut **ledger, &head)?;
        self.keeper.save(&AnchorValue::of(&head))
    }

    /// Goes on with a record that does not fit its anchor, or whose anchor is lost, after an
    /// operator has found out how far each key has signed. Every scope on record needs a floor.
    ///
    /// # Errors
    /// [`StoreError::FloorMissing`], [`StoreError::FloorLowered`], and those of reading: a damaged
    /// record cannot be recovered, only replaced by an intact older copy.
    pub fn recover(&mut self, floors: &HashMap<Scope, u64>, at: u64) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        match &mut self.place {
            Place::Own(folder) => {
                let Read { file, tail, state } = folder.read(&[])?;
                let tail = append_all(file, &tail, &floor_records(&state, floors, at)?)?.1;
                self.keeper.save(&AnchorValue::own(&tail))?;
                // The last step: until it is done, an older copy is refused because of it.
                Checkpoint::remove(folder)
            }
            Place::Shared(ledger) => {
                let (head, state) = shared::begin(&mut **ledger)?;
                let records = floor_records(&state, floors, at)?;
                let head = shared::commit(&mut **ledger, &head, &records)?;
                self.keeper.save(&AnchorValue::of(&head))
            }
        }
    }

    pub(crate) fn open_for_signing(self, at: u64) -> Result<Opened, StoreError> {
        let boot = [Record::Boot { at }];
        let mut keeper = self.keeper;
        match self.place {
            Place::Own(folder) => {
                let lock = folder.lock()?;
                let (Read { file, tail, state }, from) = folder.open_checked(&mut keeper)?;
                let (log, tail) = append_all(file, &tail, &boot)?;
                crash_point("booted");
                keeper.save(&AnchorValue::own(&tail))?;
                let (sequence, link) = (tail.sequence, tail.link);
                let every = self.checkpoint_every;
                let checkpointer = Checkpointer::new(folder, tail.header, every, from.as_ref());
                let store = tail.header.store;
                let start = from.map_or(tail.header.base, |from| from.sequence);
                let log = OpenedLog { log, store, keeper, checkpointer, _lock: lock };
                let read = sequence - start;
                Ok(Opened { state, sequence, link, read, place: OpenedPlace::Own(log) })
            }
            Place::Shared(mut ledger) => {
                keeper.claim()?;
                let (head, state) = shared::begin_checked(&mut *ledger, &mut keeper)?;
                let head = shared::commit(&mut *ledger, &head, &boot)?;
                crash_point("booted");
                keeper.save(&AnchorValue::of(&head))?;
                let (sequence, link) = (head.sequence, head.link);
                let replica = Replica::new(ledger, &head, keeper, self.patience);
                let read = sequence - head.base;
                Ok(Opened { state, sequence, link, read, place: OpenedPlace::Shared(replica) })
            }
        }
    }

    /// Keeps others out who would write the same files.
    fn lock(&mut self) -> Result<Box<dyn Send>, StoreError> {
        match &self.place {
            Place::Own(folder) => folder.lock(),
            Place::Shared(_) => self.keeper.claim().map(|()| -> Box<dyn Send> { Box::new(()) }),
        }
    }
}

/// A record that is open for signing.
pub(crate) struct Opened {
    pub(crate) state: State,
    pub(crate) sequence: u64,
    pub(crate) link: Link,
    /// The events that were read, and the one that was written.
    pub(crate) read: u64,
    pub(crate) place: OpenedPlace,
}

/// What its thread needs.
pub(crate) enum OpenedPlace {
    Own(OpenedLog),
    Shared(Replica),
}

/// A record of one's own.
pub(crate) struct OpenedLog {
    pub(crate) log: Log,
    pub(crate) store: [u8; 16],
    pub(crate) keeper: Keeper,
    pub(crate) checkpointer: Checkpointer,
    _lock: Box<dyn Send>,
}

fn floor_records(
    state: &State,
    floors: &HashMap<Scope, u64>,
    at: u64,
) -> Result<Vec<Record>, StoreError> {
    let mut records = Vec::new();
    for (id, scope) in state.scopes.iter().enumerate() {
        let name = || scope.scope.to_string();
        let floor =
            *floors.get(&scope.scope).ok_or_else(|| StoreError::FloorMissing { scope: name() })?;
        if floor < scope.floor {
            return Err(StoreError::FloorLowered { floor: scope.floor });
        }
        records.push(Record::Floor { scope: id as u32, at, floor });
    }
    Ok(records)
}
