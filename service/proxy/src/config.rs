//! The proxy's config file.

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use opsign_core::Address;
use opsign_wire::{ConfigError, Limits, TlsFiles, TlsSection, parse_config, read_config};
use serde::Deserialize;

use crate::route::{Allowed, Chains};

/// A config file that was read and understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) name: String,
    pub(crate) listen: SocketAddr,
    pub(crate) signers_listen: SocketAddr,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) tls: TlsFiles,
    pub(crate) signers_tls: TlsFiles,
    /// What each signer may serve, by the first DNS name of its certificate.
    pub(crate) signers: HashMap<String, Allowed>,
    /// The keys of each client, by the first DNS name of its certificate; the first is its default.
    pub(crate) clients: HashMap<String, Vec<Address>>,
    /// Who may ask for the status.
    pub(crate) admins: HashSet<String>,
    pub(crate) limits: Limits,
    /// Calls of one client at a time.
    pub(crate) per_client: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    name: Option<String>,
    listen: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
    #[serde(default)]
    tls: TlsSection,
    signers: FileSigners,
    clients: Vec<FileClient>,
    #[serde(default)]
    admins: HashSet<String>,
    #[serde(default)]
    limits: FileLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileSigners {
    listen: Option<SocketAddr>,
    tls: Option<TlsSection>,
    allow: Vec<FileSigner>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileSigner {
    name: String,
    addresses: Vec<String>,
    #[serde(default)]
    chain_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileClient {
    name: String,
    addresses: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileLimits {
    deadline_ms: Option<u64>,
    connections: Option<usize>,
    calls_per_client: Option<usize>,
}

impl Config {
    /// Reads a config file.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let file: File = parse_config(path, &read_config(path)?)?;
        Self::of(file).map_err(|what| ConfigError::new(path, None, &what))
    }

    fn of(file: File) -> Result<Self, String> {
        let mut signers = HashMap::new();
        for signer in file.signers.allow {
            let place = format!("signers.allow, {}", signer.name);
            let allowed = Allowed {
                addresses: addresses(&place, &signer.addresses)?,
                chains: Chains::read(&signer.chain_ids)
                    .map_err(|error| format!("{place}: {error}"))?,
            };
            if signers.insert(signer.name, allowed).is_some() {
                return Err(format!("{place}: the name is there twice"));
            }
        }
        let mut clients = HashMap::new();
        for client in file.clients {
            let place = format!("clients, {}", client.name);
            let addresses = addresses(&place, &client.addresses)?;
            for address in &addresses {
                if !signers.values().any(|known: &Allowed| known.addresses.contains(address)) {
                    return Err(format!("{place}: no signer of signers.allow has {address}"));
                }
            }
            if clients.insert(client.name, addresses).is_some() {
                return Err(format!("{place}: the name is there twice"));
            }
        }
        if signers.is_empty() || clients.is_empty() {
            return Err("signers.allow or clients is empty: nothing could be relayed".into());
        }
        let mut limits = Limits::default();
        if let Some(deadline) = file.limits.deadline_ms {
            limits.deadline = Duration::from_millis(deadline);
        }
        if let Some(connections) = file.limits.connections {
            limits.connections = connections;
        }
        let per_client = file.limits.calls_per_client.unwrap_or(256);
        if limits.deadline.is_zero() || limits.connections == 0 || per_client == 0 {
            return Err("limits: 0 would let nothing through".into());
        }
        let any = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        let tls = file.tls.files(false);
        Ok(Self {
            name: file.name.unwrap_or_else(|| "opsign-proxy".into()),
            listen: file.listen.unwrap_or(any(8545)),
            signers_listen: file.signers.listen.unwrap_or(any(9443)),
            metrics: file.metrics,
            signers_tls: file
                .signers
                .tls
                .map_or_else(|| tls.clone(), |section| section.files(false)),
            tls,
            signers,
            clients,
            admins: file.admins,
            limits,
            per_client,
        })
    }
}

fn addresses(place: &str, texts: &[String]) -> Result<Vec<Address>, String> {
    if texts.is_empty() {
        return Err(format!("{place}: addresses is empty"));
    }
    let parse = |text: &String| text.parse().map_err(|error| format!("{place}: {text}: {error}"));
    texts.iter().map(parse).collect()
}
