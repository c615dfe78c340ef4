//! The engine: one lock around check, reservation and the order of the record; one thread that
//! makes it durable in batches; reservations that are released only once they are.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use opsign_core::Signature;

use crate::cell::{self, Link};
use crate::change::Change;
use crate::codec;
use crate::committer;
use crate::decision::{Decision, Failure, NotReleased, Refusal};
use crate::error::StoreError;
use crate::evidence::Witness;
use crate::figures::{Counters, Figures};
use crate::hex::Hex;
use crate::job::{Answer, Ask, Decided, Grant, Job, Key, Outcome};
use crate::pending::{Pending, pending};
use crate::record::{Record, Reserve};
use crate::request::{Facts, Request};
use crate::reservation::Reservation;
use crate::rules::{Mode, Rule, RuleSet};
use crate::scope::{Client, Scope, ScopeKind};
use crate::state::{Leave, State, Verdict};
use crate::store::{Opened, OpenedPlace, Store};
use crate::sync::{Builder, Condvar, JoinHandle, Mutex, MutexGuard};

/// The double-sign guard. Shared by all threads and tasks that sign.
pub struct Guard {
    pub(crate) inner: Arc<Inner>,
    committer: Option<JoinHandle<()>>,
    shared: Option<Hex<16>>,
}

pub(crate) struct Inner {
    core: Mutex<Core>,
    /// Wakes the committer.
    pub(crate) work: Condvar,
    /// Wakes those who wait for durability, and a switch that waits for what is in flight.
    pub(crate) changed: Condvar,
    pub(crate) counters: Counters,
    /// What to do when a sync fails. The process must not go on: see [`Store::on_sync_failure`].
    pub(crate) on_sync_failure: fn(&io::Error),
    /// Runs between check and record, without the lock: what must never be.
    #[cfg(any(test, feature = "shuttle"))]
    gap: std::sync::OnceLock<Gap>,
}

/// What the lock guards.
pub(crate) struct Core {
    pub(crate) state: State,
    rules: HashMap<Scope, RuleSet>,
    flights: HashMap<Key, Flight>,
    pub(crate) draining: HashSet<u32>,
    /// What is decided, behind the event that has to be durable before it is answered.
    pub(crate) waiting: VecDeque<Held>,
    /// In a shared record, what is not decided yet, and since when it waits.
    pub(crate) jobs: VecDeque<(Instant, Job)>,
    /// In a shared record, signatures to be recorded with the next batch. They only save work.
    pub(crate) signed: Vec<Record>,
    /// Cells that the committer has not taken yet.
    pub(crate) queue: Vec<u8>,
    /// The last event's sequence number and link.
    pub(crate) sequence: u64,
    pub(crate) link: Link,
    /// The last event that must be durable before anyone is answered.
    pub(crate) must: u64,
    /// The last event that is.
    pub(crate) durable: u64,
    pub(crate) keeping: Keeping,
    /// Why nothing more is recorded.
    pub(crate) closed: Option<Failure>,
    /// What the record's thread ended with.
    pub(crate) trouble: Option<Arc<StoreError>>,
    pub(crate) stop: bool,
}

/// Who decides, and what makes it durable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// Nothing: everything counts as durable at once.
    Nothing,
    /// A record of one's own: whoever asks decides, and waits for the thread that writes.
    Own,
    /// A record that others write to: the thread that has its turn decides.
    Shared,
}

/// Something decided, the event that has to be durable before it is answered, and since when it
/// waits.
pub(crate) struct Held {
    pub(crate) needs: u64,
    pub(crate) since: Instant,
    pub(crate) decided: Decided,
}

/// A digest that somebody is signing, and who else wants it.
type Flight = VecDeque<(Ask, Grant)>;

/// What the check comes to, and what the record will need to know.
struct Checked {
    id: u32,
    verdict: Verdict,
    epoch: u64,
    full_at: u64,
}

/// What the committer takes at once.
pub(crate) struct Batch {
    pub(crate) cells: Vec<u8>,
    pub(crate) last: u64,
    pub(crate) link: Link,
    pub(crate) sync: bool,
    pub(crate) stop: bool,
}

