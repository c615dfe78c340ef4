//! The seam behind which Keccak-256 sits (FIPS 202's permutation, Ethereum's original padding).

use sha3::digest::{Digest, Update};

/// A Keccak-256 computation that takes its input in pieces.
#[derive(Clone, Default)]
pub(crate) struct Keccak256(sha3::Keccak256);

impl Keccak256 {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        Update::update(&mut self.0, bytes);
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
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
