//! What the record comes to up to one of its events, beside the record, so that opening need not
//! read what is before it. It is made from the record's cells and is no part of it: without it, or
//! with a damaged one, all of the record is read.

use std::io;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::anchor::AnchorValue;
use crate::cell::{self, BODY, CELL, Link, Read};
use crate::codec;
use crate::crash::crash_point;
use crate::error::StoreError;
use crate::folder::Folder;
use crate::io::IoFile;
use crate::log::Header;
use crate::record::Record;
use crate::state::State;

/// The form: `magic[16] ‖ store[16] ‖ base[8] ‖ sequence[8] ‖ link[32] ‖ bodies[198 each] ‖
/// SHA-256[32]` over all before it.
const MAGIC: [u8; 16] = *b"opsgn-checkpoint";

/// A state and where in the record it belongs.
pub(crate) struct Checkpoint {
    /// The record's random name.
    pub(crate) store: [u8; 16],
    /// What the record's file starts behind.
    pub(crate) base: u64,
    /// The event up to which it holds, which was durable when it was made.
    pub(crate) sequence: u64,
    /// The link of that event.
    pub(crate) link: Link,
    /// The state, as [`State::snapshot`] gives it at time 0.
    pub(crate) records: Vec<Record>,
}

impl Checkpoint {
    pub(crate) fn of(header: &Header, sequence: u64, link: Link, state: &State) -> Self {
        let Header { store, base, .. } = *header;
        Self { store, base, sequence, link, records: state.snapshot(0) }
    }

    fn path(folder: &Folder) -> PathBuf {
        folder.path.join("checkpoint")
    }

    /// Reads it, or none if there is none or it is damaged.
    pub(crate) fn load(folder: &Folder) -> Result<Option<Self>, StoreError> {
        let failed = StoreError::io("reading the record's checkpoint");
        let file = match folder.io.open(&Self::path(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(&failed)?,
        };
        let size = file.size().map_err(&failed)?;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        file.read(0, &mut bytes).map_err(&failed)?;
        Ok(Self::from_bytes(&bytes))
    }

    /// Puts it in the place of the last one: a crash leaves the old or the new.
    pub(crate) fn save(&self, folder: &Folder) -> Result<(), StoreError> {
        let failed = StoreError::io("writing the record's checkpoint");
        let (path, new) = (Self::path(folder), folder.path.join("checkpoint.new"));
        let bytes = self.to_bytes().ok_or(StoreError::ReasonTooLong)?;
        folder.io.remove(&new).map_err(&failed)?;
        let mut file = folder.io.create(&new).map_err(&failed)?;
        file.write(0, &bytes).map_err(&failed)?;
        file.sync().map_err(&failed)?;
        crash_point("checkpoint written");
        folder.io.rename(&new, &path).map_err(&failed)?;
        crash_point("checkpoint renamed");
        folder.io.sync_dir(&folder.path).map_err(&failed)
    }

    /// Takes it away, before the record that it belongs to is replaced or goes on from an older
    /// copy.
    pub(crate) fn remove(folder: &Folder) -> Result<(), StoreError> {
        let failed = StoreError::io("removing the record's checkpoint");
        folder.io.remove(&Self::path(folder)).map_err(&failed)?;
        folder.io.sync_dir(&folder.path).map_err(&failed)
    }

    /// As an anchor: the record must hold this event.
    pub(crate) const fn witness(&self) -> AnchorValue {
        let Self { store, sequence, link, .. } = *self;
        AnchorValue { store, sequence, link, cluster: None }
    }

    /// Whether the record in `file` holds its event in its place.
    pub(crate) fn fits(&self, header: &Header, file: &dyn IoFile) -> Result<bool, StoreError> {
        if self.store != header.store || self.base != header.base || self.sequence <= self.base {
            return Ok(false);
        }
        let Some(previous) = cell_at(header, file, self.sequence - 1)? else { return Ok(false) };
        let Some(cell) = cell_at(header, file, self.sequence)? else { return Ok(false) };
        let read = cell::read(self.sequence, &cell, &cell::link(&previous));
        Ok(matches!(read, Read::Whole { link, .. } if link == self.link))
    }

    /// Its state, or none if it contradicts itself.
    pub(crate) fn state(&self) -> Option<State> {
        let mut state = State::default();
        self.records.iter().try_for_each(|record| state.apply(record))?;
        Some(state)
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = [&MAGIC[..], &self.store].concat();
        bytes.extend_from_slice(&self.base.to_be_bytes());
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.link);
        for record in &self.records {
            bytes.extend_from_slice(&codec::encode(record)?);
        }
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        Some(bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (rest, digest) = bytes.split_last_chunk::<32>()?;
        if Sha256::digest(rest)[..] != digest[..] {
            return None;
        }
        let (magic, rest) = rest.split_first_chunk()?;
        let (store, rest) = rest.split_first_chunk()?;
        let (base, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (link, rest) = rest.split_first_chunk()?;
        let (bodies, []) = rest.as_chunks::<BODY>() else { return None };
        let records = bodies.iter().map(codec::decode).collect::<Option<_>>()?;
        (*magic == MAGIC).then_some(Self {
            store: *store,
            base: u64::from_be_bytes(*base),
            sequence: u64::from_be_bytes(*sequence),
            link: *link,
            records,
        })
    }
}

/// The link that stands at an event's place in the file, if the file is that long.
pub(crate) fn link_at(
    header: &Header,
    file: &dyn IoFile,
    sequence: u64,
) -> Result<Option<Link>, StoreError> {
    let cell = cell_at(header, file, sequence)?;
    Ok(cell.filter(|cell| cell::sequence(cell) == sequence).map(|cell| cell::link(&cell)))
}

fn cell_at(
    header: &Header,
    file: &dyn IoFile,
    sequence: u64,
) -> Result<Option<[u8; CELL]>, StoreError> {
    let failed = StoreError::io("reading the record");
    let Some(index) = sequence.checked_sub(header.base) else { return Ok(None) };
    let Some(offset) = index.checked_mul(CELL as u64) else { return Ok(None) };
    if offset.saturating_add(CELL as u64) > file.size().map_err(&failed)? {
        return Ok(None);
    }
    let mut cell = [0; CELL];
    file.read(offset, &mut cell).map_err(&failed)?;
    Ok(Some(cell))
}
