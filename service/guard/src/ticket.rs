//! A reorg ticket: the one way to a second digest at a recorded height.

use serde::{Deserialize, Serialize};

use crate::hex::Hex;
use crate::request::BlockFacts;
use crate::scope::Digest;
use crate::state::ScopeState;

/// Gives up the recorded blocks from `fork` on, once, for one block that fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its name, random.
    pub id: Hex<16>,
    /// The first height that is given up. The block that redeems the ticket stands there.
    pub fork: u64,
    /// The one payload hash that may redeem it, if known beforehand.
    pub payload_hash: Option<Digest>,
    /// The parent that the redeeming block must have; without it the recorded block below `fork`.
    pub parent_hash: Option<Hex<32>>,
    /// The most recorded heights that it may give up.
    pub max_depth: u64,
    /// When it ends, in milliseconds since 1970.
    pub not_after: u64,
    /// Why, and who approved: at most [`Ticket::MAX_REASON`] bytes.
    pub reason: String,
}

impl Ticket {
    /// The most bytes of a reason, so that a ticket fits one cell of the record.
    pub const MAX_REASON: usize = 64;

    /// Whether `block` may redeem it now.
    pub(crate) fn covers(
        &self,
        scope: &ScopeState,
        block: &BlockFacts,
        digest: &Digest,
        at: u64,
    ) -> bool {
        let below = self.fork.checked_sub(1).and_then(|below| scope.block_at(below));
        let parent = match (self.parent_hash, below) {
            (Some(wanted), _) => wanted == block.parent_hash,
            (None, Some(below)) => below.block_hash == block.parent_hash,
            (None, None) => self.payload_hash.is_some(),
        };
        let tip = scope.tip().unwrap_or(0);
        let depth = tip.checked_sub(self.fork).map_or(0, |blocks| blocks.saturating_add(1));
        block.number == self.fork
            && at <= self.not_after
            && depth <= self.max_depth
            && parent
            && self.payload_hash.is_none_or(|wanted| wanted == *digest)
    }
}
