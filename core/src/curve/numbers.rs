//! Numbers for tests: random ones, and ones near the places where carries happen.

use super::{ORDER, limbs, scalar};

/// How often a test goes round: `usual`, or `OPSIGN_CURVE_ROUNDS` times that (`make verify-curve`).
pub(super) fn rounds(usual: u64) -> u64 {
    let times = std::env::var("OPSIGN_CURVE_ROUNDS").map_or(1, |text| text.parse().unwrap());
    usual * times
}

/// SplitMix64 (Steele, Lea, Flood, 2014).
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }

    /// Four limbs: half the time random, else made of the limbs that carry, or within 3 of a number
    /// that means something.
    pub(super) fn limbs(&mut self) -> limbs::Limbs {
        match self.below(8) {
            0..4 => [0; 4].map(|_| self.word()),
            4 => [0; 4]
                .map(|_| [0, 1, u64::MAX, u64::MAX - 1, 1 << 63, 1 << 32][self.below(6) as usize]),
            5 => {
                // Runs of ones and zeros.
                let (from, to) = (self.below(257), self.below(257));
                let ones = |bit: u64| bit >= from.min(to) && bit < from.max(to);
                let mut limbs = [0; 4];
                for bit in (0..256).filter(|bit| ones(*bit)) {
                    limbs[(bit / 64) as usize] |= 1 << (bit % 64);
                }
                limbs
            }
            _ => {
                let fold = 0x1_0000_03d1;
                let near = [
                    [0; 4],
                    super::field::P,
                    scalar::N,
                    limbs::sub(&super::field::P, &scalar::N).0,
                    [
                        scalar::N[0] >> 1 | scalar::N[1] << 63,
                        scalar::N[1] >> 1 | scalar::N[2] << 63,
                        scalar::N[2] >> 1 | scalar::N[3] << 63,
                        scalar::N[3] >> 1,
                    ],
                    [fold, 0, 0, 0],
                    [0, 0, 1, 0],
                    // 14 2^252 + 2^256 - n: the last addition of the 6-bit comb is a doubling.
                    limbs::sub(&[0, 0, 0, 0xe << 60], &scalar::N).0,
                ][self.below(8) as usize];
                let by = [self.below(4), 0, 0, 0];
                if self.below(2) == 0 { limbs::add(&near, &by).0 } else { limbs::sub(&near, &by).0 }
            }
        }
    }

    /// As [`Numbers::limbs`], big-endian.
    pub(super) fn edge(&mut self) -> [u8; 32] {
        limbs::to_be_bytes(&self.limbs())
    }

    /// From 1 to n - 1.
    pub(super) fn secret(&mut self) -> [u8; 32] {
        loop {
            let bytes = self.edge();
            if bytes != [0; 32] && bytes < ORDER {
                return bytes;
            }
        }
    }

    /// Changes a hash and signature in one of several ways, some of which a check may not notice.
    pub(super) fn change(&mut self, hash: &mut [u8; 32], rs: &mut [u8; 64], id: &mut u8) {
        let negate_s = |rs: &mut [u8; 64]| {
            let s: [u8; 32] = rs[32..].try_into().unwrap();
            let negated = scalar::Scalar::reduce(&s).0.negate();
            rs[32..].copy_from_slice(&negated.to_be_bytes());
        };
        match self.below(9) {
            0 | 1 => {}
            // High s with the other parity: still sound.
            2 => {
                negate_s(rs);
                *id ^= 1;
            }
            3 => negate_s(rs),
            4 => *id = self.below(5) as u8,
            5 => hash[self.below(32) as usize] ^= 1 << self.below(8),
            6 => rs[self.below(64) as usize] ^= 1 << self.below(8),
            7 => rs[..32].copy_from_slice(&self.edge()),
            _ => rs[32..].copy_from_slice(&self.edge()),
        }
    }
}
