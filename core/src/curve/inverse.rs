//! Modular inverses by divsteps (Bernstein and Yang, "Fast constant-time gcd computation and modular
//! inversion", 2019), in batches of 60 or 62 steps as in libsecp256k1's `modinv64` (Wuille,
//! "The safegcd implementation in libsecp256k1 explained").
//!
//! A divstep looks at the lowest bits only. So a batch runs on the lowest 64 bits of f and g and
//! gives a 2x2 matrix of what it did, which is then applied to all of f, g (exactly) and of d, e
//! (mod the modulus), the invariant being d x = f and e x = g for the number x that is inverted.

use zeroize::Zeroize;

use super::limbs::{self, Limbs};

const BITS: u32 = 62;
const LOW: u64 = u64::MAX >> 2;

/// Signed, the sum of `limb[i] 2^(62 i)`; all but the last limb are within 0 to 2^62 - 1.
type Signed62 = [i64; 5];

/// An odd modulus below 2^256 in the form that divsteps want.
pub(super) struct Modulus {
    limbs: Signed62,
    /// 1 / modulus mod 2^62.
    inverse: u64,
}

impl Modulus {
    pub(super) const fn new(limbs: &Limbs) -> Self {
        // Newton: each step doubles the number of correct low bits, and m m = 1 (mod 8) is a start.
        let mut inverse = limbs[0];
        let mut bits = 3;
        while bits < BITS {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(limbs[0].wrapping_mul(inverse)));
            bits *= 2;
        }
        Self { limbs: to_62(limbs), inverse: inverse & LOW }
    }
}

/// What a batch of divsteps did: `2^62 (f', g') = (u f + v g, q f + r g)`.
struct Matrix {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// `1 / x` mod the modulus, zero for zero; x is below the modulus. Constant time.
///
/// 590 divsteps finish for every 256-bit modulus and input in the variant that starts at zeta = -1
/// (Wuille, as above, "Constant-time version"). These are 600: ten batches of three times 20.
pub(super) fn invert(x: &Limbs, modulus: &Modulus) -> Limbs {
    let mut work = Inversion::new(x, modulus);
    for _ in 0..10 {
        let mut batch = work.batch();
        for _ in 0..3 {
            let mut packed = batch.packed();
            for _ in 0..20 {
                packed.step();
            }
            batch.unpack(&packed);
        }
        work.apply(&batch);
    }
    work.finish()
}

/// [`invert`] of two numbers at once: the steps of one fill the waits of the other.
pub(super) fn invert_both(
    x: &Limbs,
    x_modulus: &Modulus,
    y: &Limbs,
    y_modulus: &Modulus,
) -> (Limbs, Limbs) {
    let (mut x_work, mut y_work) = (Inversion::new(x, x_modulus), Inversion::new(y, y_modulus));
    for _ in 0..10 {
        let (mut x_batch, mut y_batch) = (x_work.batch(), y_work.batch());
        for _ in 0..3 {
            let (mut x_packed, mut y_packed) = (x_batch.packed(), y_batch.packed());
            for _ in 0..20 {
                x_packed.step();
                y_packed.step();
            }
            x_batch.unpack(&x_packed);
            y_batch.unpack(&y_packed);
        }
        x_work.apply(&x_batch);
        y_work.apply(&y_batch);
    }
    (x_work.finish(), y_work.finish())
}

/// An inversion between batches. Wiped when dropped.
struct Inversion<'a> {
    d: Signed62,
    e: Signed62,
    f: Signed62,
    g: Signed62,
    zeta: i64,
    modulus: &'a Modulus,
}

impl<'a> Inversion<'a> {
    fn new(x: &Limbs, modulus: &'a Modulus) -> Self {
        let (d, e) = ([0; 5], [1, 0, 0, 0, 0]);
        Self { d, e, f: modulus.limbs, g: to_62(x), zeta: -1, modulus }
    }

    #[inline(always)]
    fn batch(&self) -> Batch {
        let matrix = Matrix { u: 4, v: 0, q: 0, r: 4 };
        Batch { zeta: self.zeta, f: self.f[0], g: self.g[0], matrix }
    }

    #[inline(always)]
    fn apply(&mut self, batch: &Batch) {
        self.zeta = batch.zeta;
        (self.d, self.e) = update_de(&self.d, &self.e, &batch.matrix, self.modulus);
        (self.f, self.g) = update_fg(&self.f, &self.g, &batch.matrix, 5);
    }

