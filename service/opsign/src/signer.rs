//! Which key signs: one in a file, or one in a token.

use std::path::PathBuf;

use clap::Args;
use opsign_core::{Address, ChainId, PayloadHash, Signature, Signer, sign_payload, verify_payload};

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
    /// The address of the key, and its signature over a block payload, checked once more.
    pub(crate) fn sign(
        &self,
        chain_id: &ChainId,
        payload_hash: &PayloadHash,
    ) -> Result<(Address, Signature), Failure> {
        let (address, signature) = match self {
            Place::File(path) => {
                let key = key_file::read(path)?;
                (key.address(), sign_payload(&key, chain_id, payload_hash)?)
            }
            Place::Token(config) => {
                let signer = config.signer()?;
                (signer.address(), sign_payload(&signer, chain_id, payload_hash)?)
            }
        };
        verify_payload(chain_id, payload_hash, &signature, &address)?;
        Ok((address, signature))
    }
}
