//! The proxy's side of a link: admits a signer, then asks it what clients ask.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opsign_core::{Address, Rules, Signature, verify_signing_hash};
use opsign_wire::RpcError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::protocol::{
    Challenge, Frame, PROVE, Proofs, Registration, SERVE, VERSION, proof_hash, request,
};
use crate::route::{Route, Wanted};
use crate::socket::{End, Socket};

/// The signer's registration is not taken.
pub(crate) const DENIED: i32 = -32021;

/// Why a call over a link has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// The link ended first: whether the signer signed is not known.
    Lost,
    /// More calls wait than the link takes.
    Full,
    /// The deadline passed.
    Late,
}

/// A signer that is connected.
pub(crate) struct Link {
    /// The first DNS name of its certificate.
    pub(crate) signer: String,
    pub(crate) registration: Registration,
    /// What it has shown keys for and is let through.
    pub(crate) routes: Vec<Route>,
    /// Seconds since 1970.
    pub(crate) since: u64,
    queue: mpsc::Sender<String>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Result<String, RpcError>>>>,
    closed: AtomicBool,
    dismissed: Notify,
    /// Microseconds of the last answer.
    pub(crate) latency: AtomicU64,
    pub(crate) answered: AtomicU64,
    /// Answers to nothing that was asked, or asked no more.
    pub(crate) strays: AtomicU64,
}

impl Link {
    pub(crate) fn new(
        signer: String,
        registration: Registration,
        routes: Vec<Route>,
        queue: mpsc::Sender<String>,
    ) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self {
            signer,
            registration,
            routes,
            since,
            queue,
            waiting: Mutex::default(),
            closed: AtomicBool::new(false),
            dismissed: Notify::new(),
            latency: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            strays: AtomicU64::new(0),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Result<String, RpcError>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its keys, each once.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        addresses(&self.routes)
    }

    pub(crate) fn serves(&self, wanted: &Wanted) -> bool {
        self.routes.iter().any(|route| route.serves(wanted))
    }

    /// How many calls wait for it.
    pub(crate) fn depth(&self) -> usize {
        self.waiting().len()
    }

    /// Has the signer answer a call that was written with this id.
    pub(crate) async fn ask(
        &self,
        id: u64,
        text: String,
        deadline: Instant,
    ) -> Result<Result<String, RpcError>, NoAnswer> {
        let start = Instant::now();
        let (sender, receiver) = oneshot::channel();
        {
            let mut waiting = self.waiting();
            // Under the lock, so that `close` misses none.
            if self.closed.load(Ordering::Relaxed) {
                return Err(NoAnswer::Lost);
            }
            waiting.insert(id, sender);
        }
        let _forget = Forget { link: self, id };
        match self.queue.try_send(text) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(NoAnswer::Full),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(NoAnswer::Lost),
        }
        match timeout_at(deadline, receiver).await {
            Ok(Ok(answer)) => {
                let took = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
                self.latency.store(took, Ordering::Relaxed);
                self.answered.fetch_add(1, Ordering::Relaxed);
                Ok(answer)
            }
            Ok(Err(_)) => Err(NoAnswer::Lost),
            Err(_) => Err(NoAnswer::Late),
        }
    }

    /// Takes what the signer says: answers, each once.
    pub(crate) fn take(&self, text: &str) -> Result<(), End> {
        let frame = Frame::read(text).ok_or(End::Protocol("no JSON-RPC"))?;
        if frame.method.is_some() {
            return Err(End::Protocol("a call: the signer has registered already"));
        }
        let waiting = self.waiting().remove(&frame.id);
        match waiting {
            // An error means that the client's deadline has passed.
            Some(sender) => drop(sender.send(frame.outcome())),
            None => {
                self.strays.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// Nobody waits for it any more, whoever did asks another; and its connection ends.
    pub(crate) fn close(&self) {
        let mut waiting = self.waiting();
        self.closed.store(true, Ordering::Relaxed);
        waiting.clear();
        self.dismissed.notify_one();
    }

    /// Returns when the link was closed from this side.
    pub(crate) async fn dismissed(&self) {
        self.dismissed.notified().await;
    }
}

/// Takes a call off the list when its asker is gone.
struct Forget<'a> {
    link: &'a Link,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.link.waiting().remove(&self.id);
    }
}

/// A registration that has come, and is not answered yet.
pub(crate) struct Applicant {
    pub(crate) id: u64,
    pub(crate) registration: Registration,
    pub(crate) routes: Vec<Route>,
}

/// Reads a registration and has every offered key proved.
pub(crate) async fn meet<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
    binding: &[u8; 32],
) -> Result<Applicant, (u64, Denial)> {
    let end = |end| (0, Denial::End(end));
    let text = socket.hear().await.map_err(end)?;
    let frame = Frame::read(&text).ok_or((0, Denial::End(End::Protocol("no JSON-RPC"))))?;
    let id = frame.id;
    let deny = |what: String| (id, Denial::Reason(what));
    if frame.method.as_deref() != Some(SERVE) {
        return Err(deny(format!("register first, with {SERVE}")));
    }
    let registration: Registration =
        frame.argument().ok_or_else(|| deny("no registration in the parameters".into()))?;
    if registration.version != VERSION {
        let theirs = registration.version;
        return Err(deny(format!(
            "the signer speaks version {theirs} of the protocol, this proxy {VERSION}"
        )));
    }
    if registration.offers.is_empty() {
        return Err(deny("the signer offers no key".into()));
    }
    let routes = registration.offers.iter().map(Route::read).collect::<Result<Vec<_>, _>>();
    let routes = routes.map_err(deny)?;
    let challenge = challenge().map_err(|end| (id, Denial::End(end)))?;
    let question = Challenge { challenge: challenge.clone() };
    socket.say(request(0, PROVE, &question)).await.map_err(end)?;
    let text = socket.hear().await.map_err(end)?;
    let proofs = Frame::read(&text)
        .filter(|frame| frame.method.is_none())
        .and_then(|frame| frame.outcome().ok())
        .and_then(|result| serde_json::from_str::<Proofs>(&result).ok())
        .ok_or_else(|| deny("the signer gave no proofs".into()))?;
    for address in &addresses(&routes) {
        let proved = proofs.proofs.iter().any(|proof| {
            proof.address.parse() == Ok(*address)
                && Signature::from_hex(&proof.signature, Rules::Strict).is_ok_and(|signature| {
                    let hash = proof_hash(address, &challenge, binding);
                    verify_signing_hash(&hash, &signature, address).is_ok()
                })
        });
        if !proved {
            return Err(deny(format!("the signer did not prove that it holds {address}")));
        }
    }
    Ok(Applicant { id, registration, routes })
}

/// Each once, in their order.
fn addresses(routes: &[Route]) -> Vec<Address> {
    let mut addresses: Vec<Address> = Vec::with_capacity(routes.len());
    for route in routes {
        if !addresses.contains(&route.address) {
            addresses.push(route.address);
        }
    }
    addresses
}

/// Why a signer is not served.
pub(crate) enum Denial {
    /// The conversation broke off.
    End(End),
    /// It is told this.
    Reason(String),
}

fn challenge() -> Result<String, End> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| End::Lost(error.to_string()))?;
    Ok(format!("0x{}", base16ct::lower::encode_string(&bytes)))
}

/// Milliseconds left until a deadline.
pub(crate) fn left(deadline: Instant) -> u64 {
    let left: Duration = deadline.saturating_duration_since(Instant::now());
    u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
}
