//! Where a key in a token is, and what opens it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::key::{Hex, KeySelector};
use crate::module::Module;
use crate::pkcs11_uri::Pkcs11Uri;
use crate::scheme::Scheme;
use crate::session::{Pin, TokenSelector};
use crate::sign::{Options, TokenSigner};

/// What a config says beside a URI. What stands in the URI comes before it.
#[derive(Clone, Debug, Default)]
pub struct TokenSettings {
    /// The module's file.
    pub module: Option<PathBuf>,
    /// The file with the PIN.
    pub pin_file: Option<PathBuf>,
    /// 1 to 64, else 4.
    pub sessions: Option<usize>,
    /// 1 to 60000 milliseconds, else 900.
    pub deadline_ms: Option<u64>,
}

/// A key in a token, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyPlace {
    token: TokenSelector,
    key: KeySelector,
    module: PathBuf,
    pin_file: PathBuf,
    sessions: usize,
    deadline: Duration,
}

impl KeyPlace {
    /// Puts together what a `pkcs11:` URI (RFC 7512) and the config say.
    ///
    /// # Errors
    /// One sentence: a URI that is none, names no token or no key, or has
    /// a PIN in it; what is missing or out of its range. The URI
    /// stands in none that may be about a PIN in it.
    pub fn new(uri: &str, settings: &TokenSettings) -> Result<Self, String> {
        let parsed = Pkcs11Uri::parse(uri).map_err(|what| format!("key pkcs11:…: {what}"))?;
        let module = parsed.module_path.or_else(|| settings.module.clone()).ok_or_else(|| {
            format!(
                "key {uri}: the PKCS#11 module is not named: add ?module-path=FILE to the URI, or \
                 module: FILE to the config"
            )
        })?;
        let pin_file = parsed.pin_source.or_else(|| settings.pin_file.clone()).ok_or_else(|| {
            format!(
                "key {uri}: the PIN's file is not named: add pin-source=file:FILE to the URI, or \
                 pinFile: FILE to the config"
            )
        })?;
        let sessions = settings.sessions.unwrap_or(4);
        if !(1..=64).contains(&sessions) {
            return Err(format!("key {uri}: sessions: write a number from 1 to 64"));
        }
        let deadline_ms = settings.deadline_ms.unwrap_or(900);
        if !(1..=60_000).contains(&deadline_ms) {
            return Err(format!("key {uri}: deadlineMs: write a number from 1 to 60000"));
        }
        Ok(Self {
            token: parsed.token,
            key: parsed.key,
            module,
            pin_file,
            sessions,
            deadline: Duration::from_millis(deadline_ms),
        })
    }

    /// How long a signature may take.
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Opens the module, logs in and finds the key. A token's warning goes to the log.
    ///
    /// # Errors
    /// As [`Module::open`], [`Module::find_token`], [`Pin::from_file`], [`crate::Token::login`] and
    /// [`TokenSigner::start`].
    pub fn open<S: Scheme>(&self, expected: Option<S::Public>) -> Result<TokenSigner<S>, Error> {
        let token = Module::open(&self.module)?.find_token(&self.token)?;
        let login = token.login(&Pin::from_file(&self.pin_file)?)?;
        if let Some(warning) = login.warning() {
            tracing::warn!(key = %self, "{warning}");
        }
        let options = Options { sessions: self.sessions, deadline: self.deadline };
        TokenSigner::start(&login, &self.key, expected, options)
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (TokenSelector::Label(token) | TokenSelector::Serial(token)) = &self.token;
        match (&self.key.label, &self.key.id) {
            (Some(object), _) => write!(f, "pkcs11:{token}/{object}"),
            (None, Some(id)) => write!(f, "pkcs11:{token}/{}", Hex(id)),
            (None, None) => write!(f, "pkcs11:{token}"),
        }
    }
}
