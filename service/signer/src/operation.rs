//! What an operator asks of a guard: over the admin port while a signer runs, offline on its record.
//! Both carry out the same function, so both give the same answer.

use std::fmt;
use std::time::Duration;

use opsign_guard::{Client, Digest, Guard, Hex, Scope, ScopeStatus, StoreError, Ticket};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::sequencer::Head;

/// How long requests in flight may take to end before a switch goes on without them.
const DRAIN: Duration = Duration::from_secs(1);

/// One request: a method of the admin port with its parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "method", content = "params")]
pub enum Operation {
    /// All scopes: holder and epoch, last block, floor, latch, tickets, conflicts.
    #[serde(rename = "guard_status")]
    Status,
    /// The mode of each scope, and what it cannot do.
    #[serde(rename = "guard_mode")]
    Mode,
    /// The reorg tickets that were not used.
    #[serde(rename = "guard_tickets")]
    Tickets,
    /// Whether a client's sequencer could take over now. Needs a running signer.
    #[serde(rename = "guard_prepare")]
    Prepare(Switch),
    /// Gives a scope's lease to a client.
    #[serde(rename = "guard_switch")]
    Switch(Switch),
    /// Takes a planned switch back whose height has not come.
    #[serde(rename = "guard_abort")]
    Abort(OfScope),
    /// Allows one other block at a height that is signed already.
    #[serde(rename = "guard_issueTicket")]
    IssueTicket(IssueTicket),
    /// Takes back a ticket that was not used.
    #[serde(rename = "guard_revokeTicket")]
    RevokeTicket(RevokeTicket),
    /// Raises the lowest slot that may be signed.
    #[serde(rename = "guard_setFloor")]
    SetFloor(SetFloor),
    /// Lets a scope whose rate was exceeded sign again.
    #[serde(rename = "guard_clearLatch")]
    ClearLatch(OfScope),
    /// Gives kept payloads back to a client's op-node. Needs a running signer.
    #[serde(rename = "guard_replay")]
    Replay(Replay),
    /// Whether a block that was seen elsewhere is on record. If not, it is an alarm.
    #[serde(rename = "guard_check")]
    Check(Check),
}

/// Parameters of what concerns a whole scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfScope {
    /// The scope.
    pub scope: Scope,
}

/// Parameters of `guard_switch` and `guard_prepare`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// The scope.
    pub scope: Scope,
    /// The client that is to hold it, as the config's `auth` calls it.
    pub to: Client,
    /// The first slot that is the new holder's. Without it: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_height: Option<u64>,
    /// Go on although a check fails or a sequencer does not answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// The new holder's certificate in PEM, if it has not shown itself since the signer started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// Parameters of `guard_issueTicket`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueTicket {
    /// The scope.
    pub scope: Scope,
    /// The first height that is given up.
    pub fork: u64,
    /// The parent that the new block must have. Without it: the recorded block below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_hash: Option<Hex<32>>,
    /// The one payload that may redeem it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_hash: Option<Digest>,
    /// The most signed heights that it may give up.
    pub max_depth: u64,
    /// How many minutes it may be used.
    pub minutes: u64,
    /// Why, and who approved it.
    pub reason: String,
}

/// Parameters of `guard_revokeTicket`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeTicket {
    /// The scope.
    pub scope: Scope,
    /// The ticket's id.
    pub ticket: Hex<16>,
}

/// Parameters of `guard_setFloor`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetFloor {
    /// The scope.
    pub scope: Scope,
    /// The floor.
    pub floor: u64,
}

/// Parameters of `guard_replay`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The scope.
    pub scope: Scope,
    /// The client whose op-node gets them.
    pub to: Client,
}

/// Parameters of `guard_check`: a payload by its hash, or a block by number and hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The scope.
    pub scope: Scope,
    /// The payload hash, of a signature of the scope's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_hash: Option<Digest>,
    /// The block, as a node has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<Head>,
}

/// Why an operation was not carried out: a name for programs, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationError {
    /// The name.
    pub code: String,
    /// The sentence.
    pub message: String,
}

impl OperationError {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OperationError {}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        Self::new(error.name(), error.to_string())
    }
}

/// An answer: named facts in order.
pub type Answer = Map<String, Value>;

/// Carries out what needs nothing but the guard. `at` is the time in milliseconds since 1970.
///
/// # Errors
/// [`OperationError`]; nothing has changed then.
pub fn perform(guard: &Guard, operation: &Operation, at: u64) -> Result<Answer, OperationError> {
    match operation {
        Operation::Status | Operation::Mode | Operation::Tickets => {
            Ok(look(&guard.status(), operation).unwrap_or_default())
        }
        Operation::Prepare(_) | Operation::Replay(_) => Err(OperationError::new(
            "needs_signer",
            "this asks sequencers, which only a running signer knows: use --admin",
        )),
        Operation::Switch(switch) => move_lease(guard, switch, at),
        Operation::Abort(abort) => take_back(guard, &abort.scope, at),
        Operation::IssueTicket(issue) => {
            let mut id = [0; 16];
            opsign_keys::system_random(&mut id)
                .map_err(|error| OperationError::new("random", error.to_string()))?;
            let ticket = Ticket {
                id: Hex(id),
                fork: issue.fork,
                payload_hash: issue.payload_hash,
                parent_hash: issue.parent_hash,
                max_depth: issue.max_depth,
                not_after: at.saturating_add(issue.minutes.saturating_mul(60_000)),
                reason: issue.reason.clone(),
            };
            guard.issue(&issue.scope, ticket, at)?;
            Ok(object(json!({ "ticket": Hex(id), "fork": issue.fork })))
        }
        Operation::RevokeTicket(revoke) => {
            guard.revoke(&revoke.scope, &revoke.ticket, at)?;
            Ok(object(json!({ "revoked": revoke.ticket })))
        }
        Operation::SetFloor(raise) => {
            guard.set_floor(&raise.scope, raise.floor, at)?;
            Ok(object(json!({ "scope": raise.scope, "floor": raise.floor })))
        }
        Operation::Check(check) => {
            status_of(guard, &check.scope)?;
            let payload = check.payload_hash.map(|hash| guard.knows(&check.scope, &hash));
            let block = (check.block.as_ref())
                .and_then(|block| guard.knows_block(&check.scope, block.number, &block.hash));
            let known = match (payload, block) {
                (Some(payload), Some(block)) => Some(payload && block),
                (one, other) => one.or(other),
            };
            Ok(object(json!({ "known": known })))
        }
        Operation::ClearLatch(clear) => {
            guard.unlatch(&clear.scope, at)?;
            Ok(object(json!({ "scope": clear.scope, "latched": false })))
        }
    }
}

