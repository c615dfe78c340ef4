//! Polkadot session keys behind gRPC: the service `RemoteKeystore`, and the guard between what a
//! message says and its signature.
//!
//! | file | what it is |
//! |---|---|
//! | `scheme.rs`, `key_type.rs`, `public_key.rs` | which keys there are |
//! | `session_key.rs`, `sr25519.rs`, `seed.rs` | keys, their signatures, and where they come from |
//! | `transcript.rs` | what VRF signatures are over |
//! | `scale.rs`, `message/` | what a message says, by its bytes |
//! | `slot.rs`, `protection.rs` | what of it the guard is asked |
//! | `key_folder.rs`, `token_plan.rs` | keys at rest, and keys in tokens |
//! | `kept.rs` | a key that signs, from either |
//! | `rights.rs`, `settings.rs`, `config.rs` | who may do what |
//! | `keystore.rs` | all of it put together, without sockets |
//! | `service.rs`, `peer.rs`, `incoming.rs` | gRPC over mutual TLS |
//! | `run.rs`, `metrics.rs`, `audit.rs` | the running server |
//! | `published.rs` | the audit log in Kafka |
//!
//! `docs/keystore.md` says what is protected and what is not.
#![forbid(unsafe_code)]

mod audit;
mod blake2;
mod config;
mod incoming;
mod kept;
mod key_folder;
mod key_type;
mod keystore;
pub mod message;
mod metrics;
mod peer;
mod protection;
mod public_key;
mod published;
mod rights;
mod run;
mod scale;
mod scheme;
mod seed;
mod service;
mod session_key;
mod settings;
mod slot;
mod sr25519;
mod token_plan;
mod transcript;

/// The messages, client and server of `proto/remote_keystore.proto`.
#[allow(missing_docs, clippy::all, reason = "generated")]
pub mod proto {
    tonic::include_proto!("parity.polkadot.signer");

    /// The proto file as a client reads it.
    pub(crate) const FILE_DESCRIPTOR_SET: &[u8] =
        tonic::include_file_descriptor_set!("remote_keystore");
}

pub use key_folder::{FolderError, Held, KeyFolder, Listed};
pub use key_type::{Duty, KeyType, NotAKeyType};
pub use public_key::PublicKey;
pub use published::{KeyReport, Replayed, Topic, TopicTls, replay};
pub use run::{check, run};
pub use scheme::{NotAScheme, Scheme};
pub use seed::BadSeed;
pub use session_key::{Faulty, SessionKey};
pub use slot::{OutOfRange, slot};
pub use transcript::{NoTranscript, Transcripts, VrfItem, VrfSignature, VrfValue};
