//! Transactions before EIP-2718, with EIP-155's chain id or without.

use super::{SignatureFields, put_to, put_u64};
use crate::chain_id::ChainId;
use crate::error::Error;
use crate::key::Address;
use crate::rlp::{self, Reader, Sink};
use crate::uint::U256;

/// A legacy transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Legacy<'a> {
    /// The chain that the signature is bound to (EIP-155); without one it is valid on every chain.
    pub chain_id: Option<ChainId>,
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
}

impl<'a> Legacy<'a> {
    fn put_fields(&self, out: &mut dyn Sink) {
        put_u64(out, self.nonce);
        rlp::put_uint(out, &self.gas_price);
        put_u64(out, self.gas);
        put_to(out, &self.to);
        rlp::put_uint(out, &self.value);
        rlp::put_bytes(out, self.input);
    }

    pub(super) fn put_unsigned(&self, out: &mut dyn Sink) {
        rlp::put_list(out, &|out| {
            self.put_fields(out);
            if let Some(chain_id) = &self.chain_id {
                rlp::put_uint(out, chain_id.as_u256());
                put_u64(out, 0);
                put_u64(out, 0);
            }
        });
    }

    pub(super) fn put_signed(&self, fields: &SignatureFields, out: &mut dyn Sink) {
        rlp::put_list(out, &|out| {
            self.put_fields(out);
            fields.put(out);
        });
    }

    fn read_fields(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        reader.read("nonce", &mut self.nonce)?;
        reader.read("gas price", &mut self.gas_price)?;
        reader.read("gas", &mut self.gas)?;
        reader.read("to", &mut self.to)?;
        reader.read("value", &mut self.value)?;
        reader.read("input", &mut self.input)
    }

    pub(super) fn read_signed(
        &mut self,
        fields: &mut SignatureFields,
        payload: &'a [u8],
    ) -> Result<(), Error> {
        let mut reader = Reader::new(payload);
        self.read_fields(&mut reader)?;
        fields.read(&mut reader)?;
        self.chain_id = chain_id_of(&fields.v);
        reader.end("transaction")
    }

    pub(super) fn read_unsigned(&mut self, payload: &'a [u8]) -> Result<(), Error> {
        let mut reader = Reader::new(payload);
        self.read_fields(&mut reader)?;
        if reader.is_empty() {
            return Ok(());
        }
        reader.read("chain id", self.chain_id.insert(ChainId::default()))?;
        for field in ["r", "s"] {
            let mut zero = U256::ZERO;
            reader.read(field, &mut zero)?;
            if zero != U256::ZERO {
                return Err(Error::RlpTooLarge { field });
            }
        }
        reader.end("transaction")
    }

    /// 27 + y_parity, or 35 + 2 · chain id + y_parity.
    pub(super) fn v(&self, y_parity: u8) -> Result<U256, Error> {
        let Some(chain_id) = &self.chain_id else {
            return Ok(U256::from(27 + u64::from(y_parity)));
        };
        let doubled = chain_id.as_u256().double_plus(35 + u16::from(y_parity));
        doubled.ok_or(Error::ChainIdTooLarge)
    }

    pub(super) fn y_parity(&self, v: &U256) -> Result<u8, Error> {
        let parities = [0, 1];
        let found = parities.into_iter().find(|parity| self.v(*parity).as_ref() == Ok(v));
        found.ok_or(Error::TransactionV)
    }
}

/// The chain id in a v from 35 on.
fn chain_id_of(v: &U256) -> Option<ChainId> {
    let halved = v.minus_halved(35)?;
    Some(ChainId::from_be_bytes(*halved.as_be_bytes()))
}
