//! Between op-node and its execution engine: blocks of external builders that can never cost a
//! block.
//!
//! | file | what it is |
//! |---|---|
//! | `server.rs` | the port: who is let in, what is passed on as it is |
//! | `engine.rs` | what is done with each call |
//! | `round.rs`, `offer.rs`, `choose.rs` | one `getPayload`: asking, judging, choosing |
//! | `binding.rs` | whether a block is the one that was asked for |
//! | `job.rs`, `attributes.rs`, `envelope.rs` | what was asked for, and the blocks that come |
//! | `rebuild.rs` | state roots for builders that leave them out |
//! | `builder.rs`, `breaker.rs`, `chain.rs`, `backfill.rs`, `pool_calls.rs` | a builder: what it is told, where it stands |
//! | `decision.rs`, `journal.rs`, `metrics.rs` | what was decided, and why |
//! | `peer.rs`, `pool.rs`, `jwt.rs`, `body.rs` | calling engines |
//! | `message.rs`, `answer.rs`, `fields.rs`, `scan.rs`, `hex.rs` | JSON, read as little as will do |
//! | `announce.rs` | the signer is told of each block |
//! | `admin.rs`, `health.rs` | for operators: modes, status, hand-over; health |
//! | `config.rs`, `run.rs` | the config file; start and stop |
//!
//! Bytes pass through as they are. A builder's block is returned if it is the block that op-node
//! asked for and the local engine calls it valid in time; in every other case the local one is.
#![forbid(unsafe_code)]

mod admin;
mod announce;
mod answer;
mod attributes;
mod backfill;
mod binding;
mod body;
mod breaker;
mod builder;
mod chain;
mod choose;
mod config;
mod decision;
mod engine;
mod envelope;
mod fields;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod hex;
mod job;
mod journal;
mod jwt;
mod message;
mod metrics;
mod offer;
mod peer;
mod pool;
mod pool_calls;
mod rebuild;
mod round;
mod run;
mod scan;
mod server;

pub use admin::{Request, ask};
pub use config::Mode;
pub use run::{Start, check, run};
