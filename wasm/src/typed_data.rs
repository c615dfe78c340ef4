//! Typed data (EIP-712).

use opsign_core::SigningHash;
use opsign_typed_data::{TypedData, TypedDataErrorKind};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::OpsignError;
use crate::signature::recover_wallet;

impl From<opsign_typed_data::Error> for OpsignError {
    fn from(error: opsign_typed_data::Error) -> Self {
        let kind = error.kind();
        Self::new(kind.name(), kind.number(), &error.to_string())
    }
}

/// The errors of typed data, in the order of their numbers; none past the last.
#[wasm_bindgen(js_name = typedDataErrorAt)]
pub fn error_at(index: usize) -> Option<OpsignError> {
    let kind = TypedDataErrorKind::ALL.get(index)?;
    Some(OpsignError::new(kind.name(), kind.number(), kind.message()))
}

#[wasm_bindgen]
extern "C" {
    /// The nearest double, as ECMAScript has it.
    #[wasm_bindgen(js_name = Number)]
    fn number(text: &str) -> f64;
}

/// What a wallet signs for typed data.
#[wasm_bindgen(js_name = typedDataHash)]
pub fn hash(json: &[u8]) -> Result<Vec<u8>, OpsignError> {
    Ok(signing_hash(json)?.as_bytes().to_vec())
}

/// Who signed typed data, as EIP-55 text. The last byte may be 27 or 28, as wallets write it.
#[wasm_bindgen(js_name = typedDataSigner)]
pub fn signer(json: &[u8], signature: &[u8], consensus_rules: bool) -> Result<String, OpsignError> {
    Ok(recover_wallet(&signing_hash(json)?, signature, consensus_rules)?)
}

fn signing_hash(json: &[u8]) -> Result<SigningHash, OpsignError> {
    Ok(TypedData::from_json_with(json, &number)?.signing_hash())
}
