//! What is done with each call of op-node.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::announce::Announcer;
use crate::answer::Answer;
use crate::attributes::{Attributes, ForkChoice};
use crate::body::{Body, MAX_BODY, ReadError, Reader};
use crate::builder::Builder;
use crate::config::{Config, Mode, Policy};
use crate::decision::Decision;
use crate::envelope::Envelope;
use crate::job::{Decided, Job, Jobs, Order};
use crate::journal::Journal;
use crate::message::{self, Call, Kind};
use crate::metrics::Metrics;
use crate::peer::{Peer, end_to_end, read};
use crate::pool::PeerError;
use crate::round::Round;
use crate::scan::plain_string;

/// Before the slot begins, for the answer to get to op-node.
const MARGIN: Duration = Duration::from_millis(5);

/// A slot that has begun already may be delayed by no more than this.
pub(crate) const LEAST: Duration = Duration::from_millis(25);

/// The sidecar's state.
pub(crate) struct Sidecar {
    pub(crate) local: Arc<Peer>,
    pub(crate) builders: Vec<Arc<Builder>>,
    pub(crate) jobs: Jobs,
    pub(crate) policy: Policy,
    pub(crate) block_time: Duration,
    /// How long `getPayload` may take, if not until the slot begins.
    pub(crate) budget: Option<Duration>,
    pub(crate) external_state_root: bool,
    announcer: Option<Announcer>,
    pub(crate) version: String,
    /// Whether the local engine answered when it was last asked.
    pub(crate) local_answers: AtomicBool,
    pub(crate) metrics: Metrics,
    pub(crate) journal: Journal,
    mode: AtomicU8,
    /// The parameters of EIP-1559 in the last local block whose attributes left them to the engine.
    chain_params: Mutex<Option<[u8; 8]>>,
}

