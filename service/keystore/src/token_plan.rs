//! Keys in tokens, as the config names them.

use std::path::PathBuf;

use opsign_hsm::{Ed25519Public, KeyPlace, TokenKey, TokenSettings};
use opsign_wire::Failure;
use serde::Deserialize;

use crate::kept::Kept;
use crate::key_type::KeyType;
use crate::public_key::PublicKey;
use crate::scheme::Scheme;

/// An entry of `pkcs11`, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FileToken {
    uri: String,
    module: Option<PathBuf>,
    pin_file: Option<PathBuf>,
    sessions: Option<usize>,
    deadline_ms: Option<u64>,
    key_type: String,
    owner: Option<String>,
    public_key: Option<String>,
}

/// The same, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenPlan {
    place: KeyPlace,
    key_type: KeyType,
    owner: Option<String>,
    /// What the key has to be; with it the start need not wait for the token.
    public: Option<Ed25519Public>,
}

impl TokenPlan {
    pub(crate) fn new(file: FileToken) -> Result<Self, String> {
        let settings = TokenSettings {
            module: file.module,
            pin_file: file.pin_file,
            sessions: file.sessions,
            deadline_ms: file.deadline_ms,
        };
        let place =
            KeyPlace::new(&file.uri, &settings).map_err(|what| format!("pkcs11: {what}"))?;
        let key_type = file.key_type.parse();
        let key_type = key_type.map_err(|error| format!("pkcs11: {}: {error}", file.key_type))?;
        let public = |text: &String| {
            let bytes = PublicKey::from_hex(Scheme::Ed25519, text)
                .and_then(|public| public.as_bytes().try_into().ok());
            let point = bytes.as_ref().and_then(Ed25519Public::from_bytes);
            point.ok_or_else(|| format!("pkcs11: {text} is no ed25519 public key"))
        };
        let public = file.public_key.as_ref().map(public).transpose()?;
        Ok(Self { place, key_type, owner: file.owner, public })
    }

    /// Opens the key. If its token is away and the config says the public key, it is opened later.
    ///
    /// # Errors
    /// [`Failure::Config`], or [`Failure::System`] if it may be better at the next start.
    pub(crate) fn open(&self) -> Result<Kept, Failure> {
        let key = match (TokenKey::open(&self.place, self.public), self.public) {
            (Ok(key), _) => key,
            (Err(error), Some(public)) if error.is_away() => {
                tracing::warn!(key = %self.place, %error, "STARTING WITHOUT A KEY: its token is away");
                TokenKey::away(&self.place, public, &error.to_string())
            }
            (Err(error), _) => {
                let what = format!("pkcs11: key {}: {error}", self.place);
                let failure = if error.is_away() { Failure::System } else { Failure::Config };
                return Err(failure(what));
            }
        };
        Ok(Kept::in_token(self.key_type, self.owner.clone(), key))
    }
}
