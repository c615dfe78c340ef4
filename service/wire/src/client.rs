//! Who is at the other end, as its certificate says.

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What a connection's certificate says about the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The port has no TLS: whoever reaches it, is it.
    Plain,
    /// No certificate was shown.
    Missing,
    /// A certificate without a DNS name: its subject does not count.
    Nameless,
    /// A certificate with DNS names, in its own order.
    Named(Vec<String>),
}

/// A client: one TLS connection's other end.
#[derive(Clone, Debug)]
pub struct Client {
    identity: Identity,
    /// Seconds since 1970 after which the certificate is void; `None` without a certificate.
    not_after: Option<i64>,
    chain: Vec<CertificateDer<'static>>,
}

impl Client {
    /// Reads a verified chain, the client's own certificate first.
    pub(crate) fn from_chain(chain: Option<&[CertificateDer<'_>]>) -> Self {
        let chain: Vec<_> =
            chain.unwrap_or_default().iter().map(|c| c.clone().into_owned()).collect();
        let Some(leaf) = chain.first() else {
            return Self { identity: Identity::Missing, not_after: None, chain };
        };
        let (names, not_after) = match X509Certificate::from_der(leaf) {
            Ok((_, leaf)) => (dns_names(&leaf), Some(leaf.validity().not_after.timestamp())),
            // webpki took it, so this parser has a gap: no name, no rights.
            Err(_) => (Vec::new(), Some(i64::MIN)),
        };
        let identity = if names.is_empty() { Identity::Nameless } else { Identity::Named(names) };
        Self { identity, not_after, chain }
    }

    pub(crate) const fn plain() -> Self {
        Self { identity: Identity::Plain, not_after: None, chain: Vec::new() }
    }

    /// A client that a proxy speaks for: what the proxy says of its certificate.
    pub fn relayed(names: Vec<String>) -> Self {
        let identity = if names.is_empty() { Identity::Nameless } else { Identity::Named(names) };
        Self { identity, not_after: None, chain: Vec::new() }
    }

    /// The same with these of its names alone.
    #[must_use]
    pub fn only(mut self, allowed: &[String]) -> Self {
        if let Identity::Named(names) = &mut self.identity {
            names.retain(|name| allowed.contains(name));
            if names.is_empty() {
                self.identity = Identity::Nameless;
            }
        }
        self
    }

    /// SHA-256 of its certificate, as `openssl x509 -fingerprint -sha256` gives it.
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        Some(Sha256::digest(self.chain.first()?).into())
    }

    /// What the certificate says.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The DNS names of its certificate, in the certificate's order; none without a certificate.
    pub fn names(&self) -> &[String] {
        match &self.identity {
            Identity::Named(names) => names,
            Identity::Plain | Identity::Missing | Identity::Nameless => &[],
        }
    }

    /// The name that op-signer goes by: the first DNS name. Empty without one.
    pub fn name(&self) -> &str {
        self.names().first().map_or("", String::as_str)
    }

    /// Seconds since 1970 after which its certificate is void; none without a certificate.
    pub const fn not_after(&self) -> Option<i64> {
        self.not_after
    }

    pub(crate) fn expired_at(&self, now: i64) -> bool {
        self.not_after.is_some_and(|not_after| now > not_after)
    }

    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }
}

fn dns_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect()
}