impl Guard {
    /// Opens a record for signing: reads it from its checkpoint on and checks that, compares it with
    /// the anchor, and writes that it was opened. What is before the checkpoint is checked
    /// meanwhile; if it is damaged, the guard closes ([`Guard::trouble`]). `at` is the time in milliseconds since 1970.
    ///
    /// # Errors
    /// Every kind of [`StoreError`] that `docs/guard.md` lists under "Refusing to start".
    pub fn open(store: Store, at: u64) -> Result<Self, StoreError> {
        let on_sync_failure = store.on_sync_failure;
        let Opened { state, sequence, link, read, place } = store.open_for_signing(at)?;
        let (keeping, shared, checked) = match &place {
            OpenedPlace::Own(log) => (Keeping::Own, None, log.checkpointer.has_read_all()),
            OpenedPlace::Shared(replica) => (Keeping::Shared, Some(replica.record()), true),
        };
        let core = Core::new(keeping, state, sequence, link);
        let inner = Arc::new(Inner::new(core, on_sync_failure));
        inner.counters.read.store(read, Relaxed);
        inner.counters.checked.store(u64::from(checked), Relaxed);
        let for_thread = inner.clone();
        let run = move || committer::run(&for_thread, place);
        let committer = Builder::new()
            .name("guard-commit".into())
            .spawn(run)
            .map_err(StoreError::io("starting the thread that writes the record"))?;
        Ok(Self { inner, committer: Some(committer), shared })
    }

    /// A guard without a record, which forgets everything at its end. It takes only rules in
    /// [`Mode::Observe`]: it is what runs where no guard was configured.
    pub fn volatile() -> Self {
        let core = Core::new(Keeping::Nothing, State::default(), 0, [0; 32]);
        Self { inner: Arc::new(Inner::new(core, |_| ())), committer: None, shared: None }
    }

    /// Gives a scope its rules, or others than before. What is on record stays.
    ///
    /// # Errors
    /// [`StoreError::Closed`]; [`StoreError::Missing`] for rules that protect, in a guard without a
    /// record.
    pub fn configure(&self, scope: Scope, rules: RuleSet) -> Result<(), StoreError> {
        let mut core = self.inner.lock();
        if core.keeping == Keeping::Nothing && rules.mode != Mode::Observe {
            return Err(StoreError::Missing { path: "(no folder configured)".into() });
        }
        core.rules.insert(scope, rules);
        match core.keeping {
            // It is given a number with its first request.
            Keeping::Shared => Ok(()),
            _ => self.inner.number(&mut core, &scope).map(drop),
        }
    }

    /// Asks for a signature. Check, reservation and watermark are one step under one lock; the
    /// answer comes when the record of it is durable. A session key's is [`Decision::Recorded`].
    pub fn reserve(&self, request: &Request) -> Pending {
        self.ask(request, request.scope.kind() != ScopeKind::Session)
    }

    /// Records a payload that somebody will ask to be signed by its hash: what the commit gate and
    /// the sidecar do. The answer is [`Decision::Recorded`] instead of a reservation.
    pub fn announce(&self, request: &Request) -> Pending {
        self.ask(request, false)
    }

    fn ask(&self, request: &Request, sign: bool) -> Pending {
        let (promise, pending) = pending(|| Decision::Failed(Failure::Stopped));
        self.inner.submit(Job::Ask(Ask { request: Box::new(request.clone()), sign, promise }));
        pending
    }

    /// The random name of a record that other signers may use at the same time. None of one's own.
    pub const fn shared_record(&self) -> Option<Hex<16>> {
        self.shared
    }

    /// What the record's thread ended with, if it has: why everything new is refused.
    pub fn trouble(&self) -> Option<Arc<StoreError>> {
        self.inner.lock().trouble.clone()
    }

    /// How often what has happened since the start.
    pub fn figures(&self) -> Figures {
        self.inner.counters.read()
    }
}

