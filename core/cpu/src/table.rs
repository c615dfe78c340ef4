//! Reading a table at a secret place.

use core::arch::x86_64::*;

/// The row's entry at `place`, of which neither an address nor a branch depends on it: every entry is
/// read, and all but one are masked away. In fours, of which the compiler makes no loop.
#[target_feature(enable = "avx2")]
pub(crate) fn entry(row: &[[[u64; 8]; 4]], place: u64) -> [u64; 8] {
    let wanted = _mm256_set1_epi64x(place.cast_signed());
    let one = _mm256_set1_epi64x(1);
    let (mut number, mut low, mut high) =
        (_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256());
    for four in row {
        for [a, b, c, d, e, f, g, h] in four {
            let mask = _mm256_cmpeq_epi64(number, wanted);
            low = _mm256_or_si256(low, _mm256_and_si256(mask, load([a, b, c, d])));
            high = _mm256_or_si256(high, _mm256_and_si256(mask, load([e, f, g, h])));
            number = _mm256_add_epi64(number, one);
        }
    }
    let [[a, b, c, d], [e, f, g, h]] = [store(low), store(high)];
    [a, b, c, d, e, f, g, h]
}

#[inline]
#[target_feature(enable = "avx2")]
fn load([a, b, c, d]: [&u64; 4]) -> __m256i {
    _mm256_set_epi64x(d.cast_signed(), c.cast_signed(), b.cast_signed(), a.cast_signed())
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(lanes: __m256i) -> [u64; 4] {
    [
        _mm256_extract_epi64::<0>(lanes),
        _mm256_extract_epi64::<1>(lanes),
        _mm256_extract_epi64::<2>(lanes),
        _mm256_extract_epi64::<3>(lanes),
    ]
    .map(i64::cast_unsigned)
}
