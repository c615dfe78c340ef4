//! What `wasm/js/make-constants.js` writes down, with `reasonAt` of gossip and `typedDataErrorAt` of
//! the other module.

use opsign_core::ErrorCode;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::OpsignError;

/// The version of the crate, and so of the package.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

/// The errors of the core that JavaScript has names for, in the order of their numbers; none past
/// the last.
#[wasm_bindgen(js_name = errorAt)]
pub fn error_at(index: usize) -> Option<OpsignError> {
    let elsewhere = [ErrorCode::NullPointer, ErrorCode::Misaligned, ErrorCode::Unavailable];
    let code = ErrorCode::ALL.iter().filter(|code| !elsewhere.contains(code)).nth(index)?;
    Some(OpsignError::new(code.name(), code.number(), code.message()))
}
