//! A secret key in a file, in any format of `opsign_keys`, readable by its owner only.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use opsign_keys::{DerivationPath, Format, Options, Secret, recognise};

use crate::failure::Failure;
use crate::input::{read_secret, shown};
use crate::passphrase::PassphraseFrom;

/// A key file and what opens it.
#[derive(Clone, Copy)]
pub(crate) struct KeyFile<'a> {
    /// `-` is standard input.
    pub(crate) path: &'a Path,
    pub(crate) passphrase: PassphraseFrom<'a>,
    /// Which key of a mnemonic.
    pub(crate) hd_path: Option<&'a DerivationPath>,
    /// How the options for the passphrase begin: `--password`.
    pub(crate) option: &'static str,
}

impl<'a> KeyFile<'a> {
    /// A file about which nothing else was said, and nobody is asked.
    pub(crate) const fn bare(path: &'a Path) -> Self {
        let passphrase = PassphraseFrom::Nowhere;
        Self { path, passphrase, hd_path: None, option: "--password" }
    }

    /// Reads the key. Says on standard error if others can read the file too.
    pub(crate) fn read(&self) -> Result<Secret, Failure> {
        let source = shown(self.path);
        let bytes = read_secret(self.path)?;
        warn_if_others_can_read(self.path);
        let of = |error: opsign_keys::Error| Failure::from(error).of(&source);
        let question = format!("Passphrase of {source}: ");
        let passphrase = match recognise(&bytes).map_err(of)? {
            Format::Keystore => self.passphrase.read_or_ask(&question)?,
            // Few mnemonics have one, so nobody is asked unless told to.
            _ => self.passphrase.read(&question)?,
        };
        let options = Options { passphrase: passphrase.as_ref(), path: self.hd_path };
        opsign_keys::read(&bytes, &options).map_err(|error| self.explain(of(error)))
    }

    /// What to do about a missing passphrase.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        let missing = opsign_keys::ErrorKind::PassphraseMissing.name();
        if failure.name() == Some(missing) {
            failure.and(&format!("give {0}-file or {0}-env", self.option))
        } else {
            failure
        }
    }
}

/// Says on standard error if a file with a secret is open to others.
pub(crate) fn warn_if_others_can_read(path: &Path) {
    let mode = std::fs::metadata(path).map(|meta| meta.permissions().mode()).unwrap_or(0);
    if path.is_file() && mode & 0o077 != 0 {
        eprintln!(
            "opsign: warning: {} can be read by others (mode {:03o}): chmod 600 it",
            path.display(),
            mode & 0o777
        );
    }
}

/// Refuses a path that is taken, before anybody types a passphrase for it.
pub(crate) fn refuse_existing(path: &Path) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(_) => Err(exists(path)),
        Err(_) => Ok(()),
    }
}

/// Writes a new key file. An existing file is never touched, and a half-written one never left.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let refused = |error: std::io::Error| {
        Failure::input(format!("{} cannot be written: {error}", path.display()))
    };
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(
            |error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => exists(path),
                _ => refused(error),
            },
        )?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let line_end: &[u8] = if text.ends_with('\n') { b"" } else { b"\n" };
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.write_all(line_end))
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all());
    written.map_err(|error| {
        // The error at hand matters more than one in cleaning up.
        let _ = std::fs::remove_file(path);
        refused(error)
    })
}

fn exists(path: &Path) -> Failure {
    Failure::input(format!(
        "{} exists already, and a key file is never overwritten: choose another name",
        path.display()
    ))
}
