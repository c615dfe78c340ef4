//! Doors for the fuzz targets: what is read of other people's bytes.

use std::path::Path;

use opsign_core::gossip::Topic;
use opsign_core::{Address, ChainId, PayloadHash, Signature};
use serde_json::value::RawValue;

use crate::args::{PayloadForm, RawPayloadArgs, TransactionArgs};
use crate::config::Config;
use crate::envelope::Envelope;

/// The transaction that an argument of `eth_signTransaction` stands for, under this signature: its
/// bytes, or why there is none.
///
/// # Errors
/// What the client is told.
pub fn transaction(json: &str, signature: &Signature) -> Result<Vec<u8>, String> {
    let args = TransactionArgs::read(raw(json)?)?;
    let checked = args.checked()?;
    let signed =
        checked.transaction().with_signature(signature).map_err(|error| error.to_string())?;
    let mut bytes = vec![0; signed.encoded_len()];
    let length = signed.encode(&mut bytes).map_err(|error| error.to_string())?;
    assert_eq!(length, bytes.len());
    Ok(bytes)
}

/// Arguments of a block payload method that passed its checks.
#[derive(Debug, PartialEq, Eq)]
pub struct Payload {
    /// What is signed.
    pub domain: [u8; 32],
    /// Of what chain.
    pub chain_id: ChainId,
    /// And which block.
    pub payload_hash: PayloadHash,
    /// The block itself, if it came along.
    pub payload: Option<Vec<u8>>,
    /// Whose signature is wanted.
    pub sender: Option<Address>,
}

/// Reads the argument of a block payload method: 1 for V1, 2 for V2, others for an object that
/// stands in the place of the list.
///
/// # Errors
/// What the client is told.
pub fn payload(json: &str, method: u8) -> Result<Payload, String> {
    let form = match method {
        1 => PayloadForm::V1,
        2 => PayloadForm::V2,
        _ => PayloadForm::Named,
    };
    let args = RawPayloadArgs::read(raw(json)?, form)?;
    let sender = args.sender;
    let args = args.check()?;
    Ok(Payload {
        domain: args.domain,
        chain_id: args.chain_id,
        payload_hash: args.payload_hash,
        payload: args.payload,
        sender,
    })
}

/// What a config file comes to, in words for programs that compare.
///
/// # Errors
/// What the operator is told.
pub fn config(text: &str) -> Result<String, String> {
    let config = Config::parse(Path::new("config.yaml"), text);
    config.map(|config| format!("{config:?}")).map_err(|error| error.to_string())
}

/// The bytes that op-node signs of an envelope, and their layout; none if it is no envelope.
pub fn envelope(json: &str) -> Option<(Topic, Vec<u8>)> {
    let envelope: Envelope = serde_json::from_str(json).ok()?;
    Some((envelope.topic(), envelope.encode().ok()?))
}

fn raw(json: &str) -> Result<&RawValue, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}
