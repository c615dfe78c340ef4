//! The seam behind which secp256k1 arithmetic sits: scalars, points and ECDSA as plain bytes.
//!
//! Nothing outside this file names k256.

use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};

use crate::error::Error;

/// The group order n, big-endian (SEC 2, section 2.4.1).
pub(crate) const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// (n - 1) / 2, the largest low s.
pub(crate) const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

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
