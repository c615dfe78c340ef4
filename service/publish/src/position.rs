//! How far a file was published, kept on disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A place between two lines of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// Names this publisher: 32 hex digits, random. With inode and offset it names a line.
    pub(crate) publisher: String,
    /// The file: a log that was replaced has another.
    pub(crate) inode: u64,
    /// Bytes of it that were published.
    pub(crate) offset: u64,
}

impl Position {
    /// Reads the position, or makes one before the first line.
    ///
    /// # Errors
    /// One sentence: the file cannot be read, or is no position.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let fail = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                fail(&format!("is no position ({error}): remove it to publish everything again"))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut random = [0; 16];
                getrandom::fill(&mut random).map_err(|error| fail(&error))?;
                let publisher = format!("{:032x}", u128::from_be_bytes(random));
                let new = Self { publisher, inode: 0, offset: 0 };
                // Now rather than after the first batch: its lines have the name already.
                new.write(path).map_err(|error| fail(&error))?;
                Ok(new)
            }
            Err(error) => Err(fail(&error)),
        }
    }

    /// Replaces the file in one step. After a crash an older position may be there, and its lines are
    /// published twice.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let mut new = PathBuf::from(path);
        new.as_mut_os_string().push(".new");
        fs::write(&new, serde_json::to_vec(self)?)?;
        fs::rename(&new, path)
    }
}
