//! `opsign key`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use opsign_core::{SecretKey, Signer};
use opsign_hsm::{Curve, KeyInfo};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::hsm_config::{HsmConfig, parse_id};
use crate::key_file;
use crate::report::Report;
use crate::signer::{KeyPlace, Place};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a key: a new file, or a pair inside a token that never leaves it.
    Generate {
        #[command(flatten)]
        place: KeyPlace,
        #[command(flatten)]
        name: Name,
    },
    /// Put an existing secret key into a new file or into a token.
    Import {
        #[command(flatten)]
        place: KeyPlace,
        #[command(flatten)]
        name: Name,
        /// Where the secret is: a file with 64 hex digits or 32 bytes; - is standard input.
        source: PathBuf,
    },
    /// List the keys of a token, or the key files in a folder.
    List(ListPlace),
    /// Print the address of a key.
    Address {
        #[command(flatten)]
        place: KeyPlace,
    },
}

/// How a new key in a token is called.
#[derive(Args)]
pub(crate) struct Name {
    /// The label of the new key in the token. Without it: the one in the configuration.
    #[arg(long)]
    label: Option<String>,
    /// The id of the new key in the token, in hex. Without it: the one in the configuration, or
    /// eight random bytes.
    #[arg(long, value_name = "HEX")]
    id: Option<String>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ListPlace {
    /// A folder with key files.
    #[arg(long, value_name = "FOLDER")]
    key_dir: Option<PathBuf>,
    /// A file that names a PKCS#11 token.
    #[arg(long, value_name = "FILE")]
    hsm_config: Option<PathBuf>,
}

pub(crate) fn run(command: Command) -> Result<Report, Failure> {
    match command {
        Command::Generate { place, name } => generate(&place, &name),
        Command::Import { place, name, source } => import(&place, &name, &source),
        Command::List(ListPlace { key_dir: Some(folder), .. }) => list_files(&folder),
        Command::List(ListPlace { hsm_config: Some(path), .. }) => list_token(&path),
        Command::List(_) => Err(Failure::usage("give either --key-dir or --hsm-config")),
        Command::Address { place } => address(&place),
    }
}

fn generate(place: &KeyPlace, name: &Name) -> Result<Report, Failure> {
    match place.open()? {
        Place::File(path) => {
            let secret = random_secret()?;
            create_file(path, name, &secret)
        }
        Place::Token(config) => {
            let (label, id) = name.in_token(&config)?;
            let info = config.log_in()?.generate_key(&label, id.as_deref())?;
            Ok(describe(&info))
        }
    }
}

fn import(place: &KeyPlace, name: &Name, source: &Path) -> Result<Report, Failure> {
    let secret = key_file::read_bytes(source)?;
    match place.open()? {
        Place::File(path) => create_file(path, name, &secret),
        Place::Token(config) => {
            let (label, id) = name.in_token(&config)?;
            // A bad key is the source's fault and is told before the token is touched.
            SecretKey::from_bytes(secret.as_slice())?;
            let info = config.log_in()?.import_key(&label, id.as_deref(), &secret)?;
            Ok(describe(&info))
        }
    }
}

fn create_file(path: &Path, name: &Name, secret: &Zeroizing<[u8; 32]>) -> Result<Report, Failure> {
    if name.label.is_some() || name.id.is_some() {
        return Err(Failure::usage("--label and --id are for keys in a token"));
    }
    let address = SecretKey::from_bytes(secret.as_slice())?.address();
    key_file::create(path, secret)?;
    Ok(Report::new().with("address", address.to_string()))
}

fn list_files(folder: &Path) -> Result<Report, Failure> {
    let unreadable =
        |error| Failure::input(format!("{} cannot be read: {error}", folder.display()));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.retain(|path| path.is_file());
    paths.sort();
    let keys: Vec<Value> = paths
        .iter()
        .map(|path| match key_file::read(path) {
            Ok(key) => json!({ "file": shown(path), "address": key.address().to_string() }),
            Err(failure) => {
                json!({ "file": shown(path), "address": null, "error": failure.message() })
            }
        })
        .collect();
    Ok(Report::new().with("keys", keys))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn list_token(path: &Path) -> Result<Report, Failure> {
    let keys = HsmConfig::read(path)?.log_in()?.keys()?;
    let keys: Vec<Value> = keys.iter().map(facts).collect();
    Ok(Report::new().with("keys", keys))
}

fn address(place: &KeyPlace) -> Result<Report, Failure> {
    let address = place.open()?.signer()?.address();
    Ok(Report::new().with("address", address.to_string()))
}

fn random_secret() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut secret = Zeroizing::new([0; 32]);
    loop {
        getrandom::fill(secret.as_mut_slice()).map_err(|error| {
            Failure::unavailable(format!("the system gives no random numbers: {error}"))
        })?;
        // Zero and numbers from n on are no keys: odds of 2^-128.
        if SecretKey::from_bytes(secret.as_slice()).is_ok() {
            return Ok(secret);
        }
    }
}

impl Name {
    fn in_token(&self, config: &HsmConfig) -> Result<(String, Option<Vec<u8>>), Failure> {
        let configured = config.key().map_err(Failure::config)?;
        let label = self.label.clone().or(configured.label).ok_or_else(|| {
            Failure::usage("a new key needs a label: give --label, or key.label in the file")
        })?;
        let id = match &self.id {
            Some(text) => Some(parse_id(text).map_err(Failure::usage)?),
            None => configured.id,
        };
        Ok((label, id))
    }
}

fn describe(info: &KeyInfo) -> Report {
    let mut report = Report::new();
    if let Value::Object(facts) = facts(info) {
        for (name, value) in facts {
            report = report.with(&name, value);
        }
    }
    report
}

fn facts(info: &KeyInfo) -> Value {
    let curve = match &info.curve {
        Curve::Secp256k1 => "secp256k1",
        Curve::Other(_) => "other",
    };
    json!({
        "label": info.label,
        "id": base16ct::lower::encode_string(&info.id),
        "address": info.address.map(|address| address.to_string()),
        "curve": curve,
        "sensitive": info.sensitive,
        "extractable": info.extractable,
        "made_in_token": info.local,
    })
}
