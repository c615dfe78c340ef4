//! Certificates from files, replaced while running.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig,
    SignatureScheme,
};
use serde::Deserialize;
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use crate::client::Client;

/// The largest certificate, key or list file that is read.
const MAX_FILE: u64 = 16 << 20;

/// Where certificates are, all PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authorities that may vouch for clients.
    pub ca: PathBuf,
    /// The server's chain, its own certificate first.
    pub cert: PathBuf,
    /// The server's private key: PKCS#8, PKCS#1 or SEC 1.
    pub key: PathBuf,
    /// Lists of revoked client certificates; any number, also none.
    pub crls: Vec<PathBuf>,
    /// Refuse TLS 1.2.
    pub tls13_only: bool,
}

impl TlsFiles {
    /// Every file, for whoever watches them.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        [&self.ca, &self.cert, &self.key].into_iter().chain(&self.crls).map(PathBuf::as_path)
    }
}

/// A config file's section that names them, all in the folder `tls` unless it says otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSection {
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    #[serde(default)]
    crls: Vec<PathBuf>,
}

impl TlsSection {
    /// The files. `tls13_only` refuses TLS 1.2.
    pub fn files(self, tls13_only: bool) -> TlsFiles {
        let path = |path: Option<PathBuf>, name| path.unwrap_or(Path::new("tls").join(name));
        TlsFiles {
            ca: path(self.ca, "ca.crt"),
            cert: path(self.cert, "tls.crt"),
            key: path(self.key, "tls.key"),
            crls: self.crls,
            tls13_only,
        }
    }
}

/// Why certificates cannot be used; `Display` names the file and says what to do.
#[derive(Debug)]
pub struct TlsError(String);

impl TlsError {
    pub(crate) fn new(path: &Path, what: &str) -> Self {
        Self(format!("{} {what}", path.display()))
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

/// When a certificate in use ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateInfo {
    /// `server` or `ca`.
    pub role: &'static str,
    /// Its subject.
    pub subject: String,
    /// Seconds since 1970.
    pub not_after: i64,
}

struct Loaded {
    config: Arc<ServerConfig>,
    verifier: Arc<dyn ClientCertVerifier>,
    certificates: Vec<CertificateInfo>,
}

/// The certificates in use. New connections use what was loaded last.
pub struct Tls {
    files: TlsFiles,
    loaded: ArcSwap<Loaded>,
    generation: AtomicU64,
}

impl Tls {
    /// Reads and checks all files.
    ///
    /// # Errors
    /// A file that is missing, too large, no PEM, or does not fit the others; a server certificate
    /// that has ended, is of X.509 version 1, or carries no name.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let loaded = ArcSwap::from_pointee(load(&files)?);
        Ok(Self { files, loaded, generation: AtomicU64::new(0) })
    }

    /// Reads the files anew. On an error nothing changes.
    ///
    /// # Errors
    /// As [`Tls::load`].
    pub fn reload(&self) -> Result<(), TlsError> {
        self.loaded.store(Arc::new(load(&self.files)?));
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// The files.
    pub const fn files(&self) -> &TlsFiles {
        &self.files
    }

    /// The certificates in use.
    pub fn certificates(&self) -> Vec<CertificateInfo> {
        self.loaded.load().certificates.clone()
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.loaded.load().config)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whose certificate chain in PEM this is, if it would be let in now.
    ///
    /// # Errors
    /// No certificate in PEM, or one that is not trusted.
    pub fn judge(&self, pem: &[u8]) -> Result<Client, TlsError> {
        let chain = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| TlsError(format!("no PEM certificate: {error}")))?;
        self.admit(&chain)
    }

