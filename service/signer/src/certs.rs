//! Certificates for a real set-up: an authority, servers, clients. ECDSA P-256, X.509 v3.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use zeroize::Zeroizing;

/// What [`make`] is to make.
#[derive(Debug)]
pub struct CertsRequest<'a> {
    /// Where to; made if it is not there.
    pub folder: &'a Path,
    /// DNS names and IP addresses under which clients reach the server.
    pub server_names: &'a [String],
    /// One certificate for each client; the name is what the config's `auth` calls it.
    pub clients: &'a [String],
    /// How many days server and client certificates last; the authority lasts ten years.
    pub days: u32,
}

/// Why certificates could not be made. Files that were there before are unchanged.
#[derive(Debug)]
pub struct CertsError(String);

impl fmt::Display for CertsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CertsError {}

impl From<rcgen::Error> for CertsError {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

/// Makes certificates in a folder: `ca.crt` and `ca.key`, which are used again if they are there;
/// `tls.crt` and `tls.key` for the server; `NAME.crt` and `NAME.key` for each client. Keys are
/// readable by their owner alone, certificates by everybody. Returns the files made.
///
/// # Errors
/// A file that is there already or cannot be written, a name that is none.
pub fn make(request: &CertsRequest<'_>) -> Result<Vec<PathBuf>, CertsError> {
    let folder = request.folder;
    if !(1..=3650).contains(&request.days) {
        return Err(CertsError("days: give a number from 1 to 3650".into()));
    }
    let mut leaves = Vec::new();
    if !request.server_names.is_empty() {
        leaves.push(("tls", request.server_names, ExtendedKeyUsagePurpose::ServerAuth));
    }
    for client in request.clients {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
        if !client.chars().all(plain) || client.starts_with('.') || client.is_empty() {
            return Err(CertsError(format!("client \"{client}\" is no DNS name")));
        }
        if client == "ca" || client == "tls" {
            return Err(CertsError(format!("client \"{client}\" has the name of a file of ours")));
        }
        let names = std::slice::from_ref(client);
        leaves.push((client.as_str(), names, ExtendedKeyUsagePurpose::ClientAuth));
    }
    // Before anything is written.
    for (name, _, _) in &leaves {
        for file in [format!("{name}.crt"), format!("{name}.key")] {
            if folder.join(&file).exists() {
                let shown = folder.join(file);
                return Err(CertsError(format!(
                    "{} is there already: remove it first to replace it",
                    shown.display()
                )));
            }
        }
    }
    fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    let mut made = Vec::new();
    let issuer = authority(folder, &mut made)?;
    for (name, names, usage) in leaves {
        let mut params = CertificateParams::new(names.to_vec())?;
        params.distinguished_name.push(DnType::CommonName, names[0].as_str());
        params.not_before = hour_ago().into();
        params.not_after = (SystemTime::now() + days(request.days)).into();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;
        let secret = Zeroizing::new(key.serialize_pem());
        write(folder, &format!("{name}.key"), &secret, OWNER, &mut made)?;
        write(folder, &format!("{name}.crt"), &certificate.pem(), EVERYBODY, &mut made)?;
    }
    Ok(made)
}

/// The authority that is there, or a new one.
fn authority(
    folder: &Path,
    made: &mut Vec<PathBuf>,
) -> Result<Issuer<'static, KeyPair>, CertsError> {
    let (certificate, key) = (folder.join("ca.crt"), folder.join("ca.key"));
    match (certificate.exists(), key.exists()) {
        (true, true) => {
            let read = |path: &Path| fs::read_to_string(path).map_err(|error| at(path, &error));
            let pem = Zeroizing::new(read(&key)?);
            let wrong = |path: &Path, error: rcgen::Error| {
                CertsError(format!("{}: {error}", path.display()))
            };
            let pair = KeyPair::from_pem(&pem).map_err(|error| wrong(&key, error))?;
            Issuer::from_ca_cert_pem(&read(&certificate)?, pair)
                .map_err(|error| wrong(&certificate, error))
        }
        (false, false) => {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, "opsign authority");
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            params.not_before = hour_ago().into();
            params.not_after = (SystemTime::now() + days(3650)).into();
            let pair = KeyPair::generate()?;
            let own = params.self_signed(&pair)?;
            write(folder, "ca.key", &Zeroizing::new(pair.serialize_pem()), OWNER, made)?;
            write(folder, "ca.crt", &own.pem(), EVERYBODY, made)?;
            Ok(Issuer::new(params, pair))
        }
        _ => Err(CertsError(format!(
            "{} has only one of ca.crt and ca.key: both or neither",
            folder.display()
        ))),
    }
}

fn days(number: u32) -> Duration {
    Duration::from_secs(u64::from(number) * 86_400)
}

/// Clocks differ: a certificate is valid a little before it was made.
fn hour_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(3600)
}

fn write(
    folder: &Path,
    name: &str,
    text: &str,
    readers: u32,
    made: &mut Vec<PathBuf>,
) -> Result<(), CertsError> {
    let path = folder.join(name);
    create(&path, text.as_bytes(), readers).map_err(|error| at(&path, &error))?;
    made.push(path);
    Ok(())
}

/// The mode of a file with a secret, and of one that is public.
pub(crate) const OWNER: u32 = 0o600;
const EVERYBODY: u32 = 0o644;

/// Makes a file of this mode, less what the umask takes. One that is there is an error.
pub(crate) fn create(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn at(path: &Path, error: &io::Error) -> CertsError {
    CertsError(format!("{}: {error}", path.display()))
}
