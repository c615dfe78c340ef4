//! What both modules need to read a signature and to say whose it is.

use opsign_core::{Error, Field, Rules, Signature, SigningHash, hex};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::OpsignError;

/// Reads the 65 bytes of a signature from hex text. Their values are checked later.
#[wasm_bindgen(js_name = parseSignature)]
pub fn parse_signature(text: &str) -> Result<Vec<u8>, OpsignError> {
    Ok(hex::decode::<65>(Field::Signature, text)?.to_vec())
}

/// Who signed what a wallet signs, as EIP-55 text. The last byte may be 27 or 28, as wallets write
/// it.
pub(crate) fn recover_wallet(
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

pub(crate) fn recover(
    hash: &SigningHash,
    signature: &[u8],
    consensus_rules: bool,
) -> Result<String, Error> {
    let signature = Signature::from_bytes(signature, rules(consensus_rules))?;
    Ok(signature.recover(hash)?.address().to_string())
}

pub(crate) fn rules(consensus: bool) -> Rules {
    if consensus { Rules::Consensus } else { Rules::Strict }
}

pub(crate) fn sized<const N: usize>(field: Field, bytes: &[u8]) -> Result<[u8; N], Error> {
    let (expected, actual) = (N, bytes.len());
    bytes.try_into().map_err(|_| match actual {
        0 => Error::Empty { field },
        _ if actual < expected => Error::TooShort { field, expected, actual },
        _ => Error::TooLong { field, expected, actual },
    })
}
