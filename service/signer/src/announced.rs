//! Blocks that a sidecar has handed to its op-node, as the sidecar tells.
//!
//! An op-node without a gate asks for a signature with nothing but a hash. What the sidecar has told
//! of that hash gives the guard number, parent and time, and in `strict` nothing else is signed. Kept
//! in memory: op-node asks within a second or not at all.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use opsign_core::PayloadHash;
use opsign_guard::BlockFacts;
use opsign_wire::RpcError;
use serde_json::value::RawValue;

use crate::envelope::Envelope;
use crate::protection::block_facts;

/// Blocks that are remembered of each sequencer.
const MOST: usize = 64;

/// What sidecars have told.
pub(crate) struct Announced {
    /// The sequencer of each sidecar, by the sidecar's name.
    sequencers: HashMap<String, String>,
    blocks: Mutex<HashMap<String, VecDeque<(PayloadHash, BlockFacts)>>>,
}

impl Announced {
    pub(crate) fn new(sequencers: HashMap<String, String>) -> Self {
        Self { sequencers, blocks: Mutex::default() }
    }

    /// Whose blocks a sidecar may announce.
    pub(crate) fn sequencer_of(&self, sidecar: &str) -> Option<&str> {
        self.sequencers.get(sidecar).map(String::as_str)
    }

    /// Whether a sidecar speaks for this client's blocks.
    pub(crate) fn covers(&self, sequencer: &str) -> bool {
        self.sequencers.values().any(|known| known == sequencer)
    }

    pub(crate) fn put(&self, sequencer: &str, hash: PayloadHash, facts: BlockFacts) {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let known = blocks.entry(sequencer.to_owned()).or_default();
        known.retain(|(other, _)| *other != hash);
        if known.len() == MOST {
            known.pop_front();
        }
        known.push_back((hash, facts));
    }

    /// What was told of a payload.
    pub(crate) fn find(&self, sequencer: &str, hash: &PayloadHash) -> Option<BlockFacts> {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let known = blocks.get(sequencer)?;
        known.iter().find(|(other, _)| other == hash).map(|(_, facts)| *facts)
    }
}

/// Reads a block as op-node and its engine write it: the hash that op-node wants signed, and what is
/// in it.
pub(crate) fn read_block(raw: &RawValue) -> Result<(PayloadHash, BlockFacts), RpcError> {
    let invalid = |what: String| RpcError::invalid_params(format!("invalid argument 0: {what}"));
    let envelope: Envelope =
        serde_json::from_str(raw.get()).map_err(|error| invalid(error.to_string()))?;
    let topic = envelope.topic();
    let payload = envelope.encode().map_err(|what| invalid(what.to_owned()))?;
    let facts = block_facts(topic, &payload)
        .ok_or_else(|| invalid("the payload's block hash is not the block's".to_owned()))?;
    Ok((PayloadHash::of(&payload), facts))
}
