//! The config file: op-signer's own, with settings of ours that it may have besides.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use opsign_core::{Address, ChainId, U256};
use opsign_guard::{Mode, ReplacementMode};
use opsign_guard_postgres::RecordPlace;
use opsign_hsm::{KeyPlace, TokenSettings};
use opsign_keys::DerivationPath;
use opsign_wire::{ConfigError, Limits, parse_config, read_config};
use serde::Deserialize;
use serde::de::Deserializer;
use serde_saphyr::Spanned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::l1::L1;
use crate::policy::{Method, Policy, Rate};
use crate::protection::Plan;
use crate::sequencer::Sequencer;

/// A config file that was read and understood; keys and certificates are not opened yet.
#[derive(Debug)]
pub struct Config {
    /// Where it came from.
    pub(crate) path: PathBuf,
    /// Who may do what, in the file's order.
    pub(crate) entries: Vec<Entry>,
    /// Whether any of a certificate's DNS names may be the client's, or only the first.
    pub(crate) any_name: bool,
    pub(crate) limits: Limits,
    pub(crate) tls13_only: bool,
    pub(crate) crls: Vec<PathBuf>,
    pub(crate) audit: Option<PathBuf>,
    pub(crate) trial_interval: Duration,
    /// Whether k256 must find each signature right as well.
    pub(crate) second_opinion: bool,
    pub(crate) guard: Option<GuardConfig>,
    pub(crate) gates: Vec<GateConfig>,
    /// The client whose blocks each sidecar tells of, by the sidecar's name.
    pub(crate) sidecars: HashMap<String, String>,
    pub(crate) admin: Option<AdminConfig>,
    pub(crate) sequencers: Vec<SequencerConfig>,
    pub(crate) proxies: Vec<ProxyConfig>,
}

/// A proxy that the signer dials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxyConfig {
    pub(crate) url: String,
    /// Whom it may speak for, as `auth` calls them.
    pub(crate) clients: Vec<String>,
    /// Only for calls that these clients have signed.
    pub(crate) signed: bool,
    /// Who vouches for the proxy; without it, whoever vouches for clients.
    pub(crate) ca: Option<PathBuf>,
    /// The signer's certificate and key as a client; without them, its own.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

/// Where the guard's record is and what it is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GuardConfig {
    pub(crate) place: RecordPlace,
    /// How many payloads of a scope are kept for replays.
    pub(crate) payloads: usize,
    /// Whether an op-node that asks for another block at a recorded height is given the recorded ones.
    pub(crate) replay: bool,
    /// Who is asked whether a recorded block's L1 origin is gone.
    pub(crate) reorg_evidence: Option<ReorgEvidenceConfig>,
    pub(crate) plan: Plan,
}

/// L1 nodes, and how many of them must say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReorgEvidenceConfig {
    pub(crate) l1_rpcs: Vec<String>,
    pub(crate) agree: usize,
}

/// The port where operators steer the guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AdminConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) clients: Vec<String>,
    /// Who vouches for operators; without it, whoever vouches for clients.
    pub(crate) ca: Option<PathBuf>,
}

/// An op-node that a switch stops and starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SequencerConfig {
    pub(crate) client: String,
    pub(crate) rpc: String,
    pub(crate) admin: String,
}

/// A port that speaks op-conductor's RPC to one op-node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GateConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) client: String,
    pub(crate) upstream: Option<String>,
}

/// One entry of `auth`.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) line: u64,
    pub(crate) name: String,
    pub(crate) keys: Vec<KeyLocator>,
    pub(crate) hedge: Duration,
    pub(crate) from_address: Option<Address>,
    /// Whether the client holds the leases of its scopes until the first switch.
    pub(crate) first_holder: bool,
    pub(crate) policy: Policy,
}

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KeyLocator {
    /// A file in any of `opsign_keys`'s formats.
    File { path: PathBuf, password_file: Option<PathBuf>, hd_path: Option<String> },
    /// A key in a token.
    Token(KeyPlace),
}

