//! Hex text to fixed-size bytes and back, in constant time with respect to the digits.

use core::fmt;

use crate::error::{Error, Field};

/// Reads exactly `N` bytes of hex, digits of either case, with or without a `0x` prefix.
///
/// Constant time in the digits of valid text, so it may read a secret key. `field` names the value
/// in the error.
///
/// # Errors
/// [`Error::Empty`], [`Error::HexDigit`], [`Error::HexOddLength`], [`Error::TooShort`] or
/// [`Error::TooLong`], looked for in that order.
pub fn decode<const N: usize>(field: Field, text: &str) -> Result<[u8; N], Error> {
    let (digits, offset) = match text.strip_prefix("0x") {
        Some(digits) => (digits.as_bytes(), 2),
        None => (text.as_bytes(), 0),
    };
    let mut bytes = [0; N];
    if digits.len() == 2 * N && base16ct::mixed::decode(digits, &mut bytes).is_ok() {
        return Ok(bytes);
    }
    // Only now, with the text refused, are its digits looked at one by one.
    if digits.is_empty() {
        return Err(Error::Empty { field });
    }
    if let Some(at) = digits.iter().position(|byte| !byte.is_ascii_hexdigit()) {
        return Err(Error::HexDigit { field, position: offset + at });
    }
    if !digits.len().is_multiple_of(2) {
        return Err(Error::HexOddLength { field, digits: digits.len() });
    }
    Error::compare_length(field, digits.len() / 2, N)?;
    // Not reached: the digits and the length are right, so they were decoded above.
    Err(Error::Empty { field })
}

/// Writes `0x` and lower-case hex.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_str("0x")?;
    for byte in bytes {
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}