    /// Whose certificate chain this is, if it would be let in now.
    pub(crate) fn admit(&self, chain: &[CertificateDer<'_>]) -> Result<Client, TlsError> {
        let Some((leaf, intermediates)) = chain.split_first() else {
            return Err(TlsError("not there".into()));
        };
        let verifier = Arc::clone(&self.loaded.load().verifier);
        verifier
            .verify_client_cert(leaf, intermediates, UnixTime::now())
            .map_err(|error| TlsError(format!("not let in: {error}")))?;
        Ok(Client::from_chain(Some(chain)))
    }

    /// Whether the authorities and revocation lists of now still let a connected client in.
    pub(crate) fn still_trusts(&self, client: &Client) -> bool {
        let Some((leaf, intermediates)) = client.chain().split_first() else {
            return true;
        };
        self.loaded.load().verifier.verify_client_cert(leaf, intermediates, UnixTime::now()).is_ok()
    }
}

fn load(files: &TlsFiles) -> Result<Loaded, TlsError> {
    let authorities = certificates(&files.ca)?;
    let mut roots = RootCertStore::empty();
    for authority in &authorities {
        roots.add(authority.clone()).map_err(|error| fail(&files.ca, &error.to_string()))?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated();
    for path in &files.crls {
        let list = read(path)?;
        let lists = CertificateRevocationListDer::pem_slice_iter(&list)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| fail(path, &format!("no PEM revocation list: {error}")))?;
        if lists.is_empty() {
            return Err(fail(path, "holds no X509 CRL block"));
        }
        // A chain whose other authorities publish no list is judged by the lists there are.
        verifier = verifier.with_crls(lists).allow_unknown_revocation_status();
    }
    let verifier = verifier.build().map_err(|error| fail(&files.ca, &error.to_string()))?;
    let verifier: Arc<dyn ClientCertVerifier> = Arc::new(Explaining(verifier));

    let (chain, key) = read_identity(&files.cert, &files.key)?;
    let own = check_own(&files.cert, &chain)?;
    let versions: &[_] =
        if files.tls13_only { &[&rustls::version::TLS13] } else { rustls::ALL_VERSIONS };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| fail(&files.cert, &error.to_string()))?
        .with_client_cert_verifier(Arc::clone(&verifier))
        .with_single_cert(chain, key)
        .map_err(|error| {
            fail(&files.key, &format!("does not fit {}: {error}", files.cert.display()))
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()
        .map_err(|error| fail(&files.cert, &format!("no session tickets: {error}")))?;
    // One is enough for a client that comes back; each costs it an encryption.
    config.send_tls13_tickets = 1;
    let mut infos = vec![own];
    infos.extend(authorities.iter().filter_map(|authority| info("ca", authority)));
    Ok(Loaded { config: Arc::new(config), verifier, certificates: infos })
}

/// What a client shows and trusts: the same kind of files, seen from the other side.
pub(crate) fn client_config(files: &TlsFiles) -> Result<ClientConfig, TlsError> {
    client_tls(&files.ca, Some((&files.cert, &files.key)))
}

/// What a client trusts, and what it shows, if anything: a certificate chain and its key.
///
/// # Errors
/// A file that is missing, too large, no PEM, or does not fit the others.
pub fn client_tls(ca: &Path, own: Option<(&Path, &Path)>) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(ca)? {
        roots.add(authority).map_err(|error| fail(ca, &error.to_string()))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .map_err(|error| fail(ca, &error.to_string()))?
        .with_root_certificates(roots);
    let Some((cert, key_file)) = own else {
        return Ok(builder.with_no_client_auth());
    };
    let (chain, key) = read_identity(cert, key_file)?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| fail(key_file, &format!("does not fit {}: {error}", cert.display())))
}

/// A chain and the key of its first certificate.
pub(crate) fn read_identity(
    cert: &Path,
    key: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates(cert)?;
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?)
        .map_err(|error| fail(key, &format!("no private key in PEM: {error}")))?;
    Ok((chain, secret))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = read(path)?;
    let found = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fail(path, &format!("no PEM certificate: {error}")))?;
    if found.is_empty() {
        return Err(fail(path, "holds no CERTIFICATE block"));
    }
    Ok(found)
}

fn check_own(path: &Path, chain: &[CertificateDer<'_>]) -> Result<CertificateInfo, TlsError> {
    let Some(leaf) = chain.first() else {
        return Err(fail(path, "holds no CERTIFICATE block"));
    };
    let (_, leaf) = X509Certificate::from_der(leaf)
        .map_err(|error| fail(path, &format!("no X.509 certificate: {error}")))?;
    if leaf.version() != X509Version::V3 {
        return Err(fail(path, V1_HINT));
    }
    if !matches!(leaf.subject_alternative_name(), Ok(Some(_))) {
        return Err(fail(
            path,
            "has no subjectAltName: clients check the server's name against it",
        ));
    }
    if !leaf.validity().is_valid() {
        let ends = leaf.validity().not_after;
        return Err(fail(path, &format!("is not valid now (it ends {ends}): make a new one")));
    }
    Ok(CertificateInfo {
        role: "server",
        subject: leaf.subject().to_string(),
        not_after: leaf.validity().not_after.timestamp(),
    })
}

fn info(role: &'static str, certificate: &CertificateDer<'_>) -> Option<CertificateInfo> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let not_after = certificate.validity().not_after.timestamp();
    Some(CertificateInfo { role, subject: certificate.subject().to_string(), not_after })
}

const V1_HINT: &str = "is an X.509 v1 certificate, as plain `openssl x509 -req` makes it: make it \
                       anew with -extfile and a subjectAltName, or with `opsign certs`";

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let size = fs::metadata(path).map_err(|error| fail(path, &reason(&error)))?.len();
    if size > MAX_FILE {
        return Err(fail(path, &format!("has {size} bytes; at most {MAX_FILE} are read")));
    }
    fs::read(path).map_err(|error| fail(path, &reason(&error)))
}

fn reason(error: &io::Error) -> String {
    format!("cannot be read: {error}")
}

fn fail(path: &Path, what: &str) -> TlsError {
    TlsError::new(path, what)
}

/// webpki's verifier, which says why a version 1 certificate is refused.
#[derive(Debug)]
struct Explaining(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Explaining {
    fn offer_client_auth(&self) -> bool {
        self.0.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.0.verify_client_cert(leaf, intermediates, now).map_err(|error| {
            match X509Certificate::from_der(leaf) {
                Ok((_, parsed)) if parsed.version() != X509Version::V3 => {
                    rustls::Error::General(format!("the client's certificate {V1_HINT}"))
                }
                _ => error,
            }
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
