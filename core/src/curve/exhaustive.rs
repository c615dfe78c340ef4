//! The formulas for points over every pair of points of a small group, so that each special case is
//! met with each form of each point (the idea is libsecp256k1's `tests_exhaustive.c`).
//!
//! The formulas hold for every curve y^2 = x^3 + b and never look at b. For b = 2 and b = 4 there are
//! points of order 13 and 199.

use std::vec::Vec;

use super::comb::Comb;
use super::field::FieldElement;
use super::jacobian::Jacobian;
use super::numbers::Numbers;
use super::point::{Affine, Xyzz};
use super::recover::odd_multiples;
use super::scalar::Scalar;

/// The multiples of a point of small prime order, from 0, which is infinity.
struct Group {
    multiples: Vec<Option<Affine>>,
}

/// x is the lowest for which `cofactor (x, y)` has that order, found with a program of its own.
fn groups() -> [(Group, usize); 2] {
    let of_13 = Affine {
        x: FieldElement::from_words([
            0x3ad3_e1ec_92dc_070a,
            0x346a_9753_30b1_2e1d,
            0x929c_645b_e565_84aa,
            0x88e4_89aa_3d68_746b,
        ]),
        y: FieldElement::from_words([
            0xab34_e494_2373_ed8c,
            0xf787_bb15_bc0b_9fc1,
            0xf150_65bc_0910_01aa,
            0x6c60_7f91_c852_0383,
        ]),
    };
    let of_199 = Affine {
        x: FieldElement::from_words([
            0xfa7c_c9a7_0737_f2db,
            0xa749_dd39_2b4f_b069,
            0x3b01_7a7d_a808_c2f1,
            0xfb12_940c_9ea6_6c18,
        ]),
        y: FieldElement::from_words([
            0x78ac_123a_5ed8_aef3,
            0x8732_bc91_1f3a_2868,
            0x48df_246c_808d_ae72,
            0xcfe5_2572_7f05_01ed,
        ]),
    };
    [(Group::new(&of_13, 2), 13), (Group::new(&of_199, 4), 199)]
}

/// The sum by chord and tangent.
fn sum(a: Option<Affine>, b: Option<Affine>) -> Option<Affine> {
    let (Some(a), Some(b)) = (a, b) else { return a.or(b) };
    let slope = if !a.x.sub(b.x).is_zero() {
        b.y.sub(a.y).mul(b.x.sub(a.x).invert_vartime())
    } else if a.y.add(b.y).is_zero() {
        return None;
    } else {
        let xx = a.x.square();
        xx.add(xx).add(xx).mul(a.y.add(a.y).invert_vartime())
    };
    let x = slope.square().sub(a.x).sub(b.x);
    Some(Affine { x, y: slope.mul(a.x.sub(x)).sub(a.y) })
}

fn bytes(point: Option<Affine>) -> Option<[u8; 65]> {
    point.map(Affine::to_bytes)
}

impl Group {
    fn new(point: &Affine, b: u64) -> Self {
        let curve = point.x.square().mul(point.x).add(FieldElement::from_small(b));
        assert!(point.y.square().sub(curve).is_zero());
        let mut multiples = Vec::from([None]);
        let mut next = Some(*point);
        while next.is_some() {
            multiples.push(next);
            next = sum(next, Some(*point));
        }
        Self { multiples }
    }

    fn order(&self) -> usize {
        self.multiples.len()
    }

    fn bytes(&self, multiple: usize) -> Option<[u8; 65]> {
        bytes(self.multiples[multiple % self.order()])
    }

    /// A multiple with a random Z.
    fn jacobian(&self, multiple: usize, numbers: &mut Numbers) -> Jacobian {
        let z = random(numbers);
        match self.multiples[multiple] {
            None => Jacobian { x: random(numbers), y: random(numbers), z: zero(numbers) },
            Some(point) => {
                let Affine { x, y } = point.scaled_up(z);
                Jacobian { x, y, z }
            }
        }
    }

    /// The same in the other coordinates.
    fn xyzz(&self, multiple: usize, numbers: &mut Numbers) -> Xyzz {
        let Jacobian { x, y, z } = self.jacobian(multiple, numbers);
        let zz = if multiple == 0 { z } else { z.square() };
        Xyzz { x, y, zz, zzz: if multiple == 0 { z } else { zz.mul(z) } }
    }
}

/// Not zero.
fn random(numbers: &mut Numbers) -> FieldElement {
    let value = FieldElement::from_limbs(numbers.limbs());
    if value.is_zero() { FieldElement::ONE } else { value }
}

