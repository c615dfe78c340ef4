//! Health, as op-conductor's clients for rollup-boost ask for it, and as orchestrators do.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};

use crate::body::Body;
use crate::builder::Sync;
use crate::chain::place;
use crate::config::Mode;
use crate::engine::Sidecar;

/// For the local engine to say what its head is.
const PATIENCE: Duration = Duration::from_secs(2);

/// How well it goes, in rollup-boost's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// The local engine answers, and so does a builder if one is wanted.
    Healthy,
    /// Blocks are made, but by the local engine alone.
    PartialContent,
    /// The local engine does not answer.
    ServiceUnavailable,
}

impl Health {
    const fn status(self) -> StatusCode {
        match self {
            Self::Healthy => StatusCode::OK,
            Self::PartialContent => StatusCode::PARTIAL_CONTENT,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl Sidecar {
    pub(crate) fn health(&self) -> Health {
        let works = |builder: &std::sync::Arc<crate::builder::Builder>| {
            builder.sync() == Sync::Synced && !builder.breaker_open()
        };
        if !self.local_answers.load(Ordering::Relaxed) {
            Health::ServiceUnavailable
        } else if self.mode() == Mode::Disabled
            || self.builders.is_empty()
            || self.builders.iter().any(works)
        {
            Health::Healthy
        } else {
            Health::PartialContent
        }
    }

    /// Answers a question about health; none if it is about something else.
    pub(crate) fn health_answer(&self, method: &Method, path: &str) -> Option<Response<Body>> {
        if method != Method::GET {
            return None;
        }
        let health = self.health();
        let status = match path {
            "/healthz" => health.status(),
            // "Next" in op-conductor: the status says that somebody is there, the body the rest.
            "/health" | "/livez" => StatusCode::OK,
            "/readyz" if health == Health::ServiceUnavailable => health.status(),
            "/readyz" => StatusCode::OK,
            _ => return None,
        };
        let version = serde_json::Value::from(&*self.version);
        let body = format!("{{\"version\":{version},\"rollup_boost_health\":\"{health:?}\"}}\n");
        let mut response = Response::new(Body::from(bytes::Bytes::from(body)));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        Some(response)
    }

    /// Keeps an eye on the local engine. Never returns.
    pub(crate) async fn watch_local(&self) {
        loop {
            let there = match place(&self.local, "latest", PATIENCE).await {
                Ok(_) => true,
                Err(error) => {
                    tracing::debug!(%error, "the local engine does not say what its head is");
                    false
                }
            };
            self.local_answers.store(there, Ordering::Relaxed);
            tokio::time::sleep(self.block_time.min(Duration::from_secs(1))).await;
        }
    }
}
