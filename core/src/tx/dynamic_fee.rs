//! Type 2, EIP-1559.

use super::{AccessList, Typed, put_to, put_u64};
use crate::chain_id::ChainId;
use crate::error::Error;
use crate::key::Address;
use crate::rlp::{self, Reader, Sink};
use crate::uint::U256;

/// A transaction that names the most it will pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DynamicFee<'a> {
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
    /// The receiver; none makes a contract.
    pub to: Option<Address>,
    /// Wei.
    pub value: U256,
    /// Call data, or the code that makes a contract.
    pub input: &'a [u8],
    /// What it will touch.
    pub access_list: AccessList<'a>,
}

impl<'a> Typed<'a> for DynamicFee<'a> {
    const TYPE: u8 = 2;

    fn empty() -> Self {
        Self::default()
    }

    fn put_fields(&self, out: &mut dyn Sink) {
        rlp::put_uint(out, self.chain_id.as_u256());
        put_u64(out, self.nonce);
        rlp::put_uint(out, &self.max_priority_fee_per_gas);
        rlp::put_uint(out, &self.max_fee_per_gas);
        put_u64(out, self.gas);
        put_to(out, &self.to);
        rlp::put_uint(out, &self.value);
        rlp::put_bytes(out, self.input);
        self.access_list.put(out);
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
        reader.read("access list", &mut self.access_list)
    }
}
