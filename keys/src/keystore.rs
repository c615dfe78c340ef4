//! Ethereum keystores, version 3: the "Web3 Secret Storage Definition".
//!
//! AES-128 in counter mode under the first half of a key derived from the passphrase; the
//! Keccak-256 of the second half and the ciphertext tells a wrong passphrase.

use aes::Aes128;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use opsign_core::Address;
use serde_json::{Map, Value};
use sha2::{Sha256, Sha512};
use sha3::{Digest, Keccak256};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::secret::{Passphrase, Secret};

/// The most memory that scrypt may take: 1 GiB, four times what geth's standard takes.
const MAX_SCRYPT_MEMORY: u64 = 1 << 30;
/// The most bytes that scrypt may mix in all its lanes: 4 GiB, some ten seconds.
const MAX_SCRYPT_WORK: u64 = 1 << 32;
/// The most lanes of scrypt. geth's light keystores have 6.
const MAX_SCRYPT_LANES: u64 = 64;
/// The most rounds of PBKDF2. The specification's example has 262 144.
const MAX_PBKDF2_ROUNDS: u64 = 10_000_000;

type Aes128Ctr = Ctr128BE<Aes128>;

fn malformed(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::KeystoreMalformed, format!("the keystore is damaged: {what}"))
}

/// How much memory and time scrypt takes (RFC 7914): 128 · N · r bytes, and time in proportion to
/// N · r · p.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScryptCost {
    log_n: u8,
    r: u32,
    p: u32,
}

impl ScryptCost {
    /// What geth writes: N = 262 144, r = 8, p = 1. Takes 256 MiB and about a second.
    pub const STANDARD: Self = Self { log_n: 18, r: 8, p: 1 };

    /// What geth writes with `--lightkdf`: N = 4096, r = 8, p = 6. Takes 4 MiB and a tenth of a
    /// second; a weak passphrase is guessed that much faster, too.
    pub const LIGHT: Self = Self { log_n: 12, r: 8, p: 6 };

    /// Takes N, a power of two, the block size r and the number of lanes p.
    ///
    /// # Errors
    /// [`ErrorKind::KeystoreMalformed`] if N is no power of two from 2 up, or r or p is zero;
    /// [`ErrorKind::KdfTooCostly`] if 128 · N · r is above 1 GiB, p above 64 or 128 · N · r · p
    /// above 4 GiB.
    pub fn new(n: u64, r: u64, p: u64) -> Result<Self, Error> {
        if n < 2 || !n.is_power_of_two() {
            return Err(malformed("scrypt's n is no power of two from 2 up"));
        }
        if r == 0 || p == 0 {
            return Err(malformed("scrypt's r or p is zero"));
        }
        let too_costly = |what: String| Error::new(ErrorKind::KdfTooCostly, what);
        let memory = n.checked_mul(r).and_then(|blocks| blocks.checked_mul(128));
        let memory = memory.filter(|memory| *memory <= MAX_SCRYPT_MEMORY).ok_or_else(|| {
            too_costly(format!(
                "the keystore's scrypt takes more than 1 GiB of memory (n = {n}, r = {r})"
            ))
        })?;
        if p > MAX_SCRYPT_LANES {
            return Err(too_costly(format!(
                "the keystore's scrypt has {p} lanes; at most {MAX_SCRYPT_LANES} are allowed"
            )));
        }
        if memory * p > MAX_SCRYPT_WORK {
            return Err(too_costly(format!(
                "the keystore's scrypt takes too long (n = {n}, r = {r}, p = {p})"
            )));
        }
        // In range: with N >= 2 and the memory bounded, r is at most 2^22.
        let narrow = |value| u32::try_from(value).map_err(|_| malformed("scrypt's r is too large"));
        Ok(Self { log_n: n.trailing_zeros() as u8, r: narrow(r)?, p: narrow(p)? })
    }

    /// N: 2 to the power of `log_n`.
    pub const fn n(self) -> u64 {
        1 << self.log_n
    }

    /// The block size.
    pub const fn r(self) -> u32 {
        self.r
    }

    /// The number of lanes.
    pub const fn p(self) -> u32 {
        self.p
    }

