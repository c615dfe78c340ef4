//! The sidecar's config file.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use opsign_wire::{ConfigError, TlsFiles, parse_config, read_config};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

/// A config file that was read and understood.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    /// What op-node uses.
    pub(crate) jwt_secret_file: PathBuf,
    pub(crate) local: Engine,
    pub(crate) builders: Vec<BuilderConfig>,
    pub(crate) mode: Mode,
    pub(crate) policy: Policy,
    pub(crate) block_time: Duration,
    /// How long `getPayload` may take; without it, until the slot begins.
    pub(crate) deadline: Option<Duration>,
    /// Builders leave the state root to the local engine.
    pub(crate) external_state_root: bool,
    /// The socket of `opsign sidecar mode`, `status` and of a hand-over.
    pub(crate) admin: Option<PathBuf>,
    /// The signer that is told of each block: its address, and certificates.
    pub(crate) signer: Option<(String, TlsFiles)>,
    /// A file with a line of JSON for each block.
    pub(crate) decisions: Option<PathBuf>,
    pub(crate) metrics: Option<SocketAddr>,
}

/// Where the local engine is.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    pub(crate) url: String,
    pub(crate) jwt_secret_file: PathBuf,
}

/// Where a builder is.
#[derive(Clone, Debug)]
pub(crate) struct BuilderConfig {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) jwt_secret_file: PathBuf,
    pub(crate) tls: Option<BuilderTls>,
    /// Where transactions and miner settings go, without a token; else to `url`.
    pub(crate) transactions_url: Option<String>,
}

/// Who vouches for a builder, and what it is shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct BuilderTls {
    pub(crate) ca: PathBuf,
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

/// What builders' blocks are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// They are returned where they are good.
    Enabled,
    /// They are asked for and judged, and the local block is returned.
    DryRun,
    /// Builders are asked for none.
    Disabled,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enabled => "enabled",
            Self::DryRun => "dryRun",
            Self::Disabled => "disabled",
        })
    }
}

/// Which of several good blocks is returned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Policy {
    pub(crate) select: Select,
    /// Percent by which a builder's block must beat the local one, in what `select` looks at.
    pub(crate) min_improvement: f64,
    /// Percent of the local block's gas below which a builder's block counts as empty.
    pub(crate) min_gas_share: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Select {
    /// A builder's block as soon as one is good.
    #[default]
    FirstValid,
    /// The block with the highest `blockValue`.
    HighestValue,
    /// The block with the highest `gasUsed`.
    MostGas,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    listen: Option<SocketAddr>,
    jwt_secret_file: PathBuf,
    local: FileEngine,
    #[serde(default)]
    builders: Vec<FileBuilder>,
    mode: Option<Mode>,
    #[serde(default)]
    policy: FilePolicy,
    block_time: Option<Span>,
    deadline: Option<Span>,
    #[serde(default)]
    external_state_root: bool,
    decisions: Option<PathBuf>,
    admin: Option<FileAdmin>,
    signer: Option<FileSigner>,
    #[serde(default)]
    metrics: FileMetrics,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileEngine {
    url: String,
    jwt_secret_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileBuilder {
    name: String,
    url: String,
    jwt_secret_file: Option<PathBuf>,
    tls: Option<BuilderTls>,
    transactions_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileSigner {
    url: String,
    ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileAdmin {
    socket: PathBuf,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FilePolicy {
    #[serde(default)]
    select: Select,
    min_improvement: Option<f64>,
    min_gas_share: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileMetrics {
    #[serde(default)]
    enabled: bool,
    listen_address: Option<IpAddr>,
    listen_port: Option<u16>,
}

/// A time span: a number with `ms` or `s`.
struct Span(Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let millis = if let Some(number) = text.strip_suffix("ms") {
            number.trim().parse().ok()
        } else {
            let seconds = text.strip_suffix('s').and_then(|number| number.trim().parse().ok());
            seconds.map(|seconds: f64| seconds * 1000.0)
        };
        let millis = millis.filter(|millis: &f64| (1.0..=3_600_000.0).contains(millis));
        let millis = millis.ok_or_else(|| D::Error::custom("write a time such as 500ms or 2s"))?;
        Ok(Self(Duration::from_secs_f64(millis / 1000.0)))
    }
}

impl Config {
    /// Reads a config file.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let file: File = parse_config(path, &read_config(path)?)?;
        Self::of(file).map_err(|what| ConfigError::new(path, None, &what))
    }

    fn of(file: File) -> Result<Self, String> {
        let secret = file.jwt_secret_file;
        let mut builders: Vec<BuilderConfig> = Vec::new();
        for builder in file.builders {
            if builder.name.is_empty() || builders.iter().any(|known| known.name == builder.name) {
                return Err(format!("builders: \"{}\": give each a name of its own", builder.name));
            }
            builders.push(BuilderConfig {
                name: builder.name,
                url: builder.url,
                jwt_secret_file: builder.jwt_secret_file.unwrap_or_else(|| secret.clone()),
                tls: builder.tls,
                transactions_url: builder.transactions_url,
            });
        }
        let policy = Policy {
            select: file.policy.select,
            min_improvement: file.policy.min_improvement.unwrap_or(0.0),
            min_gas_share: file.policy.min_gas_share.unwrap_or(10.0),
        };
        if !(0.0..=10_000.0).contains(&policy.min_improvement)
            || !(0.0..=100.0).contains(&policy.min_gas_share)
        {
            return Err("policy: minImprovement and minGasShare are percent".into());
        }
        if policy.select == Select::FirstValid && policy.min_improvement > 0.0 {
            return Err("policy: minImprovement says nothing to firstValid: select highestValue \
                        or mostGas"
                .into());
        }
        let metrics = file.metrics.enabled.then(|| {
            let address = file.metrics.listen_address.unwrap_or(Ipv4Addr::LOCALHOST.into());
            SocketAddr::new(address, file.metrics.listen_port.unwrap_or(7300))
        });
        Ok(Self {
            listen: file.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8551))),
            local: Engine {
                url: file.local.url,
                jwt_secret_file: file.local.jwt_secret_file.unwrap_or_else(|| secret.clone()),
            },
            jwt_secret_file: secret,
            builders,
            mode: file.mode.unwrap_or(Mode::Enabled),
            policy,
            block_time: file.block_time.map_or(Duration::from_secs(2), |time| time.0),
            deadline: file.deadline.map(|time| time.0),
            external_state_root: file.external_state_root,
            admin: file.admin.map(|admin| admin.socket),
            signer: file.signer.map(|FileSigner { url, ca, cert, key }| {
                (url, TlsFiles { ca, cert, key, crls: Vec::new(), tls13_only: false })
            }),
            decisions: file.decisions,
            metrics,
        })
    }
}
