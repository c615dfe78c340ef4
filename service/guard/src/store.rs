//! The folder with the record: making, opening and recovering it.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::anchor::{Anchor, AnchorValue};
use crate::cell::{self, Link};
use crate::codec;
use crate::crash::crash_point;
use crate::error::StoreError;
use crate::io::{Io, IoFile, SystemIo};
use crate::log::{self, Header, Log, Tail};
use crate::record::Record;
use crate::scope::Scope;
use crate::state::State;

/// Where a record is kept and how.
pub struct Store {
    pub(crate) folder: PathBuf,
    pub(crate) io: Arc<dyn Io>,
    pub(crate) anchor: Option<Box<dyn Anchor>>,
    anchor_every: u64,
    pub(crate) on_sync_failure: fn(&io::Error),
}

impl Store {
    /// The record in `folder`, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::with_io(folder, Arc::new(SystemIo))
    }

    /// The record in `folder` of another file system than the system's.
    pub fn with_io(folder: impl Into<PathBuf>, io: Arc<dyn Io>) -> Self {
        let on_sync_failure = |error: &io::Error| {
            eprintln!("guard: the record could not be synced, aborting: {error}");
            std::process::abort();
        };
        Self { folder: folder.into(), io, anchor: None, anchor_every: 1024, on_sync_failure }
    }

    /// Keeps `anchor` beside the record. It is written at every opening, at every orderly end, and
    /// before the answers of a batch that brings `every` events since it was last written: at most
    /// so many events of a crashed run can be missing from a record without notice.
    pub fn with_anchor(mut self, anchor: Box<dyn Anchor>, every: u64) -> Self {
        self.anchor = Some(anchor);
        self.anchor_every = every.max(1);
        self
    }

    /// What to do when a sync fails instead of aborting the process. For tests: after a failed sync
    /// nobody knows what is on the disk, and only reading it anew tells. If it returns, the guard
    /// closes.
    pub fn on_sync_failure(mut self, hook: fn(&io::Error)) -> Self {
        self.on_sync_failure = hook;
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
        let path = log::path(&self.folder);
        if self.load_anchor()?.is_some() || !self.is_unfinished(&path)? {
            return Err(StoreError::Exists { path });
        }
        let mut store = [0; 16];
        getrandom::fill(&mut store).map_err(|error| StoreError::Io {
            doing: "getting random numbers",
            error: std::io::Error::other(error.to_string()),
        })?;
        let header = Header { store, base: 0, base_link: [0; 32] };
        let tail = log::create(&self.io, &self.folder, &header, records)?;
        self.save_anchor(&tail)
    }

    /// Whether there is no record, or one that an interrupted `init` left without its anchor and
    /// nobody has opened.
    fn is_unfinished(&self, path: &Path) -> Result<bool, StoreError> {
        let file = match self.io.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            other => other.map_err(StoreError::io("opening the record"))?,
        };
        let mut used = false;
        log::scan(&*file, path, |_, _, record| {
            used |= matches!(record, Record::Boot { .. });
            Some(())
        })?;
        Ok(self.anchor.is_some() && !used)
    }

    /// Goes on with a record that does not fit its anchor, or whose anchor is lost, after an
    /// operator has found out how far each key has signed. Every scope on record needs a floor.
    ///
    /// # Errors
    /// [`StoreError::FloorMissing`], [`StoreError::FloorLowered`], and those of reading: a damaged
    /// record cannot be recovered, only replaced by an intact older copy.
    pub fn recover(&mut self, floors: &HashMap<Scope, u64>, at: u64) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let (file, tail, state) = self.read(None)?;
        let mut records = Vec::new();
        for (id, scope) in state.scopes.iter().enumerate() {
            let name = || scope.scope.to_string();
            let floor = *floors
                .get(&scope.scope)
                .ok_or_else(|| StoreError::FloorMissing { scope: name() })?;
            if floor < scope.floor {
                return Err(StoreError::FloorLowered { floor: scope.floor });
            }
            records.push(Record::Floor { scope: id as u32, at, floor });
        }
        let tail = append_all(file, &tail, &records)?.1;
        self.save_anchor(&tail)
    }

    pub(crate) fn open_for_signing(mut self, at: u64) -> Result<(Opened, State), StoreError> {
        let lock = self.lock()?;
        let (file, tail, state) = self.read_checked()?;
        let (log, tail) = append_all(file, &tail, &[Record::Boot { at }])?;
        crash_point("booted");
        self.save_anchor(&tail)?;
        let opened = Opened {
            log,
            store: tail.header.store,
            sequence: tail.sequence,
            link: tail.link,
            anchor: self.anchor,
            anchor_every: self.anchor_every,
            anchored: tail.sequence,
            _lock: lock,
        };
        Ok((opened, state))
    }

    pub(crate) fn lock(&self) -> Result<Box<dyn Send>, StoreError> {
        let path = self.folder.join("lock");
        self.io.lock(&path).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => StoreError::Locked { path },
            io::ErrorKind::NotFound => StoreError::Missing { path: self.folder.clone() },
            _ => StoreError::Io { doing: "locking the record", error },
        })
    }

    /// Reads the whole record and compares it with its anchor.
    pub(crate) fn read_checked(&mut self) -> Result<(Box<dyn IoFile>, Tail, State), StoreError> {
        let value = self.load_anchor()?;
        if self.anchor.is_some() && value.is_none() {
            // A missing record is the greater loss, and says so first.
            self.read(None)?;
            return Err(StoreError::AnchorMissing);
        }
        self.read(value)
    }

    fn read(
        &self,
        anchor: Option<AnchorValue>,
    ) -> Result<(Box<dyn IoFile>, Tail, State), StoreError> {
        let path = log::path(&self.folder);
        let file = self.io.open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Missing { path: path.clone() },
            _ => StoreError::Io { doing: "opening the record", error },
        })?;
        let mut state = State::default();
        let mut anchored = None;
        let tail = log::scan(&*file, &path, |sequence, link, record| {
            if anchor.is_some_and(|anchor| anchor.sequence == sequence) {
                anchored = Some(*link);
            }
            state.apply(&record)
        })?;
        if let Some(anchor) = anchor {
            compare(&anchor, &tail, anchored)?;
        }
        Ok((file, tail, state))
    }

    pub(crate) fn load_anchor(&mut self) -> Result<Option<AnchorValue>, StoreError> {
        let Some(anchor) = &mut self.anchor else { return Ok(None) };
        anchor.load().map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => StoreError::AnchorDamaged,
            _ => StoreError::Io { doing: "reading the anchor", error },
        })
    }

    pub(crate) fn save_anchor(&mut self, tail: &Tail) -> Result<(), StoreError> {
        let Some(anchor) = &mut self.anchor else { return Ok(()) };
        let value =
            AnchorValue { store: tail.header.store, sequence: tail.sequence, link: tail.link };
        anchor.save(&value).map_err(StoreError::io("writing the anchor"))
    }
}