    /// Runs scrypt.
    pub(crate) fn derive(self, passphrase: &[u8], salt: &[u8]) -> Result<DerivedKey, Error> {
        let refused = |_| malformed("scrypt refused its parameters");
        let params = scrypt::Params::new(self.log_n, self.r, self.p).map_err(refused)?;
        let mut key = DerivedKey::default();
        scrypt::scrypt(passphrase, salt, &params, key.as_mut_slice())
            .map_err(|_| malformed("scrypt refused its output length"))?;
        Ok(key)
    }
}

/// How the key is derived from the passphrase. The bounds hold once this exists.
#[derive(Debug)]
enum Kdf {
    Scrypt { cost: ScryptCost, salt: Vec<u8> },
    Pbkdf2 { prf: Prf, rounds: u32, salt: Vec<u8> },
}

#[derive(Clone, Copy, Debug)]
enum Prf {
    HmacSha256,
    HmacSha512,
}

type DerivedKey = Zeroizing<[u8; 32]>;

impl Kdf {
    fn derive(&self, passphrase: &str) -> Result<DerivedKey, Error> {
        let passphrase = passphrase.as_bytes();
        let mut key = DerivedKey::default();
        match self {
            Self::Scrypt { cost, salt } => return cost.derive(passphrase, salt),
            Self::Pbkdf2 { prf: Prf::HmacSha256, rounds, salt } => {
                pbkdf2::pbkdf2_hmac::<Sha256>(passphrase, salt, *rounds, key.as_mut_slice());
            }
            Self::Pbkdf2 { prf: Prf::HmacSha512, rounds, salt } => {
                pbkdf2::pbkdf2_hmac::<Sha512>(passphrase, salt, *rounds, key.as_mut_slice());
            }
        }
        Ok(key)
    }
}

/// The Keccak-256 of the key's second half and the ciphertext.
fn mac_of(key: &DerivedKey, ciphertext: &[u8]) -> [u8; 32] {
    Keccak256::new().chain_update(&key[16..]).chain_update(ciphertext).finalize().into()
}

/// Encrypts or decrypts, which is the same.
fn apply_cipher(key: &DerivedKey, iv: &[u8; 16], bytes: &mut [u8]) {
    let mut half = Zeroizing::new([0; 16]);
    half.copy_from_slice(&key[..16]);
    Aes128Ctr::new((&*half).into(), iv.into()).apply_keystream(bytes);
}

/// What a keystore says, all of it checked but the passphrase.
#[derive(Debug)]
pub(crate) struct Keystore {
    kdf: Kdf,
    iv: [u8; 16],
    ciphertext: Vec<u8>,
    mac: [u8; 32],
    address: Option<Address>,
}

impl Keystore {
    /// Reads the JSON. Names of fields may be in any case, as geth and ethers have it.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            malformed(format!("no JSON, at line {} column {}", error.line(), error.column()))
        })?;
        let top = Object::of(&value, "the keystore")?;
        check_version(top)?;
        let crypto = top.object("crypto")?;
        let kdf = parse_kdf(crypto)?;
        if !crypto.text("cipher")?.eq_ignore_ascii_case("aes-128-ctr") {
            return Err(Error::new(
                ErrorKind::CipherUnsupported,
                "the keystore's cipher is not aes-128-ctr, the only one of version 3",
            ));
        }
        let exactly = |what| move |_| malformed(format!("\"{what}\" has the wrong length"));
        let iv = crypto.object("cipherparams")?.bytes("iv")?;
        let ciphertext = crypto.bytes("ciphertext")?;
        // Old versions of geth left out leading zeros of the key before they encrypted it.
        if !(1..=32).contains(&ciphertext.len()) {
            return Err(malformed("\"ciphertext\" is not as long as a secret key"));
        }
        let address = match top.find("address")? {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(_) => {
                let bytes = <[u8; 20]>::try_from(top.bytes("address")?);
                Some(Address::from_bytes(bytes.map_err(exactly("address"))?))
            }
        };
        Ok(Self {
            kdf,
            iv: iv.try_into().map_err(exactly("iv"))?,
            ciphertext,
            mac: crypto.bytes("mac")?.try_into().map_err(exactly("mac"))?,
            address,
        })
    }

    /// Decrypts the key. Takes as long as the keystore asks for.
    ///
    /// geth and the specification take the passphrase as it was typed, ethers brings it to Unicode's
    /// NFKC first; a passphrase that this changes is tried both ways.
    pub(crate) fn open(&self, passphrase: &Passphrase) -> Result<Secret, Error> {
        let typed = passphrase.as_str();
        let key = match self.derive_checked(typed)? {
            Some(key) => Some(key),
            None => {
                let mut composed = Zeroizing::new(String::with_capacity(12 * typed.len()));
                composed.extend(typed.nfkc());
                if *composed == *typed { None } else { self.derive_checked(&composed)? }
            }
        };
        let key = key.ok_or_else(|| {
            Error::new(
                ErrorKind::PassphraseWrong,
                "the passphrase is not this keystore's, or the keystore was altered",
            )
        })?;
        let mut bytes = Zeroizing::new([0; 32]);
        let plain = &mut bytes[32 - self.ciphertext.len()..];
        plain.copy_from_slice(&self.ciphertext);
        apply_cipher(&key, &self.iv, plain);
        let secret = Secret::from_bytes(&bytes)?;
        match self.address {
            Some(address) if address != secret.address() => Err(Error::new(
                ErrorKind::AddressMismatch,
                format!(
                    "the keystore names the address {address}, but its key has the address {}",
                    secret.address()
                ),
            )),
            _ => Ok(secret),
        }
    }

    /// The derived key, if the MAC says that the passphrase is right.
    fn derive_checked(&self, passphrase: &str) -> Result<Option<DerivedKey>, Error> {
        let key = self.kdf.derive(passphrase)?;
        let right: bool = mac_of(&key, &self.ciphertext).ct_eq(&self.mac).into();
        Ok(right.then_some(key))
    }
}

