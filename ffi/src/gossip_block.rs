//! What a gossip message says, for C: the block's fields by value, long parts as places in the
//! decompressed message.

use opsign_core::ErrorCode;
use opsign_core::gossip::{BlockHash, Envelope, L1Info, Payload, decompress, decompressed_len};

use crate::boundary::{Failure, enter};
use crate::ptr::{self, Out};
use crate::read_topic;
use crate::span::SpanC;

/// The L1 block that an L2 block builds on (its L1 origin); 56 bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct L1InfoC {
    /// The L1 origin's number.
    pub number: u64,
    /// The L1 origin's time, in seconds since 1970.
    pub timestamp: u64,
    /// How many L2 blocks of the same L1 origin came before this one.
    pub sequence_number: u64,
    /// The L1 origin's hash.
    pub hash: [u8; 32],
}

/// What a gossip message says; 640 bytes. Nothing of it is checked but its form: see
/// opsign_gossip_validate. What the topic does not have is zero.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct GossipBlockC {
    /// The 65 signature bytes as they came.
    pub signature: [u8; 65],
    /// 1 on topics 3 and 4: parent_beacon_block_root says something.
    pub has_parent_beacon_block_root: u8,
    /// 1 on topics 3 and 4: blob_gas_used and excess_blob_gas say something.
    pub has_blob_gas: u8,
    /// 1 on topic 4: withdrawals_root says something.
    pub has_withdrawals_root: u8,
    /// 1 if the first transaction is a deposit that carries L1's block.
    pub has_l1_info: u8,
    /// Zeroes.
    pub reserved_flags: [u8; 3],
    /// The block's number.
    pub number: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// The most gas the block may use.
    pub gas_limit: u64,
    /// Gas that it used.
    pub gas_used: u64,
    /// Blob gas that it used; from Jovian on, its data availability footprint.
    pub blob_gas_used: u64,
    /// Excess blob gas.
    pub excess_blob_gas: u64,
    /// How many places opsign_gossip_transactions gives.
    pub transaction_count: u64,
    /// How many withdrawals; op-node takes none.
    pub withdrawal_count: u64,
    /// What the signature covers; opsign_payload_hash takes it.
    pub payload: SpanC,
    /// Up to 32 bytes.
    pub extra_data: SpanC,
    /// The logs' bloom filter, 256 bytes.
    pub logs_bloom: SpanC,
    /// The L1 origin.
    pub l1_info: L1InfoC,
    /// The parent beacon block's root.
    pub parent_beacon_block_root: [u8; 32],
    /// The parent's block hash.
    pub parent_hash: [u8; 32],
    /// The state's root after the block.
    pub state_root: [u8; 32],
    /// The receipts' root.
    pub receipts_root: [u8; 32],
    /// The previous RANDAO mix.
    pub prev_randao: [u8; 32],
    /// Wei per gas, big-endian.
    pub base_fee_per_gas: [u8; 32],
    /// The block's hash, as it claims.
    pub block_hash: [u8; 32],
    /// The block's hash, from its contents.
    pub computed_block_hash: [u8; 32],
    /// The root of the message passer's storage.
    pub withdrawals_root: [u8; 32],
    /// Who gets the fees.
    pub fee_recipient: [u8; 20],
    /// Zeroes, for fields of later versions.
    pub reserved: [u8; 92],
}

/// How long a gossip message is when it is decompressed, found before any of it is looked at.
///
/// Returns: OPSIGN_OK, or a reason (opsign_gossip_reason_name).
/// Out: data_len, at most 10 MiB. In: message, len bytes, compressed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_gossip_decompressed_len(
    message: *const u8,
    len: usize,
    data_len: *mut usize,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(data_len) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        Ok(decompressed_len(unsafe { ptr::slice(message, len)? })?)
    })
}

/// Decompresses a gossip message.
///
/// Returns: OPSIGN_OK, or a reason (opsign_gossip_reason_name), or _TOO_SHORT if room is less than
/// opsign_gossip_decompressed_len says.
/// Out: data_len, the bytes written to data; 0 on failure. Also out: data, room bytes.
/// In: message, len bytes, compressed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_gossip_decompress(
    message: *const u8,
    len: usize,
    data: *mut u8,
    room: usize,
    data_len: *mut usize,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(data_len) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let message = unsafe { ptr::slice(message, len)? };
        let length = decompressed_len(message)?;
        if length > room {
            return Err(ErrorCode::TooShort.into());
        }
        let mut decompressed = vec![0; length];
        decompress(message, &mut decompressed)?;
        // SAFETY: NULL or writable for `room` bytes, by the header's contract.
        unsafe { ptr::copy_out(&decompressed, data, room)? };
        Ok(length)
    })
}

