//! Doors for the fuzz targets: bytes from others, without a port around them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::broadcast;

use crate::client::Client;
use crate::http::Connection;
use crate::metrics::Metrics;
use crate::rpc::{Exchange, Handler};
use crate::server::{Limits, Stopper, serve};
use crate::watch::Watch;

/// What a body of JSON-RPC is answered with; empty if nothing is to be said.
///
/// # Panics
/// If a method panicked, which a connection would survive.
pub async fn body<H: Handler>(handler: &H, body: &[u8], limits: Limits) -> String {
    let metrics = metrics();
    let exchange = Exchange {
        handler,
        metrics: &metrics,
        client: &Client::plain(),
        trace: None,
        deadline: limits.deadline,
        batch_time: limits.batch_time,
        batch_limit: limits.batch,
    };
    let answer = exchange.answer(body).await;
    assert_eq!(metrics.panics.get(), 0, "a method panicked");
    answer
}

/// All that a client gets which sends these bytes over HTTP/1.1 and then nothing.
///
/// # Panics
/// If a method panicked, or the connection does not end.
pub async fn connection<H: Handler>(handler: Arc<H>, sent: &[u8], limits: Limits) -> Vec<u8> {
    let metrics = metrics();
    let connection = Arc::new(Connection {
        handler,
        metrics: Arc::clone(&metrics),
        limits,
        version: "0".into(),
        tls: None,
        client: Client::plain(),
        trusted_in: AtomicU64::new(0),
        watch: Watch::new(false),
    });
    let (client, server) = tokio::io::duplex(64 << 10);
    let (_stopper, stop) = Stopper::new();
    let (_closer, closed) = broadcast::channel(1);
    let (mut reader, mut writer) = tokio::io::split(client);
    let mut got = Vec::new();
    let talk = async {
        let send = async {
            // It may hang up first.
            if writer.write_all(sent).await.is_ok() {
                let _ = writer.shutdown().await;
            }
        };
        let (_, read) = tokio::join!(send, reader.read_to_end(&mut got));
        read
    };
    let ended = tokio::time::timeout(limits.idle_time * 4, async {
        tokio::join!(serve(server, false, connection, stop, closed), talk).1
    });
    ended.await.expect("the connection ends").expect("a pipe does not fail");
    assert_eq!(metrics.panics.get(), 0, "a method panicked");
    got
}

fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::new(&Registry::new()).expect("an empty registry"))
}
