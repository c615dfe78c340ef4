//! A set-up to try things with, made in one step: authority, certificates, key, config.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use opsign_core::Address;
use opsign_keys::{Secret, system_random};
use opsign_wire::Failure;

use crate::certs::{self, CertsRequest};

/// The chain that a new folder is for: op-node's own devnets.
pub(crate) const CHAIN_ID: u64 = 901;

/// A folder with everything.
pub(crate) struct Dev {
    folder: PathBuf,
    address: Address,
}

impl Dev {
    /// Makes the folder, or takes it as it is if it was made before.
    pub(crate) fn prepare(folder: &Path, chain_id: u64) -> Result<Self, Failure> {
        let fail = |what: String| Failure::Config(format!("--dev: {what}"));
        let key = folder.join("key.pem");
        if !folder.join("config.yaml").exists() {
            let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
            certs::make(&CertsRequest {
                folder,
                server_names: &names,
                clients: &["sequencer".to_owned()],
                days: 365,
            })
            .map_err(|error| fail(error.to_string()))?;
            let secret =
                Secret::generate(system_random).map_err(|error| fail(error.to_string()))?;
            // The config is written last: with it the folder is whole.
            let config = format!(
                "# Made by `opsign signer --dev`: to try things, not for real funds.\n\
                 provider: LOCAL\n\
                 auth:\n\
                 \x20 - name: sequencer\n\
                 \x20   key: {}\n\
                 \x20   chainID: {chain_id}\n\
                 \x20   fromAddress: \"{}\"\n",
                serde_json::Value::from(key.display().to_string()),
                secret.address()
            );
            certs::create(&key, secret.to_sec1_pem().as_str().as_bytes(), certs::OWNER)
                .and_then(|()| {
                    certs::create(&folder.join("config.yaml"), config.as_bytes(), certs::OWNER)
                })
                .map_err(|error| fail(format!("{}: {error}", folder.display())))?;
        }
        let pem = fs::read(&key).map_err(|error| fail(format!("{}: {error}", key.display())))?;
        let pem = zeroize::Zeroizing::new(pem);
        let secret = opsign_keys::read(&pem, &opsign_keys::Options::default())
            .map_err(|error| fail(format!("{}: {error}", key.display())))?;
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        Ok(Self { folder, address: secret.address() })
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What to give op-node, once the port is known.
    pub(crate) fn flags(&self, at: SocketAddr) -> String {
        let mut text = String::from("op-node's flags for this signer:\n");
        let mut flag = |name: &str, value: &dyn std::fmt::Display| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  --signer.{name}={value}");
        };
        flag("endpoint", &format_args!("https://localhost:{}", at.port()));
        flag("address", &self.address);
        flag("tls.ca", &self.file("ca.crt").display());
        flag("tls.cert", &self.file("sequencer.crt").display());
        flag("tls.key", &self.file("sequencer.key").display());
        text
    }
}
