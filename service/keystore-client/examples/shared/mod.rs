//! What the examples share: blocks as a node sees them, and lines for the judges.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use opsign_keystore_client::{Connection, Identity, RemoteKeystore};
use serde_json::{Value, json};
use sp_application_crypto::RuntimeAppPublic;
use sp_consensus_babe::digests::{CompatibleDigestItem, PreDigest};
use sp_core::{H256, sr25519};
use sp_crypto_hashing::blake2_256;
use sp_runtime::generic::{Digest, DigestItem};
use sp_runtime::traits::{BlakeTwo256, Header as _};

pub type Header = sp_runtime::generic::Header<u32, BlakeTwo256>;
pub type Failure = Box<dyn Error + Send + Sync>;

/// A keystore at an address, for the client whose certificate and key these are.
pub fn connect(
    address: &str,
    ca: &Path,
    certificate: &Path,
    key: &Path,
) -> Result<RemoteKeystore, Failure> {
    let identity = Identity {
        ca: std::fs::read(ca)?,
        certificate: std::fs::read(certificate)?,
        key: std::fs::read(key)?,
    };
    Ok(RemoteKeystore::new(Connection::new(address, &identity, Duration::from_secs(20))?))
}

/// A line for the judges of vectors/generate/polkadot.
pub fn line(scheme: &str, public: &[u8], signature: &[u8], details: Value) -> Value {
    let mut line = json!({"scheme": scheme, "public": hex(public), "signature": hex(signature)});
    if let (Some(line), Value::Object(details)) = (line.as_object_mut(), details) {
        line.extend(details);
    }
    line
}

/// What follows an option.
pub fn option<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| word == name)?;
    words.get(at + 1).map(String::as_str)
}

pub fn header(slot: u64, name: &str, pre_digest: &PreDigest) -> Header {
    let part = |part: &str| H256(blake2_256(format!("{slot} {name} {part}").as_bytes()));
    let item = <DigestItem as CompatibleDigestItem>::babe_pre_digest(pre_digest.clone());
    Header {
        parent_hash: part("parent"),
        number: u32::try_from(slot).unwrap_or(u32::MAX),
        state_root: part("state"),
        extrinsics_root: part("extrinsics"),
        digest: Digest { logs: vec![item] },
    }
}

pub fn with_seal(header: &Header, seal: &sr25519::Signature) -> Header {
    let mut sealed = header.clone();
    sealed.digest_mut().push(<DigestItem as CompatibleDigestItem>::babe_seal((*seal).into()));
    sealed
}

/// As a node looks at a block that it is sent.
pub fn sealed_by(mut header: Header, author: &sr25519::Public) -> bool {
    let seal = header.digest_mut().pop().and_then(|item| item.as_babe_seal());
    seal.is_some_and(|seal| {
        sp_consensus_babe::AuthorityId::from(*author).verify(&header.hash(), &seal)
    })
}

pub fn hold(holds: bool, what: &str) -> Result<(), Failure> {
    holds.then_some(()).ok_or_else(|| format!("{what} does not hold").into())
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".into(), |text, byte| format!("{text}{byte:02x}"))
}
