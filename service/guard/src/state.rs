//! What the record comes to: pure data, built by applying records one after the other. A running
//! guard and one that reads its record back apply the same records, so they decide alike.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::decision::Refusal;
use crate::hex::Hex;
use crate::lease::{Handover, Lease};
use crate::record::{Record, Reserve};
use crate::request::{BlockFacts, Facts, Request, Stance, StatementFacts, TransactionFacts};
use crate::rules::{Mode, Rule, RuleSet};
use crate::scope::{Client, Digest, Scope, ScopeKind};
use crate::ticket::Ticket;

/// Digests that a scope remembers with their signatures. What is older is refused by its slot; a
/// payload hash without a slot counts as new again.
pub(crate) const RING: usize = 4096;

/// The same for a session key, whose node repeats what it asked a moment ago.
const SESSION_RING: usize = 64;

/// Sessions in which statements are remembered. Disputes are about the last six (polkadot-primitives
/// `dispute_period`); what is said in an older one is refused.
const SESSIONS: usize = 8;

/// Candidates that a key's statements are remembered of: some five sessions of the busiest relay
/// chain. The oldest session goes when there is no more room.
const CANDIDATES: usize = 1 << 16;

/// All scopes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct State {
    pub(crate) scopes: Vec<ScopeState>,
    pub(crate) clients: Vec<Client>,
    by_scope: HashMap<Scope, u32>,
    by_client: HashMap<Client, u32>,
}

/// One scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScopeState {
    pub(crate) scope: Scope,
    pub(crate) lease: Lease,
    pub(crate) floor: u64,
    pub(crate) latched: bool,
    /// When the rate's bucket is full, milliseconds since 1970.
    pub(crate) full_at: u64,
    pub(crate) tickets: Vec<Ticket>,
    /// Slots at which a second digest was recorded without a ticket: only `observe` does that.
    pub(crate) conflicts: u64,
    rows: HashMap<Digest, Row>,
    slots: BTreeMap<u64, Vec<Digest>>,
    order: VecDeque<Digest>,
    superseded: VecDeque<Digest>,
    /// What was said of candidates, as bits, by session.
    statements: BTreeMap<u32, BTreeMap<Hex<32>, u8>>,
}

/// A digest on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) reserve: Reserve,
    pub(crate) signature: Option<Hex<65>>,
}

/// What is to be done with a request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The digest is on record.
    Known,
    /// It is to be recorded. In `observe` perhaps against a rule.
    New {
        /// What makes room for it.
        leave: Option<Leave>,
        /// The rule that `observe` passes over.
        alarm: Option<Refusal>,
    },
    /// It is refused.
    Refused(Refusal),
}

/// What allows that recorded blocks are given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// A ticket, which this uses up. It gives up the request's own height and all above.
    Ticket(Hex<16>),
    /// Evidence that the L1 block is gone, from this height on.
    Reorg(u64),
}

impl State {
    /// The number of a scope, if it has one.
    pub(crate) fn scope_id(&self, scope: &Scope) -> Option<u32> {
        self.by_scope.get(scope).copied()
    }

    /// The number of a client, if it has one.
    pub(crate) fn client_id(&self, client: &Client) -> Option<u32> {
        self.by_client.get(client).copied()
    }

    pub(crate) fn scope(&self, id: u32) -> Option<&ScopeState> {
        self.scopes.get(id as usize)
    }