/// Runs between check and record, with the lock let go: the fault that tests plant.
#[cfg(any(test, feature = "shuttle"))]
type Gap = Box<dyn Fn() + Send + Sync>;

#[cfg(any(test, feature = "shuttle"))]
impl Guard {
    /// Lets the lock go between check and record. For tests: it breaks what the guard is for.
    pub fn plant_gap(&self, gap: impl Fn() + Send + Sync + 'static) {
        // A second one changes nothing.
        let _ = self.inner.gap.set(Box::new(gap));
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.inner.lock().stop = true;
        self.inner.work.notify_all();
        if let Some(committer) = self.committer.take() {
            // It only panics if there is a bug, and then it has said so.
            let _ = committer.join();
        }
    }
}

impl Core {
    fn new(keeping: Keeping, state: State, sequence: u64, link: Link) -> Self {
        Self {
            state,
            rules: HashMap::new(),
            flights: HashMap::new(),
            draining: HashSet::new(),
            waiting: VecDeque::new(),
            jobs: VecDeque::new(),
            signed: Vec::new(),
            queue: Vec::new(),
            sequence,
            link,
            must: sequence,
            durable: sequence,
            keeping,
            closed: None,
            trouble: None,
            stop: false,
        }
    }

    pub(crate) fn rules(&self, scope: &Scope) -> Option<&RuleSet> {
        self.rules.get(scope)
    }

    /// Scopes with rules that no event names yet: a shared record gives numbers late.
    pub(crate) fn unnumbered(&self) -> impl Iterator<Item = Scope> {
        self.rules.keys().copied().filter(|scope| self.state.scope_id(scope).is_none())
    }

    /// Whether anyone is signing, or about to, in a scope.
    pub(crate) fn in_flight(&self, scope: u32) -> bool {
        let signs = |held: &Held| matches!(&held.decided, Decided::Ask(ask, grant) if ask.sign && grant.key.0 == scope);
        self.flights.keys().any(|key| key.0 == scope) || self.waiting.iter().any(signs)
    }

    /// A digest without a slot is nobody's but the present lease's; one that a ticket gave up is
    /// nobody's at all.
    pub(crate) fn may_release(&self, grant: &Grant) -> bool {
        self.state.scope(grant.key.0).is_some_and(|scope| {
            scope.row(&grant.key.1).is_some_and(|row| {
                row.reserve.facts.slot().is_some() || scope.lease.epoch == grant.epoch
            })
        })
    }

    /// Ends a digest's signing. Returns who else wants it.
    pub(crate) fn land(&mut self, key: &Key) -> Flight {
        self.flights.remove(key).unwrap_or_default()
    }

    fn check(&self, request: &Request) -> Result<Checked, Refusal> {
        let id = self.state.scope_id(&request.scope).ok_or(Refusal::UnknownScope)?;
        let scope = self.state.scope(id).ok_or(Refusal::UnknownScope)?;
        let rules = self.rules.get(&request.scope).ok_or(Refusal::UnknownScope)?;
        if self.draining.contains(&id) {
            return Err(Refusal::Switching);
        }
        Ok(Checked {
            id,
            verdict: scope.decide(rules, request),
            epoch: scope.lease.epoch,
            full_at: Rule::full_at(&rules.rules, scope, request.at),
        })
    }

    /// In a shared record: the signature of a digest that it was recorded for, if nothing that
    /// another signer may have written since can matter. Only a lease can.
    fn shortcut(&self, ask: &Ask) -> Option<Grant> {
        let checked = self.check(&ask.request).ok()?;
        let rules = self.rules.get(&ask.request.scope)?;
        let key = (checked.id, ask.request.digest);
        let signed = self.state.scope(key.0)?.row(&key.1)?.signature.is_some();
        let leased = rules.rules.contains(&Rule::Lease);
        (signed && !leased && matches!(checked.verdict, Verdict::Known)).then_some(Grant {
            key,
            epoch: checked.epoch,
            alarm: None,
        })
    }

