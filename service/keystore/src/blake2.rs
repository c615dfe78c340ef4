//! blake2b-256, Substrate's hash.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

/// The hash of parts, one behind the other.
pub fn blake2_256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