/// The local engine's answer, read to its end.
pub(crate) struct LocalAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl LocalAnswer {
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl Sidecar {
    pub(crate) fn new(
        config: &Config,
        local: Arc<Peer>,
        builders: Vec<Arc<Builder>>,
        metrics: Metrics,
        journal: Journal,
        announcer: Option<Announcer>,
        version: &str,
    ) -> Self {
        let sidecar = Self {
            local,
            builders,
            jobs: Jobs::default(),
            policy: config.policy,
            block_time: config.block_time,
            budget: config.deadline,
            announcer,
            external_state_root: config.external_state_root,
            version: version.to_owned(),
            local_answers: AtomicBool::new(true),
            metrics,
            journal,
            mode: AtomicU8::new(0),
            chain_params: Mutex::default(),
        };
        sidecar.set_mode(config.mode);
        sidecar
    }

    /// Tells whoever wants to know what was decided.
    pub(crate) fn publish(&self, decision: &Decision) {
        decision.log();
        self.metrics.count(decision);
        if self.journal.is_open() {
            self.journal.write(decision.line());
        }
    }

    pub(crate) fn mode(&self) -> Mode {
        match self.mode.load(Ordering::Relaxed) {
            0 => Mode::Enabled,
            1 => Mode::DryRun,
            _ => Mode::Disabled,
        }
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        let mode = match mode {
            Mode::Enabled => 0,
            Mode::DryRun => 1,
            Mode::Disabled => 2,
        };
        self.mode.store(mode, Ordering::Relaxed);
    }

    /// Answers a POST.
    pub(crate) async fn post(&self, head: Parts, body: Incoming) -> Response<Body> {
        // Calls that need no reading are passed on as they come.
        let whole =
            |start: &[u8]| !matches!(message::peek(start), Some(Kind::Other | Kind::NewPayload));
        let (start, rest) = match Reader::new(body).read_while(MAX_BODY, whole).await {
            Ok(parts) => parts,
            Err(ReadError::TooLong) => {
                return plain(StatusCode::PAYLOAD_TOO_LARGE, "content length too large");
            }
            Err(ReadError::Broken(error)) => {
                return plain(StatusCode::BAD_REQUEST, &error.to_string());
            }
        };
        if let Some(rest) = rest {
            let new_payload = message::peek(&start) == Some(Kind::NewPayload);
            let body = Body::stream([start], rest);
            return if new_payload {
                self.new_payload_streamed(&head, body).await
            } else {
                self.pass(&head, body).await
            };
        }
        if let Some(calls) = message::batch(&start) {
            return self.batch(head, start, calls).await;
        }
        match Call::read(start.clone()) {
            Some(call) => self.call(head, call).await,
            // op-geth says what is wrong with it.
            None => self.pass(&head, start.into()).await,
        }
    }

    /// Hands a request to the local engine and its answer back.
    pub(crate) async fn pass(&self, head: &Parts, body: Body) -> Response<Body> {
        match self.local.forward(head, body).await {
            Ok(response) => passed(response),
            Err(error) => no_engine(&error),
        }
    }

    async fn call(&self, head: Parts, call: Call) -> Response<Body> {
        match call.kind() {
            Kind::Other => self.pass(&head, call.bytes.into()).await,
            Kind::Pool => {
                self.tell_pools(&call.bytes);
                self.pass(&head, call.bytes.into()).await
            }
            Kind::NewPayload => {
                self.jobs.forget_answers();
                for builder in &self.builders {
                    builder.relay_payload(vec![call.bytes.clone()]);
                }
                self.pass(&head, call.bytes.into()).await
            }
            Kind::ForkChoice => self.fork_choice(head, call).await,
            Kind::GetPayload => self.get_payload(head, call).await,
        }
    }

    /// A batch without calls of interest is passed on whole. Otherwise its calls are made one by
    /// one, as op-geth makes them.
    async fn batch(&self, mut head: Parts, whole: Bytes, calls: Vec<Bytes>) -> Response<Body> {
        let calls: Vec<_> =
            calls.into_iter().map(|bytes| Call::read(bytes.clone()).ok_or(bytes)).collect();
        let kind = |call: &Result<Call, Bytes>| call.as_ref().map_or(Kind::Other, Call::kind);
        if calls.iter().all(|call| matches!(kind(call), Kind::Other | Kind::Pool)) {
            for call in calls.iter().flatten().filter(|call| call.kind() == Kind::Pool) {
                self.tell_pools(&call.bytes);
            }
            return self.pass(&head, whole.into()).await;
        }
        // The answers are put together here.
        head.headers.remove(ACCEPT_ENCODING);
        head.headers.remove(CONTENT_LENGTH);
        let mut pieces = vec![Bytes::from_static(b"[")];
        let mut headers = None;
        for call in calls {
            let response = match call {
                Ok(call) => Box::pin(self.call(head.clone(), call)).await,
                Err(bytes) => self.pass(&head, bytes.into()).await,
            };
            if response.status() != StatusCode::OK {
                return response;
            }
            let (parts, body) = response.into_parts();
            let answer = match body.read(MAX_BODY).await {
                Ok(answer) => answer,
                Err(_) => return no_engine(&PeerError::Broken("in a batch".into())),
            };
            headers.get_or_insert(parts.headers);
            let answer = trim(answer);
            // A notification has no answer.
            if !answer.is_empty() {
                if pieces.len() > 1 {
                    pieces.push(Bytes::from_static(b","));
                }
                pieces.push(answer);
            }
        }
        pieces.push(Bytes::from_static(b"]\n"));
        let mut headers = headers.unwrap_or_default();
        headers.remove(CONTENT_LENGTH);
        if pieces.len() == 2 {
            pieces.clear();
        }
        let mut response = Response::new(Body::pieces(pieces));
        *response.headers_mut() = headers;
        response
    }

    fn tell_pools(&self, call: &Bytes) {
        for builder in &self.builders {
            builder.pool.pass(call.clone());
        }
    }

    async fn new_payload_streamed(&self, head: &Parts, body: Body) -> Response<Body> {
        self.jobs.forget_answers();
        let (body, mut copy) = body.copied();
        let relay = |pieces: Option<Vec<Bytes>>| {
            if let Some(pieces) = pieces {
                for builder in &self.builders {
                    builder.relay_payload(pieces.clone());
                }
            }
        };
        let forward = self.local.forward(head, body);
        tokio::pin!(forward);
        let answer = tokio::select! {
            biased;
            pieces = &mut copy => {
                relay(pieces.ok());
                forward.await
            }
            answer = &mut forward => {
                relay(copy.try_recv().ok());
                answer
            }
        };
        match answer {
            Ok(response) => passed(response),
            Err(error) => no_engine(&error),
        }
    }

    async fn fork_choice(&self, mut head: Parts, call: Call) -> Response<Body> {
        // The answer is read here.
        head.headers.remove(ACCEPT_ENCODING);
        let asked = ForkChoice::read(&call);
        let attributes = asked.as_ref().and_then(|asked| asked.attributes.clone());
        let mode = self.mode();
        let building = attributes.is_some();
        let wanted = attributes.as_ref().is_some_and(|attributes| !attributes.no_tx_pool)
            && mode != Mode::Disabled;
        let orders = if wanted { self.order(&call) } else { Vec::new() };
        let answer = match self.ask_local(&head, call.bytes.clone()).await {
            Ok(answer) => answer,
            Err(error) => return no_engine(&error),
        };
        let said = Answer::read(&answer.body);
        if let Some(asked) = &asked
            && said.as_ref().is_ok_and(|said| said.is("VALID") || said.is("SYNCING"))
        {
            let head_only = if building { asked.head_only() } else { call.bytes.clone() };
            for builder in &self.builders {
                // An order has brought the head as well.
                if !orders.iter().any(|order| Arc::ptr_eq(&order.builder, builder)) {
                    builder.relay_head(head_only.clone());
                }
            }
        }
        if let (Some(asked), Some(attributes), false) = (asked, attributes, orders.is_empty())
            && let Ok(Answer::Status { status, payload_id: Some(id) }) = said
            && status == "VALID"
        {
            let now = Instant::now();
            self.jobs.put(Job {
                id,
                mode,
                began: now,
                slot: slot_start(&attributes, now),
                asked,
                attributes,
                orders,
                decided: tokio::sync::Mutex::default(),
            });
        }
        answer.into_response()
    }

    /// Asks every builder that follows for the block.
    fn order(&self, call: &Call) -> Vec<Order> {
        let builders = self.builders.iter().filter(|builder| builder.takes_orders());
        let order = |builder: &Arc<Builder>| Order {
            builder: Arc::clone(builder),
            id: builder.order(call.bytes.clone()),
        };
        builders.map(order).collect()
    }

    async fn get_payload(&self, mut head: Parts, call: Call) -> Response<Body> {
        let job = call.arguments().and_then(|arguments| match &arguments[..] {
            [id] => self.jobs.get(plain_string(&call.bytes, id)?),
            _ => None,
        });
        // The answers of V1 have another form; no chain asks for them any more.
        let Some(job) = job.filter(|_| call.version().is_some_and(|version| version >= 2)) else {
            return self.get_local(head, call).await;
        };
        let mut decided = job.decided.lock().await;
        match &*decided {
            Some(before) if before.method == call.method => {
                self.announce(&before.block).await;
                return block(before.block.under(call.id_bytes()), before.headers.clone());
            }
            // The local engine may have no answer to this one.
            Some(_) => return self.get_local(head, call).await,
            None => {}
        }
        head.headers.remove(ACCEPT_ENCODING);
        // Before two more blocks come into memory.
        self.jobs.forget_answers();
        let method = call.method.clone();
        let (answer, block) = Round::new(self, &job, head, call).run().await;
        if let Some(block) = block {
            self.announce(&block).await;
            let headers = answer.headers().clone();
            *decided = Some(Decided { method, block, headers });
        }
        answer
    }

    /// A block that no builder was asked for. Nobody reads it, unless the signer is told of it.
    async fn get_local(&self, mut head: Parts, call: Call) -> Response<Body> {
        if self.announcer.is_none() {
            return self.pass(&head, call.bytes.into()).await;
        }
        head.headers.remove(ACCEPT_ENCODING);
        match self.ask_local(&head, call.bytes).await {
            Ok(answer) => {
                if let Ok(block) = Envelope::read(answer.body.clone()) {
                    self.announce(&block).await;
                }
                answer.into_response()
            }
            Err(error) => no_engine(&error),
        }
    }

    /// Tells the signer, if there is one, of a block that op-node is about to get.
    async fn announce(&self, block: &Envelope) {
        if let Some(announcer) = &self.announcer {
            self.metrics.announced(announcer.announce(block).await);
        }
    }

    /// Asks the local engine what op-node asked.
    pub(crate) async fn ask_local(
        &self,
        head: &Parts,
        body: Bytes,
    ) -> Result<LocalAnswer, PeerError> {
        let (parts, body) = self.local.forward(head, body.into()).await?.into_parts();
        let headers = end_to_end(&parts.headers);
        Ok(LocalAnswer { status: parts.status, headers, body: read(body).await? })
    }

    /// When `getPayload` for this job is answered at the latest, asked for now.
    pub(crate) fn deadline(&self, job: &Job, now: Instant) -> Instant {
        match self.budget {
            Some(budget) => now + budget,
            None => {
                let slot = job.slot.checked_sub(MARGIN).unwrap_or(now);
                slot.clamp(now + LEAST, now + self.block_time)
            }
        }
    }

    pub(crate) fn learn(&self, params: Option<[u8; 8]>) {
        *self.chain_params.lock().unwrap_or_else(PoisonError::into_inner) = params;
    }

    pub(crate) fn chain_params(&self) -> Option<[u8; 8]> {
        *self.chain_params.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a block's slot begins, by a clock that does not jump.
fn slot_start(attributes: &Attributes, now: Instant) -> Instant {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let slot = Duration::from_secs(attributes.timestamp);
    match slot.checked_sub(wall) {
        Some(ahead) => now.checked_add(ahead).unwrap_or(now),
        None => now,
    }
}

/// A builder's block, or one that was returned before, under the local engine's headers.
pub(crate) fn block(pieces: [Bytes; 3], mut headers: HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::pieces(pieces));
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.headers_mut() = headers;
    response
}

fn passed(response: Response<Incoming>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    parts.headers = end_to_end(&parts.headers);
    Response::from_parts(parts, Body::stream([], body))
}

/// What is said when the local engine has no answer; op-node takes it for a passing trouble.
pub(crate) fn no_engine(error: &PeerError) -> Response<Body> {
    tracing::warn!(%error, "the local engine does not answer");
    plain(StatusCode::BAD_GATEWAY, &format!("the local engine: {error}"))
}

/// A short text, as Go's `http.Error` writes it.
pub(crate) fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(format!("{text}\n"))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

fn trim(bytes: Bytes) -> Bytes {
    let start = bytes.len() - bytes.trim_ascii_start().len();
    let end = bytes.trim_ascii_end().len();
    if start >= end { Bytes::new() } else { bytes.slice(start..end) }
}
