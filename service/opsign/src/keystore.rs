//! `opsign keystore`, `opsign keystore check-config`, `set-floor`, `replay`, `key`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use opsign_guard::{Guard, RuleSet, Scope};
use opsign_keystore::message::Claim;
use opsign_keystore::{KeyType, PublicKey, Replayed, Scheme, Topic, TopicTls, slot};

use crate::failure::Failure;
use crate::guard_place::{Place, now};
use crate::keystore_key::{self, KeyCommand};
use crate::log_flags::Log;
use crate::report::{Report, write_out};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Keystore {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Args)]
struct Serve {
    /// The config file (service/keystore/keystore.sample.yaml shows one).
    #[arg(long, value_name = "FILE", default_value = "keystore.yaml")]
    config: PathBuf,
    #[command(flatten)]
    log: Log,
}

#[derive(Subcommand)]
enum Command {
    /// Check the config, keys, certificates and the guard's record without starting anything.
    CheckConfig {
        /// The config file.
        #[arg(long, value_name = "FILE", default_value = "keystore.yaml")]
        config: PathBuf,
    },
    /// Raise the lowest slot, round, session or block that a key may sign, in the record of a
    /// keystore that is stopped: for a key that has signed elsewhere before.
    SetFloor(Box<SetFloor>),
    /// Read a Kafka topic of audit logs from its beginning, each line once, and count what came of
    /// each key's requests.
    Replay(Replay),
    /// Make, import and list session keys.
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Args)]
struct Replay {
    /// A broker. Repeat for more.
    #[arg(long = "broker", value_name = "HOST:PORT", required = true)]
    brokers: Vec<String>,
    /// The topic.
    #[arg(long)]
    topic: String,
    /// Who vouches for brokers that speak TLS.
    #[arg(long = "tls.ca", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// What is shown to them.
    #[arg(long = "tls.cert", value_name = "FILE", requires_all = ["ca", "key"])]
    cert: Option<PathBuf>,
    /// The certificate's key.
    #[arg(long = "tls.key", value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Print the lines, too, before the report.
    #[arg(long)]
    lines: bool,
}

#[derive(Args)]
struct SetFloor {
    #[command(flatten)]
    place: Place,
    /// What the key is for: babe, gran, para, beef and so on.
    #[arg(long)]
    key_type: KeyType,
    /// sr25519, ed25519 or ecdsa.
    #[arg(long)]
    crypto_type: Scheme,
    /// The public key, in hex.
    #[arg(long, value_name = "HEX")]
    public_key: String,
    #[command(flatten)]
    floor: Floor,
}

/// The lowest that may be signed from now on.
#[derive(Args)]
#[group(required = true)]
struct Floor {
    /// Of a babe or aura key: the slot.
    #[arg(long, conflicts_with_all = ["set_id", "session"])]
    slot: Option<u64>,
    /// Of a gran or beef key: the id of the authority or validator set.
    #[arg(long, conflicts_with = "session")]
    set_id: Option<u64>,
    /// Of a gran key, the round in that set. Without it: the set's first.
    #[arg(long, requires = "set_id", conflicts_with = "block")]
    round: Option<u64>,
    /// Of a beef key, the block in that set.
    #[arg(long, requires = "set_id")]
    block: Option<u32>,
    /// Of a para key: the session.
    #[arg(long)]
    session: Option<u32>,
}

impl Floor {
    /// The guard's slot.
    fn slot(&self, key_type: KeyType) -> Result<u64, Failure> {
        let claim = match (key_type, self.slot, self.set_id, self.session) {
            (KeyType::BABE | KeyType::AURA, Some(slot), None, None) => Claim::Block { slot },
            (KeyType::GRANDPA, None, Some(set_id), None) if self.block.is_none() => {
                Claim::Vote { set_id, round: self.round.unwrap_or_default(), step: 0 }
            }
            (KeyType::BEEFY, None, Some(set_id), None) if self.round.is_none() => {
                Claim::Commitment { set_id, block: self.block.unwrap_or_default() }
            }
            (KeyType::PARA, None, None, Some(session)) => return Ok(session.into()),
            _ => {
                return Err(Failure::usage(
                    "give --slot for babe and aura, --set-id for gran and beef, --session for para",
                ));
            }
        };
        let slot = slot(&claim).map_err(|error| Failure::usage(error.to_string()))?;
        slot.ok_or_else(|| Failure::usage("this key has no slots"))
    }
}

pub(crate) fn run(arguments: Keystore, json: bool) -> Result<ExitCode, Failure> {
    match arguments.command {
        None => {
            let serve = &arguments.serve;
            serve.log.start();
            opsign_keystore::run(&serve.config, env!("CARGO_PKG_VERSION"))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::CheckConfig { config }) => {
            let lines = opsign_keystore::check(&config)?;
            Report::new().with("ok", true).with("found", lines).answer(json)
        }
        Some(Command::Replay(arguments)) => replay(arguments)?.answer(json),
        Some(Command::SetFloor(arguments)) => set_floor(&arguments)?.answer(json),
        Some(Command::Key(command)) => keystore_key::run(command)?.answer(json),
    }
}

fn replay(arguments: Replay) -> Result<Report, Failure> {
    let Replay { brokers, topic, ca, cert, key, lines } = arguments;
    let tls = ca.map(|ca| TopicTls { ca, cert, key });
    let topic = Topic { brokers, topic, tls };
    let replayed = opsign_keystore::replay(&topic, |line| {
        if lines { write_out(&format!("{line}\n")) } else { Ok(()) }
    });
    let Replayed { keys, read } = replayed.map_err(Failure::unavailable)?;
    let keys =
        serde_json::to_value(keys).map_err(|error| Failure::unavailable(error.to_string()))?;
    Ok(Report::new()
        .with("lines", read.lines)
        .with("repeated", read.repeated)
        .with("foreign", read.foreign)
        .with("keys", keys))
}

fn set_floor(arguments: &SetFloor) -> Result<Report, Failure> {
    let SetFloor { place, key_type, crypto_type, public_key, floor } = arguments;
    let floor = floor.slot(*key_type)?;
    let public = PublicKey::from_hex(*crypto_type, public_key);
    let scope = public.and_then(|public| {
        Scope::session(key_type.letters(), crypto_type.name(), public.as_bytes())
    });
    let scope = scope
        .ok_or_else(|| Failure::usage(format!("--public-key is no {crypto_type} public key")))?;
    let guard = Guard::open(place.store()?, now())?;
    guard.configure(scope, RuleSet::session())?;
    guard.set_floor(&scope, floor, now())?;
    Ok(Report::new().with("scope", scope.to_string()).with("floor", floor))
}
