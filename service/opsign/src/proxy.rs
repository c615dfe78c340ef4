//! `opsign proxy`, `opsign proxy check-config`, `opsign proxy status`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use opsign_wire::log::{Format, Level};
use opsign_wire::{CallError, Caller, TlsFiles};

use crate::failure::Failure;
use crate::report::Report;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Proxy {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Args)]
struct Serve {
    /// The config file (service/proxy/proxy.sample.yaml shows one).
    #[arg(long, value_name = "FILE", default_value = "proxy.yaml")]
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
    /// Check the config and certificates without starting anything.
    CheckConfig {
        /// The config file.
        #[arg(long, value_name = "FILE", default_value = "proxy.yaml")]
        config: PathBuf,
    },
    /// Show a running proxy's signers: who is connected, since when, latency, last errors.
    Status(Status),
}

#[derive(Args)]
struct Status {
    /// The proxy's port for clients, https://HOST:PORT.
    #[arg(long)]
    url: String,
    /// Who vouches for the proxy.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// Your certificate; its name must be in the proxy's admins.
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// Its key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

pub(crate) fn run(arguments: &Proxy, json: bool) -> Result<ExitCode, Failure> {
    match &arguments.command {
        None => {
            let serve = &arguments.serve;
            opsign_wire::log::start(serve.log_level, serve.log_format, false);
            opsign_proxy::run(&serve.config, env!("CARGO_PKG_VERSION"))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::CheckConfig { config }) => {
            let lines = opsign_proxy::check(config)?;
            Report::new().with("ok", true).with("found", lines).answer(json)
        }
        Some(Command::Status(status)) => look(status)?.answer(json),
    }
}

fn look(status: &Status) -> Result<Report, Failure> {
    let files = TlsFiles {
        ca: status.ca.clone(),
        cert: status.cert.clone(),
        key: status.key.clone(),
        crls: Vec::new(),
        tls13_only: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unavailable(error.to_string()))?;
    let caller = Caller::with_tls(&status.url, &files, Duration::from_secs(5));
    let caller = caller.map_err(Failure::usage)?;
    let answer = runtime.block_on(caller.call("opsignproxy_status", "[]"));
    let answer = answer.map_err(|error| match error {
        CallError::Answer(error) if error.code == -32601 => Failure::unavailable(
            "the proxy has no status for this certificate: its admins must name it",
        ),
        error => Failure::unavailable(error.to_string()),
    })?;
    let parsed: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&answer).map_err(|error| Failure::unavailable(error.to_string()))?;
    Ok(parsed.into_iter().fold(Report::new(), |report, (name, value)| report.with(&name, value)))
}
