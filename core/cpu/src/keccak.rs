//! Keccak-f\[1600\] (FIPS 202, section 3) on eight states side by side: a lane of several fills a vector
//! register.

use crate::{EightBlocks, EightStates, RoundConstants};

/// [`crate::KeccakEight::absorb`], of the vectors that `$lanes` at a time are in. `load`, `store`,
/// `splat`, `and`, `xor`, `xor3`, `xor5`, `rotate` and `chi` (a ^ !b & c) are the module's.
macro_rules! permutation {
    ($features:literal, $lanes:literal) => {
        #[target_feature(enable = $features)]
        pub(crate) fn absorb(
            states: &mut EightStates,
            keep: &[u64; 8],
            blocks: &EightBlocks,
            constants: &RoundConstants,
        ) {
            for from in (0..8).step_by($lanes) {
                let keep = load(keep, from);
                let mut a = [splat(0); 25];
                for (vector, lanes) in a.iter_mut().zip(&*states) {
                    *vector = and(load(lanes, from), keep);
                }
                for (vector, lanes) in a.iter_mut().zip(blocks) {
                    *vector = xor(*vector, load(lanes, from));
                }
                for constant in constants {
                    a = round(&a, *constant);
                }
                for (lanes, vector) in states.iter_mut().zip(a) {
                    store(lanes, from, vector);
                }
            }
        }

        /// theta, rho, pi, chi and iota (sections 3.2.1 to 3.2.5).
        #[inline]
        #[target_feature(enable = $features)]
        fn round(a: &[Vector; 25], constant: u64) -> [Vector; 25] {
            let column = |x: usize| xor5([a[x], a[5 + x], a[10 + x], a[15 + x], a[20 + x]]);
            let c = [column(0), column(1), column(2), column(3), column(4)];
            let r = [
                rotate::<1>(c[0]),
                rotate::<1>(c[1]),
                rotate::<1>(c[2]),
                rotate::<1>(c[3]),
                rotate::<1>(c[4]),
            ];
            let theta = |x: usize| [c[(x + 4) % 5], r[(x + 1) % 5]];
            let d = [theta(0), theta(1), theta(2), theta(3), theta(4)];
            // pi moves to (x, y) what theta and rho made of (x + 3 y, x).
            let [mut e, f, g, h, i] = [
                row([
                    turned::<0, 0>(a, &d),
                    turned::<6, 44>(a, &d),
                    turned::<12, 43>(a, &d),
                    turned::<18, 21>(a, &d),
                    turned::<24, 14>(a, &d),
                ]),
                row([
                    turned::<3, 28>(a, &d),
                    turned::<9, 20>(a, &d),
                    turned::<10, 3>(a, &d),
                    turned::<16, 45>(a, &d),
                    turned::<22, 61>(a, &d),
                ]),
                row([
                    turned::<1, 1>(a, &d),
                    turned::<7, 6>(a, &d),
                    turned::<13, 25>(a, &d),
                    turned::<19, 8>(a, &d),
                    turned::<20, 18>(a, &d),
                ]),
                row([
                    turned::<4, 27>(a, &d),
                    turned::<5, 36>(a, &d),
                    turned::<11, 10>(a, &d),
                    turned::<17, 15>(a, &d),
                    turned::<23, 56>(a, &d),
                ]),
                row([
                    turned::<2, 62>(a, &d),
                    turned::<8, 55>(a, &d),
                    turned::<14, 39>(a, &d),
                    turned::<15, 41>(a, &d),
                    turned::<21, 2>(a, &d),
                ]),
            ];
            e[0] = xor(e[0], splat(constant));
            let mut all = [e[0]; 25];
            for (five, row) in all.as_chunks_mut::<5>().0.iter_mut().zip([e, f, g, h, i]) {
                *five = row;
            }
            all
        }

        /// What theta and rho make of a lane.
        #[inline]
        #[target_feature(enable = $features)]
        fn turned<const LANE: usize, const BY: i32>(
            a: &[Vector; 25],
            d: &[[Vector; 2]; 5],
        ) -> Vector {
            rotate::<BY>(xor3(a[LANE], d[LANE % 5]))
        }

        #[inline]
        #[target_feature(enable = $features)]
        fn row(b: [Vector; 5]) -> [Vector; 5] {
            let chi = |x: usize| chi(b[x], b[(x + 1) % 5], b[(x + 2) % 5]);
            [chi(0), chi(1), chi(2), chi(3), chi(4)]
        }
    };
}

