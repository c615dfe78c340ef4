//! Block payloads of a chain without users.

use opsign_core::PayloadHash;
use opsign_core::gossip::{Payload, Topic};
use serde_json::{Value, json};

/// A block payload, complete and with the right block hash.
#[derive(Clone)]
pub struct Block {
    pub number: u64,
    pub bytes: Vec<u8>,
    pub hash: PayloadHash,
    pub block_hash: [u8; 32],
}

impl Block {
    /// A V1 payload without transactions; rivals of a height differ in the gas used.
    pub fn new(number: u64, parent: [u8; 32], timestamp: u64, rival: u8) -> Self {
        Self::with(number, parent, timestamp, rival, &[])
    }

    /// The same with the deposit that names its L1 origin.
    pub fn on_l1(number: u64, parent: [u8; 32], rival: u8, l1: u64, l1_hash: [u8; 32]) -> Self {
        let timestamp = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        // setL1BlockValuesEcotone: packed numbers, base fees, hash, batcher.
        let mut data = vec![0; 164];
        data[..4].copy_from_slice(&[0x44, 0x0a, 0x5e, 0x20]);
        data[28..36].copy_from_slice(&l1.to_be_bytes());
        data[100..132].copy_from_slice(&l1_hash);
        // Source hash, sender, receiver, no mint, no value, gas, no system transaction, data.
        let mut deposit = vec![0x7e, 0xf8, 248, 0xa0];
        deposit.extend([7; 32]);
        for account in [1, 2] {
            deposit.push(0x94);
            deposit.extend([account; 20]);
        }
        deposit.extend([0x80, 0x80, 0x83, 0x0f, 0x42, 0x40, 0x80, 0xb8, 164]);
        deposit.extend(data);
        Self::with(number, parent, timestamp, rival, &deposit)
    }

    /// `deposit`: the only transaction, or none.
    fn with(number: u64, parent: [u8; 32], timestamp: u64, rival: u8, deposit: &[u8]) -> Self {
        let mut bytes = vec![0; 508];
        bytes[..32].copy_from_slice(&parent);
        bytes[404..412].copy_from_slice(&number.to_le_bytes());
        bytes[420] = rival;
        bytes[428..436].copy_from_slice(&timestamp.to_le_bytes());
        for offset in [436, 504] {
            bytes[offset..offset + 4].copy_from_slice(&508_u32.to_le_bytes());
        }
        if !deposit.is_empty() {
            bytes.extend(4_u32.to_le_bytes());
            bytes.extend(deposit);
        }
        let block_hash = Payload::parse(Topic::V1, &bytes).unwrap().computed_block_hash().0;
        bytes[472..504].copy_from_slice(&block_hash);
        let hash = PayloadHash::of(&bytes);
        Self { number, bytes, hash, block_hash }
    }

    /// What op-node hands to op-conductor: the same in JSON.
    pub fn envelope(&self) -> Value {
        let hex = |range: std::ops::Range<usize>| {
            format!("0x{}", base16ct::lower::encode_string(&self.bytes[range]))
        };
        let transactions = match self.bytes.len() {
            508 => json!([]),
            end => json!([hex(512..end)]),
        };
        let number = |at: usize| {
            let bytes = self.bytes[at..at + 8].try_into().unwrap();
            format!("{:#x}", u64::from_le_bytes(bytes))
        };
        json!({ "executionPayload": {
            "parentHash": hex(0..32), "feeRecipient": hex(32..52), "stateRoot": hex(52..84),
            "receiptsRoot": hex(84..116), "logsBloom": hex(116..372), "prevRandao": hex(372..404),
            "blockNumber": number(404), "gasLimit": number(412), "gasUsed": number(420),
            "timestamp": number(428), "extraData": "0x", "baseFeePerGas": "0x0",
            "blockHash": hex(472..504), "transactions": transactions,
        } })
    }

    /// The parameters of `opsigner_signBlockPayload`, with the payload's bytes.
    pub fn params(&self, chain: u64) -> Value {
        json!([{
            "domain": vec![0; 32],
            "chainId": chain,
            "payloadHash": base64(self.hash.as_bytes()),
            "PayloadBytes": base64(&self.bytes),
        }])
    }
}

fn base64(bytes: &[u8]) -> String {
    <base64ct::Base64 as base64ct::Encoding>::encode_string(bytes)
}
