//! `opsign guard`.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use clap::{Args, Subcommand};
use opsign_guard::{Export, FileAnchor, Guard, Hex, Scope, Store, StoreError, SystemIo, Ticket};
use serde_json::Value;

use crate::failure::Failure;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make an empty record. It is the only way to one: a lost record never becomes a new one.
    Init {
        #[command(flatten)]
        place: Place,
    },
    /// Print what each scope has signed last, its floor, lease and tickets.
    Status {
        #[command(flatten)]
        place: Place,
    },
    /// Read the whole record and check every link, and the anchor. Exit code 0 intact, 78 not.
    Verify {
        #[command(flatten)]
        place: Place,
    },
    /// Write the record as JSON to standard output (docs/guard.md has the form).
    Export {
        #[command(flatten)]
        place: Place,
    },
    /// Make a new record from an export. The signer it came from must never sign again.
    Import {
        #[command(flatten)]
        place: Place,
        /// The export.
        export: PathBuf,
    },
    /// Replace the record by a short one that remembers the same. The old file stays beside it.
    Compact {
        #[command(flatten)]
        place: Place,
    },
    /// Raise the lowest block number or nonce that may be signed.
    SetFloor {
        #[command(flatten)]
        place: Place,
        /// The scope: blocks/CHAIN/ADDRESS or transactions/CHAIN/ADDRESS.
        #[arg(long)]
        scope: Scope,
        /// The floor.
        #[arg(long)]
        floor: u64,
    },
    /// Go on with a record that is older than its anchor, once it is known how far each key signed.
    Recover {
        #[command(flatten)]
        place: Place,
        /// SCOPE=NUMBER for every scope on record: the lowest slot that may be signed now.
        #[arg(long = "floor", required = true)]
        floors: Vec<String>,
    },
    /// Allow one other block at a height that is signed already, after a reorg.
    Ticket {
        #[command(flatten)]
        place: Place,
        /// The scope: blocks/CHAIN/ADDRESS.
        #[arg(long)]
        scope: Scope,
        /// The first height that is given up.
        #[arg(long, value_name = "NUMBER")]
        fork: u64,
        /// The parent that the new block must have. Without it: the recorded block below.
        #[arg(long, value_name = "HEX")]
        parent: Option<String>,
        /// The most signed heights that it may give up.
        #[arg(long, default_value_t = 64)]
        max_depth: u64,
        /// How many minutes it may be used.
        #[arg(long, default_value_t = 60)]
        minutes: u64,
        /// Why, and who approved it.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Args)]
pub(crate) struct Place {
    /// The record's folder: guard.record of the signer's config.
    #[arg(long, value_name = "FOLDER")]
    record: PathBuf,
    /// The anchor on another path: guard.anchor of the signer's config.
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
}

impl Place {
    fn store(&self) -> Store {
        let store = Store::new(&self.record);
        match &self.anchor {
            Some(path) => {
                store.with_anchor(Box::new(FileAnchor::new(Arc::new(SystemIo), path)), 1024)
            }
            None => store,
        }
    }
}

pub(crate) fn run(command: Command) -> Result<Report, Failure> {
    match command {
        Command::Init { place } => {
            fs::create_dir_all(&place.record).map_err(|error| {
                Failure::unavailable(format!("{}: {error}", place.record.display()))
            })?;
            place.store().init()?;
            Ok(Report::new().with("made", place.record.display().to_string()))
        }
        Command::Status { place } => {
            let report = place.store().verify()?;
            Ok(Report::new().with("scopes", value(&report.scopes)?))
        }
        Command::Verify { place } => {
            let found = place.store().verify()?;
            Ok(Report::new()
                .with("record", found.store.to_string())
                .with("base", found.base)
                .with("events", found.sequence)
                .with("head", found.head.to_string())
                .with("torn", found.torn)
                .with("scopes", found.scopes.len()))
        }
        Command::Export { place } => {
            let export = place.store().export(now())?;
            let Value::Object(members) = value(&export)? else {
                return Err(Failure::unavailable("an export is an object"));
            };
            Ok(members
                .into_iter()
                .fold(Report::new(), |report, (name, value)| report.with(&name, value))
                .always_json())
        }
        Command::Import { place, export } => {
            let text = fs::read_to_string(&export)
                .map_err(|error| Failure::input(format!("{}: {error}", export.display())))?;
            let export: Export = serde_json::from_str(&text)
                .map_err(|error| Failure::input(format!("{}: {error}", export.display())))?;
            fs::create_dir_all(&place.record).map_err(|error| {
                Failure::unavailable(format!("{}: {error}", place.record.display()))
            })?;
            place.store().import(&export)?;
            Ok(Report::new().with("made", place.record.display().to_string()))
        }
        Command::Compact { place } => {
            let report = place.store().compact(now())?;
            Ok(Report::new().with("events", report.sequence).with("base", report.base))
        }
        Command::SetFloor { place, scope, floor } => {
            Guard::open(place.store(), now())?.set_floor(&scope, floor, now())?;
            Ok(Report::new().with("scope", scope.to_string()).with("floor", floor))
        }
        Command::Recover { place, floors } => {
            let mut by_scope = HashMap::new();
            for text in &floors {
                let parsed = text.rsplit_once('=').and_then(|(scope, floor)| {
                    Some((scope.parse::<Scope>().ok()?, floor.parse::<u64>().ok()?))
                });
                let (scope, floor) = parsed
                    .ok_or_else(|| Failure::usage(format!("--floor {text}: write SCOPE=NUMBER")))?;
                by_scope.insert(scope, floor);
            }
            place.store().recover(&by_scope, now())?;
            Ok(Report::new().with("recovered", floors))
        }
        Command::Ticket { place, scope, fork, parent, max_depth, minutes, reason } => {
            let parent_hash = parent
                .map(|text| opsign_core::PayloadHash::from_hex(&text))
                .transpose()?
                .map(|hash| Hex(*hash.as_bytes()));
            let mut id = [0; 16];
            opsign_keys::system_random(&mut id)
                .map_err(|error| Failure::unavailable(error.to_string()))?;
            let not_after = now().saturating_add(minutes.saturating_mul(60_000));
            let ticket = Ticket {
                id: Hex(id),
                fork,
                payload_hash: None,
                parent_hash,
                max_depth,
                not_after,
                reason,
            };
            Guard::open(place.store(), now())?.issue(&scope, ticket, now())?;
            Ok(Report::new().with("ticket", Hex(id).to_string()).with("fork", fork))
        }
    }
}

fn value(what: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(what).map_err(|error| Failure::unavailable(error.to_string()))
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::config(error.to_string())
    }
}
