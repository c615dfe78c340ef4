//! A builder's block for a slot: asked for, bound to what was asked, judged by the local engine.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout_at;

use crate::answer::Answer;
use crate::binding::{Reference, mismatch};
use crate::body::Body;
use crate::envelope::{Envelope, Unreadable};
use crate::job::{Job, Order, get_payload};
use crate::message::Call;
use crate::peer::Peer;
use crate::pool::PeerError;
use crate::rebuild::rebuild;

/// For the local engine to judge a block: what op-node allows it.
const JUDGEMENT: Duration = Duration::from_secs(10);

/// Why a builder's block is not returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It had no id for the block.
    NoId(&'static str),
    /// It did not answer `engine_getPayload`.
    NoAnswer(PeerError),
    /// Its answer holds no block.
    Unreadable(Unreadable),
    /// It is another block than was asked for; the first field that differs.
    Mismatch(&'static str),
    /// The local engine does not call it valid, but this.
    NotValid(String),
    /// The local engine did not judge it.
    NotJudged(String),
    /// The time was over.
    Late,
    /// It has too little gas beside the local block.
    Empty,
    /// Another block was preferred.
    Outbid,
}

impl Reason {
    /// A short name for decision lines and metrics.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::NoId(why) => format!("noId:{why}"),
            Self::NoAnswer(PeerError::Late) | Self::Late => "late".into(),
            Self::NoAnswer(PeerError::Unreachable(_)) => "unreachable".into(),
            Self::NoAnswer(PeerError::Broken(_)) => "broken".into(),
            Self::NoAnswer(PeerError::TooLong) => "tooLong".into(),
            Self::NoAnswer(PeerError::Status(status)) => format!("status:{status}"),
            Self::Unreadable(Unreadable::NoBlock) => "noBlock".into(),
            Self::Unreadable(Unreadable::WrongId) => "wrongId".into(),
            Self::Unreadable(Unreadable::Malformed) => "malformed".into(),
            Self::Mismatch(field) => format!("mismatch:{field}"),
            Self::NotValid(status) => format!("notValid:{status}"),
            Self::NotJudged(_) => "notJudged".into(),
            Self::Empty => "empty".into(),
            Self::Outbid => "outbid".into(),
        }
    }

    /// Whether more time might have made it good.
    pub(crate) const fn is_late(&self) -> bool {
        matches!(self, Self::Late | Self::NoAnswer(PeerError::Late))
    }

    /// Whether the builder is to blame.
    pub(crate) const fn is_fault(&self) -> bool {
        !matches!(self, Self::NotJudged(_) | Self::Empty | Self::Outbid)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(error) => write!(f, "{error}"),
            Self::NotJudged(what) => write!(f, "the local engine did not judge it: {what}"),
            _ => f.write_str(&self.name()),
        }
    }
}

/// What the local engine's own block says, for comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Local {
    Pending,
    Known(Reference),
    Failed,
}

/// What came of a builder in a slot.
pub(crate) struct Offer {
    /// Its place among the job's orders.
    pub(crate) index: usize,
    /// The block's hash, where one came at all.
    pub(crate) hash: Option<[u8; 32]>,
    pub(crate) block: Result<Envelope, Reason>,
    pub(crate) took: Duration,
}

/// Everything that getting an offer needs.
pub(crate) struct Quest {
    pub(crate) job: Arc<Job>,
    pub(crate) index: usize,
    /// op-node's call.
    pub(crate) call: Call,
    pub(crate) local: Arc<Peer>,
    pub(crate) reference: watch::Receiver<Local>,
    /// The chain's own parameters of EIP-1559, where a local block has shown them.
    pub(crate) chain_params: Option<[u8; 8]>,
    pub(crate) deadline: Instant,
    /// The builder leaves the state root to the local engine.
    pub(crate) external_state_root: bool,
}

impl Quest {
    /// Returns an offer, whatever happens.
    pub(crate) async fn run(mut self) -> Offer {
        let began = Instant::now();
        let mut hash = None;
        let block = self.block(&mut hash).await;
        Offer { index: self.index, hash, block, took: began.elapsed() }
    }

    async fn block(&mut self, hash: &mut Option<[u8; 32]>) -> Result<Envelope, Reason> {
        let order = self.job.orders[self.index].clone();
        let id = self.id(order.clone()).await?;
        let left = self.deadline.saturating_duration_since(Instant::now());
        let call = get_payload(&self.call.method, &id);
        let bytes = order.builder.critical.call(Body::from(call), left).await;
        let block = Envelope::of_builder(bytes.map_err(Reason::NoAnswer)?);
        let block = block.map_err(Reason::Unreadable)?;
        *hash = Some(block.block_hash);
        let version = self.call.version().unwrap_or_default();
        if version >= 4 && block.requests.is_none() {
            // From V4 on every engine has them in its answer.
            return Err(Reason::Mismatch("executionRequests"));
        }
        let reference = self.reference().await?;
        let job = &self.job;
        if let Some(field) = mismatch(&job.asked, &job.attributes, &block, &reference) {
            return Err(Reason::Mismatch(field));
        }
        if Instant::now() >= self.deadline {
            // Judging it now would keep the local engine from op-node's next call.
            return Err(Reason::Late);
        }
        if self.external_state_root {
            let method = &self.call.method;
            let (asked, wanted) = (&job.asked, &job.attributes);
            let rebuilt =
                rebuild(&self.local, asked, wanted, &block, method, self.deadline).await?;
            *hash = Some(rebuilt.block_hash);
            return match mismatch(asked, wanted, &rebuilt, &reference) {
                Some(field) => Err(Reason::Mismatch(field)),
                None => Ok(rebuilt),
            };
        }
        let judged = self.local.call(Body::pieces(block.judge(version)), JUDGEMENT).await;
        let not_judged = |error: PeerError| Reason::NotJudged(error.to_string());
        match Answer::read(&judged.map_err(not_judged)?).map_err(not_judged)? {
            answer if answer.is("VALID") => Ok(block),
            Answer::Status { status, .. } => Err(Reason::NotValid(status)),
            // What op-geth cannot even read, and a payload of another fork's shape.
            Answer::Error => Err(Reason::NotValid("error".into())),
        }
    }

    /// The builder's own id: it may still be on its way.
    async fn id(&self, order: Order) -> Result<String, Reason> {
        let mut id = order.id;
        let known = timeout_at(self.deadline.into(), id.wait_for(Option::is_some)).await;
        let known = known.map_err(|_| Reason::Late)?.map_err(|_| Reason::NoId("superseded"))?;
        match &*known {
            Some(Ok(id)) => Ok(id.clone()),
            Some(Err(why)) => Err(Reason::NoId(why)),
            None => Err(Reason::NoId("superseded")),
        }
    }

    /// What the block is held against: the local block if it is there, else what the attributes say.
    /// Where they say too little, the local block is waited for.
    async fn reference(&mut self) -> Result<Reference, Reason> {
        let derived = Reference::of_attributes(&self.job.attributes, self.chain_params);
        if let (Local::Pending | Local::Failed, Some(derived)) =
            (&*self.reference.borrow(), derived)
        {
            return Ok(derived);
        }
        let ready = self.reference.wait_for(|local| *local != Local::Pending);
        let unknown = || Reason::NotJudged("no local block to compare with".into());
        match timeout_at(self.deadline.into(), ready).await {
            Ok(Ok(local)) => match &*local {
                Local::Known(reference) => Ok(reference.clone()),
                Local::Pending | Local::Failed => Err(unknown()),
            },
            Ok(Err(_)) | Err(_) => Err(unknown()),
        }
    }
}
