//! Where a guard's record is: in a folder, or in a database that several signers share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use opsign_guard::{FileAnchor, Store, SystemIo};

use crate::address::{Address, BadAddress};
use crate::ledger::Postgres;

/// Where a record is, as config and command line say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// A folder, or `postgres://USER@HOST/DATABASE`.
    pub record: String,
    /// The anchor's file.
    pub anchor: Option<PathBuf>,
    /// The file with the database's password. Of no meaning for a folder, like the next.
    pub password_file: Option<PathBuf>,
    /// The authorities that vouch for the database's server, PEM.
    pub ca: Option<PathBuf>,
}

impl RecordPlace {
    /// The folder, unless the record is in a database.
    pub fn folder(&self) -> Option<PathBuf> {
        let shared =
            ["postgres://", "postgresql://"].iter().any(|scheme| self.record.starts_with(scheme));
        (!shared).then(|| PathBuf::from(&self.record))
    }

    /// Where a signer keeps payloads: in the record's folder, or beside the anchor of a shared one.
    pub fn payloads(&self) -> PathBuf {
        let beside = || self.anchor.as_deref().and_then(Path::parent).map(Path::to_owned);
        self.folder().or_else(beside).unwrap_or_default().join("payloads")
    }

    /// The record. Nothing is opened or connected to yet.
    ///
    /// # Errors
    /// A database's address that is not used.
    pub fn store(&self) -> Result<Store, BadAddress> {
        let store = match self.folder() {
            Some(folder) => Store::new(folder),
            None => {
                let (url, password_file, ca) =
                    (self.record.clone(), self.password_file.clone(), self.ca.clone());
                let database = Postgres::new(&Address { url, password_file, ca })?;
                Store::shared(Box::new(database), Postgres::PATIENCE)
            }
        };
        Ok(match &self.anchor {
            Some(path) => {
                store.with_anchor(Box::new(FileAnchor::new(Arc::new(SystemIo), path)), 1024)
            }
            None => store,
        })
    }
}
