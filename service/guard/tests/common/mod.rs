//! What the tests share.
#![allow(dead_code, reason = "every test file uses another part")]
#![allow(clippy::unwrap_used, reason = "tests")]

pub mod disk;
pub mod ledger;
mod requests;
pub mod traces;

pub use requests::*;
