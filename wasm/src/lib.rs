//! The WebAssembly surface behind `wasm/js`, which checks types and splits payloads: two modules,
//! of the feature `chain` for `index.js`, and of `typed-data` for `typed-data.js`.
//!
//! Verification only. No secret key enters the browser package: a JIT compiles this code once more
//! and promises nothing about time, and a web page is no place for a sequencer's key.
#![forbid(unsafe_code)]

#[cfg(feature = "chain")]
mod gossip;
#[cfg(feature = "chain")]
mod message;
#[cfg(feature = "chain")]
mod payload;
#[cfg(feature = "chain")]
mod record;
mod signature;
#[cfg(feature = "chain")]
mod tables;
#[cfg(feature = "chain")]
mod transaction;
#[cfg(feature = "typed-data")]
mod typed_data;

use opsign_core::Error;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(raw_module = "../error.js")]
extern "C" {
    /// The class that JavaScript callers catch, made here so that nothing has to be translated.
    pub type OpsignError;

    #[wasm_bindgen(constructor)]
    fn new(code: &str, number: i32, message: &str) -> OpsignError;
}

impl From<Error> for OpsignError {
    fn from(error: Error) -> Self {
        let code = error.code();
        Self::new(code.name(), code.number(), &error.to_string())
    }
}
