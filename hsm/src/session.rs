//! Tokens, the PIN, and the login that sessions share.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};

use cryptoki::error::{Error as CryptokiError, RvError};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::module::Module;

/// The most bytes a PIN file may have.
const MAX_PIN: u64 = 1024;

/// Which token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TokenSelector {
    /// The one with this label.
    Label(String),
    /// The one with this serial number.
    Serial(String),
}

impl TokenSelector {
    pub(crate) fn fits(&self, label: &str, serial: &str) -> bool {
        match self {
            Self::Label(wanted) => wanted == label,
            Self::Serial(wanted) => wanted == serial,
        }
    }
}

impl fmt::Display for TokenSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => write!(f, "label \"{label}\""),
            Self::Serial(serial) => write!(f, "serial number {serial}"),
        }
    }
}

/// A token's user PIN. Wiped when dropped; cannot be printed, cloned or compared.
///
/// ```compile_fail
/// fn shows<T: core::fmt::Debug>() {}
/// shows::<opsign_hsm::Pin>();
/// ```
/// ```compile_fail
/// fn prints<T: core::fmt::Display>() {}
/// prints::<opsign_hsm::Pin>();
/// ```
/// ```compile_fail
/// fn clones<T: Clone>() {}
/// clones::<opsign_hsm::Pin>();
/// ```
/// ```compile_fail
/// fn compares<T: PartialEq>() {}
/// compares::<opsign_hsm::Pin>();
/// ```
pub struct Pin(AuthPin);

impl Pin {
    /// Reads a PIN from a file; one line end after it is not part of it.
    ///
    /// # Errors
    /// [`ErrorKind::PinSource`] if the file cannot be read, is empty, is longer than 1 KiB or is no
    /// UTF-8.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let shown = path.as_ref().display().to_string();
        // Room for all of it at once, so that no smaller copy is left behind by growing.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_PIN as usize + 64));
        std::fs::File::open(path.as_ref())
            .and_then(|file| file.take(MAX_PIN + 1).read_to_end(&mut bytes))
            .map_err(|error| pin_source(format!("the PIN file {shown} cannot be read: {error}")))?;
        if bytes.len() as u64 > MAX_PIN {
            return Err(pin_source(format!("the PIN file {shown} has more than {MAX_PIN} bytes")));
        }
        Self::from_bytes(&bytes, &format!("the PIN file {shown}"))
    }

    /// Reads a PIN from an environment variable.
    ///
    /// # Errors
    /// [`ErrorKind::PinSource`] if it is not set, is empty or is no UTF-8.
    pub fn from_env(name: &str) -> Result<Self, Error> {
        let shown = format!("the environment variable {name}");
        match std::env::var(name) {
            Ok(value) => Self::from_bytes(Zeroizing::new(value).as_bytes(), &shown),
            Err(std::env::VarError::NotPresent) => {
                Err(pin_source(format!("{shown}, which should hold the PIN, is not set")))
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(pin_source(format!("{shown}, which should hold the PIN, is no UTF-8")))
            }
        }
    }

    fn from_bytes(bytes: &[u8], source: &str) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| pin_source(format!("{source} does not hold UTF-8")))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(pin_source(format!("{source} is empty")));
        }
        Ok(Self(AuthPin::new(text.into())))
    }
}

fn pin_source(message: String) -> Error {
    Error::new(ErrorKind::PinSource, message)
}

/// A token of a module: what a slot holds.
pub struct Token {
    module: Module,
    slot: Slot,
    label: String,
    serial: String,
}

impl Token {
    pub(crate) const fn new(module: Module, slot: Slot, label: String, serial: String) -> Self {
        Self { module, slot, label, serial }
    }

