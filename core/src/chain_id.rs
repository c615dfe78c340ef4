//! Chain ids: 256-bit unsigned integers, big-endian, as the signing hash takes them.

use core::fmt;
use core::str::FromStr;

use crate::error::{Error, Field};

/// A chain id, 0 to 2^256 - 1.
///
/// Reads from text as decimal or as `0x` hex (1 to 64 digits), and writes itself as decimal.
///
/// ```
/// use opsign_core::ChainId;
///
/// let op_mainnet: ChainId = "10".parse()?;
/// assert_eq!(op_mainnet, ChainId::from(10));
/// assert_eq!("0xa".parse::<ChainId>()?.to_string(), "10");
/// # Ok::<(), opsign_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainId([u8; 32]);

impl ChainId {
    /// Takes 32 bytes, big-endian.
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, big-endian.
    pub const fn as_be_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `self = self * base + digit`, or an error past 256 bits.
    fn push_digit(&mut self, base: u16, digit: u8) -> Result<(), Error> {
        let mut carry = u16::from(digit);
        for byte in self.0.iter_mut().rev() {
            let product = u16::from(*byte) * base + carry;
            *byte = product as u8;
            carry = product >> 8;
        }
        if carry == 0 { Ok(()) } else { Err(Error::ChainIdTooLarge) }
    }

    /// `self = self / 10`, and the remainder.
    fn pop_decimal_digit(&mut self) -> u8 {
        let mut remainder = 0u16;
        for byte in &mut self.0 {
            let dividend = remainder << 8 | u16::from(*byte);
            *byte = (dividend / 10) as u8;
            remainder = dividend % 10;
        }
        remainder as u8
    }
}

impl From<u64> for ChainId {
    fn from(id: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&id.to_be_bytes());
        Self(bytes)
    }
}

impl FromStr for ChainId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (digits, base, offset) = match text.strip_prefix("0x") {
            Some(digits) => (digits, 16, 2),
            None => (text, 10, 0),
        };
        if digits.is_empty() {
            return Err(Error::Empty { field: Field::ChainId });
        }
        let mut id = Self([0; 32]);
        for (at, character) in digits.chars().enumerate() {
            let Some(digit) = character.to_digit(base) else {
                return Err(Error::ChainIdDigit { position: offset + at });
            };
            id.push_digit(base as u16, digit as u8)?;
        }
        Ok(id)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 2^256 has 78 decimal digits.
        let mut text = [b'0'; 78];
        let mut rest = *self;
        let mut start = text.len();
        while start == text.len() || rest.0 != [0; 32] {
            start -= 1;
            text[start] = b'0' + rest.pop_decimal_digit();
        }
        f.write_str(core::str::from_utf8(&text[start..]).unwrap_or_default())
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainId({self})")
    }
}
