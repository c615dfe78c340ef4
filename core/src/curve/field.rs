//! The field of p = 2^256 - 2^32 - 977 (SEC 2, section 2.4.1).
//!
//! A value is any number below 2^256 and stands for itself mod p, so most values have one form and
//! those below 2^32 + 977 have two. Every operation takes and gives such values; the one form below
//! p is made by [`FieldElement::normalize`], where bytes, parity or equality are asked for.
//!
//! Reduction is by 2^256 = FOLD (mod p): what stands above bit 256 is multiplied by FOLD and added
//! below. Constant time but for the names that end in `_vartime`.

use super::inverse::{self, Modulus};
use super::limbs::{self, Limbs};
use super::scalar::{self, Scalar};

/// 2^256 mod p, 33 bits.
const FOLD: u64 = 0x1_0000_03d1;

pub(super) const P: Limbs = [0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX];

/// p in limbs of 62 bits, and 1/p mod 2^62.
static P62: Modulus = Modulus::new(&P);

#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct FieldElement(Limbs);

impl FieldElement {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const ONE: Self = Self([1, 0, 0, 0]);

    /// A number whose limbs are written down, most significant first.
    pub(super) const fn from_words(words: [u64; 4]) -> Self {
        Self([words[3], words[2], words[1], words[0]])
    }

    /// Least significant first.
    pub(super) const fn from_limbs(limbs: Limbs) -> Self {
        Self(limbs)
    }

    pub(super) const fn limbs(&self) -> Limbs {
        self.0
    }

    pub(super) const fn from_small(small: u64) -> Self {
        Self([small, 0, 0, 0])
    }

