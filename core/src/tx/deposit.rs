//! Type 0x7e of the OP Stack: a transaction that L1 put into the block. Nobody signs it.

use super::{put_to, put_u64, read_to};
use crate::error::Error;
use crate::key::Address;
use crate::rlp::{self, Reader, Sink};
use crate::uint::U256;

/// A deposited transaction (OP Stack specification, "Deposits").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deposit<'a> {
    /// Where on L1 it came from.
    pub source_hash: [u8; 32],
    /// The sender that L1 vouches for.
    pub from: Address,
    /// The receiver; none makes a contract.
    pub to: Option<Address>,
    /// Wei to create for the sender; the wire does not tell zero from none.
    pub mint: U256,
    /// Wei to send.
    pub value: U256,
    /// The most gas it may use.
    pub gas: u64,
    /// Whether it uses none of the block's gas (before Regolith).
    pub is_system: bool,
    /// Call data, or the code that makes a contract.
    pub input: &'a [u8],
}

impl<'a> Deposit<'a> {
    /// The EIP-2718 type byte.
    pub const TYPE: u8 = 0x7e;

    pub(super) fn put(&self, out: &mut dyn Sink) {
        out.put(&[Self::TYPE]);
        rlp::put_list(out, &|out| {
            rlp::put_bytes(out, &self.source_hash);
            rlp::put_bytes(out, self.from.as_bytes());
            put_to(out, &self.to);
            rlp::put_uint(out, &self.mint);
            rlp::put_uint(out, &self.value);
            put_u64(out, self.gas);
            put_u64(out, u64::from(self.is_system));
            rlp::put_bytes(out, self.input);
        });
    }

    pub(super) fn read(payload: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(payload);
        let deposit = Self {
            source_hash: reader.array("source hash")?,
            from: Address::from_bytes(reader.array("from")?),
            to: read_to(&mut reader)?,
            mint: reader.uint("mint")?,
            value: reader.uint("value")?,
            gas: reader.u64("gas")?,
            is_system: match reader.u64("is system")? {
                0 => false,
                1 => true,
                _ => return Err(Error::RlpTooLarge { field: "is system" }),
            },
            input: reader.bytes("input")?,
        };
        reader.end("transaction")?;
        Ok(deposit)
    }
}
