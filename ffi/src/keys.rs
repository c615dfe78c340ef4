//! Keys in files: the functions of `include/opsign.h` that read and write them.

use core::ffi::c_char;

use opsign_core::ErrorCode;
use opsign_keys::{
    DerivationPath, ErrorKind, Format, Options, Passphrase, ScryptCost, Secret, read, recognise,
    system_random,
};

use crate::SecretKeyHandle;
use crate::boundary::{Failure, enter, enter_plain};
use crate::ptr::{self, Out};

/// The format of a key. What an output is after a failure: none of them.
pub const OPSIGN_KEY_FORMAT_UNKNOWN: i32 = 0;

/// 64 hex digits, with or without 0x.
pub const OPSIGN_KEY_FORMAT_HEX: i32 = 1;

/// 32 bytes, big-endian.
pub const OPSIGN_KEY_FORMAT_RAW: i32 = 2;

/// SEC 1 in PEM (RFC 5915).
pub const OPSIGN_KEY_FORMAT_SEC1_PEM: i32 = 3;

/// SEC 1 in DER.
pub const OPSIGN_KEY_FORMAT_SEC1_DER: i32 = 4;

/// PKCS#8 in PEM (RFC 5208, RFC 5958).
pub const OPSIGN_KEY_FORMAT_PKCS8_PEM: i32 = 5;

/// PKCS#8 in DER.
pub const OPSIGN_KEY_FORMAT_PKCS8_DER: i32 = 6;

/// An Ethereum keystore of version 3.
pub const OPSIGN_KEY_FORMAT_KEYSTORE: i32 = 7;

/// A mnemonic (BIP-39).
pub const OPSIGN_KEY_FORMAT_MNEMONIC: i32 = 8;

/// A keystore's scrypt as geth has it: N = 262144, r = 8, p = 1; 256 MiB and about a second.
pub const OPSIGN_KDF_STANDARD: i32 = 0;

/// The same with geth's --lightkdf: N = 4096, r = 8, p = 6; 4 MiB. A weak passphrase is guessed that
/// much faster.
pub const OPSIGN_KDF_LIGHT: i32 = 1;

/// Bytes that suffice for every text that opsign_key_convert writes.
pub const OPSIGN_KEY_TEXT_ROOM: usize = 1024;

/// A key in a file, and what opens it.
#[repr(C)]
pub struct KeyInputC {
    /// The contents of the file.
    pub bytes: *const u8,
    /// How many bytes.
    pub len: usize,
    /// The passphrase of a keystore or mnemonic, UTF-8, no NUL needed; NULL: none.
    pub passphrase: *const c_char,
    /// How many bytes; with 0 and a passphrase that is not NULL it is the empty one.
    pub passphrase_len: usize,
    /// Which key of a mnemonic, such as m/44'/60'/0'/0/0, which is the default; NULL: not given.
    pub hd_path: *const c_char,
    /// How many characters.
    pub hd_path_len: usize,
}

/// How a key is to be written.
#[repr(C)]
pub struct KeyOutputC {
    /// OPSIGN_KEY_FORMAT_HEX, _SEC1_PEM, _PKCS8_PEM or _KEYSTORE.
    pub format: i32,
    /// OPSIGN_KDF_STANDARD or OPSIGN_KDF_LIGHT, for keystores only.
    pub kdf: i32,
    /// The passphrase of a keystore, UTF-8, no NUL needed; NULL for the other formats.
    pub passphrase: *const c_char,
    /// How many bytes.
    pub passphrase_len: usize,
}

/// Says in which format a key is, without opening it.
///
/// Returns: OPSIGN_OK, or _KEY_FORMAT_UNKNOWN, _KEY_TOO_LARGE, _KEY_ENCRYPTED, _KEY_PEM_MALFORMED,
/// _KEY_DER_MALFORMED, _KEY_WRONG_CURVE.
/// Out: format, OPSIGN_KEY_FORMAT_... In: bytes, len of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_key_recognise(
    bytes: *const u8,
    len: usize,
    format: *mut i32,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(format) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(bytes, len)? };
        format_number(recognise(bytes)?)
    })
}

/// The name of a format, such as "sec1_pem".
///
/// Returns: a string that lives for ever; "unknown" for a number not in use.
#[unsafe(no_mangle)]
pub extern "C" fn opsign_key_format_name(format: i32) -> *const c_char {
    enter_plain(c"unknown".as_ptr(), || {
        match format {
            OPSIGN_KEY_FORMAT_HEX => c"hex",
            OPSIGN_KEY_FORMAT_RAW => c"raw",
            OPSIGN_KEY_FORMAT_SEC1_PEM => c"sec1_pem",
            OPSIGN_KEY_FORMAT_SEC1_DER => c"sec1_der",
            OPSIGN_KEY_FORMAT_PKCS8_PEM => c"pkcs8_pem",
            OPSIGN_KEY_FORMAT_PKCS8_DER => c"pkcs8_der",
            OPSIGN_KEY_FORMAT_KEYSTORE => c"keystore",
            OPSIGN_KEY_FORMAT_MNEMONIC => c"mnemonic",
            _ => c"unknown",
        }
        .as_ptr()
    })
}

/// Reads a secret key in any format. A keystore takes the time and memory that it asks for, up to
/// 1 GiB and some ten seconds. The caller wipes the input and the passphrase.
///
/// Returns: OPSIGN_OK, or what opsign_key_recognise returns, or one of the other _KEY errors. A
/// passphrase or path that the format has no use for is _KEY_OPTION_UNUSED.
/// Out: key, to be freed with opsign_secret_key_free; NULL on failure. In: input.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_secret_key_read(
    key: *mut *mut SecretKeyHandle,
    input: *const KeyInputC,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(key) };
    enter(out, || {
        // SAFETY: NULL or readable, as what it points to, by the header's contract.
        let secret = unsafe { read_input(input)? };
        Ok(ptr::give(SecretKeyHandle(secret.into_secret_key())))
    })
}