/// Reads a decompressed gossip message.
///
/// Returns: OPSIGN_OK, or _UNKNOWN_TOPIC, _TOO_SHORT, _TOO_LONG, or the reason why it is no block
/// (opsign_gossip_reason_name).
/// Out: block, whose places are in data. In: topic, 1 to 4; data, len bytes, from
/// opsign_gossip_decompress.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_gossip_decode(
    topic: i32,
    data: *const u8,
    len: usize,
    block: *mut GossipBlockC,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(block) };
    enter(out, || {
        let topic = read_topic(topic)?;
        // SAFETY: readable for `len` bytes, by the header's contract.
        let data = unsafe { ptr::slice(data, len)? };
        let envelope = Envelope::parse(data)?;
        write(&envelope, &Payload::parse(topic, envelope.payload())?, data)
    })
}

/// Places of a block's transactions, from the one numbered first (0 is the first of all) on, as
/// many as there are and there is room for. Nothing says that what is there is a transaction.
///
/// Returns: OPSIGN_OK, or what opsign_gossip_decode returns.
/// Out: written, how many places were written; 0 on failure.
/// Also out: places, room of them; they are in data. In: topic, data and len, as
/// opsign_gossip_decode.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_gossip_transactions(
    topic: i32,
    data: *const u8,
    len: usize,
    first: usize,
    places: *mut SpanC,
    room: usize,
    written: *mut usize,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(written) };
    enter(out, || {
        let topic = read_topic(topic)?;
        // SAFETY: readable for `len` bytes, by the header's contract.
        let data = unsafe { ptr::slice(data, len)? };
        let payload = Payload::parse(topic, Envelope::parse(data)?.payload())?;
        let transactions = payload.transactions();
        let end = first.saturating_add(room).min(transactions.len());
        let found = (first..end).filter_map(|index| transactions.get(index));
        let found: Vec<_> =
            found.map(|bytes| SpanC::of(bytes, data)).collect::<Result<_, ErrorCode>>()?;
        // SAFETY: NULL or writable for `room` places, by the header's contract.
        unsafe { ptr::copy_out(&found, places, room)? };
        Ok(found.len())
    })
}

/// Reads the L1 origin from a block's first transaction.
///
/// Returns: OPSIGN_OK, or what opsign_transaction_hash returns, _NOT_L1_INFO.
/// Out: info. In: transaction, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_l1_info_from_transaction(
    transaction: *const u8,
    len: usize,
    info: *mut L1InfoC,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(info) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(transaction, len)? };
        Ok(write_l1_info(&L1Info::from_transaction(bytes)?))
    })
}

fn write(
    envelope: &Envelope<'_>,
    payload: &Payload<'_>,
    data: &[u8],
) -> Result<GossipBlockC, Failure> {
    let l1_info = payload.l1_info().ok();
    let root = |root: Option<BlockHash>| root.map_or([0; 32], |root| root.0);
    Ok(GossipBlockC {
        signature: *envelope.signature_bytes(),
        has_parent_beacon_block_root: payload.parent_beacon_block_root().is_some().into(),
        has_blob_gas: payload.blob_gas_used().is_some().into(),
        has_withdrawals_root: payload.withdrawals_root().is_some().into(),
        has_l1_info: l1_info.is_some().into(),
        reserved_flags: [0; 3],
        number: payload.block_number(),
        timestamp: payload.timestamp(),
        gas_limit: payload.gas_limit(),
        gas_used: payload.gas_used(),
        blob_gas_used: payload.blob_gas_used().unwrap_or(0),
        excess_blob_gas: payload.excess_blob_gas().unwrap_or(0),
        transaction_count: payload.transactions().len() as u64,
        withdrawal_count: payload.withdrawal_count() as u64,
        payload: SpanC::of(envelope.payload(), data)?,
        extra_data: SpanC::of(payload.extra_data(), data)?,
        logs_bloom: SpanC::of(payload.logs_bloom(), data)?,
        l1_info: l1_info.as_ref().map_or(NO_L1_INFO, write_l1_info),
        parent_beacon_block_root: root(payload.parent_beacon_block_root()),
        parent_hash: payload.parent_hash().0,
        state_root: payload.state_root().0,
        receipts_root: payload.receipts_root().0,
        prev_randao: payload.prev_randao().0,
        base_fee_per_gas: *payload.base_fee_per_gas().as_be_bytes(),
        block_hash: payload.block_hash().0,
        computed_block_hash: payload.computed_block_hash().0,
        withdrawals_root: root(payload.withdrawals_root()),
        fee_recipient: *payload.fee_recipient().as_bytes(),
        reserved: [0; 92],
    })
}

const NO_L1_INFO: L1InfoC = L1InfoC { number: 0, timestamp: 0, sequence_number: 0, hash: [0; 32] };

const fn write_l1_info(info: &L1Info) -> L1InfoC {
    L1InfoC {
        number: info.number,
        timestamp: info.timestamp,
        sequence_number: info.sequence_number,
        hash: info.hash.0,
    }
}

/// The sizes that the header states.
const _: () = assert!(size_of::<L1InfoC>() == 56 && size_of::<GossipBlockC>() == 640);
