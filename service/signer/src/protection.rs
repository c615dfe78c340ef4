//! Between policy and key: the guard, asked before anything is signed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use opsign_core::gossip::{Payload, Topic};
use opsign_core::tx::Transaction;
use opsign_core::{ChainId, Domain, PayloadHash, Signature, hazmat};
use opsign_guard::{
    BlockFacts, Client, Decision, Failure, Guard, Mode, Refusal, ReorgEvidence, ReplacementMode,
    Request, Rule, RuleSet, Scope, ScopeKind, StoreError, crash_point,
};
use opsign_wire::RpcError;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::backend::Key;
use crate::metrics::Metrics;

/// What the config says about the guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) blocks: Mode,
    pub(crate) transactions: Option<ReplacementMode>,
    /// The chain's block time, in milliseconds.
    pub(crate) block_time: u64,
    /// Whether only a lease's holder may sign, also where heights are known. `hash-only` insists.
    pub(crate) lease: bool,
}

impl Plan {
    /// The name of what transactions get, in config and logs.
    pub(crate) const fn transactions_name(&self) -> &'static str {
        match self.transactions {
            None => "observe",
            Some(ReplacementMode::Any) => "any",
            Some(ReplacementMode::Bump) => "bump",
            Some(ReplacementMode::SamePayload) => "same-payload",
            Some(ReplacementMode::Once) => "once",
        }
    }

    /// The rules of scopes of a kind.
    pub(crate) fn rules(&self, kind: ScopeKind) -> RuleSet {
        let mut rules = self.rules_without_lease(kind);
        if self.lease || rules.mode == Mode::HashOnly {
            rules.rules.insert(0, Rule::Lease);
        }
        rules
    }

    fn rules_without_lease(&self, kind: ScopeKind) -> RuleSet {
        let mut rules = match kind {
            ScopeKind::Blocks => match self.blocks {
                Mode::Strict => RuleSet::blocks_strict(),
                Mode::HashOnly => RuleSet::blocks_hash_only(self.block_time),
                Mode::Observe => RuleSet::blocks_hash_only(self.block_time).observing(),
            },
            ScopeKind::Transactions => match self.transactions {
                Some(mode) => {
                    let replacement = Rule::Replacement { mode, most: 20 };
                    let rules = vec![Rule::Floor, Rule::MaxGap(16), replacement];
                    RuleSet { mode: Mode::Strict, rules }
                }
                None => RuleSet::transactions().observing(),
            },
            ScopeKind::Session => RuleSet::session(),
        };
        rules.rules.retain(|rule| *rule != Rule::Lease);
        for rule in &mut rules.rules {
            // A gate is asked for blocks that a sequencer makes up for after an outage, too. Refused
            // for their age they would never be made, nor any block after them.
            if let Rule::Window { past, .. } = rule {
                *past = u64::MAX;
            }
        }
        rules
    }
}

/// The guard and what it is told about scopes.
pub(crate) struct Protection {
    guard: Guard,
    plan: Plan,
    metrics: Arc<Metrics>,
    known: Mutex<HashSet<Scope>>,
}

/// Why nothing was signed.
pub(crate) enum Stop {
    /// A rule forbids it.
    Refused(Refusal),
    /// The guard or the key has no answer.
    Failed(String),
}

impl Protection {
    pub(crate) fn new(guard: Guard, plan: Plan, metrics: Arc<Metrics>) -> Self {
        Self { guard, plan, metrics, known: Mutex::default() }
    }

    pub(crate) const fn guard(&self) -> &Guard {
        &self.guard
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Gives a scope its rules before it is used for the first time.
    pub(crate) fn know(&self, scope: &Scope) -> Result<(), StoreError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(scope) {
            return Ok(());
        }
        self.guard.configure(*scope, self.plan.rules(scope.kind()))?;
        known.insert(*scope);
        Ok(())
    }

    /// Gives a lease that nobody has ever held to its first holder.
    pub(crate) fn first_holder(&self, scope: &Scope, first: Option<&str>) -> Result<(), String> {
        let status = self.guard.status().into_iter().find(|status| status.scope == *scope);
        if status.is_none_or(|status| !status.leased || status.lease.epoch > 0) {
            return Ok(());
        }
        let Some(first) = first.and_then(Client::new) else {
            tracing::warn!(
                %scope,
                "nobody holds the lease, so nothing is signed: set firstHolder in an entry of \
                 auth, or run `opsign switch`"
            );
            return Ok(());
        };
        let lease = self.guard.switch(scope, &first, None, Duration::ZERO, now());
        let lease = lease.map_err(|error| format!("guard.record: {error}"))?;
        tracing::info!(%scope, holder = %first, epoch = lease.epoch, "the lease's first holder");
        Ok(())
    }

    /// Signs a block payload of which the hash is known, and with `payload` all of it.
    pub(crate) async fn sign_block(
        &self,
        key: &Key,
        block: &Block<'_>,
        deadline: Instant,
    ) -> Result<Signature, Stop> {
        let scope = Scope::blocks(&key.address(), block.chain, block.domain);
        self.know(&scope).map_err(failed)?;
        let client = client(block.client)?;
        let request = match block.facts() {
            Some(facts) => Request::block(scope, client, now(), block.hash, facts),
            None => Request::payload_hash(scope, client, now(), block.hash),
        };
        self.sign(key, &request, deadline).await
    }

