//! A second memory of how far the record has come, kept apart from it, so that an older copy of
//! the record is not taken for the newest.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cell::Link;
use crate::crash::crash_point;
use crate::io::Io;

/// What an anchor remembers: `magic[8] ‖ store[16] ‖ sequence[8] ‖ link[32]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchorValue {
    /// The record's random name.
    pub store: [u8; 16],
    /// An event's sequence number.
    pub sequence: u64,
    /// The link of that event.
    pub link: Link,
}

impl AnchorValue {
    /// Bytes of its fixed form.
    pub const BYTES: usize = 64;
    const MAGIC: [u8; 8] = *b"opsgnanc";

    /// The fixed form.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&Self::MAGIC);
        bytes[8..24].copy_from_slice(&self.store);
        bytes[24..32].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[32..].copy_from_slice(&self.link);
        bytes
    }

    /// Reads the fixed form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::BYTES] = bytes.try_into().ok()?;
        (bytes[..8] == Self::MAGIC).then_some(())?;
        Some(Self {
            store: *bytes[8..].first_chunk()?,
            sequence: u64::from_be_bytes(*bytes[24..].first_chunk()?),
            link: *bytes[32..].first_chunk()?,
        })
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
}

/// An anchor in a file, which should stand on another disk than the record, and outside of the
/// record's backups.
pub struct FileAnchor {
    io: Arc<dyn Io>,
    path: PathBuf,
}

impl FileAnchor {
    /// An anchor at `path`, which need not exist yet.
    pub fn new(io: Arc<dyn Io>, path: impl Into<PathBuf>) -> Self {
        Self { io, path: path.into() }
    }
}

impl Anchor for FileAnchor {
    fn load(&mut self) -> io::Result<Option<AnchorValue>> {
        let file = match self.io.open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut bytes = [0; AnchorValue::BYTES];
        if file.size()? != bytes.len() as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
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
}
