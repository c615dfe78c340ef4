//! `opsign switch`.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use opsign_guard::Scope;
use opsign_signer::{OfScope, Operation, Switch as Parameters};

use crate::failure::Failure;
use crate::guard_place::{Guarded, client};
use crate::report::Report;

/// What is in flight is waited for, then one durable record moves the lease. With sequencers in the
/// signer's config, the present holder's is stopped first and the new holder's started after. A
/// switch that failed or was cut off is finished by the same command again.
#[derive(Args)]
pub(crate) struct Switch {
    #[command(flatten)]
    guarded: Guarded,
    /// The scope: blocks/CHAIN/ADDRESS or transactions/CHAIN/ADDRESS.
    #[arg(long)]
    scope: Scope,
    /// The client that is to hold it, as auth in the signer's config calls it.
    #[arg(long, value_name = "CLIENT", required_unless_present = "abort")]
    to: Option<String>,
    /// The first block number that is the new holder's; below it all stays as it is.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["prepare", "abort"])]
    at_height: Option<u64>,
    /// Only check whether the client could take over now. Exit code 0 yes, 1 no.
    #[arg(long, conflicts_with = "abort")]
    prepare: bool,
    /// Take a switch at a height back that has not come.
    #[arg(long, conflicts_with_all = ["to", "force", "certificate"])]
    abort: bool,
    /// Go on although a check fails or a sequencer does not answer. The lease alone keeps the old
    /// holder from signing.
    #[arg(long)]
    force: bool,
    /// The client's certificate, PEM, if it has not asked the signer for anything since its start.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Switch) -> Result<Report, Failure> {
    let scope = arguments.scope;
    if arguments.abort {
        return arguments.guarded.report(&Operation::Abort(OfScope { scope }));
    }
    let to = client(arguments.to.clone().unwrap_or_default())?;
    let read = |path: &PathBuf| {
        fs::read_to_string(path)
            .map_err(|error| Failure::input(format!("{}: {error}", path.display())))
    };
    let parameters = Parameters {
        scope,
        to,
        at_height: arguments.at_height,
        force: arguments.force,
        certificate: arguments.certificate.as_ref().map(read).transpose()?,
    };
    if !arguments.prepare {
        return arguments.guarded.report(&Operation::Switch(parameters));
    }
    let answer = arguments.guarded.ask(&Operation::Prepare(parameters))?;
    let ready = answer.get("ready").is_some_and(|ready| *ready == true);
    let report = crate::guard_place::report(answer);
    Ok(if ready { report } else { report.no() })
}
