//! The signer's side: dials a proxy, shows its keys, and answers what is relayed. One that is gone is
//! dialled again and again; one that is slow holds up nobody else.

use std::sync::Arc;
use std::time::Duration;

use opsign_wire::{Call, Client, Dialer, Handler, Metrics, RpcError, Stop, Trace};
use serde_json::value::RawValue;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::client_async_with_config;

use crate::protocol::{
    Challenge, Envelope, Frame, Offer, PROVE, Proofs, Registration, SERVE, VERSION, Welcome,
    answer, request,
};
use crate::protocol::{Proof, json};
use crate::socket::{End, QUEUE, Socket, config};

/// The waits between two attempts: the second is the longest. A link that comes back is to be used
/// within 200 ms.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(120));

/// The longest wait where a proxy denies us: each attempt has our keys sign.
const DENIED: Duration = Duration::from_secs(5);

/// To connect, shake hands and register.
const PATIENCE: Duration = Duration::from_secs(5);

/// A proxy to dial.
#[derive(Clone)]
pub struct Proxy {
    /// Where it is.
    pub dialer: Dialer,
    /// What it may say.
    pub trust: Trust,
}

/// What a signer believes of what a proxy says.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The clients it may speak for, by their certificates' first DNS names.
    pub clients: Vec<String>,
    /// Whether it is not believed: only calls that their clients have signed are answered.
    pub signed: bool,
}

/// A signer that proxies may relay to.
pub trait Offering: Handler {
    /// What it offers to a proxy that speaks for these clients.
    fn registration(&self, clients: &[String]) -> Registration;

    /// Proves a key: signs [`proof_hash`](crate::proof_hash), as `0x` and hex digits.
    fn prove(
        &self,
        address: &str,
        challenge: &str,
        binding: &[u8; 32],
        deadline: Instant,
    ) -> impl Future<Output = Result<String, String>> + Send;

    /// Who has signed a call.
    ///
    /// # Errors
    /// As [`SignedCalls::client`](opsign_wire::SignedCalls::client).
    fn client(
        &self,
        method: &str,
        params: Option<&RawValue>,
        signed: Option<&RawValue>,
    ) -> Result<Client, RpcError>;

    /// The longest a call may take, whatever a proxy says.
    fn deadline(&self) -> Duration;
}

/// Serves one proxy until stopped: what is being answered then is still answered.
pub async fn serve<H: Offering>(
    proxy: Proxy,
    handler: Arc<H>,
    metrics: Arc<Metrics>,
    mut stop: Stop,
) {
    let place = proxy.dialer.authority().to_owned();
    let mut wait = BACKOFF.0;
    let mut said = String::new();
    loop {
        let serving = link(&proxy, &handler, &metrics, &mut stop);
        let (end, served) = serving.await;
        if end == End::Done {
            tracing::info!(proxy = place, "the link to a proxy was closed");
            return;
        }
        let text = end.to_string();
        // An outage is told once.
        if served || text != said {
            tracing::warn!(proxy = place, reason = text, "no link to a proxy: dialling again");
            said = text;
        }
        let longest = if matches!(end, End::Denied(_)) { DENIED } else { BACKOFF.1 };
        wait = if served { BACKOFF.0 } else { (wait * 2).min(longest) };
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(jittered(wait)) => {}
        }
    }
}

/// Half of it to all of it, so that many signers do not come back at once.
fn jittered(wait: Duration) -> Duration {
    let mut bytes = [0; 2];
    // Without randomness the wait is only more regular.
    let _ = getrandom::fill(&mut bytes);
    wait / 2 + wait * u32::from(u16::from_le_bytes(bytes)) / 2 / u32::from(u16::MAX)
}

/// One link from dialling to its end, and whether calls could come in.
async fn link<H: Offering>(
    proxy: &Proxy,
    handler: &Arc<H>,
    metrics: &Arc<Metrics>,
    stop: &mut Stop,
) -> (End, bool) {
    let opening = timeout(PATIENCE, open(proxy, handler));
    let opened = tokio::select! {
        () = stop.stopped() => return (End::Done, false),
        opened = opening => opened.unwrap_or(Err(End::Dead)),
    };
    let mut socket = match opened {
        Ok(socket) => socket,
        Err(end) => return (end, false),
    };
    let (sender, mut queue) = mpsc::channel(QUEUE);
    let running = Running::new(Arc::clone(handler), Arc::clone(metrics), proxy.trust.clone());
    let mut sender = Some(sender);
    let took = |text: String| match &sender {
        Some(sender) => running.take(&text, sender),
        None => Ok(()),
    };
    let end = tokio::select! {
        end = socket.run(&mut queue, took) => end,
        () = stop.stopped() => End::Done,
    };
    if end == End::Done {
        // The last answers: the queue ends when their tasks have ended.
        sender = None;
        let last = socket.run(&mut queue, |_| Ok(()));
        let _ = timeout(PATIENCE, last).await;
    }
    drop(sender);
    (end, true)
}

