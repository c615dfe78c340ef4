//! `opsign guard watch`: is all that others see of our key on record?

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use opsign_core::PayloadHash;
use opsign_core::gossip::{Envelope, decompress, decompressed_len};
use opsign_guard::{Hex, Scope};
use opsign_signer::{Check, Operation, UnsafeBlocks};
use serde_json::Value;

use crate::failure::Failure;
use crate::guard_place::Guarded;
use crate::input::{decode_hex, for_each_line};
use crate::report::Report;

/// A block or a signature that is not on record was not made by this signer, though its key was used:
/// another copy of the key is at work, or the record was lost. Each is printed, and counted by the
/// running signer as opsign_guard_alarms_total{rule="not_on_record"}. Exit code 0 all on record, 1 not.
#[derive(Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    guarded: Guarded,
    /// The scope: blocks/CHAIN/ADDRESS.
    #[arg(long)]
    scope: Scope,
    /// An op-node that follows by gossip, http://HOST:PORT: every unsafe block that it takes is
    /// looked up, until one is not on record. In hash-only, which knows no heights, give --gossip.
    #[arg(long, value_name = "URL", required_unless_present = "gossip")]
    rpc: Option<String>,
    /// How often op-node is asked.
    #[arg(long, value_name = "MS", default_value_t = 500, requires = "rpc")]
    interval_ms: u64,
    /// Go on after an alarm.
    #[arg(long, requires = "rpc")]
    keep_going: bool,
    /// End after so many blocks.
    #[arg(long, value_name = "NUMBER", requires = "rpc")]
    blocks: Option<u64>,
    /// A file of gossip messages as they came, a line of hex each; - is standard input. Those that
    /// another key signed are passed over.
    #[arg(long, value_name = "FILE", conflicts_with = "rpc")]
    gossip: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Watch, json: bool) -> Result<ExitCode, Failure> {
    match (&arguments.gossip, &arguments.rpc) {
        (Some(file), _) => for_each_line(file, json, |line| arguments.message(&decode_hex(line)?)),
        (None, Some(url)) => arguments.node(url, json),
        (None, None) => Err(Failure::usage("give --rpc or --gossip")),
    }
}

impl Watch {
    fn message(&self, message: &[u8]) -> Result<Report, Failure> {
        let mut room = vec![0; decompressed_len(message)?];
        let envelope = Envelope::parse(decompress(message, &mut room)?)?;
        let hash = PayloadHash::of(envelope.payload());
        let report = Report::new().with("payload_hash", hash.to_string());
        let signer = envelope.recover_signer(&self.scope.chain());
        if signer != Ok(self.scope.address()) {
            return Ok(report.with("signer", signer.ok().map(|signer| signer.to_string())));
        }
        let payload_hash = Some(Hex(*hash.as_bytes()));
        self.check(report, Check { scope: self.scope, payload_hash, block: None })
    }

    fn node(&self, url: &str, json: bool) -> Result<ExitCode, Failure> {
        let mut node = UnsafeBlocks::new(url).map_err(Failure::usage)?;
        let (mut seen, mut all) = (0, ExitCode::SUCCESS);
        loop {
            match node.newer() {
                // It may be restarted; what was missed is asked for then.
                Err(what) => eprintln!("opsign: {what}"),
                Ok(blocks) => {
                    for block in blocks {
                        let report = Report::new()
                            .with("number", block.number)
                            .with("hash", block.hash.to_string());
                        let check =
                            Check { scope: self.scope, payload_hash: None, block: Some(block) };
                        let report = self.check(report, check)?;
                        if !report.is_yes() {
                            all = report.answer(json)?;
                        }
                        seen += 1;
                        let enough = self.blocks.is_some_and(|most| seen >= most);
                        if enough || (!report.is_yes() && !self.keep_going) {
                            return Ok(all);
                        }
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(self.interval_ms));
        }
    }

    fn check(&self, report: Report, check: Check) -> Result<Report, Failure> {
        let answer = self.guarded.ask(&Operation::Check(check))?;
        let known = answer.get("known").cloned().unwrap_or(Value::Null);
        let report = report.with("on_record", known.clone());
        Ok(if known == Value::Bool(false) { report.no() } else { report })
    }
}
