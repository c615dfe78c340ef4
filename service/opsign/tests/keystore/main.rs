//! `opsign keystore` as validators and operators meet it: a config file, certificates, a port.
#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "../../../../hsm/tests/harness/mod.rs"]
mod harness;
#[allow(dead_code, reason = "the torture uses the rest")]
mod world;

mod cli;
mod era;
mod health;
mod observe;
mod reflection;
mod rights;
mod rpc;
mod token;
