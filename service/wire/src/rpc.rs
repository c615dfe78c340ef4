//! JSON-RPC 2.0 as go-ethereum's server frames it, its error codes and sentences included.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use crate::client::Client;
use crate::metrics::Metrics;

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// The code; go-ethereum's and op-signer's are negative.
    pub code: i32,
    /// One sentence.
    pub message: Cow<'static, str>,
    /// What a program can go by: JSON.
    pub data: Option<String>,
}

impl RpcError {
    /// An error of a method's own.
    pub fn new(code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// The same with something for programs: JSON.
    #[must_use]
    pub fn with_data(mut self, json: impl Into<String>) -> Self {
        self.data = Some(json.into());
        self
    }

    /// -32601: no such method.
    pub fn method_not_found(method: &str) -> Self {
        Self::new(-32601, format!("the method {method} does not exist/is not available"))
    }

    /// -32602: the parameters do not fit.
    pub fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(-32602, message)
    }

    /// -32000, op-signer's code: the client may not do this. `who` ends the sentence that begins with
    /// "Forbidden: ".
    pub fn forbidden(who: impl fmt::Display) -> Self {
        Self::new(-32000, format!("Forbidden: {who}"))
    }

    /// -32000: no config entry has the client's name, in op-signer's words.
    pub fn unknown_client(name: &str) -> Self {
        if name.is_empty() {
            Self::forbidden("client name is empty")
        } else {
            Self::forbidden(format_args!("client '{name}' is not authorized to use any keys"))
        }
    }

    /// -32002: the deadline passed.
    pub fn timed_out() -> Self {
        Self::new(-32002, "request timed out")
    }

    /// -32700: no JSON.
    pub(crate) fn parse() -> Self {
        Self::new(-32700, "parse error")
    }

    fn invalid_request(message: &'static str) -> Self {
        Self::new(-32600, message)
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

/// The trace that a request belongs to (W3C Trace Context).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace(String);

impl Trace {
    /// Reads a `traceparent` header; anything that is none is ignored.
    pub(crate) fn from_header(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let mut parts = text.split('-');
        let (version, id) = (parts.next()?, parts.next()?);
        let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let sound = version.len() == 2 && hex(version) && id.len() == 32 && hex(id);
        (sound && id.bytes().any(|byte| byte != b'0')).then(|| Self(id.to_owned()))
    }

    /// Takes a trace id that came in another way: 32 hex digits, not all zero.
    pub fn new(id: &str) -> Option<Self> {
        Self::from_header(format!("00-{id}-").as_bytes())
    }

    /// The trace id: 32 hex digits.
    pub fn id(&self) -> &str {
        &self.0
    }
}

/// One call.
pub struct Call<'a> {
    /// The method's name.
    pub method: &'a str,
    /// The parameters as they came, if any.
    pub params: Option<&'a RawValue>,
    /// Who asks.
    pub client: &'a Client,
    /// When the answer must be there. A call that runs longer is dropped and answered -32002.
    pub deadline: Instant,
    /// The trace it belongs to.
    pub trace: Option<&'a Trace>,
    /// The client's signature of the call ([`crate::SignedCalls`]), if there is one. Nobody has
    /// looked at it.
    pub signed: Option<&'a RawValue>,
}

impl<'a> Call<'a> {
    /// The positional parameters, at most `most` of them. None at all and `null` are no
    /// parameters.
    ///
    /// # Errors
    /// -32602 `non-array args`, `too many arguments, want at most N`.
    pub fn positional(&self, most: usize) -> Result<Vec<&'a RawValue>, RpcError> {
        let Some(params) = self.params.filter(|params| params.get() != "null") else {
            return Ok(Vec::new());
        };
        let items: Vec<&RawValue> = serde_json::from_str(params.get())
            .map_err(|_| RpcError::invalid_params("non-array args"))?;
        if items.len() > most {
            let message = format!("too many arguments, want at most {most}");
            return Err(RpcError::invalid_params(message));
        }
        Ok(items)
    }
}

