//! Accepting connections, cutting off what stalls, and a clean stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::sync::watch as signal;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use crate::client::Client;
use crate::http::Connection;
use crate::metrics::Metrics;
use crate::rpc::Handler;
use crate::tls::Tls;
use crate::watch::{Patience, Watch, Watched};

/// What one client may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Within this a call is answered, whatever happens.
    pub deadline: Duration,
    /// Within this all calls of a batch are. Each has its own deadline, too.
    pub batch_time: Duration,
    /// Bytes of a request's body.
    pub body: usize,
    /// Calls in a batch.
    pub batch: usize,
    /// Connections at a time.
    pub connections: usize,
    /// For the TLS handshake and each request's head.
    pub head_time: Duration,
    /// For a request's body.
    pub body_time: Duration,
    /// For the client to take an answer.
    pub write_time: Duration,
    /// How long a connection may be idle.
    pub idle_time: Duration,
    /// How long running requests may finish after a stop.
    pub drain_time: Duration,
}

impl Default for Limits {
    /// 1 s per call and 10 s per batch, 16 MiB, 1000 calls, 20,000 connections; 10 s for a head,
    /// 30 s for a body or an answer, 120 s idle, 10 s to drain.
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(1),
            batch_time: Duration::from_secs(10),
            body: 16 << 20,
            batch: 1000,
            connections: 20_000,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(120),
            drain_time: Duration::from_secs(10),
        }
    }
}

/// Tells servers to stop.
pub struct Stopper(signal::Sender<bool>);

