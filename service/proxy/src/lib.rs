//! The signer dials out to proxies that it chose, each proxy serves clients on its side, and
//! nothing reaches the signer.
//!
//! | file | what it is |
//! |---|---|
//! | `protocol.rs` | what the two ends say to each other |
//! | `socket.rs` | one end of a WebSocket: frames in and out, dead peers |
//! | `dial.rs` | the signer's side |
//! | `link.rs` | the proxy's side of one link |
//! | `route.rs` | which signer serves a call: by key, chain and kind |
//! | `hub.rs` | clients, and what is done when a signer goes away |
//! | `agent.rs` | signs calls for clients that cannot |
//! | `config.rs`, `run.rs` | the proxy's config file; start, reload, stop |
//!
//! The signer stays the judge: its policy and guard see the client's name as the proxy gives it, and
//! its config says which names each proxy may give (`docs/proxy.md`).
#![forbid(unsafe_code)]

mod agent;
mod config;
mod dial;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod hub;
mod link;
mod protocol;
mod route;
mod run;
mod socket;

pub use agent::{AgentConfig, run_agent};
pub use dial::{Offering, Proxy, Trust, serve};
pub use hub::{BUSY, UNAVAILABLE};
pub use protocol::{Offer, Proof, Registration, VERSION, Welcome, proof_hash, proof_text};
pub use run::{check, run};
