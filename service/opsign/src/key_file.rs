//! A secret key in a file: 64 hex digits, readable by its owner only.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use opsign_core::SecretKey;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::input::read_secret;

/// Reads a key file. Says on standard error if others can read it too.
pub(crate) fn read(path: &Path) -> Result<SecretKey, Failure> {
    let secret = read_bytes(path)?;
    let mode = std::fs::metadata(path).map(|meta| meta.permissions().mode()).unwrap_or(0);
    if path.is_file() && mode & 0o077 != 0 {
        eprintln!(
            "opsign: warning: {} can be read by others (mode {:03o}): chmod 600 it",
            path.display(),
            mode & 0o777
        );
    }
    Ok(SecretKey::from_bytes(secret.as_slice())?)
}

/// Reads the 32 bytes of a secret key, hex or binary, from a file or standard input.
pub(crate) fn read_bytes(path: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let bytes = read_secret(path)?;
    let mut secret = Zeroizing::new([0; 32]);
    if let Ok(raw) = <&[u8; 32]>::try_from(bytes.as_slice()) {
        secret.copy_from_slice(raw);
    } else {
        let source = path.display().to_string();
        let text = std::str::from_utf8(bytes.trim_ascii()).map_err(|_| {
            Failure::input(format!("{source} holds neither 64 hex digits nor 32 bytes"))
        })?;
        let decoded = opsign_core::hex::decode::<32>(opsign_core::Field::SecretKey, text)
            .map_err(|error| Failure::from(error).of(&source))?;
        *secret = decoded;
    }
    Ok(secret)
}

/// Writes a new key file. An existing file is never touched, and a half-written one never left.
pub(crate) fn create(path: &Path, secret: &Zeroizing<[u8; 32]>) -> Result<(), Failure> {
    let mut text = Zeroizing::new([b'\n'; 65]);
    if base16ct::lower::encode(secret.as_slice(), &mut text[..64]).is_err() {
        return Err(Failure::input("a key has 32 bytes"));
    }
    let refused = |error: std::io::Error| {
        Failure::input(format!("{} cannot be written: {error}", path.display()))
    };
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(
            |error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => Failure::input(format!(
                    "{} exists already, and a key file is never overwritten: choose another name",
                    path.display()
                )),
                _ => refused(error),
            },
        )?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = file
        .write_all(text.as_slice())
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all());
    written.map_err(|error| {
        // The error at hand matters more than one in cleaning up.
        let _ = std::fs::remove_file(path);
        refused(error)
    })
}
