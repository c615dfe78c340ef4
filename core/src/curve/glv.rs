//! Scalars in two halves (Gallant, Lambert, Vanstone, 2001), and windows of their bits. Variable
//! time.
//!
//! lambda is a cube root of 1 mod n, beta one mod p, and `lambda (x, y) = (beta x, y)`. The lattice
//! of (a, b) with a + b lambda = 0 (mod n) has the short basis (a1, b1), (a2, b2); taking off from
//! (k, 0) its nearest vector leaves (r1, r2), each below 2^128 in magnitude, k = r1 + r2 lambda.
//! Basis and rounding are libsecp256k1's (`scalar_impl.h`, where the bound is proved).

use super::field::FieldElement;
use super::limbs::Limbs;
use super::point::Affine;
use super::scalar::Scalar;

const BETA: FieldElement = FieldElement::from_words([
    0x7ae9_6a2b_657c_0710,
    0x6e64_479e_ac34_34e9,
    0x9cf0_4975_12f5_8995,
    0xc139_6c28_7195_01ee,
]);

const LAMBDA: Scalar = Scalar::from_limbs([
    0xdf02_967c_1b23_bd72,
    0x122e_22ea_2081_6678,
    0xa526_1c02_8812_645a,
    0x5363_ad4c_c05c_30e0,
]);

const MINUS_B1: Scalar = Scalar::from_limbs([0x6f54_7fa9_0abf_e4c3, 0xe443_7ed6_010e_8828, 0, 0]);

const MINUS_B2: Scalar = Scalar::from_limbs([
    0xd765_cda8_3db1_562c,
    0x8a28_0ac5_0774_346d,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
]);

/// `round(2^384 b2 / n)`.
const G1: Limbs =
    [0xe893_209a_45db_b031, 0x3daa_8a14_71e8_ca7f, 0xe86c_90e4_9284_eb15, 0x3086_d221_a7d4_6bcd];

/// `round(-2^384 b1 / n)`.
const G2: Limbs =
    [0x1571_b4ae_8ac4_7f71, 0x2212_08ac_9df5_06c6, 0x6f54_7fa9_0abf_e4c4, 0xe443_7ed6_010e_8828];

impl Affine {
    /// `lambda P`, on every curve with a = 0.
    pub(super) fn endomorphism(self) -> Self {
        Self { x: self.x.mul(BETA), y: self.y }
    }
}

/// A number of at most 128 bits and its sign.
pub(super) struct Half {
    magnitude: u128,
    negative: bool,
}

/// `scalar = first + second lambda`.
pub(super) fn split_vartime(scalar: &Scalar) -> [Half; 2] {
    let c1 = scalar.mul_shift_384(&G1);
    let c2 = scalar.mul_shift_384(&G2);
    let second = c1.mul(&MINUS_B1).add(&c2.mul(&MINUS_B2));
    let first = scalar.add(&second.mul(&LAMBDA).negate());
    [first, second].map(|half| {
        let negative = half.high_mask() != 0;
        let half = if negative { half.negate() } else { half };
        let limbs = half.limbs();
        debug_assert!(limbs[2] | limbs[3] == 0);
        Half { magnitude: u128::from(limbs[1]) << 64 | u128::from(limbs[0]), negative }
    })
}

/// A half in digits that are zero or odd from -15 to 15, at least four zeros after each that is not.
pub(super) struct WindowNaf {
    pub(super) digits: [i8; Self::LENGTH],
    /// Above, all are zero.
    pub(super) length: usize,
}

impl WindowNaf {
    /// 128 bits and a carry.
    pub(super) const LENGTH: usize = 129;

    pub(super) fn new(half: &Half) -> Self {
        let mut digits = [0; Self::LENGTH];
        let mut rest = half.magnitude;
        let (mut at, mut length) = (0, 0);
        while rest != 0 {
            let zeros = rest.trailing_zeros();
            rest >>= zeros;
            at += zeros as usize;
            let low = (rest & 31) as i8;
            let digit = if low > 15 { low - 32 } else { low };
            digits[at] = if half.negative { -digit } else { digit };
            length = at + 1;
            // The digit off, five bits done. A negative one carries, which 2^128 - 1 stands: the
            // shift comes first.
            rest = (rest >> 5) + u128::from(digit < 0);
            at += 5;
        }
        Self { digits, length }
    }
}
