//! The wire: mutual TLS, HTTP, JSON-RPC framing, limits and a clean stop. It knows no keys.
//!
//! | file | what it is |
//! |---|---|
//! | `tls.rs` | certificates from files, replaced while running; who the client is |
//! | `client.rs` | the client's names, read from its certificate |
//! | `rpc.rs` | JSON-RPC 2.0 as go-ethereum's server frames it |
//! | `http.rs` | what is answered before JSON-RPC: health, certificates, methods, types, sizes |
//! | `server.rs` | accepting, slow clients, idle clients, draining |
//! | `watch.rs` | one connection's progress, so that a stalled one can be cut off |
//! | `caller.rs` | calling somebody else's JSON-RPC |
//! | `signed.rs` | calls that their client has signed, for whoever does not trust what is between |
//! | `link.rs` | connections that are kept: both ends show certificates, and share a secret |
//! | `audit.rs` | audit logs |
//! | `config_file.rs`, `failure.rs` | reading a config; why a server does not start |
//! | `open_files.rs`, `runtime.rs` | room for connections, threads |
//! | `signals.rs` | SIGTERM, SIGINT, SIGHUP |
//! | `metrics.rs` | counters under op-signer's names and our own |
//! | `log.rs` | structured logs in op-signer's formats |
//!
//! The peer whose behaviour is kept: op-service and go-ethereum's `rpc` package.
#![forbid(unsafe_code)]

mod audit;
mod caller;
mod client;
mod config_file;
mod failure;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod link;
pub mod log;
mod metrics;
mod open_files;
mod rpc;
mod runtime;
mod server;
mod signals;
mod signed;
mod tls;
mod watch;

pub use audit::AuditFile;
pub use caller::{CallError, Caller};
pub use client::{Client, Identity};
pub use config_file::{ConfigError, parse_config, read_config};
pub use failure::Failure;
pub use link::{Accepted, Dialed, Dialer, accept};
pub use metrics::{Metrics, show_metrics};
pub use open_files::room_for;
pub use rpc::{Call, Handler, RpcError, Trace, run};
pub use runtime::run_server;
pub use server::{Closer, Limits, Server, Stop, Stopper, next_connection};
pub use signals::{Termination, hangup};
pub use signed::{CallSigner, NOT_SIGNED, SignedCalls};
pub use tls::{CertificateInfo, Tls, TlsError, TlsFiles, TlsSection, client_tls};
