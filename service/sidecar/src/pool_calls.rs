//! Transactions and miner settings, which a builder should know of as well: nobody waits for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::body::Body;
use crate::peer::Peer;

/// Calls that wait at the most.
const MOST: usize = 1024;

/// For the builder to take one.
const PATIENCE: Duration = Duration::from_secs(2);

/// A builder's queue.
pub(crate) struct PoolCalls {
    peer: Peer,
    sender: Sender<Bytes>,
    receiver: Mutex<Receiver<Bytes>>,
    dropped: AtomicU64,
}

impl PoolCalls {
    pub(crate) fn new(peer: Peer) -> Self {
        let (sender, receiver) = channel(MOST);
        Self { peer, sender, receiver: Mutex::new(receiver), dropped: AtomicU64::new(0) }
    }

    /// Passes a call on, unless too many wait.
    pub(crate) fn pass(&self, call: Bytes) {
        if self.sender.try_send(call).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Calls that were left out or not taken.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Never returns.
    pub(crate) async fn run(&self) {
        let mut calls = self.receiver.lock().await;
        while let Some(call) = calls.recv().await {
            if let Err(error) = self.peer.call(Body::from(call), PATIENCE).await {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%error, "a builder did not take a transaction");
            }
        }
    }
}
