//! The L1 block that an L2 block builds on: the call data of the block's first deposit (OP Stack
//! specification, "L1 Attributes Deposited Transaction"; op-node's `L1BlockInfoFromBytes`).

use super::BlockHash;
use crate::error::Error;
use crate::tx::{SignedTransaction, Transaction};

/// What an L2 block says about its L1 origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct L1Info {
    /// The L1 origin's number.
    pub number: u64,
    /// The L1 origin's time, in seconds since 1970.
    pub timestamp: u64,
    /// The L1 origin's hash.
    pub hash: BlockHash,
    /// How many L2 blocks of the same L1 origin came before this one.
    pub sequence_number: u64,
}

/// The selectors of `setL1BlockValues` and its successors, with the length of the call data.
const BEDROCK: ([u8; 4], usize) = ([0x01, 0x5d, 0x8e, 0xb9], 4 + 8 * 32);
const ECOTONE: ([u8; 4], usize) = ([0x44, 0x0a, 0x5e, 0x20], 4 + 5 * 32);
const ISTHMUS: ([u8; 4], usize) = ([0x09, 0x89, 0x99, 0xbe], ECOTONE.1 + 4 + 8);
const JOVIAN: ([u8; 4], usize) = ([0x3d, 0xb6, 0xbe, 0x2b], ISTHMUS.1 + 2);

impl L1Info {
    /// Reads the first transaction of a block, in its network form.
    ///
    /// The selector says which fork's layout it has; op-node goes by the block's time and its
    /// chain's configuration, and takes that fork's selector only.
    ///
    /// # Errors
    /// The kinds of [`SignedTransaction::decode`]; [`Error::NotL1Info`] if it is no deposit, or its
    /// call data has none of the four known layouts.
    pub fn from_transaction(first: &[u8]) -> Result<Self, Error> {
        match SignedTransaction::decode(first)?.transaction() {
            Transaction::Deposit(deposit) => Self::from_call_data(deposit.input),
            _ => Err(Error::NotL1Info),
        }
    }

    /// Reads the deposit's call data.
    ///
    /// # Errors
    /// [`Error::NotL1Info`] if it has none of the four known layouts.
    pub fn from_call_data(data: &[u8]) -> Result<Self, Error> {
        let (selector, words) = data.split_first_chunk::<4>().ok_or(Error::NotL1Info)?;
        match (*selector, data.len()) {
            BEDROCK => bedrock(words),
            ECOTONE | ISTHMUS | JOVIAN => ecotone(words),
            _ => None,
        }
        .ok_or(Error::NotL1Info)
    }
}

/// The ABI's layout: eight words, numbers and the batcher's address at a word's end.
fn bedrock(words: &[u8]) -> Option<L1Info> {
    word::<8>(words, 5 * 32, 12)?;
    Some(L1Info {
        number: number(words, 0)?,
        timestamp: number(words, 32)?,
        hash: BlockHash(*words.get(3 * 32..)?.first_chunk()?),
        sequence_number: number(words, 4 * 32)?,
    })
}

/// Packed numbers, then words; later forks only add to its end.
fn ecotone(words: &[u8]) -> Option<L1Info> {
    word::<8>(words, 128, 12)?;
    let packed = |at: usize| Some(u64::from_be_bytes(*words.get(at..)?.first_chunk()?));
    Some(L1Info {
        sequence_number: packed(8)?,
        timestamp: packed(16)?,
        number: packed(24)?,
        hash: BlockHash(*words.get(96..)?.first_chunk()?),
    })
}

fn number(words: &[u8], at: usize) -> Option<u64> {
    word::<8>(words, at, 24).map(u64::from_be_bytes)
}

/// `N` bytes of a word behind its `padding`, which must be zero.
fn word<const N: usize>(words: &[u8], at: usize, padding: usize) -> Option<[u8; N]> {
    let (zeroes, rest) = words.get(at..)?.split_at_checked(padding)?;
    zeroes.iter().all(|byte| *byte == 0).then(|| rest.first_chunk().copied())?
}
