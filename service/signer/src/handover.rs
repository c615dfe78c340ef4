//! A switch between sequencers: the old one is stopped, the lease is moved, the new one is started
//! on the old one's last block. The lease alone decides who may sign, so wherever this ends, exactly
//! one may; what is left is to start somebody, and the error says whom.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opsign_guard::{Client, Guard, Hex, Mode, Scope};
use opsign_wire::Tls;
use serde_json::{Value, json};

use crate::config::SequencerConfig;
use crate::operation::{
    Answer, Operation, OperationError, Switch, holds_all, next_slot, object, owner, perform,
    status_of,
};
use crate::protection::{self, Protection};
use crate::sequencer::{Head, Sequencer};
use crate::service::Service;

/// How often something that has to come is looked for.
const LOOK: Duration = Duration::from_millis(20);
/// Blocks are gossiped in much less.
const GOSSIP: Duration = Duration::from_secs(3);
/// More than this is a clock that blocks go wrong by: peers take none of more than 5 s ahead.
const MAX_SKEW: f64 = 2.0;

/// Carries out switches, one at a time.
pub(crate) struct Handover {
    pub(crate) service: Arc<Service>,
    pub(crate) sequencers: Vec<SequencerConfig>,
    /// The signing port's certificates, by which a client's is judged.
    pub(crate) tls: Arc<Tls>,
    pub(crate) running: tokio::sync::Mutex<()>,
    /// Whether replays start by themselves; and one at a time.
    pub(crate) replay: bool,
    pub(crate) replaying: tokio::sync::Mutex<()>,
}

/// Whether one thing is as it should be.
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
}

/// The sequencers of one scope.
struct Sides {
    to: Option<Sequencer>,
    others: Vec<Sequencer>,
}

/// What was done, with how long it took.
struct Steps {
    since: Instant,
    done: Vec<Value>,
}

impl Steps {
    fn new() -> Self {
        Self { since: Instant::now(), done: Vec::new() }
    }

    fn add(&mut self, step: String) {
        tracing::info!(ms = self.since.elapsed().as_millis() as u64, "switch: {step}");
        let ms = self.since.elapsed().as_secs_f64() * 1000.0;
        self.done.push(json!({ "ms": (ms * 10.0).round() / 10.0, "step": step }));
    }
}

impl Handover {
    fn protection(&self) -> Result<&Protection, OperationError> {
        let none = || OperationError::new("no_guard", "the config has no guard section");
        self.service.protection.as_ref().ok_or_else(none)
    }

    /// Whether `to` could take over now.
    pub(crate) async fn prepare(&self, switch: &Switch) -> Result<Answer, OperationError> {
        self.service.may_hold(&switch.scope, &switch.to)?;
        let sides = self.sides(&switch.scope, &switch.to)?;
        let checks = self.checks(switch, &sides).await?;
        let ready = checks.iter().all(|check| check.ok);
        let checks: Vec<_> = checks
            .iter()
            .map(|check| json!({ "ok": check.ok, "check": check.name, "detail": check.detail }))
            .collect();
        Ok(object(json!({ "ready": ready, "checks": checks })))
    }

    /// Gives the lease to `to`, with the sequencers that the config names.
    pub(crate) async fn switch(
        self: &Arc<Self>,
        switch: &Switch,
    ) -> Result<Answer, OperationError> {
        self.service.may_hold(&switch.scope, &switch.to)?;
        let Ok(_running) = self.running.try_lock() else {
            return Err(OperationError::new("busy", "another switch is under way"));
        };
        let sides = self.sides(&switch.scope, &switch.to)?;
        if sides.to.is_none() && sides.others.is_empty() {
            return self.move_lease(switch).await;
        }
        if switch.at_height.is_some() {
            let mut answer = self.move_lease(switch).await?;
            self.follow(switch.scope);
            let note = "the sequencers are stopped and started when the height comes";
            answer.insert("sequencers".into(), json!(note));
            return Ok(answer);
        }
        let failing: Vec<String> = (self.checks(switch, &sides).await?)
            .into_iter()
            .filter(|check| !check.ok)
            .map(|check| format!("{}: {}", check.name, check.detail))
            .collect();
        if !failing.is_empty() && !switch.force {
            let message = format!("not ready: {}. Nothing has changed", failing.join("; "));
            return Err(OperationError::new("not_ready", message));
        }
        self.hand_over(switch, &sides).await
    }

    /// Goes on with planned switches that an earlier run of the signer has on record.
    pub(crate) fn resume(self: &Arc<Self>) {
        let Ok(protection) = self.protection() else { return };
        for status in protection.guard().status() {
            let next = next_slot(&status);
            if status.lease.handover.is_some_and(|handover| handover.from > next) {
                self.follow(status.scope);
            }
        }
    }

