//! Rules as data: a scope has a mode and a list of rules, and each rule can say no.

mod block;
mod rate;
mod statement;
mod transaction;

use serde::{Deserialize, Serialize};

use crate::decision::Refusal;
use crate::request::{Facts, Request};
use crate::state::ScopeState;

pub use transaction::ReplacementMode;

/// What a scope promises. `docs/guard.md` says what each mode can and cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// What breaks a rule is refused, and so is a block payload that was not announced.
    Strict,
    /// What breaks a rule is refused; blocks may be known by their hash alone, which bounds
    /// equivocation by lease and rate and does not prevent it.
    HashOnly,
    /// Nothing is refused: what breaks a rule is signed, recorded and reported.
    Observe,
}

impl Mode {
    /// The name in config, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::HashOnly => "hash-only",
            Self::Observe => "observe",
        }
    }
}

/// One thing that must hold. A rule about slots says nothing of a request without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The client holds the lease for this slot.
    Lease,
    /// The slot is not below the scope's floor.
    Floor,
    /// A new block is at most this much older or newer than now, in milliseconds. Peers reject
    /// blocks of more than 60 s before and 5 s after (rollup-node P2P specification).
    Window {
        /// Milliseconds into the past.
        past: u64,
        /// Milliseconds into the future.
        future: u64,
    },
    /// A new block or vote stands above every recorded one.
    UniqueSlot,
    /// A statement contradicts none about the same candidate.
    Consistent,
    /// A block right above the last one has it as its parent.
    ParentLink,
    /// A slot is at most this far above the last one.
    MaxGap(u64),
    /// What else may be signed at a nonce.
    Replacement {
        /// The kind of replacement.
        mode: ReplacementMode,
        /// The most of them per nonce.
        most: usize,
    },
    /// The most wei that transactions of a span of time can take: per nonce the dearest counts.
    Spend {
        /// Milliseconds.
        window: u64,
        /// Wei.
        most: u128,
    },
    /// A token bucket on new digests.
    Rate {
        /// How many may come at once.
        burst: u64,
        /// Milliseconds until one more may come.
        refill: u64,
    },
}

/// A scope's mode and rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// The mode.
    pub mode: Mode,
    /// The rules, asked in order.
    pub rules: Vec<Rule>,
}

/// A new block's place in time, as peers see it: 60 s back, 5 s ahead.
const WINDOW: Rule = Rule::Window { past: 60_000, future: 5_000 };

impl RuleSet {
    /// Block payloads in `strict`. Add [`Rule::Lease`] where several clients share a key.
    pub fn blocks_strict() -> Self {
        let rules = vec![Rule::Floor, WINDOW, Rule::UniqueSlot, Rule::ParentLink];
        Self { mode: Mode::Strict, rules }
    }

    /// Block payloads in `hash-only`, for a chain that makes a block every `block_time`
    /// milliseconds: one new hash per block, and at once no more than peers would still take.
    pub fn blocks_hash_only(block_time: u64) -> Self {
        let refill = block_time.max(1);
        let rate = Rule::Rate { burst: 65_000_u64.div_ceil(refill), refill };
        let mut rules = Self::blocks_strict().rules;
        rules.insert(0, Rule::Lease);
        rules.push(rate);
        Self { mode: Mode::HashOnly, rules }
    }

    /// Transactions: `bump`, at most 20 replacements, at most 16 nonces ahead.
    pub fn transactions() -> Self {
        let replacement = Rule::Replacement { mode: ReplacementMode::Bump, most: 20 };
        Self { mode: Mode::Strict, rules: vec![Rule::Floor, Rule::MaxGap(16), replacement] }
    }

    /// What a session key signs: every slot once and none below it, no contradictions.
    pub fn session() -> Self {
        let rules = vec![Rule::Floor, Rule::UniqueSlot, Rule::Consistent];
        Self { mode: Mode::Strict, rules }
    }

    /// The same rules, broken without consequence but for the report.
    pub fn observing(self) -> Self {
        Self { mode: Mode::Observe, ..self }
    }

    /// Whether they are broken without consequence.
    pub fn is_observing(&self) -> bool {
        self.mode == Mode::Observe
    }

    /// Adds a rule.
    pub fn with(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
}

impl Rule {
    /// Whether `request`, whose digest is new here, may be recorded.
    pub(crate) fn check(&self, scope: &ScopeState, request: &Request) -> Result<(), Refusal> {
        let slot = request.facts.slot();
        match (*self, &request.facts) {
            (Self::Lease, _) => scope.lease.check(&request.client, slot),
            (Self::Floor, _) => match slot {
                Some(slot) if slot < scope.floor => Err(Refusal::BelowFloor { floor: scope.floor }),
                _ => Ok(()),
            },
            (Self::Window { past, future }, Facts::Block(block)) => {
                block::window(block, request.at, past, future)
            }
            (Self::UniqueSlot, Facts::Block(block)) => {
                block::unique_slot(scope, block.number, &request.digest)
            }
            (Self::UniqueSlot, Facts::Vote(vote)) => {
                block::unique_slot(scope, vote.slot, &request.digest)
            }
            (Self::Consistent, Facts::Statement(_)) => statement::consistent(scope, request),
            (Self::ParentLink, Facts::Block(block)) => block::parent_link(scope, block),
            (Self::MaxGap(most), Facts::Block(_) | Facts::Transaction(_)) => {
                max_gap(scope, slot, most)
            }
            (Self::Replacement { mode, most }, Facts::Transaction(transaction)) => {
                transaction::replacement(scope, transaction, mode, most)
            }
            (Self::Spend { window, most }, Facts::Transaction(transaction)) => {
                transaction::spend(scope, transaction, request.at, window, most)
            }
            (Self::Rate { burst, refill }, _) => rate::check(scope, request.at, burst, refill),
            _ => Ok(()),
        }
    }

    /// The time at which the rate's bucket is full again, once `at` has taken a token.
    pub(crate) fn full_at(rules: &[Self], scope: &ScopeState, at: u64) -> u64 {
        rules
            .iter()
            .find_map(|rule| match *rule {
                Self::Rate { refill, .. } => Some(rate::full_at(scope, at, refill)),
                _ => None,
            })
            .unwrap_or(scope.full_at)
    }
}

fn max_gap(scope: &ScopeState, slot: Option<u64>, most: u64) -> Result<(), Refusal> {
    match (scope.tip(), slot) {
        (Some(tip), Some(slot)) if slot > tip.saturating_add(most) => {
            Err(Refusal::GapTooWide { tip, most })
        }
        _ => Ok(()),
    }
}
