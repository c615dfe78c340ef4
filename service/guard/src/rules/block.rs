//! Rules for blocks, and for votes where they are alike: R0, R2 and R4 of the project's list in `docs/guard.md`.

use crate::decision::Refusal;
use crate::request::BlockFacts;
use crate::scope::Digest;
use crate::state::ScopeState;

/// R0: peers reject other times, so refusing costs nothing.
pub(super) fn window(block: &BlockFacts, at: u64, past: u64, future: u64) -> Result<(), Refusal> {
    let time = block.timestamp.saturating_mul(1000);
    if time.saturating_add(past) < at || time > at.saturating_add(future) {
        return Err(Refusal::OutsideWindow { timestamp: block.timestamp });
    }
    Ok(())
}

/// R4, same height or lower. A gap that was left out stays out: what stood there is not known.
pub(super) fn unique_slot(scope: &ScopeState, slot: u64, digest: &Digest) -> Result<(), Refusal> {
    if let Some(recorded) = scope.at_slot(slot).find(|recorded| recorded != digest) {
        return Err(Refusal::SlotTaken { recorded });
    }
    match scope.tip() {
        Some(tip) if slot <= tip => Err(Refusal::BehindTip { tip }),
        _ => Ok(()),
    }
}

/// R4, another parent: the same offence one block later.
pub(super) fn parent_link(scope: &ScopeState, block: &BlockFacts) -> Result<(), Refusal> {
    match block.number.checked_sub(1).and_then(|below| scope.block_at(below)) {
        Some(parent) if parent.block_hash != block.parent_hash => {
            Err(Refusal::ParentMismatch { expected: parent.block_hash })
        }
        _ => Ok(()),
    }
}