/// What can be told from the status alone: the operations that change nothing.
pub fn look(scopes: &[ScopeStatus], operation: &Operation) -> Option<Answer> {
    match operation {
        Operation::Status => Some(object(json!({ "scopes": scopes }))),
        Operation::Mode => Some(modes(scopes)),
        Operation::Tickets => Some(tickets(scopes)),
        _ => None,
    }
}

/// A scope's status.
///
/// # Errors
/// `unknown_scope`.
pub(crate) fn status_of(guard: &Guard, scope: &Scope) -> Result<ScopeStatus, OperationError> {
    let found = guard.status().into_iter().find(|status| status.scope == *scope);
    found.ok_or_else(|| StoreError::UnknownScope { scope: scope.to_string() }.into())
}

/// The slot after the last recorded one.
pub(crate) fn next_slot(status: &ScopeStatus) -> u64 {
    status.tip.map_or(status.floor, |tip| tip.saturating_add(1))
}

/// Who may use a slot, if the lease is a rule.
pub(crate) fn owner(status: &ScopeStatus, slot: u64) -> Option<&Client> {
    match &status.lease.handover {
        Some(handover) if slot < handover.from => Some(&handover.previous),
        _ => status.lease.holder.as_ref(),
    }
}

/// Whether `client` alone holds all that is to come.
pub(crate) fn holds_all(status: &ScopeStatus, client: &Client) -> bool {
    let next = next_slot(status);
    status.lease.holder.as_ref() == Some(client)
        && status.lease.handover.as_ref().is_none_or(|handover| handover.from <= next)
}

fn move_lease(guard: &Guard, switch: &Switch, at: u64) -> Result<Answer, OperationError> {
    let status = status_of(guard, &switch.scope)?;
    let next = next_slot(&status);
    if let Some(height) = switch.at_height.filter(|height| *height < next) {
        let message = format!("slot {height} is signed already; the next one is {next}");
        return Err(OperationError::new("height_passed", message));
    }
    let planned = status.lease.handover.as_ref().map(|handover| handover.from);
    let there = status.lease.holder.as_ref() == Some(&switch.to);
    let done = match switch.at_height {
        None => holds_all(&status, &switch.to),
        Some(height) => there && planned == Some(height),
    };
    let lease = if done {
        status.lease
    } else {
        guard.switch(&switch.scope, &switch.to, switch.at_height, DRAIN, at)?
    };
    let mut answer = object(json!({
        "scope": switch.scope,
        "holder": lease.holder,
        "epoch": lease.epoch,
        "changed": !done,
    }));
    if status.mode.is_some() && !status.leased {
        let note = "guard.lease is off in the config: every client of auth may use the scope";
        answer.insert("note".into(), json!(note));
    }
    if let Some(handover) = lease.handover {
        answer.insert("previous".into(), json!(handover.previous));
        answer.insert("from".into(), json!(handover.from));
    }
    Ok(answer)
}

fn take_back(guard: &Guard, scope: &Scope, at: u64) -> Result<Answer, OperationError> {
    let status = status_of(guard, scope)?;
    let next = next_slot(&status);
    let planned = status.lease.handover.filter(|handover| handover.from > next);
    let Some(handover) = planned else {
        let message = "no planned switch is pending: its height has come, or there was none";
        return Err(OperationError::new("nothing_planned", message));
    };
    let back = Switch {
        scope: *scope,
        to: handover.previous,
        at_height: None,
        force: false,
        certificate: None,
    };
    move_lease(guard, &back, at)
}

fn modes(scopes: &[ScopeStatus]) -> Answer {
    let modes: Vec<Value> = scopes
        .iter()
        .map(|status| {
            json!({
                "scope": status.scope,
                "mode": status.mode,
                "cannot": status.mode.map(cannot),
            })
        })
        .collect();
    object(json!({ "modes": modes }))
}

/// What a mode cannot do, as `docs/guard.md` has it.
const fn cannot(mode: opsign_guard::Mode) -> &'static str {
    match mode {
        opsign_guard::Mode::Strict => "sign for a sequencer that announces nothing",
        opsign_guard::Mode::HashOnly => {
            "tell two payloads of one height apart when all it gets is their hashes"
        }
        opsign_guard::Mode::Observe => "prevent anything",
    }
}

fn tickets(scopes: &[ScopeStatus]) -> Answer {
    let mut all = Vec::new();
    for status in scopes {
        for ticket in &status.tickets {
            let mut one = object(json!({ "scope": status.scope }));
            one.append(&mut object(json!(ticket)));
            all.push(Value::Object(one));
        }
    }
    object(json!({ "tickets": all }))
}

/// The members of a value that is an object.
pub(crate) fn object(value: Value) -> Answer {
    match value {
        Value::Object(members) => members,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}
