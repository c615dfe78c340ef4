//! Why a key could not be read or written.

use std::fmt;

/// What kind of thing went wrong. The numbers are frozen; retired ones stay reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is in none of the formats that are read.
    FormatUnknown = 200,
    /// The input has more bytes than [`MAX_INPUT`](crate::MAX_INPUT).
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

    /// The name in `vectors/keys.json`, such as `key_format_unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FormatUnknown => "key_format_unknown",
            Self::TooLarge => "key_too_large",
            Self::HexMalformed => "key_hex_malformed",
            Self::PemMalformed => "key_pem_malformed",
            Self::DerMalformed => "key_der_malformed",
            Self::WrongCurve => "key_wrong_curve",
            Self::PublicKeyMismatch => "key_public_key_mismatch",
            Self::Encrypted => "key_encrypted",
            Self::SecretOutOfRange => "key_secret_out_of_range",
            Self::PassphraseMissing => "key_passphrase_missing",
            Self::PassphraseWrong => "key_passphrase_wrong",
            Self::PassphraseMalformed => "key_passphrase_malformed",
            Self::KeystoreMalformed => "key_keystore_malformed",
            Self::KeystoreVersion => "key_keystore_version",
            Self::KdfUnsupported => "key_kdf_unsupported",
            Self::KdfTooCostly => "key_kdf_too_costly",
            Self::CipherUnsupported => "key_cipher_unsupported",
            Self::AddressMismatch => "key_address_mismatch",
            Self::MnemonicLength => "key_mnemonic_length",
            Self::MnemonicWord => "key_mnemonic_word",
            Self::MnemonicChecksum => "key_mnemonic_checksum",
            Self::PathMalformed => "key_path_malformed",
            Self::OptionUnused => "key_option_unused",
            Self::Randomness => "key_randomness",
            Self::Input => "key_input",
        }
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
