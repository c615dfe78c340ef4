//! Signing hashes and recoverable secp256k1 signatures for OP Stack block payloads.
//!
//! A sequencer signs each block it gossips. What it signs is
//! `keccak256(domain[32] ‖ chainId[32] ‖ keccak256(payload))`, and the signature is 65 bytes,
//! `r ‖ s ‖ y_parity` (rollup-node P2P specification, "Block signatures").
//!
//! ```
//! use opsign_core::{ChainId, PayloadHash, Rules, SecretKey, Signature, Signer};
//! use opsign_core::{payload_signing_hash, verify_payload};
//!
//! # fn main() -> Result<(), opsign_core::Error> {
//! let key = SecretKey::from_bytes(&[1; 32])?;
//! let payload_hash = PayloadHash::of(b"the bytes that op-node gossips after the signature");
//! let chain_id = ChainId::from(10);
//!
//! let signature = key.sign(&payload_signing_hash(&chain_id, &payload_hash))?;
//! verify_payload(&chain_id, &payload_hash, &signature, &key.address())?;
//!
//! // On the other side only 65 bytes and the expected address are known.
//! let received = Signature::from_bytes(signature.as_bytes(), Rules::Strict)?;
//! verify_payload(&chain_id, &payload_hash, &received, &key.address())?;
//! # Ok(())
//! # }
//! ```
//!
//! # Reading map
//!
//! | file | what it is |
//! |---|---|
//! | `payload.rs` | block payload to [`PayloadHash`] to [`SigningHash`] |
//! | `sign.rs` | the [`Signer`] trait, the 65-byte [`Signature`], recovery, verification |
//! | `verifier.rs` | [`Verifier`] and [`AddressVerifier`]: many signatures of one signer |
//! | `key.rs` | [`SecretKey`], [`PublicKey`], [`Address`] |
//! | `tx/` | transactions of every type, EIP-7702 authorizations |
//! | `message.rs` | personal messages (EIP-191) |
//! | `gossip/` | the gossip message: snappy, SSZ, block hash, op-node's rules |
//! | `uint.rs`, `chain_id.rs` | 256-bit numbers |
//! | `hazmat.rs` | hashes and domains chosen by the caller, for adapters only |
//! | `error.rs` | every error with its frozen number |
//! | `rlp.rs`, `trie.rs` | RLP, written into a hasher and read in place; the root of a list |
//! | `curve/` | our own curve arithmetic, for 64-bit machines |
//! | `keccak/` | our own Keccak-256, for x86-64 and WebAssembly |
//! | `curve.rs`, `keccak.rs`, `hex.rs` | the seams behind which curve, hash and hex code sit |
//!
//! # What is promised
//!
//! No `unsafe`, no `std`, and no heap in the default build (the feature `dispatch` brings four unsafe
//! calls, in the crate `opsign-cpu`); signing is constant time in control flow and memory addresses; a
//! [`SecretKey`] is wiped when it is dropped. Only builders make a [`SigningHash`]: there is no way to
//! sign 32 bytes of a caller's choice outside [`hazmat`].
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod chain_id;
mod curve;
mod error;
pub mod gossip;
pub mod hazmat;
pub mod hex;
mod keccak;
mod key;
mod message;
mod payload;
mod rlp;
mod sign;
mod stack;
mod trie;
pub mod tx;
mod uint;
mod verifier;

pub use chain_id::ChainId;
pub use error::{Error, ErrorCode, Field};
pub use key::{Address, PublicKey, SecretKey};
pub use message::personal_message_hash;
pub use payload::{Domain, PayloadHash, PayloadHasher, SigningHash, payload_signing_hash};
pub use sign::{
    CheckedSignature, Rules, Signature, Signer, recover_signer, sign_payload, verify_payload,
    verify_signing_hash,
};
pub use stack::on_wiped_stack;
pub use uint::U256;
pub use verifier::{AddressVerifier, Verifier};

/// Compiles the example in the repository's README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
