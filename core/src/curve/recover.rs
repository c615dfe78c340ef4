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
    let x = nonce_x(&r, recovery_id)?;
    let (z, _) = Scalar::reduce(hash);
    let inverse = r.invert_vartime();
    let sum = lift_and_multiply_vartime(x, recovery_id & 1 == 1, &s.mul(&inverse))?;
    let sum = GENERATOR_PUBLIC.add_multiple_vartime(sum, &z.mul(&inverse).negate());
    sum.to_affine_vartime().map(Affine::to_bytes)
}

/// `scalar P` for the point P that has this x and parity of y, if x is on the curve.
///
/// With f = x^3 + 7 = y^2, the map `(u, v)` to `(y^2 u, y^3 v)` takes P to `(f x, f^2)` and the curve
/// to another with a = 0, whose formulas are the same; in Jacobian coordinates the way back is to
/// multiply Z by y. So the ladder does not wait for y: it goes on beside the squarings that make it.
/// If x is not on the curve, the ladder's points are on its twist, and dropped.
fn lift_and_multiply_vartime(x: FieldElement, y_is_odd: bool, scalar: &Scalar) -> Option<Xyzz> {
    let f = x.square().mul(x).add(FieldElement::from_small(7));
    let mut ladder = Ladder::new(&Affine { x: f.mul(x), y: f.square() }, scalar);
    let root = f.sqrt_beside_vartime(&mut || ladder.step())?;
    let y = if root.is_odd() == y_is_odd { root } else { root.negate() };
    let mut sum = ladder.finish();
    sum.z = sum.z.mul(y);
    Some(sum.to_xyzz())
}

/// A multiplication under way: the scalar in two halves, each in non-adjacent form, and the multiples
/// that their digits stand for.
struct Ladder {
    halves: [(glv::WindowNaf, [Affine; ODD_MULTIPLES]); 2],
    /// By how much the Z of the multiples is too small.
    z: FieldElement,
    /// Digits of each half that are still to come.
    left: usize,
    sum: Jacobian,
}

impl Ladder {
    fn new(point: &Affine, scalar: &Scalar) -> Self {
        let (multiples, z) = odd_multiples(point);
        let [first, second] = glv::split_vartime(scalar).map(|half| glv::WindowNaf::new(&half));
        let left = first.length.max(second.length);
        let halves = [(first, multiples), (second, multiples.map(Affine::endomorphism))];
        Self { halves, z, left, sum: Jacobian::INFINITY }
    }

    /// A doubling, and a digit of each half; nothing after the last.
    #[inline(always)]
    fn step(&mut self) {
        let Some(left) = self.left.checked_sub(1) else { return };
        self.left = left;
        let mut sum = self.sum.double();
        for (naf, multiples) in &self.halves {
            if let Some(addend) = multiple(multiples, naf.digits[left]) {
                sum = sum.add_vartime(&addend);
            }
        }
        self.sum = sum;
    }

    fn finish(mut self) -> Jacobian {
        while self.left > 0 {
            self.step();
        }
        Jacobian { z: self.sum.z.mul(self.z), ..self.sum }
    }
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
/// libsecp256k1). No two points that are added here are like: they are an odd multiple and 2 of a
/// point of order n. On the twist, where they may be, nobody asks for the sum.
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
