//! A lean HTTP/1.1 client over blocking sockets: one write and one read a request.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::request::Request;

const PATIENCE: Duration = Duration::from_secs(20);

/// A client's certificates.
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// The certificates of `client` in a folder of `scripts/signer-folder.sh`. With `resume`, later
    /// connections use the tickets of earlier ones; without, every handshake is a full one.
    pub fn load(folder: &Path, client: &str, resume: bool) -> io::Result<Self> {
        let mut authorities = RootCertStore::empty();
        authorities.add(certificate(&folder.join("ca.crt"))?).map_err(io::Error::other)?;
        let mine = certificate(&folder.join(format!("client/{client}.crt")))?;
        let key = fs::read(folder.join(format!("client/{client}.key")))?;
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(io::Error::other)?;
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&rustls::version::TLS13])
                .map_err(io::Error::other)?
                .with_root_certificates(authorities)
                .with_client_auth_cert(vec![mine], key)
                .map_err(io::Error::other)?;
        if !resume {
            config.resumption = Resumption::disabled();
        }
        Ok(Self(Arc::new(config)))
    }
}

fn certificate(path: &Path) -> io::Result<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(&fs::read(path)?).map_err(io::Error::other)
}

/// A connection that is kept.
pub struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects. The handshake ends with the first request.
    pub fn open(address: SocketAddr, tls: &Tls) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let session = ClientConnection::new(tls.0.clone(), name).map_err(io::Error::other)?;
        let stream = StreamOwned::new(session, socket);
        Ok(Self { stream, request: Vec::new(), answer: Vec::new() })
    }

    /// Sends one request and waits for its answer, which must have status 200. As op-node's client
    /// does, it takes a compressed one.
    pub fn ask(&mut self, request: &Request, number: u64) -> io::Result<()> {
        self.exchange(request, number, "Accept-Encoding: gzip\r\n")
    }

    /// Asks once more, in the clear, and checks the signature.
    pub fn check(&mut self, request: &Request, number: u64) -> io::Result<()> {
        self.exchange(request, number, "")?;
        let answer = String::from_utf8_lossy(&self.answer);
        if request.is_answered_by(number, &answer) {
            return Ok(());
        }
        Err(io::Error::other(format!("a wrong answer: {answer}")))
    }

    fn exchange(&mut self, request: &Request, number: u64, accept: &str) -> io::Result<()> {
        let body = request.body(number);
        self.request.clear();
        write!(
            self.request,
            "POST / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: opsign-load\r\nContent-Length: {}\r\n\
             Accept: application/json\r\nContent-Type: application/json\r\n{accept}\r\n{body}",
            body.len()
        )?;
        self.stream.write_all(&self.request)?;
        self.stream.flush()?;
        self.read_answer()
    }

    fn read_answer(&mut self) -> io::Result<()> {
        self.answer.clear();
        let mut chunk = [0; 4096];
        loop {
            let length = self.stream.read(&mut chunk)?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.answer.extend_from_slice(&chunk[..length]);
            if is_whole(&self.answer)? {
                return Ok(());
            }
        }
    }
}

/// Whether these bytes are a whole answer.
fn is_whole(answer: &[u8]) -> io::Result<bool> {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(false);
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    if !head.starts_with("http/1.1 200 ") {
        return Err(io::Error::other(format!("refused: {head}")));
    }
    let field = |name: &str| {
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    if let Some(length) = field("content-length") {
        let length: usize = length.parse().map_err(io::Error::other)?;
        return Ok(answer.len() >= end + 4 + length);
    }
    Ok(field("transfer-encoding") == Some("chunked") && answer.ends_with(b"0\r\n\r\n"))
}
