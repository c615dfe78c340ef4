//! Connections to one peer that are kept and used again.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::body::Body;

/// For a connection to be opened, TLS included.
const CONNECT: Duration = Duration::from_secs(3);

/// A connection that was idle for longer is not used: op-geth closes its own after 120 s.
const IDLE: Duration = Duration::from_secs(90);

/// Idle connections that are kept.
const KEPT: usize = 64;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PeerError {
    /// No connection: nothing was sent.
    Unreachable(String),
    /// The connection broke before the answer was whole.
    Broken(String),
    /// The answer is longer than may be.
    TooLong,
    /// The answer has another status than 200.
    Status(u16),
    /// No answer in time.
    Late,
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(what) => write!(f, "cannot be reached: {what}"),
            Self::Broken(what) => write!(f, "the connection broke: {what}"),
            Self::TooLong => f.write_str("the answer is too long"),
            Self::Status(status) => write!(f, "answered with HTTP status {status}"),
            Self::Late => f.write_str("did not answer in time"),
        }
    }
}

/// A peer's connections.
pub(crate) struct Pool {
    authority: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    sender: SendRequest<Body>,
    since: Instant,
}

impl Pool {
    /// `authority` is HOST:PORT; nothing is opened yet.
    pub(crate) fn new(
        authority: String,
        tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    ) -> Self {
        let tls = tls.map(|(config, name)| (TlsConnector::from(config), name));
        Self { authority, tls, idle: Mutex::default() }
    }

    /// Sends a request over a kept connection, or over a new one where none is free. If a kept one
    /// turns out to be closed, the request is sent once more over a new one, as long as its body is
    /// still there.
    pub(crate) async fn send(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, PeerError> {
        let mut request = request;
        if let Some(mut sender) = self.take() {
            let spare = copy(&request);
            match sender.try_send_request(request).await {
                Ok(response) => {
                    self.give_back(sender);
                    return Ok(response);
                }
                Err(mut error) => match (error.take_message(), spare) {
                    (Some(unsent), _) => request = unsent,
                    (None, Some(spare)) if closed(error.error()) => request = spare,
                    (None, _) => return Err(PeerError::Broken(describe(error.error()))),
                },
            }
        }
        let mut sender = self.open().await?;
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| PeerError::Broken(describe(&error)))?;
        self.give_back(sender);
        Ok(response)
    }

    fn take(&self) -> Option<SendRequest<Body>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| !idle.sender.is_closed() && idle.since.elapsed() < IDLE);
        // One whose last answer is still being read is not ready.
        let free = idle.iter().rposition(|idle| idle.sender.is_ready())?;
        Some(idle.swap_remove(free).sender)
    }

    fn give_back(&self, sender: SendRequest<Body>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(Idle { sender, since: Instant::now() });
        }
    }

    async fn open(&self) -> Result<SendRequest<Body>, PeerError> {
        let opening = async {
            let stream = TcpStream::connect(&self.authority).await?;
            stream.set_nodelay(true)?;
            match &self.tls {
                None => speak(stream).await,
                Some((connector, name)) => {
                    speak(connector.connect(name.clone(), stream).await?).await
                }
            }
        };
        match timeout(CONNECT, opening).await {
            Ok(Ok(sender)) => Ok(sender),
            Ok(Err(error)) => Err(PeerError::Unreachable(error.to_string())),
            Err(_) => Err(PeerError::Unreachable(format!("not within {} s", CONNECT.as_secs()))),
        }
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> std::io::Result<SendRequest<Body>> {
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
    // How it ends is seen by whoever waits for an answer.
    tokio::spawn(connection.with_upgrades());
    Ok(sender)
}

fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().again()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// Whether a kept connection was closed by its other end rather than in the middle of an answer.
fn closed(error: &hyper::Error) -> bool {
    use std::error::Error;
    let reset = |error: &(dyn Error + 'static)| {
        error.downcast_ref::<std::io::Error>().is_some_and(|error| {
            use std::io::ErrorKind::{
                BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected,
            };
            matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected)
        })
    };
    error.is_incomplete_message()
        || error.is_canceled()
        || error.is_closed()
        || error.source().is_some_and(reset)
}

fn describe(error: &hyper::Error) -> String {
    use std::error::Error;
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
