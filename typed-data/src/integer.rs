//! Integers of typed data, which go-ethereum keeps as `big.Int` of at most 256 bits.

use opsign_core::U256;

/// An integer from -(2^256 - 1) to 2^256 - 1: go-ethereum limits the bits without the sign.
#[derive(Clone, Copy)]
pub(crate) struct Integer {
    negative: bool,
    magnitude: U256,
}

impl Integer {
    /// Reads what `math.ParseBig256` reads: decimal digits, or hex digits after `0x` or `0X`, with
    /// a sign before the digits (so after the prefix); empty text is 0.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self { negative: false, magnitude: U256::ZERO });
        }
        let (signed, base) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None => (text, 10),
        };
        let (negative, digits) = match signed.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, signed.strip_prefix('+').unwrap_or(signed)),
        };
        Some(Self { negative, magnitude: U256::from_digits(digits, base)? })
    }

    /// What a JSON number stands for, which Go reads to the nearest double: that must be an integer
    /// of 64 bits (`float64(int64(v)) == v`). 9007199254740993 is 9007199254740992 then.
    ///
    /// 2^63 is refused, as by Go on amd64; on arm64 Go takes it for 2^63 - 1.
    pub(crate) fn from_double(double: f64) -> Option<Self> {
        const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
        let integer = double as i64;
        let fits = (-TWO_TO_63..TWO_TO_63).contains(&double) && integer as f64 == double;
        fits.then(|| Self { negative: integer < 0, magnitude: U256::from(integer.unsigned_abs()) })
    }

    pub(crate) fn is_negative(self) -> bool {
        self.negative && self.magnitude != U256::ZERO
    }

    /// How many bits the number has without its sign.
    pub(crate) fn bits(self) -> usize {
        let bytes = self.magnitude.as_be_bytes();
        match bytes.iter().position(|byte| *byte != 0) {
            Some(at) => 8 * (bytes.len() - at) - bytes[at].leading_zeros() as usize,
            None => 0,
        }
    }

    /// The number modulo 2^256, big-endian: two's complement.
    pub(crate) fn to_word(self) -> [u8; 32] {
        let mut word = *self.magnitude.as_be_bytes();
        if self.negative {
            let mut carry = true;
            for byte in word.iter_mut().rev() {
                (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
            }
        }
        word
    }
}
