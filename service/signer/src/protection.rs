//! Between policy and key: the guard, asked before anything is signed.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use opsign_core::gossip::{Payload, Topic};
use opsign_core::tx::Transaction;
use opsign_core::{Address, ChainId, Domain, PayloadHash, Signature, hazmat};
use opsign_guard::{
    BlockFacts, Client, Decision, Guard, Mode, ReplacementMode, Request, Rule, RuleSet, Scope,
    StoreError, crash_point,
};
use tokio::time::Instant;

use crate::backend::Key;

/// What the config says about the guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) blocks: Mode,
    pub(crate) transactions: Option<ReplacementMode>,
    /// The chain's block time, in milliseconds.
    pub(crate) block_time: u64,
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
}

/// The guard and what it is told about scopes.
pub(crate) struct Protection {
    guard: Guard,
    plan: Plan,
    known: Mutex<HashSet<Scope>>,
}

/// Why nothing was signed.
pub(crate) enum Stop {
    /// A rule forbids it: its name, and a sentence.
    Refused(&'static str, String),
    /// The guard or the key has no answer.
    Failed(String),
}

impl Protection {
    pub(crate) fn new(guard: Guard, plan: Plan) -> Self {
        Self { guard, plan, known: Mutex::default() }
    }

    pub(crate) const fn guard(&self) -> &Guard {
        &self.guard
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Gives a scope its rules before it is used for the first time.
    fn know(&self, scope: Scope, rules: impl FnOnce() -> RuleSet) -> Result<(), Stop> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&scope) {
            return Ok(());
        }
        let told = self.guard.configure(scope, rules());
        told.map_err(|error: StoreError| Stop::Failed(format!("guard: {error}")))?;
        known.insert(scope);
        Ok(())
    }

    /// The scope of a key's blocks on a chain.
    pub(crate) fn blocks(
        &self,
        key: &Address,
        chain: &ChainId,
        domain: &Domain,
    ) -> Result<Scope, Stop> {
        let scope = Scope::blocks(key, chain, domain);
        self.know(scope, || match self.plan.blocks {
            Mode::Strict => RuleSet::blocks_strict(),
            Mode::HashOnly => RuleSet::blocks_hash_only(self.plan.block_time),
            Mode::Observe => RuleSet::blocks_hash_only(self.plan.block_time).observing(),
        })?;
        Ok(scope)
    }

    fn transactions(&self, sender: &Address, chain: &ChainId) -> Result<Scope, Stop> {
        let scope = Scope::transactions(sender, chain);
        self.know(scope, || match self.plan.transactions {
            Some(mode) => {
                let replacement = Rule::Replacement { mode, most: 20 };
                let rules = vec![Rule::Floor, Rule::MaxGap(16), replacement];
                RuleSet { mode: Mode::Strict, rules }
            }
            None => RuleSet::transactions().observing(),
        })?;
        Ok(scope)
    }

    /// Signs a block payload of which the hash is known, and with `payload` all of it.
    pub(crate) async fn sign_block(
        &self,
        key: &Key,
        block: &Block<'_>,
        deadline: Instant,
    ) -> Result<Signature, Stop> {
        let scope = self.blocks(&key.address(), block.chain, block.domain)?;
        let client = client(block.client)?;
        let request = match block.payload.and_then(facts) {
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
        let scope = self.transactions(&key.address(), chain)?;
        let request = Request::transaction(scope, client(name)?, now(), transaction)
            .map_err(|error| Stop::Failed(error.to_string()))?;
        self.sign(key, &request, deadline).await
    }

    /// Records a payload that will be asked for by its hash.
    pub(crate) async fn announce(
        &self,
        key: &Address,
        chain: &ChainId,
        name: &str,
        hash: &PayloadHash,
        facts: BlockFacts,
    ) -> Result<(), Stop> {
        let scope = self.blocks(key, chain, &Domain::BLOCKS_V1)?;
        let request = Request::block(scope, client(name)?, now(), hash, facts);
        match self.guard.announce(&request).await {
            Decision::Recorded | Decision::Stored(_) => Ok(()),
            // Never given for an announcement; dropping it leaves the record as it is.
            Decision::Reserved(_) => Ok(()),
            Decision::Refused(refusal) => {
                Err(Stop::Refused(refusal.name(), format!("guard: {refusal}")))
            }
            Decision::Failed(failure) => Err(Stop::Failed(format!("guard: {failure}"))),
        }
    }

    async fn sign(
        &self,
        key: &Key,
        request: &Request,
        deadline: Instant,
    ) -> Result<Signature, Stop> {
        match self.guard.reserve(request).await {
            Decision::Stored(signature) => Ok(signature),
            Decision::Reserved(reservation) => {
                if let Some(alarm) = reservation.alarm() {
                    tracing::error!(
                        rule = alarm.name(),
                        "ALARM: signing what the guard would refuse: {alarm}"
                    );
                }
                crash_point("key asked");
                let signature = key
                    .sign(reservation.hash(), deadline)
                    .await
                    .map_err(|error| Stop::Failed(error.to_string()))?;
                crash_point("key answered");
                let signature = reservation
                    .complete(&signature)
                    .map_err(|error| Stop::Failed(format!("guard: {error}")))?;
                crash_point("signature recorded");
                Ok(signature)
            }
            Decision::Refused(refusal) => {
                Err(Stop::Refused(refusal.name(), format!("guard: {refusal}")))
            }
            Decision::Failed(failure) => Err(Stop::Failed(format!("guard: {failure}"))),
            Decision::Recorded => Err(Stop::Failed("guard: recorded and not signed".into())),
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
}

/// What a payload says, if it is one: the layout is the one in which its block hash is right.
fn facts(payload: &[u8]) -> Option<BlockFacts> {
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

fn client(name: &str) -> Result<Client, Stop> {
    Client::new(name).ok_or_else(|| Stop::Failed("the client's name is empty or too long".into()))
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
