//! Ed25519 (RFC 8032, pure): every signature is verified with the key's public half.

use std::fmt;
use std::sync::Arc;

use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use ed25519_dalek::{Signature, VerifyingKey};
use tokio::time::Instant;

use crate::error::Error;
use crate::key::{Curve, Hex, KeyInfo};
use crate::scheme::{Scheme, exact, wrong};
use crate::sign::TokenSigner;
use crate::token_key::TokenKey;

/// Means nothing to anyone.
const TRIAL: &[u8] = b"opsign asks this token for the same signature twice";

/// An Ed25519 key in a token.
pub type Ed25519Signer = TokenSigner<Ed25519>;

/// An Ed25519 public key: a point on the curve, and none of the eight of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ed25519Public(VerifyingKey);

impl Ed25519Public {
    /// From the 32 bytes of RFC 8032, section 5.1.2.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(Self)
    }

    /// The 32 bytes of RFC 8032, section 5.1.2.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Ed25519Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", Hex(self.as_bytes()))
    }
}

impl fmt::Debug for Ed25519Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TokenKey<Ed25519> {
    /// Has something signed that means nothing to anyone. A key that is not used notices so that
    /// its token is away.
    ///
    /// # Errors
    /// As [`TokenKey::sign`].
    pub async fn try_out(self: &Arc<Self>, deadline: Instant) -> Result<(), Error> {
        self.sign(TRIAL, deadline).await.map(drop)
    }
}

/// EdDSA on edwards25519, over a message of any length.
pub struct Ed25519(VerifyingKey);

impl Scheme for Ed25519 {
    type Public = Ed25519Public;
    type Message = [u8];
    type Signature = [u8; 64];

    const CURVE: Curve = Curve::Ed25519;
    const PUBLIC: &'static str = "public key";

    fn public(info: &KeyInfo) -> Option<Ed25519Public> {
        info.ed25519
    }

    fn new(public: Ed25519Public) -> Self {
        Self(public.0)
    }

    fn sign(
        &self,
        session: &Session,
        key: ObjectHandle,
        message: &[u8],
    ) -> Result<[u8; 64], Error> {
        let pure = EddsaParams::new(EddsaSignatureScheme::Pure);
        let bytes = session.sign(&Mechanism::Eddsa(pure), key, message)?;
        let bytes = exact(&bytes)?;
        // Strict: s below the order, and no point of small order.
        let verified = self.0.verify_strict(message, &Signature::from_bytes(bytes));
        verified.map_err(|_| wrong("the key's public half does not verify it"))?;
        Ok(*bytes)
    }

    /// RFC 8032 has one signature for a message. A token that adds randomness would give a second
    /// one, which is evidence against a validator where the signature is part of what is hashed.
    fn accept(signer: &Ed25519Signer) -> Result<(), Error> {
        if signer.wait(TRIAL)? == signer.wait(TRIAL)? {
            return Ok(());
        }
        Err(wrong("it differs from the one before over the same message, against RFC 8032"))
    }
}
