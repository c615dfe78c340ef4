//! Audit logs: a line of JSON for each event. What a line says is the caller's; no secrets.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A file that lines are added to.
#[derive(Debug)]
pub struct AuditFile(Mutex<File>);

#[derive(Serialize)]
struct Line<'a, T> {
    time: String,
    #[serde(flatten)]
    entry: &'a T,
}

impl AuditFile {
    /// Opens the file to add to it, readable by its owner alone if it is new.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        Ok(Self(Mutex::new(file)))
    }

    /// Adds a line in one write: `time`, in RFC 3339, and the members of `entry`.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, entry: &impl Serialize) -> io::Result<()> {
        let time = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
        let mut line = serde_json::to_vec(&Line { time, entry })?;
        line.push(b'\n');
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }
}
