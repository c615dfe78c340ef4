//! A public key of any of the schemes.

use std::fmt;

use crate::scheme::Scheme;

/// 32 bytes, or 33 of an ECDSA key, compressed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey {
    scheme: Scheme,
    /// The last is 0 in a key of 32.
    bytes: [u8; 33],
}

impl PublicKey {
    /// Takes the bytes of a key, or none if there are too few or too many. Whether they are a point
    /// shows when they are found among the keys, or not.
    pub fn new(scheme: Scheme, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != scheme.public_length() {
            return None;
        }
        let mut all = [0; 33];
        all[..bytes.len()].copy_from_slice(bytes);
        Some(Self { scheme, bytes: all })
    }

    /// The last byte of a key of 32 is 0.
    pub(crate) const fn of(scheme: Scheme, bytes: [u8; 33]) -> Self {
        Self { scheme, bytes }
    }

    /// Reads hex digits, with or without `0x`.
    pub fn from_hex(scheme: Scheme, text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let bytes = base16ct::mixed::decode_vec(digits).ok()?;
        Self::new(scheme, &bytes)
    }

    /// Its scheme.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.scheme.public_length()]
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", base16ct::lower::encode_string(self.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {self}", self.scheme)
    }
}
