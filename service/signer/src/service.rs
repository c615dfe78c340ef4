//! The RPC methods: read, allow, sign.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use opsign_core::tx::Transaction;
use opsign_core::{Address, ChainId, Domain, PayloadHash, Signature, SigningHash, hazmat};
use opsign_guard::{BlockFacts, Client as Holder, Mode, ReorgEvidence, Scope, ScopeKind};
use opsign_wire::{AuditFile, Call, Client, Closer, Handler, RpcError};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::announced::{Announced, read_block};
use crate::args::{PayloadForm, RawPayloadArgs, TransactionArgs};
use crate::audit;
use crate::backend::Key;
use crate::l1::L1;
use crate::metrics::Metrics;
use crate::observer::{Observer, SignedBlock};
use crate::operation::{self, OperationError};
use crate::payloads::Payloads;
use crate::policy::{Meter, Method, Policy, Refusal};
use crate::protection::{self, Block, Protection, Stop};
use crate::seen::{Seen, Sighting};

const INVALID_TRANSACTION: i32 = -32010;
const TRANSACTION_REFUSED: i32 = -32011;
const INVALID_PAYLOAD: i32 = -32012;
const PAYLOAD_REFUSED: i32 = -32013;

/// An entry of the config with its key open.
pub(crate) struct Grant {
    pub(crate) name: String,
    pub(crate) key: Arc<Key>,
    /// The address as a metrics label.
    pub(crate) label: String,
    pub(crate) policy: Policy,
    pub(crate) meter: Option<Arc<Meter>>,
    pub(crate) first_holder: bool,
}

impl Grant {
    /// The guard's scopes that this entry may use, as far as they are known beforehand: an entry
    /// without a chain has transactions of any chain, and no blocks.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let (address, policy) = (self.key.address(), &self.policy);
        let Some(chain) = policy.chain_id else { return Vec::new() };
        let mut scopes = Vec::new();
        if policy.methods.contains(&Method::BlockPayload) {
            let blocks =
                |domain: &[u8; 32]| Scope::blocks(&address, &chain, &protection::domain(*domain));
            scopes.extend(policy.domains.iter().map(blocks));
        }
        if policy.methods.contains(&Method::Transaction) {
            scopes.push(Scope::transactions(&address, &chain));
        }
        scopes
    }

    fn serves(&self, scope: &Scope) -> bool {
        let any_chain = self.policy.chain_id.is_none()
            && scope.kind() == ScopeKind::Transactions
            && scope.address() == self.key.address();
        any_chain || self.scopes().contains(scope)
    }
}

/// What a config comes to.
pub(crate) struct Grants {
    pub(crate) grants: Vec<Grant>,
    by_name: HashMap<String, Vec<usize>>,
    any_name: bool,
    pub(crate) audit: Option<AuditFile>,
}

impl Grants {
    pub(crate) fn new(grants: Vec<Grant>, any_name: bool, audit: Option<AuditFile>) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, grant) in grants.iter().enumerate() {
            by_name.entry(grant.name.clone()).or_default().push(index);
        }
        Self { grants, by_name, any_name, audit }
    }

    /// The entry of a gate's op-node, which is checked when the config is read.
    fn of_gate(&self, client: &str) -> Option<&Grant> {
        let blocks = |grant: &&Grant| grant.name == client && grant.policy.chain_id.is_some();
        self.grants.iter().find(blocks)
    }

    /// Takes over the meters of entries that are the same as before: a reload must not fill a
    /// client's bucket.
    pub(crate) fn keep_meters(&mut self, before: &Self) {
        for grant in &mut self.grants {
            let known = before.grants.iter().find(|old| {
                old.name == grant.name
                    && old.key.address() == grant.key.address()
                    && old.policy.chain_id == grant.policy.chain_id
                    && old.policy.rate == grant.policy.rate
            });
            if let Some(known) = known {
                grant.meter.clone_from(&known.meter);
            }
        }
    }

    /// The client's entries, in the config's order.
    fn of<'a>(&'a self, client: &Client) -> impl Iterator<Item = &'a Grant> + use<'a> {
        let most = if self.any_name { usize::MAX } else { 1 };
        let mut found: Vec<usize> = Vec::new();
        for name in client.names().iter().take(most) {
            found.extend(self.by_name.get(name).into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|index| &self.grants[index])
    }
}

