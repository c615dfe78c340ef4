//! The 65-byte recoverable signature: making, reading, recovering, verifying.

use core::fmt;

use crate::chain_id::ChainId;
use crate::curve;
use crate::error::{Error, Field};
use crate::hex;
use crate::key::{Address, PublicKey};
use crate::payload::{PayloadHash, SigningHash, payload_signing_hash};

/// Something that holds a key and signs: a [`crate::SecretKey`], a key in an HSM.
pub trait Signer {
    /// What can go wrong.
    type Error;

    /// Signs; the result is low-s and recovers to [`Signer::address`].
    ///
    /// # Errors
    /// The backend's own kinds. On an error nothing was released.
    fn sign(&self, hash: &SigningHash) -> Result<Signature, Self::Error>;

    /// The address that every signature recovers to.
    fn address(&self) -> Address;
}

/// Which signatures are well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Rules {
    /// Low s only (EIP-2), y_parity 0 or 1: what opsign makes, and the default for checking it.
    #[default]
    Strict,
    /// What op-node's check (go-ethereum's `SigToPub`) accepts: high s too, recovery ids 0 to 3.
    Consensus,
}

/// A well-formed recoverable signature, `r[32] ‖ s[32] ‖ y_parity[1]`.
///
/// r and s are between 1 and n - 1. Read under [`Rules::Strict`], s is at most (n - 1) / 2 and the
/// last byte is 0 or 1. Signatures that opsign makes are always strict.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 65]);

impl Signature {
    /// Reads 65 bytes.
    ///
    /// A last byte of 27 or 28 (the form of older Ethereum RPCs) is refused, as op-node refuses it.
    ///
    /// # Errors
    /// In this order: a length other than 65; r zero or not below n; s zero or not below n; under
    /// [`Rules::Strict`] a high s; a last byte out of range.
    pub fn from_bytes(bytes: &[u8], rules: Rules) -> Result<Self, Error> {
        let bytes = Error::check_length::<65>(Field::Signature, bytes)?;
        let (r, s) = (&bytes[..32], &bytes[32..64]);
        check_scalar(r, Error::SignatureRZero, Error::SignatureRTooLarge)?;
        check_scalar(s, Error::SignatureSZero, Error::SignatureSTooLarge)?;
        let largest_id = match rules {
            Rules::Strict if s > &curve::HALF_ORDER[..] => return Err(Error::SignatureSHigh),
            Rules::Strict => 1,
            Rules::Consensus => 3,
        };
        if bytes[64] > largest_id {
            return Err(Error::SignatureYParity { value: bytes[64] });
        }
        Ok(Self(*bytes))
    }

    /// Reads 130 hex digits, with or without `0x`.
    ///
    /// # Errors
    /// The kinds of [`hex::decode`] and of [`Signature::from_bytes`].
    pub fn from_hex(text: &str, rules: Rules) -> Result<Self, Error> {
        Self::from_bytes(&hex::decode::<65>(Field::Signature, text)?, rules)
    }

