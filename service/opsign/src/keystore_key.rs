//! `opsign keystore key`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use opsign_keys::{Passphrase, ScryptCost};
use opsign_keystore::{KeyFolder, KeyType, Listed, PublicKey, Scheme, SessionKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::input::read_secret;
use crate::passphrase::PassphraseFrom;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key.
    Generate(New),
    /// Take a key from what Substrate calls a secret: hex, twelve words, //Alice and the like.
    Import {
        #[command(flatten)]
        new: New,
        /// The file with the secret; - is standard input.
        source: PathBuf,
    },
    /// List the keys of a folder, which needs no passphrase and proves nothing.
    List {
        /// The folder: keys.folder of the keystore's config.
        #[arg(long, value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Print the public keys of a folder, each checked against its secret key.
    ExportPublic {
        #[command(flatten)]
        place: Place,
    },
}

/// A folder of keys, and what opens it.
#[derive(Args)]
pub(crate) struct Place {
    /// The folder: keys.folder of the keystore's config.
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
    /// A file with the folder's passphrase.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The environment variable with the folder's passphrase.
    #[arg(long, value_name = "NAME", conflicts_with = "password_file")]
    password_env: Option<String>,
}

/// A new key.
#[derive(Args)]
pub(crate) struct New {
    #[command(flatten)]
    place: Place,
    /// What the key is for: babe, gran, para, beef and so on.
    #[arg(long)]
    key_type: KeyType,
    /// sr25519, ed25519 or ecdsa.
    #[arg(long)]
    crypto_type: Scheme,
    /// The client whose key it is, by its certificate's first DNS name. Without it: whoever has it
    /// among its publicKeys in the config.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// Of a new folder: take 4 MiB of memory to open it instead of 256, which is faster for
    /// everybody, also for those who guess its passphrase.
    #[arg(long)]
    light_kdf: bool,
}

pub(crate) fn run(command: KeyCommand) -> Result<Report, Failure> {
    match command {
        KeyCommand::Generate(new) => {
            let key = SessionKey::generate(new.key_type, new.crypto_type);
            new.keep(&key.map_err(|error| Failure::unavailable(error.to_string()))?)
        }
        KeyCommand::Import { new, source } => {
            let bytes = read_secret(&source)?;
            let bad = |error: String| Failure::input(format!("{}: {error}", source.display()));
            let text = std::str::from_utf8(&bytes).map_err(|error| bad(error.to_string()))?;
            let text = Zeroizing::new(text.trim().to_owned());
            let key = SessionKey::from_seed(new.key_type, new.crypto_type, &text);
            new.keep(&key.map_err(|error| bad(error.to_string()))?)
        }
        KeyCommand::List { folder } => {
            let listed = KeyFolder::list(&folder);
            let listed = listed.map_err(|error| Failure::config(error.to_string()))?;
            let keys: Vec<Value> = listed.into_iter().map(shown).collect();
            Ok(Report::new().with("keys", keys))
        }
        KeyCommand::ExportPublic { place } => {
            let folder = KeyFolder::open(&place.folder, &place.passphrase()?);
            let held = folder.and_then(|folder| folder.keys());
            let held = held.map_err(|error| Failure::config(error.to_string()))?;
            let mut keys: Vec<Listed> = held
                .into_iter()
                .map(|held| Listed {
                    key_type: held.key.key_type(),
                    public: *held.key.public(),
                    owner: held.owner,
                })
                .collect();
            keys.sort();
            Ok(Report::new().with("keys", keys.into_iter().map(shown).collect::<Vec<_>>()))
        }
    }
}

impl Place {
    fn passphrase(&self) -> Result<Passphrase, Failure> {
        let (file, environment) = (self.password_file.as_deref(), self.password_env.as_deref());
        let question = format!("Passphrase of {}: ", self.folder.display());
        let from = PassphraseFrom::new(file, environment, false);
        from.read_or_ask(&question)?.ok_or_else(no_passphrase)
    }

    /// Opens the folder, or makes it if it is none yet.
    fn open_or_make(&self, light: bool) -> Result<KeyFolder, Failure> {
        let opened = if self.folder.join("folder.json").exists() {
            KeyFolder::open(&self.folder, &self.passphrase()?)
        } else {
            let (file, environment) = (self.password_file.as_deref(), self.password_env.as_deref());
            let from = PassphraseFrom::new(file, environment, false);
            let passphrase = from.read_new(&self.folder.display().to_string())?;
            let cost = if light { ScryptCost::LIGHT } else { ScryptCost::STANDARD };
            KeyFolder::make(&self.folder, &passphrase.ok_or_else(no_passphrase)?, cost)
        };
        opened.map_err(|error| Failure::config(error.to_string()))
    }
}

impl New {
    fn keep(&self, key: &SessionKey) -> Result<Report, Failure> {
        let folder = self.place.open_or_make(self.light_kdf)?;
        let file = folder.add(key, self.owner.as_deref());
        let file = file.map_err(|error| Failure::config(error.to_string()))?;
        let public: &PublicKey = key.public();
        Ok(Report::new()
            .with("file", file.display().to_string())
            .with("keyType", key.key_type().to_string())
            .with("cryptoType", public.scheme().name())
            .with("publicKey", public.to_string()))
    }
}

fn shown(listed: Listed) -> Value {
    let Listed { key_type, public, owner } = listed;
    json!({
        "keyType": key_type.to_string(),
        "cryptoType": public.scheme().name(),
        "publicKey": public.to_string(),
        "owner": owner,
    })
}

fn no_passphrase() -> Failure {
    Failure::usage("give --password-file or --password-env: keys are kept encrypted")
}
