//! Keccak-256 over our own permutation: the sponge (FIPS 202, section 4).

use super::permutation::{RATE, State, permute, permute_to_hash};

/// A Keccak-256 computation that takes its input in pieces.
#[derive(Clone, Default)]
pub(crate) struct Keccak256 {
    /// With the beginning of a block added, which is permuted once the block is whole.
    state: State,
    /// Bytes of that block, fewer than fill it.
    length: usize,
    /// Whether a block went before.
    permuted: bool,
}

impl Keccak256 {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let (first, behind) = bytes.split_at(bytes.len().min(RATE - self.length));
        self.add(first);
        if self.length < RATE {
            return;
        }
        let (blocks, rest) = behind.as_chunks();
        permute(&mut self.state, blocks);
        (self.length, self.permuted) = (0, true);
        self.add(rest);
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        // The bit 1, zeroes, and a 1 in the last place (pad10*1), without the two bits of SHA-3.
        let lanes = self.state.as_flattened_mut();
        lanes[self.length / 8] ^= 1 << (self.length % 8 * 8);
        lanes[RATE / 8 - 1] ^= 1 << 63;
        if self.permuted {
            // Its code is still decoded: so 1 KiB takes 0.99 of the time.
            permute(&mut self.state, &[]);
        } else {
            permute_to_hash(&mut self.state);
        }
        let mut hash = [0; 32];
        for (bytes, lane) in hash.chunks_exact_mut(8).zip(self.state[0]) {
            bytes.copy_from_slice(&lane.to_le_bytes());
        }
        hash
    }

    /// Adds bytes for which the block has room.
    fn add(&mut self, bytes: &[u8]) {
        let to_lane = bytes.len().min(self.length.wrapping_neg() % 8);
        let (first, rest) = bytes.split_at(to_lane);
        self.add_one_by_one(first);
        let (lanes, last) = rest.as_chunks();
        let state = &mut self.state.as_flattened_mut()[self.length / 8..];
        for (lane, bytes) in state.iter_mut().zip(lanes) {
            *lane ^= u64::from_le_bytes(*bytes);
        }
        self.length += 8 * lanes.len();
        self.add_one_by_one(last);
    }

    fn add_one_by_one(&mut self, bytes: &[u8]) {
        let state = self.state.as_flattened_mut();
        for byte in bytes {
            state[self.length / 8] ^= u64::from(*byte) << (self.length % 8 * 8);
            self.length += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sha3_engine;
    use super::*;
    use std::vec::Vec;

    /// A sequence of numbers that is the same in every run (Knuth, MMIX).
    struct Sequence(u64);

    impl Sequence {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (self.0 >> 33) as usize % limit
        }
    }

    fn theirs(bytes: &[u8]) -> [u8; 32] {
        let mut hasher = sha3_engine::Keccak256::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Every length up to four blocks, whole and a byte at a time.
    #[test]
    fn short_lengths() {
        let bytes: Vec<u8> = (0..4 * RATE + 9).map(|at| (at * at + 3 * at) as u8).collect();
        let mut grown = Keccak256::default();
        for length in 0..bytes.len() {
            let mut whole = Keccak256::default();
            whole.update(&bytes[..length]);
            let expected = theirs(&bytes[..length]);
            assert_eq!(whole.finish(), expected, "{length} bytes");
            assert_eq!(grown.clone().finish(), expected, "{length} bytes, one by one");
            grown.update(&bytes[length..=length]);
        }
    }

    /// Random lengths in random pieces, empty ones and whole blocks among them.
    #[test]
    fn random_pieces() {
        let mut sequence = Sequence(1);
        for round in 0..400 {
            let length = sequence.below(if round % 40 == 0 { 300_000 } else { 3_000 });
            let bytes: Vec<u8> = (0..length).map(|_| sequence.below(256) as u8).collect();
            let mut hasher = Keccak256::default();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let most = [1, 8, RATE, RATE + 1, 2 * RATE, 1_000, length][sequence.below(7)];
                let (piece, behind) = rest.split_at(sequence.below(most + 1).min(rest.len()));
                hasher.update(piece);
                rest = behind;
            }
            assert_eq!(hasher.finish(), theirs(&bytes), "{length} bytes, round {round}");
        }
    }
}
