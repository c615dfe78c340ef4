//! `opsign payload`.

use clap::{Args, Subcommand, ValueEnum};
use opsign_core::{
    Address, ChainId, Error, PayloadHash, Rules, Signature, Signer, payload_signing_hash,
    recover_signer, sign_payload,
};

use crate::failure::Failure;
use crate::input::Input;
use crate::report::Report;
use crate::signer::KeyPlace;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the payload hash and, for a chain, the signing hash.
    Hash {
        /// The chain: decimal, or hex after 0x.
        #[arg(long, value_name = "N")]
        chain_id: Option<String>,
        #[command(flatten)]
        input: Input,
    },
    /// Sign a payload: the bytes that follow the signature in a gossip message.
    Sign {
        /// The chain: decimal, or hex after 0x.
        #[arg(long, value_name = "N")]
        chain_id: String,
        #[command(flatten)]
        place: KeyPlace,
        #[command(flatten)]
        input: Input,
    },
    /// Check that an address signed a payload. Exit code 0 yes, 1 no.
    Verify(Verify),
}

#[derive(Args)]
pub(crate) struct Verify {
    /// The chain: decimal, or hex after 0x.
    #[arg(long, value_name = "N")]
    chain_id: String,
    /// The signature: 65 bytes r, s, y_parity in hex.
    #[arg(long, value_name = "HEX")]
    signature: String,
    /// The expected signer.
    #[arg(long, value_name = "HEX")]
    address: String,
    /// strict: low s, y_parity 0 or 1. consensus: what op-node accepts.
    #[arg(long, value_enum, default_value_t = RulesName::Strict)]
    rules: RulesName,
    #[command(flatten)]
    input: Input,
}

#[derive(Clone, Copy, ValueEnum)]
enum RulesName {
    Strict,
    Consensus,
}

pub(crate) fn run(command: Command) -> Result<Report, Failure> {
    match command {
        Command::Hash { chain_id, input } => hash(chain_id.as_deref(), &input),
        Command::Sign { chain_id, place, input } => sign(&chain_id, &place, &input),
        Command::Verify(arguments) => verify(&arguments),
    }
}

fn hash(chain_id: Option<&str>, input: &Input) -> Result<Report, Failure> {
    let chain_id: Option<ChainId> = chain_id.map(str::parse).transpose()?;
    let payload_hash = PayloadHash::of(&input.read()?);
    let report = Report::new().with("payload_hash", payload_hash.to_string());
    Ok(match chain_id {
        None => report,
        Some(chain_id) => report
            .with("chain_id", chain_id.to_string())
            .with("signing_hash", payload_signing_hash(&chain_id, &payload_hash).to_string()),
    })
}

fn sign(chain_id: &str, place: &KeyPlace, input: &Input) -> Result<Report, Failure> {
    let chain_id: ChainId = chain_id.parse()?;
    let place = place.open()?;
    let payload = input.read()?;
    if payload.is_empty() {
        return Err(Failure::input("the payload is empty: nothing was signed"));
    }
    let payload_hash = PayloadHash::of(&payload);
    let signer = place.signer()?;
    let signature = sign_payload(&signer, &chain_id, &payload_hash)?;
    Ok(Report::new()
        .with("address", signer.address().to_string())
        .with("chain_id", chain_id.to_string())
        .with("payload_hash", payload_hash.to_string())
        .with("signing_hash", payload_signing_hash(&chain_id, &payload_hash).to_string())
        .with("signature", signature.to_string()))
}

fn verify(arguments: &Verify) -> Result<Report, Failure> {
    let chain_id: ChainId = arguments.chain_id.parse()?;
    let address: Address = arguments.address.parse()?;
    let signature =
        opsign_core::hex::decode::<65>(opsign_core::Field::Signature, &arguments.signature)?;
    let rules = match arguments.rules {
        RulesName::Strict => Rules::Strict,
        RulesName::Consensus => Rules::Consensus,
    };
    let payload_hash = PayloadHash::of(&arguments.input.read()?);
    let recovered = Signature::from_bytes(&signature, rules)
        .and_then(|signature| recover_signer(&chain_id, &payload_hash, &signature));
    Ok(verdict(recovered, &address))
}

/// A yes or no about a signature of 65 bytes, with the reason for a no.
fn verdict(recovered: Result<Address, Error>, expected: &Address) -> Report {
    let error = match recovered {
        Ok(recovered) if recovered == *expected => {
            return Report::new().with("valid", true).with("signer", recovered.to_string());
        }
        Ok(recovered) => Error::WrongSigner { recovered, expected: *expected },
        Err(error) => error,
    };
    Report::new()
        .with("valid", false)
        .with("signer", recovered.ok().map(|address| address.to_string()))
        .with("reason", error.code().name())
        .with("message", error.to_string())
        .no()
}
