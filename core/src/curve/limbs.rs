//! Numbers of 256 bits as four limbs of 64 bits, least significant first, and their wide products.
//!
//! No branch and no address depends on a limb. A mask is all ones for yes and zero for no. The
//! compiler sees through masks and makes branches of them where much hangs on one, so those pass
//! through [`hide`]; `scripts/ctime.sh` looks for what is missed.

pub(super) type Limbs = [u64; 4];

pub(super) const fn from_be_bytes(bytes: &[u8; 32]) -> Limbs {
    let (chunks, _) = bytes.as_chunks::<8>();
    [
        u64::from_be_bytes(chunks[3]),
        u64::from_be_bytes(chunks[2]),
        u64::from_be_bytes(chunks[1]),
        u64::from_be_bytes(chunks[0]),
    ]
}

pub(super) fn to_be_bytes(limbs: &Limbs) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, limb) in bytes.chunks_exact_mut(8).zip(limbs.iter().rev()) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    bytes
}

// The next three are methods of u64 that are not yet stable in constants.

/// `a + b + carry` mod 2^64, and the new carry.
#[inline(always)]
pub(super) const fn carrying_add(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(carry as u64);
    (sum, first | second)
}

/// `a - b - borrow` mod 2^64, and the new borrow.
#[inline(always)]
pub(super) const fn borrowing_sub(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    let (difference, first) = a.overflowing_sub(b);
    let (difference, second) = difference.overflowing_sub(borrow as u64);
    (difference, first | second)
}

/// `a b + c + d` as its lower and upper half. It cannot overflow:
/// (2^64 - 1)^2 + 2 (2^64 - 1) = 2^128 - 1.
#[inline(always)]
pub(super) const fn carrying_mul_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    let wide = a as u128 * b as u128 + c as u128 + d as u128;
    (wide as u64, (wide >> 64) as u64)
}

/// The sum mod 2^256, and its carry.
#[inline(always)]
pub(super) const fn add(a: &Limbs, b: &Limbs) -> (Limbs, bool) {
    let (r0, c) = carrying_add(a[0], b[0], false);
    let (r1, c) = carrying_add(a[1], b[1], c);
    let (r2, c) = carrying_add(a[2], b[2], c);
    let (r3, c) = carrying_add(a[3], b[3], c);
    ([r0, r1, r2, r3], c)
}

/// The difference mod 2^256, and its borrow.
#[inline(always)]
pub(super) const fn sub(a: &Limbs, b: &Limbs) -> (Limbs, bool) {
    let (r0, c) = borrowing_sub(a[0], b[0], false);
    let (r1, c) = borrowing_sub(a[1], b[1], c);
    let (r2, c) = borrowing_sub(a[2], b[2], c);
    let (r3, c) = borrowing_sub(a[3], b[3], c);
    ([r0, r1, r2, r3], c)
}

/// All 512 bits of a product, row by row.
#[inline(always)]
pub(super) const fn mul_wide(a: &Limbs, b: &Limbs) -> [u64; 8] {
    let (r0, c) = carrying_mul_add(a[0], b[0], 0, 0);
    let (r1, c) = carrying_mul_add(a[0], b[1], c, 0);
    let (r2, c) = carrying_mul_add(a[0], b[2], c, 0);
    let (r3, r4) = carrying_mul_add(a[0], b[3], c, 0);

    let (r1, c) = carrying_mul_add(a[1], b[0], r1, 0);
    let (r2, c) = carrying_mul_add(a[1], b[1], r2, c);
    let (r3, c) = carrying_mul_add(a[1], b[2], r3, c);
    let (r4, r5) = carrying_mul_add(a[1], b[3], r4, c);

    let (r2, c) = carrying_mul_add(a[2], b[0], r2, 0);
    let (r3, c) = carrying_mul_add(a[2], b[1], r3, c);
    let (r4, c) = carrying_mul_add(a[2], b[2], r4, c);
    let (r5, r6) = carrying_mul_add(a[2], b[3], r5, c);

    let (r3, c) = carrying_mul_add(a[3], b[0], r3, 0);
    let (r4, c) = carrying_mul_add(a[3], b[1], r4, c);
    let (r5, c) = carrying_mul_add(a[3], b[2], r5, c);
    let (r6, r7) = carrying_mul_add(a[3], b[3], r6, c);
    [r0, r1, r2, r3, r4, r5, r6, r7]
}

/// All 512 bits of a square: the products of unlike limbs once, doubled, and the squares of limbs.
#[inline(always)]
pub(super) const fn square_wide(a: &Limbs) -> [u64; 8] {
    let (r1, c) = carrying_mul_add(a[0], a[1], 0, 0);
    let (r2, c) = carrying_mul_add(a[0], a[2], c, 0);
    let (r3, r4) = carrying_mul_add(a[0], a[3], c, 0);
    let (r3, c) = carrying_mul_add(a[1], a[2], r3, 0);
    let (r4, r5) = carrying_mul_add(a[1], a[3], r4, c);
    let (r5, r6) = carrying_mul_add(a[2], a[3], r5, 0);

    let r7 = r6 >> 63;
    let r6 = r6 << 1 | r5 >> 63;
    let r5 = r5 << 1 | r4 >> 63;
    let r4 = r4 << 1 | r3 >> 63;
    let r3 = r3 << 1 | r2 >> 63;
    let r2 = r2 << 1 | r1 >> 63;
    let r1 = r1 << 1;

    let (r0, h0) = carrying_mul_add(a[0], a[0], 0, 0);
    let (s2, h1) = carrying_mul_add(a[1], a[1], 0, 0);
    let (s4, h2) = carrying_mul_add(a[2], a[2], 0, 0);
    let (s6, h3) = carrying_mul_add(a[3], a[3], 0, 0);
    let (r1, c) = carrying_add(r1, h0, false);
    let (r2, c) = carrying_add(r2, s2, c);
    let (r3, c) = carrying_add(r3, h1, c);
    let (r4, c) = carrying_add(r4, s4, c);
    let (r5, c) = carrying_add(r5, h2, c);
    let (r6, c) = carrying_add(r6, s6, c);
    // A square is below 2^512, so nothing is carried out of the last limb.
    let r7 = r7.wrapping_add(h3).wrapping_add(c as u64);
    [r0, r1, r2, r3, r4, r5, r6, r7]
}

/// All ones if `bit`, else zero.
#[inline(always)]
pub(super) const fn mask(bit: bool) -> u64 {
    (bit as u64).wrapping_neg()
}

/// The same mask, of which the compiler knows nothing any more.
#[inline(always)]
pub(super) const fn hide(mask: u64) -> u64 {
    core::hint::black_box(mask)
}

/// All ones if every limb is zero.
#[inline(always)]
pub(super) const fn zero_mask(a: &Limbs) -> u64 {
    let any = a[0] | a[1] | a[2] | a[3];
    // The top bit of any | -any says whether a bit is set.
    ((any | any.wrapping_neg()) >> 63).wrapping_sub(1)
}

/// `b` where the mask is all ones, `a` where it is zero.
#[inline(always)]
pub(super) const fn select(mask: u64, a: &Limbs, b: &Limbs) -> Limbs {
    let mask = hide(mask);
    [
        a[0] ^ (mask & (a[0] ^ b[0])),
        a[1] ^ (mask & (a[1] ^ b[1])),
        a[2] ^ (mask & (a[2] ^ b[2])),
        a[3] ^ (mask & (a[3] ^ b[3])),
    ]
}