impl Call<'_> {
    /// Answers what every port for clients knows beside the methods that sign: `health_status`
    /// with this version, and `rpc_modules`.
    ///
    /// # Errors
    /// -32601 for any other method; -32602.
    pub fn common(&self, version: &str) -> Result<String, RpcError> {
        let answer = match self.method {
            "health_status" => serde_json::Value::from(version).to_string(),
            "rpc_modules" => {
                r#"{"eth":"1.0","health":"1.0","opsigner":"1.0","rpc":"1.0"}"#.to_owned()
            }
            method => return Err(RpcError::method_not_found(method)),
        };
        self.positional(0)?;
        Ok(answer)
    }
}

/// What answers calls.
pub trait Handler: Send + Sync + 'static {
    /// Answers one call with a JSON value, or an error.
    fn call<'a>(
        &'a self,
        call: Call<'a>,
    ) -> impl Future<Output = Result<String, RpcError>> + Send + 'a;

    /// What `/readyz` says: whether calls can be served now.
    fn ready(&self) -> bool;
}

/// What a body is answered with, and how long it may take.
pub(crate) struct Exchange<'a, H> {
    pub(crate) handler: &'a H,
    pub(crate) metrics: &'a Metrics,
    pub(crate) client: &'a Client,
    pub(crate) trace: Option<&'a Trace>,
    /// For each call.
    pub(crate) deadline: Duration,
    /// For all calls of a batch.
    pub(crate) batch_time: Duration,
    pub(crate) batch_limit: usize,
}

impl<H: Handler> Exchange<'_, H> {
    /// Answers a request body: one call or a batch. Nothing to say is an empty answer.
    pub(crate) async fn answer(&self, body: &[u8]) -> String {
        if body.iter().all(u8::is_ascii_whitespace) {
            return String::new();
        }
        // Only the first value counts, as in go-ethereum; bytes after it are ignored.
        let mut reader = serde_json::Deserializer::from_slice(body);
        let Ok(first) = <&RawValue>::deserialize(&mut reader) else {
            return refusal(&RpcError::parse());
        };
        let text = first.get();
        if !text.starts_with('[') {
            let deadline = Instant::now() + self.deadline;
            return self.single(&Message::read(text), deadline).await.unwrap_or_default();
        }
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) else {
            return refusal(&RpcError::parse());
        };
        if items.is_empty() {
            return refusal(&RpcError::invalid_request("empty batch"));
        }
        if items.len() > self.batch_limit {
            let message =
                format!("batch too large: {} requests, at most {}", items.len(), self.batch_limit);
            return refusal(&RpcError::new(-32600, message));
        }
        let mut out = String::new();
        let end = Instant::now() + self.batch_time;
        for item in items {
            let deadline = end.min(Instant::now() + self.deadline);
            if let Some(reply) = self.single(&Message::read(item.get()), deadline).await {
                out.push(if out.is_empty() { '[' } else { ',' });
                out.push_str(reply.trim_end());
            }
        }
        if !out.is_empty() {
            out.push_str("]\n");
        }
        out
    }

    async fn single(&self, message: &Message<'_>, deadline: Instant) -> Option<String> {
        let id = message.id.map(RawValue::get);
        let valid_id = id.filter(|id| !id.starts_with(['{', '[']));
        if message.is_answer() && valid_id.is_some() {
            return None;
        }
        let is_call = message.version_two && !message.method.is_empty();
        if !is_call || (id.is_some() && valid_id.is_none()) {
            let error = RpcError::invalid_request("invalid request");
            return Some(error_reply(&html_safe(valid_id.unwrap_or("null")), &error));
        }
        let result = self.run(message, deadline).await;
        let id = &html_safe(valid_id?);
        Some(match result {
            Ok(result) => format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n"),
            Err(error) => error_reply(id, &error),
        })
    }

    async fn run(&self, message: &Message<'_>, deadline: Instant) -> Result<String, RpcError> {
        if message.method.ends_with("_subscribe") {
            return Err(RpcError::new(-32601, "notifications not supported"));
        }
        let call = Call {
            method: &message.method,
            params: message.params,
            client: self.client,
            deadline,
            trace: self.trace,
            signed: message.signed,
        };
        run(self.handler, self.metrics, call).await
    }
}

