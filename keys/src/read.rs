//! Recognising a format, and reading a key in it.

use opsign_core::{Field, on_wiped_stack};
use zeroize::Zeroizing;

use crate::der::{self, Shape};
use crate::error::{Error, ErrorKind};
use crate::keystore::Keystore;
use crate::mnemonic::{self, Mnemonic};
use crate::path::DerivationPath;
use crate::pem;
use crate::secret::{Passphrase, Secret, SecretText};

/// The most bytes of an input: 64 KiB. Keys take some hundred.
pub const MAX_INPUT: usize = 64 * 1024;

/// A format that [`read`] knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// 64 hex digits, with or without `0x`, with or without white space around.
    Hex,
    /// 32 bytes, big-endian. 32 letters of text are not taken for these, but a random key is text
    /// with odds below 2^-34.
    Raw,
    /// SEC 1 in PEM, `EC PRIVATE KEY` (RFC 5915).
    Sec1Pem,
    /// SEC 1 in DER.
    Sec1Der,
    /// PKCS#8 in PEM, `PRIVATE KEY` (RFC 5208, RFC 5958).
    Pkcs8Pem,
    /// PKCS#8 in DER.
    Pkcs8Der,
    /// An Ethereum keystore of version 3, JSON (Web3 Secret Storage Definition).
    Keystore,
    /// A mnemonic (BIP-39).
    Mnemonic,
}

impl Format {
    /// The name in `vectors/keys.json`, such as `sec1_pem`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Raw => "raw",
            Self::Sec1Pem => "sec1_pem",
            Self::Sec1Der => "sec1_der",
            Self::Pkcs8Pem => "pkcs8_pem",
            Self::Pkcs8Der => "pkcs8_der",
            Self::Keystore => "keystore",
            Self::Mnemonic => "mnemonic",
        }
    }

    /// Whether [`Options::passphrase`] means something: keystores need it, mnemonics may have it.
    pub const fn takes_passphrase(self) -> bool {
        matches!(self, Self::Keystore | Self::Mnemonic)
    }

    /// Whether [`Options::path`] means something: in mnemonics only.
    pub const fn takes_path(self) -> bool {
        matches!(self, Self::Mnemonic)
    }
}

/// What some formats need besides the input.
///
/// An option that the format has no use for is an error, not ignored: whoever gives a passphrase
/// believes that the file is encrypted. [`recognise`] and [`Format`] say beforehand.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// A keystore's passphrase, or that of a mnemonic, which is empty if it is not given.
    pub passphrase: Option<&'a Passphrase>,
    /// Which key of a mnemonic; `m/44'/60'/0'/0/0` if it is not given.
    pub path: Option<&'a DerivationPath>,
}