/// Answers calls.
pub(crate) struct Service {
    pub(crate) grants: ArcSwap<Grants>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) version: String,
    /// None is op-signer's behaviour: what the policy allows is signed, and forgotten.
    pub(crate) protection: Option<Protection>,
    /// Who is asked whether what a block contradicts is still to be had.
    pub(crate) l1: Option<L1>,
    /// Closes the connections of who has lost a lease.
    pub(crate) closer: Closer,
    pub(crate) payloads: Payloads,
    pub(crate) seen: Seen,
    /// What sidecars tell of their op-nodes' blocks.
    pub(crate) announced: Announced,
    /// Where nothing is refused, what was signed is looked at afterwards.
    pub(crate) observer: Option<Observer>,
}

impl Handler for Service {
    async fn call<'a>(&'a self, call: Call<'a>) -> Result<String, RpcError> {
        self.note(call.client);
        match call.method {
            "opsigner_signBlockPayload" => self.payload(&call, PayloadForm::V1).await,
            "opsigner_signBlockPayloadV2" => self.payload(&call, PayloadForm::V2).await,
            "eth_signTransaction" => self.transaction(&call).await,
            "opsign_announceBlock" => self.told(&call),
            _ => call.common(&self.version),
        }
    }

    fn ready(&self) -> bool {
        self.metrics.ready.get() == 1
    }
}

/// Why a signing call fails: the answer, op-signer's label for it, and ours.
struct Failure {
    error: RpcError,
    label: &'static str,
    reason: &'static str,
}

impl Failure {
    fn new(
        code: i32,
        message: impl Into<std::borrow::Cow<'static, str>>,
        label: &'static str,
        reason: &'static str,
    ) -> Self {
        Self { error: RpcError::new(code, message), label, reason }
    }

    /// By policy. op-signer gives these no label.
    fn refused(code: i32, refusal: Refusal) -> Self {
        Self::new(code, refusal.message, "", refusal.reason)
    }

    fn stopped(stop: Stop, refused: i32, failed: i32) -> Self {
        match stop {
            Stop::Refused(refusal) => Self {
                error: protection::refused(refused, &refusal),
                label: "",
                reason: refusal.name(),
            },
            Stop::Failed(what) => Self::new(failed, what, "sign_error", "key"),
        }
    }

    fn forbidden(client: &str) -> Self {
        Self { error: RpcError::unknown_client(client), label: "", reason: "client" }
    }
}

/// What the audit line says besides the outcome.
#[derive(Default)]
struct Facts {
    key: Option<Address>,
    label: Option<String>,
    chain_id: Option<String>,
    hash: Option<SigningHash>,
}

impl Service {
    /// Only names that the config knows are kept: a client must not fill the memory.
    fn note(&self, client: &Client) {
        let grants = self.grants.load();
        let at = protection::now() / 1000;
        for name in client.names().iter().filter(|name| grants.by_name.contains_key(*name)) {
            let not_after = client.not_after().unwrap_or(i64::MAX);
            self.seen.note(name, Sighting { at, not_after });
        }
    }

    /// A sidecar tells of a block that its op-node is given.
    fn told(&self, call: &Call<'_>) -> Result<String, RpcError> {
        let name = call.client.name();
        let sequencer = self.announced.sequencer_of(name);
        let sequencer = sequencer.ok_or_else(|| RpcError::unknown_client(name))?;
        let (hash, facts) = read_block(argument(call)?)?;
        tracing::debug!(client = name, sequencer, number = facts.number, payload_hash = %hash, "told");
        self.announced.put(sequencer, hash, facts);
        Ok("null".to_owned())
    }

    /// In `strict`, what a client's sidecar has not told of is no block of its op-node's.
    fn must_be_told(
        &self,
        protection: &Protection,
        client: &str,
        hash: &PayloadHash,
    ) -> Result<(), Stop> {
        let strict = protection.plan().blocks == Mode::Strict;
        if strict && self.announced.covers(client) && self.announced.find(client, hash).is_none() {
            return Err(Stop::Refused(opsign_guard::Refusal::NotAnnounced));
        }
        Ok(())
    }

