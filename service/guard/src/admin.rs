//! What operators do to a running guard: look, switch, raise floors, allow a reorg. Each change is
//! durable when its function returns.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::change::{Change, What};
use crate::engine::{Core, Guard, Inner};
use crate::error::StoreError;
use crate::hex::Hex;
use crate::lease::Lease;
use crate::request::{BlockFacts, Facts, L1Origin};
use crate::rules::{Mode, Rule, RuleSet};
use crate::scope::{Client, Digest, Scope};
use crate::state::ScopeState;
use crate::sync::MutexGuard;
use crate::ticket::Ticket;

/// What is known of one scope.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ScopeStatus {
    /// The scope.
    pub scope: Scope,
    /// Its mode; none if the config does not name the scope.
    pub mode: Option<Mode>,
    /// The highest recorded slot.
    pub tip: Option<u64>,
    /// The block recorded there.
    pub tip_block: Option<BlockFacts>,
    /// The lowest slot that may be signed.
    pub floor: u64,
    /// The lease.
    pub lease: Lease,
    /// Whether only its holder is granted anything: [`Rule::Lease`] is among the rules.
    pub leased: bool,
    /// Whether its rate was exceeded.
    pub latched: bool,
    /// The reorg tickets that were not used.
    pub tickets: Vec<Ticket>,
    /// Digests that are remembered.
    pub digests: usize,
    /// Heights at which two digests stand, which only `observe` lets happen.
    pub conflicts: u64,
}

impl ScopeStatus {
    pub(crate) fn of(scope: &ScopeState, rules: Option<&RuleSet>) -> Self {
        let tip = scope.tip();
        Self {
            scope: scope.scope,
            mode: rules.map(|rules| rules.mode),
            leased: rules.is_some_and(|rules| rules.rules.contains(&Rule::Lease)),
            tip,
            tip_block: tip.and_then(|tip| scope.block_at(tip)).copied(),
            floor: scope.floor,
            lease: scope.lease.clone(),
            latched: scope.latched,
            tickets: scope.tickets.clone(),
            digests: scope.len(),
            conflicts: scope.conflicts,
        }
    }
}

impl Guard {
    /// All scopes.
    pub fn status(&self) -> Vec<ScopeStatus> {
        let core = self.inner.lock();
        let of = |scope: &ScopeState| ScopeStatus::of(scope, core.rules(&scope.scope));
        let fresh: Vec<ScopeState> = core.unnumbered().map(ScopeState::new).collect();
        core.state.scopes.iter().chain(&fresh).map(of).collect()
    }

    /// Whether a digest is on record: what a signature of our key seen elsewhere must be. Of a shared
    /// record, others' latest events are read before the answer is no.
    pub fn knows(&self, scope: &Scope, digest: &Digest) -> bool {
        let known = || {
            let core = self.inner.lock();
            let id = core.state.scope_id(scope);
            id.and_then(|id| core.state.scope(id)?.row(digest)).is_some()
        };
        // Another signer may have recorded it a moment ago.
        known() || {
            self.inner.look();
            known()
        }
    }

    /// Whether a block is on record at its height; none if the record cannot tell, since it knows no
    /// heights or does not go back so far.
    pub fn knows_block(&self, scope: &Scope, number: u64, hash: &Hex<32>) -> Option<bool> {
        let known = || {
            let core = self.inner.lock();
            let state = core.state.scope(core.state.scope_id(scope)?)?;
            let is_it = |digest: &Digest| match state.row(digest).map(|row| &row.reserve.facts) {
                Some(Facts::Block(block)) => block.block_hash == *hash,
                _ => false,
            };
            let known = state.at_slot(number).any(|digest| is_it(&digest));
            (known || state.oldest()? <= number).then_some(known)
        };
        known().filter(|known| *known).or_else(|| {
            self.inner.look();
            known()
        })
    }

    /// The L1 origin of what is recorded against `block`: if it is no longer canonical, evidence of
    /// that ([`Request::with_evidence`](crate::Request::with_evidence)) makes room for the block.
    /// None where evidence cannot help.
    pub fn disputed(&self, scope: &Scope, block: &BlockFacts) -> Option<L1Origin> {
        let core = self.inner.lock();
        let state = core.state.scope(core.state.scope_id(scope)?)?;
        state.disputed(block).map(|(_, origin)| origin)
    }

