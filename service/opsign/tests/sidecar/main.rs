//! `opsign sidecar` between a fake op-node and fake engines.
#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "../../../wire/tests/harness/mod.rs"]
mod wire;

#[path = "../../../../hsm/tests/harness/mod.rs"]
mod token;

#[path = "../signer/bench.rs"]
#[allow(dead_code, reason = "each test program uses its own part of the bench")]
mod bench;

#[path = "../signer/block.rs"]
#[allow(dead_code, reason = "the same")]
mod block;

mod engine;
mod http;
mod world;

mod auth;
mod blocks;
mod builders;
mod faults;
mod operate;
mod relay;
mod signer;
