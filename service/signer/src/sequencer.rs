//! One sequencer as its operator sees it: op-node's RPC and admin port.

use std::time::{Duration, SystemTime};

use opsign_guard::Hex;
use opsign_wire::Caller;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::config::SequencerConfig;

/// How long op-node may take for one answer. It stops only once its last block is inserted.
const PATIENCE: Duration = Duration::from_secs(10);

/// One op-node.
pub(crate) struct Sequencer {
    pub(crate) client: String,
    rpc: Caller,
    admin: Caller,
}

/// A block by number and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Hex<32>,
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "block {} ({})", self.number, self.hash)
    }
}

impl Sequencer {
    /// Nothing is opened yet: connections of an earlier use may have broken unseen.
    pub(crate) fn new(config: &SequencerConfig) -> Result<Self, String> {
        Ok(Self {
            client: config.client.clone(),
            rpc: Caller::new(&config.rpc, PATIENCE)?,
            admin: Caller::new(&config.admin, PATIENCE)?,
        })
    }

    /// Its unsafe head, and how many seconds its clock is ahead of ours, where it says.
    pub(crate) async fn head(&self) -> Result<(Head, Option<f64>), String> {
        #[derive(Deserialize)]
        struct Status {
            unsafe_l2: Head,
        }
        let asked = SystemTime::now();
        let status: Status = answer(&self.rpc, "optimism_syncStatus", "[]").await?;
        let ahead = self.rpc.last_date().and_then(|date| {
            let there = OffsetDateTime::parse(&date, &Rfc2822).ok()?;
            let between = asked + asked.elapsed().unwrap_or_default() / 2;
            // The header's seconds are cut off: half of one is added back.
            Some((there - OffsetDateTime::from(between)).as_seconds_f64() + 0.5)
        });
        Ok((status.unsafe_l2, ahead))
    }

    /// Whether it makes blocks.
    pub(crate) async fn active(&self) -> Result<bool, String> {
        answer(&self.admin, "admin_sequencerActive", "[]").await
    }

    /// Stops it: the hash of its last block.
    pub(crate) async fn stop(&self) -> Result<Hex<32>, String> {
        answer(&self.admin, "admin_stopSequencer", "[]").await
    }

    /// Starts it on its head, which must be this block.
    pub(crate) async fn start(&self, head: &Head) -> Result<(), String> {
        let params = format!("[\"{}\"]", head.hash);
        answer::<Value>(&self.admin, "admin_startSequencer", &params).await?;
        // Its event loop does not hear of a start (op-node's driver, `eventLoop`), and would sleep on
        // until the next L1 block or so. This question is answered inside the loop, and wakes it.
        let params = format!("[\"{:#x}\"]", head.number);
        let _ = answer::<Value>(&self.rpc, "optimism_outputAtBlock", &params).await;
        Ok(())
    }

    /// Gives it a payload, as op-conductor does when it takes over.
    pub(crate) async fn post(&self, envelope: &str) -> Result<(), String> {
        let params = format!("[{envelope}]");
        answer::<Value>(&self.admin, "admin_postUnsafePayload", &params).await.map(drop)
    }

    /// What it does now, in words.
    pub(crate) async fn state(&self) -> String {
        let doing = match self.active().await {
            Ok(true) => "active".to_owned(),
            Ok(false) => "stopped".to_owned(),
            Err(error) => format!("unknown ({error})"),
        };
        match self.head().await {
            Ok((head, _)) => format!("{} is {doing} at {head}", self.client),
            Err(_) => format!("{} is {doing}", self.client),
        }
    }
}

/// Calls a method and reads its result.
pub(crate) async fn answer<T: DeserializeOwned>(
    caller: &Caller,
    method: &str,
    params: &str,
) -> Result<T, String> {
    let text = caller.call(method, params).await.map_err(|error| format!("{method}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{method}: {error}"))
}
