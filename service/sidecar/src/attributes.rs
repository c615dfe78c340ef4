//! What op-node asks for in `engine_forkchoiceUpdated`: the head, and a block to build upon it.

use bytes::Bytes;

use crate::fields::{fields, fixed, quantity};
use crate::message::Call;
use crate::scan::{Items, Span, Stop, plain_string};

/// A fork choice as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct ForkChoice {
    /// The whole call.
    pub(crate) call: Call,
    /// The state: head, safe and finalised block.
    pub(crate) state: Span,
    pub(crate) head: [u8; 32],
    pub(crate) attributes: Option<Attributes>,
}

/// The block that is to be built. Places are in the call's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// The whole object.
    pub(crate) span: Span,
    pub(crate) timestamp: u64,
    pub(crate) prev_randao: [u8; 32],
    pub(crate) fee_recipient: [u8; 20],
    pub(crate) withdrawals: Option<Span>,
    pub(crate) beacon_root: Option<[u8; 32]>,
    /// The transactions that the block must begin with.
    pub(crate) forced: Vec<Span>,
    pub(crate) no_tx_pool: bool,
    pub(crate) gas_limit: Option<u64>,
    pub(crate) eip1559_params: Option<[u8; 8]>,
    pub(crate) min_base_fee: Option<u64>,
}

impl ForkChoice {
    /// None if it is not written as op-node writes it: then op-geth alone judges it.
    pub(crate) fn read(call: &Call) -> Option<Self> {
        let bytes = &call.bytes;
        let arguments = call.arguments()?;
        let state = arguments.first()?.clone();
        let [head] = fields(bytes, state.start, ["headBlockHash"]).ok()?;
        let head = fixed(bytes, head.as_ref())?;
        let attributes = match arguments.get(1) {
            Some(span) if &bytes[span.clone()] != b"null" => {
                Some(Attributes::read(bytes, span.clone())?)
            }
            _ => None,
        };
        Some(Self { call: call.clone(), state, head, attributes })
    }

    /// The same head without a block to build.
    pub(crate) fn head_only(&self) -> Bytes {
        let state = &self.call.bytes[self.state.clone()];
        let mut body = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\",\"params\":[",
            self.call.method
        )
        .into_bytes();
        body.extend_from_slice(state);
        body.extend_from_slice(b",null]}");
        body.into()
    }
}

impl Attributes {
    fn read(bytes: &[u8], span: Span) -> Option<Self> {
        let [
            timestamp,
            prev_randao,
            fee_recipient,
            withdrawals,
            beacon_root,
            transactions,
            no_tx_pool,
            gas_limit,
            eip1559_params,
            min_base_fee,
        ] = fields(
            bytes,
            span.start,
            [
                "timestamp",
                "prevRandao",
                "suggestedFeeRecipient",
                "withdrawals",
                "parentBeaconBlockRoot",
                "transactions",
                "noTxPool",
                "gasLimit",
                "eip1559Params",
                "minBaseFee",
            ],
        )
        .ok()?;
        // A field that is there must be understood.
        fn sure<T>(there: bool, read: Option<T>) -> Option<Option<T>> {
            if there == read.is_some() { Some(read) } else { None }
        }
        let min_base_fee_read = min_base_fee.as_ref().and_then(|span| number(&bytes[span.clone()]));
        Some(Self {
            timestamp: quantity(bytes, timestamp.as_ref())?,
            prev_randao: fixed(bytes, prev_randao.as_ref())?,
            fee_recipient: fixed(bytes, fee_recipient.as_ref())?,
            withdrawals,
            beacon_root: sure(beacon_root.is_some(), fixed(bytes, beacon_root.as_ref()))?,
            forced: match transactions {
                Some(list) => transaction_spans(bytes, list.start)?,
                None => Vec::new(),
            },
            no_tx_pool: match no_tx_pool {
                None => false,
                Some(span) => match &bytes[span] {
                    b"true" => true,
                    b"false" => false,
                    _ => return None,
                },
            },
            gas_limit: sure(gas_limit.is_some(), quantity(bytes, gas_limit.as_ref()))?,
            eip1559_params: sure(eip1559_params.is_some(), fixed(bytes, eip1559_params.as_ref()))?,
            min_base_fee: sure(min_base_fee.is_some(), min_base_fee_read)?,
            span,
        })
    }

    /// The `extraData` that follows from the attributes: none before Holocene; then the parameters of
    /// EIP-1559, and under Jovian the least base fee. Zero parameters stand for the chain's own, which
    /// only the engine knows: `chain`, where a block of it has shown them.
    pub(crate) fn extra_data(&self, chain: Option<[u8; 8]>) -> Option<Vec<u8>> {
        let Some(params) = self.eip1559_params else { return Some(Vec::new()) };
        let params = if params == [0; 8] { chain? } else { params };
        let mut extra = vec![u8::from(self.min_base_fee.is_some())];
        extra.extend(params);
        if let Some(least) = self.min_base_fee {
            extra.extend(least.to_be_bytes());
        }
        Some(extra)
    }
}

/// The elements of a list of transactions: plain strings, each.
pub(crate) fn transaction_spans(bytes: &[u8], at: usize) -> Option<Vec<Span>> {
    let mut items = Items::open(bytes, at, b'[')?;
    let mut found = Vec::new();
    loop {
        match items.element() {
            Ok(span) => {
                plain_string(bytes, &span)?;
                found.push(span);
            }
            Err(Stop::Closed(_)) => return Some(found),
            Err(Stop::Broken) => return None,
        }
    }
}

/// op-node writes `minBaseFee` as a number, where other numbers are hex.
fn number(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(hex) => crate::hex::quantity(hex),
        None => text.parse().ok(),
    }
}
