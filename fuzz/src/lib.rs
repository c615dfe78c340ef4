//! Fuzz targets: functions that take any bytes and panic if something is wrong.
//!
//! `src/bin` makes a libFuzzer program of each; `scripts/fuzz.sh` runs each on its corpus, then on
//! new inputs. A target checks more than that nothing panics: a value is
//! written and read again, or another implementation is asked.
//!
//! | file | who is asked |
//! |---|---|
//! | `tx.rs`, `gossip.rs`, `text.rs`, `keys.rs`, `typed_data.rs` | the code itself, the other way round |
//! | `wire.rs`, `signer.rs`, `link.rs` | what goes in must be what comes out, written anew |
//! | `remote_keystore.rs` | the same message for other keys, with a byte more, and without its payload |
//! | `sidecar.rs` | serde_json, which reads all of it |
//! | `alloy.rs` | alloy and op-alloy |
//! | `libsecp256k1.rs` | libsecp256k1 |
//! | `go.rs` | op-geth and op-node, in a process behind a pipe |

mod alloy;
mod go;
mod gossip;
mod keys;
mod libsecp256k1;
mod link;
mod remote_keystore;
mod sidecar;
mod signer;
mod text;
mod tx;
mod typed_data;
mod wire;

pub use alloy::{alloy_authorization, alloy_gossip, alloy_text, alloy_tx};
pub use go::{geth_recover, geth_sign, geth_tx, op_node_gossip};
pub use gossip::{gossip, snappy, ssz};
pub use keys::{key_der, key_read, keystore, mnemonic, path};
pub use libsecp256k1::{recover, sign};
pub use link::{link_answers, link_call};
pub use remote_keystore::{session_message, sign_request};
pub use sidecar::{builders_answer, engine_call};
pub use signer::{block_payload, config, envelope, pkcs11_uri, transaction_args};
pub use text::{signature, text};
pub use tx::{tx_decode, tx_unsigned};
pub use typed_data::typed_data;
pub use wire::{http, json_rpc};
