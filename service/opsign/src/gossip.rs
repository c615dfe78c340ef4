//! `opsign gossip`.

use clap::Subcommand;
use opsign_core::gossip::{BlockFields, Envelope, Topic, decompress};
use opsign_core::{Address, ChainId, PayloadHash, Rules, Signature, payload_signing_hash};

use crate::failure::Failure;
use crate::input::Input;
use crate::payload::verdict;
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
        input: Input,
    },
    /// Check the signature of a gossip message as op-node does. Exit code 0 yes, 1 no.
    ///
    /// This is about the signature alone: that the block's contents are sound is another check.
    Verify {
        /// The topic it came on: v1, v2, v3 or v4.
        #[arg(long)]
        topic: String,
        /// The chain: decimal, or hex after 0x.
        #[arg(long, value_name = "N")]
        chain_id: String,
        /// The expected signer.
        #[arg(long, value_name = "HEX")]
        address: String,
        #[command(flatten)]
        input: Input,
    },
}

pub(crate) fn run(command: Command) -> Result<Report, Failure> {
    match command {
        Command::Decode { topic, chain_id, input } => decode(&topic, chain_id.as_deref(), &input),
        Command::Verify { topic, chain_id, address, input } => {
            verify(&topic, &chain_id, &address, &input)
        }
    }
}

fn decode(topic: &str, chain_id: Option<&str>, input: &Input) -> Result<Report, Failure> {
    let topic: Topic = topic.parse()?;
    let chain_id: Option<ChainId> = chain_id.map(str::parse).transpose()?;
    let message = input.read()?;
    let data = decompress(&message)?;
    let envelope = Envelope::parse(&data)?;
    let fields = BlockFields::parse(topic, envelope.payload())?;
    let payload_hash = PayloadHash::of(envelope.payload());
    let signature = Signature::from_bytes(envelope.signature_bytes(), Rules::Consensus);

    let mut report = Report::new()
        .with("topic", topic.to_string())
        .with("message_bytes", message.len())
        .with("payload_bytes", envelope.payload().len())
        .with("payload_hash", payload_hash.to_string())
        .with("signature", hex(envelope.signature_bytes()))
        .with("signature_error", signature.err().map(|error| error.code().name()))
        .with("parent_beacon_block_root", fields.parent_beacon_block_root.map(|r| r.to_string()))
        .with("parent_hash", fields.parent_hash.to_string())
        .with("block_hash", fields.block_hash.to_string())
        .with("block_number", fields.block_number)
        .with("timestamp", fields.timestamp);
    if let Some(chain_id) = chain_id {
        let hash = payload_signing_hash(&chain_id, &payload_hash);
        let signer = signature.and_then(|signature| signature.recover(&hash));
        report = report
            .with("chain_id", chain_id.to_string())
            .with("signing_hash", hash.to_string())
            .with("signer", signer.ok().map(|key| key.address().to_string()));
    }
    Ok(report)
}

fn verify(topic: &str, chain_id: &str, address: &str, input: &Input) -> Result<Report, Failure> {
    let topic: Topic = topic.parse()?;
    let chain_id: ChainId = chain_id.parse()?;
    let address: Address = address.parse()?;
    let data = decompress(&input.read()?)?;
    let envelope = Envelope::parse(&data)?;
    let recovered = envelope.recover_signer(&chain_id);
    Ok(verdict(recovered, &address).with("topic", topic.to_string()))
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", base16ct::lower::encode_string(bytes))
}
