//! Personal messages (EIP-191), and signatures over a hash that is already made.

use opsign_core::{Field, hazmat, hex, personal_message_hash};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::OpsignError;
use crate::signature::{recover, recover_wallet};

/// What a wallet signs for a message.
#[wasm_bindgen(js_name = personalMessageHash)]
pub fn hash(message: &[u8]) -> Vec<u8> {
    personal_message_hash(message).as_bytes().to_vec()
}

/// Who signed a message, as EIP-55 text. The last byte may be 27 or 28, as wallets write it.
#[wasm_bindgen(js_name = personalMessageSigner)]
pub fn recover_message(
    message: &[u8],
    signature: &[u8],
    consensus_rules: bool,
) -> Result<String, OpsignError> {
    Ok(recover_wallet(&personal_message_hash(message), signature, consensus_rules)?)
}

/// Reads a signing hash from hex text.
#[wasm_bindgen(js_name = parseSigningHash)]
pub fn parse_signing_hash(text: &str) -> Result<Vec<u8>, OpsignError> {
    Ok(hex::decode::<32>(Field::SigningHash, text)?.to_vec())
}

/// Who signed a hash, as EIP-55 text.
#[wasm_bindgen(js_name = recoverSigningHash)]
pub fn recover_signing_hash(
    signing_hash: &[u8],
    signature: &[u8],
    consensus_rules: bool,
) -> Result<String, OpsignError> {
    Ok(recover(&hazmat::signing_hash(signing_hash)?, signature, consensus_rules)?)
}
