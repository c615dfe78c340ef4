//! The unsafe blocks of an op-node, one after the other.

use std::time::Duration;

use opsign_wire::Caller;
use serde::Deserialize;

use crate::sequencer::{Head, answer};

/// How long op-node may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// An op-node that is asked for the blocks that are new.
pub struct UnsafeBlocks {
    caller: Caller,
    runtime: tokio::runtime::Runtime,
    /// The block given last; none before the first.
    last: Option<Head>,
}

#[derive(Deserialize)]
struct Status {
    unsafe_l2: Head,
    safe_l2: Head,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    block_ref: Head,
}

impl UnsafeBlocks {
    /// Takes op-node's http:// address; nothing is asked yet.
    ///
    /// # Errors
    /// One sentence about what is wrong with the address.
    pub fn new(url: &str) -> Result<Self, String> {
        let caller = Caller::new(url, PATIENCE)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        Ok(Self { caller, runtime, last: None })
    }

    /// The blocks that came since the last call and are not safe yet, in order; at first the newest
    /// alone. After a reorg the blocks of the new branch that stand above the last height.
    ///
    /// # Errors
    /// One sentence. What was not given is given by the next call.
    pub fn newer(&mut self) -> Result<Vec<Head>, String> {
        let blocks = self.runtime.block_on(ask(&self.caller, self.last))?;
        self.last = blocks.last().copied().or(self.last);
        Ok(blocks)
    }
}

async fn ask(caller: &Caller, last: Option<Head>) -> Result<Vec<Head>, String> {
    let status: Status = answer(caller, "optimism_syncStatus", "[]").await?;
    let head = status.unsafe_l2;
    if last == Some(head) {
        return Ok(Vec::new());
    }
    let after = last.map_or(head.number.saturating_sub(1), |last| last.number);
    let mut blocks = Vec::new();
    for number in after.max(status.safe_l2.number) + 1..head.number {
        let params = format!("[\"{number:#x}\"]");
        let output: Output = answer(caller, "optimism_outputAtBlock", &params).await?;
        blocks.push(output.block_ref);
    }
    // Another block at the last height is news, too.
    blocks.push(head);
    Ok(blocks)
}
