//! Seeds as Substrate reads them: `SECRET//hard/soft///password`, where the secret is hex, a
//! mnemonic, or nothing, which is the developers' phrase (sp-core `SecretUri`, `DeriveJunction`).

use ed25519_dalek::SigningKey;
use opsign_keys::{ErrorKind, Mnemonic, Passphrase, Secret, system_random};
use zeroize::Zeroizing;

use crate::blake2::blake2_256;
use crate::key_type::KeyType;
use crate::scheme::Scheme;
use crate::session_key::{Pair, SessionKey};
use crate::sr25519::Sr25519;

/// What `//Alice` and the like start from, known to everybody (sp-core `DEV_PHRASE`).
const DEV_PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

/// The longest seed that is read.
const LONGEST: usize = 4096;

/// Why a seed gives no key. Says nothing of what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSeed {
    /// Longer than 4096 bytes.
    TooLong,
    /// Hex with a wrong digit, or of a length that the scheme has no key of.
    Hex,
    /// A word count that mnemonics do not have.
    Length,
    /// A word that is not in the English list.
    Word,
    /// A mnemonic with a wrong checksum.
    Checksum,
    /// A slash with nothing behind it, where a name or number should be.
    Path,
    /// A soft junction, which only sr25519 has.
    Soft,
    /// Odds of 2^-127: the derived bytes are no key.
    NoKey,
    /// The system gives no random numbers.
    Randomness,
}

impl std::fmt::Display for BadSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the seed has more than 4096 bytes",
            Self::Hex => "the seed is no hex of a length that this scheme has",
            Self::Length => "the seed's mnemonic has not 12, 15, 18, 21 or 24 words",
            Self::Word => "a word of the seed's mnemonic is not in the English list",
            Self::Checksum => "the checksum of the seed's mnemonic is wrong",
            Self::Path => "a junction of the seed's path is empty",
            Self::Soft => "only sr25519 has soft junctions; write // before the name",
            Self::NoKey => "the seed leads to no key",
            Self::Randomness => "the system gives no random numbers",
        })
    }
}

impl std::error::Error for BadSeed {}

impl SessionKey {
    /// The key of a seed. The caller wipes `seed`.
    ///
    /// # Errors
    /// [`BadSeed`].
    pub fn from_seed(key_type: KeyType, scheme: Scheme, seed: &str) -> Result<Self, BadSeed> {
        let uri = Uri::parse(seed)?;
        let root = uri.root(scheme)?;
        let pair = uri.junctions().try_fold(root, |pair, junction| derive(pair, junction?))?;
        Ok(Self::new(key_type, pair))
    }

    /// A new key.
    ///
    /// # Errors
    /// [`BadSeed::Randomness`].
    pub fn generate(key_type: KeyType, scheme: Scheme) -> Result<Self, BadSeed> {
        let mut seed = Zeroizing::new([0; 32]);
        system_random(seed.as_mut_slice()).map_err(|_| BadSeed::Randomness)?;
        Ok(Self::new(key_type, from_bytes(scheme, seed.as_slice())?))
    }
}

/// The parts of a seed's text.
struct Uri<'a> {
    phrase: &'a str,
    /// With the slash that it starts with, or empty.
    path: &'a str,
    password: Option<&'a str>,
}

