//! A block as `engine_getPayload` answers it, V2 and later: bytes, and where the fields stand that
//! matter.

use bytes::Bytes;
use serde::de::IgnoredAny;

use crate::attributes::transaction_spans;
use crate::fields::{big, fields, fixed, quantity};
use crate::scan::Span;

/// A block in a JSON-RPC answer. Places are in `bytes`.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) bytes: Bytes,
    /// The answer's id.
    pub(crate) id: Span,
    /// The whole block with what came beside it.
    pub(crate) result: Span,
    /// `executionPayload`.
    pub(crate) payload: Span,
    /// `executionRequests`.
    pub(crate) requests: Option<Span>,
    pub(crate) beacon_root: Option<[u8; 32]>,
    /// What it is worth to the fee recipient; zero if it does not say.
    pub(crate) value: [u8; 32],
    pub(crate) parent_hash: [u8; 32],
    pub(crate) fee_recipient: [u8; 20],
    pub(crate) prev_randao: [u8; 32],
    pub(crate) number: u64,
    pub(crate) gas_limit: u64,
    pub(crate) gas_used: u64,
    pub(crate) timestamp: u64,
    pub(crate) base_fee: [u8; 32],
    pub(crate) block_hash: [u8; 32],
    /// With its quotes.
    pub(crate) extra_data: Span,
    pub(crate) transactions: Vec<Span>,
    pub(crate) withdrawals: Option<Span>,
}

/// Why an answer holds no block that can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// An error answer, or a result of null.
    NoBlock,
    /// An id that was not asked with.
    WrongId,
    /// No JSON, a field missing, or one that could be read in two ways.
    Malformed,
}

impl Envelope {
    /// Reads the answer to a call whose id was 1.
    pub(crate) fn of_builder(bytes: Bytes) -> Result<Self, Unreadable> {
        let envelope = Self::read(bytes)?;
        let id = &envelope.bytes[envelope.id.clone()];
        if id != b"1" {
            return Err(Unreadable::WrongId);
        }
        // op-geth will read the payload, and refuse what is no JSON; the rest op-node reads alone.
        let mut rest = envelope.bytes[..envelope.payload.start].to_vec();
        rest.extend_from_slice(b"{}");
        rest.extend_from_slice(&envelope.bytes[envelope.payload.end..]);
        serde_json::from_slice::<IgnoredAny>(&rest).map_err(|_| Unreadable::Malformed)?;
        Ok(envelope)
    }

    /// Reads an answer.
    pub(crate) fn read(bytes: Bytes) -> Result<Self, Unreadable> {
        let malformed = Unreadable::Malformed;
        let [id, result, error, version] =
            fields(&bytes, 0, ["id", "result", "error", "jsonrpc"]).map_err(|_| malformed)?;
        if version.is_none_or(|version| &bytes[version] != b"\"2.0\"") {
            return Err(malformed);
        }
        let (None, Some(result)) = (error, result) else { return Err(Unreadable::NoBlock) };
        let [payload, value, beacon_root, requests] = fields(
            &bytes,
            result.start,
            ["executionPayload", "blockValue", "parentBeaconBlockRoot", "executionRequests"],
        )
        .map_err(|_| malformed)?;
        let payload = payload.ok_or(malformed)?;
        let [
            parent_hash,
            fee_recipient,
            prev_randao,
            number,
            gas_limit,
            gas_used,
            timestamp,
            base_fee,
            block_hash,
            extra_data,
            transactions,
            withdrawals,
        ] = fields(
            &bytes,
            payload.start,
            [
                "parentHash",
                "feeRecipient",
                "prevRandao",
                "blockNumber",
                "gasLimit",
                "gasUsed",
                "timestamp",
                "baseFeePerGas",
                "blockHash",
                "extraData",
                "transactions",
                "withdrawals",
            ],
        )
        .map_err(|_| malformed)?;
        let read = || {
            Some(Self {
                id: id?,
                result,
                requests,
                beacon_root: match beacon_root {
                    Some(span) => Some(fixed(&bytes, Some(&span))?),
                    None => None,
                },
                value: match value {
                    Some(span) => big(&bytes, Some(&span))?,
                    None => [0; 32],
                },
                parent_hash: fixed(&bytes, parent_hash.as_ref())?,
                fee_recipient: fixed(&bytes, fee_recipient.as_ref())?,
                prev_randao: fixed(&bytes, prev_randao.as_ref())?,
                number: quantity(&bytes, number.as_ref())?,
                gas_limit: quantity(&bytes, gas_limit.as_ref())?,
                gas_used: quantity(&bytes, gas_used.as_ref())?,
                timestamp: quantity(&bytes, timestamp.as_ref())?,
                base_fee: big(&bytes, base_fee.as_ref())?,
                block_hash: fixed(&bytes, block_hash.as_ref())?,
                extra_data: extra_data?,
                transactions: transaction_spans(&bytes, transactions?.start)?,
                withdrawals,
                payload,
                bytes: bytes.clone(),
            })
        };
        read().ok_or(malformed)
    }

    pub(crate) fn text(&self, span: &Span) -> &[u8] {
        &self.bytes[span.clone()]
    }

    /// The answer under another id, which alone is new.
    pub(crate) fn under(&self, id: Bytes) -> [Bytes; 3] {
        [self.bytes.slice(..self.id.start), id, self.bytes.slice(self.id.end..)]
    }

    /// A call that asks an engine to judge the block. `version` is that of the `engine_getPayload`
    /// that it answers.
    pub(crate) fn judge(&self, version: u32) -> [Bytes; 3] {
        // V1 to V3 have the same number; getPayloadV4 and V5 go with newPayloadV4 (Isthmus, Karst),
        // V6 with V5 (Amsterdam).
        let judged_by = if version <= 4 { version } else { version - 1 };
        let head = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"engine_newPayloadV{judged_by}\",\"params\":["
        );
        let mut tail = Vec::new();
        if judged_by >= 3 {
            let root = crate::hex::show(&self.beacon_root.unwrap_or_default());
            tail.extend_from_slice(format!(",[],\"{root}\"").as_bytes());
        }
        if judged_by >= 4 {
            tail.extend_from_slice(b",[]");
        }
        tail.extend_from_slice(b"]}");
        [head.into(), self.bytes.slice(self.payload.clone()), tail.into()]
    }
}
