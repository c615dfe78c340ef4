//! `opsign guard`.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use opsign_guard::{Export, Hex, Scope};
use opsign_signer::{IssueTicket, OfScope, Operation, Replay, RevokeTicket, SetFloor};
use serde_json::Value;

use crate::failure::Failure;
use crate::guard_place::{Guarded, Place, client, now, report};
use crate::report::Report;
use crate::watch::{self, Watch};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make an empty record. It is the only way to one: a lost record never becomes a new one.
    Init {
        #[command(flatten)]
        place: Place,
    },
    /// Take up a record in a database that another signer made: its anchor here remembers it.
    Join {
        #[command(flatten)]
        place: Place,
    },
    /// Print what each scope has signed last, its holder, floor, latch, tickets and conflicts.
    Status {
        #[command(flatten)]
        guarded: Guarded,
    },
    /// Print the mode of each scope that a running signer serves, and what it cannot do.
    Mode {
        #[command(flatten)]
        guarded: Guarded,
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
        guarded: Guarded,
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
        guarded: Guarded,
        /// The scope: blocks/CHAIN/ADDRESS.
        #[arg(long)]
        scope: Scope,
        /// The first height that is given up.
        #[arg(long, value_name = "NUMBER")]
        fork: u64,
        /// The parent that the new block must have. Without it: the recorded block below.
        #[arg(long, value_name = "HEX")]
        parent: Option<String>,
        /// The hash of the one payload that may be signed. Without it: any that fits.
        #[arg(long, value_name = "HEX")]
        payload: Option<String>,
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
    /// Print the reorg tickets that were not used.
    Tickets {
        #[command(flatten)]
        guarded: Guarded,
    },
    /// Take back a reorg ticket that was not used.
    RevokeTicket {
        #[command(flatten)]
        guarded: Guarded,
        /// The scope: blocks/CHAIN/ADDRESS.
        #[arg(long)]
        scope: Scope,
        /// The ticket's id.
        #[arg(long, value_name = "HEX")]
        ticket: String,
    },
    /// Compare what others see of the key with the record: unsafe blocks of an op-node, or gossip.
    Watch(Box<Watch>),
    /// Give an op-node whose engine lost blocks the payloads that were let through above its head, so
    /// that it goes on with them and not with others.
    Replay {
        #[command(flatten)]
        guarded: Guarded,
        /// The scope: blocks/CHAIN/ADDRESS.
        #[arg(long)]
        scope: Scope,
        /// The client whose op-node it is; sequencers in the signer's config has its address.
        #[arg(long, value_name = "CLIENT")]
        to: String,
    },
    /// Let a scope sign again that has asked for more hashes than its chain has blocks.
    ClearLatch {
        #[command(flatten)]
        guarded: Guarded,
        /// The scope: blocks/CHAIN/ADDRESS.
        #[arg(long)]
        scope: Scope,
    },
}

pub(crate) fn run(command: Command, json: bool) -> Result<ExitCode, Failure> {
    let report = match command {
        Command::Watch(watch) => return watch::run(&watch, json),
        Command::Init { place } => {
            place.make_folder()?;
            place.store()?.init()?;
            Ok(Report::new().with("made", place.record))
        }
        Command::Join { place } => {
            place.store()?.join()?;
            Ok(Report::new().with("joined", place.record))
        }
        Command::Status { guarded } => guarded.report(&Operation::Status),
        Command::Mode { guarded } => guarded.report(&Operation::Mode),
        Command::Tickets { guarded } => guarded.report(&Operation::Tickets),
        Command::Verify { place } => {
            let found = place.store()?.verify()?;
            Ok(Report::new()
                .with("record", found.store.to_string())
                .with("base", found.base)
                .with("events", found.sequence)
                .with("head", found.head.to_string())
                .with("torn", found.torn)
                .with("scopes", found.scopes.len()))
        }
        Command::Export { place } => {
            let export = place.store()?.export(now())?;
            let Value::Object(members) = value(&export)? else {
                return Err(Failure::unavailable("an export is an object"));
            };
            Ok(report(members).always_json())
        }
        Command::Import { place, export } => {
            let text = fs::read_to_string(&export)
                .map_err(|error| Failure::input(format!("{}: {error}", export.display())))?;
            let export: Export = serde_json::from_str(&text)
                .map_err(|error| Failure::input(format!("{}: {error}", export.display())))?;
            place.make_folder()?;
            place.store()?.import(&export)?;
            Ok(Report::new().with("made", place.record))
        }
        Command::Compact { place } => {
            let report = place.store()?.compact(now())?;
            Ok(Report::new().with("events", report.sequence).with("base", report.base))
        }
        Command::SetFloor { guarded, scope, floor } => {
            guarded.report(&Operation::SetFloor(SetFloor { scope, floor }))
        }
        Command::ClearLatch { guarded, scope } => {
            guarded.report(&Operation::ClearLatch(OfScope { scope }))
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
            place.store()?.recover(&by_scope, now())?;
            Ok(Report::new().with("recovered", floors))
        }
        Command::Ticket { guarded, scope, fork, parent, payload, max_depth, minutes, reason } => {
            let issue = IssueTicket {
                scope,
                fork,
                parent_hash: parent.as_deref().map(bytes).transpose()?,
                payload_hash: payload.as_deref().map(bytes).transpose()?,
                max_depth,
                minutes,
                reason,
            };
            guarded.report(&Operation::IssueTicket(issue))
        }
        Command::Replay { guarded, scope, to } => {
            let to = client(to)?;
            guarded.report(&Operation::Replay(Replay { scope, to }))
        }
        Command::RevokeTicket { guarded, scope, ticket } => {
            let ticket = bytes(&ticket)?;
            guarded.report(&Operation::RevokeTicket(RevokeTicket { scope, ticket }))
        }
    };
    report?.answer(json)
}

/// `0x` and the digits of N bytes.
fn bytes<const N: usize>(text: &str) -> Result<Hex<N>, Failure> {
    serde_json::from_value(Value::from(text)).map_err(|error| Failure::input(error.to_string()))
}

fn value(what: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(what).map_err(|error| Failure::unavailable(error.to_string()))
}
