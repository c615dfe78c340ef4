//! Personal messages (EIP-191), typed data (EIP-712), and signatures over a hash that is already
//! made.

use opsign_core::{Error, Field, Signature, SigningHash, hazmat, hex, personal_message_hash};
use opsign_typed_data::TypedData;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{OpsignError, rules, sized};

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

#[wasm_bindgen]
extern "C" {
    /// The nearest double, as ECMAScript has it.
    #[wasm_bindgen(js_name = Number)]
    fn number(text: &str) -> f64;
}

fn typed_data_signing_hash(json: &[u8]) -> Result<SigningHash, OpsignError> {
    Ok(TypedData::from_json_with(json, &number)?.signing_hash())
}

/// What a wallet signs for typed data.
#[wasm_bindgen(js_name = typedDataHash)]
pub fn hash_typed_data(json: &[u8]) -> Result<Vec<u8>, OpsignError> {
    Ok(typed_data_signing_hash(json)?.as_bytes().to_vec())
}

/// Who signed typed data, as EIP-55 text. The last byte may be 27 or 28, as wallets write it.
#[wasm_bindgen(js_name = typedDataSigner)]
pub fn recover_typed_data(
    json: &[u8],
    signature: &[u8],
    consensus_rules: bool,
) -> Result<String, OpsignError> {
    let hash = typed_data_signing_hash(json)?;
    Ok(recover_wallet(&hash, signature, consensus_rules)?)
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

fn recover_wallet(
    hash: &SigningHash,
    signature: &[u8],
    consensus_rules: bool,
) -> Result<String, Error> {
    let mut signature = sized::<65>(Field::Signature, signature)?;
    if let 27 | 28 = signature[64] {
        signature[64] -= 27;
    }
    recover(hash, &signature, consensus_rules)
}

fn recover(hash: &SigningHash, signature: &[u8], consensus_rules: bool) -> Result<String, Error> {
    let signature = Signature::from_bytes(signature, rules(consensus_rules))?;
    Ok(signature.recover(hash)?.address().to_string())
}
