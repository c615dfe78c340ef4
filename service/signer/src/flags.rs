//! The command line and environment of op-signer, kept as they are.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::{ArgAction, Args};
use opsign_wire::TlsFiles;
use opsign_wire::log::{Format, Level};

use crate::config::Config;
use crate::dev::{CHAIN_ID, Dev};

/// Flags of `opsign signer`; each has op-signer's environment variable.
#[derive(Args, Debug)]
pub struct Flags {
    #[command(flatten)]
    pub(crate) files: FileFlags,
    /// Make authority, certificates, a key and a config in a folder (once), and serve them on
    /// loopback: to try things.
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, require_equals = true,
        default_missing_value = "opsign-dev")]
    pub(crate) dev: Option<PathBuf>,
    /// The chain of a new --dev folder.
    #[arg(long, value_name = "N", default_value_t = CHAIN_ID)]
    pub(crate) dev_chain_id: u64,
    /// The address to listen on.  [default: 0.0.0.0, with --dev 127.0.0.1]
    #[arg(long = "rpc.addr", env = "OP_SIGNER_RPC_ADDR")]
    rpc_addr: Option<IpAddr>,
    /// The port to listen on; 0 takes a free one and logs it.
    #[arg(long = "rpc.port", env = "OP_SIGNER_RPC_PORT", default_value_t = 8545)]
    rpc_port: u16,
    /// Serve metrics in Prometheus's format.
    #[arg(
        long = "metrics.enabled",
        env = "OP_SIGNER_METRICS_ENABLED",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value_t = false,
        default_missing_value = "true"
    )]
    pub(crate) metrics_enabled: bool,
    /// The address of the metrics port.
    #[arg(long = "metrics.addr", env = "OP_SIGNER_METRICS_ADDR", default_value = "0.0.0.0")]
    metrics_addr: IpAddr,
    /// The metrics port.
    #[arg(long = "metrics.port", env = "OP_SIGNER_METRICS_PORT", default_value_t = 7300)]
    metrics_port: u16,
    /// How much is logged.
    #[arg(
        long = "log.level",
        env = "OP_SIGNER_LOG_LEVEL",
        ignore_case = true,
        default_value = "info"
    )]
    pub(crate) log_level: Level,
    /// What a log line looks like.
    #[arg(
        long = "log.format",
        env = "OP_SIGNER_LOG_FORMAT",
        ignore_case = true,
        default_value = "text"
    )]
    pub(crate) log_format: Format,
    /// Log in colours.
    #[arg(
        long = "log.color",
        env = "OP_SIGNER_LOG_COLOR",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value_t = false,
        default_missing_value = "true"
    )]
    pub(crate) log_color: bool,
    /// Taken for op-signer's sake; our lines carry no process id.
    #[arg(long = "log.pid", env = "OP_SIGNER_LOG_PID", action = ArgAction::Set, num_args = 0..=1,
        require_equals = true, default_missing_value = "true", hide = true)]
    log_pid: Option<bool>,
    /// Taken for op-signer's sake, where it has no effect either.
    #[arg(long = "rpc.enable-admin", env = "OP_SIGNER_RPC_ENABLE_ADMIN", action = ArgAction::Set,
        num_args = 0..=1, require_equals = true, default_missing_value = "true", hide = true)]
    rpc_enable_admin: Option<bool>,
    /// Go's profiler, which we have not.
    #[arg(long = "pprof.enabled", env = "OP_SIGNER_PPROF_ENABLED", action = ArgAction::Set,
        num_args = 0..=1, require_equals = true, default_missing_value = "true", hide = true)]
    pub(crate) pprof_enabled: Option<bool>,
    #[arg(long = "pprof.addr", env = "OP_SIGNER_PPROF_ADDR", hide = true)]
    pprof_addr: Option<String>,
    #[arg(long = "pprof.port", env = "OP_SIGNER_PPROF_PORT", hide = true)]
    pprof_port: Option<u16>,
    #[arg(long = "pprof.type", env = "OP_SIGNER_PPROF_TYPE", hide = true)]
    pprof_type: Option<String>,
    #[arg(long = "pprof.path", env = "OP_SIGNER_PPROF_PATH", hide = true)]
    pprof_path: Option<PathBuf>,
}

/// The files that a signer runs from.
#[derive(Args, Clone, Debug)]
pub struct FileFlags {
    /// The config file.
    #[arg(long, env = "OP_SIGNER_SERVICE_CONFIG", default_value = "config.yaml")]
    pub(crate) config: PathBuf,
    /// TLS with client certificates. There is no running without it.
    #[arg(
        long = "tls.enabled",
        env = "OP_SIGNER_TLS_ENABLED",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true"
    )]
    pub(crate) tls_enabled: bool,
    /// The authorities that vouch for clients, PEM.
    #[arg(long = "tls.ca", env = "OP_SIGNER_TLS_CA", default_value = "tls/ca.crt")]
    tls_ca: PathBuf,
    /// The server's certificate chain, PEM.
    #[arg(long = "tls.cert", env = "OP_SIGNER_TLS_CERT", default_value = "tls/tls.crt")]
    tls_cert: PathBuf,
    /// The server's private key, PEM.
    #[arg(long = "tls.key", env = "OP_SIGNER_TLS_KEY", default_value = "tls/tls.key")]
    tls_key: PathBuf,
}

impl FileFlags {
    /// The files of a folder that `--dev` made.
    pub(crate) fn of_dev(dev: &Dev) -> Self {
        Self {
            config: dev.file("config.yaml"),
            tls_enabled: true,
            tls_ca: dev.file("ca.crt"),
            tls_cert: dev.file("tls.crt"),
            tls_key: dev.file("tls.key"),
        }
    }

    /// The files that are known before the config is read.
    pub(crate) fn paths(&self) -> [&Path; 4] {
        [&self.config, &self.tls_ca, &self.tls_cert, &self.tls_key].map(PathBuf::as_path)
    }

    pub(crate) fn tls_files(&self, config: &Config) -> TlsFiles {
        TlsFiles {
            ca: self.tls_ca.clone(),
            cert: self.tls_cert.clone(),
            key: self.tls_key.clone(),
            crls: config.crls.clone(),
            tls13_only: config.tls13_only,
        }
    }
}

impl Flags {
    pub(crate) fn rpc(&self) -> SocketAddr {
        let usual = if self.dev.is_some() { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        SocketAddr::new(self.rpc_addr.unwrap_or(usual.into()), self.rpc_port)
    }

    pub(crate) const fn metrics(&self) -> SocketAddr {
        SocketAddr::new(self.metrics_addr, self.metrics_port)
    }
}
