//! `opsign sidecar`, `opsign sidecar check-config`, `mode`, `status`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use opsign_sidecar::{Mode, Request, Start};

use crate::failure::Failure;
use crate::log_flags::Log;
use crate::report::Report;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Sidecar {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Args)]
struct Serve {
    /// The config file (service/sidecar/sidecar.sample.yaml shows one).
    #[arg(long, value_name = "FILE", default_value = "sidecar.yaml")]
    config: PathBuf,
    /// Take the port over from the sidecar that runs with the same admin socket, without refusing a
    /// connection. It ends when its clients are gone.
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    log: Log,
}

#[derive(Subcommand)]
enum Command {
    /// Check the config, secrets and certificates without starting anything.
    CheckConfig {
        /// The config file.
        #[arg(long, value_name = "FILE", default_value = "sidecar.yaml")]
        config: PathBuf,
    },
    /// Change what a running sidecar uses builders' blocks for, from the next block on.
    Mode {
        /// enabled, dryRun or disabled.
        #[arg(value_parser = mode)]
        mode: Mode,
        /// The sidecar's admin socket.
        #[arg(long, value_name = "SOCKET")]
        socket: PathBuf,
    },
    /// Show a running sidecar's mode, health and builders.
    Status {
        /// The sidecar's admin socket.
        #[arg(long, value_name = "SOCKET")]
        socket: PathBuf,
    },
}

fn mode(text: &str) -> Result<Mode, String> {
    [Mode::Enabled, Mode::DryRun, Mode::Disabled]
        .into_iter()
        .find(|mode| mode.to_string() == text)
        .ok_or_else(|| "write enabled, dryRun or disabled".to_owned())
}

pub(crate) fn run(arguments: &Sidecar, json: bool) -> Result<ExitCode, Failure> {
    match &arguments.command {
        None => {
            let serve = &arguments.serve;
            serve.log.start();
            opsign_sidecar::run(&Start {
                config: &serve.config,
                take_over: serve.take_over,
                version: env!("CARGO_PKG_VERSION"),
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::CheckConfig { config }) => {
            let lines = opsign_sidecar::check(config)?;
            Report::new().with("ok", true).with("found", lines).answer(json)
        }
        Some(Command::Mode { mode, socket }) => {
            ask(socket, &Request::Mode { mode: *mode })?.answer(json)
        }
        Some(Command::Status { socket }) => ask(socket, &Request::Status)?.answer(json),
    }
}

fn ask(socket: &Path, request: &Request) -> Result<Report, Failure> {
    let answer = opsign_sidecar::ask(socket, request).map_err(Failure::unavailable)?;
    let fields = answer.as_object().into_iter().flatten();
    Ok(fields.fold(Report::new(), |report, (name, value)| report.with(name, value.clone())))
}
