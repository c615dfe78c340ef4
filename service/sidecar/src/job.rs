//! Blocks that are being built: what was asked for, and under which id each builder knows it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::HeaderMap;
use tokio::sync::watch;

use crate::attributes::{Attributes, ForkChoice};
use crate::builder::{Builder, OrderId};
use crate::config::Mode;
use crate::envelope::Envelope;

/// Jobs that are remembered; op-geth keeps 10.
const MOST: usize = 64;

/// How long one is remembered.
const LIFE: Duration = Duration::from_secs(60);

/// A block that local engine and builders were asked to build.
pub(crate) struct Job {
    /// The local engine's id, as it is written.
    pub(crate) id: String,
    pub(crate) asked: ForkChoice,
    pub(crate) attributes: Attributes,
    /// As it was when the job began.
    pub(crate) mode: Mode,
    pub(crate) began: Instant,
    /// When the block's slot begins, by the monotonic clock.
    pub(crate) slot: Instant,
    pub(crate) orders: Vec<Order>,
    /// What was decided; the lock is held while it is.
    pub(crate) decided: tokio::sync::Mutex<Option<Decided>>,
}

/// The answer that op-node got, to be given again to the same question.
pub(crate) struct Decided {
    pub(crate) method: String,
    pub(crate) block: Envelope,
    pub(crate) headers: HeaderMap,
}

/// A builder's part in a job.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) builder: Arc<Builder>,
    /// The builder's id, once it has answered.
    pub(crate) id: watch::Receiver<OrderId>,
}

/// The jobs of now, oldest first.
#[derive(Default)]
pub(crate) struct Jobs(Mutex<VecDeque<Arc<Job>>>);

impl Jobs {
    /// Remembers a job. One with the same id stays, unless no builder works on it: op-geth gives the
    /// same id for the same question.
    pub(crate) fn put(&self, job: Job) {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.retain(|known| known.began.elapsed() < LIFE);
        if let Some(at) = jobs.iter().position(|known| known.id == job.id) {
            let failed = |order: &Order| matches!(&*order.id.borrow(), Some(Err(_)));
            if !jobs[at].orders.iter().all(failed) {
                return;
            }
            jobs.remove(at);
        }
        if jobs.len() == MOST {
            jobs.pop_front();
        }
        jobs.push_back(Arc::new(job));
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Job>> {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let job = jobs.iter().rev().find(|job| job.id.eq_ignore_ascii_case(id))?;
        (job.began.elapsed() < LIFE).then(|| Arc::clone(job))
    }

    /// Lets go of the blocks that were returned: op-node has taken the last one, or goes on to
    /// another. Asked for again, they are asked for again.
    pub(crate) fn forget_answers(&self) {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for job in jobs.iter() {
            // One that is being decided now has none yet.
            if let Ok(mut decided) = job.decided.try_lock() {
                *decided = None;
            }
        }
    }
}

/// A call for a payload by an id of the peer's own.
pub(crate) fn get_payload(method: &str, id: &str) -> Bytes {
    let id = serde_json::Value::from(id);
    format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":[{id}]}}").into()
}
