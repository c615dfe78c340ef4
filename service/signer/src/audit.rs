//! The audit log: a line of JSON for every grant, every refusal and every operator's call. No secrets, no whole
//! transactions.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A file that lines are added to.
pub(crate) struct Audit {
    file: Mutex<File>,
}

/// What a line says.
pub(crate) struct Entry<'a> {
    pub(crate) client: &'a str,
    pub(crate) method: &'a str,
    pub(crate) key: Option<String>,
    pub(crate) chain_id: Option<String>,
    /// What was to be signed.
    pub(crate) signing_hash: Option<String>,
    /// `signed`, or why not.
    pub(crate) outcome: &'a str,
    pub(crate) trace: Option<&'a str>,
}

/// What a line says of an operator's call.
pub(crate) struct AdminEntry<'a> {
    pub(crate) client: &'a str,
    pub(crate) method: &'a str,
    pub(crate) params: &'a Value,
    /// `done`, or why not.
    pub(crate) outcome: &'a str,
    pub(crate) trace: Option<&'a str>,
}

impl Audit {
    /// Opens the file to add to it, readable by its owner alone if it is new.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: Mutex::new(options.open(path)?) })
    }

    /// Adds a line in one write.
    pub(crate) fn write(&self, entry: &Entry<'_>) -> io::Result<()> {
        self.append(&json!({
            "time": now(),
            "client": entry.client,
            "method": entry.method,
            "key": entry.key,
            "chain_id": entry.chain_id,
            "signing_hash": entry.signing_hash,
            "outcome": entry.outcome,
            "trace": entry.trace,
        }))
    }

    /// Adds a line about an operator's call in one write.
    pub(crate) fn write_admin(&self, entry: &AdminEntry<'_>) -> io::Result<()> {
        self.append(&json!({
            "time": now(),
            "client": entry.client,
            "method": entry.method,
            "params": entry.params,
            "outcome": entry.outcome,
            "trace": entry.trace,
        }))
    }

    fn append(&self, line: &Value) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(format!("{line}\n").as_bytes())
    }
}

fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}
