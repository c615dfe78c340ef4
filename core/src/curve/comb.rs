//! Multiples of a point that is known beforehand: a row of its multiples for every window of bits,
//! so that a multiplication is one addition a window and no doubling.
//!
//! A scalar is written with odd digits, from -(2^W - 1) to 2^W - 1, so a row holds the 2^(W - 1) odd
//! positive multiples and no digit is ever zero.

use zeroize::Zeroize;

use super::field::FieldElement;
use super::limbs;
use super::point::{Affine, Xyzz};
use super::scalar::{self, Scalar};

/// Rows of `(2 j + 1) 2^(W i) P` for row i and place j, with x and y below p.
///
/// W is 1 more than the logarithm of COLUMNS; ROWS windows of W bits make 256 bits or a little more.
pub(super) struct Comb<const ROWS: usize, const COLUMNS: usize> {
    rows: [[[u64; 8]; COLUMNS]; ROWS],
}

impl<const ROWS: usize, const COLUMNS: usize> Comb<ROWS, COLUMNS> {
    const WINDOW: usize = {
        let window = COLUMNS.trailing_zeros() as usize + 1;
        assert!(COLUMNS.is_power_of_two() && ROWS == 256_usize.div_ceil(window));
        window
    };

    /// A table that holds nothing yet.
    pub(super) const UNSET: Self = Self { rows: [[[0; 8]; COLUMNS]; ROWS] };

    /// The table of a point.
    #[cfg(test)]
    pub(super) fn new(point: &Affine) -> Self {
        let mut comb = Self::UNSET;
        comb.fill(point);
        comb
    }

    /// The table that [`Comb::to_bytes`] wrote.
    pub(super) const fn from_bytes(bytes: &[u8]) -> Self {
        let (limbs, rest) = bytes.as_chunks::<8>();
        assert!(limbs.len() == 8 * ROWS * COLUMNS && rest.is_empty());
        let mut comb = Self::UNSET;
        let mut i = 0;
        while i < ROWS * COLUMNS {
            let mut words = [0; 8];
            let mut j = 0;
            while j < 8 {
                words[j] = u64::from_le_bytes(limbs[8 * i + j]);
                j += 1;
            }
            comb.rows[i / COLUMNS][i % COLUMNS] = words;
            i += 1;
        }
        comb
    }

    #[cfg(test)]
    pub(super) fn to_bytes(&self) -> std::vec::Vec<u8> {
        let entries = self.rows.iter().flatten();
        entries.flatten().flat_map(|limb| limb.to_le_bytes()).collect()
    }

    /// Makes this the table of a point.
    pub(super) fn fill(&mut self, point: &Affine) {
        let mut base = *point;
        let double = Xyzz::from_affine(point).double();
        let mut twice = double.scaled(double.zzz.invert_vartime());
        let mut row = 0;
        while row < ROWS {
            (base, twice) = Self::fill_row(&mut self.rows[row], &base, &twice);
            row += 1;
        }
    }

    /// Fills the row of `base`, given its double; gives the base of the next row and its double. All
    /// are made affine with one inversion (Montgomery's trick).
    ///
    /// The sums are of `(2 j + 1)` and 2 times a point of order n, so never of like points.
    fn fill_row(row: &mut [[u64; 8]; COLUMNS], base: &Affine, twice: &Affine) -> (Affine, Affine) {
        let mut next = Xyzz::from_affine(twice);
        let mut doublings = 1;
        while doublings < Self::WINDOW {
            next = next.double();
            doublings += 1;
        }
        let next_twice = next.double();

        let mut points = [Xyzz::INFINITY; COLUMNS];
        let mut products = [FieldElement::ONE; COLUMNS];
        let mut product = next.zzz.mul(next_twice.zzz);
        let mut point = Xyzz::from_affine(base);
        let mut i = 0;
        while i < COLUMNS {
            if i > 0 {
                point = point.add_unlike(twice);
            }
            points[i] = point;
            products[i] = product;
            product = product.mul(point.zzz);
            i += 1;
        }
        let mut inverse = product.invert_vartime();
        while i > 0 {
            i -= 1;
            let affine = points[i].scaled(inverse.mul(products[i]));
            row[i] = Affine { x: affine.x.normalize(), y: affine.y.normalize() }.limbs();
            inverse = inverse.mul(points[i].zzz);
        }
        (next.scaled(inverse.mul(next_twice.zzz)), next_twice.scaled(inverse.mul(next.zzz)))
    }

    /// `scalar P` in constant time: every row is read whole. The scalar is not zero, and the windows,
    /// of 6 bits, make 258.
    ///
    /// No addition meets a special case. Before window i the sum is S P with |S| < 2^(6 i), and the
    /// addend d 2^(6 i) P has an odd d, so S is not plus or minus d 2^(6 i) as an integer; and the two
    /// together are below 2^(6 (i + 1)), which is below n for all windows but the last.
    ///
    /// For the last, let R = 2^252 and n = 16 R - t, where 0 < t < 2^129. S = d R (mod n) says that
    /// S = d R + j n = (d + 16 j) R - j t, where j is odd as S is. With |S| < R that leaves
    /// d + 16 j = 1 for j > 0 and -1 for j < 0, so that the number in digits, S + d R = 2 d R + j n,
    /// has the magnitude (16 |j| - 2) R + |j| t: from 14 R to 15 R, or above 46 R. But
    /// [`Digits::for_multiply`] makes it from -2n to -n. And S = -d R (mod n) would make it a multiple
    /// of n.
    pub(super) fn multiply(&self, scalar: &Scalar) -> Xyzz {
        const { assert!(Self::WINDOW == 6) };
        let digits = Digits::for_multiply(scalar);
        let mut sum = self.entry(0, &digits).sum_unlike(&self.entry(1, &digits));
        for row in 2..ROWS {
            sum = sum.add_unlike(&self.entry(row, &digits));
        }
        sum
    }

