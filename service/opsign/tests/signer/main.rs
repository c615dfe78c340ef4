//! `opsign signer` as its users meet it: a config file, certificates, a port.
#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "../../../wire/tests/harness/mod.rs"]
mod wire;

#[path = "../../../../hsm/tests/harness/mod.rs"]
mod token;

mod bench;
mod block;

mod admin;
mod config;
mod discipline;
mod handover;
mod keys;
mod links;
mod observe;
mod peers;
mod policy;
mod proxy;
mod records;
mod relay;
mod reload;
mod reorg;
mod signed;
mod tls;