    /// Waits for a planned switch's height, then stops and starts sequencers.
    fn follow(self: &Arc<Self>, scope: Scope) {
        let this = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = this.wait_and_hand_over(&scope).await {
                tracing::error!(%scope, code = error.code, "ALARM: switch at a height: {error}");
            }
        });
    }

    async fn wait_and_hand_over(&self, scope: &Scope) -> Result<(), OperationError> {
        let guard = self.protection()?.guard();
        let planned = status_of(guard, scope)?.lease;
        let (Some(to), Some(handover)) = (planned.holder.clone(), planned.handover) else {
            return Ok(());
        };
        loop {
            let status = status_of(guard, scope)?;
            if status.lease.epoch != planned.epoch {
                return Ok(());
            }
            if next_slot(&status) >= handover.from {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        let _running = self.running.lock().await;
        let sides = self.sides(scope, &to)?;
        let switch = Switch { scope: *scope, to, at_height: None, force: false, certificate: None };
        self.hand_over(&switch, &sides).await.map(drop)
    }

    /// Gives an op-node the payloads that were let through above its head.
    pub(crate) async fn replay(
        &self,
        scope: &Scope,
        to: &Client,
    ) -> Result<Answer, OperationError> {
        self.service.may_hold(scope, to)?;
        let Ok(_replaying) = self.replaying.try_lock() else {
            return Err(OperationError::new("busy", "another replay is under way"));
        };
        let Some(sequencer) = self.sides(scope, to)?.to else {
            let message = format!("sequencers names none of {to}");
            return Err(OperationError::new("no_sequencer", message));
        };
        let unreachable = |error| OperationError::new("unreachable", error);
        let (head, _) = sequencer.head().await.map_err(unreachable)?;
        let posted = self.post_above(scope, &sequencer, head).await.map_err(unreachable)?;
        let answer = json!({ "client": to, "head": head.number, "posted": posted });
        Ok(object(answer))
    }

    /// An op-node asks for another block where one is recorded: its engine has lost that one.
    pub(crate) fn lost(self: &Arc<Self>, scope: Scope, client: &str) {
        let Some(client) = Client::new(client).filter(|_| self.replay) else { return };
        let this = Arc::clone(self);
        tokio::spawn(async move {
            match this.replay(&scope, &client).await {
                Ok(answer) => tracing::warn!(
                    %scope,
                    %client,
                    posted = %answer["posted"],
                    "op-node asked for another block; it was given the recorded ones"
                ),
                Err(error) => tracing::warn!(%scope, %client, "no replay: {error}"),
            }
        });
    }

    /// How many payloads were posted: those kept right above `head` that are still on record.
    async fn post_above(&self, scope: &Scope, to: &Sequencer, head: Head) -> Result<usize, String> {
        let guard = self.protection().map_err(|error| error.message)?.guard();
        let kept = self.service.payloads.from(scope, head.number + 1);
        let mut posted = 0;
        for payload in kept.map_err(|error| format!("kept payloads: {error}"))? {
            if !guard.knows(scope, &payload.digest()) {
                break;
            }
            to.post(&payload.envelope).await?;
            posted += 1;
        }
        Ok(posted)
    }

    /// Waits until a sequencer's head is this block; halfway through, what it lacks is posted.
    async fn has_block(
        &self,
        scope: &Scope,
        sequencer: &Sequencer,
        hash: &Hex<32>,
    ) -> Result<(), String> {
        let start = Instant::now();
        let mut posted = false;
        loop {
            let (head, _) = sequencer.head().await?;
            if head.hash == *hash {
                return Ok(());
            }
            let waited = start.elapsed();
            if waited >= GOSSIP {
                return Err(format!("{} is at {head} and does not get {hash}", sequencer.client));
            }
            if waited >= GOSSIP / 3 && !posted {
                posted = true;
                self.post_above(scope, sequencer, head).await?;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn sides(&self, scope: &Scope, to: &Client) -> Result<Sides, OperationError> {
        let mut sides = Sides { to: None, others: Vec::new() };
        for config in &self.sequencers {
            let serves = Client::new(&*config.client)
                .is_some_and(|client| self.service.may_hold(scope, &client).is_ok());
            if !serves {
                continue;
            }
            let sequencer =
                Sequencer::new(config).map_err(|what| OperationError::new("bad_address", what))?;
            if config.client == to.as_str() {
                sides.to = Some(sequencer);
            } else {
                sides.others.push(sequencer);
            }
        }
        Ok(sides)
    }

    async fn checks(&self, switch: &Switch, sides: &Sides) -> Result<Vec<Check>, OperationError> {
        let mut checks = vec![self.certificate(switch)];
        for other in &sides.others {
            let active = other.active().await;
            checks.push(Check {
                name: "other sequencer",
                ok: active.is_ok(),
                detail: match active {
                    Ok(active) => {
                        format!("{} answers, active: {active}", other.client)
                    }
                    Err(error) => format!("{} does not answer: {error}", other.client),
                },
            });
        }
        let Some(to) = &sides.to else {
            let detail = format!("sequencers names none of {}: start it yourself", switch.to);
            checks.push(Check { name: "sequencer", ok: false, detail });
            return Ok(checks);
        };
        let (active, head) = (to.active().await, to.head().await);
        let holds = holds_all(&status_of(self.protection()?.guard(), &switch.scope)?, &switch.to);
        checks.push(match active {
            Ok(active) => Check {
                name: "sequencer",
                ok: !active || holds,
                detail: format!("{} answers, active: {active}", to.client),
            },
            Err(error) => Check { name: "sequencer", ok: false, detail: error },
        });
        match head {
            Err(error) => checks.push(Check { name: "head", ok: false, detail: error }),
            Ok((_, ahead)) => {
                checks.push(Check {
                    name: "clock",
                    ok: ahead.is_none_or(|ahead| ahead.abs() <= MAX_SKEW),
                    detail: match ahead {
                        Some(ahead) => format!("{ahead:+.1} s from ours"),
                        None => "unknown: it sends no date".to_owned(),
                    },
                });
                checks.push(self.same_head(&switch.scope, to, &sides.others).await?);
            }
        }
        Ok(checks)
    }

    fn certificate(&self, switch: &Switch) -> Check {
        let name = "certificate";
        let fail = |detail| Check { name, ok: false, detail };
        let now = protection::now() / 1000;
        let (how, not_after) = match &switch.certificate {
            Some(pem) => match self.tls.judge(pem.as_bytes()) {
                Err(error) => return fail(error.to_string()),
                Ok(client) if client.name() != switch.to.as_str() => {
                    return fail(format!("it names {}, not {}", client.name(), switch.to));
                }
                Ok(client) => ("given".to_owned(), client.not_after()),
            },
            None => match self.service.seen.get(switch.to.as_str()) {
                None => {
                    return fail(
                        "the client has not connected since the signer started: give its \
                         certificate with --certificate"
                            .to_owned(),
                    );
                }
                Some(seen) => {
                    let ago = now.saturating_sub(seen.at);
                    (format!("seen {ago} s ago"), Some(seen.not_after))
                }
            },
        };
        let left = not_after.unwrap_or(0) - i64::try_from(now).unwrap_or(i64::MAX);
        let detail = format!("{how}, ends in {} days", left.div_euclid(86_400));
        Check { name, ok: left > 0, detail }
    }

    /// Whether the new sequencer has what was signed last. While the old one goes on, it is so for
    /// most of a block time, so it is waited for.
    async fn same_head(
        &self,
        scope: &Scope,
        to: &Sequencer,
        others: &[Sequencer],
    ) -> Result<Check, OperationError> {
        let until = Instant::now() + GOSSIP;
        loop {
            let wanted = self.last_block(scope, others).await?;
            let has = to.head().await.map(|(head, _)| head);
            let (ok, detail) = match (wanted, has) {
                (_, Err(error)) => (false, error),
                (None, Ok(head)) => (true, format!("at {head}; nothing to compare it with")),
                (Some(wanted), Ok(head)) if wanted.hash == head.hash => {
                    (true, format!("at {head}"))
                }
                (Some(wanted), Ok(head)) => (false, format!("at {head}, not at {wanted}")),
            };
            if ok || Instant::now() >= until {
                return Ok(Check { name: "head", ok, detail });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The block recorded last, or where only hashes are known, the head of who makes blocks.
    async fn last_block(
        &self,
        scope: &Scope,
        others: &[Sequencer],
    ) -> Result<Option<Head>, OperationError> {
        let status = status_of(self.protection()?.guard(), scope)?;
        if let Some(block) = status.tip_block {
            return Ok(Some(Head { number: block.number, hash: block.block_hash }));
        }
        for other in others {
            if let (Ok(true), Ok((head, _))) = (other.active().await, other.head().await) {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    async fn hand_over(&self, switch: &Switch, sides: &Sides) -> Result<Answer, OperationError> {
        let mut steps = Steps::new();
        let before = status_of(self.protection()?.guard(), &switch.scope)?;
        let previous = owner(&before, next_slot(&before)).cloned();
        let mut last = None;
        for other in &sides.others {
            match stop(other).await {
                Ok(Some(hash)) => {
                    steps.add(format!("{} stopped at {hash}", other.client));
                    last = Some(hash);
                }
                Ok(None) => {}
                Err(error) if switch.force => steps.add(format!("passed over: {error}")),
                Err(error) => {
                    return Err(self.broken("stop_failed", error, switch, sides).await);
                }
            }
        }
        if last.is_none() {
            last = self.last_block(&switch.scope, &[]).await?.map(|block| block.hash);
        }
        if let (Some(to), Some(hash)) = (&sides.to, last)
            && let Err(error) = self.has_block(&switch.scope, to, &hash).await
            && !switch.force
        {
            let back = self.go_back(switch, previous.as_ref(), sides).await;
            let error = format!("{error}. {back}");
            return Err(self.broken("head_differs", error, switch, sides).await);
        }
        let mut answer = match self.move_lease(switch).await {
            Ok(answer) => answer,
            Err(error) => {
                let back = self.go_back(switch, previous.as_ref(), sides).await;
                let error = format!("the lease did not move: {error}. {back}");
                return Err(self.broken("record_failed", error, switch, sides).await);
            }
        };
        steps.add(format!("{} holds the lease", switch.to));
        if let Some(to) = &sides.to {
            if let Err(error) = start(to).await {
                let back = self.go_back(switch, previous.as_ref(), sides).await;
                let error = format!("{error}. {back}");
                return Err(self.broken("start_failed", error, switch, sides).await);
            }
            steps.add(format!("{} started", to.client));
        }
        answer.insert("steps".into(), Value::Array(steps.done));
        Ok(answer)
    }

    async fn move_lease(&self, switch: &Switch) -> Result<Answer, OperationError> {
        let (service, switch) = (Arc::clone(&self.service), switch.clone());
        // It waits for what is in flight, and for the disk.
        let moved = tokio::task::spawn_blocking(move || {
            let none = || OperationError::new("no_guard", "the config has no guard section");
            let guard = service.protection.as_ref().ok_or_else(none)?.guard();
            move_lease(&service, guard, &switch)
        });
        moved.await.unwrap_or_else(|error| Err(OperationError::new("bug", error.to_string())))
    }

    /// Gives lease and work back to who had them, if they can be had; in words.
    async fn go_back(&self, switch: &Switch, previous: Option<&Client>, sides: &Sides) -> String {
        let Some(previous) = previous.filter(|previous| **previous != switch.to) else {
            return "There is nobody to go back to".to_owned();
        };
        if let Some(to) = &sides.to
            && let Err(error) = stop(to).await
        {
            return format!("Not gone back, since {} may have started: {error}", to.client);
        }
        let back = Switch { to: previous.clone(), ..switch.clone() };
        if let Err(error) = self.move_lease(&back).await {
            return format!("The lease did not go back to {previous}: {error}");
        }
        let Some(old) = sides.others.iter().find(|other| other.client == previous.as_str()) else {
            return format!("{previous} holds the lease again");
        };
        match start(old).await {
            Ok(()) => format!("Gone back: {previous} holds the lease and makes blocks again"),
            Err(error) => format!("{previous} holds the lease again, but does not start: {error}"),
        }
    }

    /// A failure, with the state of all three and how to go on.
    async fn broken(
        &self,
        code: &str,
        error: String,
        switch: &Switch,
        sides: &Sides,
    ) -> OperationError {
        let mut states = Vec::new();
        for side in sides.others.iter().chain(&sides.to) {
            states.push(side.state().await);
        }
        let guard = self.protection().map(Protection::guard);
        let lease = guard.and_then(|guard| status_of(guard, &switch.scope)).map(|status| {
            let next = next_slot(&status);
            let holder = owner(&status, next).map_or("nobody".to_owned(), Client::to_string);
            format!("{holder} holds the lease (epoch {})", status.lease.epoch)
        });
        states.extend(lease);
        let message = format!(
            "{error}. Now {}. Ask for the same switch again to go on, or for one to whoever is to \
             have it",
            states.join("; ")
        );
        OperationError::new(code, message)
    }
}

/// Moves the lease and nothing else.
fn move_lease(service: &Service, guard: &Guard, switch: &Switch) -> Result<Answer, OperationError> {
    let before = status_of(guard, &switch.scope)?;
    let answer = perform(guard, &Operation::Switch(switch.clone()), protection::now())?;
    // Where heights are known, nobody else gets the slot of what is still in the old holder's
    // socket; where they are not, its bytes should not be read any more.
    let old = before.lease.holder.filter(|old| *old != switch.to);
    if let (Some(old), Some(Mode::HashOnly)) = (old, before.mode) {
        service.closer.close(old.as_str());
    }
    Ok(answer)
}

/// Stops a sequencer if it is active: the hash of its last block.
async fn stop(sequencer: &Sequencer) -> Result<Option<Hex<32>>, String> {
    if sequencer.active().await? { sequencer.stop().await.map(Some) } else { Ok(None) }
}

/// Starts a sequencer on its own head, if it is not active. The guard refuses what does not extend
/// the last block.
async fn start(sequencer: &Sequencer) -> Result<(), String> {
    if sequencer.active().await? {
        return Ok(());
    }
    let (head, _) = sequencer.head().await?;
    sequencer.start(&head).await
}
