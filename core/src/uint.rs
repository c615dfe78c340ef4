//! 256-bit unsigned integers, as chain ids, values and fees are.

use core::fmt;

/// A number from 0 to 2^256 - 1. Writes itself in decimal.
// Aligned, so that it is moved in words: within an `Error`'s place it would else start at any byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(align(8))]
pub struct U256([u8; 32]);

/// The text is no number, or one of more than 256 bits.
pub(crate) enum ParseError {
    Empty,
    Digit { position: usize },
    TooLarge,
}

impl U256 {
    /// 0.
    pub const ZERO: Self = Self([0; 32]);

    /// Takes 32 bytes, big-endian.
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, big-endian.
    pub const fn as_be_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads digits of base 10 or 16 and nothing else: no prefix, no sign. `None` if there is no
    /// digit, another character, or more than 256 bits.
    pub fn from_digits(digits: &str, base: u32) -> Option<Self> {
        if digits.is_empty() || !matches!(base, 10 | 16) {
            return None;
        }
        let mut number = Self::ZERO;
        for character in digits.chars() {
            number.push_digit(base as u16, character.to_digit(base)? as u8)?;
        }
        Some(number)
    }

    /// Reads decimal digits, or hex digits after `0x`.
    pub(crate) fn parse(text: &str) -> Result<Self, ParseError> {
        let (digits, base, offset) = match text.strip_prefix("0x") {
            Some(digits) => (digits, 16, 2),
            None => (text, 10, 0),
        };
        if digits.is_empty() {
            return Err(ParseError::Empty);
        }
        let mut number = Self::ZERO;
        for (at, character) in digits.chars().enumerate() {
            let Some(digit) = character.to_digit(base) else {
                return Err(ParseError::Digit { position: offset + at });
            };
            number.push_digit(base as u16, digit as u8).ok_or(ParseError::TooLarge)?;
        }
        Ok(number)
    }

    /// `self = self * base + digit`, or `None` past 256 bits.
    fn push_digit(&mut self, base: u16, digit: u8) -> Option<()> {
        let mut carry = u16::from(digit);
        for byte in self.0.iter_mut().rev() {
            let product = u16::from(*byte) * base + carry;
            *byte = product as u8;
            carry = product >> 8;
        }
        (carry == 0).then_some(())
    }

    /// `2 * self + summand`, or `None` past 256 bits.
    pub(crate) fn double_plus(&self, summand: u16) -> Option<Self> {
        let mut doubled = *self;
        let mut carry = summand;
        for byte in doubled.0.iter_mut().rev() {
            let sum = 2 * u16::from(*byte) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
        (carry == 0).then_some(doubled)
    }

    /// `(self - subtrahend) / 2`, or `None` below zero.
    pub(crate) fn minus_halved(&self, subtrahend: u8) -> Option<Self> {
        let mut number = *self;
        let mut borrow = i16::from(subtrahend);
        for byte in number.0.iter_mut().rev() {
            let difference = i16::from(*byte) - borrow;
            *byte = difference as u8;
            borrow = i16::from(difference < 0);
        }
        if borrow != 0 {
            return None;
        }
        let mut carry = 0;
        for byte in &mut number.0 {
            let bit = *byte & 1;
            *byte = *byte >> 1 | carry << 7;
            carry = bit;
        }
        Some(number)
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

impl From<u64> for U256 {
    fn from(number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&number.to_be_bytes());
        Self(bytes)
    }
}

impl fmt::Display for U256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 2^256 has 78 decimal digits.
        let mut text = [b'0'; 78];
        let mut rest = *self;
        let mut start = text.len();
        while start == text.len() || rest != Self::ZERO {
            start -= 1;
            text[start] = b'0' + rest.pop_decimal_digit();
        }
        f.write_str(core::str::from_utf8(&text[start..]).unwrap_or_default())
    }
}

impl fmt::Debug for U256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
