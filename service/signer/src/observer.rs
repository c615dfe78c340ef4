//! Alarms where nothing protects: two clients at one key, a second block at one height, twice as many
//! new blocks as usual. It looks at what was signed, on a thread of its own, so that signing neither
//! waits for it nor can be stopped by it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use opsign_core::PayloadHash;
use opsign_guard::{Client, Decision, Guard, Hex, Mode, Request, Rule, RuleSet, Scope};

use crate::metrics::Metrics;
use crate::protection;

/// Blocks that may wait to be looked at. More are counted and let go.
const ROOM: usize = 1024;
/// Blocks are looked at together, this long apart: a thread that wakes up for each one takes a quarter
/// of a busy core from those that sign.
const REST: Duration = Duration::from_millis(5);
/// Two clients within this long are at work at once. Also the time over which blocks are counted.
const WINDOW_MS: u64 = 60_000;
/// Fewer blocks than this in a window say nothing of what is usual.
const FEWEST: u64 = 10;

/// A block payload that was signed.
pub(crate) struct SignedBlock {
    pub(crate) scope: Scope,
    pub(crate) client: String,
    /// Milliseconds since 1970.
    pub(crate) at: u64,
    pub(crate) hash: PayloadHash,
    /// The bytes, if they came along.
    pub(crate) payload: Option<Vec<u8>>,
}

/// Takes signed blocks to the thread that looks at them.
pub(crate) struct Observer {
    blocks: SyncSender<SignedBlock>,
    metrics: Arc<Metrics>,
}

impl Observer {
    /// Starts the thread; it ends with the observer.
    pub(crate) fn start(metrics: Arc<Metrics>) -> std::io::Result<Self> {
        let (blocks, received) = sync_channel(ROOM);
        let for_thread = Arc::clone(&metrics);
        std::thread::Builder::new()
            .name("observe".into())
            .spawn(move || watch(&received, &for_thread))?;
        Ok(Self { blocks, metrics })
    }

    /// Never waits.
    pub(crate) fn signed(&self, block: SignedBlock) {
        if let Err(TrySendError::Full(_)) = self.blocks.try_send(block) {
            self.metrics.alarms.with_label_values(&["missed"]).inc();
        }
    }
}

struct Watched {
    guard: Guard,
    scopes: HashMap<Scope, Habits>,
}

/// What is usual in a scope.
#[derive(Default)]
struct Habits {
    client: String,
    seen: u64,
    /// When the alarm about two clients was raised last.
    two_clients: Option<u64>,
    pace: Pace,
}

fn watch(blocks: &Receiver<SignedBlock>, metrics: &Metrics) {
    let mut watched = Watched { guard: Guard::volatile(), scopes: HashMap::new() };
    while let Ok(first) = blocks.recv() {
        for block in std::iter::once(first).chain(blocks.try_iter()) {
            watched.report(&block, metrics);
        }
        std::thread::sleep(REST);
    }
}

impl Watched {
    fn report(&mut self, block: &SignedBlock, metrics: &Metrics) {
        for (rule, what) in self.look(block) {
            metrics.alarms.with_label_values(&[rule]).inc();
            tracing::error!(
                rule,
                scope = %block.scope,
                client = block.client,
                payload_hash = %block.hash,
                "ALARM: {what}"
            );
        }
    }

    /// The alarms that a signed block raises, each with a sentence.
    fn look(&mut self, block: &SignedBlock) -> Vec<(&'static str, String)> {
        let mut alarms = Vec::new();
        if !self.scopes.contains_key(&block.scope) {
            let rules = vec![Rule::UniqueSlot, Rule::ParentLink];
            // Only fails where a record does.
            let _ = self.guard.configure(block.scope, RuleSet { mode: Mode::Observe, rules });
        }
        let habits = self.scopes.entry(block.scope).or_default();
        if let Some(what) = habits.other_client(&block.client, block.at) {
            alarms.push(("two_clients", what));
        }
        if !self.guard.knows(&block.scope, &Hex(*block.hash.as_bytes()))
            && let Some(what) = habits.pace.one_more(block.at)
        {
            alarms.push(("double_rate", what));
        }
        let Some(client) = Client::new(block.client.as_str()) else { return alarms };
        let request = match block.payload.as_deref().and_then(protection::facts) {
            Some(facts) => Request::block(block.scope, client, block.at, &block.hash, facts),
            None => Request::payload_hash(block.scope, client, block.at, &block.hash),
        };
        if let Decision::Reserved(reservation) = self.guard.reserve(&request).wait()
            && let Some(broken) = reservation.alarm()
        {
            alarms.push((broken.name(), format!("signed what the guard would refuse: {broken}")));
        }
        alarms
    }
}