    /// Of a record of one's own, what has a signature was durable before it was signed; of the rest
    /// nothing is known.
    fn answer_closed(&self, decided: Decided, failure: Failure) -> Answer {
        match decided {
            Decided::Ask(ask, grant) if self.keeping == Keeping::Own => {
                let row = self.state.scope(grant.key.0).and_then(|scope| scope.row(&grant.key.1));
                let decision = match row.and_then(|row| row.signature) {
                    Some(signature) => stored(&signature),
                    None => Decision::Failed(failure),
                };
                Answer::Ask(ask.promise, decision)
            }
            decided => decided.undo().fail(failure),
        }
    }

    fn take_waiting(&mut self) -> Vec<Decided> {
        let ready = self.waiting.partition_point(|held| held.needs <= self.durable);
        self.waiting.drain(..ready).map(|held| held.decided).collect()
    }
}

impl Inner {
    fn new(core: Core, on_sync_failure: fn(&io::Error)) -> Self {
        Self {
            core: Mutex::new(core),
            work: Condvar::new(),
            changed: Condvar::new(),
            counters: Counters::default(),
            on_sync_failure,
            #[cfg(any(test, feature = "shuttle"))]
            gap: std::sync::OnceLock::new(),
        }
    }

    /// A panic under the lock would be a bug in pure code; what it left is consistent with what the
    /// committer has written, because the queue is filled last.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job in. Its answer comes by its promise, perhaps before this returns.
    pub(crate) fn submit(self: &Arc<Self>, job: Job) {
        let mut core = self.lock();
        if core.stop {
            // Its promise says so when it is dropped.
            return;
        }
        let answer = match job {
            job if core.keeping == Keeping::Shared => self.enqueue(&mut core, job),
            #[cfg(any(test, feature = "shuttle"))]
            Job::Ask(ask) if self.gap.get().is_some() => {
                let checked = core.check(&ask.request);
                drop(core);
                self.gap.get().iter().for_each(|gap| gap());
                core = self.lock();
                self.decide(&mut core, Instant::now(), ask, checked)
            }
            job => self.take(&mut core, Instant::now(), job),
        };
        drop(core);
        answer.into_iter().for_each(Answer::give);
    }

    /// Submits a change and waits until it is durable.
    pub(crate) fn change(self: &Arc<Self>, change: Change) -> Outcome {
        let (promise, pending) = pending(|| Err(StoreError::Closed));
        self.submit(Job::Change(Box::new(change), promise));
        pending.wait()
    }

    /// Has the record's thread decide a job, unless there is nothing to decide.
    fn enqueue(self: &Arc<Self>, core: &mut Core, job: Job) -> Option<Answer> {
        if let Job::Ask(ask) = &job
            && let Some(grant) = core.shortcut(ask)
            && let Job::Ask(ask) = job
        {
            Counters::add(&self.counters.repeated, 1);
            return self.settle_ask(core, ask, grant);
        }
        if let Some(failure) = core.closed {
            return Some(job.fail(failure));
        }
        core.jobs.push_back((Instant::now(), job));
        self.work.notify_all();
        None
    }

    /// In a shared record, waits until what others had written by now is read, or cannot be.
    pub(crate) fn look(self: &Arc<Self>) {
        if self.lock().keeping == Keeping::Shared {
            let (promise, pending) = pending(|| ());
            self.submit(Job::Look(promise));
            let () = pending.wait();
        }
    }

    /// Decides a job in one critical section: the check, and the records that make it true.
    pub(crate) fn take(
        self: &Arc<Self>,
        core: &mut Core,
        since: Instant,
        job: Job,
    ) -> Option<Answer> {
        match job {
            Job::Ask(ask) => {
                if core.keeping == Keeping::Shared {
                    // Without rules the check says so.
                    let _ = self.number(core, &ask.request.scope);
                }
                let checked = core.check(&ask.request);
                self.decide(core, since, ask, checked)
            }
            Job::Change(change, promise) => match change.write(self, core) {
                Ok(()) => self.hold(core, since, Decided::Change(change, promise)),
                Err(error) => Some(Answer::Change(promise, Err(error))),
            },
            Job::Release(release) => {
                if !core.may_release(&release.reservation.grant) {
                    return Some(Answer::Release(release, Err(NotReleased::Fenced)));
                }
                let record = release.reservation.signed(&release.signature);
                match self.append(core, &record, true) {
                    Ok(()) => self.hold(core, since, Decided::Release(release)),
                    Err(_) => Some(Answer::Release(release, Err(NotReleased::Unavailable))),
                }
            }
            Job::Look(promise) => Some(Answer::Look(promise)),
        }
    }

