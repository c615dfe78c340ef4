//! What a caller asks the guard for.

use opsign_core::gossip::{L1Info, Payload};
use opsign_core::tx::Transaction;
use opsign_core::{Error, PayloadHash, SigningHash, U256, hazmat};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::evidence::ReorgEvidence;
use crate::hex::Hex;
use crate::scope::{Client, Digest, Scope};

/// One signature asked for by one client at one time.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) scope: Scope,
    pub(crate) client: Client,
    pub(crate) at: u64,
    pub(crate) digest: Digest,
    pub(crate) hash: SigningHash,
    pub(crate) facts: Facts,
    pub(crate) evidence: Option<Box<ReorgEvidence>>,
    /// The other candidates of a statement about several.
    pub(crate) candidates: Vec<Hex<32>>,
}

impl Request {
    /// What would be signed: the payload hash, or a transaction's signing hash.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What a key signs for it, once there is a reservation.
    pub const fn signing_hash(&self) -> &SigningHash {
        &self.hash
    }

    /// What the rules see of it.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The scope.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// A block whose payload the caller has seen and whose hash it has computed itself: facts that
    /// a client merely claims do not belong here.
    ///
    /// `at` is the time in milliseconds since 1970.
    pub fn block(
        scope: Scope,
        client: Client,
        at: u64,
        hash: &PayloadHash,
        block: BlockFacts,
    ) -> Self {
        Self { facts: Facts::Block(block), ..Self::payload_hash(scope, client, at, hash) }
    }

    /// A block of which only the payload's hash is known.
    pub fn payload_hash(scope: Scope, client: Client, at: u64, hash: &PayloadHash) -> Self {
        let signing_hash = hazmat::payload_signing_hash_in(&scope.domain(), &scope.chain(), hash);
        let digest = Hex(*hash.as_bytes());
        let (facts, evidence, candidates) = (Facts::Hash, None, Vec::new());
        Self { scope, client, at, digest, hash: signing_hash, facts, evidence, candidates }
    }

    /// A transaction.
    ///
    /// # Errors
    /// [`Error::DepositNotSignable`].
    pub fn transaction(
        scope: Scope,
        client: Client,
        at: u64,
        transaction: &Transaction<'_>,
    ) -> Result<Self, Error> {
        let hash = transaction.signing_hash()?;
        let facts = Facts::Transaction(TransactionFacts::of(transaction));
        let (digest, evidence, candidates) = (Hex(*hash.as_bytes()), None, Vec::new());
        Ok(Self { scope, client, at, digest, hash, facts, evidence, candidates })
    }

    /// A session key's signature in a slot: no other digest gets it, and no lower one is granted
    /// after it. `digest` is a hash of all that is signed. A grant is
    /// [`Decision::Recorded`](crate::Decision::Recorded): the caller signs by itself, so that the
    /// same digest has to lead to the same signature.
    pub fn vote(scope: Scope, client: Client, at: u64, digest: Digest, slot: u64) -> Self {
        let facts = Facts::Vote(VoteFacts { slot });
        Self { facts, ..Self::payload_hash(scope, client, at, &PayloadHash::from_bytes(digest.0)) }
    }

    /// The same for a statement about a candidate, or one about several with the same stance.
    pub fn statement(
        scope: Scope,
        client: Client,
        at: u64,
        digest: Digest,
        statement: StatementFacts,
        others: Vec<Hex<32>>,
    ) -> Self {
        let facts = Facts::Statement(statement);
        let request = Self::vote(scope, client, at, digest, 0);
        Self { facts, candidates: others, ..request }
    }

    /// The statements that it makes: one for each candidate.
    pub(crate) fn statements(&self) -> impl Iterator<Item = StatementFacts> {
        let first = match self.facts {
            Facts::Statement(statement) => Some(statement),
            _ => None,
        };
        first.into_iter().flat_map(|first| {
            let of = move |candidate: &Hex<32>| StatementFacts { candidate: *candidate, ..first };
            std::iter::once(first).chain(self.candidates.iter().map(of))
        })
    }

