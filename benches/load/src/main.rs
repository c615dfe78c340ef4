//! Measures signers that speak op-signer's protocol and prints a row a question. Each server runs
//! on the first core, this program on the second (`scripts/bench-signer.sh` pins it there).
//!
//! Every request asks for another hash or nonce, over mutual TLS 1.3, with `Accept-Encoding: gzip`
//! as op-node sends it. The signatures themselves are checked at the end of each row, one a
//! connection.

mod client;
mod process;
mod request;
mod rows;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::rows::Rows;
use crate::server::Server;

/// Measures signers that speak op-signer's protocol.
#[derive(Parser)]
struct Arguments {
    /// A folder made by scripts/signer-folder.sh.
    #[arg(long)]
    folder: PathBuf,
    /// A program to measure: an op-signer, or an opsign. More than one may be given.
    #[arg(long = "server", required = true)]
    servers: Vec<PathBuf>,
    /// How long each row takes, in milliseconds.
    #[arg(long, default_value_t = 4000)]
    duration_ms: u64,
    /// Only rows whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    for program in &arguments.servers {
        let server = Server { program: program.clone(), folder: arguments.folder.clone() };
        let duration = Duration::from_millis(arguments.duration_ms);
        if let Err(error) = (Rows { server, duration, only: &arguments.only }).print() {
            eprintln!("opsign-load: {}: {error}", program.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
