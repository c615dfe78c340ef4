//! What goes wrong, with its exit code (sysexits.h) and its place in `vectors/errors.json`.

use opsign_hsm::ErrorKind;
use serde_json::json;

use crate::report::write_out;

/// Wrong usage.
pub(crate) const USAGE: u8 = 64;
/// Bad input.
const DATA: u8 = 65;
/// A token or file failed.
const UNAVAILABLE: u8 = 69;
/// A bug in opsign.
const SOFTWARE: u8 = 70;
/// Bad configuration.
const CONFIG: u8 = 78;

/// Why a command has no answer.
pub(crate) struct Failure {
    exit_code: u8,
    /// Its number in `vectors/errors.json`, where it has one.
    number: Option<i32>,
    /// Its name there, or in `docs/gossip-rules.md`.
    name: Option<&'static str>,
    message: String,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit_code: USAGE, number: None, name: None, message: message.into() }
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self { exit_code: DATA, number: None, name: None, message: message.into() }
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { exit_code: UNAVAILABLE, number: None, name: None, message: message.into() }
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self { exit_code: CONFIG, number: None, name: None, message: message.into() }
    }

    /// The same, found while reading configuration.
    pub(crate) fn in_config(mut self) -> Self {
        self.exit_code = CONFIG;
        self
    }

    /// Says where the input came from.
    pub(crate) fn of(mut self, source: &str) -> Self {
        self.message = format!("{source}: {}", self.message);
        self
    }

    /// Says what to do about it.
    pub(crate) fn and(mut self, advice: &str) -> Self {
        self.message = format!("{}: {advice}", self.message);
        self
    }

    /// Its name in `vectors/errors.json`.
    pub(crate) const fn name(&self) -> Option<&'static str> {
        self.name
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) const fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// To standard error; with `json`, as an object to standard output.
    pub(crate) fn print(&self, json: bool) {
        if json {
            let error = json!({ "error": {
                "number": self.number, "name": self.name, "message": self.message
            } });
            // Whoever does not listen still has the exit code.
            let _ = write_out(&format!("{error}\n"));
        } else {
            eprintln!("opsign: {}", self.message);
        }
    }
}

impl From<opsign_core::Error> for Failure {
    fn from(error: opsign_core::Error) -> Self {
        let code = error.code();
        Self {
            exit_code: DATA,
            number: Some(code.number()),
            name: Some(code.name()),
            message: error.to_string(),
        }
    }
}

impl From<opsign_keys::Error> for Failure {
    fn from(error: opsign_keys::Error) -> Self {
        let kind = error.kind();
        let random = kind == opsign_keys::ErrorKind::Randomness;
        Self {
            exit_code: if random { UNAVAILABLE } else { DATA },
            number: Some(kind.number()),
            name: Some(kind.name()),
            message: error.to_string(),
        }
    }
}

impl From<opsign_core::gossip::Reason> for Failure {
    fn from(reason: opsign_core::gossip::Reason) -> Self {
        Self {
            exit_code: DATA,
            number: None,
            name: Some(reason.name()),
            message: reason.message().to_owned(),
        }
    }
}

impl From<opsign_typed_data::Error> for Failure {
    fn from(error: opsign_typed_data::Error) -> Self {
        let kind = error.kind();
        Self {
            exit_code: DATA,
            number: Some(kind.number()),
            name: Some(kind.name()),
            message: error.to_string(),
        }
    }
}

impl From<opsign_hsm::Error> for Failure {
    fn from(error: opsign_hsm::Error) -> Self {
        let kind = error.kind();
        let exit_code = match kind {
            ErrorKind::SessionLost
            | ErrorKind::TokenGone
            | ErrorKind::Timeout
            | ErrorKind::WrongSignature
            | ErrorKind::KeyUnprotected
            | ErrorKind::Refused => UNAVAILABLE,
            ErrorKind::WorkerDied => SOFTWARE,
            ErrorKind::Input | ErrorKind::KeyExists => DATA,
            _ => CONFIG,
        };
        Self {
            exit_code,
            number: Some(kind.number()),
            name: Some(kind.name()),
            message: error.to_string(),
        }
    }
}