    /// The same with evidence that what it contradicts builds on an L1 block that is gone. Without
    /// a contradiction, or for another L1 block, it changes nothing.
    pub fn with_evidence(self, evidence: ReorgEvidence) -> Self {
        Self { evidence: Some(Box::new(evidence)), ..self }
    }
}

/// What the rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "facts", rename_all = "snake_case")]
pub enum Facts {
    /// Nothing but the digest.
    Hash,
    /// A block.
    Block(BlockFacts),
    /// A transaction.
    Transaction(TransactionFacts),
    /// A session key's vote or block.
    Vote(VoteFacts),
    /// A session key's statement about a candidate.
    Statement(StatementFacts),
}

impl Facts {
    /// The slot, where it is known.
    pub const fn slot(&self) -> Option<u64> {
        match self {
            Self::Hash => None,
            Self::Block(block) => Some(block.number),
            Self::Transaction(transaction) => Some(transaction.nonce),
            Self::Vote(vote) => Some(vote.slot),
            Self::Statement(statement) => Some(statement.session as u64),
        }
    }
}

/// What is kept of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteFacts {
    /// Its place in the order in which its key signs.
    pub slot: u64,
}

/// What is kept of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementFacts {
    /// The session, which is the slot that floors speak of.
    pub session: u32,
    /// The candidate.
    pub candidate: Hex<32>,
    /// What is said of it.
    pub stance: Stance,
}

/// What a parachain validator says of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// "I second it."
    Seconded,
    /// "Somebody else's is valid": it backs what another has seconded.
    Valid,
    /// "I approve of it", or "it is valid" in a dispute.
    For,
    /// "It is invalid", in a dispute.
    Against,
}

impl Stance {
    /// Its bit in what is kept of a candidate, and its number on record.
    pub(crate) const fn bit(self) -> u8 {
        match self {
            Self::Seconded => 1,
            Self::Valid => 2,
            Self::For => 4,
            Self::Against => 8,
        }
    }

    /// The bits of what may not stand beside it. Who seconds does not back as somebody else's; who
    /// has called a candidate valid in any way does not call it invalid.
    pub(crate) const fn contradicts(self) -> u8 {
        match self {
            Self::Seconded => 2 | 8,
            Self::Valid => 1 | 8,
            Self::For => 8,
            Self::Against => 1 | 2 | 4,
        }
    }

    /// The stance of a bit.
    pub(crate) const fn of(bit: u8) -> Option<Self> {
        Some(match bit {
            1 => Self::Seconded,
            2 => Self::Valid,
            4 => Self::For,
            8 => Self::Against,
            _ => return None,
        })
    }
}

/// What is kept of a block payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockFacts {
    /// The block's number.
    pub number: u64,
    /// The block's hash.
    pub block_hash: Hex<32>,
    /// The parent's block hash.
    pub parent_hash: Hex<32>,
    /// The block's time, in seconds since 1970.
    pub timestamp: u64,
    /// The L1 block it builds on, from its first deposit.
    pub l1_origin: Option<L1Origin>,
}

/// An L1 block by number and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct L1Origin {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Hex<32>,
}

impl BlockFacts {
    /// Reads them from a payload. A first transaction that is no L1 attributes deposit leaves the
    /// origin unknown, which only automatic reorg evidence needs.
    pub fn of(payload: &Payload<'_>) -> Self {
        let first = payload.transactions().iter().next();
        let l1 = first.and_then(|first| L1Info::from_transaction(first).ok());
        Self {
            number: payload.block_number(),
            block_hash: Hex(payload.block_hash().0),
            parent_hash: Hex(payload.parent_hash().0),
            timestamp: payload.timestamp(),
            l1_origin: l1.map(|l1| L1Origin { number: l1.number, hash: Hex(l1.hash.0) }),
        }
    }
}

