//! ECDSA over the k256 crate.

use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};

use super::{MANY, Signed};
use crate::error::Error;

/// A secret scalar from 1 to n - 1, wiped when dropped.
pub(crate) struct SecretScalar(SigningKey);

impl SecretScalar {
    pub(crate) fn new(bytes: &[u8; 32]) -> Result<Self, Error> {
        SigningKey::from_slice(bytes).map(Self).map_err(|_| {
            // The key is refused, so telling which way tells nothing of a key in use.
            if *bytes == [0; 32] { Error::SecretKeyZero } else { Error::SecretKeyTooLarge }
        })
    }

    /// The public point, SEC 1 uncompressed.
    pub(crate) fn public_point(&self) -> [u8; 65] {
        encode_point(self.0.verifying_key())
    }

    /// `r ‖ s` with low s, and the recovery id 0 to 3.
    pub(crate) fn sign(&self, hash: &[u8; 32]) -> ([u8; 64], u8) {
        let (signature, recovery_id) = self.0.sign_prehash_recoverable(hash);
        (signature.to_bytes().into(), recovery_id.to_byte())
    }
}

/// A public key.
pub(crate) struct KnownSigner {
    point: [u8; 65],
}

impl KnownSigner {
    /// Nobody: to learn of one later.
    pub(crate) const UNSET: Self = Self { point: [0; 65] };

    /// The signer whose public point, SEC 1 uncompressed, this is.
    pub(crate) fn new(point: &[u8; 65]) -> Self {
        let mut signer = Self::UNSET;
        signer.learn(point);
        signer
    }

    /// Makes this the signer of another such point.
    pub(crate) fn learn(&mut self, point: &[u8; 65]) {
        self.point = *point;
    }

    /// Whether [`recover_vartime`] gives this signer's point.
    pub(crate) fn verify_vartime(&self, hash: &[u8; 32], rs: &[u8; 64], recovery_id: u8) -> bool {
        recover_vartime(hash, rs, recovery_id) == Some(self.point)
    }

    /// [`KnownSigner::verify_vartime`] of each of at most [`MANY`]; false behind the last.
    pub(crate) fn verify_many_vartime(&self, signed: &[Signed]) -> [bool; MANY] {
        let mut verdicts = [false; MANY];
        for (verdict, Signed { hash, rs, recovery_id }) in verdicts.iter_mut().zip(signed) {
            *verdict = self.verify_vartime(hash, rs, *recovery_id);
        }
        verdicts
    }

    /// The recovery id, 0 or 1, with which [`KnownSigner::verify_vartime`] says yes.
    pub(crate) fn recovery_id_vartime(&self, hash: &[u8; 32], rs: &[u8; 64]) -> Option<u8> {
        (0..=1).find(|id| self.verify_vartime(hash, rs, *id))
    }
}

/// Replaces s by the lower of s and n - s. `None` if r or s is out of range.
pub(crate) fn normalize_s(rs: &[u8; 64]) -> Option<[u8; 64]> {
    Some(Signature::from_slice(rs).ok()?.normalize_s().to_bytes().into())
}

/// The public point that made `r ‖ s` over `hash`, SEC 1 uncompressed; high s is fine.
///
/// Variable time: for public data only. `None` if r or s is out of range, r is no x coordinate of
/// the curve, or the result is the point at infinity.
pub(crate) fn recover_vartime(hash: &[u8; 32], rs: &[u8; 64], recovery_id: u8) -> Option<[u8; 65]> {
    let signature = Signature::from_slice(rs).ok()?;
    let recovery_id = RecoveryId::from_byte(recovery_id)?;
    let key = VerifyingKey::recover_from_prehash(hash, &signature, recovery_id).ok()?;
    Some(encode_point(&key))
}

/// Reads a SEC 1 point of 33 or 65 bytes and gives its uncompressed form.
pub(crate) fn decode_point(bytes: &[u8]) -> Result<[u8; 65], Error> {
    let plain = matches!((bytes.len(), bytes.first()), (33, Some(2 | 3)) | (65, Some(4)));
    if !plain {
        return Err(Error::PublicKeyInvalid);
    }
    let key = VerifyingKey::from_sec1_bytes(bytes).map_err(|_| Error::PublicKeyInvalid)?;
    Ok(encode_point(&key))
}

fn encode_point(key: &VerifyingKey) -> [u8; 65] {
    let mut bytes = [0; 65];
    bytes.copy_from_slice(key.to_sec1_point(false).as_bytes());
    bytes
}
