//! What is answered before JSON-RPC, in op-signer's order: health, certificate, path, method, type,
//! size.

use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE,
    EXPECT, HOST, HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, Request, Response, StatusCode, Version};

use crate::client::{Client, Identity};
use crate::metrics::Metrics;
use crate::rpc::{Exchange, Handler, RpcError, Trace, refusal};
use crate::server::Limits;
use crate::tls::Tls;
use crate::watch::Watch;

/// Answers shorter than this are not compressed: they fit one packet anyway.
const COMPRESS_FROM: usize = 1400;

/// Everything that requests on one connection share.
pub(crate) struct Connection<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) limits: Limits,
    pub(crate) version: Arc<str>,
    /// None on a port without TLS.
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) client: Client,
    /// The certificates under which the client was last found good.
    pub(crate) trusted_in: AtomicU64,
    pub(crate) watch: Arc<Watch>,
}

impl<H: Handler> Connection<H> {
    pub(crate) async fn serve(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let _serving = self.watch.serve();
        let start = Instant::now();
        let method = method_label(request.method());
        self.metrics.requests.with_label_values(&[method]).inc();
        let inflight = self.metrics.inflight.with_label_values(&[method]);
        inflight.inc();
        let response = self.answer(request).await;
        inflight.dec();
        let status = response.status();
        let labels = [method, status.as_str()];
        self.metrics.responses.with_label_values(&labels).inc();
        let seconds = start.elapsed().as_secs_f64();
        self.metrics.latency.observe(seconds);
        self.metrics.duration_ms.with_label_values(&labels).observe(seconds * 1000.0);
        self.metrics.response_size.observe(response.body().size_hint().lower() as f64);
        Ok(response)
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if let Some(refusal) = improper(&request) {
            return closing(refusal);
        }
        let path = request.uri().path();
        if path == "/healthz" || path == "/healthz/" {
            let version = serde_json::Value::from(&*self.version);
            return json(format!("{{\"version\":{version}}}\n"));
        }
        if path == "/readyz" {
            let ready = self.handler.ready();
            let mut response = json(format!("{{\"ready\":{ready}}}\n"));
            if !ready {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            return response;
        }
        if let Some(refusal) = self.turn_away() {
            return refusal;
        }
        if path != "/" {
            return text(StatusCode::NOT_FOUND, "404 page not found");
        }
        let origin = request.headers().contains_key(ORIGIN);
        let mut response = self.rpc(request).await;
        let headers = response.headers_mut();
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        response
    }

    /// A client must show a certificate with a name, which must still be good.
    fn turn_away(&self) -> Option<Response<Full<Bytes>>> {
        let refuse = |what| Some(text(StatusCode::UNAUTHORIZED, what));
        match self.client.identity() {
            Identity::Plain => return None,
            Identity::Missing => return refuse("client certificate was not provided"),
            Identity::Nameless => {
                return refuse("client certificate verified but did not contain DNS SAN extension");
            }
            Identity::Named(_) => {}
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if self.client.expired_at(i64::try_from(now).unwrap_or(i64::MAX)) {
            return refuse("client certificate has expired").map(closing);
        }
        let tls = self.tls.as_ref()?;
        let generation = tls.generation();
        if self.trusted_in.load(Ordering::Relaxed) != generation {
            if !tls.still_trusts(&self.client) {
                return refuse("client certificate is no longer trusted").map(closing);
            }
            self.trusted_in.store(generation, Ordering::Relaxed);
        }
        None
    }

    async fn rpc(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let method = request.method();
        let declared = request.body().size_hint().exact();
        if method == Method::GET
            && declared == Some(0)
            && request.uri().query().unwrap_or_default().is_empty()
        {
            return Response::new(Full::default());
        }
        if matches!(*method, Method::PUT | Method::DELETE) {
            return text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
        }
        if let Some(length) = declared.filter(|length| *length > self.limits.body as u64) {
            // The rest of the body is not read, so nothing more can come on this connection.
            let what = format!("content length too large ({length}>{})", self.limits.body);
            return closing(text(StatusCode::PAYLOAD_TOO_LARGE, &what));
        }
        if method != Method::OPTIONS && !request.headers().get(CONTENT_TYPE).is_some_and(is_json) {
            return text(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "invalid content type, only application/json is supported",
            );
        }
        let gzip = request.headers().get(ACCEPT_ENCODING).is_some_and(accepts_gzip);
        let trace = request
            .headers()
            .get("traceparent")
            .and_then(|value| Trace::from_header(value.as_bytes()));
        let body = Limited::new(request.into_body(), self.limits.body).collect();
        let body = match tokio::time::timeout(self.limits.body_time, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            // Too long without having said so, or broken off: what go-ethereum says.
            Ok(Err(_)) => return closing(json(refusal(&RpcError::parse()))),
            Err(_) => {
                self.metrics.cut.with_label_values(&["slow_body"]).inc();
                return closing(text(StatusCode::REQUEST_TIMEOUT, "the request took too long"));
            }
        };
        let exchange = Exchange {
            handler: &*self.handler,
            metrics: &self.metrics,
            client: &self.client,
            trace: trace.as_ref(),
            deadline: self.limits.deadline,
            batch_time: self.limits.batch_time,
            batch_limit: self.limits.batch,
        };
        pack(exchange.answer(&body).await, gzip)
    }
}

/// What Go's server refuses before any handler is asked: a request with no host, two or a malformed
/// one (`conn.readRequest` in `net/http`), and an expectation that nobody has.
fn improper(request: &Request<Incoming>) -> Option<Response<Full<Bytes>>> {
    // HTTP/2 names the host by other means, and hyper checks those.
    if request.version() > Version::HTTP_11 {
        return None;
    }
    let bad = |why: &str| {
        let mut response = Response::new(Full::from(format!("400 Bad Request{why}")));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
        Some(response)
    };
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return bad(""),
        (Some(host), None) if !host.as_bytes().iter().all(may_be_in_host) => {
            return bad(": malformed Host header");
        }
        (None, _)
            if request.version() == Version::HTTP_11 && request.method() != Method::CONNECT =>
        {
            return bad(": missing required Host header");
        }
        _ => {}
    }
    let expect = request.headers().get(EXPECT)?;
    if expect.is_empty() || expect.as_bytes().eq_ignore_ascii_case(b"100-continue") {
        return None;
    }
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::EXPECTATION_FAILED;
    Some(response)
}

/// `validHostByte` of golang.org/x/net: letters, digits and the marks of RFC 3986, 3.2.2.
fn may_be_in_host(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=[]_~".contains(byte)
}

fn accepts_gzip(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|value| {
        value.split(',').any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            parts.next() == Some("gzip") && !parts.any(|part| matches!(part, "q=0" | "q=0.0"))
        })
    })
}

fn is_json(value: &HeaderValue) -> bool {
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    ["application/json", "application/json-rpc", "application/jsonrequest"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
}

/// Compresses an answer that is worth it.
fn pack(body: String, gzip: bool) -> Response<Full<Bytes>> {
    if gzip && body.len() >= COMPRESS_FROM {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        if let Ok(packed) = encoder.write_all(body.as_bytes()).and_then(|()| encoder.finish()) {
            let mut response = json(Full::from(packed));
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            return response;
        }
    }
    json(body)
}

fn json(body: impl Into<Full<Bytes>>) -> Response<Full<Bytes>> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What Go's `http.Error` writes.
fn text(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{message}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

/// The last answer of its connection.
fn closing(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A label of its own for the methods there are, one for all others: labels must stay few.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
