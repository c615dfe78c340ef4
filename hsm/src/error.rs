//! What can go wrong between us and a token.

use std::fmt;

use cryptoki::context::Function;
use cryptoki::error::RvError;

/// What kind of thing went wrong. The numbers are frozen; `vectors/errors.json` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The module file does not exist or cannot be loaded.
    ModuleMissing = 100,
    /// The file was loaded but is no PKCS#11 module, or would not initialise.
    ModuleInvalid = 101,
    /// No token has that label or serial number.
    TokenMissing = 102,
    /// Several tokens have that label.
    TokenAmbiguous = 103,
    /// The PIN's file or environment variable cannot be used.
    PinSource = 104,
    /// The token refused the PIN.
    PinIncorrect = 105,
    /// The token has locked its PIN.
    PinLocked = 106,
    /// One more wrong PIN would lock the token, so none was tried.
    PinFinalTry = 107,
    /// No private key has that label or id.
    KeyMissing = 108,
    /// Several private keys have that label.
    KeyAmbiguous = 109,
    /// The key is on another curve.
    KeyCurve = 110,
    /// A key of that label exists already.
    KeyExists = 111,
    /// The token shows no usable public key, and none, nor an address, was given to check against.
    PublicKeyMissing = 112,
    /// The key's address, or Ed25519 public key, is not the one that was given.
    AddressMismatch = 113,
    /// The session, login or object handle went away.
    SessionLost = 114,
    /// The token was removed.
    TokenGone = 115,
    /// The token did not answer in time.
    Timeout = 116,
    /// The token answered with a signature that is not the key's.
    WrongSignature = 117,
    /// The token refused for another reason.
    Refused = 118,
    /// The thread that talks to the token died: a bug in opsign or in the module.
    WorkerDied = 119,
    /// A key that was to be sensitive and non-extractable is not.
    KeyUnprotected = 120,
    /// A value given to opsign was wrong.
    Input = 121,
}

impl ErrorKind {
    /// Every kind, in the order of the numbers.
    pub const ALL: &'static [Self] = &[
        Self::ModuleMissing,
        Self::ModuleInvalid,
        Self::TokenMissing,
        Self::TokenAmbiguous,
        Self::PinSource,
        Self::PinIncorrect,
        Self::PinLocked,
        Self::PinFinalTry,
        Self::KeyMissing,
        Self::KeyAmbiguous,
        Self::KeyCurve,
        Self::KeyExists,
        Self::PublicKeyMissing,
        Self::AddressMismatch,
        Self::SessionLost,
        Self::TokenGone,
        Self::Timeout,
        Self::WrongSignature,
        Self::Refused,
        Self::WorkerDied,
        Self::KeyUnprotected,
        Self::Input,
    ];

    /// The frozen number.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The name in `vectors/errors.json` and in the command line's JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ModuleMissing => "hsm_module_missing",
            Self::ModuleInvalid => "hsm_module_invalid",
            Self::TokenMissing => "hsm_token_missing",
            Self::TokenAmbiguous => "hsm_token_ambiguous",
            Self::PinSource => "hsm_pin_source",
            Self::PinIncorrect => "hsm_pin_incorrect",
            Self::PinLocked => "hsm_pin_locked",
            Self::PinFinalTry => "hsm_pin_final_try",
            Self::KeyMissing => "hsm_key_missing",
            Self::KeyAmbiguous => "hsm_key_ambiguous",
            Self::KeyCurve => "hsm_key_curve",
            Self::KeyExists => "hsm_key_exists",
            Self::PublicKeyMissing => "hsm_public_key_missing",
            Self::AddressMismatch => "hsm_address_mismatch",
            Self::SessionLost => "hsm_session_lost",
            Self::TokenGone => "hsm_token_gone",
            Self::Timeout => "hsm_timeout",
            Self::WrongSignature => "hsm_wrong_signature",
            Self::Refused => "hsm_refused",
            Self::WorkerDied => "hsm_worker_died",
            Self::KeyUnprotected => "hsm_key_unprotected",
            Self::Input => "hsm_input",
        }
    }
}

/// A failure, as one sentence that names the PKCS#11 function where there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What kind of thing went wrong.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether trying again may help: the token is away or does not answer.
    pub const fn is_away(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::TokenMissing
                | ErrorKind::TokenGone
                | ErrorKind::SessionLost
                | ErrorKind::Timeout
                | ErrorKind::Refused
        )
    }

    /// Whether trying again harms: every wrong PIN brings a token nearer to its lock.
    pub const fn is_about_pin(&self) -> bool {
        matches!(self.kind, ErrorKind::PinIncorrect | ErrorKind::PinLocked | ErrorKind::PinFinalTry)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<cryptoki::error::Error> for Error {
    fn from(error: cryptoki::error::Error) -> Self {
        use cryptoki::error::Error as Cryptoki;
        match error {
            Cryptoki::Pkcs11(rv, function) => from_rv(rv, function),
            Cryptoki::LibraryLoading(error) => Self::new(
                ErrorKind::ModuleMissing,
                format!("the PKCS#11 module cannot be loaded: {error}"),
            ),
            Cryptoki::MissingSymbol(name) => Self::new(
                ErrorKind::ModuleInvalid,
                format!("the file is no PKCS#11 module: it has no {name}"),
            ),
            other => Self::new(ErrorKind::Refused, format!("the PKCS#11 module failed: {other}")),
        }
    }
}

fn from_rv(rv: RvError, function: Function) -> Error {
    let (kind, sentence) = match rv {
        RvError::SessionHandleInvalid | RvError::SessionClosed => {
            (ErrorKind::SessionLost, "the session with the token is gone")
        }
        RvError::UserNotLoggedIn => (ErrorKind::SessionLost, "the token has logged us out"),
        RvError::ObjectHandleInvalid | RvError::KeyHandleInvalid => {
            (ErrorKind::SessionLost, "the token no longer knows the key's handle")
        }
        RvError::CryptokiNotInitialized => {
            (ErrorKind::SessionLost, "the module was finalised under us")
        }
        RvError::DeviceRemoved | RvError::TokenNotPresent | RvError::TokenNotRecognized => {
            (ErrorKind::TokenGone, "the token was removed")
        }
        RvError::PinIncorrect
        | RvError::PinInvalid
        | RvError::PinLenRange
        | RvError::PinExpired
        | RvError::UserPinNotInitialized => (ErrorKind::PinIncorrect, "the token refused the PIN"),
        RvError::PinLocked => (ErrorKind::PinLocked, "the token has locked its PIN"),
        _ => (ErrorKind::Refused, "the token refused"),
    };
    Error::new(kind, format!("{sentence}: C_{function:?} returned {rv:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_the_frozen_ones() {
        let text = include_str!("../../vectors/errors.json");
        let errors: serde_json::Value = serde_json::from_str(text).unwrap();
        let listed: Vec<_> = errors["cases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|case| (case["number"].as_i64().unwrap() as i32, case["name"].as_str().unwrap()))
            .filter(|(number, _)| (100..200).contains(number))
            .collect();
        let ours: Vec<_> = ErrorKind::ALL.iter().map(|kind| (kind.number(), kind.name())).collect();
        assert_eq!(listed, ours);
    }
}
