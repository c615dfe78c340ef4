//! A key that signs: one of the folder, in memory, or one in a token.

use std::fmt;
use std::sync::Arc;

use opsign_hsm::{Ed25519, ErrorKind, TokenKey};
use tokio::time::Instant;

use crate::key_folder::Held;
use crate::key_type::KeyType;
use crate::public_key::PublicKey;
use crate::scheme::Scheme;
use crate::session_key::{Faulty, SessionKey};
use crate::transcript::VrfSignature;

/// A key, whose it is, and what signs.
pub(crate) struct Kept {
    key_type: KeyType,
    public: PublicKey,
    owner: Option<String>,
    place: Place,
}

enum Place {
    Folder(Box<SessionKey>),
    Token(Arc<TokenKey<Ed25519>>),
}

/// Why a key has not signed.
#[derive(Debug)]
pub(crate) enum NotSigned {
    /// Keys of this kind do not sign so.
    NotSupported,
    /// What came of it is no signature of the key.
    Faulty(Faulty),
    /// The key's token cannot sign now, or not in time.
    Away(String),
}

impl Kept {
    pub(crate) fn in_folder(held: Held) -> Self {
        Self {
            key_type: held.key.key_type(),
            public: *held.key.public(),
            owner: held.owner,
            place: Place::Folder(Box::new(held.key)),
        }
    }

    pub(crate) fn in_token(
        key_type: KeyType,
        owner: Option<String>,
        key: Arc<TokenKey<Ed25519>>,
    ) -> Self {
        let mut bytes = [0; 33];
        bytes[..32].copy_from_slice(key.public().as_bytes());
        let public = PublicKey::of(Scheme::Ed25519, bytes);
        Self { key_type, public, owner, place: Place::Token(key) }
    }

    pub(crate) const fn key_type(&self) -> KeyType {
        self.key_type
    }

    pub(crate) const fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// The token's side of it, for a key in one.
    pub(crate) const fn token(&self) -> Option<&Arc<TokenKey<Ed25519>>> {
        match &self.place {
            Place::Folder(_) => None,
            Place::Token(key) => Some(key),
        }
    }

    /// As [`SessionKey::sign`]. A token is waited for until the deadline, off this thread.
    pub(crate) async fn sign(
        &self,
        message: &[u8],
        deadline: Instant,
    ) -> Result<Vec<u8>, NotSigned> {
        match &self.place {
            Place::Folder(key) => key.sign(message).map_err(NotSigned::Faulty),
            Place::Token(key) => match key.sign(message, deadline).await {
                Ok(signature) => Ok(signature.to_vec()),
                Err(error) if error.kind() == ErrorKind::WrongSignature => {
                    tracing::error!(key = %key.place(), "ALARM: {error}");
                    Err(NotSigned::Faulty(Faulty))
                }
                Err(error) => Err(NotSigned::Away(error.to_string())),
            },
        }
    }

    /// As [`SessionKey::sign_prehashed`].
    pub(crate) fn sign_prehashed(&self, hash: &[u8; 32]) -> Result<Vec<u8>, NotSigned> {
        match &self.place {
            Place::Folder(key) => {
                key.sign_prehashed(hash).ok_or(NotSigned::NotSupported)?.map_err(NotSigned::Faulty)
            }
            Place::Token(_) => Err(NotSigned::NotSupported),
        }
    }

    /// As [`SessionKey::vrf_sign`].
    pub(crate) fn vrf_sign(&self, transcript: merlin::Transcript) -> Option<VrfSignature> {
        match &self.place {
            Place::Folder(key) => key.vrf_sign(transcript),
            Place::Token(_) => None,
        }
    }
}

/// As `check-config` shows it.
impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = self.owner().unwrap_or("nobody's but by publicKeys");
        write!(f, "key {} {} {}: {owner}", self.key_type, self.public.scheme(), self.public)?;
        match self.token() {
            Some(key) => write!(f, " ({})", key.place()),
            None => Ok(()),
        }
    }
}
