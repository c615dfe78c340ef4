//! Between what a message says and its signature: the guard.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use opsign_guard::{
    Client, Decision, Failure, Guard, Hex, Refusal, Request, RuleSet, Scope, StatementFacts,
};
use tokio::time::{Instant, timeout_at};

use crate::blake2::blake2_256;
use crate::kept::Kept;
use crate::message::Claim;
use crate::slot::{OutOfRange, slot};

/// Slots that a block may be ahead of the clock.
const AHEAD: u64 = 10;

/// The guard, and what the config says beside it.
pub(crate) struct Protection {
    guard: Guard,
    rules: RuleSet,
    /// Milliseconds since 1970 before which no consensus key signs.
    not_before: u64,
    /// Milliseconds of a slot, where slots are counted from 1970; 0 where they are not.
    slot_time: u64,
    known: Mutex<HashSet<Scope>>,
}

/// Why nothing is signed.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A rule forbids it.
    Refused(Refusal),
    /// It is beyond what any chain has.
    OutOfRange(OutOfRange),
    /// The slot is too far in the future.
    AheadOfClock,
    /// The waiting time after a lost record is not over.
    Waiting,
    /// The guard has no answer.
    Unavailable(String),
    /// The guard had none in time.
    Late,
}

impl Stop {
    /// A name for metrics and logs.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.name(),
            Self::OutOfRange(_) => "out_of_range",
            Self::AheadOfClock => "ahead_of_clock",
            Self::Waiting => "waiting",
            Self::Unavailable(_) => "unavailable",
            Self::Late => "late",
        }
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "guard: {refusal}"),
            Self::OutOfRange(error) => write!(f, "guard: {error}"),
            Self::AheadOfClock => f.write_str("guard: the slot is ahead of the clock"),
            Self::Waiting => f.write_str("guard: consensus keys wait until guard.notBefore"),
            Self::Unavailable(what) => write!(f, "guard: {what}"),
            Self::Late => f.write_str("guard: no answer within the deadline"),
        }
    }
}

impl Protection {
    pub(crate) fn new(guard: Guard, rules: RuleSet, not_before: u64, slot_time: u64) -> Self {
        Self { guard, rules, not_before, slot_time, known: Mutex::default() }
    }

    pub(crate) const fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Whether a key may sign a message that says this. The yes is durable. In `observe` it is yes
    /// where there is an answer at all, with what forbids it otherwise.
    pub(crate) async fn permit(
        &self,
        key: &Kept,
        client: &str,
        message: &[u8],
        claim: &Claim,
        deadline: Instant,
    ) -> Result<Option<Stop>, Stop> {
        let now = now();
        let place = match slot(claim) {
            Ok(place) => place,
            Err(error) => return self.against(Stop::OutOfRange(error)).map(Some),
        };
        let protected = place.is_some() || matches!(claim, Claim::Statement { .. });
        if !protected {
            return Ok(None);
        }
        let early = self.early(now, claim).map(|stop| self.against(stop)).transpose()?;
        let scope = self.scope(key).map_err(Stop::Unavailable)?;
        let client = Client::new(client);
        let client =
            client.ok_or_else(|| Stop::Unavailable("the client's name is too long".into()))?;
        let digest = Hex(blake2_256(&[message]));
        let request = match claim {
            Claim::Statement { session, stance, candidates } => {
                let mut candidates = candidates.iter().copied().map(Hex);
                let Some(candidate) = candidates.next() else { return Ok(early) };
                let facts = StatementFacts { session: *session, candidate, stance: *stance };
                Request::statement(scope, client, now, digest, facts, candidates.collect())
            }
            _ => Request::vote(scope, client, now, digest, place.unwrap_or_default()),
        };
        let answer = timeout_at(deadline, self.guard.reserve(&request)).await;
        match answer.map_err(|_| Stop::Late)? {
            Decision::Recorded(broken) => Ok(broken.map(Stop::Refused).or(early)),
            Decision::Refused(refusal) => Err(Stop::Refused(refusal)),
            Decision::Failed(failure) => Err(self.unavailable(failure)),
            // Neither is ever given for a session key.
            Decision::Reserved(_) | Decision::Stored(_) => {
                Err(Stop::Unavailable("an answer for another kind of key".into()))
            }
        }
    }

    /// What the clock says against it.
    fn early(&self, now: u64, claim: &Claim) -> Option<Stop> {
        if now < self.not_before {
            return Some(Stop::Waiting);
        }
        match claim {
            Claim::Block { slot } if self.slot_time > 0 => {
                let last = (now / self.slot_time).saturating_add(AHEAD);
                (*slot > last).then_some(Stop::AheadOfClock)
            }
            _ => None,
        }
    }

    /// What is said in `observe`, and done otherwise.
    fn against(&self, stop: Stop) -> Result<Stop, Stop> {
        if self.rules.is_observing() { Ok(stop) } else { Err(stop) }
    }

    /// A key's scope, which is given its rules when it is used for the first time.
    fn scope(&self, key: &Kept) -> Result<Scope, String> {
        let scope = scope_of(key).ok_or("the key has no scope")?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(&scope) {
            let configured = self.guard.configure(scope, self.rules.clone());
            configured.map_err(|error| error.to_string())?;
            known.insert(scope);
        }
        Ok(scope)
    }

    fn unavailable(&self, failure: Failure) -> Stop {
        Stop::Unavailable(match self.guard.trouble() {
            Some(trouble) => format!("{failure}: {trouble}"),
            None => failure.to_string(),
        })
    }
}

/// The scope of a key.
pub(crate) fn scope_of(key: &Kept) -> Option<Scope> {
    let public = key.public();
    Scope::session(key.key_type().letters(), public.scheme().name(), public.as_bytes())
}

/// The time in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
