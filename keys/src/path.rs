//! BIP-32: paths, and the derivation of a key along one.

use std::fmt;
use std::str::FromStr;

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use k256::Scalar;
use k256::elliptic_curve::PrimeField;
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// The most steps in a path: BIP-32 counts the depth in one byte.
const MAX_DEPTH: usize = 255;
/// Added to the index of a hardened step.
const HARDENED: u32 = 1 << 31;

/// Which key of a mnemonic: a path of BIP-32, such as `m/44'/60'/0'/0/0`.
///
/// A step is a number below 2^31; `'` or `h` after it makes it hardened. `m` alone is the root
/// key itself. The default is the first Ethereum key of BIP-44, the one that ethers, MetaMask and
/// most wallets show first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DerivationPath {
    /// Index of each step, with [`HARDENED`] added if it is.
    steps: Vec<u32>,
}

impl Default for DerivationPath {
    /// `m/44'/60'/0'/0/0`.
    fn default() -> Self {
        Self { steps: vec![44 | HARDENED, 60 | HARDENED, HARDENED, 0, 0] }
    }
}

impl FromStr for DerivationPath {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::PathMalformed`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = |what: String| Error::new(ErrorKind::PathMalformed, what);
        let mut parts = text.split('/');
        if parts.next() != Some("m") {
            return Err(malformed(
                "a derivation path begins with m, as in m/44'/60'/0'/0/0".into(),
            ));
        }
        let mut steps = Vec::new();
        for (at, part) in parts.enumerate() {
            let step = at + 1;
            if step > MAX_DEPTH {
                return Err(malformed(format!("a derivation path has at most {MAX_DEPTH} steps")));
            }
            let digits = part.strip_suffix(['\'', 'h']);
            let hardened = if digits.is_some() { HARDENED } else { 0 };
            let digits = digits.unwrap_or(part);
            if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(malformed(format!(
                    "step {step} of the derivation path is no number, with ' or h if hardened"
                )));
            }
            let index = digits.parse().ok().filter(|index| *index < HARDENED);
            let index: u32 = index.ok_or_else(|| {
                malformed(format!("step {step} of the derivation path is not below 2^31"))
            })?;
            steps.push(index | hardened);
        }
        Ok(Self { steps })
    }
}

impl fmt::Display for DerivationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        for step in &self.steps {
            let marker = if step & HARDENED == 0 { "" } else { "'" };
            write!(f, "/{}{marker}", step & !HARDENED)?;
        }
        Ok(())
    }
}

impl Secret {
    /// Derives the key at `path` from a seed of 16 to 64 bytes (BIP-32, "Master key generation" and
    /// "Private parent key → private child key").
    ///
    /// The caller wipes `seed`.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] for a seed of another length; [`ErrorKind::SecretOutOfRange`] if the
    /// path meets one of the numbers that BIP-32 calls invalid, which has odds of 2^-127.
    pub fn from_seed(seed: &[u8], path: &DerivationPath) -> Result<Self, Error> {
        if !(16..=64).contains(&seed.len()) {
            let length = seed.len();
            return Err(Error::new(
                ErrorKind::Input,
                format!("a seed has 16 to 64 bytes, not {length}"),
            ));
        }
        let (left, mut chain_code) = hmac_sha512(b"Bitcoin seed", &[seed])?;
        let mut secret = Self::from_bytes(&left)?;
        for step in &path.steps {
            let index = step.to_be_bytes();
            let (tweak, next_chain_code) = if step & HARDENED == 0 {
                let public = compress(secret.public_point());
                hmac_sha512(chain_code.as_slice(), &[&public, &index])?
            } else {
                hmac_sha512(chain_code.as_slice(), &[&[0], secret.as_bytes(), &index])?
            };
            let sum = Zeroizing::new(*scalar(&tweak)? + *scalar(secret.as_bytes())?);
            let sum = Zeroizing::new(<[u8; 32]>::from(sum.to_bytes()));
            secret = Self::from_bytes(&sum)?;
            chain_code = next_chain_code;
        }
        Ok(secret)
    }
}

type Half = Zeroizing<[u8; 32]>;

/// The two halves of the HMAC: a key or what is added to one, and a chain code.
fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Result<(Half, Half), Error> {
    // HMAC takes keys of every length.
    let mut mac = Hmac::<Sha512>::new_from_slice(key)
        .map_err(|_| Error::new(ErrorKind::Input, "HMAC refused the length of its key"))?;
    for part in parts {
        mac.update(part);
    }
    let output: Zeroizing<[u8; 64]> = Zeroizing::new(mac.finalize().into_bytes().into());
    let mut halves = (Half::default(), Half::default());
    halves.0.copy_from_slice(&output[..32]);
    halves.1.copy_from_slice(&output[32..]);
    Ok(halves)
}

fn scalar(bytes: &[u8; 32]) -> Result<Zeroizing<Scalar>, Error> {
    Option::from(Scalar::from_repr((*bytes).into())).map(Zeroizing::new).ok_or_else(|| {
        Error::new(ErrorKind::SecretOutOfRange, "the path meets a number not below the group order")
    })
}

/// SEC 1 uncompressed to compressed.
fn compress(point: &[u8; 65]) -> [u8; 33] {
    let mut compressed = [0; 33];
    compressed[0] = 2 | (point[64] & 1);
    compressed[1..].copy_from_slice(&point[1..33]);
    compressed
}