    /// Its label, without the padding.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Its serial number, without the padding.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Logs the user in. The login lasts until the returned value's last clone is dropped.
    ///
    /// A wrong PIN is tried once and never again by us: real tokens lock after a few. If the token
    /// warns that its next wrong PIN locks it, the PIN is not tried at all.
    ///
    /// # Errors
    /// [`ErrorKind::PinIncorrect`] (the message carries the token's own warning before a lock-out),
    /// [`ErrorKind::PinFinalTry`], [`ErrorKind::PinLocked`], [`ErrorKind::TokenGone`].
    pub fn login(self, pin: &Pin) -> Result<Arc<Login>, Error> {
        let context = self.module.context();
        let info = context.get_token_info(self.slot).map_err(|error| self.gone(error.into()))?;
        if info.user_pin_locked() {
            return Err(Error::new(
                ErrorKind::PinLocked,
                format!("the PIN of token \"{}\" is locked: unlock it as its SO", self.label),
            ));
        }
        if info.user_pin_final_try() {
            return Err(Error::new(
                ErrorKind::PinFinalTry,
                format!(
                    "token \"{}\" locks at its next wrong PIN, so none was tried: log in once by \
                     hand with the right PIN",
                    self.label
                ),
            ));
        }
        let pin_was_wrong_before = info.user_pin_count_low();
        let session = context.open_ro_session(self.slot)?;
        match session.login(UserType::User, Some(&pin.0)) {
            Ok(()) | Err(CryptokiError::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {
                Ok(Arc::new(Login {
                    keeper: Mutex::new(session),
                    pin_was_wrong_before,
                    token: self,
                }))
            }
            Err(error) => Err(self.explain_refused_pin(error.into())),
        }
    }

    /// Adds to a refused PIN what the token says about its lock.
    fn explain_refused_pin(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::PinIncorrect {
            return error;
        }
        let warning = match self.module.context().get_token_info(self.slot) {
            Ok(info) if info.user_pin_locked() => "; the token is now locked",
            Ok(info) if info.user_pin_final_try() => "; the next wrong PIN locks the token",
            Ok(info) if info.user_pin_count_low() => {
                "; the token counts wrong PINs and locks after a few"
            }
            _ => "",
        };
        Error::new(ErrorKind::PinIncorrect, format!("{error}{warning}"))
    }

    fn gone(&self, error: Error) -> Error {
        Error::new(ErrorKind::TokenGone, format!("token \"{}\" is gone: {error}", self.label))
    }
}

/// A login to a token, shared by all its sessions. Logged out when the last clone is dropped.
pub struct Login {
    /// Keeps the login alive: a token logs out with its last session.
    keeper: Mutex<Session>,
    pin_was_wrong_before: bool,
    // Below the session: fields drop in order, and the module must outlive its sessions.
    token: Token,
}

impl Login {
    /// The token.
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// A warning to show: somebody gave this token a wrong PIN since the last right one.
    pub fn warning(&self) -> Option<String> {
        self.pin_was_wrong_before.then(|| {
            format!(
                "token \"{}\" was given a wrong PIN since its last login; it locks after a few",
                self.token.label
            )
        })
    }

    /// Opens a session that can only read, for signing. One thread at a time may use it.
    pub(crate) fn open_session(&self) -> Result<Session, Error> {
        let session = self.token.module.context().open_ro_session(self.token.slot)?;
        match session.get_session_info()?.session_state() {
            SessionState::RoUser | SessionState::RwUser => Ok(session),
            _ => Err(Error::new(
                ErrorKind::SessionLost,
                format!("token \"{}\" has logged us out", self.token.label),
            )),
        }
    }

    /// Opens a session that can write, for making keys.
    pub(crate) fn open_writable_session(&self) -> Result<Session, Error> {
        Ok(self.token.module.context().open_rw_session(self.token.slot)?)
    }

    /// Says of a lost handle whether it is the whole token that is gone.
    pub(crate) fn explain_lost(&self, error: Error) -> Error {
        let lost = error.kind() == ErrorKind::SessionLost;
        match self.token.module.context().get_token_info(self.token.slot) {
            Err(_) if lost => self.token.gone(error),
            _ => error,
        }
    }

    /// Logs out now, for every session of this process.
    ///
    /// # Errors
    /// What `C_Logout` says.
    pub fn logout(&self) -> Result<(), Error> {
        let session = self.keeper.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(session.logout()?)
    }
}
