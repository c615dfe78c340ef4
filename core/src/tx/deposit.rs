//! Type 0x7e of the OP Stack: a transaction that L1 put into the block. Nobody signs it.

use super::{put_to, put_u64};
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

    /// All zeroes, to read into.
    pub(super) const fn empty() -> Self {
        Self {
            source_hash: [0; 32],
            from: Address::from_bytes([0; 20]),
            to: None,
            mint: U256::ZERO,
            value: U256::ZERO,
            gas: 0,
            is_system: false,
            input: &[],
        }
    }

    pub(super) fn read(&mut self, payload: &'a [u8]) -> Result<(), Error> {
        let mut reader = Reader::new(payload);
        reader.read("source hash", &mut self.source_hash)?;
        reader.read("from", &mut self.from)?;
        reader.read("to", &mut self.to)?;
        reader.read("mint", &mut self.mint)?;
        reader.read("value", &mut self.value)?;
        reader.read("gas", &mut self.gas)?;
        let mut is_system = 0u64;
        reader.read("is system", &mut is_system)?;
        self.is_system = match is_system {
            0 => false,
            1 => true,
            _ => return Err(Error::RlpTooLarge { field: "is system" }),
        };
        reader.read("input", &mut self.input)?;
        reader.end("transaction")
    }
}
