//! The port that op-node calls.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONNECTION, HeaderValue, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use opsign_wire::{Stop, next_connection, room_for};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::body::Body;
use crate::engine::{Sidecar, no_engine, plain};
use crate::jwt::Secret;
use crate::peer::end_to_end;

/// Connections at a time.
const CONNECTIONS: usize = 1024;

/// Files that are open besides: those kept to engines, builders and the signer (64 each), and ours.
const OTHER_FILES: usize = 320;

/// For a request's head, and for the next request to come: op-geth's own patience.
const IDLE: Duration = Duration::from_secs(120);

/// How long running requests may finish after a stop: what op-node waits for an answer.
const DRAIN: Duration = Duration::from_secs(10);

/// How long clients of a port that was given away may be idle.
const LEAVE: Duration = Duration::from_secs(60);

/// The port.
pub(crate) struct Server {
    pub(crate) listener: TcpListener,
    pub(crate) sidecar: Arc<Sidecar>,
    pub(crate) secret: Arc<Secret>,
}

impl Server {
    /// Serves until stopped, then lets running requests finish; or until the port was given away,
    /// then lets clients go one by one, each after its next answer. Returns how many connections
    /// had to be cut at the end.
    pub(crate) async fn run(self, mut given: watch::Receiver<bool>, mut stop: Stop) -> usize {
        let connections = room_for(CONNECTIONS, OTHER_FILES);
        let room = Arc::new(Semaphore::new(connections));
        let (close, closing) = watch::channel(false);
        let leaving = loop {
            let (stream, _) = tokio::select! {
                () = stop.stopped() => break false,
                true = told(&mut given) => break true,
                next = next_connection(&self.listener) => next,
            };
            let Ok(permit) = Arc::clone(&room).try_acquire_owned() else { continue };
            let door = Door {
                sidecar: Arc::clone(&self.sidecar),
                secret: Arc::clone(&self.secret),
                given: given.clone(),
            };
            let closing = closing.clone();
            tokio::spawn(async move {
                let _permit = permit;
                door.serve(stream, closing).await;
            });
        };
        drop(self.listener);
        let all = u32::try_from(connections).unwrap_or(u32::MAX);
        if leaving {
            tokio::select! {
                _ = room.acquire_many(all) => {}
                () = stop.stopped() => {}
                () = tokio::time::sleep(LEAVE) => {}
            }
        }
        close.send_replace(true);
        let drained = tokio::time::timeout(DRAIN, room.acquire_many(all)).await;
        if drained.is_ok() { 0 } else { connections - room.available_permits() }
    }
}

/// True when it is true.
async fn told(signal: &mut watch::Receiver<bool>) -> bool {
    if signal.wait_for(|said| *said).await.is_err() {
        // Nobody can say so any more.
        std::future::pending::<()>().await;
    }
    true
}

/// What a connection needs.
struct Door {
    sidecar: Arc<Sidecar>,
    secret: Arc<Secret>,
    given: watch::Receiver<bool>,
}

impl Door {
    async fn serve(self, stream: TcpStream, mut closing: watch::Receiver<bool>) {
        // Answers are small: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let door = Arc::new(self);
        let service = service_fn(move |request| {
            let door = Arc::clone(&door);
            async move {
                let mut answer = door.answer(request).await;
                if *door.given.borrow() {
                    // The client's next request opens a connection, to the new process.
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE)
            // A client that goes away ends nothing: its work is done to the end.
            .half_close(true);
        let serving = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
        tokio::pin!(serving);
        tokio::select! {
            // A connection that breaks off is the client's right.
            _ = serving.as_mut() => {}
            true = told(&mut closing) => {
                serving.as_mut().graceful_shutdown();
                let _ = serving.await;
            }
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        // Those who ask for it have no secret.
        if let Some(health) = self.sidecar.health_answer(request.method(), request.uri().path()) {
            return health;
        }
        if let Err(refusal) = self.secret.check(request.headers().get(AUTHORIZATION)) {
            return plain(StatusCode::UNAUTHORIZED, &refusal);
        }
        if request.headers().contains_key(UPGRADE) {
            return self.upgrade(request).await;
        }
        let (head, body) = request.into_parts();
        if head.method == Method::POST {
            self.sidecar.post(head, body).await
        } else {
            self.sidecar.pass(&head, Body::stream([], body)).await
        }
    }

    /// Connects the client with the local engine: what they say then is theirs.
    async fn upgrade(&self, mut request: Request<Incoming>) -> Response<Body> {
        let client = hyper::upgrade::on(&mut request);
        let (head, _) = request.into_parts();
        let mut response = match self.sidecar.local.upgrade(&head).await {
            Ok(response) => response,
            Err(error) => return no_engine(&error),
        };
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let (mut parts, body) = response.into_parts();
            parts.headers = end_to_end(&parts.headers);
            return Response::from_parts(parts, Body::stream([], body));
        }
        self.sidecar.metrics.websocket();
        tracing::warn!(
            "a WebSocket was opened: its calls go to the local engine alone, without builders"
        );
        let engine = hyper::upgrade::on(&mut response);
        tokio::spawn(async move {
            let both: Result<_, io::Error> = async {
                let client = client.await.map_err(io::Error::other)?;
                let engine = engine.await.map_err(io::Error::other)?;
                copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(engine)).await
            }
            .await;
            if let Err(error) = both {
                tracing::debug!(%error, "a WebSocket ended");
            }
        });
        let (mut parts, _) = response.into_parts();
        let protocol = parts.headers.get(UPGRADE).cloned();
        parts.headers = end_to_end(&parts.headers);
        if let Some(protocol) = protocol {
            parts.headers.insert(UPGRADE, protocol);
            parts.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        }
        Response::from_parts(parts, Body::pieces([]))
    }
}