fn check_version(top: Object<'_>) -> Result<(), Error> {
    let version = match top.find("version")? {
        Some(value) => integer(value),
        None => None,
    };
    let what = match version {
        Some(3) => return Ok(()),
        Some(1) => "version 1, which geth can turn into version 3: geth account update",
        Some(4) => "version 4, which holds a validator's BLS key (EIP-2335)",
        _ => "not of version 3",
    };
    Err(Error::new(ErrorKind::KeystoreVersion, format!("the keystore is {what}")))
}

fn parse_kdf(crypto: Object<'_>) -> Result<Kdf, Error> {
    let unsupported = |what: &str| Err(Error::new(ErrorKind::KdfUnsupported, what));
    let name = crypto.text("kdf")?;
    let params = crypto.object("kdfparams")?;
    let salt = || params.bytes("salt");
    let kdf = if name.eq_ignore_ascii_case("scrypt") {
        let [n, r, p] = ["n", "r", "p"].map(|name| params.integer(name));
        Kdf::Scrypt { cost: ScryptCost::new(n?, r?, p?)?, salt: salt()? }
    } else if name.eq_ignore_ascii_case("pbkdf2") {
        let prf = match params.text("prf")?.to_ascii_lowercase().as_str() {
            "hmac-sha256" => Prf::HmacSha256,
            "hmac-sha512" => Prf::HmacSha512,
            _ => {
                return unsupported(
                    "the keystore's PBKDF2 uses neither hmac-sha256 nor hmac-sha512",
                );
            }
        };
        let rounds = params.integer("c")?;
        if rounds == 0 {
            return Err(malformed("PBKDF2's c is zero"));
        }
        let allowed = u32::try_from(rounds).ok().filter(|_| rounds <= MAX_PBKDF2_ROUNDS);
        let rounds = allowed.ok_or_else(|| {
            Error::new(
                ErrorKind::KdfTooCostly,
                format!(
                    "the keystore's PBKDF2 has {rounds} rounds; at most {MAX_PBKDF2_ROUNDS} are \
                     allowed"
                ),
            )
        })?;
        Kdf::Pbkdf2 { prf, rounds, salt: salt()? }
    } else {
        return unsupported("the keystore's key derivation function is neither scrypt nor pbkdf2");
    };
    // Only the first 32 bytes are ever used, and asking for more does not change them.
    if params.integer("dklen")? < 32 {
        return Err(malformed("\"dklen\" is below 32"));
    }
    Ok(kdf)
}

/// A number, or a text of digits, as ethers has it, or a float without a fraction, as geth has it.
fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            // 2^53: above it, not every float is the number that was written.
            let whole = float.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&float);
            whole.then_some(float as u64)
        }),
        Value::String(text) if text.bytes().all(|digit| digit.is_ascii_digit()) => {
            text.parse().ok()
        }
        _ => None,
    }
}

