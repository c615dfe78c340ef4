//! Where the database is, and what is not let through.

use std::fmt;
use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `postgres://USER@HOST[:PORT][,HOST…]/DATABASE`, without a password. A host may be the folder
    /// of a Unix socket, with its slashes written `%2F`.
    pub url: String,
    /// A file with the password; read for every connection, so that it can be changed.
    pub password_file: Option<PathBuf>,
    /// A file with the certificates that may vouch for the server (PEM). Needed unless the server
    /// is on this machine.
    pub ca: Option<PathBuf>,
}

/// Why an address is not used.
#[derive(Debug)]
pub struct BadAddress(pub(crate) String);

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadAddress {}

impl Address {
    /// The client's settings, and whether TLS is used.
    pub(crate) fn config(&self) -> Result<(Config, bool), BadAddress> {
        // The parser's error names a parameter and quotes nothing.
        let mut config: Config =
            self.url.parse().map_err(|error| BadAddress(format!("the database's URL: {error}")))?;
        if config.get_password().is_some() {
            let what = "the database's URL has a password, which ends up in logs and process lists: \
                        write it to a file and name that";
            return Err(BadAddress(what.into()));
        }
        if config.get_hosts().is_empty() {
            return Err(BadAddress("the database's URL names no host".into()));
        }
        if config.get_dbname().is_none() || config.get_user().is_none() {
            let what = "the database's URL names no user or no database: write \
                        postgres://USER@HOST/DATABASE";
            return Err(BadAddress(what.into()));
        }
        let remote = config.get_hosts().iter().any(|host| !is_here(host));
        let plain = config.get_ssl_mode() == SslMode::Disable;
        if remote && (plain || self.ca.is_none()) {
            let what = "the database is on another machine and TLS is off, or no certificate is \
                        named to know it by: name the CA's file, without sslmode=disable";
            return Err(BadAddress(what.into()));
        }
        let tls = self.ca.is_some() && !plain;
        config.ssl_mode(if tls { SslMode::Require } else { SslMode::Disable });
        config.application_name("opsign");
        if config.get_hosts().len() > 1 {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Ok((config, tls))
    }

    /// Hosts and database, for messages.
    pub(crate) fn name(config: &Config) -> String {
        let hosts: Vec<String> = config.get_hosts().iter().map(host).collect();
        format!("postgres://{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
    }
}

fn host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

/// A Unix socket or a loopback address.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        }
    }
}
