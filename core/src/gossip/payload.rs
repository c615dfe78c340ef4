//! The execution payload of a gossip message: SSZ read in place (consensus specification, "Simple
//! Serialize"; the checks are op-node's, in its order, `docs/gossip-rules.md` steps 8 to 16).

use super::{BlockHash, L1Info, Topic};
use crate::error::Error;
use crate::gossip::validate::Reason;
use crate::key::Address;
use crate::uint::U256;

/// The most transactions a payload may have (`maxTransactionsPerPayload`).
pub const MAX_TRANSACTIONS: usize = 1 << 20;

/// The most withdrawals that decode (`maxWithdrawalsPerPayload`).
pub(super) const MAX_WITHDRAWALS: usize = 16;

/// Bytes of a withdrawal.
const WITHDRAWAL: usize = 44;

/// An execution payload, borrowed from a message. Every field is as the sender claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    topic: Topic,
    parent_beacon_block_root: Option<BlockHash>,
    ssz: &'a [u8],
    extra_data: &'a [u8],
    transactions: Transactions<'a>,
    withdrawals: &'a [u8],
}

impl<'a> Payload<'a> {
    /// Reads what a gossip signature covers, laid out as `topic` says.
    ///
    /// # Errors
    /// The reasons whose names start with `ssz`.
    pub fn parse(topic: Topic, payload: &'a [u8]) -> Result<Self, Reason> {
        let (prefix, ssz) =
            payload.split_at_checked(topic.prefix_len()).ok_or(Reason::SszEnvelopeTooShort)?;
        let fixed = topic.fixed_len();
        if ssz.len() < fixed {
            return Err(Reason::SszTooShort);
        }
        let offset = |at: usize| u32::from_le_bytes(array(ssz, at)) as usize;
        let (extra_at, transactions_at) = (offset(436), offset(504));
        let withdrawals_at = if topic == Topic::V1 { ssz.len() } else { offset(508) };
        if extra_at != fixed {
            return Err(Reason::SszExtraDataOffset);
        }
        if transactions_at < extra_at {
            return Err(Reason::SszTransactionsOffsetTooSmall);
        }
        if topic != Topic::V1 {
            if withdrawals_at < transactions_at {
                return Err(Reason::SszWithdrawalsOffsetTooSmall);
            }
            if withdrawals_at > ssz.len() {
                return Err(Reason::SszWithdrawalsOffsetTooLarge);
            }
        }
        if transactions_at > extra_at + 32 || transactions_at > ssz.len() {
            return Err(Reason::SszExtraDataTooLong);
        }
        let withdrawals = &ssz[withdrawals_at..];
        let transactions = Transactions::parse(&ssz[transactions_at..withdrawals_at])?;
        if !withdrawals.len().is_multiple_of(WITHDRAWAL) {
            return Err(Reason::SszWithdrawalsLength);
        }
        if withdrawals.len() > MAX_WITHDRAWALS * WITHDRAWAL {
            return Err(Reason::SszTooManyWithdrawals);
        }
        Ok(Self {
            topic,
            parent_beacon_block_root: (!prefix.is_empty()).then(|| BlockHash(array(prefix, 0))),
            ssz,
            extra_data: &ssz[extra_at..transactions_at],
            transactions,
            withdrawals,
        })
    }

    /// The topic whose layout it has.
    pub const fn topic(&self) -> Topic {
        self.topic
    }

    /// The parent beacon block root in front of it, on V3 and V4.
    pub const fn parent_beacon_block_root(&self) -> Option<BlockHash> {
        self.parent_beacon_block_root
    }

    /// The parent's block hash.
    pub fn parent_hash(&self) -> BlockHash {
        self.hash(0)
    }

    /// Who gets the fees.
    pub fn fee_recipient(&self) -> Address {
        Address::from_bytes(array(self.ssz, 32))
    }

    /// The state's root after the block.
    pub fn state_root(&self) -> BlockHash {
        self.hash(52)
    }

    /// The receipts' root.
    pub fn receipts_root(&self) -> BlockHash {
        self.hash(84)
    }