/// A JSON object whose fields are found by names in any case.
#[derive(Clone, Copy)]
struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    fn of(value: &'a Value, what: &str) -> Result<Self, Error> {
        value.as_object().map(Self).ok_or_else(|| malformed(format!("{what} is no object")))
    }

    /// A field. Two that differ in case only are refused: programs disagree on which one counts.
    fn find(self, name: &'static str) -> Result<Option<&'a Value>, Error> {
        let mut same = self.0.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let found = same.next().map(|(_, value)| value);
        if same.next().is_some() {
            return Err(malformed(format!("\"{name}\" is there twice")));
        }
        Ok(found)
    }

    fn need(self, name: &'static str) -> Result<&'a Value, Error> {
        self.find(name)?.ok_or_else(|| malformed(format!("it has no \"{name}\"")))
    }

    fn object(self, name: &'static str) -> Result<Self, Error> {
        Self::of(self.need(name)?, &format!("\"{name}\""))
    }

    fn text(self, name: &'static str) -> Result<&'a str, Error> {
        let value = self.need(name)?;
        value.as_str().ok_or_else(|| malformed(format!("\"{name}\" is no text")))
    }

    fn integer(self, name: &'static str) -> Result<u64, Error> {
        let value = self.need(name)?;
        integer(value).ok_or_else(|| malformed(format!("\"{name}\" is no whole number")))
    }

    /// Hex, with or without `0x`.
    fn bytes(self, name: &'static str) -> Result<Vec<u8>, Error> {
        let text = self.text(name)?;
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let mut bytes = vec![0; digits.len() / 2];
        base16ct::mixed::decode(digits, &mut bytes)
            .map_err(|_| malformed(format!("\"{name}\" is no hex")))?;
        Ok(bytes)
    }
}

impl Secret {
    /// Writes a keystore of version 3, encrypted with AES-128-CTR under scrypt, in geth's layout.
    ///
    /// The passphrase is used as it is, which geth can read; ethers can, too, unless Unicode's NFKC
    /// changes it. `random` gives salt, initialisation vector and id:
    /// [`system_random`](crate::system_random). The text is as safe as the passphrase is hard to
    /// guess.
    ///
    /// # Errors
    /// [`ErrorKind::PassphraseMissing`] for an empty passphrase; what `random` returns.
    pub fn to_keystore(
        &self,
        passphrase: &Passphrase,
        cost: ScryptCost,
        random: impl FnMut(&mut [u8]) -> Result<(), Error>,
    ) -> Result<String, Error> {
        if passphrase.as_str().is_empty() {
            return Err(Error::new(
                ErrorKind::PassphraseMissing,
                "a keystore with an empty passphrase protects nothing",
            ));
        }
        let mut random = random;
        let (mut salt, mut iv, mut id) = ([0; 32], [0; 16], [0; 16]);
        random(&mut salt)?;
        random(&mut iv)?;
        random(&mut id)?;
        // RFC 9562, section 5.4: version 4, variant 10.
        id[6] = id[6] & 0x0f | 0x40;
        id[8] = id[8] & 0x3f | 0x80;

        let kdf = Kdf::Scrypt { cost, salt: salt.to_vec() };
        let key = kdf.derive(passphrase.as_str())?;
        let mut ciphertext = Zeroizing::new(*self.as_bytes());
        apply_cipher(&key, &iv, ciphertext.as_mut_slice());
        let id = hex(&id);
        Ok(format!(
            r#"{{"address":"{address}","crypto":{{"cipher":"aes-128-ctr","ciphertext":"{ciphertext}","cipherparams":{{"iv":"{iv}"}},"kdf":"scrypt","kdfparams":{{"dklen":32,"n":{n},"p":{p},"r":{r},"salt":"{salt}"}},"mac":"{mac}"}},"id":"{}-{}-{}-{}-{}","version":3}}"#,
            &id[..8],
            &id[8..12],
            &id[12..16],
            &id[16..20],
            &id[20..],
            address = hex(self.address().as_bytes()),
            ciphertext = hex(ciphertext.as_slice()),
            iv = hex(&iv),
            n = cost.n(),
            p = cost.p,
            r = cost.r,
            salt = hex(&salt),
            mac = hex(&mac_of(&key, ciphertext.as_slice())),
        ))
    }
}

/// Hex of something that is not secret.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
