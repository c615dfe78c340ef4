//! Session keys at rest: a folder with one encrypted file for each, all under one passphrase.
//!
//! `folder.json` has what scrypt needs and tells a wrong passphrase; a key's file is named after it,
//! `babe-sr25519-HEX.json`. What a file says in the clear is authenticated with the key: a file that
//! was renamed, copied from elsewhere or altered does not open.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use opsign_keys::{Passphrase, ScryptCost, Sealed, Sealer, SealerFile, system_random};
use serde::{Deserialize, Serialize};

use crate::key_type::KeyType;
use crate::public_key::PublicKey;
use crate::scheme::Scheme;
use crate::session_key::SessionKey;

/// The largest file that is read.
const MAX_FILE: u64 = 64 << 10;

/// Why a folder of keys cannot be used: the file, and what is wrong with it.
#[derive(Debug)]
pub struct FolderError(String);

impl FolderError {
    fn new(path: &Path, what: impl fmt::Display) -> Self {
        Self(format!("{}: {what}", path.display()))
    }
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FolderError {}

/// A key and whose it is.
pub struct Held {
    /// The key.
    pub key: SessionKey,
    /// The client that it was made for, by its certificate's first DNS name.
    pub owner: Option<String>,
}

/// What a key's file says in the clear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// What the key is for.
    pub key_type: KeyType,
    /// The public key.
    pub public: PublicKey,
    /// See [`Held::owner`].
    pub owner: Option<String>,
}