    /// The logs' bloom filter, 256 bytes.
    pub fn logs_bloom(&self) -> &'a [u8] {
        &self.ssz[116..372]
    }

    /// The previous RANDAO mix.
    pub fn prev_randao(&self) -> BlockHash {
        self.hash(372)
    }

    /// The block's number.
    pub fn block_number(&self) -> u64 {
        self.number(404)
    }

    /// The most gas the block may use.
    pub fn gas_limit(&self) -> u64 {
        self.number(412)
    }

    /// Gas that it used.
    pub fn gas_used(&self) -> u64 {
        self.number(420)
    }

    /// Seconds since 1970.
    pub fn timestamp(&self) -> u64 {
        self.number(428)
    }

    /// Up to 32 bytes.
    pub const fn extra_data(&self) -> &'a [u8] {
        self.extra_data
    }

    /// Wei per gas.
    pub fn base_fee_per_gas(&self) -> U256 {
        let mut bytes: [u8; 32] = array(self.ssz, 440);
        bytes.reverse();
        U256::from_be_bytes(bytes)
    }

    /// The block's hash.
    pub fn block_hash(&self) -> BlockHash {
        self.hash(472)
    }

    /// The transactions.
    pub const fn transactions(&self) -> &Transactions<'a> {
        &self.transactions
    }

    /// The L1 origin, from the first transaction.
    ///
    /// # Errors
    /// [`Error::NotL1Info`] without transactions, and the kinds of [`L1Info::from_transaction`].
    pub fn l1_info(&self) -> Result<L1Info, Error> {
        L1Info::from_transaction(self.transactions.get(0).ok_or(Error::NotL1Info)?)
    }

    /// How many withdrawals; op-node takes none.
    pub const fn withdrawal_count(&self) -> usize {
        self.withdrawals.len() / WITHDRAWAL
    }

    /// The withdrawals in order.
    pub fn withdrawals(&self) -> impl ExactSizeIterator<Item = Withdrawal> + use<'a> {
        self.withdrawals.chunks_exact(WITHDRAWAL).map(|bytes| {
            let number = |at| u64::from_le_bytes(array(bytes, at));
            Withdrawal {
                index: number(0),
                validator_index: number(8),
                address: Address::from_bytes(array(bytes, 16)),
                amount: number(36),
            }
        })
    }

    /// Blob gas used, on V3 and V4.
    pub fn blob_gas_used(&self) -> Option<u64> {
        matches!(self.topic, Topic::V3 | Topic::V4).then(|| self.number(512))
    }

    /// Excess blob gas, on V3 and V4.
    pub fn excess_blob_gas(&self) -> Option<u64> {
        matches!(self.topic, Topic::V3 | Topic::V4).then(|| self.number(520))
    }

    /// The root of the message passer's storage, on V4.
    pub fn withdrawals_root(&self) -> Option<BlockHash> {
        (self.topic == Topic::V4).then(|| self.hash(528))
    }

    // The fixed part was found to be there when the payload was parsed.

    fn hash(&self, at: usize) -> BlockHash {
        BlockHash(array(self.ssz, at))
    }

    fn number(&self, at: usize) -> u64 {
        u64::from_le_bytes(array(self.ssz, at))
    }
}

/// A withdrawal from the consensus layer (EIP-4895). No accepted block has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Its place among all withdrawals.
    pub index: u64,
    /// Whose it is.
    pub validator_index: u64,
    /// Who gets it.
    pub address: Address,
    /// Gwei.
    pub amount: u64,
}

/// Transactions in their network form, found by the table of offsets in front of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transactions<'a> {
    bytes: &'a [u8],
    count: u32,
}

impl<'a> Transactions<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Reason> {
        if bytes.is_empty() {
            return Ok(Self { bytes, count: 0 });
        }
        if bytes.len() < 4 {
            return Err(Reason::SszTransactionsTooShort);
        }
        let first = u32::from_le_bytes(array(bytes, 0)) as usize;
        if !first.is_multiple_of(4) {
            return Err(Reason::SszFirstTransactionUnaligned);
        }
        if first > bytes.len() {
            return Err(Reason::SszFirstTransactionOutOfScope);
        }
        if first == 0 {
            return Err(Reason::SszFirstTransactionZero);
        }
        if first / 4 > MAX_TRANSACTIONS {
            return Err(Reason::SszTooManyTransactions);
        }
        let mut before = first;
        for at in (4..first).step_by(4) {
            let offset = u32::from_le_bytes(array(bytes, at)) as usize;
            if offset < before || offset > bytes.len() {
                return Err(Reason::SszTransactionOffset);
            }
            before = offset;
        }
        Ok(Self { bytes, count: (first / 4) as u32 })
    }

    /// How many.
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes of one, by its index. Nothing says that they are a transaction.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        if index >= self.len() {
            return None;
        }
        let offset = |index: usize| u32::from_le_bytes(array(self.bytes, 4 * index)) as usize;
        let end = if index + 1 == self.len() { self.bytes.len() } else { offset(index + 1) };
        self.bytes.get(offset(index)..end)
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let transactions = *self;
        (0..self.len()).filter_map(move |index| transactions.get(index))
    }
}

/// Bytes at a place that is known to be there; zeroes if it is not.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or([0; N])
}
