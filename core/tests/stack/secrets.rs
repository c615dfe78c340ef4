//! All that signing computes and must not leave behind, computed once more from RFC 6979.

use hmac::{Hmac, KeyInit, Mac};
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::ops::Reduce;
use k256::{ProjectivePoint, Scalar, U256};
use sha2::Sha256;

/// A key, and the secrets of its signature over one hash; each with its name, big-endian.
pub struct Secrets {
    named: Vec<(&'static str, [u8; 32])>,
    r: [u8; 32],
    low_s: [[u8; 32]; 2],
}

impl Secrets {
    pub fn of(hash: &[u8; 32]) -> Self {
        let key = std::array::from_fn(|at| 0x5a ^ (7 * at + 1) as u8);
        let reduce =
            |bytes: &[u8; 32]| <Scalar as Reduce<U256>>::reduce(&U256::from_be_slice(bytes));
        let z: [u8; 32] = reduce(hash).to_repr().into();

        // RFC 6979, section 3.2, steps b to h; none of these candidates is refused.
        let (k0, v0) = ([0; 32], [1; 32]);
        let k1 = hmac(&k0, &[&v0, &[0], &key, &z]);
        let v1 = hmac(&k1, &[&v0]);
        let k2 = hmac(&k1, &[&v1, &[1], &key, &z]);
        let v2 = hmac(&k2, &[&v1]);
        let nonce = hmac(&k2, &[&v2]);

        let point = (ProjectivePoint::GENERATOR * reduce(&nonce)).to_affine();
        let x: [u8; 32] = point_x(&point);
        let (r, d) = (reduce(&x), reduce(&key));
        let inverse = reduce(&nonce).invert().unwrap();
        let s = inverse * (reduce(&z) + r * d);
        let bytes = |scalar: Scalar| -> [u8; 32] { scalar.to_repr().into() };
        let mut named = vec![
            ("key", key),
            ("nonce", nonce),
            ("inverse of the nonce", bytes(inverse)),
            ("r times key", bytes(r * d)),
            ("s times nonce", bytes(reduce(&z) + r * d)),
        ];
        for (name, value) in [("K1", k1), ("V1", v1), ("K2", k2), ("V2", v2)] {
            named.push((name, value));
            if name.starts_with('K') {
                named.push((name, value.map(|byte| byte ^ 0x36)));
                named.push((name, value.map(|byte| byte ^ 0x5c)));
            }
        }
        Self { named, r: bytes(r), low_s: [bytes(s), bytes(-s)] }
    }

    pub fn key(&self) -> &[u8; 32] {
        &self.named[0].1
    }

    pub fn key_as_hex(&self) -> Box<str> {
        self.key().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// That these are the secrets of a signature that opsign made.
    pub fn check(&self, signature: &[u8; 65]) {
        assert_eq!(signature[..32], self.r);
        assert!(self.low_s.iter().any(|s| signature[32..64] == *s));
    }

    /// The names of the secrets of which eight bytes in a row stand in `memory`.
    pub fn found_in(&self, memory: &[u8]) -> Vec<&'static str> {
        let held = |secret: &[u8; 32]| {
            let pieces = pieces(secret);
            memory.windows(8).any(|window| pieces.iter().any(|piece| piece == window))
        };
        let mut found: Vec<_> =
            self.named.iter().filter(|(_, secret)| held(secret)).map(|(name, _)| *name).collect();
        found.dedup();
        found
    }
}

/// Eight bytes each, in every form in which a number is in memory here: big-endian bytes, words of
/// 64 or 32 bits from the lowest (k256's scalars), words of 32 bits from the highest (SHA-256).
fn pieces(secret: &[u8; 32]) -> Vec<[u8; 8]> {
    let mut from_lowest = *secret;
    from_lowest.reverse();
    let mut from_highest = *secret;
    from_highest.chunks_exact_mut(4).for_each(<[u8]>::reverse);
    let forms = [*secret, from_lowest, from_highest];
    forms.iter().flat_map(|form| form.as_chunks::<8>().0.to_vec()).collect()
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn point_x(point: &k256::AffinePoint) -> [u8; 32] {
    use k256::elliptic_curve::point::AffineCoordinates;
    point.x().into()
}
