//! ECDSA over our own arithmetic (SEC 1, section 4.1): the engine of 64-bit machines.

use zeroize::Zeroize;

use super::comb::Comb;
use super::field::FieldElement;
use super::nonce::Nonces;
use super::point::{Affine, Xyzz};
use super::scalar::Scalar;
use super::tables::{GENERATOR, GENERATOR_PUBLIC};
use crate::error::Error;

/// A secret scalar from 1 to n - 1, wiped when dropped.
pub(crate) struct SecretScalar(Scalar);

impl SecretScalar {
    pub(crate) fn new(bytes: &[u8; 32]) -> Result<Self, Error> {
        let (scalar, too_large) = Scalar::reduce(bytes);
        // The key is refused, so telling which way tells nothing of a key in use.
        if too_large != 0 {
            Err(Error::SecretKeyTooLarge)
        } else if scalar.is_zero() {
            Err(Error::SecretKeyZero)
        } else {
            Ok(Self(scalar))
        }
    }

    /// The public point, SEC 1 uncompressed.
    pub(crate) fn public_point(&self) -> [u8; 65] {
        let mut point = GENERATOR.multiply(&self.0);
        let bytes = point.to_affine().to_bytes();
        point.wipe();
        bytes
    }

    /// `r ‖ s` with low s, and the recovery id 0 to 3.
    pub(crate) fn sign(&self, hash: &[u8; 32]) -> ([u8; 64], u8) {
        let (hash, _) = Scalar::reduce(hash);
        let mut nonces = Nonces::new(&self.0, &hash);
        loop {
            let mut nonce = nonces.next();
            let mut point = GENERATOR.multiply(&nonce);
            let (zzz_inverse, mut inverse) = point.zzz.invert_with(&nonce);
            // From here on the point is public: it is published as r and the recovery id.
            let affine = point.scaled(zzz_inverse);
            let (r, reduced) = Scalar::reduce(&affine.x.to_be_bytes());
            let mut rd_plus_z = r.mul(&self.0).add(&hash);
            let s = inverse.mul(&rd_plus_z);
            point.wipe();
            for secret in [&mut nonce, &mut inverse, &mut rd_plus_z] {
                secret.zeroize();
            }
            let high = s.high_mask();
            let low_s = Scalar::select(high, &s, &s.negate());
            // Never zero but for odds of 2^-256, and published.
            if r.is_zero() || low_s.is_zero() {
                continue;
            }
            let y_parity = u8::from(affine.y.is_odd()) ^ (high & 1) as u8;
            let mut rs = [0; 64];
            rs[..32].copy_from_slice(&r.to_be_bytes());
            rs[32..].copy_from_slice(&low_s.to_be_bytes());
            return (rs, y_parity | (reduced & 2) as u8);
        }
    }
}

impl Drop for SecretScalar {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A public key with the table of its multiples, 262 KB.
pub(crate) struct KnownSigner {
    pub(super) table: Comb<32, 128>,
}

impl KnownSigner {
    /// Nobody: to learn of one later.
    pub(crate) const UNSET: Self = Self { table: Comb::UNSET };

    /// The signer whose public point, SEC 1 uncompressed, this is: one that [`decode_point`] or this
    /// engine made.
    pub(crate) fn new(point: &[u8; 65]) -> Self {
        let mut signer = Self::UNSET;
        signer.learn(point);
        signer
    }

    /// Makes this the signer of another such point.
    pub(crate) fn learn(&mut self, point: &[u8; 65]) {
        if let Some(point) = read_point(point) {
            self.table.fill(&point);
        }
    }

    /// Whether [`super::recover_vartime`] would give this signer's point.
    ///
    /// Recovery asks for the Q with `s R = z G + r Q`, R being the point that r and the recovery id
    /// name. So Q is this key just if `(z/s) G + (r/s) Q` is that R: it has its x and its parity of
    /// y. Whatever names no R at all, such as an r + n not below p, equals no sum either.
    pub(crate) fn verify_vartime(&self, hash: &[u8; 32], rs: &[u8; 64], recovery_id: u8) -> bool {
        let Some((r, s)) = read_scalars(rs) else { return false };
        let Some(x) = nonce_x(&r, recovery_id) else { return false };
        self.y_parity(hash, &r, &s, x) == Some(recovery_id & 1)
    }

    /// The recovery id, 0 or 1, with which [`KnownSigner::verify_vartime`] says yes.
    pub(crate) fn recovery_id_vartime(&self, hash: &[u8; 32], rs: &[u8; 64]) -> Option<u8> {
        let (r, s) = read_scalars(rs)?;
        self.y_parity(hash, &r, &s, nonce_x(&r, 0)?)
    }

    /// The parity of y of `(z/s) G + (r/s) Q`, if that point has this x.
    fn y_parity(&self, hash: &[u8; 32], r: &Scalar, s: &Scalar, x: FieldElement) -> Option<u8> {
        let (z, _) = Scalar::reduce(hash);
        let inverse = s.invert_vartime();
        let sum = GENERATOR_PUBLIC.add_multiple_vartime(Xyzz::INFINITY, &z.mul(&inverse));
        let sum = self.table.add_multiple_vartime(sum, &r.mul(&inverse));
        if sum.is_infinity() || !x.mul(sum.zz).sub(sum.x).is_zero_vartime() {
            return None;
        }
        let y = sum.y.mul(sum.zzz.invert_vartime());
        Some(u8::from(y.is_odd()))
    }
}

/// Replaces s by the lower of s and n - s. `None` if r or s is out of range.
pub(crate) fn normalize_s(rs: &[u8; 64]) -> Option<[u8; 64]> {
    let (_, s) = read_scalars(rs)?;
    let mut low = *rs;
    low[32..].copy_from_slice(&Scalar::select(s.high_mask(), &s, &s.negate()).to_be_bytes());
    Some(low)
}

/// Reads a SEC 1 point of 33 or 65 bytes and gives its uncompressed form.
pub(crate) fn decode_point(bytes: &[u8]) -> Result<[u8; 65], Error> {
    let point = match (bytes.len(), bytes.first()) {
        (33, Some(form @ (2 | 3))) => bytes[1..]
            .try_into()
            .ok()
            .and_then(FieldElement::from_be_bytes)
            .and_then(|x| Affine::lift_x_vartime(x, *form == 3)),
        (65, Some(4)) => bytes.try_into().ok().and_then(read_point),
        _ => None,
    };
    point.map(Affine::to_bytes).ok_or(Error::PublicKeyInvalid)
}

fn read_point(bytes: &[u8; 65]) -> Option<Affine> {
    let (x, y) = bytes[1..].split_at(32);
    Affine::from_coordinates_vartime(x.try_into().ok()?, y.try_into().ok()?)
}

/// r and s, each from 1 to n - 1.
pub(super) fn read_scalars(rs: &[u8; 64]) -> Option<(Scalar, Scalar)> {
    let read = |bytes: &[u8]| {
        let (scalar, too_large) = Scalar::reduce(bytes.try_into().ok()?);
        (too_large == 0 && !scalar.is_zero()).then_some(scalar)
    };
    Some((read(&rs[..32])?, read(&rs[32..])?))
}

/// The x coordinate that r and a recovery id from 0 to 3 name: r, or r + n, below p.
pub(super) fn nonce_x(r: &Scalar, recovery_id: u8) -> Option<FieldElement> {
    if recovery_id > 3 {
        return None;
    }
    FieldElement::from_scalar_vartime(r, recovery_id & 2 != 0)
}
