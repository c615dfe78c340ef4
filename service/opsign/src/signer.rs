//! Which key signs: one in a file, or one in a token.

use std::path::PathBuf;

use clap::Args;
use opsign_core::{Address, SecretKey, Signature, Signer, SigningHash, verify_signing_hash};
use opsign_hsm::HsmSigner;
use opsign_keys::DerivationPath;

use crate::failure::Failure;
use crate::hsm_config::HsmConfig;
use crate::key_file::KeyFile;
use crate::passphrase::PassphraseFrom;

/// Where a key is, and what opens it.
#[derive(Args)]
pub(crate) struct KeyPlace {
    #[command(flatten)]
    one: FileOrToken,
    /// A file with the passphrase of a keystore or mnemonic. One line end after it is no part of
    /// it.
    #[arg(long, value_name = "FILE", conflicts_with = "hsm_config")]
    password_file: Option<PathBuf>,
    /// The environment variable with the passphrase of a keystore or mnemonic.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["hsm_config", "password_file"])]
    password_env: Option<String>,
    /// Ask for the passphrase on the terminal. Keystores do so by themselves.
    #[arg(long, conflicts_with_all = ["hsm_config", "password_file", "password_env"])]
    password_prompt: bool,
    /// Which key of a mnemonic (BIP-32). Without it: m/44'/60'/0'/0/0, the first of most wallets.
    #[arg(long, value_name = "PATH", conflicts_with = "hsm_config")]
    hd_path: Option<DerivationPath>,
}

/// Exactly one of the two.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct FileOrToken {
    /// A file with a secret key, whose format is recognised: hex, 32 bytes, PEM or DER (SEC 1,
    /// PKCS#8), a keystore (version 3) or a mnemonic (BIP-39).
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A file that names a key in a PKCS#11 token (service/opsign/hsm.sample.yaml shows one).
    #[arg(long, value_name = "FILE")]
    hsm_config: Option<PathBuf>,
}

/// Where a key is.
pub(crate) enum Place<'a> {
    File(KeyFile<'a>),
    Token(Box<HsmConfig>),
}

impl KeyPlace {
    pub(crate) fn open(&self) -> Result<Place<'_>, Failure> {
        match (&self.one.key, &self.one.hsm_config) {
            (Some(path), None) => Ok(Place::File(KeyFile {
                path,
                passphrase: PassphraseFrom::new(
                    self.password_file.as_deref(),
                    self.password_env.as_deref(),
                    self.password_prompt,
                ),
                hd_path: self.hd_path.as_ref(),
                option: "--password",
            })),
            (None, Some(path)) => Ok(Place::Token(Box::new(HsmConfig::read(path)?))),
            _ => Err(Failure::usage("give either --key or --hsm-config")),
        }
    }
}

impl Place<'_> {
    /// Reads the key or logs in to the token.
    pub(crate) fn signer(&self) -> Result<KeySigner, Failure> {
        Ok(match self {
            Place::File(file) => KeySigner::File(file.read()?.into_secret_key()),
            Place::Token(config) => KeySigner::Token(config.signer()?),
        })
    }
}

/// A key that is ready to sign. Each signature is checked once more before it is handed on.
pub(crate) enum KeySigner {
    File(Box<SecretKey>),
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
