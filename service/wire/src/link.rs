//! Connections that are kept for long, between two of ours: both ends show certificates, and share
//! a secret of this one TLS session to bind a proof to.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::Uri;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::client::{Client, Identity};
use crate::tls::{Tls, TlsFiles, client_config};

/// What RFC 5705 calls the label.
const BINDING: &[u8] = b"EXPORTER-opsign-proxy";

/// The listening end of a link.
pub struct Accepted {
    /// What was said so far: nothing.
    pub stream: server::TlsStream<TcpStream>,
    /// The other end.
    pub client: Client,
    /// Known to both ends of this session and to nobody else.
    pub binding: [u8; 32],
}

/// Shakes hands with a link's other end within `patience`.
///
/// # Errors
/// A handshake that fails or takes too long, a certificate without a name, TLS 1.2 (whose exported
/// secrets can be shared by two sessions, RFC 7627).
pub async fn accept(tls: &Tls, stream: TcpStream, patience: Duration) -> io::Result<Accepted> {
    // Requests are small: waiting to fill a packet would only delay them.
    stream.set_nodelay(true)?;
    let accepting = TlsAcceptor::from(tls.config()).accept(stream);
    let stream = timeout(patience, accepting).await??;
    let session = stream.get_ref().1;
    let binding = binding(session)?;
    let client = Client::from_chain(session.peer_certificates());
    if !matches!(client.identity(), Identity::Named(_)) {
        return Err(io::Error::other("the client's certificate is missing or has no DNS name"));
    }
    Ok(Accepted { stream, client, binding })
}

fn binding<D>(session: &rustls::ConnectionCommon<D>) -> io::Result<[u8; 32]> {
    if session.protocol_version() != Some(rustls::ProtocolVersion::TLSv1_3) {
        return Err(io::Error::other("a link needs TLS 1.3"));
    }
    let exported = session.export_keying_material([0; 32], BINDING, None);
    exported.map_err(|error| io::Error::other(error.to_string()))
}

impl Tls {
    /// Whether a certificate that was good at first still is: not ended, and not revoked since.
    pub fn keeps(&self, client: &Client) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        !client.expired_at(i64::try_from(now).unwrap_or(i64::MAX)) && self.still_trusts(client)
    }
}

/// The dialling end of a link.
pub struct Dialed {
    /// What was said so far: nothing.
    pub stream: client::TlsStream<TcpStream>,
    /// Known to both ends of this session and to nobody else.
    pub binding: [u8; 32],
}

/// Where a link goes to, and what is shown there. The files are read for each link, so that new
/// certificates are shown from the next one on.
#[derive(Clone)]
pub struct Dialer {
    authority: String,
    name: ServerName<'static>,
    files: TlsFiles,
}

impl Dialer {
    /// Takes a `wss://HOST:PORT` address; nothing is opened yet.
    ///
    /// # Errors
    /// One sentence about what is wrong with the address or a file.
    pub fn new(url: &str, files: &TlsFiles) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
        if uri.scheme_str() != Some("wss") {
            return Err(format!("{url}: write a wss:// address"));
        }
        let host = uri.host().ok_or_else(|| format!("{url}: has no host"))?;
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|error| format!("{url}: {error}"))?;
        client_config(files).map_err(|error| error.to_string())?;
        let authority = format!("{host}:{}", uri.port_u16().unwrap_or(443));
        Ok(Self { authority, name, files: files.clone() })
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Connects and shakes hands.
    ///
    /// # Errors
    /// What the system or the other end says.
    pub async fn dial(&self) -> io::Result<Dialed> {
        let config = client_config(&self.files).map_err(io::Error::other)?;
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let stream =
            TlsConnector::from(Arc::new(config)).connect(self.name.clone(), stream).await?;
        let binding = binding(stream.get_ref().1)?;
        Ok(Dialed { stream, binding })
    }
}
