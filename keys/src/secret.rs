//! The types that hold secrets: keys, texts and passphrases.

use opsign_core::{Address, SecretKey, on_wiped_stack};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};

/// A secp256k1 secret key that can be written out. Wiped when dropped; cannot be printed, cloned
/// or compared.
///
/// [`opsign_core::SecretKey`] never gives its bytes back, which is right for a program that
/// signs. This type does, for programs that move keys from one format to another.
///
/// ```compile_fail
/// fn shows<T: core::fmt::Debug>() {}
/// shows::<opsign_keys::Secret>();
/// ```
/// ```compile_fail
/// fn clones<T: Clone>() {}
/// clones::<opsign_keys::Secret>();
/// ```
/// ```compile_fail
/// fn compares<T: PartialEq>() {}
/// compares::<opsign_keys::Secret>();
/// ```
pub struct Secret {
    // Boxed, so that moving the value leaves no copies of it behind.
    bytes: Box<Zeroizing<[u8; 32]>>,
    key: Box<SecretKey>,
}

impl Secret {
    /// Takes a scalar of 32 bytes, big-endian, from 1 to n - 1 (SEC 1, section 3.2.1).
    ///
    /// The caller wipes `bytes`.
    ///
    /// # Errors
    /// [`ErrorKind::SecretOutOfRange`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        // Moving them to the heap leaves copies on the stack.
        on_wiped_stack(|| {
            let key = SecretKey::from_bytes(bytes)
                .map_err(|error| Error::new(ErrorKind::SecretOutOfRange, error.to_string()))?;
            Ok(Self { bytes: Box::new(Zeroizing::new(*bytes)), key: Box::new(key) })
        })
    }

    /// Makes a new key from 32 random bytes, trying again in the unlikely case (odds of 2^-127)
    /// that they are no key.
    ///
    /// # Errors
    /// What `random` returns; [`ErrorKind::SecretOutOfRange`] if it gives no key in eight tries,
    /// which only a broken source does.
    pub fn generate(random: impl FnMut(&mut [u8]) -> Result<(), Error>) -> Result<Self, Error> {
        let mut random = random;
        let mut bytes = Zeroizing::new([0; 32]);
        let mut more_tries = 0..7;
        loop {
            random(bytes.as_mut_slice())?;
            match Self::from_bytes(&bytes) {
                Err(_) if more_tries.next().is_some() => {}
                result => return result,
            }
        }
    }

    /// The 32 bytes, big-endian. Whoever copies them wipes the copy.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The key as something that signs.
    pub fn as_secret_key(&self) -> &SecretKey {
        &self.key
    }

    /// Gives up the bytes and keeps only what signs. It stays in its box: moved out of there, it
    /// would leave a copy behind.
    pub fn into_secret_key(self) -> Box<SecretKey> {
        self.key
    }

    /// The address of the key.
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// The public key, SEC 1 uncompressed: `04 ‖ x[32] ‖ y[32]`.
    pub(crate) fn public_point(&self) -> &[u8; 65] {
        self.key.public_key().as_sec1_bytes()
    }
}

/// Text that holds a secret: what the writers return. Wiped when dropped; cannot be printed,
/// cloned or compared.
///
/// ```compile_fail
/// fn shows<T: core::fmt::Debug>() {}
/// shows::<opsign_keys::SecretText>();
/// ```
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Whoever fills `text` reserves room for all of it first: growing leaves copies behind.
    pub(crate) const fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The text. Whoever copies it wipes the copy.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A passphrase, UTF-8 text that may be empty. Wiped when dropped; cannot be printed, cloned or
/// compared.
///
/// ```compile_fail
/// fn shows<T: core::fmt::Debug>() {}
/// shows::<opsign_keys::Passphrase>();
/// ```
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the text as it is. The caller wipes `text`.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// Takes what a passphrase file holds: one line end after the text is not part of it.
    ///
    /// The caller wipes `bytes`.
    ///
    /// # Errors
    /// [`ErrorKind::PassphraseMalformed`] if it is no UTF-8.
    pub fn from_file_contents(bytes: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes).map_err(|_| {
            Error::new(ErrorKind::PassphraseMalformed, "the passphrase is no UTF-8 text")
        })?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        Ok(Self::new(text.strip_suffix('\r').unwrap_or(text)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