/// The input with its format, and taken apart as far as was needed to know it.
enum Input<'a> {
    Hex(&'a str),
    Raw(&'a [u8; 32]),
    Pem { shape: Shape, der: Zeroizing<Vec<u8>> },
    Der { shape: Shape, der: &'a [u8] },
    Keystore(&'a str),
    Mnemonic(&'a str),
}

impl Input<'_> {
    const fn format(&self) -> Format {
        match self {
            Self::Hex(_) => Format::Hex,
            Self::Raw(_) => Format::Raw,
            Self::Pem { shape: Shape::Sec1, .. } => Format::Sec1Pem,
            Self::Pem { shape: Shape::Pkcs8, .. } => Format::Pkcs8Pem,
            Self::Der { shape: Shape::Sec1, .. } => Format::Sec1Der,
            Self::Der { shape: Shape::Pkcs8, .. } => Format::Pkcs8Der,
            Self::Keystore(_) => Format::Keystore,
            Self::Mnemonic(_) => Format::Mnemonic,
        }
    }
}

/// Says which format an input is in, without opening it: that a keystore is one, not that its
/// passphrase is right.
///
/// # Errors
/// [`ErrorKind::TooLarge`], [`ErrorKind::FormatUnknown`], [`ErrorKind::Encrypted`],
/// [`ErrorKind::PemMalformed`], [`ErrorKind::DerMalformed`], [`ErrorKind::WrongCurve`] (of an
/// `EC PARAMETERS` block).
pub fn recognise(input: &[u8]) -> Result<Format, Error> {
    take_apart(input).map(|input| input.format())
}

/// Reads a secret key in whichever format it is.
///
/// A keystore takes as much time and memory as it asks for, up to 1 GiB and some ten seconds (a
/// minute without optimisation); a program that must not wait reads on a thread of its own. The
/// caller wipes `input`; the stack that reading used is wiped here.
///
/// # Errors
/// Those of [`recognise`], [`ErrorKind::OptionUnused`], and those of the format:
/// - every format: [`ErrorKind::SecretOutOfRange`];
/// - hex: [`ErrorKind::HexMalformed`];
/// - PEM and DER: [`ErrorKind::DerMalformed`], [`ErrorKind::WrongCurve`],
///   [`ErrorKind::PublicKeyMismatch`];
/// - keystore: [`ErrorKind::KeystoreMalformed`], [`ErrorKind::KeystoreVersion`],
///   [`ErrorKind::KdfUnsupported`], [`ErrorKind::KdfTooCostly`], [`ErrorKind::CipherUnsupported`],
///   then [`ErrorKind::PassphraseMissing`], and only then, after the work was done,
///   [`ErrorKind::PassphraseWrong`], [`ErrorKind::AddressMismatch`];
/// - mnemonic: those of [`Mnemonic::parse`].
pub fn read(input: &[u8], options: &Options<'_>) -> Result<Secret, Error> {
    on_wiped_stack(|| read_any(input, options))
}

fn read_any(input: &[u8], options: &Options<'_>) -> Result<Secret, Error> {
    let input = take_apart(input)?;
    check_options(input.format(), options)?;
    match input {
        Input::Hex(text) => read_hex(text),
        Input::Raw(bytes) => Secret::from_bytes(bytes),
        Input::Pem { shape, der } => der::read(&der, shape),
        Input::Der { shape, der } => der::read(der, shape),
        Input::Keystore(text) => {
            let keystore = Keystore::parse(text)?;
            let passphrase = options.passphrase.ok_or_else(|| {
                Error::new(ErrorKind::PassphraseMissing, "the keystore needs its passphrase")
            })?;
            keystore.open(passphrase)
        }
        Input::Mnemonic(text) => {
            let first = DerivationPath::default();
            Mnemonic::parse(text)?.derive(options.passphrase, options.path.unwrap_or(&first))
        }
    }
}

fn check_options(format: Format, options: &Options<'_>) -> Result<(), Error> {
    let unused = |what: &str| Err(Error::new(ErrorKind::OptionUnused, what));
    if options.passphrase.is_some() && !format.takes_passphrase() {
        return unused("a passphrase was given, but the key is not encrypted");
    }
    if options.path.is_some() && !format.takes_path() {
        return unused("a derivation path was given, but the key is no mnemonic");
    }
    Ok(())
}

fn take_apart(input: &[u8]) -> Result<Input<'_>, Error> {
    let unknown = |what: &str| Error::new(ErrorKind::FormatUnknown, what);
    if input.len() > MAX_INPUT {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("the key has {} bytes; at most {MAX_INPUT} are read", input.len()),
        ));
    }
    let Some(text) = as_text(input) else {
        // 32 letters would have been taken for text, such as half of a hex key.
        if let Ok(bytes) = input.try_into() {
            return Ok(Input::Raw(bytes));
        }
        if input.first() == Some(&0x30) {
            return Ok(Input::Der { shape: der::shape(input)?, der: input });
        }
        return Err(unknown(
            "the bytes are no key: a key is hex, 32 bytes, PEM, DER, a keystore or a mnemonic",
        ));
    };
    if text.is_empty() {
        return Err(unknown("the key is empty"));
    }
    if text.contains(pem::BEGIN) {
        let block = pem::find(text)?;
        if let Some(parameters) = block.decode_parameters()? {
            der::check_parameters(&parameters)?;
        }
        let shape = if block.label == pem::SEC1 { Shape::Sec1 } else { Shape::Pkcs8 };
        return Ok(Input::Pem { shape, der: block.decode()? });
    }
    if text.starts_with('{') {
        return Ok(Input::Keystore(text));
    }
    if looks_like_hex(text) {
        return Ok(Input::Hex(text));
    }
    if mnemonic::looks_like_mnemonic(text) {
        return Ok(Input::Mnemonic(text));
    }
    Err(unknown("the text is no key: a key is hex, 32 bytes, PEM, DER, a keystore or a mnemonic"))
}

/// The text without white space around it and without a byte order mark, unless it is binary.
fn as_text(input: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(input).ok()?;
    let binary = |letter: char| letter.is_control() && !letter.is_whitespace();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains(binary) { None } else { Some(text.trim()) }
}

/// One word that begins with `0x`, or is all hex digits, or is as long as a key with a slip in it.
fn looks_like_hex(text: &str) -> bool {
    let one_word = text.is_ascii() && !text.contains(|letter: char| letter.is_ascii_whitespace());
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    one_word
        && (text.starts_with("0x")
            || digits == text.len()
            || ((62..=68).contains(&text.len()) && digits + 4 >= text.len()))
}

fn read_hex(text: &str) -> Result<Secret, Error> {
    let bytes = opsign_core::hex::decode::<32>(Field::SecretKey, text)
        .map(Zeroizing::new)
        .map_err(|error| Error::new(ErrorKind::HexMalformed, error.to_string()))?;
    Secret::from_bytes(&bytes)
}

impl Secret {
    /// Writes 64 lower-case hex digits, without `0x` and without a line end: what geth and op-node
    /// read. Constant time in the digits.
    pub fn to_hex(&self) -> SecretText {
        let mut digits = Zeroizing::new([0; 64]);
        let digits = base16ct::lower::encode_str(self.as_bytes(), digits.as_mut_slice());
        let mut text = Zeroizing::new(String::with_capacity(64));
        // Never an error: 32 bytes have 64 digits.
        text.push_str(digits.unwrap_or_default());
        SecretText::new(text)
    }
}
