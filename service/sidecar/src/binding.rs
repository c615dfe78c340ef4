//! Whether a builder's block is the block that was asked for.
//!
//! `engine_newPayload` says that a block is valid, not that anybody wanted it: one for another slot
//! or another fee recipient is as valid. op-node looks at neither before it signs.

use serde_json::Value;

use crate::attributes::{Attributes, ForkChoice};
use crate::envelope::Envelope;
use crate::scan::{Span, plain_string};

/// What else is known of the block that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) extra_data: Vec<u8>,
    /// Of the local block, where there is one; validity settles them without it, since the parent
    /// is bound.
    pub(crate) header: Option<Header>,
}

/// Fields of the local block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) number: u64,
    pub(crate) base_fee: [u8; 32],
    pub(crate) gas_limit: u64,
}

impl Reference {
    pub(crate) fn of(local: &Envelope) -> Self {
        Self {
            extra_data: local.text(&local.extra_data).to_ascii_lowercase(),
            header: Some(Header {
                number: local.number,
                base_fee: local.base_fee,
                gas_limit: local.gas_limit,
            }),
        }
    }

    /// What the attributes say by themselves, and the chain's parameters of EIP-1559 where they are
    /// known.
    pub(crate) fn of_attributes(attributes: &Attributes, chain: Option<[u8; 8]>) -> Option<Self> {
        let extra = attributes.extra_data(chain)?;
        let extra_data = format!("\"{}\"", crate::hex::show(&extra)).into_bytes();
        Some(Self { extra_data, header: None })
    }
}

/// The parameters of EIP-1559 in a header's `extraData` since Holocene.
pub(crate) fn eip1559_params(block: &Envelope) -> Option<[u8; 8]> {
    let digits = plain_string(&block.bytes, &block.extra_data)?.get(4..20)?;
    let mut params = [0; 8];
    base16ct::mixed::decode(digits, &mut params).ok()?;
    Some(params)
}

/// The name of the first thing that is not as asked for.
pub(crate) fn mismatch(
    asked: &ForkChoice,
    attributes: &Attributes,
    block: &Envelope,
    reference: &Reference,
) -> Option<&'static str> {
    let header = reference.header.as_ref();
    let asked_bytes = &asked.call.bytes;
    let raw = |span: &Option<Span>, bytes: &[u8]| {
        // Values are compared as JSON, so that order and spaces do not count.
        let text = span.as_ref().map_or(&b"null"[..], |span| &bytes[span.clone()]);
        serde_json::from_slice::<Value>(&text.to_ascii_lowercase()).ok()
    };
    let withdrawals =
        (raw(&attributes.withdrawals, asked_bytes), raw(&block.withdrawals, &block.bytes));
    if block.parent_hash != asked.head {
        Some("parentHash")
    } else if header.is_some_and(|header| block.number != header.number) {
        Some("blockNumber")
    } else if block.timestamp != attributes.timestamp {
        Some("timestamp")
    } else if block.prev_randao != attributes.prev_randao {
        Some("prevRandao")
    } else if block.fee_recipient != attributes.fee_recipient {
        Some("feeRecipient")
    } else if attributes
        .gas_limit
        .or(header.map(|header| header.gas_limit))
        .is_some_and(|limit| block.gas_limit != limit)
    {
        Some("gasLimit")
    } else if withdrawals.0.is_none() || withdrawals.0 != withdrawals.1 {
        Some("withdrawals")
    } else if block.beacon_root != attributes.beacon_root {
        Some("parentBeaconBlockRoot")
    } else if block.requests.as_ref().is_some_and(|requests| !empty_list(block.text(requests))) {
        Some("executionRequests")
    } else if block.text(&block.extra_data).to_ascii_lowercase() != reference.extra_data {
        Some("extraData")
    } else if header.is_some_and(|header| block.base_fee != header.base_fee) {
        Some("baseFeePerGas")
    } else {
        transactions(asked_bytes, attributes, block)
    }
}

fn transactions(asked: &[u8], attributes: &Attributes, block: &Envelope) -> Option<&'static str> {
    let forced = attributes.forced.iter();
    let (first, others) = match block.transactions.split_at_checked(attributes.forced.len()) {
        Some(parts) => parts,
        None => return Some("transactions"),
    };
    for (wanted, found) in forced.zip(first) {
        if !asked[wanted.clone()].eq_ignore_ascii_case(block.text(found)) {
            return Some("transactions");
        }
    }
    // Deposits come from L1 alone, and op-node has put in all that there are (type 0x7e).
    let deposit = |span: &Span| {
        block.text(span).get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"\"0x7e"))
    };
    others.iter().any(deposit).then_some("deposits")
}

fn empty_list(text: &[u8]) -> bool {
    text.first() == Some(&b'[') && text[1..text.len() - 1].trim_ascii().is_empty()
}
