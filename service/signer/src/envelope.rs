//! A block as op-node hands it to op-conductor, and the bytes that it then wants signed.
//!
//! op-node signs the SSZ form, so the JSON form is encoded as its encoder does (op-service's `eth`
//! package, `MarshalSSZ`): the layout follows from the fields that are there. Whatever comes out is
//! read again by core before anything is believed of it.

use opsign_core::gossip::Topic;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// keccak256(rlp("")): the withdrawals root of a block that has no such field.
const EMPTY_WITHDRAWALS_ROOT: [u8; 32] = [
    0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
    0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21,
];

/// An execution payload envelope in op-node's JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    parent_beacon_block_root: Option<Fixed<32>>,
    execution_payload: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    parent_hash: Fixed<32>,
    fee_recipient: Fixed<20>,
    state_root: Fixed<32>,
    receipts_root: Fixed<32>,
    logs_bloom: Fixed<256>,
    prev_randao: Fixed<32>,
    block_number: Quantity<8>,
    gas_limit: Quantity<8>,
    gas_used: Quantity<8>,
    timestamp: Quantity<8>,
    extra_data: Bytes,
    base_fee_per_gas: Quantity<32>,
    block_hash: Fixed<32>,
    transactions: Option<Vec<Bytes>>,
    withdrawals: Option<Vec<Withdrawal>>,
    blob_gas_used: Option<Quantity<8>>,
    excess_blob_gas: Option<Quantity<8>>,
    withdrawals_root: Option<Fixed<32>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Withdrawal {
    index: Quantity<8>,
    validator_index: Quantity<8>,
    address: Fixed<20>,
    amount: Quantity<8>,
}

/// `0x` and the digits of N bytes.
struct Fixed<const N: usize>([u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Bytes(bytes) = Bytes::deserialize(deserializer)?;
        let length = bytes.len();
        let fixed = bytes.try_into();
        fixed.map(Self).map_err(|_| D::Error::custom(format_args!("{length} bytes, not {N}")))
    }
}

/// `0x` and an even number of digits.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").ok_or_else(|| D::Error::custom("hex without 0x"))?;
        base16ct::mixed::decode_vec(digits).map(Self).map_err(|_| D::Error::custom("no hex bytes"))
    }
}

/// `0x` and the digits of a number that fits N bytes; little-endian, as SSZ has it.
struct Quantity<const N: usize>([u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Quantity<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let wrong = || D::Error::custom(format_args!("no quantity of {N} bytes"));
        let digits = text.strip_prefix("0x").ok_or_else(wrong)?;
        if digits.is_empty() || digits.len() > 2 * N {
            return Err(wrong());
        }
        let padded = format!("{digits:0>width$}", width = 2 * N);
        let mut bytes = [0; N];
        base16ct::mixed::decode(padded, &mut bytes).map_err(|_| wrong())?;
        bytes.reverse();
        Ok(Self(bytes))
    }
}

impl Envelope {
    /// The layout that op-node's encoder gives the payload.
    pub(crate) fn topic(&self) -> Topic {
        let payload = &self.execution_payload;
        if payload.withdrawals_root.as_ref().is_some_and(|root| root.0 != EMPTY_WITHDRAWALS_ROOT) {
            Topic::V4
        } else if payload.excess_blob_gas.is_some() && payload.blob_gas_used.is_some() {
            Topic::V3
        } else if payload.withdrawals.is_some() {
            Topic::V2
        } else {
            Topic::V1
        }
    }

    /// What op-node signs the hash of.
    ///
    /// # Errors
    /// One sentence if a length does not fit SSZ's 32-bit offsets, or a field is missing that the
    /// layout has.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, &'static str> {
        let payload = &self.execution_payload;
        let topic = self.topic();
        let fixed: usize = match topic {
            Topic::V1 => 508,
            Topic::V2 => 512,
            Topic::V3 => 528,
            Topic::V4 => 560,
        };
        let transactions = payload.transactions.as_deref().unwrap_or_default();
        let table = 4 * transactions.len();
        let bodies: usize = transactions.iter().map(|transaction| transaction.0.len()).sum();
        let transactions_at = fixed + payload.extra_data.0.len();
        let withdrawals_at = transactions_at + table + bodies;
        let withdrawals = payload.withdrawals.as_deref().unwrap_or_default();
        let total = withdrawals_at + 44 * withdrawals.len();
        u32::try_from(total).map_err(|_| "the payload is too large for SSZ")?;
        // Checked: every offset is below the total.
        let offset = |at: usize| (at as u32).to_le_bytes();

        let mut out = Vec::with_capacity(32 + total);
        if let Some(root) = &self.parent_beacon_block_root {
            out.extend(root.0);
        }
        out.extend(payload.parent_hash.0);
        out.extend(payload.fee_recipient.0);
        out.extend(payload.state_root.0);
        out.extend(payload.receipts_root.0);
        out.extend(payload.logs_bloom.0);
        out.extend(payload.prev_randao.0);
        for number in
            [&payload.block_number, &payload.gas_limit, &payload.gas_used, &payload.timestamp]
        {
            out.extend(number.0);
        }
        out.extend(offset(fixed));
        out.extend(payload.base_fee_per_gas.0);
        out.extend(payload.block_hash.0);
        out.extend(offset(transactions_at));
        if topic != Topic::V1 {
            out.extend(offset(withdrawals_at));
        }
        if matches!(topic, Topic::V3 | Topic::V4) {
            let missing = "a payload with a withdrawals root needs blobGasUsed and excessBlobGas";
            out.extend(payload.blob_gas_used.as_ref().ok_or(missing)?.0);
            out.extend(payload.excess_blob_gas.as_ref().ok_or(missing)?.0);
        }
        if let (Topic::V4, Some(root)) = (topic, &payload.withdrawals_root) {
            out.extend(root.0);
        }
        out.extend(&payload.extra_data.0);
        let mut at = table;
        for transaction in transactions {
            out.extend(offset(at));
            at += transaction.0.len();
        }
        for transaction in transactions {
            out.extend(&transaction.0);
        }
        if topic != Topic::V1 {
            for withdrawal in withdrawals {
                out.extend(withdrawal.index.0);
                out.extend(withdrawal.validator_index.0);
                out.extend(withdrawal.address.0);
                out.extend(withdrawal.amount.0);
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn envelopes_are_encoded_as_op_node_encodes_them() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/envelopes.json");
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let cases = file["cases"].as_array().unwrap();
        for case in cases {
            println!("{}", case["name"]);
            let envelope: Envelope = serde_json::from_value(case["envelope"].clone()).unwrap();
            assert_eq!(envelope.topic().to_string(), case["topic"].as_str().unwrap());
            let payload =
                format!("0x{}", base16ct::lower::encode_string(&envelope.encode().unwrap()));
            assert!(payload == case["payload"].as_str().unwrap());
        }
        assert_eq!(Some(cases.len() as u64), file["count"].as_u64());
        println!("envelopes.json: {} cases", cases.len());
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        for text in ["{}", "null", "[]", r#"{"executionPayload":{}}"#] {
            assert!(serde_json::from_str::<Envelope>(text).is_err(), "{text}");
        }
    }
}
