//! `opsign message`: what a wallet shows before it signs it, texts (EIP-191) and typed data
//! (EIP-712).

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use opsign_core::gossip::MAX_MESSAGE;
use opsign_core::{Field, Signature, Signer, SigningHash, personal_message_hash};
use opsign_typed_data::TypedData;

use crate::failure::Failure;
use crate::input::{decode_hex, for_each_line, read_limited, split_signature};
use crate::report::Report;
use crate::signer::{KeyPlace, KeySigner};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the hash that is signed; for typed data its two parts, too.
    Hash(Message),
    /// Sign a message. The signature's last byte is 27 or 28, as wallets write it.
    Sign {
        #[command(flatten)]
        place: KeyPlace,
        #[command(flatten)]
        message: Message,
    },
    /// Print who signed a message.
    Recover {
        /// The signature: 65 bytes in hex, the last one 0, 1, 27 or 28. With --lines each line
        /// begins with its own, and a space.
        #[arg(
            long,
            value_name = "HEX",
            required_unless_present = "lines",
            conflicts_with = "lines"
        )]
        signature: Option<String>,
        #[command(flatten)]
        message: Message,
    },
}

/// A message: a text, the bytes of a file as they are, or typed data.
#[derive(Args)]
pub(crate) struct Message {
    /// The message itself.
    #[arg(long, conflicts_with_all = ["file", "typed_data", "lines"])]
    text: Option<String>,
    /// The message is typed data (EIP-712), as JSON: what go-ethereum takes.
    #[arg(long)]
    typed_data: bool,
    /// Take each line of the file as a message of its own, in hex (typed data: as JSON), and answer
    /// line by line. A bad line gets an error, and the run goes on and ends with exit code 1.
    #[arg(long)]
    lines: bool,
    /// The file that holds it, line ends and all; - is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

impl Message {
    /// Answers the message, or each of them. The answer gets what is signed, and a report with it.
    fn each(
        &self,
        json: bool,
        answer: impl Fn(&SigningHash, Report) -> Result<Report, Failure>,
    ) -> Result<ExitCode, Failure> {
        let answer = |message: &[u8]| {
            let (hash, report) = self.hash(message)?;
            answer(&hash, report)
        };
        if self.lines {
            for_each_line(&self.file, json, |line| answer(&self.decode_line(line)?))
        } else {
            answer(&self.read()?)?.answer(json)
        }
    }

    fn read(&self) -> Result<Vec<u8>, Failure> {
        match &self.text {
            Some(text) => Ok(text.clone().into_bytes()),
            None => read_limited(&self.file, MAX_MESSAGE),
        }
    }

    fn decode_line(&self, line: &[u8]) -> Result<Vec<u8>, Failure> {
        if self.typed_data { Ok(line.to_vec()) } else { decode_hex(line) }
    }

    fn hash(&self, message: &[u8]) -> Result<(SigningHash, Report), Failure> {
        if !self.typed_data {
            let hash = personal_message_hash(message);
            return Ok((hash, Report::new().with("hash", hash.to_string())));
        }
        let typed_data = TypedData::from_json(message)?;
        let hash = typed_data.signing_hash();
        let hex = |bytes| format!("0x{}", base16ct::lower::encode_string(bytes));
        let report = Report::new()
            .with("hash", hash.to_string())
            .with("domain_separator", hex(typed_data.domain_separator()))
            .with("struct_hash", hex(typed_data.struct_hash()));
        Ok((hash, report))
    }

    fn recover(&self, signature: &str, message: &[u8]) -> Result<Report, Failure> {
        let bytes = opsign_core::hex::decode::<65>(Field::Signature, signature)?;
        let (hash, _) = self.hash(message)?;
        let key = Signature::from_wallet_bytes(&bytes)?.recover(&hash)?;
        Ok(Report::new().with("address", key.address().to_string()))
    }
}

pub(crate) fn run(command: Command, json: bool) -> Result<ExitCode, Failure> {
    match command {
        Command::Hash(message) => message.each(json, |_, report| Ok(report)),
        Command::Sign { place, message } => {
            let signer = place.open()?.signer()?;
            message.each(json, |hash, report| sign(&signer, hash, report))
        }
        Command::Recover { signature, message } => {
            if message.lines {
                return for_each_line(&message.file, json, |line| {
                    let (signature, signed) = split_signature(line)?;
                    message.recover(signature, &message.decode_line(signed)?)
                });
            }
            let signature = signature.unwrap_or_default();
            message.recover(&signature, &message.read()?)?.answer(json)
        }
    }
}

fn sign(signer: &KeySigner, hash: &SigningHash, report: Report) -> Result<Report, Failure> {
    let signature = signer.sign(hash)?.to_wallet_bytes();
    Ok(report
        .with("address", signer.address().to_string())
        .with("signature", format!("0x{}", base16ct::lower::encode_string(&signature))))
}