/// A folder that was opened with its passphrase.
pub struct KeyFolder {
    path: PathBuf,
    sealer: Sealer,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FolderFile {
    version: u32,
    kdf: String,
    n: u64,
    r: u64,
    p: u64,
    salt: String,
    check: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct KeyFile {
    version: u32,
    key_type: String,
    crypto_type: String,
    public_key: String,
    owner: Option<String>,
    iv: String,
    ciphertext: String,
    mac: String,
}

const FOLDER_FILE: &str = "folder.json";

impl KeyFolder {
    /// Makes a new folder of keys; it may exist, but not as one.
    ///
    /// # Errors
    /// What the system says; an empty passphrase.
    pub fn make(
        path: &Path,
        passphrase: &Passphrase,
        cost: ScryptCost,
    ) -> Result<Self, FolderError> {
        let fail = |error: &dyn fmt::Display| FolderError::new(path, error);
        fs::create_dir_all(path).map_err(|error| fail(&error))?;
        let (sealer, file) =
            Sealer::make(passphrase, cost, system_random).map_err(|error| fail(&error))?;
        let file = FolderFile {
            version: 1,
            kdf: "scrypt".into(),
            n: file.cost.n(),
            r: file.cost.r().into(),
            p: file.cost.p().into(),
            salt: hex(&file.salt),
            check: hex(&file.check),
        };
        write_new(path, FOLDER_FILE, &json(&file))?;
        Ok(Self { path: path.to_owned(), sealer })
    }

    /// Opens a folder of keys, which takes as long as its scrypt does.
    ///
    /// # Errors
    /// What is no such folder; a wrong passphrase.
    pub fn open(path: &Path, passphrase: &Passphrase) -> Result<Self, FolderError> {
        let place = path.join(FOLDER_FILE);
        let fail = |what: &dyn fmt::Display| FolderError::new(&place, what);
        let file: FolderFile = read(&place)?;
        if file.version != 1 || file.kdf != "scrypt" {
            return Err(fail(&"is not of version 1 with scrypt"));
        }
        let cost = ScryptCost::new(file.n, file.r, file.p).map_err(|error| fail(&error))?;
        let bytes = |text: &str| unhex(text).ok_or_else(|| fail(&"has bad hex"));
        let file = SealerFile { cost, salt: bytes(&file.salt)?, check: bytes(&file.check)? };
        let sealer = Sealer::open(passphrase, &file).map_err(|error| fail(&error))?;
        Ok(Self { path: path.to_owned(), sealer })
    }

    /// Reads every key.
    ///
    /// # Errors
    /// A file that does not open, or says another public key than its key has: one bad file is an
    /// error of all, since a validator without one of its keys is better noticed at the start.
    pub fn keys(&self) -> Result<Vec<Held>, FolderError> {
        let open = |(place, file): (PathBuf, KeyFile)| {
            let fail = |what: &dyn fmt::Display| FolderError::new(&place, what);
            let listed = file.listed().ok_or_else(|| fail(&"is no key file of version 1"))?;
            if place.file_name().is_none_or(|name| *name != *file_name(&listed)) {
                return Err(fail(&"has not the name of its key"));
            }
            let sealed = file.sealed().ok_or_else(|| fail(&"has bad hex"))?;
            let secret =
                self.sealer.unseal(&context(&listed), &sealed).map_err(|error| fail(&error))?;
            let key = SessionKey::from_secret(listed.key_type, listed.public.scheme(), &secret)
                .filter(|key| *key.public() == listed.public)
                .ok_or_else(|| fail(&"holds another key than it says"))?;
            Ok(Held { key, owner: listed.owner })
        };
        files(&self.path)?.into_iter().map(open).collect()
    }

    /// Adds a key, durably. Returns its file.
    ///
    /// # Errors
    /// A key that is there already; what the system says.
    pub fn add(&self, key: &SessionKey, owner: Option<&str>) -> Result<PathBuf, FolderError> {
        let listed = Listed {
            key_type: key.key_type(),
            public: *key.public(),
            owner: owner.map(str::to_owned),
        };
        let sealed = self
            .sealer
            .seal(&context(&listed), &key.secret(), system_random)
            .map_err(|error| FolderError::new(&self.path, error))?;
        let file = KeyFile {
            version: 1,
            key_type: listed.key_type.to_string(),
            crypto_type: listed.public.scheme().to_string(),
            public_key: listed.public.to_string(),
            owner: listed.owner.clone(),
            iv: hex(&sealed.iv),
            ciphertext: hex(&sealed.ciphertext),
            mac: hex(&sealed.mac),
        };
        let name = file_name(&listed);
        write_new(&self.path, &name, &json(&file))?;
        Ok(self.path.join(name))
    }

    /// What the files say, without the passphrase and so without proof of it.
    ///
    /// # Errors
    /// As [`KeyFolder::keys`].
    pub fn list(path: &Path) -> Result<Vec<Listed>, FolderError> {
        let listed = |(place, file): (PathBuf, KeyFile)| {
            file.listed().ok_or_else(|| FolderError::new(&place, "is no key file of version 1"))
        };
        let mut all = files(path)?.into_iter().map(listed).collect::<Result<Vec<_>, _>>()?;
        all.sort();
        Ok(all)
    }
}

impl KeyFile {
    fn listed(&self) -> Option<Listed> {
        let scheme: Scheme = self.crypto_type.parse().ok()?;
        (self.version == 1).then_some(Listed {
            key_type: self.key_type.parse().ok()?,
            public: PublicKey::from_hex(scheme, &self.public_key)?,
            owner: self.owner.clone(),
        })
    }

    fn sealed(&self) -> Option<Sealed> {
        Some(Sealed {
            iv: unhex(&self.iv)?,
            ciphertext: unhex(&self.ciphertext)?,
            mac: unhex(&self.mac)?,
        })
    }
}

fn file_name(listed: &Listed) -> String {
    let Listed { key_type, public, .. } = listed;
    format!("{key_type}-{}-{}.json", public.scheme(), hex(public.as_bytes()))
}

/// What a sealed key belongs to: all of its file that is in the clear.
fn context(listed: &Listed) -> Vec<u8> {
    let owner = listed.owner.as_deref().unwrap_or_default();
    format!("opsign session key 1 {}\n{owner}", file_name(listed)).into_bytes()
}

fn files(path: &Path) -> Result<Vec<(PathBuf, KeyFile)>, FolderError> {
    let fail = |error: io::Error| FolderError::new(path, error);
    let mut all = Vec::new();
    for entry in fs::read_dir(path).map_err(fail)? {
        let place = entry.map_err(fail)?.path();
        let is_json = place.extension().is_some_and(|extension| extension == "json");
        if is_json && place.file_name().is_some_and(|name| name != FOLDER_FILE) {
            let file = read(&place)?;
            all.push((place, file));
        }
    }
    Ok(all)
}

fn read<T: serde::de::DeserializeOwned>(place: &Path) -> Result<T, FolderError> {
    let fail = |error: &dyn fmt::Display| FolderError::new(place, error);
    let size = fs::metadata(place).map_err(|error| fail(&error))?.len();
    if size > MAX_FILE {
        return Err(fail(&"is too large"));
    }
    let text = fs::read(place).map_err(|error| fail(&error))?;
    serde_json::from_slice(&text).map_err(|error| fail(&error))
}

/// Writes a file that is there whole or not at all, and never in place of another.
fn write_new(folder: &Path, name: &str, text: &str) -> Result<(), FolderError> {
    let place = folder.join(name);
    let temporary = folder.join(format!("{name}.new"));
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // A rename would replace what is there.
        let linked = fs::hard_link(&temporary, &place);
        fs::remove_file(&temporary)?;
        linked?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| FolderError::new(&place, error))
}

fn json(file: &impl Serialize) -> String {
    // Writing plain structures of text to memory does not fail.
    serde_json::to_string_pretty(file).unwrap_or_default() + "\n"
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    base16ct::mixed::decode_vec(text).ok()?.try_into().ok()
}
