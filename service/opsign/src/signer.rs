//! Which key signs: one in a file, or one in a token.

use std::path::PathBuf;

use clap::Args;
use opsign_core::{Address, SecretKey, Signature, Signer, SigningHash, verify_signing_hash};
use opsign_hsm::HsmSigner;

use crate::failure::Failure;
use crate::hsm_config::HsmConfig;
use crate::key_file;

/// Exactly one of the two.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct KeyPlace {
    /// A file with a secret key: 64 hex digits or 32 bytes.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// A file that names a key in a PKCS#11 token (service/opsign/hsm.sample.yaml shows one).
    #[arg(long, value_name = "FILE")]
    pub(crate) hsm_config: Option<PathBuf>,
}

/// Where a key is.
pub(crate) enum Place<'a> {
    File(&'a PathBuf),
    Token(Box<HsmConfig>),
}

impl KeyPlace {
    pub(crate) fn open(&self) -> Result<Place<'_>, Failure> {
        match (&self.key, &self.hsm_config) {
            (Some(path), None) => Ok(Place::File(path)),
            (None, Some(path)) => Ok(Place::Token(Box::new(HsmConfig::read(path)?))),
            _ => Err(Failure::usage("give either --key or --hsm-config")),
        }
    }
}

impl Place<'_> {
    /// Reads the key or logs in to the token.
    pub(crate) fn signer(&self) -> Result<KeySigner, Failure> {
        Ok(match self {
            Place::File(path) => KeySigner::File(key_file::read(path)?),
            Place::Token(config) => KeySigner::Token(config.signer()?),
        })
    }
}

/// A key that is ready to sign. Each signature is checked once more before it is handed on.
pub(crate) enum KeySigner {
    File(SecretKey),
    Token(HsmSigner),
}

impl Signer for KeySigner {
    type Error = Failure;

    fn sign(&self, hash: &SigningHash) -> Result<Signature, Failure> {
        let signature = match self {
            Self::File(key) => key.sign(hash)?,
            Self::Token(signer) => signer.sign(hash)?,
        };
        verify_signing_hash(hash, &signature, &self.address())?;
        Ok(signature)
    }

    fn address(&self) -> Address {
        match self {
            Self::File(key) => key.address(),
            Self::Token(signer) => signer.address(),
        }
    }
}
