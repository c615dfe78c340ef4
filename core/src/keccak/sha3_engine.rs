//! Keccak-256 over the sha3 crate.

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
