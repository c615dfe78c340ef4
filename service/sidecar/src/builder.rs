//! One builder: what is sent to it in order, whether it follows the chain, whether it is trusted
//! with a slot.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval, timeout_at};

use crate::answer::Answer;
use crate::backfill::{self, Filled};
use crate::body::{Body, MAX_BODY};
use crate::breaker::Breaker;
use crate::chain;
use crate::peer::Peer;
use crate::pool::PeerError;
use crate::pool_calls::PoolCalls;

/// Tasks that wait at the most.
const MOST: usize = 64;

/// Blocks to build that wait at the most.
const MOST_ORDERS: usize = 4;

/// How long heads and blocks for a builder wait, for others to come and for op-node to be answered.
const PAUSE: Duration = Duration::from_millis(1);

/// A builder that turned out not to follow is looked at again after this.
const SOON: Duration = Duration::from_millis(200);

/// For a small question to be answered.
const QUESTION: Duration = Duration::from_secs(1);

/// What the builder knows of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    /// Nobody has asked yet.
    Unknown,
    /// It does not answer.
    Unreachable,
    /// It lacks blocks.
    Behind,
    /// It has the local engine's head.
    Synced,
}

impl Sync {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unreachable => "unreachable",
            Self::Behind => "behind",
            Self::Synced => "synced",
        }
    }
}

/// What a builder's answer to an order is: its own id for the block, or why there is none.
pub(crate) type OrderId = Option<Result<String, &'static str>>;

/// A builder.
pub(crate) struct Builder {
    pub(crate) name: String,
    /// For what op-node waits for.
    pub(crate) critical: Peer,
    pub(crate) pool: PoolCalls,
    /// For everything else.
    follow: Peer,
    queue: Mutex<Queue>,
    wake: Notify,
    state: Mutex<State>,
    /// For one call that changes the chain.
    patience: Duration,
}

struct State {
    sync: Sync,
    breaker: Breaker,
    /// It was said that it is too far behind.
    left_alone: bool,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Task>,
    bytes: usize,
    dropped: u64,
}

enum Task {
    /// In pieces: it may be large, and nobody reads it here.
    NewPayload(Vec<Bytes>),
    ForkChoice(Bytes),
    Order(Bytes, watch::Sender<OrderId>),
}

impl Task {
    const fn is_order(&self) -> bool {
        matches!(self, Self::Order(..))
    }
}

impl Builder {
    pub(crate) fn new(
        name: String,
        critical: Peer,
        follow: Peer,
        pool: PoolCalls,
        block_time: Duration,
    ) -> Self {
        Self {
            name,
            critical,
            pool,
            follow,
            queue: Mutex::default(),
            wake: Notify::new(),
            state: Mutex::new(State {
                sync: Sync::Unknown,
                breaker: Breaker::new(block_time * 3),
                left_alone: false,
            }),
            patience: (block_time * 2).max(Duration::from_secs(2)),
        }
    }

    /// Whether it may be asked for a block now. Taken for an order: a breaker that is half open lets
    /// one through.
    pub(crate) fn takes_orders(&self) -> bool {
        let mut state = self.state();
        state.sync == Sync::Synced && state.breaker.lets_through(Instant::now())
    }

    pub(crate) fn sync(&self) -> Sync {
        self.state().sync
    }

    pub(crate) fn breaker_open(&self) -> bool {
        self.state().breaker.is_open()
    }

    /// Tasks that were not done because too many waited.
    pub(crate) fn dropped(&self) -> u64 {
        self.queue().dropped
    }

    /// Notes how a slot went. True if the breaker has changed.
    pub(crate) fn note(&self, good: bool) -> bool {
        let mut state = self.state();
        let before = state.breaker.is_open();
        if good {
            state.breaker.succeeded();
        } else {
            state.breaker.failed(Instant::now());
        }
        before != state.breaker.is_open()
    }

    /// Sends a block on, behind everything that waits. If too much does, it is left out: the builder
    /// will say that it lacks a block, and be given it then.
    pub(crate) fn relay_payload(&self, call: Vec<Bytes>) {
        let mut queue = self.queue();
        let length = length(&call);
        if queue.tasks.len() >= MOST || queue.bytes + length > 2 * MAX_BODY {
            queue.dropped += 1;
            return;
        }
        queue.bytes += length;
        queue.tasks.push_back(Task::NewPayload(call));
        drop(queue);
        self.wake.notify_one();
    }

    /// Sends a head on. Only the newest one waits.
    pub(crate) fn relay_head(&self, call: Bytes) {
        let mut queue = self.queue();
        queue.tasks.retain(|task| !matches!(task, Task::ForkChoice(_)));
        queue.tasks.push_back(Task::ForkChoice(call));
        drop(queue);
        self.wake.notify_one();
    }

    /// Asks for a block, behind everything that waits.
    pub(crate) fn order(&self, call: Bytes) -> watch::Receiver<OrderId> {
        let (sender, receiver) = watch::channel(None);
        let mut queue = self.queue();
        queue.tasks.retain(|task| !matches!(task, Task::ForkChoice(_)));
        if queue.tasks.iter().filter(|task| task.is_order()).count() >= MOST_ORDERS
            && let Some(oldest) = queue.tasks.iter().position(Task::is_order)
        {
            queue.tasks.remove(oldest);
        }
        queue.tasks.push_back(Task::Order(call, sender));
        drop(queue);
        self.wake.notify_one();
        receiver
    }

