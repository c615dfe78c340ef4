//! Counters of the wire, under op-signer's names where it has them, and the port that shows them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::failure::Failure;
use crate::server::next_connection;

/// What the wire counts.
pub struct Metrics {
    /// Requests by HTTP method.
    pub(crate) requests: IntCounterVec,
    /// Answers by HTTP method and status.
    pub(crate) responses: IntCounterVec,
    /// Requests that are being served, by HTTP method.
    pub(crate) inflight: IntGaugeVec,
    /// Seconds from a request's head to its answer.
    pub(crate) latency: Histogram,
    /// The same in milliseconds, by method and status, under op-signer's name.
    pub(crate) duration_ms: HistogramVec,
    /// Bytes of answers.
    pub(crate) response_size: Histogram,
    /// Open connections.
    pub(crate) connections: IntGauge,
    /// Connections that were refused or cut off, by reason.
    pub(crate) cut: IntCounterVec,
    /// Methods that panicked.
    pub(crate) panics: IntCounter,
    /// Calls that took longer than their deadline.
    pub(crate) timeouts: IntCounter,
}

impl Metrics {
    /// Registers everything.
    ///
    /// # Errors
    /// A name that is already taken.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        let histogram = |name: &str, help: &str, buckets: &[f64]| {
            let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            let histogram = Histogram::with_opts(options)?;
            registry.register(Box::new(histogram.clone()))?;
            Ok::<_, prometheus::Error>(histogram)
        };
        let inflight = IntGaugeVec::new(
            Opts::new("signer_http_inflight_requests_count", "HTTP requests being served"),
            &["method"],
        )?;
        registry.register(Box::new(inflight.clone()))?;
        let duration_ms = HistogramVec::new(
            HistogramOpts::new("signer_http_request_duration_ms", "Milliseconds to the answer")
                .buckets(vec![0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 200.0, 1000.0]),
            &["method", "response_code"],
        )?;
        registry.register(Box::new(duration_ms.clone()))?;
        let connections = IntGauge::new("opsign_connections", "Open connections")?;
        registry.register(Box::new(connections.clone()))?;
        let panics = IntCounter::new("opsign_panics_total", "Methods that panicked: bugs")?;
        registry.register(Box::new(panics.clone()))?;
        let timeouts = IntCounter::new("opsign_timeouts_total", "Calls over their deadline")?;
        registry.register(Box::new(timeouts.clone()))?;
        Ok(Self {
            requests: counters("signer_http_requests_count_total", "HTTP requests", &["method"])?,
            responses: counters(
                "signer_http_responses_count_total",
                "HTTP answers",
                &["method", "response_code"],
            )?,
            inflight,
            latency: histogram(
                "signer_http_request_latency_seconds",
                "Seconds to the answer",
                &[50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 25e-3, 0.1, 0.5, 1.0],
            )?,
            duration_ms,
            response_size: histogram(
                "signer_http_response_size",
                "Bytes of answers",
                &[64.0, 256.0, 1024.0, 16384.0, 262144.0, 4194304.0],
            )?,
            connections,
            cut: counters(
                "opsign_connections_cut_total",
                "Connections refused or cut off",
                &["reason"],
            )?,
            panics,
            timeouts,
        })
    }
}

/// Opens the port that shows metrics, and serves it until the task is aborted. Every path answers, as
/// op-signer's does. `before` runs before each answer, to bring gauges up to date.
///
/// # Errors
/// [`Failure::System`] if the port cannot be had.
pub async fn show_metrics(
    address: SocketAddr,
    registry: Registry,
    before: impl Fn() + Clone + Send + Sync + 'static,
) -> Result<JoinHandle<()>, Failure> {
    let fail = |error: io::Error| Failure::System(format!("metrics port {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(fail)?;
    let address = listener.local_addr().map_err(fail)?;
    tracing::info!(%address, "metrics");
    Ok(tokio::spawn(async move {
        loop {
            let (stream, _) = next_connection(&listener).await;
            let (registry, before) = (registry.clone(), before.clone());
            tokio::spawn(async move {
                let service = service_fn(|_request: Request<Incoming>| {
                    before();
                    let mut text = Vec::new();
                    let encoder = TextEncoder::new();
                    // Writing to memory does not fail; an empty answer would show it if it did.
                    let _ = encoder.encode(&registry.gather(), &mut text);
                    let answer = Response::builder()
                        .header("content-type", encoder.format_type())
                        .body(Full::new(Bytes::from(text)))
                        .unwrap_or_default();
                    async move { Ok::<_, Infallible>(answer) }
                });
                let mut builder = hyper::server::conn::http1::Builder::new();
                builder.timer(TokioTimer::new()).keep_alive(false);
                // A scraper that goes away is no event.
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }))
}
