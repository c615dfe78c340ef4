//! The keystore's config file.

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use opsign_guard::RuleSet;
use opsign_guard_postgres::RecordPlace;
use opsign_wire::{ConfigError, TlsFiles, TlsSection, parse_config, read_config};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::key_type::{Duty, KeyType};
use crate::public_key::PublicKey;
use crate::published::{PublishPlan, Topic, TopicTls};
use crate::rights::{Clients, Operation, Rights};
use crate::scheme::Scheme;
use crate::settings::Settings;
use crate::token_plan::{FileToken, TokenPlan};
use crate::transcript::Transcripts;

/// A config file that was read and understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) fixed: Fixed,
    pub(crate) clients: Clients,
    pub(crate) raw: HashSet<KeyType>,
    pub(crate) transcripts: Vec<FileTranscript>,
}

/// What needs a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) listen: SocketAddr,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) tls: TlsFiles,
    /// Whether gRPC reflection is served.
    pub(crate) reflection: bool,
    pub(crate) keys: PathBuf,
    pub(crate) passphrase_file: PathBuf,
    pub(crate) shared_keys: bool,
    pub(crate) tokens: Vec<TokenPlan>,
    pub(crate) guard: GuardPlan,
    pub(crate) audit: Option<PathBuf>,
    pub(crate) publish: Option<PublishPlan>,
    pub(crate) limits: Limits,
}

/// What the config says about the guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GuardPlan {
    /// None in `observe`.
    pub(crate) place: Option<RecordPlace>,
    /// Milliseconds since 1970.
    pub(crate) not_before: u64,
    /// Milliseconds, or 0.
    pub(crate) slot_time: u64,
}

impl GuardPlan {
    pub(crate) fn rules(&self) -> RuleSet {
        let rules = RuleSet::session();
        if self.place.is_some() { rules } else { rules.observing() }
    }
}

/// What one client may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Within this a call is answered.
    pub(crate) deadline: Duration,
    /// Connections at a time.
    pub(crate) connections: usize,
    /// Calls of one connection at a time.
    pub(crate) streams: u32,
    /// Bytes of a request.
    pub(crate) message: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    listen: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
    #[serde(default)]
    tls: TlsSection,
    #[serde(default)]
    reflection: bool,
    keys: FileKeys,
    #[serde(default)]
    pkcs11: Vec<FileToken>,
    guard: FileGuard,
    clients: Vec<FileClient>,
    #[serde(default)]
    raw_key_types: Vec<String>,
    #[serde(default)]
    transcripts: Vec<FileTranscript>,
    audit: Option<PathBuf>,
    publish: Option<FilePublish>,
    #[serde(default)]
    limits: FileLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileKeys {
    folder: PathBuf,
    passphrase_file: PathBuf,
    #[serde(default)]
    allow_shared: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileGuard {
    record: Option<String>,
    #[serde(default)]
    observe: bool,
    anchor: Option<PathBuf>,
    password_file: Option<PathBuf>,
    ca: Option<PathBuf>,
    not_before: Option<String>,
    slot_time_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileClient {
    name: String,
    key_types: Vec<String>,
    operations: Option<HashSet<Operation>>,
    #[serde(default)]
    public_keys: Vec<FileKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileKey {
    crypto_type: String,
    public_key: String,
}

/// A VRF transcript beside BABE's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FileTranscript {
    label: String,
    items: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FilePublish {
    brokers: Vec<String>,
    topic: String,
    position: Option<PathBuf>,
    tls: Option<TopicTls>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileLimits {
    deadline_ms: Option<u64>,
    connections: Option<usize>,
    streams: Option<u32>,
    message_bytes: Option<usize>,
}

impl Config {
    /// Reads a config file.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let file: File = parse_config(path, &read_config(path)?)?;
        Self::of(file).map_err(|what| ConfigError::new(path, None, &what))
    }

    /// What a running keystore takes from it.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            clients: self.clients.clone(),
            raw: self.raw.clone(),
            shared_keys: self.fixed.shared_keys,
        }
    }

    /// What VRF signatures may be over. Once in a program's life: see [`Transcripts`].
    pub(crate) fn transcripts(&self) -> Transcripts {
        let add = |all: Transcripts, one: &FileTranscript| all.with(&one.label, &one.items);
        self.transcripts.iter().fold(Transcripts::babe(), add)
    }

    fn of(file: File) -> Result<Self, String> {
        let raw = key_types("rawKeyTypes", &file.raw_key_types)?;
        for transcript in &file.transcripts {
            if transcript.label.is_empty() || transcript.items.iter().any(String::is_empty) {
                return Err("transcripts: a label is empty".into());
            }
            if transcript.label == "BABE" {
                return Err("transcripts: BABE is there already".into());
            }
        }
        let mut clients = HashMap::new();
        for client in file.clients {
            let name = client.name.clone();
            if clients.insert(client.name.clone(), rights(client)?).is_some() {
                return Err(format!("clients, {name}: the name is there twice"));
            }
        }
        if clients.is_empty() {
            return Err("clients is empty: nobody could ask for anything".into());
        }
        let guard = guard_plan(file.guard)?;
        let limits = Limits {
            deadline: Duration::from_millis(file.limits.deadline_ms.unwrap_or(1000)),
            connections: file.limits.connections.unwrap_or(4096),
            streams: file.limits.streams.unwrap_or(128),
            message: file.limits.message_bytes.unwrap_or(16 << 20),
        };
        let none = limits.connections == 0 || limits.streams == 0 || limits.message == 0;
        if none || limits.deadline.is_zero() {
            return Err("limits: 0 would let nothing through".into());
        }
        let fixed = Fixed {
            listen: file.listen.unwrap_or((Ipv4Addr::UNSPECIFIED, 9955).into()),
            metrics: file.metrics,
            tls: file.tls.files(true),
            reflection: file.reflection,
            keys: file.keys.folder,
            passphrase_file: file.keys.passphrase_file,
            shared_keys: file.keys.allow_shared,
            tokens: file.pkcs11.into_iter().map(TokenPlan::new).collect::<Result<_, _>>()?,
            guard,
            publish: file.publish.map(|plan| publish(plan, file.audit.as_deref())).transpose()?,
            audit: file.audit,
            limits,
        };
        Ok(Self { fixed, clients: Clients(clients), raw, transcripts: file.transcripts })
    }

    /// What weakens the protection, a sentence each: said at every start.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.fixed.guard.place.is_none() {
            warnings.push("guard.observe: nothing is refused and nothing remembered".to_owned());
        }
        for key_type in &self.raw {
            if !matches!(key_type.duty(), None | Some(Duty::Other)) {
                warnings.push(format!(
                    "rawKeyTypes: {key_type} signs what is not understood, without protection"
                ));
            }
        }
        if self.fixed.shared_keys {
            warnings.push("keys.allowShared: a key of two types is protected in neither".into());
        }
        warnings
    }
}

