//! Why a key could not be read or written.

use std::ffi::CStr;
use std::fmt;

/// What kind of thing went wrong. The numbers are frozen; `vectors/errors.json` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is in none of the formats that are read.
    FormatUnknown = 200,
    /// The input has more than 64 KiB.
    TooLarge = 201,
    /// The hex text has another number of digits than 64, or a character that is no digit.
    HexMalformed = 202,
    /// The PEM frame or its base64 is damaged.
    PemMalformed = 203,
    /// The DER bytes, in a PEM or bare, are no SEC 1 or PKCS#8 key.
    DerMalformed = 204,
    /// The key is on another curve than secp256k1, or names none.
    WrongCurve = 205,
    /// The public key that the file holds is not the secret key's.
    PublicKeyMismatch = 206,
    /// The PEM or DER is encrypted, which only keystores may be.
    Encrypted = 207,
    /// The secret key is zero or not below the group order.
    SecretOutOfRange = 208,
    /// A keystore needs a passphrase, and none was given.
    PassphraseMissing = 209,
    /// The passphrase is not this keystore's, or the keystore was altered.
    PassphraseWrong = 210,
    /// The passphrase is no UTF-8 text.
    PassphraseMalformed = 211,
    /// The keystore is no JSON, or lacks something, or holds something of the wrong shape.
    KeystoreMalformed = 212,
    /// The keystore is of another version than 3.
    KeystoreVersion = 213,
    /// The keystore's key derivation function is not known.
    KdfUnsupported = 214,
    /// The keystore asks for more memory or work than is allowed.
    KdfTooCostly = 215,
    /// The keystore's cipher is not known.
    CipherUnsupported = 216,
    /// The keystore names an address that is not the key's.
    AddressMismatch = 217,
    /// The mnemonic has another number of words than 12, 15, 18, 21 or 24.
    MnemonicLength = 218,
    /// A word of the mnemonic is not in the word list.
    MnemonicWord = 219,
    /// All the words are known, but the mnemonic's checksum is wrong.
    MnemonicChecksum = 220,
    /// The derivation path is not of the form `m/44'/60'/0'/0/0`.
    PathMalformed = 221,
    /// A passphrase or path was given that this format has no use for.
    OptionUnused = 222,
    /// The source of random numbers failed.
    Randomness = 223,
    /// A value that a program gave has the wrong length or range.
    Input = 224,
}

impl ErrorKind {
    /// Every kind, in the order of the numbers.
    pub const ALL: &'static [Self] = &[
        Self::FormatUnknown,
        Self::TooLarge,
        Self::HexMalformed,
        Self::PemMalformed,
        Self::DerMalformed,
        Self::WrongCurve,
        Self::PublicKeyMismatch,
        Self::Encrypted,
        Self::SecretOutOfRange,
        Self::PassphraseMissing,
        Self::PassphraseWrong,
        Self::PassphraseMalformed,
        Self::KeystoreMalformed,
        Self::KeystoreVersion,
        Self::KdfUnsupported,
        Self::KdfTooCostly,
        Self::CipherUnsupported,
        Self::AddressMismatch,
        Self::MnemonicLength,
        Self::MnemonicWord,
        Self::MnemonicChecksum,
        Self::PathMalformed,
        Self::OptionUnused,
        Self::Randomness,
        Self::Input,
    ];

    /// The frozen number.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The name in `vectors/errors.json` and `vectors/keys.json`, such as `key_format_unknown`.
    pub fn name(self) -> &'static str {
        self.c_strings().0.to_str().unwrap_or_default()
    }

    /// One sentence about the kind of error, without the values of a particular one.
    pub fn message(self) -> &'static str {
        self.c_strings().1.to_str().unwrap_or_default()
    }

    /// [`ErrorKind::name`] and [`ErrorKind::message`] as C strings, for the C border.
    pub const fn c_strings(self) -> (&'static CStr, &'static CStr) {
        match self {
            Self::FormatUnknown => (c"key_format_unknown", c"the input is in none of the formats that are read"),
            Self::TooLarge => (c"key_too_large", c"the input has too many bytes to be a key"),
            Self::HexMalformed => (c"key_hex_malformed", c"the hex text has another number of digits than 64, or a character that is no digit"),
            Self::PemMalformed => (c"key_pem_malformed", c"the PEM frame or its base64 is damaged"),
            Self::DerMalformed => (c"key_der_malformed", c"the DER bytes are no SEC 1 or PKCS#8 key"),
            Self::WrongCurve => (c"key_wrong_curve", c"the key is on another curve than secp256k1, or names none"),
            Self::PublicKeyMismatch => (c"key_public_key_mismatch", c"the public key in the file is not the secret key's"),
            Self::Encrypted => (c"key_encrypted", c"the PEM or DER is encrypted, which only keystores may be"),
            Self::SecretOutOfRange => (c"key_secret_out_of_range", c"the secret key is zero or not below the group order"),
            Self::PassphraseMissing => (c"key_passphrase_missing", c"a keystore needs a passphrase"),
            Self::PassphraseWrong => (c"key_passphrase_wrong", c"the passphrase is not this keystore's, or the keystore was altered"),
            Self::PassphraseMalformed => (c"key_passphrase_malformed", c"the passphrase is no UTF-8 text"),
            Self::KeystoreMalformed => (c"key_keystore_malformed", c"the keystore is damaged"),
            Self::KeystoreVersion => (c"key_keystore_version", c"the keystore is of another version than 3"),
            Self::KdfUnsupported => (c"key_kdf_unsupported", c"the keystore's key derivation function is not known"),
            Self::KdfTooCostly => (c"key_kdf_too_costly", c"the keystore asks for more memory or work than is allowed"),
            Self::CipherUnsupported => (c"key_cipher_unsupported", c"the keystore's cipher is not known"),
            Self::AddressMismatch => (c"key_address_mismatch", c"the keystore names an address that is not the key's"),
            Self::MnemonicLength => (c"key_mnemonic_length", c"the mnemonic has another number of words than 12, 15, 18, 21 or 24"),
            Self::MnemonicWord => (c"key_mnemonic_word", c"a word of the mnemonic is not in the word list"),
            Self::MnemonicChecksum => (c"key_mnemonic_checksum", c"the mnemonic's checksum is wrong"),
            Self::PathMalformed => (c"key_path_malformed", c"the derivation path is not of the form m/44'/60'/0'/0/0"),
            Self::OptionUnused => (c"key_option_unused", c"a passphrase or path was given that the format has no use for"),
            Self::Randomness => (c"key_randomness", c"the source of random numbers failed"),
            Self::Input => (c"key_input", c"a value that a program gave has the wrong length or range"),
        }
    }

    /// The kind of a number, if it is in use.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }
}

/// A failure, as one sentence for a person; [`Error::kind`] is for programs.
///
/// The sentence never holds anything of a secret key, a passphrase or a mnemonic: lengths,
/// positions and public addresses at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The error of a source of random numbers that a caller brings: see
    /// [`system_random`](crate::system_random). `message` says what failed.
    pub fn randomness(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Randomness, message)
    }

    /// What kind of thing went wrong.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