    async fn payload(&self, call: &Call<'_>, form: PayloadForm) -> Result<String, RpcError> {
        let start = Instant::now();
        // kona-node sends an object and expects one.
        let named = call.params.filter(|params| params.get().starts_with('{'));
        let (json, form) = match named {
            Some(params) => (Ok(params), PayloadForm::Named),
            None => (argument(call), form),
        };
        let grants = self.grants.load();
        let args = json.and_then(|json| RawPayloadArgs::read(json, form).map_err(invalid_argument));
        let args = args.map_err(|error| self.misread(call, &grants, start, error))?;
        let mut facts = Facts::default();
        let result = self.sign_payload(call, &grants, args, &mut facts).await;
        let result = self.finish(call, &grants, &self.metrics.payloads, start, facts, result);
        result.map(|signature| match form {
            PayloadForm::Named => format!("{{\"signature\":{signature}}}"),
            PayloadForm::V1 | PayloadForm::V2 => signature,
        })
    }

    async fn sign_payload(
        &self,
        call: &Call<'_>,
        grants: &Grants,
        args: RawPayloadArgs,
        facts: &mut Facts,
    ) -> Result<String, Failure> {
        let client = call.client.name();
        let sender = args.sender;
        let grant = grants
            .of(call.client)
            .find(|grant| sender.is_none_or(|sender| sender == grant.key.address()))
            .ok_or_else(|| Failure::forbidden(client))?;
        facts.note(grant);
        let args = args.check().map_err(|what| {
            Failure::new(INVALID_PAYLOAD, what, "invalid_blockPayload", "invalid")
        })?;
        facts.chain_id = Some(args.chain_id.to_string());
        let refused = |refusal| Failure::refused(PAYLOAD_REFUSED, refusal);
        grant.policy.allows(Method::BlockPayload, now()).map_err(refused)?;
        grant.policy.allows_payload(&args.chain_id, &args.domain).map_err(refused)?;
        if let Some(meter) = &grant.meter {
            meter.take().map_err(refused)?;
        }
        let domain = protection::domain(args.domain);
        let hash = hazmat::payload_signing_hash_in(&domain, &args.chain_id, &args.payload_hash);
        facts.hash = Some(hash);
        let signature = match &self.protection {
            None => unguarded(&grant.key, &hash, call.deadline).await,
            Some(protection) => {
                let block = Block {
                    client: &grant.name,
                    chain: &args.chain_id,
                    domain: &domain,
                    hash: &args.payload_hash,
                    payload: args.payload.as_deref(),
                    told: self.announced.find(&grant.name, &args.payload_hash),
                };
                let signed = match self.must_be_told(protection, block.client, block.hash) {
                    Ok(()) => protection.sign_block(&grant.key, &block, call.deadline).await,
                    Err(stop) => Err(stop),
                };
                match signed {
                    Err(Stop::Refused(refusal)) if let Some(facts) = block.facts() => {
                        let scope = Scope::blocks(&grant.key.address(), block.chain, block.domain);
                        let (who, hash) = ((scope, block.client), block.hash);
                        match self
                            .make_room(protection, who, hash, facts, refusal, call.deadline)
                            .await
                        {
                            Ok(()) => {
                                protection.sign_block(&grant.key, &block, call.deadline).await
                            }
                            Err(stop) => Err(stop),
                        }
                    }
                    other => other,
                }
            }
        };
        let signature =
            signature.map_err(|stop| Failure::stopped(stop, PAYLOAD_REFUSED, INVALID_PAYLOAD))?;
        tracing::info!(
            client,
            key = grant.label,
            chain = %args.chain_id,
            payload_hash = %args.payload_hash,
            trace = call.trace.map(opsign_wire::Trace::id),
            "signed a block payload"
        );
        if let Some(observer) = &self.observer {
            observer.signed(SignedBlock {
                scope: Scope::blocks(&grant.key.address(), &args.chain_id, &domain),
                client: grant.name.clone(),
                at: protection::now(),
                hash: args.payload_hash,
                payload: args.payload,
            });
        }
        Ok(format!("\"{signature}\""))
    }