/// A record that is open for signing.
pub(crate) struct Opened {
    pub(crate) log: Log,
    pub(crate) store: [u8; 16],
    pub(crate) sequence: u64,
    pub(crate) link: Link,
    anchor: Option<Box<dyn Anchor>>,
    anchor_every: u64,
    anchored: u64,
    _lock: Box<dyn Send>,
}

impl Opened {
    /// Writes the anchor if it is due, or at the end if it is behind. Says whether it did.
    pub(crate) fn keep_anchor(&mut self, value: &AnchorValue, last: bool) -> io::Result<bool> {
        let behind = value.sequence - self.anchored;
        match &mut self.anchor {
            Some(anchor) if behind >= self.anchor_every || (last && behind > 0) => {
                anchor.save(value)?;
                self.anchored = value.sequence;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

fn compare(anchor: &AnchorValue, tail: &Tail, found: Option<Link>) -> Result<(), StoreError> {
    let header = &tail.header;
    // The base's link is the header's own in a new record, and in a compacted one the link of the
    // event that the old file ended with.
    let at_base =
        anchor.sequence == header.base && [header.base_link, header.link()].contains(&anchor.link);
    if anchor.store != header.store {
        Err(StoreError::Diverged { anchor: anchor.sequence })
    } else if anchor.sequence > tail.sequence {
        Err(StoreError::Older { record: tail.sequence, anchor: anchor.sequence })
    } else if at_base || found == Some(anchor.link) {
        Ok(())
    } else {
        Err(StoreError::Diverged { anchor: anchor.sequence })
    }
}

/// Writes records behind the end of a log and makes them durable.
fn append_all(
    file: Box<dyn IoFile>,
    tail: &Tail,
    records: &[Record],
) -> Result<(Log, Tail), StoreError> {
    let mut log = Log::resume(file, tail)?;
    let mut tail = Tail { torn: false, ..*tail };
    let mut cells = Vec::new();
    let synced = tail.sequence;
    for record in records {
        let body = codec::encode(record).ok_or(StoreError::ReasonTooLong)?;
        tail.sequence += 1;
        let cell = cell::write(tail.sequence, synced, &body, &tail.link);
        tail.link = cell::link(&cell);
        cells.extend_from_slice(&cell);
    }
    let failed = StoreError::io("writing to the record");
    log.append(&cells).map_err(&failed)?;
    log.sync().map_err(&failed)?;
    Ok((log, tail))
}
