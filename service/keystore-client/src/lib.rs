//! A Substrate node's keystore whose keys are elsewhere: [`sp_keystore::Keystore`] over the gRPC
//! service of `opsign keystore`.
//!
//! A node hands its keystore hashes and opaque transcripts; the server wants to know what it signs.
//! So a node takes this keystore in the place of its own, and says what is behind a hash or a
//! transcript before its consensus code asks for the signature:
//!
//! | before | says |
//! |---|---|
//! | a BABE slot | [`RemoteKeystore::announce_slot`] |
//! | a BABE seal | [`RemoteKeystore::announce_header`] |
//! | a BEEFY vote | [`RemoteKeystore::announce_commitment`] |
//!
//! Votes of GRANDPA, statements of parachains and proofs of ownership describe themselves. What was
//! not announced is refused.
//!
//! No node uses it as it is: `docs/polkadot-testing.md` says what a node has to change, and which
//! keys cannot be remote at all.

mod announced;
mod connection;
mod error;
mod keystore;
mod transcript;

pub use connection::{Connection, Identity};
pub use error::ConnectError;
pub use keystore::RemoteKeystore;
pub use transcript::{Transcript, Value};

/// The service, as the proto file has it.
#[allow(missing_docs, reason = "made from the proto file, which says it all")]
pub mod proto {
    tonic::include_proto!("parity.polkadot.signer");
}
