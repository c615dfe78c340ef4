//! Which of the blocks is returned, and when there is no more waiting.

use std::cmp::Ordering;

use crate::config::{Policy, Select};
use crate::envelope::Envelope;
use crate::offer::Reason;

/// The local engine's answer so far.
pub(crate) enum LocalBlock<'a> {
    Pending,
    Block(&'a Envelope),
    /// An error, or nothing that can be read.
    Failed,
    /// The question was wrong, says the local engine: there is no right answer to it.
    Refused,
}

/// What is there to choose from.
pub(crate) struct Table<'a> {
    pub(crate) local: LocalBlock<'a>,
    /// Good blocks of builders, in the order of their coming.
    pub(crate) good: Vec<(usize, &'a Envelope)>,
    /// Builders that may still send one.
    pub(crate) waiting: usize,
    /// The deadline is over.
    pub(crate) late: bool,
    /// So is the time after it in which a builder's block may save a slot that the local engine
    /// lost.
    pub(crate) given_up: bool,
}

/// What is returned to op-node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The local engine's answer, whatever it is.
    Local,
    /// The block of the builder with this index.
    Builder(usize),
}

impl Table<'_> {
    /// None: it is worth waiting.
    pub(crate) fn choose(&self, policy: &Policy) -> Option<Choice> {
        let best = self.best(policy).map(Choice::Builder);
        match self.local {
            LocalBlock::Refused => Some(Choice::Local),
            LocalBlock::Block(_) if self.waiting == 0 || self.late => {
                Some(best.unwrap_or(Choice::Local))
            }
            LocalBlock::Block(_) | LocalBlock::Pending if policy.select == Select::FirstValid => {
                best
            }
            LocalBlock::Block(_) => None,
            LocalBlock::Pending if self.late => best,
            LocalBlock::Pending => None,
            LocalBlock::Failed if self.waiting == 0 || self.given_up => {
                Some(best.unwrap_or(Choice::Local))
            }
            LocalBlock::Failed if self.late || policy.select == Select::FirstValid => best,
            LocalBlock::Failed => None,
        }
    }

    fn best(&self, policy: &Policy) -> Option<usize> {
        let mut good =
            self.good.iter().filter(|(_, block)| self.objection(policy, block).is_none());
        let found = match policy.select {
            Select::FirstValid => good.next(),
            // Of two that are equal, the one that came first.
            Select::HighestValue | Select::MostGas => good.reduce(|best, other| {
                let more = measure(policy, other.1).cmp(&measure(policy, best.1));
                if more == Ordering::Greater { other } else { best }
            }),
        };
        found.map(|(index, _)| *index)
    }

    /// Why a builder's block is not good enough beside the local one, if it is not.
    pub(crate) fn objection(&self, policy: &Policy, block: &Envelope) -> Option<Reason> {
        let LocalBlock::Block(local) = self.local else { return None };
        if (block.gas_used as f64) * 100.0 < local.gas_used as f64 * policy.min_gas_share {
            return Some(Reason::Empty);
        }
        if policy.select == Select::FirstValid {
            return None;
        }
        let (theirs, ours) = (measure(policy, block), measure(policy, local));
        let wanted = number(&ours) * (100.0 + policy.min_improvement);
        let better = theirs > ours && number(&theirs) * 100.0 >= wanted;
        (!better).then_some(Reason::Outbid)
    }
}

fn measure(policy: &Policy, block: &Envelope) -> [u8; 32] {
    match policy.select {
        Select::HighestValue => block.value,
        Select::FirstValid | Select::MostGas => {
            let mut gas = [0; 32];
            gas[24..].copy_from_slice(&block.gas_used.to_be_bytes());
            gas
        }
    }
}

/// Near enough to compare percents.
fn number(big: &[u8; 32]) -> f64 {
    big.iter().fold(0.0, |sum, byte| sum * 256.0 + f64::from(*byte))
}
