//! The audit log: a line of JSON for every grant and refusal. No secrets.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A file that lines are added to.
pub(crate) struct Audit(Mutex<File>);

/// What a line says.
pub(crate) struct Entry<'a> {
    pub(crate) client: &'a str,
    pub(crate) method: &'a str,
    pub(crate) key_type: &'a str,
    pub(crate) public_key: Option<String>,
    /// What the message says, where it was understood.
    pub(crate) claim: Option<&'a str>,
    /// blake2b-256 of the message.
    pub(crate) message: Option<String>,
    /// `signed`, or why not.
    pub(crate) outcome: &'a str,
}

impl Audit {
    /// Opens the file to add to it, readable by its owner alone if it is new.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        Ok(Self(Mutex::new(file)))
    }

    /// Adds a line in one write.
    pub(crate) fn write(&self, entry: &Entry<'_>) -> io::Result<()> {
        let line = json!({
            "time": OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
            "client": entry.client,
            "method": entry.method,
            "key_type": entry.key_type,
            "public_key": entry.public_key,
            "claim": entry.claim,
            "message": entry.message,
            "outcome": entry.outcome,
        });
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(format!("{line}\n").as_bytes())
    }
}