    fn decide(
        self: &Arc<Self>,
        core: &mut Core,
        since: Instant,
        ask: Ask,
        checked: Result<Checked, Refusal>,
    ) -> Option<Answer> {
        let refuse = |promise, refusal| {
            Counters::add(&self.counters.refused, 1);
            Some(Answer::Ask(promise, Decision::Refused(refusal)))
        };
        let Checked { id, verdict, epoch, full_at } = match checked {
            Ok(checked) => checked,
            Err(refusal) => return refuse(ask.promise, refusal),
        };
        let Request { digest, facts, at, .. } = *ask.request;
        let mut alarm = None;
        match verdict {
            Verdict::Refused(refusal) => {
                if refusal == Refusal::RateExceeded {
                    let latch = Record::Latch { scope: id, at, on: true };
                    // Refused either way; a closed record loses the latch with everything else.
                    let _ = self.append(core, &latch, true);
                }
                return refuse(ask.promise, refusal);
            }
            Verdict::Known => Counters::add(&self.counters.repeated, 1),
            Verdict::New { leave, alarm: broken } => {
                alarm = broken;
                Counters::add(&self.counters.alarms, u64::from(alarm.is_some()));
                let reserve = Reserve { scope: id, client: 0, epoch, at, full_at, digest, facts };
                if self.record(core, leave, reserve, &ask.request).is_err() {
                    let decision = Decision::Failed(Failure::StoreClosed);
                    return Some(Answer::Ask(ask.promise, decision));
                }
            }
        }
        let grant = Grant { key: (id, digest), epoch, alarm };
        self.hold(core, since, Decided::Ask(ask, grant))
    }

    /// Answers at once if all that must be durable is, and otherwise once it is.
    fn hold(self: &Arc<Self>, core: &mut Core, since: Instant, decided: Decided) -> Option<Answer> {
        if core.durable >= core.must {
            self.settle(core, decided)
        } else if let Some(failure) = core.closed {
            Some(core.answer_closed(decided, failure))
        } else {
            core.waiting.push_back(Held { needs: core.must, since, decided });
            None
        }
    }

    fn record(
        &self,
        core: &mut Core,
        leave: Option<Leave>,
        mut reserve: Reserve,
        request: &Request,
    ) -> Result<(), StoreError> {
        reserve.client = self.client(core, &request.client)?;
        let (scope, at) = (reserve.scope, reserve.at);
        match (leave, reserve.facts.slot(), request.evidence.as_deref()) {
            (Some(Leave::Ticket(ticket)), Some(fork), _) => {
                self.append(core, &Record::Redeem { scope, at, ticket, fork }, true)?;
            }
            (Some(Leave::Reorg(fork)), _, Some(evidence)) => {
                let number = evidence.origin().number;
                for Witness { name, hash, .. } in evidence.witnesses() {
                    let (name, hash) = (name.clone(), *hash);
                    self.append(core, &Record::Witness { scope, at, number, hash, name }, true)?;
                }
                // A crash may leave it without the reservation: then its height is free for one.
                let (origin, canonical) = (*evidence.origin(), *evidence.canonical());
                let reorg = Record::Reorg { scope, at, fork, origin, canonical };
                self.append(core, &reorg, true)?;
                Counters::add(&self.counters.reorgs, 1);
            }
            _ => {}
        }
        for other in request.statements().skip(1) {
            let facts = Facts::Statement(other);
            self.append(core, &Record::Reserve(Reserve { facts, ..reserve.clone() }), true)?;
        }
        self.append(core, &Record::Reserve(reserve), true)
    }