/// What is kept of a transaction. Amounts are in wei and end at 2^128 - 1, which the sum of all
/// ether is far below; what is larger saturates, and no cap lets it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionFacts {
    /// The nonce.
    pub nonce: u64,
    /// SHA-256 over receiver, value, call data and blob hashes: what the transaction does. One with
    /// authorizations (EIP-7702) equals none but itself.
    pub content: Hex<32>,
    /// Whether it is the cancelling form: no call data, no value, no code.
    pub cancels: bool,
    /// Whether it carries blobs, which puts it into another pool of geth's.
    pub blobs: bool,
    /// The most wei per gas.
    #[serde(with = "decimal")]
    pub fee_cap: u128,
    /// Wei per gas for the block's builder.
    #[serde(with = "decimal")]
    pub tip_cap: u128,
    /// The most wei per blob gas.
    #[serde(with = "decimal")]
    pub blob_fee_cap: u128,
    /// The most wei that it can take from the sender: value, gas and blobs.
    #[serde(with = "decimal")]
    pub spend: u128,
}

/// Gas of one blob (EIP-4844 `GAS_PER_BLOB`).
const GAS_PER_BLOB: u128 = 1 << 17;

impl TransactionFacts {
    fn of(transaction: &Transaction<'_>) -> Self {
        let (to, value, input, gas, nonce, fee_cap, tip_cap) = match transaction {
            Transaction::Legacy(t) => {
                (t.to, t.value, t.input, t.gas, t.nonce, t.gas_price, t.gas_price)
            }
            Transaction::AccessList(t) => {
                (t.to, t.value, t.input, t.gas, t.nonce, t.gas_price, t.gas_price)
            }
            Transaction::DynamicFee(t) => {
                let (fee, tip) = (t.max_fee_per_gas, t.max_priority_fee_per_gas);
                (t.to, t.value, t.input, t.gas, t.nonce, fee, tip)
            }
            Transaction::Blob(t) => {
                let (fee, tip) = (t.max_fee_per_gas, t.max_priority_fee_per_gas);
                (Some(t.to), t.value, t.input, t.gas, t.nonce, fee, tip)
            }
            Transaction::SetCode(t) => {
                let (fee, tip) = (t.max_fee_per_gas, t.max_priority_fee_per_gas);
                (Some(t.to), t.value, t.input, t.gas, t.nonce, fee, tip)
            }
            _ => (None, U256::ZERO, &[][..], 0, 0, U256::ZERO, U256::ZERO),
        };
        let mut content = Sha256::new();
        content.update([u8::from(to.is_some())]);
        content.update(to.map_or([0; 20], |to| *to.as_bytes()));
        content.update(value.as_be_bytes());
        content.update((input.len() as u64).to_be_bytes());
        content.update(input);
        let (mut blobs, mut blob_fee_cap) = (0, 0);
        if let Transaction::Blob(blob) = transaction {
            blob_fee_cap = saturate(&blob.max_fee_per_blob_gas);
            for hash in blob.blob_versioned_hashes.iter() {
                content.update(hash);
                blobs += 1;
            }
        }
        // Authorizations are part of what it does: such a transaction equals none but itself.
        if let (Transaction::SetCode(_), Ok(hash)) = (transaction, transaction.signing_hash()) {
            content.update(hash.as_bytes());
        }
        let cancels = input.is_empty() && value == U256::ZERO && to.is_some();
        let (value, fee_cap, tip_cap) = (saturate(&value), saturate(&fee_cap), saturate(&tip_cap));
        let blob_gas = GAS_PER_BLOB * blobs;
        let spend = value
            .saturating_add(fee_cap.saturating_mul(u128::from(gas)))
            .saturating_add(blob_fee_cap.saturating_mul(blob_gas));
        Self {
            nonce,
            content: Hex(content.finalize().into()),
            cancels,
            blobs: matches!(transaction, Transaction::Blob(_)),
            fee_cap,
            tip_cap,
            blob_fee_cap,
            spend,
        }
    }
}

fn saturate(number: &U256) -> u128 {
    let (high, low) = number.as_be_bytes().split_at(16);
    match low.first_chunk() {
        Some(low) if high.iter().all(|byte| *byte == 0) => u128::from_be_bytes(*low),
        _ => u128::MAX,
    }
}

/// Wei as decimal text, since JSON's numbers end at 2^53 for many readers.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
