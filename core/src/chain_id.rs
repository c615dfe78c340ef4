//! Chain ids: 256-bit unsigned integers, big-endian, as the signing hash takes them.

use core::fmt;
use core::str::FromStr;

use crate::error::{Error, Field};
use crate::uint::{ParseError, U256};

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
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ChainId(U256);

impl ChainId {
    /// Takes 32 bytes, big-endian.
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }

    /// The 32 bytes, big-endian.
    pub const fn as_be_bytes(&self) -> &[u8; 32] {
        self.0.as_be_bytes()
    }

    /// The number.
    pub const fn as_u256(&self) -> &U256 {
        &self.0
    }
}

impl From<u64> for ChainId {
    fn from(id: u64) -> Self {
        Self(id.into())
    }
}

impl From<U256> for ChainId {
    fn from(id: U256) -> Self {
        Self(id)
    }
}

impl FromStr for ChainId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        U256::parse(text).map(Self).map_err(|error| match error {
            ParseError::Empty => Error::Empty { field: Field::ChainId },
            ParseError::Digit { position } => Error::ChainIdDigit { position },
            ParseError::TooLarge => Error::ChainIdTooLarge,
        })
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainId({self})")
    }
}
