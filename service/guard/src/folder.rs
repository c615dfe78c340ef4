//! The folder of a record of one's own.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::anchor::{AnchorValue, Keeper};
use crate::cell::Link;
use crate::checkpoint::{self, Checkpoint};
use crate::error::StoreError;
use crate::io::{Io, IoFile};
use crate::log::{self, Header, Log, Tail};
use crate::record::Record;
use crate::state::State;

/// Where a record of one's own is.
#[derive(Clone)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) io: Arc<dyn Io>,
}

/// A record that was read.
pub(crate) struct Read {
    pub(crate) file: Box<dyn IoFile>,
    pub(crate) tail: Tail,
    pub(crate) state: State,
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
        let start = log::header(&*file, path)?.tail();
        log::scan(&*file, &start, None, |_, _, record| {
            used |= matches!(record, Record::Boot { .. });
            Some(())
        })?;
        Ok(anchored && !used)
    }

    /// Makes a record in the place of any that is there.
    pub(crate) fn replace(&self, header: &Header, records: &[Record]) -> Result<Tail, StoreError> {
        Checkpoint::remove(self)?;
        log::create(&self.io, &self.path, header, records)
    }

    /// Reads what is behind the checkpoint, or the whole record if there is none that fits, and
    /// compares it with its anchor. Returns the checkpoint if it was read from there.
    pub(crate) fn open_checked(
        &self,
        keeper: &mut Keeper,
    ) -> Result<(Read, Option<Checkpoint>), StoreError> {
        let anchor = self.anchor(keeper)?;
        let (file, header) = self.open()?;
        let checkpoint = Checkpoint::load(self)?;
        if let Some(from) = &checkpoint
            && from.fits(&header, &*file)?
            && let Some(state) = from.state()
        {
            let start = Tail { sequence: from.sequence, link: from.link, ..header.tail() };
            let read = read_from(file, &start, state, anchor.as_slice())?;
            return Ok((read, checkpoint));
        }
        let seen: Vec<_> =
            anchor.into_iter().chain(checkpoint.map(|checkpoint| checkpoint.witness())).collect();
        Ok((read_from(file, &header.tail(), State::default(), &seen)?, None))
    }

    /// Reads the whole record and compares it with its anchor and its checkpoint.
    pub(crate) fn read_checked(&self, keeper: &mut Keeper) -> Result<Read, StoreError> {
        let anchor = self.anchor(keeper)?;
        let checkpoint = Checkpoint::load(self)?.map(|checkpoint| checkpoint.witness());
        self.read(&anchor.into_iter().chain(checkpoint).collect::<Vec<_>>())
    }

    /// Reads the whole record, which must hold the events that others have `seen`.
    pub(crate) fn read(&self, seen: &[AnchorValue]) -> Result<Read, StoreError> {
        let (file, header) = self.open()?;
        read_from(file, &header.tail(), State::default(), seen)
    }

    fn anchor(&self, keeper: &mut Keeper) -> Result<Option<AnchorValue>, StoreError> {
        let value = keeper.load()?;
        if keeper.is_some() && value.is_none() {
            // A missing record is the greater loss, and says so first.
            self.read(&[])?;
            return Err(StoreError::AnchorMissing);
        }
        Ok(value)
    }

    fn open(&self) -> Result<(Box<dyn IoFile>, Header), StoreError> {
        let path = log::path(&self.path);
        let file = self.io.open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Missing { path: path.clone() },
            _ => StoreError::Io { doing: "opening the record", error },
        })?;
        let header = log::header(&*file, &path)?;
        Ok((file, header))
    }

    /// Copies the record as it is to `log-SEQUENCE` beside it.
    pub(crate) fn archive(&self, file: &dyn IoFile, tail: &Tail) -> Result<(), StoreError> {
        let failed = StoreError::io("copying the record to its archive");
        let len = tail.end();
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

/// Reads a record from behind `start`, where its state is known, to its end. It must hold the events
/// that others have `seen`.
fn read_from(
    file: Box<dyn IoFile>,
    start: &Tail,
    mut state: State,
    seen: &[AnchorValue],
) -> Result<Read, StoreError> {
    let mut found = vec![None; seen.len()];
    for (found, seen) in found.iter_mut().zip(seen) {
        if seen.sequence <= start.sequence {
            *found = checkpoint::link_at(&start.header, &*file, seen.sequence)?;
        }
    }
    let tail = log::scan(&*file, start, None, |sequence, link, record| {
        for (found, _) in found.iter_mut().zip(seen).filter(|(_, seen)| seen.sequence == sequence) {
            *found = Some(*link);
        }
        state.apply(&record)
    })?;
    seen.iter().zip(found).try_for_each(|(seen, found)| compare(seen, &tail, found))?;
    Ok(Read { file, tail, state })
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
