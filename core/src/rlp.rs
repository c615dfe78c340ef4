//! RLP (Ethereum yellow paper, appendix B): an encoder that writes into a hasher or a buffer, and a
//! strict decoder that borrows.
//!
//! The steps are not inlined: six types of transactions repeat them so often that the WebAssembly
//! would be half as large again.

use crate::chain_id::ChainId;
use crate::error::Error;
use crate::keccak::Keccak256;
use crate::key::Address;
use crate::uint::U256;

/// Where encoded bytes go.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Keccak256 {
    fn put(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

/// Counts bytes.
#[derive(Default)]
pub(crate) struct Length(pub(crate) usize);

impl Sink for Length {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

/// Fills a buffer as far as it reaches, and counts on beyond its end.
pub(crate) struct Buffer<'a> {
    pub(crate) bytes: &'a mut [u8],
    pub(crate) length: usize,
}

impl Sink for Buffer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.length..self.length + bytes.len()) {
            room.copy_from_slice(bytes);
        }
        self.length += bytes.len();
    }
}

/// Writes a string of bytes.
#[inline(never)]
pub(crate) fn put_bytes(out: &mut dyn Sink, bytes: &[u8]) {
    put_bytes_header(out, bytes);
    out.put(bytes);
}

/// Writes what stands before a string of bytes: nothing if it is one byte below 0x80.
pub(crate) fn put_bytes_header(out: &mut dyn Sink, bytes: &[u8]) {
    if !matches!(bytes, [..0x80]) {
        put_header(out, 0x80, bytes.len());
    }
}

/// Writes a number: big-endian without leading zeroes.
#[inline(never)]
pub(crate) fn put_uint(out: &mut dyn Sink, number: &U256) {
    let bytes = number.as_be_bytes();
    let zeroes = bytes.iter().take_while(|byte| **byte == 0).count();
    put_bytes(out, &bytes[zeroes..]);
}

/// Writes a list: `fields` is run once to count and once to write.
#[inline(never)]
pub(crate) fn put_list(out: &mut dyn Sink, fields: &dyn Fn(&mut dyn Sink)) {
    let mut length = Length::default();
    fields(&mut length);
    put_list_header(out, length.0);
    fields(out);
}

/// Writes what stands before a list's payload.
pub(crate) fn put_list_header(out: &mut dyn Sink, length: usize) {
    put_header(out, 0xc0, length);
}

/// Writes the payload of a list that is encoded already, with its header.
pub(crate) fn put_encoded_list(out: &mut dyn Sink, payload: &[u8]) {
    put_list_header(out, payload.len());
    out.put(payload);
}

fn put_header(out: &mut dyn Sink, offset: u8, length: usize) {
    if length < 56 {
        return out.put(&[offset + length as u8]);
    }
    let bytes = (length as u64).to_be_bytes();
    let zeroes = bytes.iter().take_while(|byte| **byte == 0).count();
    out.put(&[offset + 55 + (8 - zeroes) as u8]);
    out.put(&bytes[zeroes..]);
}

/// One item, without its header.
#[derive(Clone, Copy)]
pub(crate) enum Item<'a> {
    Bytes(&'a [u8]),
    List(&'a [u8]),
}

/// Reads items one after the other. Only the one encoding that each value has is accepted.
///
/// Every method takes the name of what it reads, for the error.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline(never)]
    pub(crate) fn item(&mut self, field: &'static str) -> Result<Item<'a>, Error> {
        let (&first, rest) = self.rest.split_first().ok_or(Error::RlpTruncated { field })?;
        let (is_list, length, rest) = match first {
            0..0x80 => {
                let (byte, rest) = self.rest.split_at(1);
                self.rest = rest;
                return Ok(Item::Bytes(byte));
            }
            0x80..0xb8 => (false, usize::from(first - 0x80), rest),
            0xb8..0xc0 => {
                let (length, rest) = long_length(first - 0xb7, rest, field)?;
                (false, length, rest)
            }
            0xc0..0xf8 => (true, usize::from(first - 0xc0), rest),
            0xf8.. => {
                let (length, rest) = long_length(first - 0xf7, rest, field)?;
                (true, length, rest)
            }
        };
        let (payload, rest) = rest.split_at_checked(length).ok_or(Error::RlpTruncated { field })?;
        if !is_list && matches!(payload, [..0x80]) {
            return Err(Error::RlpNotMinimal { field });
        }
        self.rest = rest;
        Ok(if is_list { Item::List(payload) } else { Item::Bytes(payload) })
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], Error> {
        match self.item(field)? {
            Item::Bytes(bytes) => Ok(bytes),
            Item::List(_) => Err(Error::RlpWrongKind { field }),
        }
    }

    pub(crate) fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<&'a [u8; N], Error> {
        self.bytes(field)?.try_into().map_err(|_| Error::RlpWrongLength { field, expected: N })
    }

    /// The payload of a list, as bytes.
    #[inline(never)]
    pub(crate) fn list(&mut self, field: &'static str) -> Result<&'a [u8], Error> {
        match self.item(field)? {
            Item::List(payload) => Ok(payload),
            Item::Bytes(_) => Err(Error::RlpWrongKind { field }),
        }
    }

    /// Reads a value into its place, which holds nothing of use after an error.
    pub(crate) fn read<T: Value<'a>>(
        &mut self,
        field: &'static str,
        value: &mut T,
    ) -> Result<(), Error> {
        value.read(self, field)
    }

    pub(crate) const fn end(self, field: &'static str) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::RlpTrailing { field }) }
    }
}