    /// The number of a scope, which is given one if it has rules and none.
    pub(crate) fn number(&self, core: &mut Core, scope: &Scope) -> Result<u32, StoreError> {
        if let Some(id) = core.state.scope_id(scope) {
            return Ok(id);
        }
        if !core.rules.contains_key(scope) {
            return Err(StoreError::UnknownScope { scope: scope.to_string() });
        }
        let id = core.state.scopes.len() as u32;
        self.append(core, &Record::Scope { id, scope: *scope }, false)?;
        Ok(id)
    }

    /// The number of a client, which is given one if it has none.
    pub(crate) fn client(&self, core: &mut Core, client: &Client) -> Result<u32, StoreError> {
        if let Some(id) = core.state.client_id(client) {
            return Ok(id);
        }
        let id = core.state.clients.len() as u32;
        self.append(core, &Record::Client { id, client: client.clone() }, false)?;
        Ok(id)
    }

    /// Puts a record behind the last, in memory and in the committer's queue. `must`: nobody is
    /// answered before it is durable.
    pub(crate) fn append(
        &self,
        core: &mut Core,
        record: &Record,
        must: bool,
    ) -> Result<(), StoreError> {
        if core.closed.is_some() {
            return Err(StoreError::Closed);
        }
        let body = codec::encode(record).ok_or(StoreError::ReasonTooLong)?;
        core.state.apply(record).ok_or(StoreError::Closed)?;
        core.sequence += 1;
        let cell = cell::write(core.sequence, core.durable, &body, &core.link);
        core.link = cell::link(&cell);
        Counters::add(&self.counters.records, 1);
        if must {
            core.must = core.sequence;
        }
        match core.keeping {
            Keeping::Nothing => core.durable = core.sequence,
            Keeping::Own => {
                core.queue.extend_from_slice(&cell);
                self.work.notify_all();
            }
            // The thread that decides writes.
            Keeping::Shared => core.queue.extend_from_slice(&cell),
        }
        Ok(())
    }

    /// Answers what is durable.
    fn settle(self: &Arc<Self>, core: &mut Core, decided: Decided) -> Option<Answer> {
        match decided {
            Decided::Ask(ask, grant) => self.settle_ask(core, ask, grant),
            Decided::Change(_, promise) => Some(Answer::Change(promise, Ok(()))),
            Decided::Release(release) => Some(Answer::Release(release, Ok(()))),
        }
    }

    /// Answers a request whose record is durable, or lets it wait for the one that is signing.
    pub(crate) fn settle_ask(
        self: &Arc<Self>,
        core: &mut Core,
        ask: Ask,
        grant: Grant,
    ) -> Option<Answer> {
        let scope = core.state.scope(grant.key.0)?;
        let decision = match scope.row(&grant.key.1).map(|row| row.signature) {
            // Kept by candidate, and given up by nobody.
            None if matches!(ask.request.facts, Facts::Statement(_)) => {
                Decision::Recorded(grant.alarm)
            }
            None => Decision::Refused(Refusal::Superseded),
            Some(_) if !ask.sign => Decision::Recorded(grant.alarm),
            _ if !core.may_release(&grant) => {
                Decision::Refused(Refusal::NotHolder { epoch: scope.lease.epoch })
            }
            Some(Some(signature)) => stored(&signature),
            Some(None) => {
                if let Some(flight) = core.flights.get_mut(&grant.key) {
                    flight.push_back((ask, grant));
                    return None;
                }
                core.flights.insert(grant.key, Flight::default());
                Counters::add(&self.counters.granted, 1);
                Decision::Reserved(Reservation::new(self.clone(), grant, ask.request.hash))
            }
        };
        Some(Answer::Ask(ask.promise, decision))
    }