    fn finish(self) -> Limbs {
        debug_assert!(self.g == [0; 5]);
        to_64(&normalize(&self.d, self.f[4], self.modulus))
    }
}

impl Drop for Inversion<'_> {
    fn drop(&mut self) {
        for secret in [&mut self.d, &mut self.e, &mut self.f, &mut self.g] {
            secret.zeroize();
        }
        self.zeta.zeroize();
    }
}

/// A batch under way: the lowest bits of f and g, and what i steps have done to them,
/// `2^(i + 2) (f', g') = (u f + v g, q f + r g)`, which after 60 is a [`Matrix`].
struct Batch {
    zeta: i64,
    f: i64,
    g: i64,
    matrix: Matrix,
}

impl Batch {
    #[inline(always)]
    fn packed(&self) -> Packed {
        Packed {
            zeta: self.zeta,
            f: (self.f & Packed::LOW) - Packed::U,
            g: (self.g & Packed::LOW) + Packed::V,
        }
    }

    /// Adds 20 steps. Of f and g 20 bits fewer are known after them, and 64 are to begin with.
    #[inline(always)]
    fn unpack(&mut self, packed: &Packed) {
        self.zeta = packed.zeta;
        let ((u, v), (q, r)) = (Packed::row(packed.f), Packed::row(packed.g));
        debug_assert!(u.abs() + v.abs() <= 1 << 20 && q.abs() + r.abs() <= 1 << 20);
        let Self { f, g, matrix: m, .. } = self;
        let low = |a: i64, b: i64| a.wrapping_mul(*f).wrapping_add(b.wrapping_mul(*g)) >> 20;
        (*f, *g) = (low(u, v), low(q, r));
        *m = Matrix {
            u: u * m.u + v * m.q,
            v: u * m.v + v * m.r,
            q: q * m.u + r * m.q,
            r: q * m.v + r * m.r,
        };
    }
}

/// Up to 20 steps under way. Steps are linear, so f and its row of the matrix share a number, and g
/// and its row do, as in Bernstein and Yang's own software for Curve25519:
/// `f - 2^41 u + 2^62 v` and `g - 2^41 q + 2^62 r`, where f and g begin as their lowest 20 bits.
///
/// Here the matrix has fractions, `(f', g') = (u f + v g, q f + r g)`, which i steps make multiples of
/// 2^-i. A step leaves f or makes it g, and halves g or its sum or difference with f: so both stay
/// within -2^20 to 2^20, |u| + |v| <= 1 and |q| + |r| <= 1. Thus 2^62 v is a multiple of 2^42, and what
/// is left of the number from -2^41 to 2^41 - 1: u is 1 only as long as f is what it was, which is not
/// below zero. Of that 2^41 u is a multiple of 2^21, and f what is left. Likewise q and r.
///
/// Nothing overflows: r is 1 at the start only, where v is 0, so after i steps |r| <= 1 - 2^-i and a sum
/// of rows is at most 2^62 (2 - 2^-19) + 2^42 + 2^21 before it is halved.
struct Packed {
    zeta: i64,
    f: i64,
    g: i64,
}

impl Packed {
    const LOW: i64 = (1 << 20) - 1;
    const U: i64 = 1 << 41;
    const V: i64 = 1 << 62;

    /// One divstep.
    #[inline(always)]
    fn step(&mut self) {
        // Is zeta negative? Is g odd?
        let negative = self.zeta >> 63;
        let odd = -(self.g & 1);
        // g gets f, or its negative, where g is odd.
        self.g += ((self.f ^ negative) - negative) & odd;
        // Where both hold, f becomes the old g, which is the new one plus the old f.
        let swap = negative & odd;
        self.zeta = (self.zeta ^ swap) - 1;
        self.f += self.g & swap;
        self.g >>= 1;
    }

    /// u and v of such a number, times 2^20.
    #[inline(always)]
    fn row(packed: i64) -> (i64, i64) {
        let v = (packed + (1 << 41)) >> 42;
        let rest = packed - (v << 42);
        (-((rest + (1 << 20)) >> 21), v)
    }
}

