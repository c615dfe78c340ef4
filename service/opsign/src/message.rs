//! `opsign message`: texts that a wallet shows before it signs them (EIP-191).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use opsign_core::gossip::MAX_MESSAGE;
use opsign_core::{Rules, Signature, Signer, personal_message_hash};

use crate::failure::Failure;
use crate::input::read_limited;
use crate::report::Report;
use crate::signer::KeyPlace;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the hash that is signed.
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
        /// The signature: 65 bytes in hex, the last one 0, 1, 27 or 28.
        #[arg(long, value_name = "HEX")]
        signature: String,
        #[command(flatten)]
        message: Message,
    },
}

/// A message: a text, or the bytes of a file as they are.
#[derive(Args)]
pub(crate) struct Message {
    /// The message itself.
    #[arg(long, conflicts_with = "file")]
    text: Option<String>,
    /// The file that holds it, line ends and all; - is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

impl Message {
    fn read(&self) -> Result<Vec<u8>, Failure> {
        match &self.text {
            Some(text) => Ok(text.clone().into_bytes()),
            None => read_limited(&self.file, MAX_MESSAGE),
        }
    }
}

pub(crate) fn run(command: Command) -> Result<Report, Failure> {
    match command {
        Command::Hash(message) => {
            let hash = personal_message_hash(&message.read()?);
            Ok(Report::new().with("hash", hash.to_string()))
        }
        Command::Sign { place, message } => {
            let place = place.open()?;
            let hash = personal_message_hash(&message.read()?);
            let signer = place.signer()?;
            let mut signature = *signer.sign(&hash)?.as_bytes();
            signature[64] += 27;
            Ok(Report::new()
                .with("address", signer.address().to_string())
                .with("hash", hash.to_string())
                .with("signature", format!("0x{}", base16ct::lower::encode_string(&signature))))
        }
        Command::Recover { signature, message } => {
            let field = opsign_core::Field::Signature;
            let mut bytes = opsign_core::hex::decode::<65>(field, &signature)?;
            if let 27 | 28 = bytes[64] {
                bytes[64] -= 27;
            }
            let signature = Signature::from_bytes(&bytes, Rules::Strict)?;
            let key = signature.recover(&personal_message_hash(&message.read()?))?;
            Ok(Report::new().with("address", key.address().to_string()))
        }
    }
}