/// Writes a secret key in another format: text for a new file of mode 0600. A key handle cannot be
/// written out, only what it was read from; 32 random bytes are a key in the format raw.
///
/// Returns: OPSIGN_OK, or what opsign_secret_key_read returns; _WRONG_TYPE if output has a format
/// that is not written or a kdf that is none; _TOO_SHORT if there is not room enough;
/// _KEY_OPTION_UNUSED for a passphrase that the format has no use for; _KEY_PASSPHRASE_MISSING for a
/// keystore without one.
/// Out: text_len, the bytes written to text, without a NUL; 0 on failure.
/// Also out: text, room bytes: OPSIGN_KEY_TEXT_ROOM suffice. In: input; output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_key_convert(
    input: *const KeyInputC,
    output: *const KeyOutputC,
    text: *mut u8,
    room: usize,
    text_len: *mut usize,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(text_len) };
    enter(out, || {
        // SAFETY: NULL or readable, by the header's contract.
        let output = unsafe { ptr::handle(output)? };
        let cost = match output.kdf {
            OPSIGN_KDF_STANDARD => ScryptCost::STANDARD,
            OPSIGN_KDF_LIGHT => ScryptCost::LIGHT,
            _ => return Err(ErrorCode::WrongType.into()),
        };
        // SAFETY: NULL or readable for its length, by the header's contract.
        let passphrase = unsafe { read_passphrase(output.passphrase, output.passphrase_len)? };
        // All that can be wrong with the call is told before a keystore's time is spent.
        match (output.format, &passphrase) {
            (OPSIGN_KEY_FORMAT_KEYSTORE, None) => return Err(ErrorKind::PassphraseMissing.into()),
            (OPSIGN_KEY_FORMAT_KEYSTORE, Some(_)) => {}
            (_, Some(_)) => return Err(ErrorKind::OptionUnused.into()),
            (_, None) => {}
        }
        if text.is_null() && room != 0 {
            return Err(ErrorCode::NullPointer.into());
        }
        // SAFETY: NULL or readable, as what it points to, by the header's contract.
        let secret = unsafe { read_input(input)? };
        let put = |written: &str| {
            // SAFETY: writable for `room` bytes, by the header's contract.
            unsafe { ptr::copy_out(written.as_bytes(), text, room)? };
            Ok(written.len())
        };
        match (output.format, passphrase) {
            (OPSIGN_KEY_FORMAT_HEX, _) => put(secret.to_hex().as_str()),
            (OPSIGN_KEY_FORMAT_SEC1_PEM, _) => put(secret.to_sec1_pem().as_str()),
            (OPSIGN_KEY_FORMAT_PKCS8_PEM, _) => put(secret.to_pkcs8_pem().as_str()),
            (OPSIGN_KEY_FORMAT_KEYSTORE, Some(passphrase)) => {
                put(&secret.to_keystore(&passphrase, cost, system_random)?)
            }
            _ => Err(ErrorCode::WrongType.into()),
        }
    })
}

fn format_number(format: Format) -> Result<i32, Failure> {
    Ok(match format {
        Format::Hex => OPSIGN_KEY_FORMAT_HEX,
        Format::Raw => OPSIGN_KEY_FORMAT_RAW,
        Format::Sec1Pem => OPSIGN_KEY_FORMAT_SEC1_PEM,
        Format::Sec1Der => OPSIGN_KEY_FORMAT_SEC1_DER,
        Format::Pkcs8Pem => OPSIGN_KEY_FORMAT_PKCS8_PEM,
        Format::Pkcs8Der => OPSIGN_KEY_FORMAT_PKCS8_DER,
        Format::Keystore => OPSIGN_KEY_FORMAT_KEYSTORE,
        Format::Mnemonic => OPSIGN_KEY_FORMAT_MNEMONIC,
        _ => return Err(ErrorCode::Internal.into()),
    })
}

/// # Safety
/// `input` is NULL or readable, and its pointers are NULL or readable for their lengths.
unsafe fn read_input(input: *const KeyInputC) -> Result<Secret, Failure> {
    // SAFETY: the caller's promise; a struct of C's is borrowed like a handle.
    let input = unsafe { ptr::handle(input)? };
    // SAFETY: the caller's promise.
    let bytes = unsafe { ptr::slice(input.bytes, input.len)? };
    // SAFETY: the caller's promise.
    let passphrase = unsafe { read_passphrase(input.passphrase, input.passphrase_len)? };
    // SAFETY: the caller's promise.
    let path = unsafe { read_path(input.hd_path, input.hd_path_len)? };
    let options = Options { passphrase: passphrase.as_ref(), path: path.as_ref() };
    Ok(read(bytes, &options)?)
}

/// # Safety
/// `text` is NULL or readable for `len` bytes.
unsafe fn read_passphrase(text: *const c_char, len: usize) -> Result<Option<Passphrase>, Failure> {
    if text.is_null() && len == 0 {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { ptr::slice(text.cast(), len)? };
    let text = core::str::from_utf8(bytes).map_err(|_| ErrorKind::PassphraseMalformed)?;
    Ok(Some(Passphrase::new(text)))
}

/// # Safety
/// `text` is NULL or readable for `len` bytes.
unsafe fn read_path(text: *const c_char, len: usize) -> Result<Option<DerivationPath>, Failure> {
    if text.is_null() && len == 0 {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { ptr::slice(text.cast(), len)? };
    let text = core::str::from_utf8(bytes).map_err(|_| ErrorKind::PathMalformed)?;
    Ok(Some(text.parse()?))
}