/// As [`invert`], in a time that depends on the number.
pub(super) const fn invert_vartime(x: &Limbs, modulus: &Modulus) -> Limbs {
    let mut d = [0; 5];
    let mut e = [1, 0, 0, 0, 0];
    let mut f = modulus.limbs;
    let mut g = to_62(x);
    let mut eta = -1;
    let mut length = 5;
    loop {
        let matrix;
        (eta, matrix) = divsteps_62_vartime(eta, f[0] as u64, g[0] as u64);
        (d, e) = update_de(&d, &e, &matrix, modulus);
        (f, g) = update_fg(&f, &g, &matrix, length);
        let mut any = 0;
        let mut i = 0;
        while i < length {
            any |= g[i];
            i += 1;
        }
        if any == 0 {
            break;
        }
        // Both top limbs a mere sign: it moves into the limb below.
        let (top_f, top_g) = (f[length - 1], g[length - 1]);
        if length > 1 && top_f == top_f >> 63 && top_g == top_g >> 63 {
            f[length - 2] |= top_f << BITS;
            g[length - 2] |= top_g << BITS;
            length -= 1;
        }
    }
    to_64(&normalize(&d, f[length - 1], modulus))
}

/// 62 divsteps on the lowest bits, runs of zeros at once and several odd steps at a time.
#[inline(always)]
const fn divsteps_62_vartime(eta: i64, f: u64, g: u64) -> (i64, Matrix) {
    let (mut eta, mut f, mut g) = (eta, f, g);
    let (mut u, mut v, mut q, mut r) = (1_u64, 0_u64, 0_u64, 1_u64);
    let mut left = BITS;
    loop {
        // The bit at `left` stops the count where the batch ends.
        let zeros = (g | u64::MAX << left).trailing_zeros();
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        eta -= zeros as i64;
        left -= zeros;
        if left == 0 {
            break;
        }
        let w;
        if eta < 0 {
            eta = -eta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
            // Up to six low bits of g go: f (f^2 - 2) is -1/f mod 64.
            let mask = low_bits(eta, left) & 63;
            w = f.wrapping_mul(g).wrapping_mul(f.wrapping_mul(f).wrapping_sub(2)) & mask;
        } else {
            // Up to four: f + ((f + 1) & 4) 2 is 1/f mod 16.
            let mask = low_bits(eta, left) & 15;
            let inverse = f.wrapping_add((f.wrapping_add(1) & 4) << 1);
            w = inverse.wrapping_neg().wrapping_mul(g) & mask;
        }
        g = g.wrapping_add(f.wrapping_mul(w));
        q = q.wrapping_add(u.wrapping_mul(w));
        r = r.wrapping_add(v.wrapping_mul(w));
    }
    (eta, Matrix { u: u as i64, v: v as i64, q: q as i64, r: r as i64 })
}

/// A mask of as many low bits as may go before eta turns negative or the batch ends.
const fn low_bits(eta: i64, left: u32) -> u64 {
    let limit = if eta + 1 > left as i64 { left } else { (eta + 1) as u32 };
    u64::MAX >> (64 - limit)
}

/// d and e times the matrix, divided by 2^62 mod the modulus m. Both stay within -2m to m.
#[inline(always)]
const fn update_de(
    d: &Signed62,
    e: &Signed62,
    matrix: &Matrix,
    modulus: &Modulus,
) -> (Signed62, Signed62) {
    let Matrix { u, v, q, r } = *matrix;
    let (d, e, m) = (hide_range(d), hide_range(e), &modulus.limbs);
    // A negative d or e counts as itself plus m, then the low 62 bits are cleared by more of m.
    let (sign_d, sign_e) = (d[4] >> 63, e[4] >> 63);
    let more_d = (u & sign_d) + (v & sign_e);
    let more_e = (q & sign_d) + (r & sign_e);
    let mut low_d = product(u, d[0]) + product(v, e[0]);
    let mut low_e = product(q, d[0]) + product(r, e[0]);
    let more_d = more_d
        - (modulus.inverse.wrapping_mul(low_d as u64).wrapping_add(more_d as u64) & LOW) as i64;
    let more_e = more_e
        - (modulus.inverse.wrapping_mul(low_e as u64).wrapping_add(more_e as u64) & LOW) as i64;
    low_d += product(m[0], more_d);
    low_e += product(m[0], more_e);
    debug_assert!(low_d as u64 & LOW == 0 && low_e as u64 & LOW == 0);
    low_d >>= BITS;
    low_e >>= BITS;
    let (mut new_d, mut new_e) = ([0; 5], [0; 5]);
    let mut i = 1;
    while i < 5 {
        low_d += product(u, d[i]) + product(v, e[i]) + product(m[i], more_d);
        low_e += product(q, d[i]) + product(r, e[i]) + product(m[i], more_e);
        new_d[i - 1] = (low_d as u64 & LOW) as i64;
        new_e[i - 1] = (low_e as u64 & LOW) as i64;
        low_d >>= BITS;
        low_e >>= BITS;
        i += 1;
    }
    new_d[4] = low_d as i64;
    new_e[4] = low_e as i64;
    (new_d, new_e)
}

