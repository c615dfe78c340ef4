//! Calling somebody else's JSON-RPC: op-conductor and op-node's admin port over plain HTTP, a signer's
//! admin port over mutual TLS.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, DATE, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::rpc::RpcError;
use crate::tls::{TlsFiles, client_config};

/// The largest answer that is read.
const MAX_ANSWER: usize = 1 << 20;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// Nobody answered in time, or what came is no JSON-RPC.
    Unreachable(String),
    /// An error answer.
    Answer(RpcError),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(what) => f.write_str(what),
            Self::Answer(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for CallError {}

/// A JSON-RPC server to call, over connections that are kept and opened anew when they break: as many
/// as there are calls at a time.
pub struct Caller {
    uri: Uri,
    authority: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    patience: Duration,
    /// Those that have finished an answer, and wait for a question.
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    date: Mutex<Option<String>>,
}

impl Caller {
    /// Takes an `http://HOST:PORT/…` address; nothing is opened yet. `patience` bounds each call.
    ///
    /// # Errors
    /// One sentence about what is wrong with the address.
    pub fn new(url: &str, patience: Duration) -> Result<Self, String> {
        Self::of(url, "http", 80, patience)
    }

    /// Takes an `https://HOST:PORT/…` address, and the certificates that both sides show each
    /// other; nothing is opened yet.
    ///
    /// # Errors
    /// One sentence about what is wrong with the address or a file.
    pub fn with_tls(url: &str, files: &TlsFiles, patience: Duration) -> Result<Self, String> {
        let mut caller = Self::of(url, "https", 443, patience)?;
        let config = client_config(files).map_err(|error| error.to_string())?;
        let host = caller.uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|error| format!("{url}: {error}"))?;
        caller.tls = Some((TlsConnector::from(Arc::new(config)), name));
        Ok(caller)
    }

    fn of(url: &str, scheme: &str, port: u16, patience: Duration) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
        if uri.scheme_str() != Some(scheme) {
            return Err(format!("{url}: write an {scheme}:// address"));
        }
        let host = uri.host().ok_or_else(|| format!("{url}: has no host"))?;
        let authority = format!("{host}:{}", uri.port_u16().unwrap_or(port));
        Ok(Self {
            uri,
            authority,
            tls: None,
            patience,
            idle: Mutex::default(),
            date: Default::default(),
        })
    }

    /// Whom it calls: host and port, without the path and what may stand in it.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The `Date` header of the last answer: what the other end's clock says.
    pub fn last_date(&self) -> Option<String> {
        self.date.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls a method with parameters in JSON, and gives the result in JSON.
    ///
    /// # Errors
    /// [`CallError`]. A call that got no answer may have been carried out.
    pub async fn call(&self, method: &str, params: &str) -> Result<String, CallError> {
        self.ask(method, params, "").await
    }

    /// The same with what [`crate::CallSigner`] gave for the call.
    ///
    /// # Errors
    /// As [`Caller::call`].
    pub async fn call_signed(
        &self,
        method: &str,
        params: &str,
        signed: &str,
    ) -> Result<String, CallError> {
        self.ask(method, params, &format!(",\"signed\":{signed}")).await
    }

    async fn ask(&self, method: &str, params: &str, more: &str) -> Result<String, CallError> {
        let method = serde_json::Value::from(method);
        let body = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":{method},\"params\":{params}{more}}}"
        );
        // A path may hold a secret.
        let unreachable =
            |what: String| CallError::Unreachable(format!("{}: {what}", self.authority));
        let answer = timeout(self.patience, self.send(Bytes::from(body)))
            .await
            .map_err(|_| unreachable(format!("no answer in {} ms", self.patience.as_millis())))?
            .map_err(unreachable)?;
        read_answer(&answer).ok_or_else(|| {
            let text = String::from_utf8_lossy(&answer);
            let start: String = text.trim().chars().take(200).collect();
            unreachable(format!("answered no JSON-RPC: {start}"))
        })?
    }

    async fn send(&self, body: Bytes) -> Result<Bytes, String> {
        let kept = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|sender| !sender.is_closed());
            idle.pop()
        };
        let mut sender = match kept {
            Some(sender) => sender,
            None => self.open().await?,
        };
        sender.ready().await.map_err(|error| error.to_string())?;
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::post(path)
            .header(HOST, &self.authority)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        if response.status().is_redirection() {
            // Whoever wanted another server would have named it.
            return Err(format!("answered {}, which is not followed", response.status()));
        }
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        *self.date.lock().unwrap_or_else(PoisonError::into_inner) = date.map(str::to_owned);
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Ok(body)
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let stream =
            TcpStream::connect(&self.authority).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let Some((connector, name)) = &self.tls else {
            return speak(stream).await;
        };
        let stream = connector.connect(name.clone(), stream).await;
        speak(stream.map_err(|error| error.to_string())?).await
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, String> {
    let (sender, connection) =
        handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(sender)
}

fn read_answer(bytes: &[u8]) -> Option<Result<String, CallError>> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        result: Option<&'a RawValue>,
        #[serde(borrow)]
        error: Option<AnswerError<'a>>,
    }
    #[derive(Deserialize)]
    struct AnswerError<'a> {
        code: i32,
        message: String,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let answer: Answer<'_> = serde_json::from_slice(bytes).ok()?;
    if let Some(error) = answer.error {
        let data = error.data.map(|data| data.get().to_owned());
        let error = RpcError { data, ..RpcError::new(error.code, error.message) };
        return Some(Err(CallError::Answer(error)));
    }
    // A null result is none to serde.
    Some(Ok(answer.result.map_or("null", RawValue::get).to_owned()))
}
