//! `opsign sidecar`, `opsign sidecar check-config`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use opsign_wire::log::{Format, Level};

use crate::failure::Failure;
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
    /// How much is logged.
    #[arg(long = "log.level", ignore_case = true, default_value = "info")]
    log_level: Level,
    /// What a log line looks like.
    #[arg(long = "log.format", ignore_case = true, default_value = "text")]
    log_format: Format,
}

#[derive(Subcommand)]
enum Command {
    /// Check the config, secrets and certificates without starting anything.
    CheckConfig {
        /// The config file.
        #[arg(long, value_name = "FILE", default_value = "sidecar.yaml")]
        config: PathBuf,
    },
}

pub(crate) fn run(arguments: &Sidecar, json: bool) -> Result<ExitCode, Failure> {
    match &arguments.command {
        None => {
            let serve = &arguments.serve;
            opsign_wire::log::start(serve.log_level, serve.log_format, false);
            opsign_sidecar::run(&serve.config, env!("CARGO_PKG_VERSION"))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::CheckConfig { config }) => {
            let lines = opsign_sidecar::check(config)?;
            Report::new().with("ok", true).with("found", lines).answer(json)
        }
    }
}
