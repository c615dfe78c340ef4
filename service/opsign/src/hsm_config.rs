//! The file behind `--hsm-config`: which module, token, PIN and key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use opsign_core::Address;
use opsign_hsm::{HsmSigner, KeySelector, Login, Module, Options, Pin, TokenSelector};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::failure::Failure;
use crate::input::read_limited;

/// `service/opsign/hsm.sample.yaml` shows every setting. Unknown ones are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HsmConfig {
    module: PathBuf,
    token: TokenConfig,
    pin: PinConfig,
    #[serde(default)]
    key: KeyConfig,
    address: Option<String>,
    #[serde(default = "default_sessions")]
    sessions: usize,
    #[serde(default = "default_deadline_ms")]
    deadline_ms: u64,
    #[serde(skip)]
    folder: PathBuf,
}

/// Exactly one of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenConfig {
    label: Option<String>,
    serial: Option<String>,
}

/// Exactly one of the two.
#[derive(Deserialize)]
struct PinConfig {
    file: Option<PathBuf>,
    env: Option<String>,
    /// Anything else is refused by `check`, not by serde, which would print it: it may be the PIN.
    #[serde(flatten)]
    other: BTreeMap<String, IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyConfig {
    label: Option<String>,
    id: Option<String>,
}

const fn default_sessions() -> usize {
    1
}

const fn default_deadline_ms() -> u64 {
    1000
}

impl HsmConfig {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let bytes = read_limited(path, 64 << 10).map_err(Failure::in_config)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Failure::config(format!("{shown} is no UTF-8 text")))?;
        // Without the snippet: somebody may have written the PIN itself into the file.
        let mut config: Self = serde_saphyr::from_str(text)
            .map_err(|error| Failure::config(format!("{shown}: {}", error.without_snippet())))?;
        config.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        config.check().map_err(|message| Failure::config(format!("{shown}: {message}")))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        self.token()?;
        match (&self.pin.file, &self.pin.env) {
            (Some(_), None) | (None, Some(_)) if self.pin.other.is_empty() => {}
            _ => return Err("pin: give either file or env, never the PIN itself".into()),
        }
        self.key()?;
        self.address()?;
        if !(1..=64).contains(&self.sessions) {
            return Err("sessions: give a number from 1 to 64".into());
        }
        if !(1..=60_000).contains(&self.deadline_ms) {
            return Err("deadline_ms: give a number from 1 to 60000".into());
        }
        Ok(())
    }

    fn token(&self) -> Result<TokenSelector, String> {
        match (&self.token.label, &self.token.serial) {
            (Some(label), None) if !label.is_empty() => Ok(TokenSelector::Label(label.clone())),
            (None, Some(serial)) if !serial.is_empty() => Ok(TokenSelector::Serial(serial.clone())),
            _ => Err("token: give either label or serial".into()),
        }
    }

    /// The key that the file names, by label, id or both.
    pub(crate) fn key(&self) -> Result<KeySelector, String> {
        let id = self.key.id.as_deref().map(parse_id).transpose()?;
        Ok(KeySelector { label: self.key.label.clone(), id })
    }

    fn address(&self) -> Result<Option<Address>, String> {
        let parsed = self.address.as_deref().map(str::parse::<Address>).transpose();
        parsed.map_err(|error| format!("address: {error}"))
    }

    /// Opens the module, finds the token and logs in. A warning goes to standard error.
    pub(crate) fn log_in(&self) -> Result<Arc<Login>, Failure> {
        let module = Module::open(self.folder.join(&self.module))?;
        let token = module.find_token(&self.token().map_err(Failure::config)?)?;
        let pin = match (&self.pin.file, &self.pin.env) {
            (Some(file), _) => Pin::from_file(self.folder.join(file))?,
            (None, Some(name)) => Pin::from_env(name)?,
            (None, None) => return Err(Failure::config("pin: give either file or env")),
        };
        let login = token.login(&pin)?;
        if let Some(warning) = login.warning() {
            eprintln!("opsign: warning: {warning}");
        }
        Ok(login)
    }

    /// Logs in and takes the key that the file names.
    pub(crate) fn signer(&self) -> Result<HsmSigner, Failure> {
        let key = self.key().map_err(Failure::config)?;
        if key == KeySelector::default() {
            return Err(Failure::config("key: give the label or id of the key to sign with"));
        }
        let address = self.address().map_err(Failure::config)?;
        let options =
            Options { sessions: self.sessions, deadline: Duration::from_millis(self.deadline_ms) };
        Ok(HsmSigner::start(&self.log_in()?, &key, address, options)?)
    }
}

/// A key id: an even number of hex digits, with or without `0x`.
pub(crate) fn parse_id(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    match base16ct::mixed::decode_vec(digits) {
        Ok(id) if !id.is_empty() => Ok(id),
        _ => Err(format!("the key id \"{text}\" is not an even number of hex digits")),
    }
}