    async fn transaction(&self, call: &Call<'_>) -> Result<String, RpcError> {
        let start = Instant::now();
        let grants = self.grants.load();
        let args = argument(call)
            .and_then(|json| TransactionArgs::read(json).map_err(invalid_argument))
            .map_err(|error| self.misread(call, &grants, start, error))?;
        let mut facts = Facts::default();
        let result = self.sign_transaction(call, &grants, &args, &mut facts).await;
        self.finish(call, &grants, &self.metrics.transactions, start, facts, result)
    }

    async fn sign_transaction(
        &self,
        call: &Call<'_>,
        grants: &Grants,
        args: &TransactionArgs,
        facts: &mut Facts,
    ) -> Result<String, Failure> {
        let client = call.client.name();
        // The sender's entry if there is one, else the first: its refusal says what is wrong.
        let mut of_client = grants.of(call.client).peekable();
        let first = of_client.peek().copied().ok_or_else(|| Failure::forbidden(client))?;
        let of_sender = of_client.find(|grant| args.from == Some(grant.key.address()));
        let grant = of_sender.unwrap_or(first);
        facts.note(grant);
        let checked = args.checked().map_err(|what| {
            Failure::new(INVALID_TRANSACTION, what, "transaction_args_error", "invalid")
        })?;
        let transaction = checked.transaction();
        facts.chain_id = Some(chain_id_of(&transaction).to_string());
        let refused = |refusal| Failure::refused(TRANSACTION_REFUSED, refusal);
        grant.policy.allows(Method::Transaction, now()).map_err(refused)?;
        grant.policy.allows_transaction(&transaction).map_err(refused)?;
        if args.from.is_some_and(|from| from != grant.key.address()) {
            return Err(Failure::new(
                INVALID_TRANSACTION,
                "unexpected from address",
                "sign_error",
                "from",
            ));
        }
        if let Some(meter) = &grant.meter {
            meter.take().map_err(refused)?;
        }
        let invalid = |error: opsign_core::Error| {
            let label = "invalid_transaction_error";
            Failure::new(INVALID_TRANSACTION, error.to_string(), label, "invalid")
        };
        let hash = transaction.signing_hash().map_err(invalid)?;
        facts.hash = Some(hash);
        let signature = match &self.protection {
            None => unguarded(&grant.key, &hash, call.deadline).await,
            Some(protection) => {
                let chain = chain_id_of(&transaction);
                let (key, deadline, name) = (&grant.key, call.deadline, &grant.name);
                protection.sign_transaction(key, name, &chain, &transaction, deadline).await
            }
        };
        let signature = signature
            .map_err(|stop| Failure::stopped(stop, TRANSACTION_REFUSED, INVALID_TRANSACTION))?;
        let signed = transaction.with_signature(&signature).map_err(invalid)?;
        let mut raw = vec![0; signed.encoded_len()];
        let length = signed.encode(&mut raw).map_err(invalid)?;
        tracing::info!(
            client,
            key = grant.label,
            hash = %signed.hash(),
            trace = call.trace.map(opsign_wire::Trace::id),
            "signed a transaction"
        );
        Ok(hex_json(&raw[..length]))
    }

    /// Gives the guard the rules of every scope that the config names, so that it can be steered
    /// before its first signature.
    ///
    /// A lease that nobody has ever held goes to the entry with `firstHolder`, or to the only client
    /// that there is for it.
    pub(crate) fn know_scopes(&self, grants: &Grants) -> Result<(), String> {
        let Some(protection) = &self.protection else { return Ok(()) };
        let mut clients: BTreeMap<String, (Scope, BTreeMap<&str, bool>)> = BTreeMap::new();
        for grant in &grants.grants {
            for scope in grant.scopes() {
                let (_, names) =
                    clients.entry(scope.to_string()).or_insert((scope, BTreeMap::new()));
                *names.entry(&grant.name).or_default() |= grant.first_holder;
            }
        }
        for (scope, names) in clients.values() {
            protection.know(scope).map_err(|error| format!("guard.record: {error}"))?;
            let flagged: Vec<_> = names.iter().filter(|(_, first)| **first).collect();
            let first = match (&flagged[..], names.len()) {
                ([(name, _)], _) => Some(**name),
                ([], 1) => names.keys().next().copied(),
                ([], _) => None,
                _ => return Err(format!("{scope} has several entries with firstHolder: true")),
            };
            protection.first_holder(scope, first)?;
        }
        Ok(())
    }

