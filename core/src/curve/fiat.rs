//! Field and scalar arithmetic against fiat-crypto, whose code was written by a proof in Coq.

use fiat_crypto::{secp256k1_montgomery_64 as of_p, secp256k1_montgomery_scalar_64 as of_n};

use super::field::{FieldElement, P};
use super::limbs::{self, Limbs};
use super::numbers::{Numbers, rounds};
use super::scalar::{N, Scalar};

/// Sum, difference, product, square of the first and its negative, by fiat-crypto.
macro_rules! verified {
    ($name:ident, $module:ident, $plain:ident, $domain:ident, $to:ident, $from:ident, $add:ident,
     $sub:ident, $mul:ident, $square:ident, $opp:ident) => {
        fn $name(a: &Limbs, b: &Limbs) -> [Limbs; 5] {
            use $module::*;
            let enter = |limbs: &Limbs| {
                let mut out = $domain([0; 4]);
                $to(&mut out, &$plain(*limbs));
                out
            };
            let leave = |value: $domain| {
                let mut out = $plain([0; 4]);
                $from(&mut out, &value);
                out.0
            };
            let (a, b) = (enter(a), enter(b));
            let mut results = [$domain([0; 4]); 5];
            $add(&mut results[0], &a, &b);
            $sub(&mut results[1], &a, &b);
            $mul(&mut results[2], &a, &b);
            $square(&mut results[3], &a);
            $opp(&mut results[4], &a);
            results.map(leave)
        }
    };
}

verified!(
    mod_p,
    of_p,
    fiat_secp256k1_montgomery_non_montgomery_domain_field_element,
    fiat_secp256k1_montgomery_montgomery_domain_field_element,
    fiat_secp256k1_montgomery_to_montgomery,
    fiat_secp256k1_montgomery_from_montgomery,
    fiat_secp256k1_montgomery_add,
    fiat_secp256k1_montgomery_sub,
    fiat_secp256k1_montgomery_mul,
    fiat_secp256k1_montgomery_square,
    fiat_secp256k1_montgomery_opp
);
verified!(
    mod_n,
    of_n,
    fiat_secp256k1_montgomery_scalar_non_montgomery_domain_field_element,
    fiat_secp256k1_montgomery_scalar_montgomery_domain_field_element,
    fiat_secp256k1_montgomery_scalar_to_montgomery,
    fiat_secp256k1_montgomery_scalar_from_montgomery,
    fiat_secp256k1_montgomery_scalar_add,
    fiat_secp256k1_montgomery_scalar_sub,
    fiat_secp256k1_montgomery_scalar_mul,
    fiat_secp256k1_montgomery_scalar_square,
    fiat_secp256k1_montgomery_scalar_opp
);

/// The number mod a modulus above 2^255.
fn reduced(limbs: &Limbs, modulus: &Limbs) -> Limbs {
    let (less, below) = limbs::sub(limbs, modulus);
    if below { *limbs } else { less }
}

fn words(limbs: Limbs) -> [u64; 4] {
    [limbs[3], limbs[2], limbs[1], limbs[0]]
}

fn field(limbs: &Limbs) -> FieldElement {
    FieldElement::from_words(words(*limbs))
}

fn bytes(limbs: &Limbs) -> [u8; 32] {
    limbs::to_be_bytes(limbs)
}

/// Seven operations a round.
#[test]
fn field_operations() {
    let mut numbers = Numbers::new(11);
    for _ in 0..rounds(10_000) {
        let (a, b) = (numbers.limbs(), numbers.limbs());
        let expected = mod_p(&reduced(&a, &P), &reduced(&b, &P));
        let (x, y) = (field(&a), field(&b));
        let ours = [x.add(y), x.sub(y), x.mul(y), x.square(), x.negate()];
        for (operation, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            assert_eq!(ours.to_be_bytes(), bytes(expected), "{operation} of {a:x?} {b:x?}");
            assert_eq!(ours.is_zero(), *expected == [0; 4], "{operation} of {a:x?} {b:x?}");
            assert_eq!(ours.is_zero_vartime(), ours.is_zero(), "{operation} of {a:x?} {b:x?}");
            assert_eq!(ours.is_odd(), expected[0] & 1 == 1, "{operation} of {a:x?} {b:x?}");
        }
        let [_, _, product, square, _] = expected;
        let [_, difference, ..] = mod_p(&product, &square);
        assert_eq!(x.mul_sub(y, x, x).to_be_bytes(), bytes(&difference), "{a:x?} {b:x?}");
        assert_eq!(x.mul_sub_square(y, x).to_be_bytes(), bytes(&difference), "{a:x?} {b:x?}");
    }
}

/// Five operations a round.
#[test]
fn scalar_operations() {
    let mut numbers = Numbers::new(12);
    for _ in 0..rounds(10_000) {
        let (a, b) = (numbers.limbs(), numbers.limbs());
        let (small_a, small_b) = (reduced(&a, &N), reduced(&b, &N));
        let expected = mod_n(&small_a, &small_b);
        let (x, too_large) = Scalar::reduce(&bytes(&a));
        let (y, _) = Scalar::reduce(&bytes(&b));
        assert_eq!((x.limbs(), too_large), (&small_a, limbs::mask(small_a != a)));
        let ours = [x.add(&y), x.add(&y.negate()), x.mul(&y), x.mul(&x), x.negate()];
        for (operation, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            assert_eq!(ours.limbs(), expected, "{operation} of {a:x?} {b:x?}");
            assert_eq!(ours.is_zero(), *expected == [0; 4], "{operation} of {a:x?} {b:x?}");
            // Above (n - 1) / 2 just if twice the number is n or more.
            let (double, carry) = limbs::add(expected, expected);
            let high = carry || !limbs::sub(&double, &N).1;
            assert_eq!(ours.high_mask(), limbs::mask(high), "{operation} of {a:x?} {b:x?}");
        }
    }
}

#[test]
fn inverses_halves_and_roots() {
    let mut numbers = Numbers::new(13);
    let one = [1, 0, 0, 0];
    for _ in 0..rounds(1_000) {
        let a = numbers.limbs();
        let (x, small) = (field(&a), reduced(&a, &P));
        let inverse = x.invert();
        assert_eq!(inverse.to_be_bytes(), x.invert_vartime().to_be_bytes(), "{a:x?}");
        let expected = if small == [0; 4] { [0; 4] } else { one };
        assert_eq!(x.mul(inverse).to_be_bytes(), bytes(&expected), "{a:x?}");
        let half = limbs::from_be_bytes(&x.half().to_be_bytes());
        assert_eq!(mod_p(&half, &half)[0], small, "{a:x?}");

        // Of a number that is not zero and its negative, one is a square.
        let square = x.square();
        let root = square.sqrt_vartime().unwrap();
        assert!(root.sub(x).is_zero() || root.add(x).is_zero(), "{a:x?}");
        assert_eq!(square.negate().sqrt_vartime().is_some(), small == [0; 4], "{a:x?}");

        let y = field(&numbers.limbs());
        let (x, _) = Scalar::reduce(&bytes(&a));
        let (of_y, inverse) = y.invert_with(&x);
        assert_eq!(of_y.to_be_bytes(), y.invert().to_be_bytes(), "{a:x?}");
        assert_eq!(inverse, x.invert_vartime(), "{a:x?}");
        let expected = if x.is_zero() { [0; 4] } else { one };
        assert_eq!(mod_n(x.limbs(), inverse.limbs())[2], expected, "{a:x?}");
    }
}
