//! Type 3, EIP-4844, and the sidecar with which it travels the network.

use core::fmt;

use super::{AccessList, Typed, put_u64};
use crate::chain_id::ChainId;
use crate::error::Error;
use crate::key::Address;
use crate::rlp::{self, Item, Reader, Sink, Value};
use crate::uint::U256;

/// A transaction that pays for blobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob<'a> {
    /// The chain.
    pub chain_id: ChainId,
    /// The sender's count of transactions before this one.
    pub nonce: u64,
    /// Wei per gas for whoever includes it.
    pub max_priority_fee_per_gas: U256,
    /// Wei per gas at the most, the base fee included.
    pub max_fee_per_gas: U256,
    /// The most gas it may use.
    pub gas: u64,
    /// The receiver. A blob transaction makes no contract.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Call data.
    pub input: &'a [u8],
    /// What it will touch.
    pub access_list: AccessList<'a>,
    /// Wei per blob gas at the most.
    pub max_fee_per_blob_gas: U256,
    /// The versioned hashes of its blobs.
    pub blob_versioned_hashes: BlobHashes<'a>,
}

impl<'a> Typed<'a> for Blob<'a> {
    const TYPE: u8 = 3;

    fn empty() -> Self {
        Self {
            chain_id: ChainId::default(),
            nonce: 0,
            max_priority_fee_per_gas: U256::ZERO,
            max_fee_per_gas: U256::ZERO,
            gas: 0,
            to: Address::from_bytes([0; 20]),
            value: U256::ZERO,
            input: &[],
            access_list: AccessList::default(),
            max_fee_per_blob_gas: U256::ZERO,
            blob_versioned_hashes: BlobHashes::new(&[]),
        }
    }

    fn put_fields(&self, out: &mut dyn Sink) {
        rlp::put_uint(out, self.chain_id.as_u256());
        put_u64(out, self.nonce);
        rlp::put_uint(out, &self.max_priority_fee_per_gas);
        rlp::put_uint(out, &self.max_fee_per_gas);
        put_u64(out, self.gas);
        rlp::put_bytes(out, self.to.as_bytes());
        rlp::put_uint(out, &self.value);
        rlp::put_bytes(out, self.input);
        self.access_list.put(out);
        rlp::put_uint(out, &self.max_fee_per_blob_gas);
        self.blob_versioned_hashes.put(out);
    }

    fn read_fields(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        reader.read("chain id", &mut self.chain_id)?;
        reader.read("nonce", &mut self.nonce)?;
        reader.read("max priority fee per gas", &mut self.max_priority_fee_per_gas)?;
        reader.read("max fee per gas", &mut self.max_fee_per_gas)?;
        reader.read("gas", &mut self.gas)?;
        reader.read("to", &mut self.to)?;
        reader.read("value", &mut self.value)?;
        reader.read("input", &mut self.input)?;
        reader.read("access list", &mut self.access_list)?;
        reader.read("max fee per blob gas", &mut self.max_fee_per_blob_gas)?;
        reader.read("blob versioned hashes", &mut self.blob_versioned_hashes)
    }
}

/// Versioned hashes of blobs, 32 bytes each.
#[derive(Clone, Copy)]
pub struct BlobHashes<'a>(super::StorageKeys<'a>);

impl<'a> BlobHashes<'a> {
    /// Takes hashes.
    pub const fn new(hashes: &'a [[u8; 32]]) -> Self {
        Self(super::StorageKeys::new(hashes))
    }

    /// The hashes in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8; 32]> + use<'a> {
        self.0.iter()
    }

    fn put(&self, out: &mut dyn Sink) {
        self.0.put(out);
    }
}

impl<'a> Value<'a> for BlobHashes<'a> {
    fn read(&mut self, reader: &mut Reader<'a>, field: &'static str) -> Result<(), Error> {
        self.0.read(reader, field)
    }
}

impl PartialEq for BlobHashes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for BlobHashes<'_> {}

impl fmt::Debug for BlobHashes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which proofs a sidecar carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SidecarVersion {
    /// A proof per blob (EIP-4844).
    V0,
    /// Cell proofs, 128 per blob (EIP-7594).
    V1,
}

/// Bytes of a blob.
const BLOB: usize = 131_072;
/// Bytes of a commitment or proof.
const POINT: usize = 48;

/// Blobs, commitments and proofs, as the payloads of their RLP lists. Lengths are checked; that the
/// proofs prove anything is not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sidecar<'a> {
    version: SidecarVersion,
    blobs: &'a [u8],
    commitments: &'a [u8],
    proofs: &'a [u8],
}

impl<'a> Sidecar<'a> {
    /// Takes the payload of a blob transaction's list apart: the transaction's own payload, and the
    /// sidecar if there is one, which shows by the first item being a list.
    pub(super) fn split(payload: &'a [u8]) -> Result<(&'a [u8], Option<Self>), Error> {
        let mut reader = Reader::new(payload);
        let Item::List(transaction) = reader.item("transaction")? else {
            return Ok((payload, None));
        };
        let mut version = SidecarVersion::V0;
        let blobs = match reader.item("blobs")? {
            Item::List(blobs) => blobs,
            Item::Bytes([1]) => {
                version = SidecarVersion::V1;
                reader.list("blobs")?
            }
            Item::Bytes(_) => return Err(Error::RlpWrongKind { field: "sidecar version" }),
        };
        let commitments = reader.list("commitments")?;
        let proofs = reader.list("proofs")?;
        reader.end("sidecar")?;
        check_strings::<BLOB>(blobs, "blob")?;
        check_strings::<POINT>(commitments, "commitment")?;
        check_strings::<POINT>(proofs, "proof")?;
        Ok((transaction, Some(Self { version, blobs, commitments, proofs })))
    }

    pub(super) fn put(&self, out: &mut dyn Sink) {
        if self.version == SidecarVersion::V1 {
            rlp::put_bytes(out, &[1]);
        }
        for list in [self.blobs, self.commitments, self.proofs] {
            rlp::put_encoded_list(out, list);
        }
    }

    /// Which proofs it carries.
    pub const fn version(&self) -> SidecarVersion {
        self.version
    }

    /// The blobs, 131,072 bytes each.
    pub fn blobs(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        strings(self.blobs)
    }

    /// The KZG commitments, 48 bytes each.
    pub fn commitments(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        strings(self.commitments)
    }

    /// The KZG proofs, 48 bytes each.
    pub fn proofs(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        strings(self.proofs)
    }
}

impl fmt::Debug for Sidecar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sidecar({:?}, {} blobs)", self.version, self.blobs().count())
    }
}

fn check_strings<const N: usize>(payload: &[u8], field: &'static str) -> Result<(), Error> {
    let mut reader = Reader::new(payload);
    while !reader.is_empty() {
        reader.array::<N>(field)?;
    }
    Ok(())
}

fn strings<'a>(payload: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let mut reader = Reader::new(payload);
    core::iter::from_fn(move || reader.bytes("").ok())
}
