//! A block's hash, computed anew from its payload (`docs/gossip-rules.md`, step 19).

use super::payload::MAX_WITHDRAWALS;
use super::{BlockHash, Payload};
use crate::keccak::{Keccak256, keccak256};
use crate::rlp::{self, Buffer, Sink};
use crate::trie::ordered_root;
use crate::uint::U256;

/// `keccak256(rlp([]))`: an OP Stack block has no ommers.
const NO_OMMERS: [u8; 32] = [
    0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a, 0xab, 0x85, 0xb5, 0x67, 0xb6, 0xcc, 0xd4, 0x1a,
    0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a, 0x74, 0x13, 0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47,
];

/// SHA-256 of nothing: an OP Stack block has no requests (EIP-7685).
const NO_REQUESTS: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

impl Payload<'_> {
    /// The hash of the header that this payload makes, which should be
    /// [`Payload::block_hash`]. Needs no heap.
    pub fn computed_block_hash(&self) -> BlockHash {
        // op-node's header has a signed number, and hashes nothing when it is negative.
        if self.block_number() > i64::MAX as u64 {
            return BlockHash(keccak256(&[]));
        }
        let transactions = *self.transactions();
        let transactions_root = ordered_root(transactions.len() as u32, &|index| {
            transactions.get(index as usize).unwrap_or_default()
        });
        let withdrawals_root = match (self.withdrawals_root(), self.blob_gas_used()) {
            (Some(root), _) => Some(root.0),
            (None, None) if self.topic() == super::Topic::V1 => None,
            (None, _) => Some(self.withdrawals_trie_root()),
        };
        let mut hasher = Keccak256::default();
        rlp::put_list(&mut hasher, &|out| {
            self.put_header(out, &transactions_root, withdrawals_root.as_ref());
        });
        BlockHash(hasher.finish())
    }

    fn put_header(
        &self,
        out: &mut dyn Sink,
        transactions_root: &[u8; 32],
        withdrawals_root: Option<&[u8; 32]>,
    ) {
        let put_u64 = |out: &mut dyn Sink, number: u64| rlp::put_uint(out, &U256::from(number));
        rlp::put_bytes(out, &self.parent_hash().0);
        rlp::put_bytes(out, &NO_OMMERS);
        rlp::put_bytes(out, self.fee_recipient().as_bytes());
        rlp::put_bytes(out, &self.state_root().0);
        rlp::put_bytes(out, transactions_root);
        rlp::put_bytes(out, &self.receipts_root().0);
        rlp::put_bytes(out, self.logs_bloom());
        put_u64(out, 0); // difficulty
        put_u64(out, self.block_number());
        put_u64(out, self.gas_limit());
        put_u64(out, self.gas_used());
        put_u64(out, self.timestamp());
        rlp::put_bytes(out, self.extra_data());
        rlp::put_bytes(out, &self.prev_randao().0);
        rlp::put_bytes(out, &[0; 8]); // nonce
        rlp::put_uint(out, &self.base_fee_per_gas());
        if let Some(root) = withdrawals_root {
            rlp::put_bytes(out, root);
        }
        if let (Some(used), Some(excess)) = (self.blob_gas_used(), self.excess_blob_gas()) {
            put_u64(out, used);
            put_u64(out, excess);
        }
        if let Some(root) = self.parent_beacon_block_root() {
            rlp::put_bytes(out, &root.0);
        }
        if self.withdrawals_root().is_some() {
            rlp::put_bytes(out, &NO_REQUESTS);
        }
    }

    fn withdrawals_trie_root(&self) -> [u8; 32] {
        // Three numbers of 9 bytes at most, an address of 21, and a header.
        let (mut encoded, mut lengths) = ([[0; 64]; MAX_WITHDRAWALS], [0; MAX_WITHDRAWALS]);
        let rooms = encoded.iter_mut().zip(&mut lengths);
        for (withdrawal, (bytes, length)) in self.withdrawals().zip(rooms) {
            let mut buffer = Buffer { bytes, length: 0 };
            rlp::put_list(&mut buffer, &|out| {
                rlp::put_uint(out, &U256::from(withdrawal.index));
                rlp::put_uint(out, &U256::from(withdrawal.validator_index));
                rlp::put_bytes(out, withdrawal.address.as_bytes());
                rlp::put_uint(out, &U256::from(withdrawal.amount));
            });
            *length = buffer.length;
        }
        ordered_root(self.withdrawal_count() as u32, &|index| {
            let index = index as usize;
            &encoded[index][..lengths[index]]
        })
    }
}
