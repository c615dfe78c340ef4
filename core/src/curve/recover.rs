//! Public key recovery (SEC 1, section 4.1.6). Variable time: all of it is public.

use super::ecdsa::{nonce_x, read_scalars};
use super::field::FieldElement;
use super::glv;
use super::jacobian::Jacobian;
use super::point::{Affine, Xyzz};
use super::scalar::Scalar;
use super::tables::GENERATOR_PUBLIC;

/// Odd multiples of the nonce point: 1, 3, ... 15, for digits of 5 bits.
const ODD_MULTIPLES: usize = 8;

/// The public point that made `r ‖ s` over `hash`, SEC 1 uncompressed; high s is fine.
///
/// `None` if r or s is out of range, r is no x coordinate of the curve, or the result is the point
/// at infinity.
pub(crate) fn recover_vartime(hash: &[u8; 32], rs: &[u8; 64], recovery_id: u8) -> Option<[u8; 65]> {
    let (r, s) = read_scalars(rs)?;
    let point = Affine::lift_x_vartime(nonce_x(&r, recovery_id)?, recovery_id & 1 == 1)?;
    let (z, _) = Scalar::reduce(hash);
    let inverse = r.invert_vartime();
    let sum = multiply_vartime(&point, &s.mul(&inverse));
    let sum = GENERATOR_PUBLIC.add_multiple_vartime(sum, &z.mul(&inverse).negate());
    sum.to_affine_vartime().map(Affine::to_bytes)
}

/// `scalar P` for a point seen for the first time: the scalar in two halves, each in non-adjacent
/// form.
fn multiply_vartime(point: &Affine, scalar: &Scalar) -> Xyzz {
    let (multiples, z) = odd_multiples(point);
    let [first, second] = glv::split_vartime(scalar).map(|half| glv::WindowNaf::new(&half));
    let mut sum = Jacobian::INFINITY;
    for bit in (0..glv::WindowNaf::LENGTH).rev() {
        sum = sum.double();
        if let Some(addend) = multiple(&multiples, first.digits[bit]) {
            sum = sum.add_vartime(&addend);
        }
        if let Some(addend) = multiple(&multiples, second.digits[bit]) {
            sum = sum.add_vartime(&addend.endomorphism());
        }
    }
    sum.z = sum.z.mul(z);
    sum.to_xyzz()
}

fn multiple(multiples: &[Affine; ODD_MULTIPLES], digit: i8) -> Option<Affine> {
    let Affine { x, y } = multiples[usize::from(digit.unsigned_abs()) / 2];
    match digit {
        0 => None,
        1.. => Some(Affine { x, y }),
        _ => Some(Affine { x, y: y.negate() }),
    }
}

/// The odd multiples of a point, all with the same Z, which is given beside them.
///
/// `(x, y)` to `(x Z^2, y Z^3)` maps the curve to another with a = 0, whose formulas are the same:
/// so they serve as affine points, and a result gets its Z times this one ("effective affine" in
/// libsecp256k1). No two points here are like: they are odd multiples and 2 of a point of order n.
pub(super) fn odd_multiples(point: &Affine) -> ([Affine; ODD_MULTIPLES], FieldElement) {
    // First with the Z of the double, so that the double is affine.
    let double = Jacobian::from_affine(point).double();
    let twice = Affine { x: double.x, y: double.y };
    let mut points = [Jacobian::from_affine(&point.scaled_up(double.z)); ODD_MULTIPLES];
    let mut ratios = [FieldElement::ONE; ODD_MULTIPLES];
    for i in 1..ODD_MULTIPLES {
        (points[i], ratios[i]) = points[i - 1].add_unlike(&twice);
    }
    // Then each with the Z of the last: the product of the ratios after it.
    let mut multiples = [Affine::UNSET; ODD_MULTIPLES];
    let mut ratio = FieldElement::ONE;
    for i in (0..ODD_MULTIPLES).rev() {
        multiples[i] = Affine { x: points[i].x, y: points[i].y }.scaled_up(ratio);
        ratio = ratio.mul(ratios[i]);
    }
    (multiples, points[ODD_MULTIPLES - 1].z.mul(double.z))
}
