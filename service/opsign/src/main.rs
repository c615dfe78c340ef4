//! `opsign`: a signer, and keys, block payloads and gossip messages on the command line.
//!
//! | file | what it is |
//! |---|---|
//! | `server.rs` | `opsign signer`, `opsign check-config`, `opsign certs` |
//! | `guard.rs` | `opsign guard init, status, verify, export, import, …` |
//! | `watch.rs` | `opsign guard watch` |
//! | `switch.rs` | `opsign switch` |
//! | `guard_place.rs` | the guard of both: a running signer's, or a record at rest |
//! | `proxy.rs` | `opsign proxy` |
//! | `sidecar.rs` | `opsign sidecar` |
//! | `keystore.rs`, `keystore_key.rs` | `opsign keystore` |
//! | `key.rs` | `opsign key generate, import, list, address` |
//! | `payload.rs` | `opsign payload hash, sign, verify` |
//! | `gossip.rs` | `opsign gossip decode, verify, encode` |
//! | `tx.rs` | `opsign tx decode, hash, sender, sign` |
//! | `message.rs` | `opsign message hash, sign, recover` |
//! | `signer.rs` | which key signs: a file or a token |
//! | `key_file.rs`, `hsm_config.rs` | the files that say so |
//! | `passphrase.rs`, `terminal.rs` | what opens a key file |
//! | `new_key.rs` | the formats of a new key file |
//! | `input.rs`, `report.rs`, `failure.rs` | what goes in, what comes out, what goes wrong |
#![forbid(unsafe_code)]

mod failure;
mod gossip;
mod guard;
mod guard_place;
mod hsm_config;
mod input;
mod key;
mod key_file;
mod keystore;
mod keystore_key;
mod log_flags;
mod message;
mod new_key;
mod passphrase;
mod payload;
mod proxy;
mod report;
mod server;
mod sidecar;
mod signer;
mod switch;
mod terminal;
mod tx;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use report::Report;

/// The signing side of an OP Stack chain.
///
/// Exit codes: 0 yes; 1 no, the signature does not verify; 64 wrong usage; 65 bad input; 69 a
/// token or file failed; 70 a bug in opsign; 78 bad configuration.
#[derive(Parser)]
#[command(name = "opsign", version)]
struct Arguments {
    /// Print one JSON object instead of text, for errors too.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve signatures: a drop-in for op-signer, with its config file, flags and wire.
    Signer(Box<server::Signer>),
    /// Check a signer's config, keys and certificates without starting it.
    CheckConfig(server::CheckConfig),
    /// Make certificates for a signer and its clients.
    Certs(server::Certs),
    /// Look at and steer a running signer's guard; make and mend the record of a stopped one.
    #[command(subcommand)]
    Guard(guard::Command),
    /// Hand a key's blocks over to another sequencer, in a running signer or on a record at rest.
    Switch(Box<switch::Switch>),
    /// Relay between clients and signers that dial in.
    Proxy(Box<proxy::Proxy>),
    /// Stand between op-node and its engine, and bring in blocks of external builders.
    Sidecar(Box<sidecar::Sidecar>),
    /// Serve a Polkadot validator's session keys over gRPC, with slashing protection.
    Keystore(Box<keystore::Keystore>),
    /// Make, import and list keys, in files or in a PKCS#11 token.
    #[command(subcommand)]
    Key(key::Command),
    /// Hash, sign and verify block payloads.
    #[command(subcommand)]
    Payload(payload::Command),
    /// Decode, verify and make gossip messages of unsafe blocks.
    #[command(subcommand)]
    Gossip(gossip::Command),
    /// Decode, hash and sign transactions, one a line.
    #[command(subcommand)]
    Tx(tx::Command),
    /// Hash, sign and recover messages of wallets: texts (EIP-191) and typed data (EIP-712).
    #[command(subcommand)]
    Message(message::Command),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let json = arguments.json;
    let answer = |report: Report| report.answer(json);
    let result = match arguments.command {
        Command::Signer(arguments) => server::run(&arguments),
        Command::CheckConfig(arguments) => server::check(&arguments).and_then(answer),
        Command::Certs(arguments) => server::certs(&arguments).and_then(answer),
        Command::Guard(command) => guard::run(command, json),
        Command::Switch(arguments) => switch::run(&arguments).and_then(answer),
        Command::Proxy(arguments) => proxy::run(&arguments, json),
        Command::Sidecar(arguments) => sidecar::run(&arguments, json),
        Command::Keystore(arguments) => keystore::run(*arguments, json),
        Command::Key(command) => key::run(command).and_then(answer),
        Command::Payload(command) => payload::run(command).and_then(answer),
        Command::Gossip(command) => gossip::run(command, json),
        Command::Tx(command) => tx::run(command, json),
        Command::Message(command) => message::run(command, json),
    };
    result.unwrap_or_else(|failure| {
        failure.print(json);
        ExitCode::from(failure.exit_code())
    })
}

/// Help and version are answers; anything else that clap says is wrong usage.
fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to do if the terminal is gone.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(failure::USAGE) } else { ExitCode::SUCCESS }
}
