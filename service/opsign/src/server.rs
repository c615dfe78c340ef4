//! `opsign signer`, `opsign check-config`, `opsign certs`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use opsign_signer::{CertsRequest, FileFlags, Flags};

use crate::failure::Failure;
use crate::report::Report;

#[derive(Args)]
pub(crate) struct Signer {
    #[command(flatten)]
    flags: Flags,
}

#[derive(Args)]
pub(crate) struct CheckConfig {
    #[command(flatten)]
    files: FileFlags,
}

/// An authority is made once and used again; files that are there are never replaced.
#[derive(Args)]
pub(crate) struct Certs {
    /// The folder: ca.crt, ca.key, tls.crt, tls.key, and NAME.crt, NAME.key for each client.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// A DNS name or IP address under which clients reach the server. Repeat for more.
    #[arg(long = "server", value_name = "NAME")]
    servers: Vec<String>,
    /// A client, by the name that the config's auth has for it. Repeat for more.
    #[arg(long = "client", value_name = "NAME")]
    clients: Vec<String>,
    /// How many days the certificates last.
    #[arg(long, default_value_t = 365)]
    days: u32,
}

pub(crate) fn certs(arguments: &Certs) -> Result<Report, Failure> {
    if arguments.servers.is_empty() && arguments.clients.is_empty() {
        return Err(Failure::usage("give at least one --server or --client"));
    }
    let made = opsign_signer::make_certs(&CertsRequest {
        folder: &arguments.out,
        server_names: &arguments.servers,
        clients: &arguments.clients,
        days: arguments.days,
    })
    .map_err(|error| Failure::unavailable(error.to_string()))?;
    let made: Vec<_> = made.iter().map(|path| path.display().to_string()).collect();
    Ok(Report::new().with("made", made))
}

pub(crate) fn run(arguments: &Signer) -> Result<ExitCode, Failure> {
    opsign_signer::run(&arguments.flags, env!("CARGO_PKG_VERSION"))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn check(arguments: &CheckConfig) -> Result<Report, Failure> {
    let lines = opsign_signer::check(&arguments.files)?;
    Ok(Report::new().with("ok", true).with("found", lines))
}

impl From<opsign_wire::Failure> for Failure {
    fn from(failure: opsign_wire::Failure) -> Self {
        let message = failure.to_string();
        match failure {
            opsign_wire::Failure::Config(_) => Self::config(message),
            opsign_wire::Failure::System(_) => Self::unavailable(message),
        }
    }
}
