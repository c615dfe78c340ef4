//! Gossip messages: taken apart, and judged as op-node judges them.

use opsign_core::gossip::{
    Envelope, GossipConfig, GossipMemory, L1Info, Payload, Reason, Topic, decompress,
    decompressed_len, validate,
};
use opsign_core::{Address, Error, Field, PayloadHash};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::OpsignError;
use crate::record::{Bytes, Hex, Record};
use crate::signature::sized;

impl From<Reason> for OpsignError {
    fn from(reason: Reason) -> Self {
        Self::new(reason.name(), reason.number(), reason.message())
    }
}

/// The reasons of a verdict in op-node's order; none past the last.
#[wasm_bindgen(js_name = reasonAt)]
pub fn reason_at(index: usize) -> Option<Record> {
    let reason = *Reason::ALL.get(index)?;
    let record = Record::new();
    set_reason(&record, reason);
    record.set("verdict", reason.verdict().name());
    let topics = Topic::ALL.into_iter().filter(|topic| reason.applies_to(*topic));
    record.list("topics", topics, |list, topic| list.set("", topic.to_string().as_str()));
    Some(record)
}

/// All that a message says, with its transactions as bytes, or as their hashes.
#[wasm_bindgen(js_name = decodeGossip)]
pub fn decode_gossip(topic: &str, message: &[u8], hashes: bool) -> Result<Record, OpsignError> {
    let topic: Topic = topic.parse()?;
    let mut room = vec![0; decompressed_len(message)?];
    let envelope = Envelope::parse(decompress(message, &mut room)?)?;
    let record = Record::new();
    record.set("signature", Hex(envelope.signature_bytes()));
    record.set("payload", Bytes(envelope.payload()));
    record.set("payloadHash", Hex(PayloadHash::of(envelope.payload()).as_bytes()));
    let block = Payload::parse(topic, envelope.payload());
    record.set("blockError", block.err().map(Reason::name));
    match block {
        Ok(block) => set_block(&record.child("block"), &block, hashes),
        Err(_) => record.set("block", None::<i32>),
    }
    Ok(record)
}

/// What a block's first transaction says about L1.
#[wasm_bindgen(js_name = l1InfoFromTransaction)]
pub fn decode_l1_info(transaction: &[u8]) -> Result<Record, OpsignError> {
    let record = Record::new();
    set_l1_info(&record, &L1Info::from_transaction(transaction)?);
    Ok(record)
}

/// op-node's validator of one topic, with its memory of blocks.
#[wasm_bindgen]
pub struct GossipValidator {
    config: GossipConfig,
    memory: GossipMemory,
}

#[wasm_bindgen]
impl GossipValidator {
    /// A validator that has seen no blocks.
    #[wasm_bindgen(constructor)]
    pub fn new(
        topic: &str,
        chain_id: &str,
        jovian_time: Option<u64>,
        max_age: u64,
    ) -> Result<Self, OpsignError> {
        let config = GossipConfig {
            topic: topic.parse()?,
            chain_id: chain_id.parse()?,
            signer: None,
            previous_signer: None,
            jovian_time,
            max_age,
        };
        Ok(Self { config, memory: GossipMemory::new() })
    }

    /// The signer that L1 names; no bytes or zero for none.
    #[wasm_bindgen(js_name = setSigner)]
    pub fn set_signer(&mut self, address: &[u8]) -> Result<(), OpsignError> {
        self.config.signer = signer(address)?;
        Ok(())
    }

    /// The signer before it; no bytes or zero for none.
    #[wasm_bindgen(js_name = setPreviousSigner)]
    pub fn set_previous_signer(&mut self, address: &[u8]) -> Result<(), OpsignError> {
        self.config.previous_signer = signer(address)?;
        Ok(())
    }

    /// Judges a message.
    pub fn validate(&mut self, now: u64, message: &[u8]) -> Record {
        let mut room = vec![0; decompressed_len(message).unwrap_or(0)];
        let judgement = validate(&self.config, now, message, &mut room, &mut self.memory);
        let record = Record::new();
        record.set("verdict", judgement.verdict().name());
        set_reason(&record.child("reason"), judgement.reason);
        record.set("signer", judgement.signer);
        record.set("blockHash", judgement.payload.map(|payload| payload.block_hash()));
        record.set("blockNumber", judgement.payload.map(|payload| payload.block_number()));
        record
    }
}

fn signer(address: &[u8]) -> Result<Option<Address>, Error> {
    if address.iter().all(|byte| *byte == 0) && matches!(address.len(), 0 | 20) {
        return Ok(None);
    }
    Ok(Some(Address::from_bytes(sized(Field::Address, address)?)))
}

fn set_reason(record: &Record, reason: Reason) {
    record.set("number", reason.number());
    record.set("name", reason.name());
    record.set("message", reason.message());
}

fn set_block(record: &Record, block: &Payload<'_>, hashes: bool) {
    record.set("parentBeaconBlockRoot", block.parent_beacon_block_root());
    record.set("parentHash", block.parent_hash());
    record.set("feeRecipient", block.fee_recipient());
    record.set("stateRoot", block.state_root());
    record.set("receiptsRoot", block.receipts_root());
    record.set("logsBloom", Hex(block.logs_bloom()));
    record.set("prevRandao", block.prev_randao());
    record.set("blockNumber", block.block_number());
    record.set("gasLimit", block.gas_limit());
    record.set("gasUsed", block.gas_used());
    record.set("timestamp", block.timestamp());
    record.set("extraData", Hex(block.extra_data()));
    record.set("baseFeePerGas", block.base_fee_per_gas());
    record.set("blockHash", block.block_hash());
    record.set("computedBlockHash", block.computed_block_hash());
    record.list("transactions", block.transactions().iter(), |list, transaction| {
        if hashes {
            // A block's transactions have no sidecar, so this is their hash.
            list.set("", Hex(PayloadHash::of(transaction).as_bytes()));
        } else {
            list.set("", Bytes(transaction));
        }
    });
    record.list("withdrawals", block.withdrawals(), |list, withdrawal| {
        let item = list.child("");
        item.set("index", withdrawal.index);
        item.set("validatorIndex", withdrawal.validator_index);
        item.set("address", withdrawal.address);
        item.set("amount", withdrawal.amount);
    });
    record.set("blobGasUsed", block.blob_gas_used());
    record.set("excessBlobGas", block.excess_blob_gas());
    record.set("withdrawalsRoot", block.withdrawals_root());
    match block.l1_info() {
        Ok(info) => set_l1_info(&record.child("l1Info"), &info),
        Err(_) => record.set("l1Info", None::<i32>),
    }
}

fn set_l1_info(record: &Record, info: &L1Info) {
    record.set("number", info.number);
    record.set("timestamp", info.timestamp);
    record.set("hash", info.hash);
    record.set("sequenceNumber", info.sequence_number);
}