    /// Whether a lease may go to a client: only one that the config lets use the scope at all.
    pub(crate) fn may_hold(&self, scope: &Scope, client: &Holder) -> Result<(), OperationError> {
        let grants = self.grants.load();
        let may = |grant: &&Grant| grant.name == client.as_str() && grant.serves(scope);
        match grants.grants.iter().find(may) {
            Some(_) => Ok(()),
            None => Err(OperationError::new(
                "unknown_client",
                format!("auth has no client {client} with the key and chain of {scope}"),
            )),
        }
    }

    /// The scope of what a gate's op-node announces.
    pub(crate) fn gate_scope(&self, client: &str) -> Option<Scope> {
        let grants = self.grants.load();
        let grant = grants.of_gate(client)?;
        Some(Scope::blocks(&grant.key.address(), &grant.policy.chain_id?, &Domain::BLOCKS_V1))
    }

    /// Whether the lease lets a client's op-node make the next block.
    pub(crate) fn leads(&self, client: &str) -> bool {
        let (Some(protection), Some(scope)) = (&self.protection, self.gate_scope(client)) else {
            return true;
        };
        let status = operation::status_of(protection.guard(), &scope);
        status.is_ok_and(|status| {
            let next = operation::owner(&status, operation::next_slot(&status));
            !status.leased || next.is_some_and(|owner| owner.as_str() == client)
        })
    }

    /// Hands a block of a client's op-node to the guard before it is gossiped.
    pub(crate) async fn announce(
        &self,
        client: &str,
        hash: &PayloadHash,
        facts: BlockFacts,
        deadline: Instant,
    ) -> Result<(), Stop> {
        let (Some(protection), Some(scope)) = (&self.protection, self.gate_scope(client)) else {
            return Err(Stop::Failed(format!("auth has no client {client} with a chainID")));
        };
        self.must_be_told(protection, client, hash)?;
        match protection.announce(scope, client, hash, facts, None).await {
            Err(Stop::Refused(refusal)) => {
                self.make_room(protection, (scope, client), hash, facts, refusal, deadline).await
            }
            other => other,
        }
    }

    /// Records a block that was refused after all, if L1 says that what it contradicts is gone.
    async fn make_room(
        &self,
        protection: &Protection,
        (scope, client): (Scope, &str),
        hash: &PayloadHash,
        facts: BlockFacts,
        refusal: opsign_guard::Refusal,
        deadline: Instant,
    ) -> Result<(), Stop> {
        let stays = Stop::Refused(refusal);
        let (true, Some(l1)) = (refusal.is_equivocation(), &self.l1) else { return Err(stays) };
        let disputed = protection.guard().disputed(&scope, &facts);
        let (Some(origin), Some(new_origin)) = (disputed, facts.l1_origin) else {
            return Err(stays);
        };
        let Some(evidence) = l1.evidence(origin, new_origin, deadline).await else {
            return Err(stays);
        };
        protection.announce(scope, client, hash, facts, Some(evidence.clone())).await?;
        self.tell_of_reorg(&scope, client, hash, &facts, &evidence);
        Ok(())
    }

    /// A second block at a height is nothing that happens unseen.
    fn tell_of_reorg(
        &self,
        scope: &Scope,
        client: &str,
        hash: &PayloadHash,
        facts: &BlockFacts,
        evidence: &ReorgEvidence,
    ) {
        let witnesses: Vec<&str> =
            evidence.witnesses().iter().map(|witness| witness.name.as_str()).collect();
        let params = serde_json::json!({
            "scope": scope,
            "number": facts.number,
            "payload_hash": hash.to_string(),
            "l1_origin": evidence.origin(),
            "canonical": evidence.canonical(),
            "witnesses": witnesses,
        });
        self.metrics.alarms.with_label_values(&["l1_reorg"]).inc();
        tracing::error!(
            rule = "l1_reorg",
            client,
            %params,
            "ALARM: another block is signed at a recorded height, whose L1 origin is gone"
        );
        if let Some(audit) = &self.grants.load().audit {
            let (method, outcome, trace) = ("guard_reorg", "granted", None);
            let entry = audit::AdminEntry { client, method, params: &params, outcome, trace };
            if let Err(error) = audit.write(&entry) {
                self.metrics.audit_failures.inc();
                tracing::error!(%error, "the audit log cannot be written");
            }
        }
    }

