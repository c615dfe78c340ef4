//! `opsign gossip`.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use opsign_core::gossip::{
    Envelope, GossipConfig, GossipMemory, Payload, Reason, Topic, decompress, decompressed_len,
    validate,
};
use opsign_core::{Address, ChainId, PayloadHash, Rules, Signature, payload_signing_hash};
use serde_json::Value;

use crate::failure::Failure;
use crate::input::Inputs;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Take a gossip message apart and print what it says.
    Decode {
        /// The topic it came on: v1, v2, v3 or v4.
        #[arg(long)]
        topic: String,
        /// The chain, to print the signing hash and the signer too: decimal, or hex after 0x.
        #[arg(long, value_name = "N")]
        chain_id: Option<String>,
        #[command(flatten)]
        inputs: Inputs,
    },
    /// Judge a gossip message as op-node does, rule by rule. Exit code 0 accept, 1 ignore or
    /// reject. With --lines the blocks of earlier lines are remembered, as op-node does.
    Verify(Verify),
    /// Make a gossip message from a payload and its signature, in hex.
    Encode {
        /// The signature: 65 bytes r, s, y_parity in hex. With --lines each line begins with its
        /// own, and a space.
        #[arg(
            long,
            value_name = "HEX",
            required_unless_present = "lines",
            conflicts_with = "lines"
        )]
        signature: Option<String>,
        #[command(flatten)]
        inputs: Inputs,
    },
}

#[derive(Args)]
pub(crate) struct Verify {
    /// The topic it came on: v1, v2, v3 or v4.
    #[arg(long)]
    topic: String,
    /// The chain: decimal, or hex after 0x.
    #[arg(long, value_name = "N")]
    chain_id: String,
    /// The signer that L1 names.
    #[arg(long, value_name = "HEX")]
    address: String,
    /// The signer before it, whose messages are still good.
    #[arg(long, value_name = "HEX")]
    previous_address: Option<String>,
    /// The time to judge at, in seconds since 1970. Without it: now.
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,
    /// How many seconds old a block may be.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    max_age: u64,
    /// The timestamp from which Jovian is active. Without it: never.
    #[arg(long, value_name = "SECONDS")]
    jovian_time: Option<u64>,
    #[command(flatten)]
    inputs: Inputs,
}

pub(crate) fn run(command: Command, json: bool) -> Result<ExitCode, Failure> {
    match command {
        Command::Decode { topic, chain_id, inputs } => {
            let topic: Topic = topic.parse()?;
            let chain_id: Option<ChainId> = chain_id.as_deref().map(str::parse).transpose()?;
            inputs.each(json, |message| decode(topic, chain_id, message))
        }
        Command::Verify(arguments) => {
            let config = arguments.config()?;
            let mut memory = Box::new(GossipMemory::new());
            let now = arguments.now;
            arguments.inputs.each(json, |message| {
                verify(&config, now.map_or_else(clock, Ok)?, message, &mut memory)
            })
        }
        Command::Encode { signature, inputs } => {
            inputs.each_signed(json, signature.as_deref().unwrap_or_default(), encode)
        }
    }
}

fn decode(topic: Topic, chain_id: Option<ChainId>, message: &[u8]) -> Result<Report, Failure> {
    let mut room = vec![0; decompressed_len(message)?];
    let envelope = Envelope::parse(decompress(message, &mut room)?)?;
    let payload = Payload::parse(topic, envelope.payload())?;
    let payload_hash = PayloadHash::of(envelope.payload());

    let mut report = Report::new()
        .with("topic", topic.to_string())
        .with("message_bytes", message.len())
        .with("payload_bytes", envelope.payload().len())
        .with("payload_hash", payload_hash.to_string())
        .with("signature", hex(envelope.signature_bytes()));
    if let Some(chain_id) = chain_id {
        let signer = envelope.recover_signer(&chain_id);
        report = report
            .with("chain_id", chain_id.to_string())
            .with("signing_hash", payload_signing_hash(&chain_id, &payload_hash).to_string())
            .with("signer", signer.ok().map(|signer| signer.to_string()));
    }
    for (name, value) in block(&payload) {
        report = report.with(name, value);
    }
    Ok(report)
}