async fn open<H: Offering>(
    proxy: &Proxy,
    handler: &Arc<H>,
) -> Result<Socket<impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + use<H>>, End> {
    let lost = |error: std::io::Error| End::Lost(error.to_string());
    let dialed = proxy.dialer.dial().await.map_err(lost)?;
    let url = format!("wss://{}/", proxy.dialer.authority());
    let (stream, _) = client_async_with_config(url, dialed.stream, Some(config()))
        .await
        .map_err(|error| End::Lost(error.to_string()))?;
    let mut socket = Socket::new(stream);
    let registration = handler.registration(&proxy.trust.clients);
    socket.say(request(1, SERVE, &registration)).await?;
    let text = socket.hear().await?;
    let frame = Frame::read(&text).ok_or(End::Protocol("no JSON-RPC"))?;
    if frame.method.is_none() {
        return Err(denied(&frame));
    }
    if frame.method.as_deref() != Some(PROVE) {
        return Err(End::Protocol("a call before the proof"));
    }
    let challenge = frame.argument::<Challenge>().filter(Challenge::sound);
    let challenge = challenge.ok_or(End::Protocol("no challenge of 0x and 64 hex digits"))?;
    let deadline = Instant::now() + PATIENCE;
    let mut proofs = Vec::with_capacity(registration.offers.len());
    for Offer { address, .. } in &registration.offers {
        if proofs.iter().any(|proof: &Proof| proof.address == *address) {
            continue;
        }
        let proving = handler.prove(address, &challenge.challenge, &dialed.binding, deadline);
        let signature = proving.await.map_err(End::Lost)?;
        proofs.push(Proof { address: address.clone(), signature });
    }
    socket.say(answer(frame.id, &Ok(json(&Proofs { proofs })))).await?;
    let text = socket.hear().await?;
    let frame = Frame::read(&text).ok_or(End::Protocol("no JSON-RPC"))?;
    if frame.method.is_some() || frame.error.is_some() {
        return Err(denied(&frame));
    }
    let welcome: Welcome = frame
        .result
        .and_then(|result| serde_json::from_str(result.get()).ok())
        .ok_or(End::Protocol("no welcome"))?;
    if welcome.version != VERSION {
        return Err(End::Protocol("another version"));
    }
    let accepted: Vec<_> = welcome.accepted.iter().map(Offer::to_string).collect();
    tracing::info!(
        proxy = proxy.dialer.authority(),
        name = welcome.proxy,
        keys = accepted.join("; "),
        "serving through a proxy"
    );
    Ok(socket)
}

fn denied(frame: &Frame<'_>) -> End {
    match frame.outcome() {
        Err(error) => End::Denied(error.to_string()),
        Ok(_) => End::Protocol("an answer to nothing"),
    }
}

/// What answers the calls of one link.
pub(crate) struct Running<H> {
    handler: Arc<H>,
    metrics: Arc<Metrics>,
    trust: Arc<Trust>,
    room: Arc<Semaphore>,
}

impl<H: Offering> Running<H> {
    pub(crate) fn new(handler: Arc<H>, metrics: Arc<Metrics>, trust: Trust) -> Self {
        let room = Arc::new(Semaphore::new(QUEUE));
        Self { handler, metrics, trust: Arc::new(trust), room }
    }

    pub(crate) fn take(&self, text: &str, sender: &mpsc::Sender<String>) -> Result<(), End> {
        let frame = Frame::read(text).ok_or(End::Protocol("no JSON-RPC"))?;
        if frame.method.is_none() {
            return Err(End::Protocol("an answer to nothing"));
        }
        let sender = sender.clone();
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            let busy = RpcError::new(crate::BUSY, "the signer has too much to do");
            // A queue that is full as well ends the link: the proxy floods us.
            return sender
                .try_send(answer(frame.id, &Err(busy)))
                .map_err(|_| End::Protocol("more calls than were answered"));
        };
        let (id, text) = (frame.id, text.to_owned());
        let (handler, metrics) = (Arc::clone(&self.handler), Arc::clone(&self.metrics));
        let trust = Arc::clone(&self.trust);
        tokio::spawn(async move {
            let outcome = call(&*handler, &metrics, &trust, &text).await;
            // An error means that the link is gone: the proxy asks again over the next one.
            let _ = sender.send(answer(id, &outcome)).await;
            drop(permit);
        });
        Ok(())
    }
}

async fn call<H: Offering>(
    handler: &H,
    metrics: &Metrics,
    trust: &Trust,
    text: &str,
) -> Result<String, RpcError> {
    let invalid = || RpcError::new(-32600, "invalid request");
    let frame = Frame::read(text).ok_or_else(invalid)?;
    let method = frame.method.as_deref().ok_or_else(invalid)?;
    let Envelope { client, deadline_ms, trace } = frame.opsign.clone().ok_or_else(invalid)?;
    let name = client.names.first().map_or("", String::as_str);
    if !trust.clients.iter().any(|known| known == name) {
        let who = format_args!("this proxy may not speak for client '{name}'");
        return Err(RpcError::forbidden(who));
    }
    let client = if trust.signed {
        let signer = handler.client(method, frame.params, frame.signed)?;
        if signer.name() != name {
            let who =
                format_args!("client '{}' has signed what is said to be '{name}'s", signer.name());
            return Err(RpcError::forbidden(who));
        }
        signer
    } else {
        Client::relayed(client.names)
    };
    // Any of the names may count (`clientNames: any`), so none is foreign.
    let client = client.only(&trust.clients);
    let deadline = Duration::from_millis(deadline_ms).min(handler.deadline());
    let trace = trace.and_then(|id| Trace::new(&id));
    let call = Call {
        method,
        params: frame.params,
        client: &client,
        deadline: Instant::now() + deadline,
        trace: trace.as_ref(),
        signed: frame.signed,
    };
    opsign_wire::run(handler, metrics, call).await
}
