//! A drop-in for op-signer: the same wire, the same config file, and what it lacks.
//!
//! | file | what it is |
//! |---|---|
//! | `run.rs` | start, reload, readiness, stop |
//! | `flags.rs` | op-signer's flags and environment |
//! | `config.rs` | the config file |
//! | `service.rs` | the RPC methods: read, allow, sign |
//! | `args.rs`, `go_json.rs` | their arguments, read as Go reads them |
//! | `policy.rs` | what a client may have signed |
//! | `protection.rs` | the guard, asked before anything is signed |
//! | `gate.rs`, `envelope.rs` | op-conductor's RPC: the guard sees each block before gossip |
//! | `relayed.rs` | what comes in through proxies that the signer dials |
//! | `admin.rs`, `operation.rs`, `admin_client.rs` | what operators do to a running guard |
//! | `handover.rs`, `sequencer.rs` | a switch between op-nodes |
//! | `observer.rs` | alarms where nothing protects |
//! | `l1.rs` | whether an L1 block is still canonical |
//! | `payloads.rs` | payloads that were let through, for an engine that lost them |
//! | `unsafe_blocks.rs` | an op-node's unsafe blocks, for `opsign guard watch` |
//! | `seen.rs` | which clients have been there |
//! | `backend.rs` | keys in memory and in tokens |
//! | `certs.rs`, `dev.rs` | certificates, and a whole set-up to try things with |
//! | `metrics.rs`, `audit.rs` | what is counted and recorded |
#![forbid(unsafe_code)]

mod admin;
mod admin_client;
mod announced;
mod args;
mod audit;
mod backend;
mod certs;
mod config;
mod dev;
mod envelope;
mod flags;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod go_json;
mod handover;
mod l1;
mod metrics;
mod observer;
mod operation;
mod payloads;
mod policy;
mod protection;
mod relayed;
mod run;
mod seen;
mod sequencer;
mod service;
mod unsafe_blocks;

pub use admin_client::{AskError, ask};
pub use certs::{CertsError, CertsRequest, make as make_certs};
pub use flags::{FileFlags, Flags};
pub use operation::{
    Answer, Check, IssueTicket, OfScope, Operation, OperationError, Replay, RevokeTicket, SetFloor,
    Switch, look, perform,
};
pub use opsign_wire::{Failure, TlsFiles};
pub use run::{check, run};
pub use sequencer::Head;
pub use unsafe_blocks::UnsafeBlocks;