/// Eight at a time.
pub(crate) mod avx512 {
    use core::arch::x86_64::*;

    use super::{EightBlocks, EightStates, RoundConstants};

    type Vector = __m512i;

    permutation!("avx512f", 8);

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(lanes: &[u64; 8], _: usize) -> Vector {
        let [a, b, c, d, e, f, g, h] = lanes.map(u64::cast_signed);
        _mm512_set_epi64(h, g, f, e, d, c, b, a)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store(lanes: &mut [u64; 8], _: usize, vector: Vector) {
        let halves =
            [_mm512_extracti64x4_epi64::<0>(vector), _mm512_extracti64x4_epi64::<1>(vector)];
        for (half, vector) in halves.into_iter().enumerate() {
            super::avx2::store(lanes, 4 * half, vector);
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn splat(lane: u64) -> Vector {
        _mm512_set1_epi64(lane.cast_signed())
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn and(a: Vector, b: Vector) -> Vector {
        _mm512_and_si512(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn xor(a: Vector, b: Vector) -> Vector {
        _mm512_xor_si512(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn xor3(a: Vector, [b, c]: [Vector; 2]) -> Vector {
        _mm512_ternarylogic_epi64::<0x96>(a, b, c)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn xor5([a, b, c, d, e]: [Vector; 5]) -> Vector {
        _mm512_ternarylogic_epi64::<0x96>(_mm512_ternarylogic_epi64::<0x96>(a, b, c), d, e)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn rotate<const BY: i32>(a: Vector) -> Vector {
        _mm512_rol_epi64::<BY>(a)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn chi(a: Vector, b: Vector, c: Vector) -> Vector {
        _mm512_ternarylogic_epi64::<0xd2>(a, b, c)
    }
}

/// Four at a time.
pub(crate) mod avx2 {
    use core::arch::x86_64::*;

    use super::{EightBlocks, EightStates, RoundConstants};

    type Vector = __m256i;

    permutation!("avx2", 4);

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(lanes: &[u64; 8], from: usize) -> Vector {
        let at = |lane: usize| lanes[from + lane].cast_signed();
        _mm256_set_epi64x(at(3), at(2), at(1), at(0))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn store(lanes: &mut [u64; 8], from: usize, vector: Vector) {
        let four = [
            _mm256_extract_epi64::<0>(vector),
            _mm256_extract_epi64::<1>(vector),
            _mm256_extract_epi64::<2>(vector),
            _mm256_extract_epi64::<3>(vector),
        ];
        lanes[from..from + 4].copy_from_slice(&four.map(i64::cast_unsigned));
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn splat(lane: u64) -> Vector {
        _mm256_set1_epi64x(lane.cast_signed())
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn and(a: Vector, b: Vector) -> Vector {
        _mm256_and_si256(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn xor(a: Vector, b: Vector) -> Vector {
        _mm256_xor_si256(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn xor3(a: Vector, [b, c]: [Vector; 2]) -> Vector {
        xor(a, xor(b, c))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn xor5([a, b, c, d, e]: [Vector; 5]) -> Vector {
        xor(xor(xor(a, b), xor(c, d)), e)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn rotate<const BY: i32>(a: Vector) -> Vector {
        let left = _mm256_sllv_epi64(a, _mm256_set1_epi64x(i64::from(BY)));
        _mm256_or_si256(left, _mm256_srlv_epi64(a, _mm256_set1_epi64x(i64::from(64 - BY))))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn chi(a: Vector, b: Vector, c: Vector) -> Vector {
        xor(a, _mm256_andnot_si256(b, c))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    /// Of zeroes (the Keccak team's intermediate values of Keccak-f[1600]).
    const PERMUTED: [u64; 25] = [
        0xf125_8f79_40e1_dde7,
        0x84d5_ccf9_33c0_478a,
        0xd598_261e_a65a_a9ee,
        0xbd15_4730_6f80_494d,
        0x8b28_4e05_6253_d057,
        0xff97_a42d_7f8e_6fd4,
        0x90fe_e5a0_a446_47c4,
        0x8c5b_da0c_d619_2e76,
        0xad30_a6f7_1b19_059c,
        0x3093_5ab7_d08f_fc64,
        0xeb5a_a93f_2317_d635,
        0xa9a6_e626_0d71_2103,
        0x81a5_7c16_dbcf_555f,
        0x43b8_31cd_0347_c826,
        0x01f2_2f1a_11a5_569f,
        0x05e5_635a_21d9_ae61,
        0x64be_fef2_8cc9_70f2,
        0x6136_7095_7bc4_6611,
        0xb87c_5a55_4fd0_0ecb,
        0x8c3e_e88a_1ccf_32c8,
        0x940c_7922_ae3a_2614,
        0x1841_f924_a2c5_09e4,
        0x16f5_3526_e704_65c2,
        0x75f6_44e9_7f30_a13b,
        0xeaf1_ff7b_5cec_a249,
    ];

    /// Section 3.2.5's generator.
    fn constants() -> RoundConstants {
        let mut register = 1_u8;
        [(); 24].map(|()| {
            let mut constant = 0;
            for j in 0..7 {
                if register & 1 == 1 {
                    constant |= 1 << ((1 << j) - 1);
                }
                let out = register >> 7;
                register = (register << 1) ^ (out * 0x71);
            }
            constant
        })
    }

    type Absorb = unsafe fn(&mut EightStates, &[u64; 8], &EightBlocks, &RoundConstants);

    /// Those that this processor has.
    fn engines() -> Vec<(&'static str, Absorb)> {
        let mut engines: Vec<(_, Absorb)> = Vec::new();
        if std::is_x86_feature_detected!("avx512f") {
            engines.push(("AVX-512", avx512::absorb));
        }
        if std::is_x86_feature_detected!("avx2") {
            engines.push(("AVX2", avx2::absorb));
        }
        assert!(!engines.is_empty(), "this processor has no AVX2: nothing here can be tested");
        engines
    }

    /// A state that is zeroes when it is permuted: it was before, or is not kept, or the block takes it
    /// away.
    #[derive(Clone, Copy, PartialEq)]
    enum Zeroes {
        Before,
        NotKept,
        TakenAway,
    }

    /// Zeroes in some columns; what is in the others changes nothing, and is changed alike by all.
    #[test]
    fn known_values() {
        for zeroes in 0..=u8::MAX {
            for how in [Zeroes::Before, Zeroes::NotKept, Zeroes::TakenAway] {
                let is_zeroes = |column: usize| zeroes >> column & 1 == 1;
                let (mut states, mut blocks) = ([[0; 8]; 25], [[0; 8]; 17]);
                let mut keep = [u64::MAX; 8];
                for column in 0..8 {
                    if how == Zeroes::NotKept && is_zeroes(column) {
                        keep[column] = 0;
                    }
                    for row in 0..25 {
                        let number = (row * 8 + column + 1) as u64;
                        let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                        if !is_zeroes(column)
                            || how == Zeroes::NotKept
                            || (how == Zeroes::TakenAway && row < 17)
                        {
                            states[row][column] = number;
                        }
                        if row < 17 {
                            blocks[row][column] = match is_zeroes(column) {
                                true if how == Zeroes::TakenAway => number,
                                true => 0,
                                false => !number,
                            };
                        }
                    }
                }
                let mut others = Vec::new();
                for (name, absorb) in engines() {
                    let mut states = states;
                    // SAFETY: the processor has what it is compiled for.
                    unsafe { absorb(&mut states, &keep, &blocks, &constants()) };
                    for (row, lanes) in states.iter().enumerate() {
                        for (column, lane) in lanes.iter().enumerate() {
                            let is_known = *lane == PERMUTED[row];
                            assert_eq!(is_known, is_zeroes(column), "{name} {row} {column}");
                        }
                    }
                    others.push(states);
                }
                assert!(others.iter().all(|states| *states == others[0]));
            }
        }
    }
}
