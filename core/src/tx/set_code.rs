//! Type 4, EIP-7702.

use super::{AccessList, AuthorizationList, Typed, put_u64};
use crate::chain_id::ChainId;
use crate::error::Error;
use crate::key::Address;
use crate::rlp::{self, Reader, Sink};
use crate::uint::U256;

/// A transaction that gives code to the accounts that authorised it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetCode<'a> {
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
    /// The receiver. A set-code transaction makes no contract.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Call data.
    pub input: &'a [u8],
    /// What it will touch.
    pub access_list: AccessList<'a>,
    /// Who lets which code act for them.
    pub authorization_list: AuthorizationList<'a>,
}

impl<'a> Typed<'a> for SetCode<'a> {
    const TYPE: u8 = 4;

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
            authorization_list: AuthorizationList::new(&[]),
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
        self.authorization_list.put(out);
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
        reader.read("authorization list", &mut self.authorization_list)
    }
}
