//! A second memory of how far the record has come, kept apart from it, so that an older copy of
//! the record is not taken for the newest.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cell::Link;
use crate::crash::crash_point;
use crate::error::StoreError;
use crate::io::Io;
use crate::ledger::{Cluster, Head};
use crate::log::Tail;

/// What an anchor remembers: `magic[8] ‖ store[16] ‖ sequence[8] ‖ link[32]`, and of a shared record,
/// under another magic, `system[8] ‖ timeline[4] ‖ synchronous[4]` behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchorValue {
    /// The record's random name.
    pub store: [u8; 16],
    /// An event's sequence number.
    pub sequence: u64,
    /// The link of that event.
    pub link: Link,
    /// Of a shared record, the server that it was seen on.
    pub cluster: Option<Cluster>,
}

impl AnchorValue {
    /// The most bytes of its form.
    pub const MAX: usize = 80;
    const OWN: [u8; 8] = *b"opsgnanc";
    const SHARED: [u8; 8] = *b"opsgnans";

    pub(crate) const fn own(tail: &Tail) -> Self {
        let Tail { header, sequence, link, .. } = *tail;
        Self { store: header.store, sequence, link, cluster: None }
    }

    pub(crate) const fn of(head: &Head) -> Self {
        let Head { store, sequence, link, cluster, .. } = *head;
        Self { store, sequence, link, cluster: Some(cluster) }
    }

    /// The form that [`AnchorValue::from_bytes`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let magic = if self.cluster.is_some() { Self::SHARED } else { Self::OWN };
        let mut bytes =
            [&magic[..], &self.store, &self.sequence.to_be_bytes(), &self.link].concat();
        if let Some(cluster) = &self.cluster {
            bytes.extend_from_slice(&cluster.system.to_be_bytes());
            bytes.extend_from_slice(&cluster.timeline.to_be_bytes());
            bytes.extend_from_slice(&u32::from(cluster.synchronous).to_be_bytes());
        }
        bytes
    }

    /// Reads it.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk()?;
        let (store, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (link, rest) = rest.split_first_chunk()?;
        let cluster = match (*magic, rest.len()) {
            (Self::OWN, 0) => None,
            (Self::SHARED, 16) => Some(Cluster {
                system: u64::from_be_bytes(*rest.first_chunk()?),
                timeline: u32::from_be_bytes(*rest[8..].first_chunk()?),
                synchronous: match rest[12..] {
                    [0, 0, 0, 0] => false,
                    [0, 0, 0, 1] => true,
                    _ => return None,
                },
            }),
            _ => return None,
        };
        let sequence = u64::from_be_bytes(*sequence);
        Some(Self { store: *store, sequence, link: *link, cluster })
    }
}

/// A place that remembers one [`AnchorValue`]: a file on another disk, a data object in a token.
pub trait Anchor: Send {
    /// What it remembers; none if it has never been written.
    ///
    /// # Errors
    /// What the place says; `InvalidData` if it holds something else.
    fn load(&mut self) -> io::Result<Option<AnchorValue>>;

    /// Replaces what it remembers, durably and at once: a crash leaves the old or the new.
    ///
    /// # Errors
    /// What the place says.
    fn save(&mut self, value: &AnchorValue) -> io::Result<()>;

    /// Keeps other processes from writing it while this value lives. Asked for where nothing else
    /// keeps them apart, which is with a shared record.
    ///
    /// # Errors
    /// `WouldBlock` if another process writes it.
    fn claim(&mut self) -> io::Result<()>;
}

/// An anchor in a file, which should stand on another disk than the record, and outside of the
/// record's backups.
pub struct FileAnchor {
    io: Arc<dyn Io>,
    path: PathBuf,
    claim: Option<Box<dyn Send>>,
}

impl FileAnchor {
    /// An anchor at `path`, which need not exist yet.
    pub fn new(io: Arc<dyn Io>, path: impl Into<PathBuf>) -> Self {
        Self { io, path: path.into(), claim: None }
    }
}

impl Anchor for FileAnchor {
    fn load(&mut self) -> io::Result<Option<AnchorValue>> {
        let file = match self.io.open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let size = file.size()?;
        if size > AnchorValue::MAX as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; size as usize];
        file.read(0, &mut bytes)?;
        AnchorValue::from_bytes(&bytes).map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn save(&mut self, value: &AnchorValue) -> io::Result<()> {
        let new = self.path.with_extension("new");
        self.io.remove(&new)?;
        let mut file = self.io.create(&new)?;
        file.write(0, &value.to_bytes())?;
        file.sync()?;
        crash_point("anchor written");
        self.io.rename(&new, &self.path)?;
        crash_point("anchor renamed");
        // A bare file name has the empty path for its parent.
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        self.io.sync_dir(folder.unwrap_or(Path::new(".")))
    }

    fn claim(&mut self) -> io::Result<()> {
        if self.claim.is_none() {
            self.claim = Some(self.io.lock(&self.path.with_extension("lock"))?);
        }
        Ok(())
    }
}

/// The anchor, if one is configured, and when it is due.
pub(crate) struct Keeper {
    anchor: Option<Box<dyn Anchor>>,
    every: u64,
    saved: u64,
}

impl Keeper {
    pub(crate) const fn none() -> Self {
        Self { anchor: None, every: 1024, saved: 0 }
    }

    pub(crate) fn of(anchor: Box<dyn Anchor>, every: u64) -> Self {
        Self { anchor: Some(anchor), every: every.max(1), saved: 0 }
    }

    pub(crate) const fn is_some(&self) -> bool {
        self.anchor.is_some()
    }

    pub(crate) fn load(&mut self) -> Result<Option<AnchorValue>, StoreError> {
        let Some(anchor) = &mut self.anchor else { return Ok(None) };
        anchor.load().map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => StoreError::AnchorDamaged,
            _ => StoreError::Io { doing: "reading the anchor", error },
        })
    }

    pub(crate) fn claim(&mut self) -> Result<(), StoreError> {
        let Some(anchor) = &mut self.anchor else { return Ok(()) };
        anchor.claim().map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => StoreError::Locked { path: "the anchor".into() },
            _ => StoreError::Io { doing: "locking the anchor", error },
        })
    }

    pub(crate) fn save(&mut self, value: &AnchorValue) -> Result<(), StoreError> {
        self.saved = value.sequence;
        let Some(anchor) = &mut self.anchor else { return Ok(()) };
        anchor.save(value).map_err(StoreError::io("writing the anchor"))
    }

    /// Writes it if it is due, or at the end if it is behind. Says whether it did.
    pub(crate) fn keep(&mut self, value: &AnchorValue, last: bool) -> Result<bool, StoreError> {
        let behind = value.sequence.saturating_sub(self.saved);
        let due = self.is_some() && (behind >= self.every || (last && behind > 0));
        if due {
            self.save(value)?;
        }
        Ok(due)
    }
}