    /// Counts, logs and records the outcome.
    fn finish(
        &self,
        call: &Call<'_>,
        grants: &Grants,
        counter: &prometheus::IntCounterVec,
        start: Instant,
        facts: Facts,
        result: Result<String, Failure>,
    ) -> Result<String, RpcError> {
        let (status, label) = match &result {
            Ok(_) => ("success", ""),
            Err(failure) => ("error", failure.label),
        };
        counter.with_label_values(&[facts.client_label(call), status, label]).inc();
        self.record(call, grants, start, facts, result.as_ref().err());
        result.map_err(|failure| failure.error)
    }

    /// Records arguments that cannot be read. op-signer's counters leave them out, since its
    /// methods are never reached.
    fn misread(
        &self,
        call: &Call<'_>,
        grants: &Grants,
        start: Instant,
        error: RpcError,
    ) -> RpcError {
        let failure = Failure { error, label: "", reason: "invalid" };
        self.record(call, grants, start, Facts::default(), Some(&failure));
        failure.error
    }

    /// Our own metrics, the log and the audit log.
    fn record(
        &self,
        call: &Call<'_>,
        grants: &Grants,
        start: Instant,
        facts: Facts,
        failure: Option<&Failure>,
    ) {
        let client = facts.client_label(call);
        let key = facts.label.as_deref().unwrap_or_default();
        self.metrics
            .latency
            .with_label_values(&[call.method, client, key])
            .observe(start.elapsed().as_secs_f64());
        if let Some(failure) = failure {
            self.metrics.refusals.with_label_values(&[failure.reason]).inc();
            tracing::warn!(
                client = call.client.name(),
                method = call.method,
                reason = failure.reason,
                error = %beginning(&failure.error.message),
                trace = call.trace.map(opsign_wire::Trace::id),
                "refused"
            );
        }
        if let Some(audit) = &grants.audit {
            let entry = audit::Entry {
                client: call.client.name(),
                method: call.method,
                key: facts.label,
                chain_id: facts.chain_id,
                signing_hash: facts.hash.map(|hash| hash.to_string()),
                outcome: failure.map_or("signed", |failure| failure.reason),
                trace: call.trace.map(opsign_wire::Trace::id),
            };
            if let Err(error) = audit.write(&entry) {
                self.metrics.audit_failures.inc();
                tracing::error!(%error, "the audit log cannot be written");
            }
        }
    }
}

impl Facts {
    /// Only names that the config knows become labels: a client must not make new ones.
    fn client_label<'a>(&self, call: &Call<'a>) -> &'a str {
        if self.key.is_some() { call.client.name() } else { "unknown" }
    }

    fn note(&mut self, grant: &Grant) {
        self.key = Some(grant.key.address());
        self.label = Some(grant.label.clone());
    }
}

fn argument<'a>(call: &Call<'a>) -> Result<&'a RawValue, RpcError> {
    call.positional(1)?
        .first()
        .copied()
        .ok_or_else(|| RpcError::invalid_params("missing value for required argument 0"))
}

/// Of a sentence that may quote what the client sent: enough for the log.
fn beginning(message: &str) -> &str {
    const LONGEST: usize = 200;
    message.get(..message.floor_char_boundary(LONGEST)).unwrap_or_default()
}

async fn unguarded(key: &Key, hash: &SigningHash, deadline: Instant) -> Result<Signature, Stop> {
    let checked = key.sign(hash, deadline).await;
    checked.map(|checked| *checked.signature()).map_err(|error| Stop::Failed(error.to_string()))
}

fn invalid_argument(what: String) -> RpcError {
    RpcError::invalid_params(format!("invalid argument 0: {what}"))
}

fn now() -> OffsetDateTime {
    SystemTime::now().into()
}

fn chain_id_of(transaction: &Transaction<'_>) -> ChainId {
    match transaction {
        Transaction::DynamicFee(tx) => tx.chain_id,
        Transaction::Blob(tx) => tx.chain_id,
        Transaction::SetCode(tx) => tx.chain_id,
        // The protocol makes no others.
        _ => ChainId::from(0),
    }
}

fn hex_json(bytes: &[u8]) -> String {
    format!("\"0x{}\"", base16ct::lower::encode_string(bytes))
}