impl Stopper {
    /// A stopper and what it stops.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = signal::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Stops.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Waits for a [`Stopper`].
#[derive(Clone)]
pub struct Stop(signal::Receiver<bool>);

impl Stop {
    /// Returns when the stopper has stopped or is gone.
    pub async fn stopped(&mut self) {
        // An error means that the stopper is gone, which is a stop too.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

/// Closes connections of a client, in every server that was given a copy.
#[derive(Clone)]
pub struct Closer(broadcast::Sender<Arc<str>>);

impl Closer {
    /// A closer that closes nothing yet.
    pub fn new() -> Self {
        Self(broadcast::channel(16).0)
    }

    /// Closes every connection of the client with this first DNS name at once. What the system has
    /// taken for sending may still arrive.
    pub fn close(&self, client: &str) {
        // An error means that there are no connections.
        let _ = self.0.send(client.into());
    }

    async fn closed(names: &mut broadcast::Receiver<Arc<str>>, client: &Client) {
        loop {
            match names.recv().await {
                Ok(name) if *name == *client.name() => return,
                Ok(_) => {}
                // Names were missed: this client's may have been among them.
                Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Default for Closer {
    fn default() -> Self {
        Self::new()
    }
}

/// The next connection to a port. While the system gives none, says so and asks again: mostly too
/// many files are open, and others must close first.
pub async fn next_connection(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(next) => return next,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// A port that answers JSON-RPC.
pub struct Server {
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    limits: Limits,
    metrics: Arc<Metrics>,
    version: Arc<str>,
    closer: Closer,
}

impl Server {
    /// Opens the port; without certificates it speaks plain HTTP, and whoever reaches it is served.
    /// `version` is what `/healthz` says.
    ///
    /// # Errors
    /// What the system says.
    pub async fn bind(
        address: SocketAddr,
        tls: Option<Arc<Tls>>,
        limits: Limits,
        metrics: Arc<Metrics>,
        version: &str,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let closer = Closer::new();
        Ok(Self { listener, tls, limits, metrics, version: version.into(), closer })
    }

    /// Lets `closer` close connections.
    #[must_use]
    pub fn with_closer(mut self, closer: Closer) -> Self {
        self.closer = closer;
        self
    }

    /// The address it has.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until stopped, then lets running requests finish. Returns how many connections had
    /// to be cut at the end.
    pub async fn run<H: Handler>(self, handler: Arc<H>, mut stop: Stop) -> usize {
        let room = Arc::new(Semaphore::new(self.limits.connections));
        loop {
            let (stream, peer) = tokio::select! {
                () = stop.stopped() => break,
                next = next_connection(&self.listener) => next,
            };
            let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
                self.metrics.cut.with_label_values(&["too_many"]).inc();
                continue;
            };
            tokio::spawn(self.connection(stream, peer, permit, Arc::clone(&handler), stop.clone()));
        }
        drop(self.listener);
        let all = u32::try_from(self.limits.connections).unwrap_or(u32::MAX);
        let drained = tokio::time::timeout(self.limits.drain_time, room.acquire_many(all)).await;
        if drained.is_ok() { 0 } else { self.limits.connections - room.available_permits() }
    }

    fn connection<H: Handler>(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
        handler: Arc<H>,
        mut stop: Stop,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (tls, limits, metrics) = (self.tls.clone(), self.limits, Arc::clone(&self.metrics));
        let version = Arc::clone(&self.version);
        // From here on, so that none is missed while the client says who it is.
        let closed = self.closer.0.subscribe();
        async move {
            let _permit = permit;
            metrics.connections.inc();
            // Answers are small: waiting to fill a packet would only delay them.
            let _ = stream.set_nodelay(true);
            let common = |client, http2, generation| {
                Arc::new(Connection {
                    handler,
                    metrics: Arc::clone(&metrics),
                    limits,
                    version,
                    tls: tls.clone(),
                    client,
                    trusted_in: AtomicU64::new(generation),
                    watch: Watch::new(http2),
                })
            };
            let Some(tls) = &tls else {
                serve(stream, false, common(Client::plain(), false, 0), stop, closed).await;
                metrics.connections.dec();
                return;
            };
            let generation = tls.generation();
            let handshake = TlsAcceptor::from(tls.config()).accept(stream);
            let handshake = tokio::select! {
                done = tokio::time::timeout(limits.head_time, handshake) => done,
                // Nothing is running for a client that has not even said who it is.
                () = stop.stopped() => {
                    metrics.connections.dec();
                    return;
                }
            };
            match handshake {
                Ok(Ok(stream)) => {
                    let session = stream.get_ref().1;
                    let client = Client::from_chain(session.peer_certificates());
                    let http2 = session.alpn_protocol() == Some(b"h2");
                    serve(stream, http2, common(client, http2, generation), stop, closed).await;
                }
                Ok(Err(error)) => {
                    metrics.cut.with_label_values(&["handshake"]).inc();
                    tracing::info!(%peer, %error, "a TLS handshake failed");
                }
                Err(_) => metrics.cut.with_label_values(&["slow_handshake"]).inc(),
            }
            metrics.connections.dec();
        }
    }
}

pub(crate) async fn serve<H: Handler, S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    stream: S,
    http2: bool,
    connection: Arc<Connection<H>>,
    mut stop: Stop,
    mut closed: broadcast::Receiver<Arc<str>>,
) {
    let limits = connection.limits;
    let (watch, metrics) = (Arc::clone(&connection.watch), Arc::clone(&connection.metrics));
    let stream = Watched { inner: stream, watch: Arc::clone(&watch) };
    let patience =
        Patience { head: limits.head_time, write: limits.write_time, idle: limits.idle_time };
    let builder = auto::Builder::new(TokioExecutor::new());
    // The protocol was agreed on with TLS; nothing is guessed from bytes.
    let mut builder = if http2 { builder.http2_only() } else { builder.http1_only() };
    builder.http1().max_buf_size(64 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(16 << 10)
        .keep_alive_interval(limits.idle_time / 4)
        .keep_alive_timeout(limits.write_time);
    let client = connection.client.clone();
    let service = service_fn(move |request| Arc::clone(&connection).serve(request));
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let often = limits.head_time.min(limits.idle_time).min(limits.write_time) / 2;
    let mut check = tokio::time::interval(often.max(MIN_CHECK));
    let mut stopping = false;
    loop {
        tokio::select! {
            // A connection that breaks off is the client's right.
            _ = serving.as_mut() => return,
            () = Closer::closed(&mut closed, &client) => {
                metrics.cut.with_label_values(&["not_holder"]).inc();
                return;
            }
            () = stop.stopped(), if !stopping => {
                stopping = true;
                serving.as_mut().graceful_shutdown();
            }
            _ = check.tick() => {
                if let Some(reason) = watch.stalled(patience) {
                    metrics.cut.with_label_values(&[reason]).inc();
                    return;
                }
            }
        }
    }
}

/// How often a connection is looked at, at the most.
const MIN_CHECK: Duration = Duration::from_millis(100);
