//! Why a record cannot be used, each with what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::decision::Failure;

/// Why a record was not opened, made or changed. `docs/guard.md` has a runbook for each kind.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no record in the folder.
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// There is a record already, where a new one was to be made.
    Exists {
        /// Where it is.
        path: PathBuf,
    },
    /// Another process has it open.
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The file is no record, or of a version that this program does not know.
    NotARecord {
        /// The file.
        path: PathBuf,
    },
    /// Bytes of the record are not what was written.
    Damaged {
        /// The sequence number of the first cell that is wrong.
        sequence: u64,
        /// The byte in the file where that cell starts.
        offset: u64,
    },
    /// The anchor knows of later events: this is an older copy of the record.
    Older {
        /// The last sequence number in the record.
        record: u64,
        /// The sequence number in the anchor.
        anchor: u64,
    },
    /// The anchor belongs to another record, or to another continuation of this one.
    Diverged {
        /// The sequence number in the anchor.
        anchor: u64,
    },
    /// An anchor is configured and there is none.
    AnchorMissing,
    /// The anchor cannot be read as one.
    AnchorDamaged,
    /// A recovery must give a floor for every scope on record.
    FloorMissing {
        /// The scope without one.
        scope: String,
    },
    /// The record does not know this scope.
    UnknownScope {
        /// The scope.
        scope: String,
    },
    /// The scope has no such open ticket.
    UnknownTicket {
        /// The ticket.
        ticket: String,
    },
    /// A floor can only be raised.
    FloorLowered {
        /// The floor that stands.
        floor: u64,
    },
    /// An export that was to be imported is none, or contradicts itself.
    BadExport {
        /// What is wrong with it.
        detail: String,
    },
    /// A ticket's reason has more than 64 bytes.
    ReasonTooLong,
    /// A planned switch needs slots, which `hash-only` does not know.
    NoSlots,
    /// The record was closed by an earlier failure.
    Closed,
    /// Only a shared record can be joined.
    NotShared,
    /// The database does not answer, or not as it should. May pass.
    Database {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database is a standby, which cannot be written. May pass.
    Standby,
    /// A setting of the database lets commits be lost or damaged.
    UnsafeSetting {
        /// The setting.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it has to be.
        wanted: &'static str,
    },
    /// The server is older than any that is supported.
    ServerVersion {
        /// Its version, as PostgreSQL numbers it.
        found: u32,
        /// The least supported major version.
        least: u32,
    },
    /// The tables are of a version that this program does not know.
    SchemaVersion {
        /// Theirs.
        found: i32,
        /// Ours.
        known: i32,
    },
    /// The database is in another cluster than before: a copy, or one made anew.
    OtherCluster {
        /// The system identifier that was seen before.
        was: u64,
        /// The one that is.
        is: u64,
    },
    /// The server's timeline is another than before, and commits may not have come along: a standby
    /// was promoted, a backup restored, or the old primary is back.
    OtherTimeline {
        /// The timeline that was seen before.
        was: u32,
        /// The one that is.
        is: u32,
    },
    /// The database did not answer in time; the change may have been made. Ask for the status, or
    /// ask again.
    Unavailable,
    /// A file operation failed.
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

impl StoreError {
    /// A name for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::Exists { .. } => "exists",
            Self::Locked { .. } => "locked",
            Self::NotARecord { .. } => "not_a_record",
            Self::Damaged { .. } => "damaged",
            Self::Older { .. } => "older",
            Self::Diverged { .. } => "diverged",
            Self::AnchorMissing => "anchor_missing",
            Self::AnchorDamaged => "anchor_damaged",
            Self::FloorMissing { .. } => "floor_missing",
            Self::UnknownScope { .. } => "unknown_scope",
            Self::UnknownTicket { .. } => "unknown_ticket",
            Self::FloorLowered { .. } => "floor_lowered",
            Self::BadExport { .. } => "bad_export",
            Self::ReasonTooLong => "reason_too_long",
            Self::NoSlots => "no_slots",
            Self::Closed => "closed",
            Self::NotShared => "not_shared",
            Self::Database { .. } => "database",
            Self::Standby => "standby",
            Self::UnsafeSetting { .. } => "unsafe_setting",
            Self::ServerVersion { .. } => "server_version",
            Self::SchemaVersion { .. } => "schema_version",
            Self::OtherCluster { .. } => "other_cluster",
            Self::OtherTimeline { .. } => "other_timeline",
            Self::Unavailable => "unavailable",
            Self::Io { .. } => "io",
        }
    }

    /// Whether asking again later may do.
    pub(crate) const fn may_pass(&self) -> bool {
        matches!(self, Self::Database { .. } | Self::Standby)
    }

    pub(crate) fn io(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::Io { doing, error }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => write!(
                f,
                "no record at {}: if this key has never signed, run `opsign guard init`; if it \
                 has, bring the record back, or recover with floors",
                path.display()
            ),
            Self::Exists { path } => {
                write!(f, "there is a record at {} already; it is not replaced", path.display())
            }
            Self::Locked { path } => write!(
                f,
                "another process holds {}: two signers on one record would not see each other",
                path.display()
            ),
            Self::NotARecord { path } => {
                write!(f, "{} is no record of a version that this program knows", path.display())
            }
            Self::Damaged { sequence, offset } => write!(
                f,
                "the record is damaged at event {sequence} (byte {offset}): bring back an intact \
                 copy and recover with floors"
            ),
            Self::Older { record, anchor } => write!(
                f,
                "the record ends at event {record}, but its anchor has seen event {anchor}: this \
                 is an older copy; bring back the newest, or recover with floors"
            ),
            Self::Diverged { anchor } => write!(
                f,
                "the record does not hold the event {anchor} that its anchor has seen: one of them \
                 is another signer's or another copy's"
            ),
            Self::AnchorMissing => {
                f.write_str("the anchor is missing: bring it back, or recover with floors")
            }
            Self::AnchorDamaged => f.write_str("the anchor is damaged: recover with floors"),
            Self::FloorMissing { scope } => {
                write!(f, "a recovery must give a floor for every scope; {scope} has none")
            }
            Self::UnknownScope { scope } => write!(f, "the record does not know {scope}"),
            Self::UnknownTicket { ticket } => {
                write!(f, "there is no ticket {ticket}: it was used or revoked, or never made")
            }
            Self::FloorLowered { floor } => {
                write!(f, "the floor is {floor} and can only be raised")
            }
            Self::BadExport { detail } => write!(f, "the export cannot be imported: {detail}"),
            Self::ReasonTooLong => f.write_str("a ticket's reason has at most 64 bytes"),
            Self::NoSlots => f.write_str("hash-only knows no heights to switch at; switch at once"),
            Self::Closed => f.write_str("the record is closed after a failed write; restart"),
            Self::NotShared => f.write_str("only a record in a database can be joined"),
            Self::Database { doing, error } => write!(f, "the database: {doing} failed: {error}"),
            Self::Standby => f.write_str(
                "the database is a standby in recovery: connect to the primary, or promote this \
                 one and recover with floors",
            ),
            Self::UnsafeSetting { name, value, wanted } => write!(
                f,
                "the database's {name} is {value}, with which a crash forgets signatures: set it \
                 to {wanted}, for the server, the database and the role"
            ),
            Self::ServerVersion { found, least } => write!(
                f,
                "the server is PostgreSQL {}: PostgreSQL {least} or newer is needed",
                found / 10_000
            ),
            Self::SchemaVersion { found, known } => write!(
                f,
                "the record's tables are of version {found}, this program knows version {known}: \
                 use the program that made them, or export with it and import here"
            ),
            Self::OtherCluster { was, is } => write!(
                f,
                "the database's system identifier is {is} and was {was}: this is a copy or a new \
                 cluster; connect to the right one, or recover with floors"
            ),
            Self::OtherTimeline { was, is } => write!(
                f,
                "the database's timeline is {is} and was {was}: a standby was promoted, a backup \
                 restored or an old primary is back, and signed slots may be missing; connect to \
                 the right server, or recover with floors"
            ),
            Self::Unavailable => f.write_str(
                "the database did not answer in time, and the change may or may not have been \
                 made: look at the status, or ask again",
            ),
            Self::Io { doing, error } => write!(f, "{doing} failed: {error}"),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable => Self::Unavailable,
            _ => Self::Closed,
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Database { error, .. } => Some(&**error),
            _ => None,
        }
    }
}
