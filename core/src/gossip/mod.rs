//! The gossip message of an unsafe block: `signature[65] ‖ payload`, snappy-compressed.
//!
//! The payload is the SSZ execution payload on topics V1 and V2, and
//! `parentBeaconBlockRoot[32] ‖ SSZ` on V3 and V4. The signature covers all of it (rollup-node P2P
//! specification, "Gossip topics" and "Block encoding").

mod block_hash;
mod l1_info;
mod payload;
mod snappy;
mod validate;

use core::fmt;
use core::str::FromStr;

pub use l1_info::L1Info;
pub use payload::{MAX_TRANSACTIONS, Payload, Transactions, Withdrawal};
pub use snappy::{decompress, decompressed_len};
pub use validate::{
    GossipConfig, GossipMemory, Judgement, Reason, Verdict, validate, validate_data,
};

use crate::error::{Error, Field};
use crate::key::Address;
use crate::payload::{PayloadHash, SigningHash, payload_signing_hash};
use crate::sign::{Rules, Signature};
use crate::{ChainId, hex};

/// The most bytes a gossip message may have, compressed or not: 10 MiB (`maxGossipSize`).
pub const MAX_MESSAGE: usize = 10 << 20;

/// The fewest bytes a decompressed message may have: a signature and one byte (`minGossipSize`).
pub const MIN_DATA: usize = 66;

/// A gossip topic `/optimism/<chainId>/<index>/blocks`, which says how a payload is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Index 0: blocks before Canyon.
    V1,
    /// Index 1: Canyon and Delta.
    V2,
    /// Index 2: Ecotone to Holocene.
    V3,
    /// Index 3: Isthmus and later.
    V4,
}

impl Topic {
    /// All topics, oldest first.
    pub const ALL: [Self; 4] = [Self::V1, Self::V2, Self::V3, Self::V4];

    /// Bytes in front of the SSZ payload: the parent beacon block root on V3 and V4.
    pub const fn prefix_len(self) -> usize {
        match self {
            Self::V1 | Self::V2 => 0,
            Self::V3 | Self::V4 => 32,
        }
    }

    /// Bytes of the fixed part of the SSZ execution payload.
    const fn fixed_len(self) -> usize {
        match self {
            Self::V1 => 508,
            Self::V2 => 512,
            Self::V3 => 528,
            Self::V4 => 560,
        }
    }
}

impl FromStr for Topic {
    type Err = Error;

    /// Reads `v1` to `v4`.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "v1" => Ok(Self::V1),
            "v2" => Ok(Self::V2),
            "v3" => Ok(Self::V3),
            "v4" => Ok(Self::V4),
            _ => Err(Error::UnknownTopic),
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
            Self::V4 => "v4",
        })
    }
}

/// A decompressed gossip message, taken apart without copying. Nothing is checked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    signature: &'a [u8; 65],
    payload: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Takes a decompressed message apart.
    ///
    /// # Errors
    /// [`Error::TooShort`] under [`MIN_DATA`], [`Error::TooLong`] over [`MAX_MESSAGE`].
    pub fn parse(data: &'a [u8]) -> Result<Self, Error> {
        let (field, actual) = (Field::GossipData, data.len());
        if actual > MAX_MESSAGE {
            return Err(Error::TooLong { field, expected: MAX_MESSAGE, actual });
        }
        match data.split_first_chunk() {
            Some((signature, payload)) if !payload.is_empty() => Ok(Self { signature, payload }),
            _ => Err(Error::TooShort { field, expected: MIN_DATA, actual }),
        }
    }

    /// The 65 signature bytes as they came.
    pub const fn signature_bytes(&self) -> &'a [u8; 65] {
        self.signature
    }

    /// What the signature covers.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The address that signed, read as op-node reads it ([`Rules::Consensus`]). Nothing else is
    /// checked: the rules about the block's contents come after the signature.
    ///
    /// # Errors
    /// The kinds of [`Signature::from_bytes`] and [`crate::recover_signer`].
    pub fn recover_signer(&self, chain_id: &ChainId) -> Result<Address, Error> {
        let (hash, signature) = self.signed(chain_id)?;
        Ok(signature.recover(&hash)?.address())
    }

    /// What was signed, and the signature.
    fn signed(&self, chain_id: &ChainId) -> Result<(SigningHash, Signature), Error> {
        let signature = Signature::from_bytes(self.signature, Rules::Consensus)?;
        Ok((payload_signing_hash(chain_id, &PayloadHash::of(self.payload)), signature))
    }
}

/// A 32-byte hash inside a block. Displayed as `0x` and 64 digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BlockHash(pub [u8; 32]);

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Debug for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockHash({self})")
    }
}
