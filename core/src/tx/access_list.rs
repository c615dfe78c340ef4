//! Type 1, EIP-2930, and the access list that later types have too.

use core::fmt;

use super::{Typed, put_to, put_u64};
use crate::chain_id::ChainId;
use crate::error::Error;
use crate::key::Address;
use crate::rlp::{self, Reader, Sink, Value};
use crate::uint::U256;

/// A transaction with an access list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AccessListTransaction<'a> {
    /// The chain.
    pub chain_id: ChainId,
    /// The sender's count of transactions before this one.
    pub nonce: u64,
    /// Wei per gas.
    pub gas_price: U256,
    /// The most gas it may use.
    pub gas: u64,
    /// The receiver; none makes a contract.
    pub to: Option<Address>,
    /// Wei.
    pub value: U256,
    /// Call data, or the code that makes a contract.
    pub input: &'a [u8],
    /// What it will touch.
    pub access_list: AccessList<'a>,
}

impl<'a> Typed<'a> for AccessListTransaction<'a> {
    const TYPE: u8 = 1;

    fn empty() -> Self {
        Self::default()
    }

    fn put_fields(&self, out: &mut dyn Sink) {
        rlp::put_uint(out, self.chain_id.as_u256());
        put_u64(out, self.nonce);
        rlp::put_uint(out, &self.gas_price);
        put_u64(out, self.gas);
        put_to(out, &self.to);
        rlp::put_uint(out, &self.value);
        rlp::put_bytes(out, self.input);
        self.access_list.put(out);
    }

    fn read_fields(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        reader.read("chain id", &mut self.chain_id)?;
        reader.read("nonce", &mut self.nonce)?;
        reader.read("gas price", &mut self.gas_price)?;
        reader.read("gas", &mut self.gas)?;
        reader.read("to", &mut self.to)?;
        reader.read("value", &mut self.value)?;
        reader.read("input", &mut self.input)?;
        reader.read("access list", &mut self.access_list)
    }
}

/// One address of an access list and its storage slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessItem<'a> {
    /// The account.
    pub address: Address,
    /// Slots of its storage.
    pub storage_keys: StorageKeys<'a>,
}

/// Storage slots, 32 bytes each.
#[derive(Clone, Copy)]
pub struct StorageKeys<'a>(Keys<'a>);

#[derive(Clone, Copy)]
enum Keys<'a> {
    /// The payload of an RLP list of 32-byte strings, checked.
    Encoded(&'a [u8]),
    Given(&'a [[u8; 32]]),
}

/// Bytes of a storage key with its RLP header.
const ENCODED_KEY: usize = 33;

impl<'a> StorageKeys<'a> {
    /// Takes slots.
    pub const fn new(keys: &'a [[u8; 32]]) -> Self {
        Self(Keys::Given(keys))
    }

    /// How many slots.
    pub const fn len(&self) -> usize {
        match self.0 {
            Keys::Encoded(payload) => payload.len() / ENCODED_KEY,
            Keys::Given(keys) => keys.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slots in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8; 32]> + use<'a> {
        let keys = self.0;
        (0..self.len()).filter_map(move |at| match keys {
            Keys::Encoded(payload) => payload.get(at * ENCODED_KEY + 1..)?.first_chunk(),
            Keys::Given(keys) => keys.get(at),
        })
    }

    pub(super) fn put(&self, out: &mut dyn Sink) {
        match self.0 {
            Keys::Encoded(payload) => rlp::put_encoded_list(out, payload),
            Keys::Given(keys) => rlp::put_list(out, &|out| {
                for key in keys {
                    rlp::put_bytes(out, key);
                }
            }),
        }
    }
}

impl<'a> Value<'a> for StorageKeys<'a> {
    fn read(&mut self, reader: &mut Reader<'a>, field: &'static str) -> Result<(), Error> {
        let payload = reader.list(field)?;
        let mut keys = Reader::new(payload);
        while !keys.is_empty() {
            keys.array::<32>(field)?;
        }
        *self = Self(Keys::Encoded(payload));
        Ok(())
    }
}

impl PartialEq for StorageKeys<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for StorageKeys<'_> {}

impl fmt::Debug for StorageKeys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Addresses and storage slots that a transaction will touch (EIP-2930).
#[derive(Clone, Copy)]
pub struct AccessList<'a>(Items<'a>);

#[derive(Clone, Copy)]
enum Items<'a> {
    /// The payload of an RLP list, checked.
    Encoded(&'a [u8]),
    Given(&'a [AccessItem<'a>]),
}

impl<'a> AccessList<'a> {
    /// Takes items.
    pub const fn new(items: &'a [AccessItem<'a>]) -> Self {
        Self(Items::Given(items))
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = AccessItem<'a>> + use<'a> {
        let (mut encoded, given) = match self.0 {
            Items::Encoded(payload) => (Reader::new(payload), &[][..]),
            Items::Given(items) => (Reader::new(&[]), items),
        };
        let mut given = given.iter();
        core::iter::from_fn(move || match given.next() {
            Some(item) => Some(*item),
            None if encoded.is_empty() => None,
            // Checked when it was read.
            None => AccessItem::read(&mut encoded).ok(),
        })
    }

    pub(super) fn put(&self, out: &mut dyn Sink) {
        match self.0 {
            Items::Encoded(payload) => rlp::put_encoded_list(out, payload),
            Items::Given(items) => rlp::put_list(out, &|out| {
                for item in items {
                    rlp::put_list(out, &|out| item.put(out));
                }
            }),
        }
    }
}

impl<'a> Value<'a> for AccessList<'a> {
    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'a>, field: &'static str) -> Result<(), Error> {
        let payload = reader.list(field)?;
        let mut items = Reader::new(payload);
        while !items.is_empty() {
            AccessItem::read(&mut items)?;
        }
        *self = Self(Items::Encoded(payload));
        Ok(())
    }
}

impl<'a> AccessItem<'a> {
    fn put(&self, out: &mut dyn Sink) {
        rlp::put_bytes(out, self.address.as_bytes());
        self.storage_keys.put(out);
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut fields = Reader::new(reader.list("access list item")?);
        let address = Address::from_bytes(*fields.array("access list address")?);
        let mut storage_keys = StorageKeys::new(&[]);
        fields.read("storage keys", &mut storage_keys)?;
        fields.end("access list item")?;
        Ok(Self { address, storage_keys })
    }
}

impl Default for AccessList<'_> {
    /// An empty list.
    fn default() -> Self {
        Self::new(&[])
    }
}

impl PartialEq for AccessList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for AccessList<'_> {}

impl fmt::Debug for AccessList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