impl Habits {
    fn other_client(&mut self, client: &str, at: u64) -> Option<String> {
        let recent = |then: u64| at.saturating_sub(then) < WINDOW_MS;
        let two = !self.client.is_empty() && self.client != client && recent(self.seen);
        let said = self.two_clients.is_some_and(recent);
        let what = format!("{} and {client} ask for one key's blocks at once", self.client);
        self.seen = at;
        if self.client != client {
            client.clone_into(&mut self.client);
        }
        (two && !said).then(|| {
            self.two_clients = Some(at);
            what
        })
    }
}

/// How many new blocks a window has, against what is usual.
#[derive(Default)]
struct Pace {
    start: u64,
    count: u64,
    usual: Option<u64>,
    said: bool,
}

impl Pace {
    fn one_more(&mut self, at: u64) -> Option<String> {
        let age = at.saturating_sub(self.start);
        if age >= WINDOW_MS {
            // A window that was followed by a pause, or that had too many, says nothing.
            if age < 2 * WINDOW_MS && self.count >= FEWEST && !self.said {
                let count = self.count;
                self.usual = Some(self.usual.map_or(count, |usual| (3 * usual + count) / 4));
            }
            (self.start, self.count, self.said) = (at, 0, false);
        }
        self.count += 1;
        let usual = self.usual?;
        (!self.said && self.count * 4 > usual * 7).then(|| {
            self.said = true;
            format!("{} new blocks within a minute, and {usual} are usual", self.count)
        })
    }
}

#[cfg(test)]
mod tests {
    use opsign_core::{Address, ChainId, Domain};

    use super::*;

    fn watched() -> Watched {
        Watched { guard: Guard::volatile(), scopes: HashMap::new() }
    }

    fn block(client: &str, number: u64, at: u64) -> SignedBlock {
        let key = Address::from_bytes([1; 20]);
        SignedBlock {
            scope: Scope::blocks(&key, &ChainId::from(10), &Domain::BLOCKS_V1),
            client: client.into(),
            at,
            hash: PayloadHash::of(&number.to_be_bytes()),
            payload: None,
        }
    }

    fn rules(watched: &mut Watched, block: &SignedBlock) -> Vec<&'static str> {
        watched.look(block).into_iter().map(|(rule, _)| rule).collect()
    }

    #[test]
    fn two_clients_at_once_are_reported_once_a_minute() {
        let mut watched = watched();
        assert!(rules(&mut watched, &block("a", 1, 0)).is_empty());
        assert_eq!(rules(&mut watched, &block("b", 1, 1_000)), ["two_clients"]);
        assert!(rules(&mut watched, &block("a", 2, 2_000)).is_empty());
        assert_eq!(rules(&mut watched, &block("b", 3, 61_500)), ["two_clients"]);
        // One after the other is no alarm.
        assert!(rules(&mut watched, &block("a", 4, 200_000)).is_empty());
    }

    #[test]
    fn twice_the_usual_blocks_are_reported_once() {
        let mut watched = watched();
        let mut said = Vec::new();
        for number in 0..90 {
            said.extend(rules(&mut watched, &block("a", number, number * 2_000)));
            // A repeated request is no block.
            said.extend(rules(&mut watched, &block("a", number, number * 2_000 + 5)));
        }
        assert!(said.is_empty(), "{said:?}");
        for number in 90..150 {
            let at = 180_000 + (number - 90) * 1_000;
            said.extend(rules(&mut watched, &block("a", number, at)));
        }
        assert_eq!(said, ["double_rate"]);
    }

    #[test]
    fn a_pause_and_a_slow_start_are_nothing_unusual() {
        let mut pace = Pace::default();
        let mut said = 0;
        for number in 0..60 {
            said += usize::from(pace.one_more(number * 2_000).is_some());
        }
        // An hour of nothing, then the same pace.
        for number in 0..60 {
            said += usize::from(pace.one_more(3_720_000 + number * 2_000).is_some());
        }
        assert_eq!((said, pace.usual), (0, Some(30)));
    }
}
