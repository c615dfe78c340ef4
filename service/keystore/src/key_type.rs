//! What a session key is for: Substrate's four letters.

use std::fmt;
use std::str::FromStr;

/// Four letters, such as `babe`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyType([u8; 4]);

/// What keys of a type sign, as far as this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Seals of blocks: `babe`, `aura`.
    Blocks,
    /// Votes of GRANDPA: `gran`.
    Finality,
    /// Statements about candidates, and availability: `para`.
    Candidates,
    /// Commitments of BEEFY: `beef`.
    Commitments,
    /// Consensus, in a form that is not known here: `asgn`, which makes VRF signatures, and `sass`.
    Unknown,
    /// Nothing that can be held against a validator: `audi`, `imon` and so on.
    Other,
}

impl KeyType {
    /// BABE's seals and VRF.
    pub const BABE: Self = Self(*b"babe");
    /// Aura's seals.
    pub const AURA: Self = Self(*b"aura");
    /// GRANDPA's votes.
    pub const GRANDPA: Self = Self(*b"gran");
    /// A parachain validator's statements.
    pub const PARA: Self = Self(*b"para");
    /// BEEFY's commitments.
    pub const BEEFY: Self = Self(*b"beef");

    /// The letters.
    pub const fn letters(&self) -> &[u8; 4] {
        &self.0
    }

    /// What keys of this type sign. None for a type that Substrate and Polkadot do not have.
    pub const fn duty(&self) -> Option<Duty> {
        Some(match &self.0 {
            b"babe" | b"aura" => Duty::Blocks,
            b"gran" => Duty::Finality,
            b"para" => Duty::Candidates,
            b"beef" => Duty::Commitments,
            b"asgn" | b"sass" => Duty::Unknown,
            b"acco" | b"audi" | b"coll" | b"dumy" | b"fish" | b"imon" | b"mixn" | b"stak"
            | b"stmt" => Duty::Other,
            _ => return None,
        })
    }
}

/// The text is no key type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAKeyType;

impl fmt::Display for NotAKeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key type has four letters or digits, such as babe")
    }
}

impl std::error::Error for NotAKeyType {}

impl FromStr for KeyType {
    type Err = NotAKeyType;

    fn from_str(text: &str) -> Result<Self, NotAKeyType> {
        let letters: [u8; 4] = text.as_bytes().try_into().map_err(|_| NotAKeyType)?;
        letters.iter().all(u8::is_ascii_alphanumeric).then_some(Self(letters)).ok_or(NotAKeyType)
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

impl fmt::Debug for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