    /// Takes one record in, or says that it makes no sense here.
    pub(crate) fn apply(&mut self, record: &Record) -> Option<()> {
        match record {
            Record::Scope { id, scope } => {
                let fresh = self.scopes.len() == *id as usize && !self.by_scope.contains_key(scope);
                fresh.then(|| {
                    self.scopes.push(ScopeState::new(*scope));
                    self.by_scope.insert(*scope, *id);
                })
            }
            Record::Client { id, client } => {
                let fresh =
                    self.clients.len() == *id as usize && !self.by_client.contains_key(client);
                fresh.then(|| {
                    self.clients.push(client.clone());
                    self.by_client.insert(client.clone(), *id);
                })
            }
            Record::Boot { .. } => Some(()),
            Record::Reserve(reserve) => {
                self.clients.get(reserve.client as usize)?;
                self.scope_mut(reserve.scope)?.reserve(reserve.clone());
                Some(())
            }
            Record::Signed { scope, digest, signature } => {
                // A digest that the ring has let go of is no contradiction.
                if let Some(row) = self.scope_mut(*scope)?.rows.get_mut(digest) {
                    row.signature = Some(*signature);
                }
                Some(())
            }
            Record::Lease { scope, epoch, holder, handover, .. } => {
                let name = |id: u32| self.clients.get(id as usize).cloned();
                let holder = match holder {
                    Some(id) => Some(name(*id)?),
                    None => None,
                };
                let handover = match handover {
                    Some((previous, from)) => {
                        Some(Handover { previous: name(*previous)?, from: *from })
                    }
                    None => None,
                };
                let scope = self.scope_mut(*scope)?;
                let grows = *epoch > scope.lease.epoch;
                grows.then(|| scope.lease = Lease { epoch: *epoch, holder, handover })
            }
            Record::Floor { scope, floor, .. } => {
                let scope = self.scope_mut(*scope)?;
                (*floor >= scope.floor).then(|| scope.floor = *floor)
            }
            Record::Ticket { scope, ticket, .. } => {
                self.scope_mut(*scope)?.tickets.push(ticket.clone());
                Some(())
            }
            Record::Redeem { scope, ticket, fork, .. } => {
                self.scope_mut(*scope)?.redeem(ticket, *fork)
            }
            Record::Witness { scope, .. } => self.scope(*scope).map(drop),
            Record::Reorg { scope, fork, .. } => {
                self.scope_mut(*scope)?.give_up(*fork);
                Some(())
            }
            Record::Superseded { scope, digest } => {
                self.scope_mut(*scope)?.supersede(*digest);
                Some(())
            }
            Record::Latch { scope, on, .. } => {
                self.scope_mut(*scope)?.latched = *on;
                Some(())
            }
            Record::Bucket { scope, full_at } => {
                self.scope_mut(*scope)?.full_at = *full_at;
                Some(())
            }
            Record::Stances { scope, session, candidate, stances } => {
                self.scope_mut(*scope)?.state(*session, *candidate, *stances);
                Some(())
            }
        }
    }

    fn scope_mut(&mut self, id: u32) -> Option<&mut ScopeState> {
        self.scopes.get_mut(id as usize)
    }

    /// The fewest records that make this state again, but for times and epochs gone by.
    pub(crate) fn snapshot(&self, at: u64) -> Vec<Record> {
        let mut records = Vec::new();
        for (id, client) in self.clients.iter().enumerate() {
            records.push(Record::Client { id: id as u32, client: client.clone() });
        }
        for (id, scope) in self.scopes.iter().enumerate() {
            let id = id as u32;
            records.push(Record::Scope { id, scope: scope.scope });
            for digest in &scope.superseded {
                records.push(Record::Superseded { scope: id, digest: *digest });
            }
            for row in scope.order.iter().filter_map(|digest| scope.rows.get(digest)) {
                let digest = row.reserve.digest;
                records.push(Record::Reserve(row.reserve.clone()));
                let signed = |signature| Record::Signed { scope: id, digest, signature };
                records.extend(row.signature.map(signed));
            }
            for (session, candidates) in &scope.statements {
                for (candidate, stances) in candidates {
                    let (session, candidate, stances) = (*session, *candidate, *stances);
                    records.push(Record::Stances { scope: id, session, candidate, stances });
                }
            }
            if scope.lease.epoch > 0 {
                let number = |client: &Client| self.client_id(client);
                records.push(Record::Lease {
                    scope: id,
                    at,
                    epoch: scope.lease.epoch,
                    holder: scope.lease.holder.as_ref().and_then(number),
                    handover: (scope.lease.handover.as_ref())
                        .and_then(|handover| Some((number(&handover.previous)?, handover.from))),
                });
            }
            records.push(Record::Floor { scope: id, at, floor: scope.floor });
            for ticket in &scope.tickets {
                records.push(Record::Ticket { scope: id, at, ticket: ticket.clone() });
            }
            records.push(Record::Latch { scope: id, at, on: scope.latched });
            records.push(Record::Bucket { scope: id, full_at: scope.full_at });
        }
        records
    }
}

impl ScopeState {
    pub(crate) fn new(scope: Scope) -> Self {
        Self {
            scope,
            lease: Lease::default(),
            floor: 0,
            latched: false,
            full_at: 0,
            tickets: Vec::new(),
            conflicts: 0,
            rows: HashMap::new(),
            slots: BTreeMap::new(),
            order: VecDeque::new(),
            superseded: VecDeque::new(),
            statements: BTreeMap::new(),
        }
    }