    /// Reads 65 bytes as wallets write them under messages: strict, and a last byte of 27 or 28
    /// stands for y_parity 0 or 1.
    ///
    /// # Errors
    /// Those of [`Signature::from_bytes`] with [`Rules::Strict`].
    pub fn from_wallet_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut bytes = *Error::check_length::<65>(Field::Signature, bytes)?;
        if let 27 | 28 = bytes[64] {
            bytes[64] -= 27;
        }
        Self::from_bytes(&bytes, Rules::Strict)
    }

    /// Finishes a bare `r ‖ s`, as a PKCS#11 token gives it, and checks it against the key that
    /// was meant to sign: s made low, the recovery id found, the signer compared.
    ///
    /// # Errors
    /// r or s out of range, or [`Error::WrongSigner`] if no recovery id leads to `expected`.
    pub fn from_token(
        hash: &SigningHash,
        rs: &[u8; 64],
        expected: &Address,
    ) -> Result<Self, Error> {
        check_scalar(&rs[..32], Error::SignatureRZero, Error::SignatureRTooLarge)?;
        check_scalar(&rs[32..], Error::SignatureSZero, Error::SignatureSTooLarge)?;
        let rs = curve::normalize_s(rs).ok_or(Error::SignatureNotRecoverable)?;
        let mut outcome = Err(Error::SignatureNotRecoverable);
        for y_parity in 0..=1 {
            let Some(point) = curve::recover_vartime(hash.as_bytes(), &rs, y_parity) else {
                continue;
            };
            let recovered = PublicKey { point }.address();
            if recovered == *expected {
                return Self::new_low_s(rs, y_parity);
            }
            outcome = Err(Error::WrongSigner { recovered, expected: *expected });
        }
        outcome
    }

    pub(crate) fn new_low_s(rs: [u8; 64], recovery_id: u8) -> Result<Self, Error> {
        if recovery_id > 1 {
            return Err(Error::SignatureNotRecoverable);
        }
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&rs);
        bytes[64] = recovery_id;
        Ok(Self(bytes))
    }

    /// The 65 bytes `r ‖ s ‖ y_parity`.
    pub const fn as_bytes(&self) -> &[u8; 65] {
        &self.0
    }

    /// The 65 bytes as wallets write them under messages: `r ‖ s ‖ 27 + recovery id`.
    pub const fn to_wallet_bytes(&self) -> [u8; 65] {
        let mut bytes = self.0;
        bytes[64] += 27;
        bytes
    }

    /// The recovery id: 0 or 1 (y_parity), or under [`Rules::Consensus`] up to 3.
    pub const fn recovery_id(&self) -> u8 {
        self.0[64]
    }

    /// `r ‖ s` and the recovery id.
    pub(crate) fn parts(&self) -> ([u8; 64], u8) {
        let mut rs = [0; 64];
        rs.copy_from_slice(&self.0[..64]);
        (rs, self.0[64])
    }

    /// The public key that made this signature over `hash`. Variable time: all is public.
    ///
    /// # Errors
    /// [`Error::SignatureNotRecoverable`] if r is no x coordinate of the curve or the result is
    /// the point at infinity (SEC 1, section 4.1.6).
    pub fn recover(&self, hash: &SigningHash) -> Result<PublicKey, Error> {
        let (rs, recovery_id) = self.parts();
        curve::recover_vartime(hash.as_bytes(), &rs, recovery_id)
            .map(|point| PublicKey { point })
            .ok_or(Error::SignatureNotRecoverable)
    }
}

/// A signature, what it is over and who made it. Only a check makes one, so nobody who is given one
/// has to check again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedSignature {
    hash: SigningHash,
    signer: Address,
    signature: Signature,
}

impl CheckedSignature {
    /// Checks by recovery; [`crate::Verifier::check`] is faster.
    ///
    /// # Errors
    /// As [`verify_signing_hash`].
    pub fn new(hash: &SigningHash, signature: &Signature, signer: &Address) -> Result<Self, Error> {
        verify_signing_hash(hash, signature, signer)?;
        Ok(Self::checked(hash, signature, signer))
    }

    /// After a check.
    pub(crate) const fn checked(
        hash: &SigningHash,
        signature: &Signature,
        signer: &Address,
    ) -> Self {
        Self { hash: *hash, signer: *signer, signature: *signature }
    }

    /// Finishes a bare `r ‖ s` as [`Signature::from_token`] does, which checks it.
    ///
    /// # Errors
    /// Those of [`Signature::from_token`].
    pub fn from_token(hash: &SigningHash, rs: &[u8; 64], signer: &Address) -> Result<Self, Error> {
        let signature = Signature::from_token(hash, rs, signer)?;
        Ok(Self::checked(hash, &signature, signer))
    }

    /// Asks k256 as well, which shares no arithmetic with the engine that is used where the feature
    /// `fast` meets a 64-bit machine; elsewhere k256 is that engine. Needs the feature
    /// `second-opinion`, and five to seven times as long as the check of a [`crate::Verifier`]. Variable
    /// time: all is public.
    ///
    /// # Errors
    /// [`Error::SignatureNotRecoverable`] or [`Error::WrongSigner`]: one of the two engines is wrong,
    /// and the signature must not be used.
    #[cfg(any(test, feature = "second-opinion"))]
    pub fn ask_k256(&self) -> Result<(), Error> {
        let (rs, recovery_id) = self.signature.parts();
        let point = curve::recover_by_k256_vartime(self.hash.as_bytes(), &rs, recovery_id);
        is_signer(PublicKey { point: point.ok_or(Error::SignatureNotRecoverable)? }, &self.signer)
    }

