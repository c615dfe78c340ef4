//! The seam behind which Keccak-256 sits (FIPS 202's permutation, Ethereum's original padding).
//!
//! Two engines give the same bytes: our own (`keccak/sponge.rs`), for x86-64 and WebAssembly with the
//! feature `fast`, and the crate sha3, which has instructions for it on ARM, is the smaller one, and is
//! what the tests hold ours against.

#[cfg(all(feature = "dispatch", target_arch = "x86_64"))]
mod many;
#[cfg(any(test, all(feature = "fast", any(target_arch = "x86_64", target_arch = "wasm32"))))]
mod permutation;
#[cfg(any(test, not(all(feature = "fast", any(target_arch = "x86_64", target_arch = "wasm32")))))]
mod sha3_engine;
#[cfg(any(test, all(feature = "fast", any(target_arch = "x86_64", target_arch = "wasm32"))))]
mod sponge;

#[cfg(all(feature = "dispatch", target_arch = "x86_64"))]
pub(crate) use many::{TOGETHER, keccak256_many};
#[cfg(not(all(feature = "fast", any(target_arch = "x86_64", target_arch = "wasm32"))))]
pub(crate) use sha3_engine::Keccak256;
#[cfg(all(feature = "fast", any(target_arch = "x86_64", target_arch = "wasm32")))]
pub(crate) use sponge::Keccak256;

/// A message, in two pieces that are hashed one after the other.
pub(crate) type Pieces<'a> = [&'a [u8]; 2];

/// The most messages that are hashed together.
#[cfg(not(all(feature = "dispatch", target_arch = "x86_64")))]
pub(crate) const TOGETHER: usize = 1;

#[cfg(not(all(feature = "dispatch", target_arch = "x86_64")))]
pub(crate) use one_after_the_other as keccak256_many;

pub(crate) fn one_after_the_other(messages: &[Pieces<'_>], hashes: &mut [[u8; 32]]) {
    for (message, hash) in messages.iter().zip(hashes) {
        *hash = keccak256(message);
    }
}

/// Keccak-256 of the pieces, one after the other.
pub(crate) fn keccak256(pieces: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Keccak256::default();
    for piece in pieces {
        hasher.update(piece);
    }
    hasher.finish()
}
