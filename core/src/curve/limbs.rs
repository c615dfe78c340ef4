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

/// `a b` as its lower and upper half.
#[inline(always)]
pub(super) const fn mul(a: u64, b: u64) -> (u64, u64) {
    let wide = a as u128 * b as u128;
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

/// All 512 bits of a product, row by row. A row is made first and added then: so every chain of carries
/// is in one piece, which is quicker by a tenth than to carry into each product.
#[inline(always)]
pub(super) const fn mul_wide(a: &Limbs, b: &Limbs) -> [u64; 8] {
    let [r0, r1, r2, r3, r4] = mul_limb(a[0], b);
    let ([r1, r2, r3, r4], r5) = add_row([r1, r2, r3, r4], mul_limb(a[1], b));
    let ([r2, r3, r4, r5], r6) = add_row([r2, r3, r4, r5], mul_limb(a[2], b));
    let ([r3, r4, r5, r6], r7) = add_row([r3, r4, r5, r6], mul_limb(a[3], b));
    [r0, r1, r2, r3, r4, r5, r6, r7]
}

/// `a b`: below 2^64 2^256, so nothing is carried out of the top.
#[inline(always)]
pub(super) const fn mul_limb(a: u64, b: &Limbs) -> [u64; 5] {
    let (l0, h0) = mul(a, b[0]);
    let (l1, h1) = mul(a, b[1]);
    let (l2, h2) = mul(a, b[2]);
    let (l3, h3) = mul(a, b[3]);
    let (r1, c) = carrying_add(l1, h0, false);
    let (r2, c) = carrying_add(l2, h1, c);
    let (r3, c) = carrying_add(l3, h2, c);
    [l0, r1, r2, r3, h3 + c as u64]
}

/// The sum of a number and a row: at most (2^64 - 1) (2^256 - 1) + 2^256 - 1 < 2^320.
#[inline(always)]
pub(super) const fn add_row(r: Limbs, row: [u64; 5]) -> (Limbs, u64) {
    let (sum, c) = add(&r, &[row[0], row[1], row[2], row[3]]);
    (sum, row[4] + c as u64)
}

/// All 512 bits of a square: the products of unlike limbs once, doubled, and the squares of limbs.
///
/// With B = 2^64, those of the first limb are below B^5, those of the second with them below B^6, all
/// below B^7: so each top limb takes its carry.
#[inline(always)]
pub(super) const fn square_wide(a: &Limbs) -> [u64; 8] {
    let (r1, h1) = mul(a[0], a[1]);
    let (l2, h2) = mul(a[0], a[2]);
    let (l3, h3) = mul(a[0], a[3]);
    let (r2, c) = carrying_add(l2, h1, false);
    let (r3, c) = carrying_add(l3, h2, c);
    let r4 = h3 + c as u64;

    let (l3, h3) = mul(a[1], a[2]);
    let (l4, h4) = mul(a[1], a[3]);
    let (l4, c) = carrying_add(l4, h3, false);
    let l5 = h4 + c as u64;
    let (r3, c) = carrying_add(r3, l3, false);
    let (r4, c) = carrying_add(r4, l4, c);
    let r5 = l5 + c as u64;

    let (l5, h5) = mul(a[2], a[3]);
    let (r5, c) = carrying_add(r5, l5, false);
    let r6 = h5 + c as u64;

    let (r1, c) = carrying_add(r1, r1, false);
    let (r2, c) = carrying_add(r2, r2, c);
    let (r3, c) = carrying_add(r3, r3, c);
    let (r4, c) = carrying_add(r4, r4, c);
    let (r5, c) = carrying_add(r5, r5, c);
    let (r6, c) = carrying_add(r6, r6, c);
    let r7 = c as u64;

    let (r0, h0) = mul(a[0], a[0]);
    let (s2, h1) = mul(a[1], a[1]);
    let (s4, h2) = mul(a[2], a[2]);
    let (s6, h3) = mul(a[3], a[3]);
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