    /// Blocks until there is something to write or the guard stops.
    pub(crate) fn next_batch(&self) -> Batch {
        let mut core = self.lock();
        while core.queue.is_empty() && !core.stop {
            core = self.work.wait(core).unwrap_or_else(PoisonError::into_inner);
        }
        Batch {
            cells: std::mem::take(&mut core.queue),
            last: core.sequence,
            link: core.link,
            sync: core.must > core.durable,
            stop: core.stop,
        }
    }

    /// Everything up to `last` is durable: answers those who waited for it.
    pub(crate) fn durable(self: &Arc<Self>, last: u64) {
        let mut core = self.lock();
        core.durable = last;
        let mut answers = Vec::new();
        for decided in core.take_waiting() {
            answers.extend(self.settle(&mut core, decided));
        }
        drop(core);
        self.give(answers);
    }

    /// Nothing more is written: what waits gets a failure, and so does all that would need a record.
    pub(crate) fn close(&self, failure: Failure) {
        let mut core = self.lock();
        let failure = *core.closed.get_or_insert(failure);
        self.counters.closed.store(1, Relaxed);
        let mut answers = Vec::new();
        for held in std::mem::take(&mut core.waiting) {
            answers.push(core.answer_closed(held.decided, failure));
        }
        answers.extend(core.jobs.drain(..).map(|(_, job)| job.fail(failure)));
        drop(core);
        self.give(answers);
    }

    pub(crate) fn give(&self, answers: Vec<Answer>) {
        self.changed.notify_all();
        answers.into_iter().for_each(Answer::give);
    }
}

fn stored(signature: &Hex<65>) -> Decision {
    match Signature::from_bytes(&signature.0, opsign_core::Rules::Strict) {
        Ok(signature) => Decision::Stored(signature),
        Err(_) => Decision::Failed(Failure::StoreClosed),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use opsign_core::{ChainId, Domain, PayloadHash, SecretKey};

    use super::*;
    use crate::request::BlockFacts;

    fn guard(folder: &std::path::Path) -> Guard {
        Store::new(folder).init().unwrap();
        let guard = Guard::open(Store::new(folder), 0).unwrap();
        guard.configure(scope(), RuleSet::blocks_strict()).unwrap();
        guard
    }

    fn scope() -> Scope {
        let key = SecretKey::from_bytes(&[1; 32]).unwrap();
        Scope::blocks(&key.address(), &ChainId::from(10), &Domain::BLOCKS_V1)
    }

    /// How many of two different payloads for one height, asked for at once, may be signed.
    fn granted(guard: &Guard, number: u64) -> usize {
        let ask = |fork: u8| {
            let block = BlockFacts {
                number,
                block_hash: Hex([fork; 32]),
                parent_hash: Hex([0; 32]),
                timestamp: 0,
                l1_origin: None,
            };
            let hash = PayloadHash::of(&[number as u8, (number >> 8) as u8, fork]);
            let client = Client::new("a").unwrap();
            guard.reserve(&Request::block(scope(), client, 0, &hash, block)).wait()
        };
        std::thread::scope(|threads| {
            let two = [1, 2].map(|fork| threads.spawn(move || ask(fork)));
            let answers = two.map(|thread| thread.join().unwrap());
            answers.iter().filter(|answer| matches!(answer, Decision::Reserved(_))).count()
        })
    }

    #[test]
    fn of_two_at_once_one_is_granted() {
        let folder = tempfile::tempdir().unwrap();
        let guard = guard(folder.path());
        // Every second height, so that the rule about parents has nothing to say.
        for number in (0..400).step_by(2) {
            assert_eq!(granted(&guard, number), 1, "height {number}");
        }
    }

    /// The 1.5 ms between check and record that cost an Osmosis validator its stake
    /// (`docs/guard.md`): with the lock let go between them, both are granted. So the test above
    /// can fail.
    #[test]
    fn without_the_lock_between_check_and_record_two_are_granted() {
        let folder = tempfile::tempdir().unwrap();
        let both = Barrier::new(2);
        let guard = guard(folder.path());
        guard.plant_gap(move || {
            both.wait();
        });
        assert_eq!(granted(&guard, 0), 2);
    }
}