    /// What was signed.
    pub const fn hash(&self) -> &SigningHash {
        &self.hash
    }

    /// Who signed it.
    pub const fn signer(&self) -> &Address {
        &self.signer
    }

    /// The signature.
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

/// Signs a block payload: [`payload_signing_hash`], then [`Signer::sign`].
///
/// # Errors
/// The signer's own kinds.
pub fn sign_payload<S: Signer + ?Sized>(
    signer: &S,
    chain_id: &ChainId,
    payload_hash: &PayloadHash,
) -> Result<Signature, S::Error> {
    signer.sign(&payload_signing_hash(chain_id, payload_hash))
}

/// The address that signed a block payload.
///
/// # Errors
/// [`Error::SignatureNotRecoverable`].
pub fn recover_signer(
    chain_id: &ChainId,
    payload_hash: &PayloadHash,
    signature: &Signature,
) -> Result<Address, Error> {
    let hash = payload_signing_hash(chain_id, payload_hash);
    signature.recover(&hash).map(|key| key.address())
}

/// Checks that `address` signed a block payload.
///
/// # Errors
/// [`Error::SignatureNotRecoverable`]; [`Error::WrongSigner`] with the address that did sign.
pub fn verify_payload(
    chain_id: &ChainId,
    payload_hash: &PayloadHash,
    signature: &Signature,
    address: &Address,
) -> Result<(), Error> {
    verify_signing_hash(&payload_signing_hash(chain_id, payload_hash), signature, address)
}

/// Checks that `address` signed `hash`.
///
/// # Errors
/// As [`verify_payload`].
pub fn verify_signing_hash(
    hash: &SigningHash,
    signature: &Signature,
    address: &Address,
) -> Result<(), Error> {
    is_signer(signature.recover(hash)?, address)
}

fn is_signer(key: PublicKey, address: &Address) -> Result<(), Error> {
    let recovered = key.address();
    if recovered == *address {
        Ok(())
    } else {
        Err(Error::WrongSigner { recovered, expected: *address })
    }
}

fn check_scalar(bytes: &[u8], zero: Error, too_large: Error) -> Result<(), Error> {
    if bytes.iter().all(|byte| *byte == 0) {
        Err(zero)
    } else if bytes >= &curve::ORDER[..] {
        Err(too_large)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SecretKey, hazmat};

    #[test]
    fn k256_finds_what_a_wrong_check_let_pass() {
        let key = SecretKey::from_bytes(&[1; 32]).unwrap();
        let hash = hazmat::signing_hash(&[2; 32]).unwrap();
        let signature = key.sign(&hash).unwrap();
        let checked = |signature, signer| CheckedSignature::checked(&hash, &signature, &signer);
        assert_eq!(checked(signature, key.address()).ask_k256(), Ok(()));

        let expected = Address::from_bytes([3; 20]);
        let wrong = Error::WrongSigner { recovered: key.address(), expected };
        assert_eq!(checked(signature, expected).ask_k256(), Err(wrong));
        for at in 0..64 {
            let mut bytes = *signature.as_bytes();
            bytes[at] ^= 1;
            let answer = checked(Signature(bytes), key.address()).ask_k256();
            assert!(
                matches!(answer, Err(Error::WrongSigner { .. } | Error::SignatureNotRecoverable)),
                "byte {at}: {answer:?}"
            );
        }
        // 5 is no x coordinate of the curve.
        let mut bytes = *signature.as_bytes();
        bytes[..32].fill(0);
        bytes[31] = 5;
        let answer = checked(Signature(bytes), key.address()).ask_k256();
        assert_eq!(answer, Err(Error::SignatureNotRecoverable));
    }
}