/// f and g times the matrix, divided by 2^62, which leaves no rest.
#[inline(always)]
const fn update_fg(
    f: &Signed62,
    g: &Signed62,
    matrix: &Matrix,
    length: usize,
) -> (Signed62, Signed62) {
    let Matrix { u, v, q, r } = *matrix;
    let (f, g) = (hide_range(f), hide_range(g));
    let mut low_f = product(u, f[0]) + product(v, g[0]);
    let mut low_g = product(q, f[0]) + product(r, g[0]);
    debug_assert!(low_f as u64 & LOW == 0 && low_g as u64 & LOW == 0);
    low_f >>= BITS;
    low_g >>= BITS;
    let (mut new_f, mut new_g) = ([0; 5], [0; 5]);
    let mut i = 1;
    while i < length {
        low_f += product(u, f[i]) + product(v, g[i]);
        low_g += product(q, f[i]) + product(r, g[i]);
        new_f[i - 1] = (low_f as u64 & LOW) as i64;
        new_g[i - 1] = (low_g as u64 & LOW) as i64;
        low_f >>= BITS;
        low_g >>= BITS;
        i += 1;
    }
    new_f[length - 1] = low_f as i64;
    new_g[length - 1] = low_g as i64;
    (new_f, new_g)
}

/// The same limbs, of which the compiler no longer knows that they are not negative: where it does, it
/// multiplies twice for the signed product of two words, and an inversion takes a quarter longer.
#[inline(always)]
const fn hide_range(limbs: &Signed62) -> &Signed62 {
    core::hint::black_box(limbs)
}

#[inline(always)]
const fn product(a: i64, b: i64) -> i128 {
    a as i128 * b as i128
}

/// d, from -2m to m, negated if `sign` is, brought into 0 to m - 1.
const fn normalize(d: &Signed62, sign: i64, modulus: &Modulus) -> Signed62 {
    let m = &modulus.limbs;
    let negate = hide(sign >> 63);
    let mut d = *d;
    let add = hide(d[4] >> 63);
    let mut i = 0;
    while i < 5 {
        d[i] = ((d[i] + (m[i] & add)) ^ negate) - negate;
        i += 1;
    }
    d = carry(d);
    let add = hide(d[4] >> 63);
    i = 0;
    while i < 5 {
        d[i] += m[i] & add;
        i += 1;
    }
    carry(d)
}

const fn hide(mask: i64) -> i64 {
    limbs::hide(mask as u64) as i64
}

const fn carry(limbs: Signed62) -> Signed62 {
    let mut limbs = limbs;
    let mut i = 0;
    while i < 4 {
        limbs[i + 1] += limbs[i] >> BITS;
        limbs[i] &= LOW as i64;
        i += 1;
    }
    limbs
}

const fn to_62(x: &Limbs) -> Signed62 {
    [
        (x[0] & LOW) as i64,
        ((x[0] >> 62 | x[1] << 2) & LOW) as i64,
        ((x[1] >> 60 | x[2] << 4) & LOW) as i64,
        ((x[2] >> 58 | x[3] << 6) & LOW) as i64,
        (x[3] >> 56) as i64,
    ]
}

const fn to_64(x: &Signed62) -> Limbs {
    let x = [x[0] as u64, x[1] as u64, x[2] as u64, x[3] as u64, x[4] as u64];
    [x[0] | x[1] << 62, x[1] >> 2 | x[2] << 60, x[2] >> 4 | x[3] << 58, x[3] >> 6 | x[4] << 56]
}
