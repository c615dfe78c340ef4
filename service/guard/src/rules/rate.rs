//! A token bucket, kept as the one moment at which it is full again (the generic cell rate
//! algorithm of ITU-T I.371): nothing to refill, and a clock that goes back only makes it stricter.

use crate::decision::Refusal;
use crate::state::ScopeState;

pub(super) fn check(scope: &ScopeState, at: u64, burst: u64, refill: u64) -> Result<(), Refusal> {
    if scope.latched {
        return Err(Refusal::Latched);
    }
    let room = burst.saturating_sub(1).saturating_mul(refill);
    if burst == 0 || scope.full_at > at.saturating_add(room) {
        return Err(Refusal::RateExceeded);
    }
    Ok(())
}

pub(super) fn full_at(scope: &ScopeState, at: u64, refill: u64) -> u64 {
    scope.full_at.max(at).saturating_add(refill)
}