    /// Does what waits, in order, and looks after the builder in between. Never returns.
    pub(crate) async fn run(self: Arc<Self>, local: Arc<Peer>, block_time: Duration) {
        let mut ticks = interval(block_time.min(Duration::from_secs(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            match self.sync() {
                Sync::Unreachable => self.abandon(),
                Sync::Synced | Sync::Behind | Sync::Unknown => {
                    while let Some(task) = self.next() {
                        self.carry_out(task).await;
                    }
                }
            }
            let soon = self.sync() == Sync::Behind;
            tokio::select! {
                () = self.wake.notified() => {
                    self.pause().await;
                    continue;
                }
                _ = ticks.tick() => {}
                () = tokio::time::sleep(SOON), if soon => {}
            }
            self.look(&local).await;
        }
    }

    /// Leaves the machine to op-node's own call, which goes on while this one waits; a block to build
    /// does not.
    async fn pause(&self) {
        let over = tokio::time::Instant::now() + PAUSE;
        while !self.queue().tasks.iter().any(Task::is_order)
            && timeout_at(over, self.wake.notified()).await.is_ok()
        {}
    }

    fn next(&self) -> Option<Task> {
        let mut queue = self.queue();
        let task = queue.tasks.pop_front()?;
        if let Task::NewPayload(call) = &task {
            queue.bytes -= length(call);
        }
        Some(task)
    }

    /// Drops what waits for a builder that is away; it gets the blocks when it is back.
    fn abandon(&self) {
        let mut queue = self.queue();
        queue.bytes = 0;
        for task in queue.tasks.drain(..) {
            if let Task::Order(_, sender) = task {
                sender.send_replace(Some(Err("unreachable")));
            }
        }
    }

    async fn carry_out(&self, task: Task) {
        match task {
            Task::NewPayload(call) => {
                let answer = self.ask(Body::pieces(call)).await;
                self.judge(&answer);
            }
            Task::ForkChoice(call) => {
                let answer = self.ask(call.into()).await;
                self.judge(&answer);
            }
            Task::Order(call, sender) => {
                let answer = self.ask(call.into()).await;
                self.judge(&answer);
                let id = match answer {
                    Ok(Answer::Status { payload_id: Some(id), .. }) => Ok(id),
                    Ok(Answer::Status { .. }) => Err("noId"),
                    Ok(Answer::Error) => Err("error"),
                    Err(PeerError::Late) => Err("late"),
                    Err(_) => Err("unreachable"),
                };
                // Nobody may wait any more.
                sender.send_replace(Some(id));
            }
        }
    }

    async fn ask(&self, call: Body) -> Result<Answer, PeerError> {
        let answer = self.follow.call(call, self.patience).await?;
        Answer::read(&answer)
    }

    /// Learns from an answer where the builder stands.
    fn judge(&self, answer: &Result<Answer, PeerError>) {
        match answer {
            Ok(Answer::Status { status, .. }) => match &**status {
                "VALID" => self.become_sync(Sync::Synced),
                // It lacks blocks, or disagrees about the chain: a look will tell.
                _ => self.become_sync(Sync::Behind),
            },
            // It answers, and that is all that is known.
            Ok(Answer::Error) => {}
            Err(error) => {
                tracing::debug!(builder = self.name, %error, "no answer");
                self.become_sync(Sync::Unreachable);
            }
        }
    }

    fn become_sync(&self, new: Sync) {
        let mut state = self.state();
        let old = std::mem::replace(&mut state.sync, new);
        state.left_alone &= new != Sync::Synced;
        drop(state);
        if old != new {
            tracing::debug!(builder = self.name, from = old.name(), to = new.name(), "builder");
        }
    }

    /// Compares its head with the local one, and gives it the blocks that it lacks.
    async fn look(&self, local: &Peer) {
        let filled = match chain::compare(local, &self.follow, QUESTION).await {
            Ok(true) => Ok(Filled::Whole),
            Ok(false) => backfill::fill(local, &self.follow, QUESTION, self.patience).await,
            Err(trouble) => Err(trouble),
        };
        match filled {
            Ok(Filled::Whole) => self.become_sync(Sync::Synced),
            Ok(Filled::Stuck) => self.become_sync(Sync::Behind),
            Ok(Filled::TooFar) => {
                self.become_sync(Sync::Behind);
                if !std::mem::replace(&mut self.state().left_alone, true) {
                    tracing::warn!(
                        builder = self.name,
                        most = backfill::MOST,
                        "the builder lacks more blocks than are filled in, or is on another chain: \
                         it must sync by itself"
                    );
                }
            }
            Err(chain::Trouble::Builder(error)) => {
                tracing::debug!(builder = self.name, %error, "no answer");
                self.become_sync(Sync::Unreachable);
            }
            Err(chain::Trouble::Local(error)) => {
                tracing::debug!(%error, "the local engine does not say what its head is");
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn length(pieces: &[Bytes]) -> usize {
    pieces.iter().map(Bytes::len).sum()
}