    /// `sum + scalar P`.
    pub(super) fn add_multiple_vartime(&self, sum: Xyzz, scalar: &Scalar) -> Xyzz {
        if scalar.is_zero() {
            return sum;
        }
        self.terms_vartime(scalar).fold(sum, |sum, term| sum.add_vartime(&term))
    }

    /// The entries whose sum is `scalar P`, one of each row. The scalar is not zero.
    #[inline(always)]
    pub(super) fn terms_vartime(&self, scalar: &Scalar) -> impl Iterator<Item = Affine> {
        let digits = Digits::new(scalar, ROWS * Self::WINDOW);
        self.rows.iter().enumerate().map(move |(i, row)| {
            let (column, negate) = digits.digit(i, Self::WINDOW);
            let Affine { x, y } = Affine::from_limbs(&row[column as usize]);
            Affine { x, y: if negate != 0 { y.negate() } else { y } }
        })
    }

    /// The multiple for a window, in constant time.
    #[inline(always)]
    fn entry(&self, row: usize, digits: &Digits) -> Affine {
        let (column, negate) = digits.digit(row, Self::WINDOW);
        let mut found = Affine::from_limbs(&read(&self.rows[row], column));
        found.y = FieldElement::select(negate, &found.y, &found.y.negate());
        found
    }
}

/// A row's entry at a secret place, in constant time.
#[inline(always)]
fn read<const COLUMNS: usize>(row: &[[u64; 8]; COLUMNS], place: u64) -> [u64; 8] {
    #[cfg(all(feature = "dispatch", target_arch = "x86_64"))]
    if let (fours, []) = row.as_chunks()
        && let Some(limbs) = opsign_cpu::table_entry(fours, place)
    {
        return limbs;
    }
    read_plain(row, place)
}

#[inline(always)]
fn read_plain<const COLUMNS: usize>(row: &[[u64; 8]; COLUMNS], place: u64) -> [u64; 8] {
    // 32 bits a mask, so that they are made four at a time.
    let mut masks = [0_i32; COLUMNS];
    for (i, mask) in masks.iter_mut().enumerate() {
        *mask = -i32::from(i as u32 == place as u32);
    }
    let masks = core::hint::black_box(&masks);
    let mut limbs = [0; 8];
    for (entry, mask) in row.iter().zip(masks) {
        let mask = i64::from(*mask) as u64;
        for (limb, found) in limbs.iter_mut().zip(entry) {
            *limb |= mask & found;
        }
    }
    // In memory, so that the loop works on two limbs at a time.
    *core::hint::black_box(&limbs)
}

/// A scalar k as windows of bits that count +1 and -1. Wiped when dropped.
///
/// Of k and n - k one is odd; call it m, and note whether it is the second. The B below 2^L with
/// 2 B - (2^L - 1) = m is (m - 1) / 2 + 2^(L - 1), and reading its bits 1 as +1 and 0 as -1 gives m.
/// A window with bits b has the digit 2 b - (2^W - 1).
struct Digits {
    bits: [u64; 5],
    negate: u64,
}

impl Digits {
    fn new(scalar: &Scalar, length: usize) -> Self {
        debug_assert!(!scalar.is_zero());
        let negate = !scalar.odd_mask();
        let mut odd = Scalar::select(negate, scalar, &scalar.negate());
        let m = odd.limbs();
        let mut bits =
            [m[0] >> 1 | m[1] << 63, m[1] >> 1 | m[2] << 63, m[2] >> 1 | m[3] << 63, m[3] >> 1, 0];
        bits[(length - 1) / 64] |= 1 << ((length - 1) % 64);
        odd.zeroize();
        Self { bits, negate }
    }

    /// Of 258 bits, for m - 2n in place of m: B is n less.
    fn for_multiply(scalar: &Scalar) -> Self {
        let mut digits = Self::new(scalar, 258);
        let [low @ .., top] = &mut digits.bits;
        let (less, borrow) = limbs::sub(low, &scalar::N);
        *low = less;
        *top -= u64::from(borrow);
        digits
    }

    /// The column of a window's digit, and a mask that is all ones if its multiple is subtracted.
    #[inline(always)]
    fn digit(&self, row: usize, window: usize) -> (u64, u64) {
        let (limb, shift) = (row * window / 64, row * window % 64);
        let mut bits = self.bits[limb] >> shift;
        if shift + window > 64 {
            bits |= self.bits[limb + 1] << (64 - shift);
        }
        // The top bit is the sign. Below it, a positive digit 2 j + 1 has the bits of j, and its
        // negative has them inverted.
        let negative = (bits >> (window - 1) & 1).wrapping_sub(1);
        ((bits ^ negative) & ((1 << (window - 1)) - 1), negative ^ self.negate)
    }
}

impl Drop for Digits {
    fn drop(&mut self) {
        self.bits.zeroize();
        self.negate.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways, whichever this processor goes.
    #[test]
    fn entries() {
        let row: [[u64; 8]; 32] =
            core::array::from_fn(|place| core::array::from_fn(|limb| !(place * 8 + limb) as u64));
        for (place, entry) in row.iter().enumerate() {
            assert_eq!(read(&row, place as u64), *entry);
            assert_eq!(read_plain(&row, place as u64), *entry);
        }
    }
}
