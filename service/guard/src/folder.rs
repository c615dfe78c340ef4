//! The folder of a record of one's own.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::anchor::{AnchorValue, Keeper};
use crate::cell::{CELL, Link};
use crate::error::StoreError;
use crate::io::{Io, IoFile};
use crate::log::{self, Log, Tail};
use crate::record::Record;
use crate::state::State;

/// Where a record of one's own is.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) io: Arc<dyn Io>,
}

impl Folder {
    pub(crate) fn lock(&self) -> Result<Box<dyn Send>, StoreError> {
        let path = self.path.join("lock");
        self.io.lock(&path).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => StoreError::Locked { path },
            io::ErrorKind::NotFound => StoreError::Missing { path: self.path.clone() },
            _ => StoreError::Io { doing: "locking the record", error },
        })
    }

    /// Whether there is no record, or one that an interrupted `init` left without its anchor and
    /// nobody has opened.
    pub(crate) fn is_unfinished(&self, path: &Path, anchored: bool) -> Result<bool, StoreError> {
        let file = match self.io.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            other => other.map_err(StoreError::io("opening the record"))?,
        };
        let mut used = false;
        log::scan(&*file, path, |_, _, record| {
            used |= matches!(record, Record::Boot { .. });
            Some(())
        })?;
        Ok(anchored && !used)
    }

    /// Reads the whole record and compares it with its anchor.
    pub(crate) fn read_checked(
        &self,
        keeper: &mut Keeper,
    ) -> Result<(Box<dyn IoFile>, Tail, State), StoreError> {
        let value = keeper.load()?;
        if keeper.is_some() && value.is_none() {
            // A missing record is the greater loss, and says so first.
            self.read(None)?;
            return Err(StoreError::AnchorMissing);
        }
        self.read(value)
    }

    /// Reads the whole record and compares it with what an anchor remembers.
    pub(crate) fn read(
        &self,
        anchor: Option<AnchorValue>,
    ) -> Result<(Box<dyn IoFile>, Tail, State), StoreError> {
        let path = log::path(&self.path);
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

    /// Copies the record as it is to `log-SEQUENCE` beside it.
    pub(crate) fn archive(&self, file: &dyn IoFile, tail: &Tail) -> Result<(), StoreError> {
        let failed = StoreError::io("copying the record to its archive");
        let len = (tail.sequence - tail.header.base + 1) * CELL as u64;
        let archive = self.path.join(format!("log-{}", tail.sequence));
        self.io.remove(&archive).map_err(&failed)?;
        let mut copy = self.io.create(&archive).map_err(&failed)?;
        let mut offset = 0;
        let mut piece = vec![0; 1 << 20];
        while offset < len {
            let room = piece.len().min((len - offset) as usize);
            file.read(offset, &mut piece[..room]).map_err(&failed)?;
            copy.write(offset, &piece[..room]).map_err(&failed)?;
            offset += room as u64;
        }
        copy.sync().map_err(&failed)?;
        self.io.sync_dir(&self.path).map_err(&failed)
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
pub(crate) fn append_all(
    file: Box<dyn IoFile>,
    tail: &Tail,
    records: &[Record],
) -> Result<(Log, Tail), StoreError> {
    let mut log = Log::resume(file, tail)?;
    let mut tail = Tail { torn: false, ..*tail };
    let cells = tail.extend(records)?;
    let failed = StoreError::io("writing to the record");
    log.append(&cells).map_err(&failed)?;
    log.sync().map_err(&failed)?;
    Ok((log, tail))
}