/// Has a call answered within its deadline, whatever happens: a panic is an answer, too.
///
/// # Errors
/// The handler's, -32002 after the deadline, -32603 after a panic.
pub async fn run<H: Handler>(
    handler: &H,
    metrics: &Metrics,
    call: Call<'_>,
) -> Result<String, RpcError> {
    let (method, deadline) = (call.method, call.deadline);
    if Instant::now() >= deadline {
        metrics.timeouts.inc();
        return Err(RpcError::timed_out());
    }
    let mut running = pin!(handler.call(call));
    let caught = std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => Poll::Ready(result),
            Err(_) => {
                metrics.panics.inc();
                tracing::error!(method, "a bug in opsign: a method panicked");
                Poll::Ready(Err(RpcError::new(-32603, "method handler crashed")))
            }
        }
    });
    timeout_at(deadline, caught).await.unwrap_or_else(|_| {
        metrics.timeouts.inc();
        Err(RpcError::timed_out())
    })
}

fn error_reply(id: &str, error: &RpcError) -> String {
    let message = serde_json::Value::from(&*error.message).to_string();
    let message = html_safe(&message);
    let code = error.code;
    let data = error.data.as_deref().map(|data| format!(",\"data\":{}", html_safe(data)));
    let data = data.unwrap_or_default();
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":{code},\"message\":{message}{data}}}}}\n"
    )
}

/// The answer to a body of which no call can be told. go-ethereum ends it without a line feed.
pub(crate) fn refusal(error: &RpcError) -> String {
    let mut reply = error_reply("null", error);
    reply.truncate(reply.trim_end().len());
    reply
}

/// JSON as Go's `encoding/json` writes it, harmless inside a page.
fn html_safe(json: &str) -> Cow<'_, str> {
    const UNSAFE: [char; 5] = ['<', '>', '&', '\u{2028}', '\u{2029}'];
    if !json.contains(UNSAFE) {
        return json.into();
    }
    let mut out = String::with_capacity(json.len() + 32);
    for char in json.chars() {
        if UNSAFE.contains(&char) {
            out.push_str(&format!("\\u{:04x}", u32::from(char)));
        } else {
            out.push(char);
        }
    }
    out.into()
}

/// What go-ethereum looks at in a request. Names in any case, the last of several counts, and a
/// value of the wrong type counts as missing.
#[derive(Default)]
struct Message<'a> {
    version_two: bool,
    id: Option<&'a RawValue>,
    method: Cow<'a, str>,
    params: Option<&'a RawValue>,
    signed: Option<&'a RawValue>,
    /// Whether there is a `result` or an `error`.
    outcome: bool,
}

impl<'a> Message<'a> {
    /// An answer to nothing that was asked: it gets none.
    fn is_answer(&self) -> bool {
        self.version_two && self.method.is_empty() && self.params.is_none() && self.outcome
    }

    fn read(text: &'a str) -> Self {
        serde_json::from_str::<Fields<'a>>(text).map_or_else(|_| Self::default(), |fields| fields.0)
    }
}

struct Fields<'a>(Message<'a>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON-RPC request")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut message = Message::default();
                while let Some(Text(name)) = map.next_key()? {
                    let value: &'de RawValue = map.next_value()?;
                    let text = || serde_json::from_str::<Text<'de>>(value.get()).ok();
                    if name.eq_ignore_ascii_case("jsonrpc") {
                        message.version_two = text().is_some_and(|text| text.0 == "2.0");
                    } else if name.eq_ignore_ascii_case("id") {
                        message.id = Some(value);
                    } else if name.eq_ignore_ascii_case("method") {
                        message.method = text().map(|text| text.0).unwrap_or_default();
                    } else if name.eq_ignore_ascii_case("params") {
                        message.params = Some(value);
                    } else if name == "signed" {
                        message.signed = Some(value);
                    } else if name.eq_ignore_ascii_case("result")
                        || (name.eq_ignore_ascii_case("error") && value.get() != "null")
                    {
                        message.outcome = true;
                    }
                }
                Ok(Fields(message))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// A string, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
