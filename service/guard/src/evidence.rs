//! What L1 says of the block that a recorded block builds on: beside a ticket the one way to a second
//! digest at a recorded height.

use crate::hex::Hex;
use crate::request::{BlockFacts, Facts, L1Origin, Request};
use crate::state::ScopeState;

/// What one L1 node has at two numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The node, by host and port: at most [`ReorgEvidence::MAX_NAME`] bytes, and no secret.
    pub name: String,
    /// The hash of its block at the number of the old origin.
    pub hash: Hex<32>,
    /// The hash of its block at the number of the new one.
    pub new_hash: Hex<32>,
}

/// That one L1 block is no longer canonical and another is, by enough witnesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReorgEvidence {
    origin: L1Origin,
    new_origin: L1Origin,
    canonical: Hex<32>,
    witnesses: Vec<Witness>,
}

impl ReorgEvidence {
    /// The most bytes of a witness's name, so that what it said fits one cell of the record.
    pub const MAX_NAME: usize = 128;

    /// Whether at least `agree` of those who `said` something, by different names, have one and the
    /// same other block in the place of `origin`, and `new_origin` in its own. Who said nothing
    /// counts for nothing.
    ///
    /// Without the second, a client could name an L1 block that never was, and have the next of its
    /// blocks replace that one.
    pub fn judge(
        origin: L1Origin,
        new_origin: L1Origin,
        said: &[Witness],
        agree: usize,
    ) -> Option<Self> {
        let agreeing = || {
            said.iter().filter(|witness| {
                witness.hash != origin.hash
                    && witness.new_hash == new_origin.hash
                    && witness.name.len() <= Self::MAX_NAME
            })
        };
        agreeing().find_map(|one| {
            let mut witnesses: Vec<Witness> = Vec::new();
            for witness in agreeing().filter(|other| other.hash == one.hash) {
                if witnesses.iter().all(|known| known.name != witness.name) {
                    witnesses.push(witness.clone());
                }
            }
            let enough = witnesses.len() >= agree.max(1);
            enough.then_some(Self { origin, new_origin, canonical: one.hash, witnesses })
        })
    }

    /// The block that is gone.
    pub const fn origin(&self) -> &L1Origin {
        &self.origin
    }

    /// The hash of the one in its place.
    pub const fn canonical(&self) -> &Hex<32> {
        &self.canonical
    }

    /// Who has seen it.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }
}

impl ScopeState {
    /// Which recorded blocks `block` contradicts: from which height on, and the L1 origin of the
    /// lowest. They are one chain, so if that one builds on nothing, nor do the others.
    ///
    /// None if nothing is contradicted; if an origin is not known; if both have the same; or if what
    /// is recorded from there on is not one chain without gaps.
    pub(crate) fn disputed(&self, block: &BlockFacts) -> Option<(u64, L1Origin)> {
        let below = block.number.checked_sub(1).filter(|below| {
            self.block_at(*below).is_some_and(|parent| parent.block_hash != block.parent_hash)
        });
        let fork = below.or_else(|| self.slots_from(block.number).next())?;
        let mut above: Option<&BlockFacts> = None;
        for slot in self.slots_from(fork) {
            let recorded = self.block_at(slot).filter(|_| self.at_slot(slot).count() == 1)?;
            let linked = above.is_none_or(|below| {
                recorded.number == below.number + 1 && recorded.parent_hash == below.block_hash
            });
            above = linked.then_some(Some(recorded))?;
        }
        let origin = self.block_at(fork)?.l1_origin?;
        (block.l1_origin? != origin).then_some((fork, origin))
    }

    /// From which height on a request's evidence gives up what it contradicts.
    pub(crate) fn disproved_for(&self, request: &Request) -> Option<u64> {
        let Facts::Block(block) = &request.facts else { return None };
        let evidence = request.evidence.as_deref()?;
        let (fork, origin) = self.disputed(block)?;
        let fits = origin == evidence.origin && block.l1_origin? == evidence.new_origin;
        fits.then_some(fork)
    }
}
