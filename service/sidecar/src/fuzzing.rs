//! Doors for the fuzz targets: bytes from others, without a port around them.

use bytes::Bytes;

use crate::envelope::Envelope;
use crate::message::{self, Call};

/// A builder's answer that was taken for a block.
pub struct Block {
    /// `parentHash`.
    pub parent_hash: [u8; 32],
    /// `timestamp`.
    pub timestamp: u64,
    /// `feeRecipient`.
    pub fee_recipient: [u8; 20],
    /// How many `transactions` there are.
    pub transactions: usize,
    /// The call with which the local engine is asked to judge it, for `engine_getPayloadV4`.
    pub judge: Vec<u8>,
    /// What op-node would get for an id of 77.
    pub answer: Vec<u8>,
}

/// Reads a builder's answer.
pub fn builders_answer(bytes: &[u8]) -> Option<Block> {
    let block = Envelope::of_builder(Bytes::copy_from_slice(bytes)).ok()?;
    Some(Block {
        parent_hash: block.parent_hash,
        timestamp: block.timestamp,
        fee_recipient: block.fee_recipient,
        transactions: block.transactions.len(),
        judge: block.judge(4).concat(),
        answer: block.under(Bytes::from_static(b"77")).concat(),
    })
}

/// The method, id and parameters of a call, as they are written.
pub fn call(bytes: &[u8]) -> Option<(String, Vec<u8>, Option<Vec<u8>>)> {
    let call = Call::read(Bytes::copy_from_slice(bytes))?;
    let params = call.params.clone().map(|span| call.bytes[span].to_vec());
    Some((call.method.clone(), call.id_bytes().to_vec(), params))
}

/// The calls of a batch.
pub fn batch(bytes: &[u8]) -> Option<Vec<Bytes>> {
    message::batch(&Bytes::copy_from_slice(bytes))
}
