//! Connections that have shaken hands, for tonic.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use opsign_wire::{Stop, Tls, accept, next_connection};
use prometheus::IntGauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use crate::peer::Peer;

/// For the TLS handshake.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection whose client is known.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    peer: Peer,
    count: IntGauge,
    _permit: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.count.dec();
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Takes connections in until stopped. Each shakes hands by itself, so that a slow one keeps nobody
/// waiting.
pub(crate) fn incoming(
    listener: TcpListener,
    tls: Arc<Tls>,
    most: usize,
    count: IntGauge,
    mut stop: Stop,
) -> impl Stream<Item = io::Result<Connection>> {
    let (sender, receiver) = mpsc::channel(64);
    let room = Arc::new(Semaphore::new(most));
    tokio::spawn(async move {
        loop {
            let (stream, address) = tokio::select! {
                () = stop.stopped() => return,
                next = next_connection(&listener) => next,
            };
            let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
                tracing::warn!(%address, "too many connections");
                continue;
            };
            let (tls, sender, count) = (Arc::clone(&tls), sender.clone(), count.clone());
            tokio::spawn(async move {
                match accept(&tls, stream, PATIENCE).await {
                    Ok(accepted) => {
                        count.inc();
                        let peer = Peer::new(accepted.client, tls);
                        let stream = accepted.stream;
                        let connection = Connection { stream, peer, count, _permit: permit };
                        // An error means that the server has ended.
                        let _ = sender.send(Ok(connection)).await;
                    }
                    Err(error) => tracing::info!(%address, %error, "a client was not let in"),
                }
            });
        }
    });
    futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|connection| (connection, receiver))
    })
}