impl fmt::Display for KeyLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => write!(f, "{}", path.display()),
            Self::Token(place) => write!(f, "{place}"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    provider: Option<Spanned<String>>,
    auth: Option<Vec<Spanned<FileEntry>>>,
    #[serde(default)]
    client_names: ClientNames,
    #[serde(default)]
    tls: FileTls,
    #[serde(default)]
    limits: FileLimits,
    #[serde(default)]
    pkcs11: FilePkcs11,
    #[serde(default)]
    audit: FileAudit,
    trial_interval_s: Option<u64>,
    #[serde(default)]
    second_opinion: bool,
    guard: Option<Spanned<FileGuard>>,
    #[serde(default)]
    gates: Vec<Spanned<FileGate>>,
    #[serde(default)]
    sidecars: Vec<Spanned<FileSidecar>>,
    admin: Option<Spanned<FileAdmin>>,
    #[serde(default)]
    sequencers: Vec<Spanned<FileSequencer>>,
    #[serde(default)]
    proxies: Vec<Spanned<FileProxy>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileProxy {
    url: String,
    clients: Vec<String>,
    #[serde(default)]
    signed: bool,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileGuard {
    record: String,
    anchor: Option<PathBuf>,
    password_file: Option<PathBuf>,
    ca: Option<PathBuf>,
    blocks: Option<String>,
    transactions: Option<String>,
    block_time_ms: Option<u64>,
    #[serde(default)]
    lease: bool,
    payloads: Option<usize>,
    #[serde(default)]
    replay: bool,
    reorg_evidence: Option<FileReorgEvidence>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileReorgEvidence {
    l1_rpcs: Vec<String>,
    agree: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileSidecar {
    name: String,
    client: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileGate {
    listen: SocketAddr,
    client: String,
    upstream: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileAdmin {
    listen: Option<SocketAddr>,
    clients: Vec<String>,
    ca: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileSequencer {
    client: String,
    rpc: String,
    admin: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ClientNames {
    /// The certificate's first DNS name, as op-signer has it.
    #[default]
    First,
    /// Any of them.
    Any,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileTls {
    min_version: Option<Spanned<String>>,
    #[serde(default)]
    crls: Vec<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileLimits {
    deadline_ms: Option<u64>,
    batch_ms: Option<u64>,
    body_bytes: Option<usize>,
    batch: Option<usize>,
    connections: Option<usize>,
    head_ms: Option<u64>,
    body_ms: Option<u64>,
    write_ms: Option<u64>,
    idle_ms: Option<u64>,
    drain_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FilePkcs11 {
    module: Option<PathBuf>,
    pin_file: Option<PathBuf>,
    sessions: Option<usize>,
    deadline_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileAudit {
    file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileEntry {
    name: Option<String>,
    key: Option<String>,
    #[serde(default)]
    keys: Vec<FileKey>,
    hedge_ms: Option<u64>,
    #[serde(rename = "chainID")]
    chain_id: Option<Text>,
    from_address: Option<Text>,
    #[serde(default)]
    to_addresses: Vec<Text>,
    max_value: Option<Text>,
    // Ours.
    methods: Option<Vec<String>>,
    transaction_types: Option<Vec<u8>>,
    selectors: Option<Vec<Text>>,
    max_fee_per_gas: Option<Text>,
    max_fee_per_blob_gas: Option<Text>,
    max_gas: Option<u64>,
    max_blobs: Option<usize>,
    #[serde(default)]
    contract_creation: bool,
    delegates: Option<Vec<Text>>,
    domains: Option<Vec<Text>>,
    rate: Option<FileRate>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    #[serde(default)]
    first_holder: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileKey {
    key: String,
    password_file: Option<PathBuf>,
    hd_path: Option<String>,
    module: Option<PathBuf>,
    pin_file: Option<PathBuf>,
    sessions: Option<usize>,
    deadline_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileRate {
    block_time_ms: u64,
    burst: Option<u32>,
}

/// A scalar as it is written: `0x10` must not become 16 on its way.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl Config {
    /// Reads a config file.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is unknown, a value that makes no sense; with the
    /// line, and what to write.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &read_config(path)?)
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let file: File = parse_config(path, text)?;
        check_provider(path, file.provider.as_ref())?;
        let fail = |what: &str| ConfigError::new(path, None, what);
        let auth = file.auth.unwrap_or_default();
        if auth.is_empty() {
            return Err(fail(
                "auth is empty: nobody could sign anything. Add an entry with a name \
                             (the DNS name in a client's certificate) and a key",
            ));
        }
        let mut entries = Vec::with_capacity(auth.len());
        for entry in &auth {
            let line = entry.referenced.line();
            let resolved = resolve_entry(&entry.value, line, &file.pkcs11)
                .map_err(|what| ConfigError::new(path, Some(line), &what))?;
            entries.push(resolved);
        }
        let tls13_only = match file.tls.min_version.as_ref() {
            None => false,
            Some(version) => match version.value.as_str() {
                "1.2" => false,
                "1.3" => true,
                other => {
                    let what = format!("tls.minVersion is {other}: write \"1.2\" or \"1.3\"");
                    return Err(ConfigError::new(path, Some(version.referenced.line()), &what));
                }
            },
        };
        let trial_interval = file.trial_interval_s.unwrap_or(60);
        if trial_interval == 0 {
            return Err(fail("trialIntervalS is 0: write the seconds between trial signatures"));
        }
        let guard = match &file.guard {
            None => None,
            Some(guard) => Some(
                guard_config(&guard.value)
                    .map_err(|what| ConfigError::new(path, Some(guard.referenced.line()), &what))?,
            ),
        };
        let mut gates = Vec::with_capacity(file.gates.len());
        for gate in &file.gates {
            let fail = |what: &str| ConfigError::new(path, Some(gate.referenced.line()), what);
            if guard.is_none() {
                return Err(fail("a gate needs a guard section: it hands blocks to the guard"));
            }
            let entry = entries.iter().find(|entry: &&Entry| entry.name == gate.value.client);
            if entry.is_none_or(|entry| entry.policy.chain_id.is_none()) {
                return Err(fail(
                    "client is no name of auth that has a chainID: write the client whose op-node \
                     comes in here",
                ));
            }
            gates.push(GateConfig {
                listen: gate.value.listen,
                client: gate.value.client.clone(),
                upstream: gate.value.upstream.clone(),
            });
        }
        let mut sidecars = HashMap::new();
        for sidecar in &file.sidecars {
            let fail = |what: &str| ConfigError::new(path, Some(sidecar.referenced.line()), what);
            if guard.is_none() {
                return Err(fail("a sidecar needs a guard section: it tells the guard of blocks"));
            }
            let FileSidecar { name, client } = &sidecar.value;
            let entry = entries.iter().find(|entry: &&Entry| entry.name == *client);
            if entry.is_none_or(|entry| entry.policy.chain_id.is_none()) {
                return Err(fail(
                    "client is no name of auth that has a chainID: write the client whose op-node \
                     the sidecar serves",
                ));
            }
            if sidecars.insert(name.clone(), client.clone()).is_some() {
                return Err(fail("the name is there twice: a sidecar serves one op-node"));
            }
        }
        let admin = match &file.admin {
            None => None,
            Some(admin) => Some(
                admin_config(&admin.value, guard.is_some())
                    .map_err(|what| ConfigError::new(path, Some(admin.referenced.line()), what))?,
            ),
        };
        let mut sequencers = Vec::with_capacity(file.sequencers.len());
        for sequencer in &file.sequencers {
            let resolved = sequencer_config(&sequencer.value, admin.is_some(), &entries);
            sequencers.push(resolved.map_err(|what| {
                ConfigError::new(path, Some(sequencer.referenced.line()), &what)
            })?);
        }
        let mut proxies = Vec::with_capacity(file.proxies.len());
        for proxy in &file.proxies {
            let resolved = proxy_config(&proxy.value, &entries)
                .map_err(|what| ConfigError::new(path, Some(proxy.referenced.line()), &what))?;
            proxies.push(resolved);
        }
        if sequencers.is_empty() && guard.as_ref().is_some_and(|guard: &GuardConfig| guard.replay) {
            return Err(fail("guard.replay needs sequencers: that is who is given payloads"));
        }
        Ok(Self {
            guard,
            gates,
            sidecars,
            admin,
            sequencers,
            proxies,
            path: path.to_owned(),
            entries,
            any_name: matches!(file.client_names, ClientNames::Any),
            limits: limits(&file.limits).map_err(|what| fail(&what))?,
            tls13_only,
            crls: file.tls.crls,
            audit: file.audit.file,
            trial_interval: Duration::from_secs(trial_interval),
            second_opinion: file.second_opinion,
        })
    }
}

fn proxy_config(file: &FileProxy, entries: &[Entry]) -> Result<ProxyConfig, String> {
    if file.clients.is_empty() {
        return Err(
            "clients is empty: write the names of auth that this proxy may speak for".into()
        );
    }
    if let Some(name) =
        file.clients.iter().find(|name| !entries.iter().any(|entry| entry.name == **name))
    {
        return Err(format!("clients: {name} is no name of auth"));
    }
    let identity = match (&file.cert, &file.key) {
        (Some(cert), Some(key)) => Some((cert.clone(), key.clone())),
        (None, None) => None,
        _ => return Err("write both cert and key, or neither".into()),
    };
    Ok(ProxyConfig {
        url: file.url.clone(),
        clients: file.clients.clone(),
        signed: file.signed,
        ca: file.ca.clone(),
        identity,
    })
}

fn guard_config(file: &FileGuard) -> Result<GuardConfig, String> {
    let blocks = match file.blocks.as_deref().unwrap_or("strict") {
        "strict" => Mode::Strict,
        "hash-only" => Mode::HashOnly,
        "observe" => Mode::Observe,
        other => {
            return Err(format!("guard.blocks is {other}: write strict, hash-only or observe"));
        }
    };
    let transactions = match file.transactions.as_deref().unwrap_or("bump") {
        "observe" => None,
        "any" => Some(ReplacementMode::Any),
        "bump" => Some(ReplacementMode::Bump),
        "same-payload" => Some(ReplacementMode::SamePayload),
        "once" => Some(ReplacementMode::Once),
        other => {
            return Err(format!(
                "guard.transactions is {other}: write observe, any, bump, same-payload or once"
            ));
        }
    };
    let block_time = file.block_time_ms.unwrap_or(2000);
    if !(1..=3_600_000).contains(&block_time) {
        return Err("guard.blockTimeMs: write the chain's block time, 1 to 3600000".into());
    }
    let place = RecordPlace {
        record: file.record.clone(),
        anchor: file.anchor.clone(),
        password_file: file.password_file.clone(),
        ca: file.ca.clone(),
    };
    let reorg_evidence = match &file.reorg_evidence {
        None => None,
        Some(_) if blocks == Mode::Observe => {
            let what = "guard.reorgEvidence: observe refuses nothing that evidence could allow";
            return Err(what.into());
        }
        Some(file) => {
            let (l1_rpcs, agree) = (file.l1_rpcs.clone(), file.agree);
            let config = ReorgEvidenceConfig { l1_rpcs, agree };
            L1::new(&config).map_err(|what| format!("guard.reorgEvidence: {what}"))?;
            Some(config)
        }
    };
    Ok(GuardConfig {
        place,
        payloads: file.payloads.unwrap_or(64),
        replay: file.replay,
        reorg_evidence,
        plan: Plan { blocks, transactions, block_time, lease: file.lease },
    })
}

/// Loopback: an operator's port is reached through a tunnel, or on a network of its own.
const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8560);

fn admin_config(file: &FileAdmin, guarded: bool) -> Result<AdminConfig, &'static str> {
    if !guarded {
        return Err("admin needs a guard section: that is what it steers");
    }
    if file.clients.is_empty() {
        return Err("admin.clients is empty: write the DNS names in operators' certificates");
    }
    Ok(AdminConfig {
        listen: file.listen.unwrap_or(ADMIN),
        clients: file.clients.clone(),
        ca: file.ca.clone(),
    })
}

fn sequencer_config(
    file: &FileSequencer,
    admin: bool,
    entries: &[Entry],
) -> Result<SequencerConfig, String> {
    if !admin {
        return Err("sequencers need an admin section: only a switch uses them".into());
    }
    if !entries.iter().any(|entry| entry.name == file.client) {
        return Err(format!("sequencers: auth has no client {}", file.client));
    }
    let config = SequencerConfig {
        client: file.client.clone(),
        rpc: file.rpc.clone(),
        admin: file.admin.clone().unwrap_or_else(|| file.rpc.clone()),
    };
    Sequencer::new(&config).map_err(|what| format!("sequencers: {what}"))?;
    Ok(config)
}

fn check_provider(path: &Path, provider: Option<&Spanned<String>>) -> Result<(), ConfigError> {
    let (line, name) = match provider {
        Some(provider) => (Some(provider.referenced.line()), provider.value.as_str()),
        None => (None, ""),
    };
    let what = match name {
        "LOCAL" => return Ok(()),
        "" => {
            "provider is not set, which op-signer takes for GCP. Cloud keys come later; write \
             provider: LOCAL, which also serves pkcs11: keys"
        }
        "GCP" | "AWS" => {
            "keys in GCP or AWS are not served yet: they come in a later release. Write \
             provider: LOCAL with a key file or a pkcs11: URI, or stay with op-signer for these keys"
        }
        _ => "invalid provider: write LOCAL",
    };
    Err(ConfigError::new(path, line, what))
}

fn limits(file: &FileLimits) -> Result<Limits, String> {
    let usual = Limits::default();
    let time = |name: &str, given: Option<u64>, usual: Duration| match given {
        None => Ok(usual),
        Some(1..=3_600_000) => Ok(Duration::from_millis(given.unwrap_or_default())),
        Some(_) => Err(format!("limits.{name}: write milliseconds, 1 to 3600000")),
    };
    let count = |name: &str, given: Option<usize>, usual: usize, most: usize| match given {
        None => Ok(usual),
        Some(given) if (1..=most).contains(&given) => Ok(given),
        Some(_) => Err(format!("limits.{name}: write a number from 1 to {most}")),
    };
    Ok(Limits {
        deadline: time("deadlineMs", file.deadline_ms, usual.deadline)?,
        batch_time: time("batchMs", file.batch_ms, usual.batch_time)?,
        body: count("bodyBytes", file.body_bytes, usual.body, 1 << 30)?,
        batch: count("batch", file.batch, usual.batch, 1_000_000)?,
        connections: count("connections", file.connections, usual.connections, 1_000_000)?,
        head_time: time("headMs", file.head_ms, usual.head_time)?,
        body_time: time("bodyMs", file.body_ms, usual.body_time)?,
        write_time: time("writeMs", file.write_ms, usual.write_time)?,
        idle_time: time("idleMs", file.idle_ms, usual.idle_time)?,
        drain_time: time("drainMs", file.drain_ms, usual.drain_time)?,
    })
}

fn resolve_entry(entry: &FileEntry, line: u64, pkcs11: &FilePkcs11) -> Result<Entry, String> {
    let name = entry.name.as_deref().unwrap_or_default();
    if name.is_empty() {
        return Err("name is empty: write the DNS name in the client's certificate".into());
    }
    if name.trim() != name || name.contains(char::is_whitespace) {
        return Err(format!("name \"{name}\" has white space: no DNS name does"));
    }
    let keys = match (&entry.key, entry.keys.as_slice()) {
        (Some(key), []) => {
            let key = FileKey {
                key: key.clone(),
                password_file: None,
                hd_path: None,
                module: None,
                pin_file: None,
                sessions: None,
                deadline_ms: None,
            };
            vec![resolve_key(&key, pkcs11)?]
        }
        (None, [_, ..]) => {
            entry.keys.iter().map(|key| resolve_key(key, pkcs11)).collect::<Result<_, _>>()?
        }
        (Some(_), _) => return Err("give either key or keys".into()),
        (None, []) => {
            return Err("key is missing: write the path of a key file, or a pkcs11: URI".into());
        }
    };
    let from_address = entry.from_address.as_ref().map(|text| address("fromAddress", text));
    Ok(Entry {
        line,
        name: name.to_owned(),
        keys,
        hedge: Duration::from_millis(entry.hedge_ms.unwrap_or(250)),
        from_address: from_address.transpose()?,
        first_holder: entry.first_holder,
        policy: policy(entry)?,
    })
}

fn resolve_key(key: &FileKey, pkcs11: &FilePkcs11) -> Result<KeyLocator, String> {
    if key.key.is_empty() {
        return Err("key is empty: write the path of a key file, or a pkcs11: URI".into());
    }
    if !key.key.starts_with("pkcs11:") {
        if key.module.is_some() || key.pin_file.is_some() || key.sessions.is_some() {
            return Err(format!(
                "key {}: module, pinFile and sessions are for pkcs11: keys",
                key.key
            ));
        }
        if let Some(path) = &key.hd_path {
            path.parse::<DerivationPath>().map_err(|error| format!("hdPath: {error}"))?;
        }
        return Ok(KeyLocator::File {
            path: PathBuf::from(&key.key),
            password_file: key.password_file.clone(),
            hd_path: key.hd_path.clone(),
        });
    }
    let settings = TokenSettings {
        module: key.module.clone().or_else(|| pkcs11.module.clone()),
        pin_file: key.pin_file.clone().or_else(|| pkcs11.pin_file.clone()),
        sessions: key.sessions.or(pkcs11.sessions),
        deadline_ms: key.deadline_ms.or(pkcs11.deadline_ms),
    };
    KeyPlace::new(&key.key, &settings).map(KeyLocator::Token)
}

fn policy(entry: &FileEntry) -> Result<Policy, String> {
    let methods = match &entry.methods {
        None => Method::ALL.to_vec(),
        Some(names) => names
            .iter()
            .map(|name| {
                Method::from_name(name)
                    .ok_or_else(|| format!("methods: {name} is none of transaction, block_payload"))
            })
            .collect::<Result<_, _>>()?,
    };
    let types = entry.transaction_types.clone().unwrap_or_else(|| vec![2, 3, 4]);
    if let Some(kind) = types.iter().find(|kind| !(2..=4).contains(*kind)) {
        return Err(format!("transactionTypes: {kind} is none of 2, 3, 4, which the protocol has"));
    }
    let selectors = entry.selectors.as_ref().map(|selectors| {
        selectors.iter().map(|text| selector(&text.0)).collect::<Result<Vec<_>, _>>()
    });
    let delegates = entry.delegates.as_ref().map(|addresses| {
        addresses.iter().map(|text| address("delegates", text)).collect::<Result<Vec<_>, _>>()
    });
    let domains = entry.domains.as_ref().map(|domains| {
        domains.iter().map(|text| bytes32("domains", &text.0)).collect::<Result<Vec<_>, _>>()
    });
    let chain_id = match &entry.chain_id {
        None => None,
        Some(text) => {
            let id: ChainId = text.0.parse().map_err(|error| format!("chainID: {error}"))?;
            (id != ChainId::from(0)).then_some(id)
        }
    };
    let rate = match &entry.rate {
        None => None,
        Some(rate) if rate.block_time_ms == 0 => {
            return Err("rate.blockTimeMs is 0: write the chain's block time".into());
        }
        Some(rate) => Some(Rate {
            interval: Duration::from_millis(rate.block_time_ms),
            burst: rate.burst.unwrap_or(5).max(1),
        }),
    };
    Ok(Policy {
        methods,
        chain_id,
        to_addresses: entry
            .to_addresses
            .iter()
            .map(|text| address("toAddresses", text))
            .collect::<Result<_, _>>()?,
        max_value: number("maxValue", entry.max_value.as_ref())?,
        transaction_types: types,
        selectors: selectors.transpose()?,
        max_fee_per_gas: number("maxFeePerGas", entry.max_fee_per_gas.as_ref())?,
        max_fee_per_blob_gas: number("maxFeePerBlobGas", entry.max_fee_per_blob_gas.as_ref())?,
        max_gas: entry.max_gas,
        max_blobs: entry.max_blobs,
        contract_creation: entry.contract_creation,
        delegates: delegates.transpose()?,
        domains: domains.transpose()?.unwrap_or_else(|| vec![[0; 32]]),
        rate,
        valid_from: instant("validFrom", entry.valid_from.as_deref())?,
        valid_until: instant("validUntil", entry.valid_until.as_deref())?,
    })
}

fn address(field: &str, text: &Text) -> Result<Address, String> {
    text.0.parse().map_err(|error| format!("{field} {}: {error}", text.0))
}

fn number(field: &str, text: Option<&Text>) -> Result<Option<U256>, String> {
    let Some(Text(text)) = text else {
        return Ok(None);
    };
    // Chain ids and quantities are written alike: 256 bits, decimal or hex after 0x.
    let read = text.parse::<ChainId>().map(|number| *number.as_u256());
    read.map(Some).map_err(|_| format!("{field} {text}: write a number, decimal or hex after 0x"))
}

fn selector(text: &str) -> Result<Option<[u8; 4]>, String> {
    if text == "0x" {
        return Ok(None);
    }
    let digits = text.strip_prefix("0x").unwrap_or_default();
    base16ct::mixed::decode_vec(digits)
        .ok()
        .and_then(|bytes| <[u8; 4]>::try_from(bytes).ok())
        .map(Some)
        .ok_or_else(|| {
            format!("selectors: {text} is not 0x and 8 hex digits, nor 0x for no call data")
        })
}

fn bytes32(field: &str, text: &str) -> Result<[u8; 32], String> {
    let digits = text.strip_prefix("0x").unwrap_or_default();
    base16ct::mixed::decode_vec(digits)
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .ok_or_else(|| format!("{field}: {text} is not 0x and 64 hex digits"))
}

fn instant(field: &str, text: Option<&str>) -> Result<Option<OffsetDateTime>, String> {
    text.map(|text| {
        OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|_| format!("{field} {text}: write a time such as 2026-12-31T23:59:59Z"))
    })
    .transpose()
}
