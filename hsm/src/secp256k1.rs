//! secp256k1: the key's address is what every signature must recover to.

use std::sync::OnceLock;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use opsign_core::{Address, CheckedSignature, Signature, Signer, SigningHash, Verifier};

use crate::error::Error;
use crate::key::{Curve, KeyInfo};
use crate::scheme::{Scheme, exact, wrong};
use crate::sign::TokenSigner;

/// A secp256k1 key in a token.
pub type HsmSigner = TokenSigner<Secp256k1>;

/// ECDSA on secp256k1, over a hash.
pub struct Secp256k1 {
    address: Address,
    /// Of the key that the first sound signature shows.
    verifier: OnceLock<Box<Verifier>>,
}

impl Scheme for Secp256k1 {
    type Public = Address;
    type Message = SigningHash;
    type Signature = CheckedSignature;

    const CURVE: Curve = Curve::Secp256k1;
    const PUBLIC: &'static str = "address";

    fn public(info: &KeyInfo) -> Option<Address> {
        info.address
    }

    fn new(address: Address) -> Self {
        Self { address, verifier: OnceLock::new() }
    }

    fn sign(
        &self,
        session: &Session,
        key: ObjectHandle,
        hash: &SigningHash,
    ) -> Result<CheckedSignature, Error> {
        let bytes = session.sign(&Mechanism::Ecdsa, key, hash.as_bytes())?;
        self.checked(hash, exact(&bytes)?).map_err(|error| wrong(&error.to_string()))
    }
}

impl Secp256k1 {
    /// The signature, if it is the key's.
    fn checked(
        &self,
        hash: &SigningHash,
        rs: &[u8; 64],
    ) -> Result<CheckedSignature, opsign_core::Error> {
        if let Some(verifier) = self.verifier.get() {
            return verifier.finish(hash, rs);
        }
        let checked = CheckedSignature::from_token(hash, rs, &self.address)?;
        let key = checked.signature().recover(hash)?;
        self.verifier.get_or_init(|| Box::new(Verifier::new(&key)));
        Ok(checked)
    }
}

impl Signer for HsmSigner {
    type Error = Error;

    /// # Errors
    /// As [`TokenSigner::wait`].
    fn sign(&self, hash: &SigningHash) -> Result<Signature, Error> {
        self.wait(hash).map(|checked| *checked.signature())
    }

    fn address(&self) -> Address {
        *self.public()
    }
}
