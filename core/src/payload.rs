//! From a block payload to the hash that a sequencer signs.

use core::fmt;

use crate::chain_id::ChainId;
use crate::error::{Error, Field};
use crate::hex;
use crate::keccak::{Keccak256, keccak256};

/// The signing domain: 32 bytes that keep signatures of one purpose from being read as another's.
///
/// op-node knows one, 32 zero bytes for gossiped blocks. Any other comes from
/// [`crate::hazmat::domain`]: a domain of an attacker's choice could make the 96 signed bytes
/// mean something else, for instance a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain(pub(crate) [u8; 32]);

impl Domain {
    /// The domain of gossiped blocks, 32 zero bytes (`SigningDomainBlocksV1` in op-node).
    pub const BLOCKS_V1: Self = Self([0; 32]);

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Keccak-256 of a block payload: the bytes that follow the signature in a gossip message.
///
/// For topics V1 and V2 that is the SSZ execution payload, for V3 and V4
/// `parentBeaconBlockRoot[32] ‖ SSZ`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PayloadHash([u8; 32]);

impl PayloadHash {
    /// Hashes a payload that is in one piece. See [`PayloadHasher`] for one in several.
    pub fn of(payload: &[u8]) -> Self {
        Self(keccak256(&[payload]))
    }

    /// Takes a payload hash that someone else computed, as op-node's remote signer protocol sends.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hex digits, with or without `0x`.
    ///
    /// # Errors
    /// The kinds of [`hex::decode`], for [`Field::PayloadHash`].
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        hex::decode(Field::PayloadHash, text).map(Self)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PayloadHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Debug for PayloadHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayloadHash({self})")
    }
}

/// Hashes a payload that arrives in pieces, without copying it.
///
/// ```
/// use opsign_core::{PayloadHash, PayloadHasher};
///
/// let mut hasher = PayloadHasher::new();
/// hasher.update(&[0xaa; 32]);
/// hasher.update(b"ssz");
/// let mut whole = [0xaa; 35];
/// whole[32..].copy_from_slice(b"ssz");
/// assert_eq!(hasher.finish(), PayloadHash::of(&whole));
/// ```
#[derive(Clone, Default)]
pub struct PayloadHasher(Keccak256);

impl PayloadHasher {
    /// A hasher that has seen no bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece, of any length.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces in order.
    pub fn finish(self) -> PayloadHash {
        PayloadHash(self.0.finish())
    }
}

/// What a key signs: 32 bytes that only a builder of this crate can make.
///
/// Not constructible from bytes outside [`crate::hazmat`]:
///
/// ```compile_fail
/// let chosen_by_caller = opsign_core::SigningHash([0; 32]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SigningHash(pub(crate) [u8; 32]);

impl SigningHash {
    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for SigningHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Debug for SigningHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningHash({self})")
    }
}

/// The hash a sequencer signs for a gossiped block:
/// `keccak256(domain[32] ‖ chainId[32] ‖ payloadHash[32])` with [`Domain::BLOCKS_V1`].
///
/// Source: rollup-node P2P specification, "Block signatures"; `BlockSigningMessage.ToSigningHash`
/// in op-node.
pub fn payload_signing_hash(chain_id: &ChainId, payload_hash: &PayloadHash) -> SigningHash {
    signing_hash_in(&Domain::BLOCKS_V1, chain_id, payload_hash)
}

pub(crate) fn signing_hash_in(
    domain: &Domain,
    chain_id: &ChainId,
    payload_hash: &PayloadHash,
) -> SigningHash {
    SigningHash(keccak256(&[domain.as_bytes(), chain_id.as_be_bytes(), payload_hash.as_bytes()]))
}
