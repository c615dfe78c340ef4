//! Checking many signatures of one signer.

use crate::curve::{self, KnownSigner, MANY, Signed};
use crate::error::Error;
use crate::key::{Address, PublicKey};
use crate::payload::SigningHash;
use crate::sign::{CheckedSignature, Signature, verify_signing_hash};

/// Checks signatures of one public key, faster than recovering their signer.
///
/// Its answers are those of [`verify_signing_hash`] for the key's address, errors too, whatever the
/// signature; only sound signatures are faster, in about a third of the time. With the feature
/// `fast` on a 64-bit machine it is a table of 262 KB that takes about a millisecond to make, and
/// twice that memory on the stack meanwhile: keep it in a `Box` or a `static`. Otherwise it is the
/// key, and as slow as recovery.
///
/// ```
/// use opsign_core::{ChainId, PayloadHash, SecretKey, Signer, Verifier, payload_signing_hash};
///
/// # fn main() -> Result<(), opsign_core::Error> {
/// let key = SecretKey::from_bytes(&[1; 32])?;
/// let verifier = Box::new(Verifier::new(key.public_key()));
///
/// let hash = payload_signing_hash(&ChainId::from(10), &PayloadHash::of(b"payload"));
/// verifier.verify(&hash, &key.sign(&hash)?)?;
/// # Ok(())
/// # }
/// ```
pub struct Verifier {
    signer: KnownSigner,
    address: Address,
}

impl Verifier {
    /// Makes the table.
    pub fn new(key: &PublicKey) -> Self {
        Self { signer: KnownSigner::new(&key.point), address: key.address() }
    }

    /// The address of the key.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Checks that the key signed `hash`. Variable time: all is public.
    ///
    /// # Errors
    /// [`Error::SignatureNotRecoverable`]; [`Error::WrongSigner`] with the address that did sign,
    /// for which that one is recovered.
    pub fn verify(&self, hash: &SigningHash, signature: &Signature) -> Result<(), Error> {
        self.check(hash, signature).map(|_| ())
    }

    /// As [`Verifier::verify`], with a value that shows that the check was made.
    ///
    /// # Errors
    /// The same.
    pub fn check(
        &self,
        hash: &SigningHash,
        signature: &Signature,
    ) -> Result<CheckedSignature, Error> {
        let (rs, recovery_id) = signature.parts();
        if self.signer.verify_vartime(hash.as_bytes(), &rs, recovery_id) {
            Ok(CheckedSignature::checked(hash, signature, &self.address))
        } else {
            CheckedSignature::new(hash, signature, &self.address)
        }
    }

    /// As [`Verifier::verify`] of each: `verdict` is called once for each, in order.
    ///
    /// With the feature `fast` on a 64-bit machine 16 are checked at a time, each in six to seven tenths
    /// of the time, on 90 KB of stack.
    ///
    /// ```
    /// # use opsign_core::{ChainId, PayloadHash, SecretKey, Signer, Verifier, payload_signing_hash};
    /// # fn main() -> Result<(), opsign_core::Error> {
    /// # let key = SecretKey::from_bytes(&[1; 32])?;
    /// # let hash = payload_signing_hash(&ChainId::from(10), &PayloadHash::of(b"payload"));
    /// # let other = payload_signing_hash(&ChainId::from(10), &PayloadHash::of(b"other"));
    /// # let signature = key.sign(&hash)?;
    /// let verifier = Box::new(Verifier::new(key.public_key()));
    /// let mut verdicts = Vec::new();
    /// verifier.verify_many(&[(hash, signature), (other, signature)], |v| verdicts.push(v));
    /// assert!(verdicts[0].is_ok() && verdicts[1].is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn verify_many(
        &self,
        signed: &[(SigningHash, Signature)],
        mut verdict: impl FnMut(Result<(), Error>),
    ) {
        for some in signed.chunks(MANY) {
            const NONE: Signed = Signed { hash: [0; 32], rs: [0; 64], recovery_id: 0 };
            let mut parts = [NONE; MANY];
            for (part, (hash, signature)) in parts.iter_mut().zip(some) {
                let (rs, recovery_id) = signature.parts();
                *part = Signed { hash: *hash.as_bytes(), rs, recovery_id };
            }
            let sound = self.signer.verify_many_vartime(&parts[..some.len()]);
            for ((hash, signature), sound) in some.iter().zip(sound) {
                verdict(if sound {
                    Ok(())
                } else {
                    verify_signing_hash(hash, signature, &self.address)
                });
            }
        }
    }

    /// Finishes a bare `r ‖ s` as [`Signature::from_token`] does, whose answers and errors it has,
    /// by one check where that one tries recovery ids. Variable time: all is public.
    ///
    /// # Errors
    /// Those of [`Signature::from_token`].
    pub fn finish(&self, hash: &SigningHash, rs: &[u8; 64]) -> Result<CheckedSignature, Error> {
        let low = curve::normalize_s(rs);
        let id = low.and_then(|low| self.signer.recovery_id_vartime(hash.as_bytes(), &low));
        match (low, id) {
            (Some(low), Some(id)) => Signature::new_low_s(low, id)
                .map(|signature| CheckedSignature::checked(hash, &signature, &self.address)),
            _ => CheckedSignature::from_token(hash, rs, &self.address),
        }
    }
}

/// A [`Verifier`] for a signer of whom only the address is known: it recovers the key from the first
/// sound signature, and makes the table then.
pub struct AddressVerifier {
    verifier: Verifier,
    knows_key: bool,
}

impl AddressVerifier {
    /// Knows no key yet.
    pub const fn new(address: Address) -> Self {
        Self { verifier: Verifier { signer: KnownSigner::UNSET, address }, knows_key: false }
    }

    /// Another address; for the same one nothing changes.
    pub fn set_address(&mut self, address: Address) {
        if address != self.verifier.address {
            self.verifier.address = address;
            self.knows_key = false;
        }
    }

    /// The address.
    pub const fn address(&self) -> &Address {
        &self.verifier.address
    }

    /// Checks that the address signed `hash`.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify(&mut self, hash: &SigningHash, signature: &Signature) -> Result<(), Error> {
        if self.knows_key {
            return self.verifier.verify(hash, signature);
        }
        verify_signing_hash(hash, signature, &self.verifier.address)?;
        // In its place: nothing of the table's size on the stack.
        self.verifier.signer.learn(&signature.recover(hash)?.point);
        self.knows_key = true;
        Ok(())
    }

    /// As [`AddressVerifier::verify`] of each: `verdict` is called once for each, in order.
    pub fn verify_many(
        &mut self,
        signed: &[(SigningHash, Signature)],
        mut verdict: impl FnMut(Result<(), Error>),
    ) {
        let mut rest = signed;
        while let [(hash, signature), behind @ ..] = rest {
            if self.knows_key {
                return self.verifier.verify_many(rest, verdict);
            }
            verdict(self.verify(hash, signature));
            rest = behind;
        }
    }
}