/// What stands in one item. It is read into its place: given back it would be moved with each `?`, and
/// transactions have sixty fields: 7 KB of the WebAssembly.
pub(crate) trait Value<'a> {
    fn read(&mut self, reader: &mut Reader<'a>, field: &'static str) -> Result<(), Error>;
}

impl<'a> Value<'a> for &'a [u8] {
    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'a>, field: &'static str) -> Result<(), Error> {
        *self = reader.bytes(field)?;
        Ok(())
    }
}

impl<const N: usize> Value<'_> for [u8; N] {
    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>, field: &'static str) -> Result<(), Error> {
        *self = *reader.array(field)?;
        Ok(())
    }
}

impl Value<'_> for U256 {
    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>, field: &'static str) -> Result<(), Error> {
        let bytes = reader.bytes(field)?;
        if bytes.first() == Some(&0) {
            return Err(Error::RlpNotMinimal { field });
        }
        let mut number = [0; 32];
        let start = 32usize.checked_sub(bytes.len()).ok_or(Error::RlpTooLarge { field })?;
        number[start..].copy_from_slice(bytes);
        *self = Self::from_be_bytes(number);
        Ok(())
    }
}

impl Value<'_> for u64 {
    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>, field: &'static str) -> Result<(), Error> {
        let mut number = U256::ZERO;
        reader.read(field, &mut number)?;
        match number.as_be_bytes().split_last_chunk::<8>() {
            Some((high, low)) if high.iter().all(|byte| *byte == 0) => {
                *self = Self::from_be_bytes(*low);
                Ok(())
            }
            _ => Err(Error::RlpTooLarge { field }),
        }
    }
}

impl Value<'_> for ChainId {
    fn read(&mut self, reader: &mut Reader<'_>, field: &'static str) -> Result<(), Error> {
        let mut number = U256::ZERO;
        reader.read(field, &mut number)?;
        *self = number.into();
        Ok(())
    }
}

impl Value<'_> for Address {
    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>, field: &'static str) -> Result<(), Error> {
        *self = Self::from_bytes(*reader.array(field)?);
        Ok(())
    }
}

/// No bytes are none.
impl Value<'_> for Option<Address> {
    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>, field: &'static str) -> Result<(), Error> {
        let bytes = reader.bytes(field)?;
        *self = match bytes.try_into() {
            Ok(address) => Some(Address::from_bytes(address)),
            Err(_) if bytes.is_empty() => None,
            Err(_) => return Err(Error::RlpWrongLength { field, expected: 20 }),
        };
        Ok(())
    }
}

/// A length of `size` bytes, which must not fit a shorter form.
fn long_length<'a>(
    size: u8,
    rest: &'a [u8],
    field: &'static str,
) -> Result<(usize, &'a [u8]), Error> {
    let (bytes, rest) =
        rest.split_at_checked(usize::from(size)).ok_or(Error::RlpTruncated { field })?;
    if bytes.first() == Some(&0) {
        return Err(Error::RlpNotMinimal { field });
    }
    let mut length = 0u64;
    for byte in bytes {
        length = length << 8 | u64::from(*byte);
    }
    if length < 56 {
        return Err(Error::RlpNotMinimal { field });
    }
    // More than memory can hold is more than there is.
    usize::try_from(length).map(|length| (length, rest)).map_err(|_| Error::RlpTruncated { field })
}
