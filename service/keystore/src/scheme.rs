//! The three signature schemes of Substrate.

use std::fmt;
use std::str::FromStr;

/// A signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Schnorr over Ristretto, context `substrate`.
    Sr25519,
    /// RFC 8032.
    Ed25519,
    /// secp256k1 over blake2b-256 of the message, recoverable.
    Ecdsa,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sr25519, Self::Ed25519, Self::Ecdsa];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sr25519 => "sr25519",
            Self::Ed25519 => "ed25519",
            Self::Ecdsa => "ecdsa",
        }
    }

    /// Bytes of a public key.
    pub const fn public_length(self) -> usize {
        match self {
            Self::Sr25519 | Self::Ed25519 => 32,
            Self::Ecdsa => 33,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAScheme;

impl fmt::Display for NotAScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a crypto type is sr25519, ed25519 or ecdsa")
    }
}

impl std::error::Error for NotAScheme {}

impl FromStr for Scheme {
    type Err = NotAScheme;

    /// The names, and Substrate's four letters for them.
    fn from_str(text: &str) -> Result<Self, NotAScheme> {
        match text {
            "sr25519" | "sr25" => Ok(Self::Sr25519),
            "ed25519" | "ed25" => Ok(Self::Ed25519),
            "ecdsa" | "ecds" => Ok(Self::Ecdsa),
            _ => Err(NotAScheme),
        }
    }
}
