//! `opsign key`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use opsign_core::{Address, Signer};
use opsign_hsm::{Curve, KeyInfo};
use opsign_keys::DerivationPath;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::hsm_config::{HsmConfig, parse_id};
use crate::key_file::KeyFile;
use crate::new_key::{self, NewFormat, NewMnemonic};
use crate::passphrase::PassphraseFrom;
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
        #[command(flatten)]
        format: NewFormat,
        #[command(flatten)]
        mnemonic: NewMnemonic,
    },
    /// Put an existing secret key into a new file, in the same format or another, or into a token.
    Import {
        #[command(flatten)]
        place: KeyPlace,
        #[command(flatten)]
        name: Name,
        #[command(flatten)]
        format: NewFormat,
        #[command(flatten)]
        source: Source,
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

/// The key to import, and what opens it.
#[derive(Args)]
pub(crate) struct Source {
    /// The file with the secret key, in any format that --key takes; - is standard input.
    source: PathBuf,
    /// A file with the passphrase of the source.
    #[arg(long, value_name = "FILE")]
    source_password_file: Option<PathBuf>,
    /// The environment variable with the passphrase of the source.
    #[arg(long, value_name = "NAME", conflicts_with = "source_password_file")]
    source_password_env: Option<String>,
    /// Ask for the passphrase of the source on the terminal.
    #[arg(long, conflicts_with_all = ["source_password_file", "source_password_env"])]
    source_password_prompt: bool,
    /// Which key of a mnemonic to import (BIP-32).
    #[arg(long, value_name = "PATH")]
    source_hd_path: Option<DerivationPath>,
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
        Command::Generate { place, name, format, mnemonic } => {
            generate(&place, &name, &format, &mnemonic)
        }
        Command::Import { place, name, format, source } => import(&place, &name, &format, &source),
        Command::List(ListPlace { key_dir: Some(folder), .. }) => list_files(&folder),
        Command::List(ListPlace { hsm_config: Some(path), .. }) => list_token(&path),
        Command::List(_) => Err(Failure::usage("give either --key-dir or --hsm-config")),
        Command::Address { place } => address(&place),
    }
}

fn generate(
    place: &KeyPlace,
    name: &Name,
    format: &NewFormat,
    mnemonic: &NewMnemonic,
) -> Result<Report, Failure> {
    match place.open()? {
        Place::File(file) => {
            name.refuse()?;
            new_key::generate(&file, format, mnemonic).map(of_address)
        }
        Place::Token(config) => {
            let (label, id) = name.in_token(&config)?;
            let info = config.log_in()?.generate_key(&label, id.as_deref())?;
            Ok(describe(&info))
        }
    }
}

fn import(
    place: &KeyPlace,
    name: &Name,
    format: &NewFormat,
    source: &Source,
) -> Result<Report, Failure> {
    let place = place.open()?;
    if let Place::File(_) = &place {
        name.refuse()?;
    }
    // A bad key is the source's fault and is told before the token is touched.
    let secret = source.file().read()?;
    match place {
        Place::File(file) => new_key::write(&file, format, &secret).map(of_address),
        Place::Token(config) => {
            let (label, id) = name.in_token(&config)?;
            let bytes = Zeroizing::new(*secret.as_bytes());
            let info = config.log_in()?.import_key(&label, id.as_deref(), &bytes)?;
            Ok(describe(&info))
        }
    }
}

fn of_address(address: Address) -> Report {
    Report::new().with("address", address.to_string())
}

impl Source {
    fn file(&self) -> KeyFile<'_> {
        KeyFile {
            path: &self.source,
            passphrase: PassphraseFrom::new(
                self.source_password_file.as_deref(),
                self.source_password_env.as_deref(),
                self.source_password_prompt,
            ),
            hd_path: self.source_hd_path.as_ref(),
            option: "--source-password",
        }
    }
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
        .map(|path| match KeyFile::bare(path).read() {
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
    Ok(of_address(place.open()?.signer()?.address()))
}

impl Name {
    fn refuse(&self) -> Result<(), Failure> {
        if self.label.is_some() || self.id.is_some() {
            return Err(Failure::usage("--label and --id are for keys in a token"));
        }
        Ok(())
    }

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
        Curve::Ed25519 => "ed25519",
        Curve::Other(_) => "other",
    };
    json!({
        "label": info.label,
        "id": base16ct::lower::encode_string(&info.id),
        "address": info.address.map(|address| address.to_string()),
        "ed25519_public_key": info.ed25519.map(|key| key.to_string()),
        "curve": curve,
        "sensitive": info.sensitive,
        "extractable": info.extractable,
        "made_in_token": info.local,
    })
}
