//! What keys of one kind sign, and how their answers are checked.

use std::fmt;

use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;

use crate::error::{Error, ErrorKind};
use crate::key::{Curve, KeyInfo};
use crate::sign::TokenSigner;

/// A signature scheme: [`crate::Secp256k1`] or [`crate::Ed25519`].
pub trait Scheme: Send + Sync + Sized + 'static {
    /// What signatures are checked against.
    type Public: Copy + Eq + fmt::Display + Send + Sync;
    /// What is signed.
    type Message: ?Sized + Sync + ToOwned<Owned: Send>;
    /// What comes of it, once it was checked.
    type Signature: Send + 'static;

    /// The curve that its keys are on.
    const CURVE: Curve;
    /// What errors call [`Scheme::Public`].
    const PUBLIC: &'static str;

    /// What the token shows of the key's public half.
    fn public(info: &KeyInfo) -> Option<Self::Public>;

    /// Checks answers against a public key.
    fn new(public: Self::Public) -> Self;

    /// One signature by the token.
    ///
    /// # Errors
    /// What the token says; [`ErrorKind::WrongSignature`] if it is not the key's.
    fn sign(
        &self,
        session: &Session,
        key: ObjectHandle,
        message: &Self::Message,
    ) -> Result<Self::Signature, Error>;

    /// Looks at a signer before anyone has it.
    ///
    /// # Errors
    /// What makes it unfit.
    fn accept(_signer: &TokenSigner<Self>) -> Result<(), Error> {
        Ok(())
    }
}

/// The 64 bytes of an answer.
pub(crate) fn exact(bytes: &[u8]) -> Result<&[u8; 64], Error> {
    let exact = bytes.first_chunk().filter(|_| bytes.len() == 64);
    exact.ok_or_else(|| wrong(&format!("{} bytes instead of 64", bytes.len())))
}

pub(crate) fn wrong(detail: &str) -> Error {
    Error::new(
        ErrorKind::WrongSignature,
        format!("the token gave a wrong signature, which was not released: {detail}"),
    )
}
