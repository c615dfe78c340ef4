//! A session key: what it is for, its public key, and what signs.

use ed25519_dalek::{Signer as _, SigningKey};
use opsign_core::{CheckedSignature, Signer as _, hazmat};
use opsign_keys::Secret;
use zeroize::Zeroizing;

use crate::blake2::blake2_256;
use crate::key_type::KeyType;
use crate::public_key::PublicKey;
use crate::scheme::Scheme;
use crate::sr25519::Sr25519;
use crate::transcript::VrfSignature;

/// A key of one type in one scheme. It cannot be printed, cloned or compared.
pub struct SessionKey {
    key_type: KeyType,
    public: PublicKey,
    pair: Pair,
}

/// The key proper.
pub(crate) enum Pair {
    Sr25519(Box<Sr25519>),
    Ed25519(Box<SigningKey>),
    Ecdsa(Secret),
}

/// The key made a signature that it does not verify: a fault of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faulty;

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the signature that was made does not verify, and is not given out")
    }
}

impl std::error::Error for Faulty {}

impl SessionKey {
    pub(crate) fn new(key_type: KeyType, pair: Pair) -> Self {
        let public = pair.public();
        Self { key_type, public, pair }
    }

    /// From the 32 bytes that [`SessionKey::secret`] gives; none if they are no key.
    pub(crate) fn from_secret(
        key_type: KeyType,
        scheme: Scheme,
        secret: &[u8; 32],
    ) -> Option<Self> {
        let pair = match scheme {
            Scheme::Sr25519 => Pair::Sr25519(Box::new(Sr25519::from_scalar(secret)?)),
            Scheme::Ed25519 => Pair::Ed25519(Box::new(SigningKey::from_bytes(secret))),
            Scheme::Ecdsa => Pair::Ecdsa(Secret::from_bytes(secret).ok()?),
        };
        Some(Self::new(key_type, pair))
    }

    /// What it is for.
    pub const fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// Its public key.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// All that has to be kept of it: an sr25519 or ECDSA scalar, an ed25519 seed.
    pub(crate) fn secret(&self) -> Zeroizing<[u8; 32]> {
        match &self.pair {
            Pair::Sr25519(pair) => pair.scalar(),
            Pair::Ed25519(pair) => Zeroizing::new(pair.to_bytes()),
            Pair::Ecdsa(secret) => Zeroizing::new(*secret.as_bytes()),
        }
    }

    /// Signs a message as Substrate's `sign_with` does: 64 bytes, or 65 of ECDSA, which signs the
    /// blake2b-256 of it. The same message always gets the same bytes.
    ///
    /// # Errors
    /// [`Faulty`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Faulty> {
        match &self.pair {
            Pair::Sr25519(pair) => {
                pair.sign(message).map(|signature| signature.to_vec()).ok_or(Faulty)
            }
            Pair::Ed25519(pair) => {
                let signature = pair.sign(message);
                pair.verifying_key().verify_strict(message, &signature).map_err(|_| Faulty)?;
                Ok(signature.to_vec())
            }
            Pair::Ecdsa(_) => self.sign_prehashed(&blake2_256(&[message])).unwrap_or(Err(Faulty)),
        }
    }

    /// Signs a hash as it is. None for a key that is not ECDSA's.
    ///
    /// # Errors
    /// [`Faulty`].
    pub fn sign_prehashed(&self, hash: &[u8; 32]) -> Option<Result<Vec<u8>, Faulty>> {
        let Pair::Ecdsa(secret) = &self.pair else { return None };
        let sign = || {
            let hash = hazmat::signing_hash(hash).ok()?;
            let signature = secret.as_secret_key().sign(&hash).ok()?;
            let checked = CheckedSignature::new(&hash, &signature, &secret.address()).ok()?;
            Some(checked.signature().as_bytes().to_vec())
        };
        Some(sign().ok_or(Faulty))
    }

    /// Makes a VRF signature. None for a key that is not sr25519's.
    pub fn vrf_sign(&self, transcript: merlin::Transcript) -> Option<VrfSignature> {
        match &self.pair {
            Pair::Sr25519(pair) => Some(pair.vrf_sign(transcript)),
            _ => None,
        }
    }
}

impl Pair {
    pub(crate) fn public(&self) -> PublicKey {
        let bytes = match self {
            Self::Sr25519(pair) => padded(&pair.public()),
            Self::Ed25519(pair) => padded(pair.verifying_key().as_bytes()),
            Self::Ecdsa(secret) => compressed(secret.as_secret_key().public_key().as_sec1_bytes()),
        };
        PublicKey::of(self.scheme(), bytes)
    }

    const fn scheme(&self) -> Scheme {
        match self {
            Self::Sr25519(_) => Scheme::Sr25519,
            Self::Ed25519(_) => Scheme::Ed25519,
            Self::Ecdsa(_) => Scheme::Ecdsa,
        }
    }
}

fn padded(bytes: &[u8; 32]) -> [u8; 33] {
    let mut all = [0; 33];
    all[..32].copy_from_slice(bytes);
    all
}

/// SEC 1, section 2.3.3: the sign of y, then x.
fn compressed(point: &[u8; 65]) -> [u8; 33] {
    let mut all = [0; 33];
    all[0] = 2 | point[64] & 1;
    all[1..].copy_from_slice(&point[1..33]);
    all
}
