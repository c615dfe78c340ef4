//! Many signatures of a known signer, checked together. Variable time: all of it is public.
//!
//! A check adds up 64 entries of tables. Affine additions are the cheapest, 5 multiplications and a
//! square where XYZZ takes 8 and 2, if the inverse that each wants is not made by itself: one
//! inversion serves all that are made at a time (Montgomery's trick). So the entries of all signatures
//! are added pair by pair, in six rounds.

use super::ecdsa::{KnownSigner, nonce_x, read_scalars};
use super::field::FieldElement;
use super::point::Affine;
use super::scalar::Scalar;
use super::tables::GENERATOR_PUBLIC;
use super::{MANY, Signed};

/// Fewer are quicker one by one.
const FEW: usize = 4;

/// Entries to add up for a signature: a row each of two tables.
const TERMS: usize = 64;

impl KnownSigner {
    /// [`KnownSigner::verify_vartime`] of each of at most [`MANY`]; false behind the last. Takes
    /// 90 KB of stack.
    pub(crate) fn verify_many_vartime(&self, signed: &[Signed]) -> [bool; MANY] {
        let mut verdicts = [false; MANY];
        let mut one_by_one = [true; MANY];
        if signed.len() >= FEW {
            self.verify_together(signed, &mut verdicts, &mut one_by_one);
        }
        for (i, Signed { hash, rs, recovery_id }) in signed.iter().enumerate() {
            if one_by_one[i] {
                verdicts[i] = self.verify_vartime(hash, rs, *recovery_id);
            }
        }
        verdicts
    }

    /// Decides on all but those whose sum meets a special case.
    #[inline(never)]
    fn verify_together(
        &self,
        signed: &[Signed],
        verdicts: &mut [bool; MANY],
        one_by_one: &mut [bool; MANY],
    ) {
        let mut checks = [const { Check::UNSET }; MANY];
        let mut sums = [[Affine::UNSET; TERMS]; MANY];
        let mut taken = 0;
        for (place, Signed { hash, rs, recovery_id }) in signed.iter().enumerate() {
            let read = read_scalars(rs);
            let Some((r, s, x)) = read.and_then(|(r, s)| Some((r, s, nonce_x(&r, *recovery_id)?)))
            else {
                one_by_one[place] = false;
                continue;
            };
            let (z, _) = Scalar::reduce(hash);
            // Of no hash but 0 and n.
            if !z.is_zero() {
                checks[taken] = Check { place, z, r, s, x, y_parity: recovery_id & 1, like: false };
                taken += 1;
            }
        }
        let (checks, sums) = (&mut checks[..taken], &mut sums[..taken]);
        self.look_up(checks, sums);
        add_up(checks, sums);
        for (check, [sum, ..]) in checks.iter().zip(sums) {
            if !check.like {
                let same_x = check.x.sub(sum.x).is_zero_vartime();
                verdicts[check.place] = same_x && u8::from(sum.y.is_odd()) == check.y_parity;
                one_by_one[check.place] = false;
            }
        }
    }

    /// The entries whose sum is `(z/s) G + (r/s) Q`, with one inversion for all s.
    fn look_up(&self, checks: &[Check], sums: &mut [[Affine; TERMS]]) {
        let one = Scalar::from_limbs([1, 0, 0, 0]);
        let mut products = [one; MANY];
        let mut product = one;
        for (check, before) in checks.iter().zip(&mut products) {
            *before = product;
            product = product.mul(&check.s);
        }
        let mut inverse = product.invert_vartime();
        for ((check, before), sum) in checks.iter().zip(&products).zip(sums).rev() {
            let s_inverse = inverse.mul(before);
            inverse = inverse.mul(&check.s);
            let (u, v) = (check.z.mul(&s_inverse), check.r.mul(&s_inverse));
            let terms = GENERATOR_PUBLIC.terms_vartime(&u).chain(self.table.terms_vartime(&v));
            for (place, term) in sum.iter_mut().zip(terms) {
                *place = term;
            }
        }
    }
}

/// What a sum is compared with, and what it is made from.
struct Check {
    place: usize,
    z: Scalar,
    r: Scalar,
    s: Scalar,
    x: FieldElement,
    y_parity: u8,
    /// Points of the same x met: the sum is worth nothing.
    like: bool,
}

impl Check {
    const UNSET: Self = Self {
        place: 0,
        z: Scalar::from_limbs([0; 4]),
        r: Scalar::from_limbs([0; 4]),
        s: Scalar::from_limbs([0; 4]),
        x: FieldElement::ZERO,
        y_parity: 0,
        like: false,
    };
}

/// The sum of each row, in its first place.
fn add_up(checks: &mut [Check], sums: &mut [[Affine; TERMS]]) {
    let mut products = [[FieldElement::ONE; TERMS / 2]; MANY];
    let mut half = TERMS / 2;
    while half > 0 {
        let mut product = FieldElement::ONE;
        for ((check, sum), products) in checks.iter_mut().zip(&*sums).zip(&mut products) {
            for i in 0..half {
                let difference = sum[half + i].x.sub(sum[i].x);
                products[i] = product;
                // Left out here and below: with a zero there would be no inverse for anyone.
                if difference.is_zero_vartime() {
                    check.like = true;
                } else {
                    product = product.mul(difference);
                }
            }
        }
        let mut inverse = product.invert_vartime();
        for (sum, products) in sums.iter_mut().zip(&products).rev() {
            for i in (0..half).rev() {
                let difference = sum[half + i].x.sub(sum[i].x);
                if !difference.is_zero_vartime() {
                    sum[i] = sum[i].add_unlike(&sum[half + i], inverse.mul(products[i]));
                    inverse = inverse.mul(difference);
                }
            }
        }
        half /= 2;
    }
}
