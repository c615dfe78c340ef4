//! Whether an L1 block is still canonical, asked of several L1 nodes.
//!
//! It decides nothing: what enough of them say alike is evidence, which the guard compares with what
//! it has on record.

use std::sync::Arc;
use std::time::Duration;

use opsign_guard::{Hex, L1Origin, ReorgEvidence, Witness};
use opsign_wire::Caller;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::config::ReorgEvidenceConfig;
use crate::sequencer::answer;

/// How long one call may take, if the request leaves so much.
const PATIENCE: Duration = Duration::from_secs(2);

/// Left of a request's time for the guard, once L1 has been asked.
const REST: Duration = Duration::from_millis(150);

/// The L1 nodes that are asked.
pub(crate) struct L1 {
    nodes: Vec<(String, Arc<Caller>)>,
    agree: usize,
    /// One question at a time: who asks for rival blocks must not have us flood our L1 nodes.
    asking: Mutex<()>,
}

impl L1 {
    /// Nothing is opened yet.
    pub(crate) fn new(config: &ReorgEvidenceConfig) -> Result<Self, String> {
        let mut nodes: Vec<(String, Arc<Caller>)> = Vec::new();
        for url in &config.l1_rpcs {
            // Without the address, in whose path providers have their clients' secrets.
            let wrong = |_| "l1Rpcs: write http://HOST:PORT/… addresses".to_owned();
            let caller = Caller::new(url, PATIENCE).map_err(wrong)?;
            let name = caller.authority().to_owned();
            if name.len() > ReorgEvidence::MAX_NAME {
                return Err(format!("{name} is too long a name"));
            }
            if nodes.iter().any(|(known, _)| *known == name) {
                return Err(format!("{name} is there twice: one node is one witness"));
            }
            nodes.push((name, Arc::new(caller)));
        }
        let (agree, all) = (config.agree, nodes.len());
        if agree < 2 || agree > all || agree * 2 <= all {
            return Err(format!(
                "agree is {agree} of {all}: write at least 2, more than half of them, and no more \
                 than there are"
            ));
        }
        Ok(Self { nodes, agree, asking: Mutex::default() })
    }

    /// Evidence that `origin` is gone and `new_origin` is canonical, if enough nodes say so before
    /// `deadline`. A node that does not answer, answers anything else or lacks a block has said
    /// nothing. None as well while another question is open.
    pub(crate) async fn evidence(
        &self,
        origin: L1Origin,
        new_origin: L1Origin,
        deadline: Instant,
    ) -> Option<ReorgEvidence> {
        let _one = self.asking.try_lock().ok()?;
        let until = deadline.checked_sub(REST)?;
        let mut asked = JoinSet::new();
        for (name, caller) in &self.nodes {
            let (name, caller) = (name.clone(), Arc::clone(caller));
            asked.spawn(async move {
                let said = ask(&caller, origin.number, new_origin.number).await;
                (name, said)
            });
        }
        let mut said = Vec::new();
        // Dropping the set ends what is still asked.
        while let Ok(Some(Ok((name, answer)))) = timeout_at(until, asked.join_next()).await {
            match answer {
                Ok((hash, new_hash)) => {
                    tracing::info!(l1 = name, number = origin.number, %hash, "asked L1");
                    said.push(Witness { name, hash, new_hash });
                }
                Err(error) => tracing::warn!(l1 = name, %error, "asked L1"),
            }
            let evidence = ReorgEvidence::judge(origin, new_origin, &said, self.agree);
            if evidence.is_some() {
                return evidence;
            }
        }
        None
    }
}

/// A node's hashes at two numbers.
async fn ask(caller: &Caller, number: u64, new: u64) -> Result<(Hex<32>, Hex<32>), String> {
    let hash = hash_at(caller, number).await?;
    let new_hash = if new == number { hash } else { hash_at(caller, new).await? };
    Ok((hash, new_hash))
}

async fn hash_at(caller: &Caller, number: u64) -> Result<Hex<32>, String> {
    #[derive(Deserialize)]
    struct Block {
        number: String,
        hash: Hex<32>,
    }
    let wanted = format!("{number:#x}");
    let params = json!([wanted, false]).to_string();
    let block: Value = answer(caller, "eth_getBlockByNumber", &params).await?;
    let block: Option<Block> = serde_json::from_value(block).map_err(|error| error.to_string())?;
    let block = block.ok_or_else(|| format!("has no block {number}"))?;
    if block.number != wanted {
        return Err(format!("answered with block {}", block.number));
    }
    Ok(block.hash)
}
