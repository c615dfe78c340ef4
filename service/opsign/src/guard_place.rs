//! Where a guard is: in a record at rest, or in a running signer.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use opsign_guard::{Client, Guard, Store, StoreError};
use opsign_guard_postgres::RecordPlace;
use opsign_signer::{Answer, AskError, Operation, OperationError, TlsFiles, ask, look, perform};
use serde_json::Value;

use crate::failure::Failure;
use crate::report::Report;

/// A record that no signer uses at present, or one in a database.
#[derive(Args)]
pub(crate) struct Place {
    /// guard.record of the signer's config: a folder, or postgres://USER@HOST/DATABASE.
    #[arg(long, value_name = "FOLDER|URL")]
    pub(crate) record: String,
    #[command(flatten)]
    beside: Beside,
}

/// What stands beside a record's place.
#[derive(Args)]
struct Beside {
    /// The anchor on another path: guard.anchor of the signer's config.
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
    /// The file with the database's password: guard.passwordFile of the signer's config.
    #[arg(long = "record.password-file", value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The authorities that vouch for the database's server, PEM: guard.ca of the signer's config.
    #[arg(long = "record.ca", value_name = "FILE")]
    record_ca: Option<PathBuf>,
}

impl Place {
    pub(crate) fn store(&self) -> Result<Store, Failure> {
        self.beside.store(&self.record)
    }

    /// Makes the folder for a new record, if it is to be in one.
    pub(crate) fn make_folder(&self) -> Result<(), Failure> {
        match self.beside.place(&self.record).folder() {
            Some(folder) => fs::create_dir_all(&folder)
                .map_err(|error| Failure::unavailable(format!("{}: {error}", folder.display()))),
            None => Ok(()),
        }
    }
}

impl Beside {
    fn place(&self, record: &str) -> RecordPlace {
        RecordPlace {
            record: record.to_owned(),
            anchor: self.anchor.clone(),
            password_file: self.password_file.clone(),
            ca: self.record_ca.clone(),
        }
    }

    fn store(&self, record: &str) -> Result<Store, Failure> {
        self.place(record).store().map_err(|error| Failure::config(error.to_string()))
    }
}

/// A running signer's admin port, or the record of one that is stopped.
#[derive(Args)]
pub(crate) struct Guarded {
    /// The admin port of a running signer: https://HOST:PORT. Needs the three --tls files.
    #[arg(long, value_name = "URL", requires_all = ["ca", "cert", "key"],
        required_unless_present = "record", conflicts_with_all = ["record", "anchor", "password_file", "record_ca"])]
    admin: Option<String>,
    /// The authorities that vouch for the signer, PEM.
    #[arg(id = "ca", long = "tls.ca", value_name = "FILE", requires = "admin")]
    ca: Option<PathBuf>,
    /// The operator's certificate, PEM. Its first DNS name is in admin.clients of the signer's config.
    #[arg(id = "cert", long = "tls.cert", value_name = "FILE", requires = "admin")]
    cert: Option<PathBuf>,
    /// The certificate's private key, PEM.
    #[arg(id = "key", long = "tls.key", value_name = "FILE", requires = "admin")]
    key: Option<PathBuf>,
    /// guard.record of the signer's config: a folder, while its signer is stopped, or a postgres://
    /// URL.
    #[arg(long, value_name = "FOLDER|URL")]
    record: Option<String>,
    #[command(flatten)]
    beside: Beside,
}

impl Guarded {
    /// Has an operation carried out, there or here.
    pub(crate) fn ask(&self, operation: &Operation) -> Result<Answer, Failure> {
        if let (Some(url), Some(ca), Some(cert), Some(key)) =
            (&self.admin, &self.ca, &self.cert, &self.key)
        {
            let files = TlsFiles {
                ca: ca.clone(),
                cert: cert.clone(),
                key: key.clone(),
                crls: Vec::new(),
                tls13_only: false,
            };
            return Ok(ask(url, &files, operation)?);
        }
        let Some(record) = &self.record else {
            return Err(Failure::usage("give --admin or --record"));
        };
        let mut store = self.beside.store(record)?;
        // Reading leaves no trace in the record.
        if let Some(answer) = look(&store.verify()?.scopes, operation) {
            return Ok(answer);
        }
        Ok(perform(&Guard::open(store, now())?, operation, now())?)
    }

    /// The same as something to print.
    pub(crate) fn report(&self, operation: &Operation) -> Result<Report, Failure> {
        Ok(report(self.ask(operation)?))
    }
}

/// What --to names.
pub(crate) fn client(name: String) -> Result<Client, Failure> {
    Client::new(name).ok_or_else(|| Failure::usage("--to: a client's name has 1 to 190 bytes"))
}

pub(crate) fn report(answer: Answer) -> Report {
    answer
        .into_iter()
        .fold(Report::new(), |report, (name, value): (String, Value)| report.with(&name, value))
}

/// The time in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::config(error.to_string())
    }
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Unreachable(what) => Self::unavailable(what),
            AskError::Rejected(what) => Self::config(what),
            AskError::NotDone(error) => error.into(),
        }
    }
}