fn block(payload: &Payload<'_>) -> Vec<(&'static str, Value)> {
    let text = |value: &dyn ToString| Value::from(value.to_string());
    let l1 = payload.l1_info().ok();
    vec![
        (
            "parent_beacon_block_root",
            payload.parent_beacon_block_root().map(|root| root.to_string()).into(),
        ),
        ("parent_hash", text(&payload.parent_hash())),
        ("block_hash", text(&payload.block_hash())),
        ("block_hash_is_right", (payload.computed_block_hash() == payload.block_hash()).into()),
        ("block_number", payload.block_number().into()),
        ("timestamp", payload.timestamp().into()),
        ("l1_number", l1.map(|l1| l1.number).into()),
        ("l1_hash", l1.map(|l1| l1.hash.to_string()).into()),
        ("l1_sequence_number", l1.map(|l1| l1.sequence_number).into()),
        ("fee_recipient", text(&payload.fee_recipient())),
        ("state_root", text(&payload.state_root())),
        ("receipts_root", text(&payload.receipts_root())),
        ("prev_randao", text(&payload.prev_randao())),
        ("gas_limit", payload.gas_limit().into()),
        ("gas_used", payload.gas_used().into()),
        ("base_fee_per_gas", text(&payload.base_fee_per_gas())),
        ("extra_data", hex(payload.extra_data()).into()),
        ("transactions", payload.transactions().len().into()),
        ("withdrawals", payload.withdrawal_count().into()),
        ("blob_gas_used", payload.blob_gas_used().into()),
        ("excess_blob_gas", payload.excess_blob_gas().into()),
        ("withdrawals_root", payload.withdrawals_root().map(|root| root.to_string()).into()),
    ]
}

impl Verify {
    fn config(&self) -> Result<GossipConfig, Failure> {
        Ok(GossipConfig {
            topic: self.topic.parse()?,
            chain_id: self.chain_id.parse()?,
            signer: Some(self.address.parse()?).filter(|address| *address != ZERO),
            previous_signer: self.previous_address.as_deref().map(str::parse).transpose()?,
            jovian_time: self.jovian_time,
            max_age: self.max_age,
        })
    }
}

/// Seconds since 1970.
fn clock() -> Result<u64, Failure> {
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|_| Failure::unavailable("the clock is before 1970: give --now"))?;
    Ok(since_1970.as_secs())
}

fn verify(
    config: &GossipConfig,
    now: u64,
    message: &[u8],
    memory: &mut GossipMemory,
) -> Result<Report, Failure> {
    let mut room = vec![0; decompressed_len(message).unwrap_or(0)];
    let judgement = validate(config, now, message, &mut room, memory);
    let report = Report::new()
        .with("verdict", judgement.verdict().name())
        .with("reason", judgement.reason.name())
        .with("message", judgement.reason.message())
        .with("signer", judgement.signer.map(|signer| signer.to_string()))
        .with("block_number", judgement.payload.map(|payload| payload.block_number()))
        .with("block_hash", judgement.payload.map(|payload| payload.block_hash().to_string()));
    Ok(if judgement.reason == Reason::Accepted { report } else { report.no() })
}

fn encode(signature: &str, payload: &[u8]) -> Result<Report, Failure> {
    let signature = Signature::from_hex(signature, Rules::Consensus)?;
    let mut data = signature.as_bytes().to_vec();
    data.extend(payload);
    Envelope::parse(&data)?;
    let message = snap::raw::Encoder::new()
        .compress_vec(&data)
        .map_err(|error| Failure::input(format!("the message cannot be compressed: {error}")))?;
    Ok(Report::new().with("message", hex(&message)))
}

/// op-node takes the zero address for none.
const ZERO: Address = Address::from_bytes([0; 20]);

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", base16ct::lower::encode_string(bytes))
}