/// In either of its forms.
fn zero(numbers: &mut Numbers) -> FieldElement {
    let p = FieldElement::from_limbs(super::field::P);
    if numbers.below(2) == 0 { FieldElement::ZERO } else { p }
}

fn of_xyzz(point: Xyzz) -> Option<[u8; 65]> {
    bytes(point.to_affine_vartime())
}

fn of_jacobian(point: Jacobian) -> Option<[u8; 65]> {
    of_xyzz(point.to_xyzz())
}

#[test]
fn sums() {
    let mut numbers = Numbers::new(21);
    let mut pairs = 0;
    for (group, order) in groups() {
        assert_eq!(group.order(), order);
        for i in 0..order {
            let (xyzz, jacobian) = (group.xyzz(i, &mut numbers), group.jacobian(i, &mut numbers));
            assert_eq!(of_xyzz(xyzz.double()), group.bytes(2 * i), "2 {i}");
            assert_eq!(of_jacobian(jacobian.double()), group.bytes(2 * i), "2 {i}");
            for j in 1..order {
                let addend = group.multiples[j].unwrap();
                let expected = group.bytes(i + j);
                let (equal, inverse) = (i == j, i + j == order);
                assert_eq!(of_xyzz(xyzz.add_vartime(&addend)), expected, "{i} + {j}");
                assert_eq!(of_jacobian(jacobian.add_vartime(&addend)), expected, "{i} + {j}");
                if i != 0 && !inverse && !equal {
                    let affine = group.multiples[i].unwrap();
                    assert_eq!(of_xyzz(affine.sum_unlike(&addend)), expected, "{i} + {j}");
                    assert_eq!(of_xyzz(xyzz.add_unlike(&addend)), expected, "{i} + {j}");
                    let (sum, grown) = jacobian.add_unlike(&addend);
                    assert_eq!(of_jacobian(sum), expected, "{i} + {j}");
                    assert!(jacobian.z.mul(grown).sub(sum.z).is_zero(), "{i} + {j}");
                }
                pairs += 1;
            }
        }
    }
    assert_eq!(pairs, 13 * 12 + 199 * 198);
}

#[test]
fn affine_forms() {
    let mut numbers = Numbers::new(22);
    for (group, order) in groups() {
        for i in 1..order {
            let point = group.xyzz(i, &mut numbers);
            assert_eq!(bytes(Some(point.to_affine())), group.bytes(i), "{i}");
            assert_eq!(of_xyzz(point), group.bytes(i), "{i}");
            assert_eq!(of_jacobian(group.jacobian(i, &mut numbers)), group.bytes(i), "{i}");
        }
    }
}

/// Multiplication by a cube root of 1 mod the order.
#[test]
fn endomorphism() {
    let [_, (group, order)] = groups();
    let image = |i: usize| bytes(group.multiples[i].map(Affine::endomorphism));
    let lambda = (2..order).find(|lambda| image(1) == group.bytes(*lambda)).unwrap();
    assert_eq!((lambda * lambda + lambda + 1) % order, 0);
    for i in 1..order {
        assert_eq!(image(i), group.bytes(i * lambda), "{i}");
    }
}

/// The tables of recovery, whose points share a Z.
#[test]
fn odd_multiples_of_every_point() {
    let [_, (group, order)] = groups();
    for i in 1..order {
        let (multiples, z) = odd_multiples(&group.multiples[i].unwrap());
        for (place, Affine { x, y }) in multiples.into_iter().enumerate() {
            let point = of_jacobian(Jacobian { x, y, z });
            assert_eq!(point, group.bytes(i * (2 * place + 1)), "{i} {place}");
        }
    }
}

/// A comb added to every point. In a group this small, sums in every row are doublings and infinity.
/// Odd scalars only: of an even one the comb takes the negative mod n.
#[test]
fn combs() {
    let mut numbers = Numbers::new(23);
    let [_, (group, order)] = groups();
    let comb = Comb::<43, 32>::new(&group.multiples[1].unwrap());
    for start in 0..order {
        let xyzz = group.xyzz(start, &mut numbers);
        for i in 0..50 {
            // Short ones, for which the digits above are 1 and -1, and long ones.
            let length = if i % 2 == 0 { 1 } else { 32 };
            let mut number = [0; 32];
            number[32 - length..].fill_with(|| numbers.below(256) as u8);
            number[31] |= 1;
            let scalar = Scalar::reduce(&number).0;
            let rest = number.iter().fold(0, |rest, byte| (256 * rest + *byte as usize) % order);
            let sum = comb.add_multiple_vartime(xyzz, &scalar);
            assert_eq!(of_xyzz(sum), group.bytes(start + rest), "{start} + {number:x?}");
        }
    }
}