impl<'a> Uri<'a> {
    fn parse(text: &'a str) -> Result<Self, BadSeed> {
        if text.len() > LONGEST {
            return Err(BadSeed::TooLong);
        }
        let (rest, password) = match text.split_once("///") {
            Some((rest, password)) => (rest, Some(password)),
            None => (text, None),
        };
        let (phrase, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Ok(Self { phrase, path, password })
    }

    fn root(&self, scheme: Scheme) -> Result<Pair, BadSeed> {
        if let Some(digits) = self.phrase.strip_prefix("0x") {
            // Of hex, Substrate passes over the password.
            let mut bytes = Zeroizing::new([0; 32]);
            let decoded = base16ct::mixed::decode(digits, bytes.as_mut_slice());
            return from_bytes(scheme, decoded.map_err(|_| BadSeed::Hex)?);
        }
        let phrase = if self.phrase.is_empty() { DEV_PHRASE } else { self.phrase };
        if !phrase.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b' ') {
            return Err(BadSeed::Word);
        }
        let mnemonic = Mnemonic::parse(phrase).map_err(|error| match error.kind() {
            ErrorKind::MnemonicLength => BadSeed::Length,
            ErrorKind::MnemonicChecksum => BadSeed::Checksum,
            _ => BadSeed::Word,
        })?;
        let password = Passphrase::new(self.password.unwrap_or_default());
        let seed = mnemonic.substrate_seed(&password).ok_or(BadSeed::Word)?;
        from_bytes(scheme, seed.as_slice())
    }

    fn junctions(&self) -> impl Iterator<Item = Result<Junction, BadSeed>> + use<'a> {
        let mut rest = self.path;
        std::iter::from_fn(move || {
            let name = rest.strip_prefix('/')?;
            let (hard, name) = match name.strip_prefix('/') {
                Some(name) => (true, name),
                None => (false, name),
            };
            let (name, left) = name.split_at(name.find('/').unwrap_or(name.len()));
            rest = left;
            let junction = Junction { hard, code: code(name) };
            Some(if name.is_empty() { Err(BadSeed::Path) } else { Ok(junction) })
        })
    }
}

/// A step of a path.
struct Junction {
    hard: bool,
    code: [u8; 32],
}

/// A number in SCALE, or a text; what is longer than 32 bytes is hashed.
fn code(name: &str) -> [u8; 32] {
    let mut code = [0; 32];
    if let Ok(number) = name.parse::<u64>() {
        code[..8].copy_from_slice(&number.to_le_bytes());
        return code;
    }
    let mut scale = crate::scale::compact(name.len() as u64);
    scale.extend_from_slice(name.as_bytes());
    if scale.len() > 32 {
        return blake2_256(&[&scale]);
    }
    code[..scale.len()].copy_from_slice(&scale);
    code
}

fn from_bytes(scheme: Scheme, seed: &[u8]) -> Result<Pair, BadSeed> {
    Ok(match scheme {
        Scheme::Sr25519 => Pair::Sr25519(Box::new(Sr25519::from_seed(seed).ok_or(BadSeed::Hex)?)),
        Scheme::Ed25519 => {
            let seed = seed.try_into().map_err(|_| BadSeed::Hex)?;
            Pair::Ed25519(Box::new(SigningKey::from_bytes(seed)))
        }
        Scheme::Ecdsa => {
            let seed = seed.try_into().map_err(|_| BadSeed::Hex)?;
            Pair::Ecdsa(Secret::from_bytes(seed).map_err(|_| BadSeed::NoKey)?)
        }
    })
}

fn derive(pair: Pair, junction: Junction) -> Result<Pair, BadSeed> {
    let Junction { hard, code } = junction;
    // SCALE of (label, seed, chain code): sp-core `derive_hard_junction`.
    let next = |label: &[u8], seed: &[u8; 32]| {
        let length = crate::scale::compact(label.len() as u64);
        Zeroizing::new(blake2_256(&[&length, label, seed, &code]))
    };
    Ok(match (pair, hard) {
        (Pair::Sr25519(pair), true) => Pair::Sr25519(Box::new(pair.hard(code))),
        (Pair::Sr25519(pair), false) => Pair::Sr25519(Box::new(pair.soft(code))),
        (_, false) => return Err(BadSeed::Soft),
        (Pair::Ed25519(pair), true) => {
            let seed = next(b"Ed25519HDKD", pair.as_bytes());
            Pair::Ed25519(Box::new(SigningKey::from_bytes(&seed)))
        }
        (Pair::Ecdsa(secret), true) => {
            let seed = next(b"Secp256k1HDKD", secret.as_bytes());
            Pair::Ecdsa(Secret::from_bytes(&seed).map_err(|_| BadSeed::NoKey)?)
        }
    })
}
