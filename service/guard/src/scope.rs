//! What is protected (a scope), where in it (a slot), and what may stand there once (a digest).

use std::fmt;
use std::str::FromStr;

use opsign_core::{Address, ChainId, Domain, hazmat};
use serde::{Deserialize, Serialize};

use crate::hex::{self, Hex};

/// Substrate's schemes, and the bytes of their public keys.
const SCHEMES: [(&str, usize); 3] = [("sr25519", 32), ("ed25519", 32), ("ecdsa", 33)];

/// What a key does in a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// A sequencer signs block payloads; the slot is the block number.
    Blocks,
    /// An account signs transactions; the slot is the nonce.
    Transactions,
    /// A session key of a Substrate chain signs for consensus; what its slots are, its caller says.
    /// Whoever is granted a slot signs by itself: such keys are not secp256k1's.
    Session,
}

/// One key on one chain in one signing domain: the unit within which a slot is unique, a lease is
/// held and a floor stands. Made from the key's address, never from a name that a client gives.
///
/// As text `blocks/10/0x…` or `transactions/1/0x…`; a signing domain other than
/// [`Domain::BLOCKS_V1`] follows as 64 hex digits. A session key's is `session/gran/ed25519/0x…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope([u8; Self::BYTES]);

impl Scope {
    /// `kind[1] ‖ address[20] ‖ chain id[32] ‖ domain[32]`; of a session key `kind[1] ‖ key type[4]
    /// ‖ scheme[1] ‖ public key[33]`, and zeros.
    pub(crate) const BYTES: usize = 85;

    /// Block payloads signed by `key`.
    pub fn blocks(key: &Address, chain: &ChainId, domain: &Domain) -> Self {
        Self::new(0, key, chain, domain.as_bytes())
    }

    /// Transactions sent by `sender`.
    pub fn transactions(sender: &Address, chain: &ChainId) -> Self {
        Self::new(1, sender, chain, &[0; 32])
    }

    /// A session key, by its type's four letters, its scheme's name and its public key. None if a
    /// letter is neither letter nor digit, the scheme is not one of Substrate's, or the key has not
    /// the length that the scheme has.
    pub fn session(key_type: &[u8; 4], scheme: &str, public_key: &[u8]) -> Option<Self> {
        let scheme = SCHEMES.iter().position(|(name, _)| *name == scheme)?;
        let sound = key_type.iter().all(u8::is_ascii_alphanumeric);
        let mut bytes = [0; Self::BYTES];
        bytes[0] = 2;
        bytes[1..5].copy_from_slice(key_type);
        bytes[5] = scheme as u8;
        if !sound || public_key.len() != SCHEMES[scheme].1 {
            return None;
        }
        bytes[6..6 + public_key.len()].copy_from_slice(public_key);
        Some(Self(bytes))
    }

    fn new(kind: u8, address: &Address, chain: &ChainId, domain: &[u8; 32]) -> Self {
        let mut bytes = [0; Self::BYTES];
        bytes[0] = kind;
        bytes[1..21].copy_from_slice(address.as_bytes());
        bytes[21..53].copy_from_slice(chain.as_be_bytes());
        bytes[53..].copy_from_slice(domain);
        Self(bytes)
    }

    pub(crate) fn from_bytes(bytes: [u8; Self::BYTES]) -> Option<Self> {
        match bytes[0] {
            0 | 1 => Some(Self(bytes)),
            2 => {
                let (name, length) = SCHEMES.get(usize::from(bytes[5]))?;
                let scope = Self::session(
                    &[bytes[1], bytes[2], bytes[3], bytes[4]],
                    name,
                    &bytes[6..6 + length],
                )?;
                (scope.0 == bytes).then_some(scope)
            }
            _ => None,
        }
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// What the key does here.
    pub const fn kind(&self) -> ScopeKind {
        match self.0[0] {
            0 => ScopeKind::Blocks,
            1 => ScopeKind::Transactions,
            _ => ScopeKind::Session,
        }
    }

    /// The address to which every signature must recover. Of a session key's scope, nobody's.
    pub fn address(&self) -> Address {
        Address::from_bytes(self.part(1))
    }

    /// The chain.
    pub fn chain(&self) -> ChainId {
        ChainId::from_be_bytes(self.part(21))
    }

    /// The signing domain of block payloads.
    pub fn domain(&self) -> Domain {
        hazmat::domain(self.part(53))
    }

    /// A session key's type, scheme and public key.
    fn parts(&self) -> (&str, &str, &[u8]) {
        let (name, length) = SCHEMES[usize::from(self.0[5])];
        (str::from_utf8(&self.0[1..5]).unwrap_or_default(), name, &self.0[6..6 + length])
    }

    fn part<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut part = [0; N];
        part.copy_from_slice(&self.0[at..at + N]);
        part
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind() {
            ScopeKind::Blocks => "blocks",
            ScopeKind::Transactions => "transactions",
            ScopeKind::Session => {
                let (key_type, scheme, public_key) = self.parts();
                return write!(f, "session/{key_type}/{scheme}/{}", hex::text(public_key));
            }
        };
        write!(f, "{kind}/{}/{}", self.chain(), self.address())?;
        if self.domain() != Domain::BLOCKS_V1 {
            write!(f, "/{}", hex::text(self.domain().as_bytes()))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({self})")
    }
}

/// The text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAScope;

impl fmt::Display for NotAScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a scope is written blocks/CHAIN/ADDRESS, transactions/CHAIN/ADDRESS or \
             session/KEYTYPE/SCHEME/PUBLICKEY",
        )
    }
}

impl std::error::Error for NotAScope {}

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(NotAScope);
        let (kind, chain, address) = (next()?, next()?, next()?);
        if kind == "session" {
            let key_type = chain.as_bytes().try_into().map_err(|_| NotAScope)?;
            let digits = parts.next().ok_or(NotAScope)?;
            let public_key = match hex::bytes::<32>(digits) {
                Some(bytes) => bytes.to_vec(),
                None => hex::bytes::<33>(digits).ok_or(NotAScope)?.to_vec(),
            };
            let scope = Self::session(key_type, address, &public_key).ok_or(NotAScope)?;
            return if parts.next().is_none() { Ok(scope) } else { Err(NotAScope) };
        }
        let chain: ChainId = chain.parse().map_err(|_| NotAScope)?;
        let address: Address = address.parse().map_err(|_| NotAScope)?;
        let domain = match parts.next() {
            Some(digits) => hazmat::domain(hex::bytes(digits).ok_or(NotAScope)?),
            None => Domain::BLOCKS_V1,
        };
        match (kind, parts.next()) {
            ("blocks", None) => Ok(Self::blocks(&address, &chain, &domain)),
            ("transactions", None) if domain == Domain::BLOCKS_V1 => {
                Ok(Self::transactions(&address, &chain))
            }
            _ => Err(NotAScope),
        }
    }
}

impl Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What may stand in a slot once: a payload hash in a scope of blocks, a signing hash in one of
/// transactions. Displayed as `0x` and 64 digits.
pub type Digest = Hex<32>;

/// Who asks: the identity that the transport authenticated, such as a certificate's first DNS
/// name. At most [`Client::MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Client(String);

impl Client {
    /// The most bytes of a name, so that it fits one cell of the record.
    pub const MAX: usize = 190;

    /// Takes a name; none if it is empty or too long.
    pub fn new(name: impl Into<String>) -> Option<Self> {
        let name = name.into();
        (!name.is_empty() && name.len() <= Self::MAX).then_some(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Client {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("a client's name has 1 to 190 bytes"))
    }
}