    /// The highest recorded slot.
    pub(crate) fn tip(&self) -> Option<u64> {
        let session = self.statements.last_key_value().map(|(session, _)| u64::from(*session));
        self.slots.last_key_value().map(|(slot, _)| *slot).max(session)
    }

    /// What was said of a candidate in a session.
    pub(crate) fn stances(
        &self,
        session: u32,
        candidate: &Hex<32>,
    ) -> impl Iterator<Item = Stance> {
        let said = self.statements.get(&session).and_then(|said| said.get(candidate));
        let said = said.copied().unwrap_or_default();
        (0..8).filter(move |bit| said >> bit & 1 == 1).filter_map(|bit| Stance::of(1 << bit))
    }

    /// Whether one more candidate can be remembered: an older session can make room, this one not.
    pub(crate) fn has_room_for_statements(&self) -> bool {
        self.statements.len() > 1 || self.candidates() < CANDIDATES
    }

    fn candidates(&self) -> usize {
        self.statements.values().map(BTreeMap::len).sum()
    }

    /// The lowest slot that is remembered.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.slots.first_key_value().map(|(slot, _)| *slot)
    }

    pub(crate) fn row(&self, digest: &Digest) -> Option<&Row> {
        self.rows.get(digest)
    }

    /// How many digests and candidates it remembers.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.candidates()
    }

    /// The digests at a slot.
    pub(crate) fn at_slot(&self, slot: u64) -> impl Iterator<Item = Digest> {
        self.slots.get(&slot).into_iter().flatten().copied()
    }

    /// The recorded slots from one on.
    pub(crate) fn slots_from(&self, slot: u64) -> impl Iterator<Item = u64> {
        self.slots.range(slot..).map(|(slot, _)| *slot)
    }

    fn rows_at(&self, slot: u64) -> impl Iterator<Item = &Row> {
        self.slots.get(&slot).into_iter().flatten().filter_map(|digest| self.rows.get(digest))
    }

    /// The block last recorded at a height.
    pub(crate) fn block_at(&self, number: u64) -> Option<&BlockFacts> {
        self.rows_at(number).last().and_then(|row| match &row.reserve.facts {
            Facts::Block(block) => Some(block),
            _ => None,
        })
    }

    /// The transactions recorded at a nonce.
    pub(crate) fn transactions_at(&self, nonce: u64) -> impl Iterator<Item = &TransactionFacts> {
        self.rows_at(nonce).filter_map(|row| match &row.reserve.facts {
            Facts::Transaction(transaction) => Some(transaction),
            _ => None,
        })
    }

    /// All recorded transactions with their times.
    pub(crate) fn transactions(&self) -> impl Iterator<Item = (u64, &TransactionFacts)> {
        self.rows.values().filter_map(|row| match &row.reserve.facts {
            Facts::Transaction(transaction) => Some((row.reserve.at, transaction)),
            _ => None,
        })
    }

    /// What is to be done with a request. Changes nothing.
    pub(crate) fn decide(&self, rules: &RuleSet, request: &Request) -> Verdict {
        let lease = rules.rules.iter().find(|rule| matches!(rule, Rule::Lease));
        let holds = lease.map_or(Ok(()), |rule| rule.check(self, request));
        if let (Err(refusal), false) = (holds, rules.mode == Mode::Observe) {
            return Verdict::Refused(refusal);
        }
        // The slot of a known digest may be news: then it has to pass like a new one.
        let slot = request.facts.slot();
        let known = self.rows.get(&request.digest);
        if known.is_some_and(|row| slot.is_none() || row.reserve.facts.slot().is_some()) {
            return Verdict::Known;
        }
        let said = |statement: StatementFacts| {
            let mut said = self.stances(statement.session, &statement.candidate);
            said.any(|said| said == statement.stance)
        };
        if matches!(request.facts, Facts::Statement(_)) && request.statements().all(said) {
            return Verdict::Known;
        }
        match self.check(rules, request) {
            Ok(leave) => Verdict::New { leave, alarm: None },
            Err(alarm) if rules.mode == Mode::Observe => {
                Verdict::New { leave: None, alarm: Some(alarm) }
            }
            Err(refusal) => Verdict::Refused(refusal),
        }
    }

    /// Asks every rule. A ticket or evidence answers for equivocation, and for nothing else.
    fn check(&self, rules: &RuleSet, request: &Request) -> Result<Option<Leave>, Refusal> {
        if self.superseded.contains(&request.digest) {
            return Err(Refusal::Superseded);
        }
        if rules.mode == Mode::Strict && request.facts == Facts::Hash {
            return Err(Refusal::NotAnnounced);
        }
        let mut leave = None;
        for rule in &rules.rules {
            match rule.check(self, request) {
                Err(refusal) if refusal.is_equivocation() => {
                    leave = Some(self.leave_for(request).ok_or(refusal)?);
                }
                other => other?,
            }
        }
        Ok(leave)
    }

    fn leave_for(&self, request: &Request) -> Option<Leave> {
        let ticket = self.ticket_for(request).map(Leave::Ticket);
        ticket.or_else(|| self.disproved_for(request).map(Leave::Reorg))
    }

    fn ticket_for(&self, request: &Request) -> Option<Hex<16>> {
        let Facts::Block(block) = &request.facts else { return None };
        let fits = |ticket: &&Ticket| ticket.covers(self, block, &request.digest, request.at);
        self.tickets.iter().find(fits).map(|ticket| ticket.id)
    }

    fn reserve(&mut self, reserve: Reserve) {
        self.full_at = self.full_at.max(reserve.full_at);
        let digest = reserve.digest;
        if let Facts::Statement(statement) = &reserve.facts {
            return self.state(statement.session, statement.candidate, statement.stance.bit());
        }
        if let Some(slot) = reserve.facts.slot() {
            let there = self.slots.entry(slot).or_default();
            if !there.contains(&digest) {
                let blocks = matches!(reserve.facts, Facts::Block(_) | Facts::Vote(_));
                self.conflicts += u64::from(blocks && !there.is_empty());
                there.push(digest);
            }
        }
        match self.rows.get_mut(&digest) {
            Some(row) => row.reserve = reserve,
            None => {
                self.rows.insert(digest, Row { reserve, signature: None });
                self.order.push_back(digest);
            }
        }
        let ring = if self.scope.kind() == ScopeKind::Session { SESSION_RING } else { RING };
        while self.order.len() > ring {
            self.forget_oldest();
        }
    }

    /// A session that is no longer remembered is closed for good.
    fn state(&mut self, session: u32, candidate: Hex<32>, stances: u8) {
        *self.statements.entry(session).or_default().entry(candidate).or_default() |= stances;
        while self.statements.len() > 1
            && (self.statements.len() > SESSIONS || self.candidates() > CANDIDATES)
        {
            if let Some((oldest, _)) = self.statements.pop_first() {
                self.floor = self.floor.max(u64::from(oldest) + 1);
            }
        }
    }

    /// A slot that is no longer remembered is closed for good.
    fn forget_oldest(&mut self) {
        let Some(digest) = self.order.pop_front() else { return };
        let slot = self.rows.remove(&digest).and_then(|row| row.reserve.facts.slot());
        if let Some(slot) = slot {
            self.floor = self.floor.max(slot.saturating_add(1));
            self.leave_slot(slot, &digest);
        }
    }

    fn leave_slot(&mut self, slot: u64, digest: &Digest) {
        if let Some(there) = self.slots.get_mut(&slot) {
            there.retain(|other| other != digest);
            if there.is_empty() {
                self.slots.remove(&slot);
            }
        }
    }

    fn redeem(&mut self, ticket: &Hex<16>, fork: u64) -> Option<()> {
        let at = self.tickets.iter().position(|open| open.id == *ticket)?;
        self.tickets.remove(at);
        self.give_up(fork);
        Some(())
    }

    fn give_up(&mut self, fork: u64) {
        let given_up: HashSet<Digest> =
            self.slots.split_off(&fork).into_values().flatten().collect();
        // In their order on record, so that a state that was put together again does the same.
        let order = std::mem::take(&mut self.order);
        for digest in order {
            if given_up.contains(&digest) {
                self.rows.remove(&digest);
                self.supersede(digest);
            } else {
                self.order.push_back(digest);
            }
        }
    }

    fn supersede(&mut self, digest: Digest) {
        self.superseded.push_back(digest);
        if self.superseded.len() > RING {
            self.superseded.pop_front();
        }
    }
}