    /// The last event's sequence number and link: all of the record in 40 bytes.
    pub fn head(&self) -> (u64, Hex<32>) {
        let core = self.inner.lock();
        (core.sequence, Hex(core.link))
    }

    /// Gives a scope to a client: at once, or from slot `from` on, below which whoever would get
    /// the next slot keeps it.
    ///
    /// At once means: new requests are refused as [`Refusal::Switching`](crate::Refusal), what is
    /// in flight has `drain` to end, then one record makes the switch. What is still in flight then
    /// is fenced if it has no slot; with a slot it is harmless, since nobody else can get that slot.
    ///
    /// # Errors
    /// [`StoreError::UnknownScope`], [`StoreError::NoSlots`] for `from` in `hash-only`,
    /// [`StoreError::Closed`].
    pub fn switch(
        &self,
        scope: &Scope,
        to: &Client,
        from: Option<u64>,
        drain: Duration,
        at: u64,
    ) -> Result<Lease, StoreError> {
        let inner = &self.inner;
        inner.look();
        let mut core = inner.lock();
        // Without a number, which a shared record gives late, nothing can be in flight.
        let id = core.state.scope_id(scope);
        match core.rules(scope) {
            Some(rules) if from.is_some() && rules.mode == Mode::HashOnly => {
                return Err(StoreError::NoSlots);
            }
            None if id.is_none() => {
                return Err(StoreError::UnknownScope { scope: scope.to_string() });
            }
            _ => {}
        }
        if let (Some(id), None) = (id, from) {
            core = inner.drain(core, id, drain);
        }
        drop(core);
        let what = What::Lease { to: to.clone(), from };
        let outcome = inner.change(Change { scope: *scope, at, what });
        let mut core = inner.lock();
        id.map(|id| core.draining.remove(&id));
        outcome?;
        let id = core.state.scope_id(scope).ok_or(StoreError::Closed)?;
        Ok(core.state.scopes[id as usize].lease.clone())
    }

    /// Raises a scope's floor.
    ///
    /// # Errors
    /// [`StoreError::UnknownScope`], [`StoreError::FloorLowered`], [`StoreError::Closed`].
    pub fn set_floor(&self, scope: &Scope, floor: u64, at: u64) -> Result<(), StoreError> {
        self.inner.change(Change { scope: *scope, at, what: What::Floor(floor) })
    }

    /// Issues a reorg ticket.
    ///
    /// # Errors
    /// [`StoreError::UnknownScope`], [`StoreError::ReasonTooLong`], [`StoreError::Closed`].
    pub fn issue(&self, scope: &Scope, ticket: Ticket, at: u64) -> Result<(), StoreError> {
        if ticket.reason.len() > Ticket::MAX_REASON {
            return Err(StoreError::ReasonTooLong);
        }
        self.inner.change(Change { scope: *scope, at, what: What::Ticket(ticket) })
    }

    /// Takes back a ticket that was not used. On record it is used up by a block that stands above
    /// all others, which gives nothing up.
    ///
    /// # Errors
    /// [`StoreError::UnknownScope`], [`StoreError::UnknownTicket`], [`StoreError::Closed`].
    pub fn revoke(&self, scope: &Scope, ticket: &Hex<16>, at: u64) -> Result<(), StoreError> {
        self.inner.change(Change { scope: *scope, at, what: What::Revoke(*ticket) })
    }

    /// Lets a scope whose rate was exceeded sign new digests again.
    ///
    /// # Errors
    /// [`StoreError::UnknownScope`], [`StoreError::Closed`].
    pub fn unlatch(&self, scope: &Scope, at: u64) -> Result<(), StoreError> {
        self.inner.change(Change { scope: *scope, at, what: What::Unlatch })
    }
}

impl Inner {
    fn drain<'a>(
        &'a self,
        mut core: MutexGuard<'a, Core>,
        id: u32,
        time: Duration,
    ) -> MutexGuard<'a, Core> {
        core.draining.insert(id);
        let end = Instant::now() + time;
        while core.in_flight(id) && core.closed.is_none() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            core =
                (self.changed.wait_timeout(core, left)).unwrap_or_else(PoisonError::into_inner).0;
        }
        core
    }
}
