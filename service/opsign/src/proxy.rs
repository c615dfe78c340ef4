//! `opsign proxy`, `opsign proxy check-config`, `opsign proxy agent`, `opsign proxy status`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use opsign_proxy::AgentConfig;
use opsign_wire::{CallError, Caller, TlsFiles};

use crate::failure::Failure;
use crate::log_flags::Log;
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
    #[command(flatten)]
    log: Log,
}

#[derive(Subcommand)]
enum Command {
    /// Check the config and certificates without starting anything.
    CheckConfig {
        /// The config file.
        #[arg(long, value_name = "FILE", default_value = "proxy.yaml")]
        config: PathBuf,
    },
    /// On a client's own machine: sign its calls with its certificate's key, and ask a proxy that
    /// need not be trusted (docs/proxy.md).
    Agent(Agent),
    /// Show a running proxy's signers: who is connected, since when, latency, last errors.
    Status(Place),
}

#[derive(Args)]
struct Agent {
    /// Where it listens, without TLS; whoever reaches it is the client.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8545")]
    listen: SocketAddr,
    #[command(flatten)]
    place: Place,
    /// Within this a call is answered. A little more than the proxy's own, so that its answers
    /// come through.
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    deadline_ms: u64,
    #[command(flatten)]
    log: Log,
}

/// Where a proxy is, and what is shown there.
#[derive(Args)]
struct Place {
    /// The proxy's port for clients, https://HOST:PORT.
    #[arg(long)]
    url: String,
    /// Who vouches for the proxy.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// Your certificate. For the status its name must be in the proxy's admins.
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
            serve.log.start();
            opsign_proxy::run(&serve.config, env!("CARGO_PKG_VERSION"))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::CheckConfig { config }) => {
            let lines = opsign_proxy::check(config)?;
            Report::new().with("ok", true).with("found", lines).answer(json)
        }
        Some(Command::Agent(agent)) => {
            agent.log.start();
            let config = AgentConfig {
                listen: agent.listen,
                url: agent.place.url.clone(),
                tls: agent.place.files(),
                deadline: Duration::from_millis(agent.deadline_ms),
            };
            opsign_proxy::run_agent(&config, env!("CARGO_PKG_VERSION"))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Status(status)) => look(status)?.answer(json),
    }
}

impl Place {
    fn files(&self) -> TlsFiles {
        TlsFiles {
            ca: self.ca.clone(),
            cert: self.cert.clone(),
            key: self.key.clone(),
            crls: Vec::new(),
            tls13_only: false,
        }
    }
}

fn look(status: &Place) -> Result<Report, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unavailable(error.to_string()))?;
    let caller = Caller::with_tls(&status.url, &status.files(), Duration::from_secs(5));
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
