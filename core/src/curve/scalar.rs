//! Numbers mod the group order n (SEC 2, section 2.4.1), always below n.
//!
//! Constant time but for the names that end in `_vartime`.

use zeroize::Zeroize;

use super::inverse::{self, Modulus};
use super::limbs::{self, Limbs};

pub(super) const N: Limbs =
    [0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, u64::MAX];

/// 2^256 - n, 129 bits: 2^256 mod n.
const FOLD: Limbs = [0x402d_a173_2fc9_bebf, 0x4551_2319_50b7_5fc4, 1, 0];

/// (n - 1) / 2.
const HALF: Limbs = [0xdfe9_2f46_681b_20a0, 0x5d57_6e73_57a4_501d, u64::MAX, 0x7fff_ffff_ffff_ffff];

/// n in limbs of 62 bits, and 1/n mod 2^62.
pub(super) static N62: Modulus = Modulus::new(&N);

#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug, PartialEq, Eq))]
pub(super) struct Scalar(Limbs);

impl Scalar {
    /// A number below n whose limbs are written down, least significant first.
    pub(super) const fn from_limbs(limbs: Limbs) -> Self {
        debug_assert!(limbs::sub(&limbs, &N).1);
        Self(limbs)
    }

    /// Reduced mod n, and a mask that is all ones if there was something to reduce.
    pub(super) const fn reduce(bytes: &[u8; 32]) -> (Self, u64) {
        // 2^256 < 2n, so one subtraction is enough.
        let limbs = limbs::from_be_bytes(bytes);
        let (less, below) = limbs::sub(&limbs, &N);
        let mask = !limbs::mask(below);
        (Self(limbs::select(mask, &limbs, &less)), mask)
    }

    pub(super) const fn limbs(&self) -> &Limbs {
        &self.0
    }

    pub(super) fn to_be_bytes(self) -> [u8; 32] {
        limbs::to_be_bytes(&self.0)
    }

    /// All ones if zero.
    pub(super) const fn zero_mask(&self) -> u64 {
        limbs::zero_mask(&self.0)
    }

    pub(super) const fn is_zero(&self) -> bool {
        self.zero_mask() != 0
    }

    /// All ones if odd.
    pub(super) const fn odd_mask(&self) -> u64 {
        limbs::mask(self.0[0] & 1 == 1)
    }

    /// All ones above (n - 1) / 2.
    pub(super) const fn high_mask(&self) -> u64 {
        limbs::mask(limbs::sub(&HALF, &self.0).1)
    }

    /// `b` where the mask is all ones, `a` where it is zero.
    pub(super) const fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self(limbs::select(mask, &a.0, &b.0))
    }

    pub(super) const fn add(&self, other: &Self) -> Self {
        let (sum, carry) = limbs::add(&self.0, &other.0);
        let (less, borrow) = limbs::sub(&sum, &N);
        // The sum is below 2n: at least n if it carried, or if n could be taken off.
        Self(limbs::select(limbs::mask(carry) | !limbs::mask(borrow), &sum, &less))
    }

    pub(super) const fn negate(&self) -> Self {
        let (negative, _) = limbs::sub(&N, &self.0);
        Self(limbs::select(self.zero_mask(), &negative, &self.0))
    }

    pub(super) const fn mul(&self, other: &Self) -> Self {
        Self(reduce(&limbs::mul_wide(&self.0, &other.0)))
    }

    /// `1 / self`, and zero for zero.
    pub(super) fn invert_vartime(&self) -> Self {
        Self(inverse::invert_vartime(&self.0, &N62))
    }

    /// `round(self times other / 2^384)`: the quotient by n times a constant (see `glv.rs`).
    pub(super) const fn mul_shift_384(&self, other: &Limbs) -> Self {
        let wide = limbs::mul_wide(&self.0, other);
        let (low, carry) = wide[6].overflowing_add(wide[5] >> 63);
        Self([low, wide[7].wrapping_add(carry as u64), 0, 0])
    }
}

impl Zeroize for Scalar {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// 512 bits mod n, in three folds of what stands above bit 256.
const fn reduce(wide: &[u64; 8]) -> Limbs {
    // 256 + 256 bits: high FOLD < 2^385, the sum < 2^386.
    let high = [wide[4], wide[5], wide[6], wide[7]];
    let low = [wide[0], wide[1], wide[2], wide[3]];
    let (low, high) = fold(&low, &high);
    debug_assert!(high[2] < 4 && high[3] == 0);
    // 130 + 256 bits: high FOLD < 2^259, the sum < 2^260.
    let (low, high) = fold(&low, &high);
    debug_assert!(high[0] < 16 && high[1] | high[2] | high[3] == 0);
    // 4 + 256 bits: high FOLD < 2^133, the sum < 2^256 + 2^133.
    let (low, high) = fold(&low, &high);
    debug_assert!(high[0] < 2 && high[1] | high[2] | high[3] == 0);
    // With the last carry, what is left below is under 2^133 and FOLD more stays below n; without
    // it, the number is below 2^256 < 2n. Either way n is taken off at most once.
    let (less, borrow) = limbs::sub(&low, &N);
    limbs::select(limbs::mask(high[0] == 1) | !limbs::mask(borrow), &low, &less)
}

/// `low + high FOLD` as its 256 lower and its upper bits.
const fn fold(low: &Limbs, high: &Limbs) -> (Limbs, Limbs) {
    let wide = limbs::mul_wide(high, &FOLD);
    let (low, carry) = limbs::add(low, &[wide[0], wide[1], wide[2], wide[3]]);
    let (high, overflow) =
        limbs::add(&[wide[4], wide[5], wide[6], wide[7]], &[carry as u64, 0, 0, 0]);
    debug_assert!(!overflow);
    (low, high)
}