fn publish(file: FilePublish, audit: Option<&Path>) -> Result<PublishPlan, String> {
    let audit = audit.ok_or("publish: it is the audit log that is published: write audit")?;
    let topic = Topic { brokers: file.brokers, topic: file.topic, tls: file.tls };
    topic.check().map_err(|what| format!("publish: {what}"))?;
    let beside = || {
        let mut path = audit.to_owned();
        path.as_mut_os_string().push(".position");
        path
    };
    Ok(PublishPlan {
        file: audit.to_owned(),
        position: file.position.unwrap_or_else(beside),
        topic,
    })
}

fn guard_plan(file: FileGuard) -> Result<GuardPlan, String> {
    let place = match (file.record, file.observe) {
        (Some(record), false) => Some(RecordPlace {
            record,
            anchor: file.anchor,
            password_file: file.password_file,
            ca: file.ca,
        }),
        (None, true) => None,
        _ => return Err("guard: write record, or observe: true, and not both".into()),
    };
    let not_before = match file.not_before {
        None => 0,
        Some(text) => {
            let wrong = |_| "guard.notBefore: write a time such as 2026-11-21T12:00:00Z";
            let time = OffsetDateTime::parse(&text, &Rfc3339).map_err(wrong)?;
            u64::try_from(time.unix_timestamp_nanos() / 1_000_000)
                .map_err(|_| "guard.notBefore is before 1970")?
        }
    };
    Ok(GuardPlan { place, not_before, slot_time: file.slot_time_ms.unwrap_or(0) })
}

fn rights(client: FileClient) -> Result<Rights, String> {
    let place = format!("clients, {}", client.name);
    if client.name.is_empty() {
        return Err("clients: a name is empty".into());
    }
    let key = |file: &FileKey| {
        let scheme: Scheme =
            file.crypto_type.parse().map_err(|error| format!("{place}: {error}"))?;
        let wrong = || format!("{place}: {} is no {scheme} public key", file.public_key);
        PublicKey::from_hex(scheme, &file.public_key).ok_or_else(wrong)
    };
    let usual = || HashSet::from([Operation::PublicKeys, Operation::Sign, Operation::Vrf]);
    Ok(Rights {
        key_types: key_types(&place, &client.key_types)?,
        operations: client.operations.unwrap_or_else(usual),
        public_keys: client.public_keys.iter().map(key).collect::<Result<_, String>>()?,
    })
}

fn key_types(place: &str, texts: &[String]) -> Result<HashSet<KeyType>, String> {
    let parse = |text: &String| text.parse().map_err(|error| format!("{place}: {text}: {error}"));
    texts.iter().map(parse).collect()
}
