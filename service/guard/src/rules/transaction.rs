//! Rules for transactions: which ones may share a nonce, and how much they may spend.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decision::Refusal;
use crate::request::TransactionFacts;
use crate::state::ScopeState;

/// What may replace a signed transaction at its nonce. Only one of them can land.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplacementMode {
    /// Anything, as op-signer allows.
    Any,
    /// What geth's pools take as a replacement: every fee raised by 10 %, of blob transactions by
    /// 100 %, and blobs only for blobs.
    Bump,
    /// As `bump`, and it does the same or is the cancelling form.
    SamePayload,
    /// Nothing.
    Once,
}

pub(super) fn replacement(
    scope: &ScopeState,
    new: &TransactionFacts,
    mode: ReplacementMode,
    most: usize,
) -> Result<(), Refusal> {
    let mut replaced = 0;
    for old in scope.transactions_at(new.nonce) {
        replaced += 1;
        match mode {
            ReplacementMode::Any => {}
            ReplacementMode::Once => return Err(Refusal::ReplacementForbidden),
            ReplacementMode::SamePayload if old.content != new.content && !new.cancels => {
                return Err(Refusal::ContentChanged);
            }
            ReplacementMode::Bump | ReplacementMode::SamePayload => outbids(new, old)?,
        }
    }
    if replaced > most { Err(Refusal::TooManyReplacements) } else { Ok(()) }
}

/// geth's `list.Add` (legacypool) and `validateTx` (blobpool): strictly more, and at least the
/// threshold in every fee. An account's transactions are all in one pool or all in the other.
fn outbids(new: &TransactionFacts, old: &TransactionFacts) -> Result<(), Refusal> {
    if old.blobs != new.blobs {
        return Err(Refusal::PoolChanged);
    }
    let percent = if old.blobs { 200 } else { 110 };
    let raised = |new: u128, old: u128| new > old && new >= old.saturating_mul(percent) / 100;
    let blob_fee = !old.blobs || raised(new.blob_fee_cap, old.blob_fee_cap);
    if raised(new.fee_cap, old.fee_cap) && raised(new.tip_cap, old.tip_cap) && blob_fee {
        Ok(())
    } else {
        Err(Refusal::FeeTooLow)
    }
}

/// Of all that was signed at a nonce one can land, so the dearest counts.
pub(super) fn spend(
    scope: &ScopeState,
    new: &TransactionFacts,
    at: u64,
    window: u64,
    most: u128,
) -> Result<(), Refusal> {
    let mut dearest = BTreeMap::from([(new.nonce, new.spend)]);
    for (when, old) in scope.transactions() {
        if when.saturating_add(window) > at {
            let spend = dearest.entry(old.nonce).or_default();
            *spend = old.spend.max(*spend);
        }
    }
    let sum = dearest.values().fold(0_u128, |sum, spend| sum.saturating_add(*spend));
    if sum > most { Err(Refusal::SpendExceeded) } else { Ok(()) }
}
