//! One engine that is called: where it is, its secret, and the connections to it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName,
    HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Uri};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::time::timeout;

use crate::body::{self, Body, ReadError};
use crate::jwt::Secret;
use crate::pool::{PeerError, Pool};

/// Headers that belong to one connection (RFC 9110, 7.6.1), and those that are made anew.
const OWN: [HeaderName; 7] =
    [CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// An engine, and one pool of connections to it.
pub(crate) struct Peer {
    uri: Uri,
    host: HeaderValue,
    secret: Option<Arc<Secret>>,
    pool: Pool,
}

impl Peer {
    /// Takes an `http://` address, or an `https://` one with what TLS needs; nothing is opened yet.
    ///
    /// # Errors
    /// One sentence about what is wrong with the address.
    pub(crate) fn new(
        url: &str,
        secret: Option<Arc<Secret>>,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
        let name = uri.host().ok_or_else(|| format!("{url}: has no host"))?;
        let (port, tls) = match (uri.scheme_str(), tls) {
            (Some("http"), None) => (80, None),
            (Some("https"), Some(config)) => {
                let name = ServerName::try_from(name.trim_matches(['[', ']']).to_owned())
                    .map_err(|error| format!("{url}: {error}"))?;
                (443, Some((Arc::clone(config), name)))
            }
            (Some("https"), None) => return Err(format!("{url}: https needs tls.ca")),
            (Some("http"), Some(_)) => return Err(format!("{url}: tls needs an https:// address")),
            _ => return Err(format!("{url}: write an http:// or https:// address")),
        };
        let authority = format!("{name}:{}", uri.port_u16().unwrap_or(port));
        let host = HeaderValue::from_str(&authority).map_err(|error| format!("{url}: {error}"))?;
        Ok(Self { host, secret, pool: Pool::new(authority, tls), uri })
    }

    /// Hands a request on. The headers are the client's but for those of its connection, the host
    /// and the token.
    pub(crate) async fn forward(
        &self,
        head: &Parts,
        body: Body,
    ) -> Result<Response<Incoming>, PeerError> {
        let mut request = Request::new(body);
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = self.target(&head.uri);
        *request.headers_mut() = end_to_end(&head.headers);
        request.headers_mut().remove(EXPECT);
        self.sign(request.headers_mut());
        self.pool.send(request).await
    }

    /// The same for a request that changes the protocol: those headers, too.
    pub(crate) async fn upgrade(&self, head: &Parts) -> Result<Response<Incoming>, PeerError> {
        let mut request = Request::new(Body::pieces([]));
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = self.target(&head.uri);
        *request.headers_mut() = head.headers.clone();
        self.sign(request.headers_mut());
        self.pool.send(request).await
    }

    /// Calls with a JSON-RPC body of our own and reads the answer, which must be whole within
    /// `patience`.
    pub(crate) async fn call(&self, body: Body, patience: Duration) -> Result<Bytes, PeerError> {
        let calling = async {
            let mut request = Request::new(body);
            *request.method_mut() = Method::POST;
            *request.uri_mut() = self.target(&Uri::default());
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
            self.sign(request.headers_mut());
            let response = self.pool.send(request).await?;
            if response.status() != StatusCode::OK {
                return Err(PeerError::Status(response.status().as_u16()));
            }
            if response.headers().contains_key(CONTENT_ENCODING) {
                return Err(PeerError::Broken("an encoding that was not asked for".into()));
            }
            read(response.into_body()).await
        };
        timeout(patience, calling).await.unwrap_or(Err(PeerError::Late))
    }

    fn target(&self, asked: &Uri) -> Uri {
        let asked_path = asked.path_and_query().map_or("/", |path| path.as_str());
        let path = if asked_path == "/" {
            self.uri.path_and_query().map_or("/", |path| path.as_str())
        } else {
            asked_path
        };
        // Both were parsed as URIs before.
        path.parse().unwrap_or_default()
    }

    fn sign(&self, headers: &mut HeaderMap) {
        headers.insert(HOST, self.host.clone());
        match &self.secret {
            Some(secret) => headers.insert(AUTHORIZATION, secret.authorization()),
            None => headers.remove(AUTHORIZATION),
        };
    }
}

/// Reads an answer to its end.
pub(crate) async fn read(body: Incoming) -> Result<Bytes, PeerError> {
    body::read(body, body::MAX_BODY).await.map_err(|error| match error {
        ReadError::TooLong => PeerError::TooLong,
        ReadError::Broken(error) => PeerError::Broken(error.to_string()),
    })
}

/// Without the headers that belong to the connection they came over.
pub(crate) fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    for value in headers.get_all(CONNECTION) {
        for name in value.to_str().unwrap_or_default().split(',') {
            passed.remove(name.trim());
        }
    }
    for name in &OWN {
        passed.remove(name);
    }
    passed.remove("keep-alive");
    passed
}