    /// Signs a transaction.
    pub(crate) async fn sign_transaction(
        &self,
        key: &Key,
        name: &str,
        chain: &ChainId,
        transaction: &Transaction<'_>,
        deadline: Instant,
    ) -> Result<Signature, Stop> {
        let scope = Scope::transactions(&key.address(), chain);
        self.know(&scope).map_err(failed)?;
        let request = Request::transaction(scope, client(name)?, now(), transaction)
            .map_err(|error| Stop::Failed(error.to_string()))?;
        self.sign(key, &request, deadline).await
    }

    /// Records a payload that will be asked for by its hash, in the place of others if `evidence`
    /// from L1 allows it.
    pub(crate) async fn announce(
        &self,
        scope: Scope,
        name: &str,
        hash: &PayloadHash,
        facts: BlockFacts,
        evidence: Option<ReorgEvidence>,
    ) -> Result<(), Stop> {
        self.know(&scope).map_err(failed)?;
        let mut request = Request::block(scope, client(name)?, now(), hash, facts);
        if let Some(evidence) = evidence {
            request = request.with_evidence(evidence);
        }
        match self.guard.announce(&request).await {
            Decision::Recorded(broken) => {
                self.report(broken.as_ref());
                Ok(())
            }
            Decision::Stored(_) => Ok(()),
            // Never given for an announcement; dropping it leaves the record as it is.
            Decision::Reserved(_) => Ok(()),
            Decision::Refused(refusal) => Err(Stop::Refused(refusal)),
            Decision::Failed(failure) => Err(self.not_granted(failure)),
        }
    }

    /// In `observe`, what is granted against a rule. Once: from then on the digest is known.
    fn report(&self, broken: Option<&Refusal>) {
        if let Some(alarm) = broken {
            self.metrics.alarms.with_label_values(&[alarm.name()]).inc();
            tracing::error!(
                rule = alarm.name(),
                "ALARM: signing what the guard would refuse: {alarm}"
            );
        }
    }

    fn not_granted(&self, failure: Failure) -> Stop {
        Stop::Failed(match self.guard.trouble() {
            Some(trouble) => format!("guard: {failure}: {trouble}"),
            None => format!("guard: {failure}"),
        })
    }

    async fn sign(
        &self,
        key: &Key,
        request: &Request,
        deadline: Instant,
    ) -> Result<Signature, Stop> {
        let late = |_| Stop::Failed("guard: no answer within the deadline".to_owned());
        match timeout_at(deadline, self.guard.reserve(request)).await.map_err(late)? {
            Decision::Stored(signature) => Ok(signature),
            Decision::Reserved(reservation) => {
                self.report(reservation.alarm());
                crash_point("key asked");
                let signature = key
                    .sign(reservation.hash(), deadline)
                    .await
                    .map_err(|error| Stop::Failed(error.to_string()))?;
                crash_point("key answered");
                let signature = timeout_at(deadline, reservation.release(&signature))
                    .await
                    .map_err(late)?
                    .map_err(|error| Stop::Failed(format!("guard: {error}")))?;
                crash_point("signature recorded");
                Ok(signature)
            }
            Decision::Refused(refusal) => Err(Stop::Refused(refusal)),
            Decision::Failed(failure) => Err(self.not_granted(failure)),
            Decision::Recorded(_) => Err(Stop::Failed("guard: recorded and not signed".into())),
        }
    }
}

/// A block payload to be signed.
pub(crate) struct Block<'a> {
    pub(crate) client: &'a str,
    pub(crate) chain: &'a ChainId,
    pub(crate) domain: &'a Domain,
    pub(crate) hash: &'a PayloadHash,
    /// The bytes that the hash is of, if they came along and were checked against it.
    pub(crate) payload: Option<&'a [u8]>,
    /// What a sidecar has told of it.
    pub(crate) told: Option<BlockFacts>,
}

impl Block<'_> {
    /// What its payload says, or a sidecar.
    pub(crate) fn facts(&self) -> Option<BlockFacts> {
        self.payload.and_then(facts).or(self.told)
    }
}

/// What a payload says, if it is one: the layout is the one in which its block hash is right.
pub(crate) fn facts(payload: &[u8]) -> Option<BlockFacts> {
    Topic::ALL.into_iter().rev().find_map(|topic| block_facts(topic, payload))
}

/// What a payload of a known layout says, if its block hash is the block's.
pub(crate) fn block_facts(topic: Topic, payload: &[u8]) -> Option<BlockFacts> {
    let payload = Payload::parse(topic, payload).ok()?;
    (payload.computed_block_hash() == payload.block_hash()).then(|| BlockFacts::of(&payload))
}

/// A domain that the policy has let through.
pub(crate) const fn domain(bytes: [u8; 32]) -> Domain {
    hazmat::domain(bytes)
}

/// The answer to what a rule forbids: the code says which method, the data which rule.
pub(crate) fn refused(code: i32, refusal: &Refusal) -> RpcError {
    let mut data = json!({ "code": refusal.name() });
    match refusal {
        Refusal::NotHolder { epoch } => data["epoch"] = json!(epoch),
        Refusal::BelowFloor { floor } => data["floor"] = json!(floor),
        Refusal::BehindTip { tip } | Refusal::GapTooWide { tip, .. } => data["tip"] = json!(tip),
        Refusal::SlotTaken { recorded } => data["recorded"] = json!(recorded),
        Refusal::ParentMismatch { expected } => data["expected"] = json!(expected),
        _ => {}
    }
    RpcError::new(code, format!("guard: {refusal}")).with_data(data.to_string())
}

fn failed(error: StoreError) -> Stop {
    Stop::Failed(format!("guard: {error}"))
}

fn client(name: &str) -> Result<Client, Stop> {
    Client::new(name).ok_or_else(|| Stop::Failed("the client's name is empty or too long".into()))
}

/// The time in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