    /// `None` for p and above. Variable time in that answer only.
    pub(super) const fn from_be_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let limbs = limbs::from_be_bytes(bytes);
        let (_, below) = limbs::sub(&limbs, &P);
        if below { Some(Self(limbs)) } else { None }
    }

    /// A number below n, or it and n, if below p.
    pub(super) fn from_scalar_vartime(scalar: &Scalar, plus_order: bool) -> Option<Self> {
        if !plus_order {
            return Some(Self(*scalar.limbs()));
        }
        let (sum, carry) = limbs::add(scalar.limbs(), &scalar::N);
        let (_, below) = limbs::sub(&sum, &P);
        (!carry && below).then_some(Self(sum))
    }

    pub(super) fn to_be_bytes(self) -> [u8; 32] {
        limbs::to_be_bytes(&self.normalize().0)
    }

    /// The form below p.
    pub(super) const fn normalize(self) -> Self {
        // x >= p just if x + FOLD >= 2^256, and the sum without its carry is then x - p.
        let (less, carry) = limbs::add(&self.0, &[FOLD, 0, 0, 0]);
        Self(limbs::select(limbs::mask(carry), &self.0, &less))
    }

    pub(super) const fn is_odd(self) -> bool {
        self.normalize().0[0] & 1 == 1
    }

    /// All ones if zero mod p.
    #[inline(always)]
    pub(super) const fn zero_mask(self) -> u64 {
        let (difference, _) = limbs::sub(&self.0, &P);
        limbs::zero_mask(&self.0) | limbs::zero_mask(&difference)
    }

    /// Zero mod p? Almost every other number is told by its lowest limb.
    #[inline(always)]
    pub(super) const fn is_zero_vartime(self) -> bool {
        (self.0[0] == 0 || self.0[0] == P[0]) && self.is_zero()
    }

    pub(super) const fn is_zero(self) -> bool {
        self.zero_mask() != 0
    }

    /// `b` where the mask is all ones, `a` where it is zero.
    #[inline(always)]
    pub(super) const fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self(limbs::select(mask, &a.0, &b.0))
    }

    #[inline(always)]
    pub(super) const fn add(self, other: Self) -> Self {
        let (sum, carry) = limbs::add(&self.0, &other.0);
        let (sum, carry) = limbs::add(&sum, &[FOLD & limbs::mask(carry), 0, 0, 0]);
        // A second carry leaves less than FOLD, so a second addition stays in the lowest limb.
        let low = sum[0].wrapping_add(FOLD & limbs::mask(carry));
        debug_assert!(!carry || (low >= FOLD && sum[1] | sum[2] | sum[3] == 0));
        Self([low, sum[1], sum[2], sum[3]])
    }

    #[inline(always)]
    pub(super) const fn sub(self, other: Self) -> Self {
        let (difference, borrow) = limbs::sub(&self.0, &other.0);
        let (difference, borrow) = limbs::sub(&difference, &[FOLD & limbs::mask(borrow), 0, 0, 0]);
        // A second borrow leaves at least 2^256 - FOLD, so a second subtraction stays in the lowest
        // limb.
        let low = difference[0].wrapping_sub(FOLD & limbs::mask(borrow));
        debug_assert!(!borrow || low <= difference[0]);
        Self([low, difference[1], difference[2], difference[3]])
    }

    #[inline(always)]
    pub(super) const fn negate(self) -> Self {
        Self::ZERO.sub(self)
    }

    #[inline(always)]
    pub(super) const fn double(self) -> Self {
        self.add(self)
    }

    /// Half of the number, or of it plus p, whichever is even.
    #[inline(always)]
    pub(super) const fn half(self) -> Self {
        let odd = limbs::mask(self.0[0] & 1 == 1);
        let (sum, carry) = limbs::add(&self.0, &limbs::select(odd, &[0; 4], &P));
        Self([
            sum[0] >> 1 | sum[1] << 63,
            sum[1] >> 1 | sum[2] << 63,
            sum[2] >> 1 | sum[3] << 63,
            sum[3] >> 1 | (carry as u64) << 63,
        ])
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) const fn mul(self, other: Self) -> Self {
        Self(reduce(&limbs::mul_wide(&self.0, &other.0)))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) const fn square(self) -> Self {
        Self(reduce(&limbs::square_wide(&self.0)))
    }

    /// `self other - a b` with one reduction.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) const fn mul_sub(self, other: Self, a: Self, b: Self) -> Self {
        let minuend = limbs::mul_wide(&self.0, &other.0);
        Self::sub_wide(&minuend, &limbs::mul_wide(&a.0, &b.0))
    }

    /// `self other - a^2` with one reduction.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) const fn mul_sub_square(self, other: Self, a: Self) -> Self {
        let minuend = limbs::mul_wide(&self.0, &other.0);
        Self::sub_wide(&minuend, &limbs::square_wide(&a.0))
    }

    /// The difference of two wide numbers: what is borrowed for the upper halves, 2^512, is
    /// 2^256 FOLD, and taken off them as in [`FieldElement::sub`].
    #[inline(always)]
    const fn sub_wide(a: &[u64; 8], b: &[u64; 8]) -> Self {
        let (r0, c) = limbs::borrowing_sub(a[0], b[0], false);
        let (r1, c) = limbs::borrowing_sub(a[1], b[1], c);
        let (r2, c) = limbs::borrowing_sub(a[2], b[2], c);
        let (r3, c) = limbs::borrowing_sub(a[3], b[3], c);
        let (r4, c) = limbs::borrowing_sub(a[4], b[4], c);
        let (r5, c) = limbs::borrowing_sub(a[5], b[5], c);
        let (r6, c) = limbs::borrowing_sub(a[6], b[6], c);
        let (r7, c) = limbs::borrowing_sub(a[7], b[7], c);
        let (high, borrow) = limbs::sub(&[r4, r5, r6, r7], &[FOLD & limbs::mask(c), 0, 0, 0]);
        let low = high[0].wrapping_sub(FOLD & limbs::mask(borrow));
        debug_assert!(!borrow || low <= high[0]);
        Self(reduce(&[r0, r1, r2, r3, low, high[1], high[2], high[3]]))
    }

    /// A root, if there is one.
    pub(super) fn sqrt_vartime(self) -> Option<Self> {
        self.sqrt_beside_vartime(&mut || ())
    }

    /// A root, if there is one: `self^((p + 1) / 4)`, since p = 3 (mod 4).
    ///
    /// The exponent has runs of 223 and 22 ones, so `x_n = self^(2^n - 1)` is built up to them; the
    /// addition chain is libsecp256k1's. Each squaring waits for the one before it; what is to be done
    /// meanwhile is called with every second one.
    pub(super) fn sqrt_beside_vartime(self, beside: &mut impl FnMut()) -> Option<Self> {
        let x1 = self;
        let x2 = x1.square_times(1, beside).mul(x1);
        let x3 = x2.square_times(1, beside).mul(x1);
        let x6 = x3.square_times(3, beside).mul(x3);
        let x9 = x6.square_times(3, beside).mul(x3);
        let x11 = x9.square_times(2, beside).mul(x2);
        let x22 = x11.square_times(11, beside).mul(x11);
        let x44 = x22.square_times(22, beside).mul(x22);
        let x88 = x44.square_times(44, beside).mul(x44);
        let x176 = x88.square_times(88, beside).mul(x88);
        let x220 = x176.square_times(44, beside).mul(x44);
        let x223 = x220.square_times(3, beside).mul(x3);
        let root = x223.square_times(23, beside).mul(x22);
        let root = root.square_times(6, beside).mul(x2).square_times(2, beside);
        root.square().sub(self).is_zero().then_some(root)
    }

    /// `self^(2^times)`. Not inlined, or there would be fourteen copies of what is done beside it.
    #[inline(never)]
    fn square_times(self, times: u32, beside: &mut impl FnMut()) -> Self {
        let mut result = self;
        for _ in 0..times / 2 {
            result = result.square().square();
            beside();
        }
        if times % 2 == 1 { result.square() } else { result }
    }

    /// `1 / self`, and zero for zero.
    pub(super) fn invert(self) -> Self {
        Self(inverse::invert(&self.normalize().0, &P62))
    }

    /// `1 / self` and `1 / scalar`, zero for zero, in less time than one after the other.
    pub(super) fn invert_with(self, scalar: &Scalar) -> (Self, Scalar) {
        let (inverse, scalar_inverse) =
            inverse::invert_both(&self.normalize().0, &P62, scalar.limbs(), &scalar::N62);
        (Self(inverse), Scalar::from_limbs(scalar_inverse))
    }

    /// `1 / self`, and zero for zero.
    pub(super) const fn invert_vartime(self) -> Self {
        Self(inverse::invert_vartime(&self.normalize().0, &P62))
    }

    pub(super) fn wipe(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// 512 bits to a value below 2^256 of the same residue.
#[inline(always)]
const fn reduce(wide: &[u64; 8]) -> Limbs {
    let row = limbs::mul_limb(FOLD, &[wide[4], wide[5], wide[6], wide[7]]);
    let ([r0, r1, r2, r3], c) = limbs::add_row([wide[0], wide[1], wide[2], wide[3]], row);
    // low + high FOLD < 2^256 (FOLD + 1), so what stands above bit 256 is at most FOLD ...
    debug_assert!(c <= FOLD);
    // ... and its fold at most FOLD^2 < 2^67.
    let (f0, f1) = limbs::mul(c, FOLD);
    debug_assert!(f1 < 8);
    let (r0, c) = limbs::carrying_add(r0, f0, false);
    let (r1, c) = limbs::carrying_add(r1, f1, c);
    let (r2, c) = limbs::carrying_add(r2, 0, c);
    let (r3, c) = limbs::carrying_add(r3, 0, c);
    // A carry leaves less than 2^67, so the last fold stays in two limbs.
    let (r0, again) = limbs::carrying_add(r0, FOLD & limbs::mask(c), false);
    debug_assert!(!c || (r1 < 8 && r2 | r3 == 0));
    [r0, r1.wrapping_add(again as u64), r2, r3]
}
