//! The verdict of sp-core and the sp-consensus crates on one signature.
//!
//! The programs of the other languages in `vectors/generate/polkadot` read the same lines.

use codec::{Decode, DecodeAll};
use finality_grandpa::Message;
use merlin::Transcript;
use serde::Deserialize;
use sp_consensus_babe::digests::CompatibleDigestItem;
use sp_core::crypto::{Pair, VrfPublic};
use sp_core::sr25519::vrf::{VrfSignData, VrfSignature, VrfTranscript};
use sp_core::{ByteArray, H256, ecdsa, ed25519, sr25519};
use sp_crypto_hashing::keccak_256;
use sp_runtime::generic::DigestItem;
use sp_runtime::traits::Header as _;

use crate::file::{bytes, hex};
use crate::headers::Header;

/// One signature and what it is of.
#[derive(Deserialize)]
pub struct Line {
    scheme: String,
    public: String,
    signature: String,
    /// What is signed; a VRF has a transcript instead.
    message: Option<String>,
    transcript: Option<TranscriptData>,
    /// What the message is: `babe`, `gran` or `beef`. These are asked of the crate of that
    /// protocol, too.
    class: Option<String>,
    /// The header that a `babe` message is the hash of.
    header: Option<String>,
}

/// A transcript in parts, as `merlin` and the keystore's protocol have it.
#[derive(Deserialize)]
pub struct TranscriptData {
    label: String,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    label: String,
    bytes: Option<String>,
    /// A number of 64 bits, as text.
    u64: Option<String>,
}

/// What the crates say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The signature holds.
    Valid,
    /// It does not.
    Invalid,
}

impl Line {
    /// A signature of bytes.
    pub fn signature(scheme: &str, public: &[u8], message: &[u8], signature: &[u8]) -> Self {
        Self {
            scheme: scheme.into(),
            public: hex(public),
            signature: hex(signature),
            message: Some(hex(message)),
            transcript: None,
            class: None,
            header: None,
        }
    }

    /// For the count: the scheme, and the class where there is one.
    pub fn kind(&self) -> String {
        match &self.class {
            Some(class) => format!("{} {class}", self.scheme),
            None => self.scheme.clone(),
        }
    }
}

impl TranscriptData {
    /// merlin's transcript.
    ///
    /// # Errors
    /// If an item has neither bytes nor a number.
    pub fn build(&self) -> Result<Transcript, String> {
        let mut transcript = Transcript::new(leaked(&self.label));
        for item in &self.items {
            let label = leaked(&item.label);
            match (&item.bytes, &item.u64) {
                (Some(data), None) => transcript.append_message(label, &hex_bytes(data)?),
                (None, Some(number)) => transcript.append_u64(
                    label,
                    number.parse().map_err(|error| format!("{number}: {error}"))?,
                ),
                _ => return Err(format!("the item {} has not one value", item.label)),
            }
        }
        Ok(transcript)
    }
}

/// merlin wants labels that live for ever.
fn leaked(label: &str) -> &'static [u8] {
    Box::leak(label.as_bytes().to_vec().into_boxed_slice())
}

/// Whether the signature holds.
///
/// # Errors
/// If the line itself makes no sense: that is no verdict.
pub fn judge(line: &Line) -> Result<Verdict, String> {
    let public = hex_bytes(&line.public)?;
    let signature = hex_bytes(&line.signature)?;
    let holds = match line.scheme.as_str() {
        "sr25519_vrf" => {
            let transcript =
                line.transcript.as_ref().ok_or("a VRF without a transcript")?.build()?;
            vrf_holds(&public, transcript, &signature)
        }
        scheme => {
            let message = hex_bytes(line.message.as_ref().ok_or("no message")?)?;
            let plain = match scheme {
                "sr25519" => holds::<sr25519::Pair>(&public, &message, &signature),
                "ed25519" => holds::<ed25519::Pair>(&public, &message, &signature),
                "ecdsa" => holds::<ecdsa::Pair>(&public, &message, &signature),
                "ecdsa_keccak" => keccak_holds(&public, &message, &signature),
                other => return Err(format!("{other} is no scheme")),
            };
            plain && class_holds(line, &public, &message, &signature)?
        }
    };
    Ok(if holds { Verdict::Valid } else { Verdict::Invalid })
}

fn hex_bytes(text: &str) -> Result<Vec<u8>, String> {
    if !text.starts_with("0x") {
        return Err(format!("{text} is no hex"));
    }
    Ok(bytes(text))
}

fn holds<P: Pair>(public: &[u8], message: &[u8], signature: &[u8]) -> bool
where
    P::Public: ByteArray,
    P::Signature: ByteArray,
{
    let Ok(public) = P::Public::from_slice(public) else { return false };
    let Ok(signature) = P::Signature::from_slice(signature) else { return false };
    P::verify(&signature, message, &public)
}

fn keccak_holds(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(public) = ecdsa::Public::from_slice(public) else { return false };
    let Ok(signature) = ecdsa::Signature::from_slice(signature) else { return false };
    ecdsa::Pair::verify_prehashed(&signature, &keccak_256(message), &public)
}

fn vrf_holds(public: &[u8], transcript: Transcript, signature: &[u8]) -> bool {
    let Ok(public) = sr25519::Public::from_slice(public) else { return false };
    let Ok(signature) = VrfSignature::decode_all(&mut &signature[..]) else { return false };
    public.vrf_verify(&VrfSignData::from(VrfTranscript(transcript)), &signature)
}

/// What the crate of the protocol says.
fn class_holds(
    line: &Line,
    public: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<bool, String> {
    match line.class.as_deref() {
        None => Ok(true),
        Some("babe") => {
            let header = hex_bytes(line.header.as_ref().ok_or("no header")?)?;
            babe_holds(&header, public, message, signature)
        }
        Some("gran") => {
            let (vote, round, set_id) =
                <(Message<H256, u32>, u64, u64)>::decode_all(&mut &message[..])
                    .map_err(|error| format!("no message of GRANDPA: {error}"))?;
            let id = ed25519::Public::from_slice(public).map_err(|()| "no key of ed25519")?.into();
            let signature =
                ed25519::Signature::from_slice(signature).map_err(|()| "no signature")?;
            let check = sp_consensus_grandpa::check_message_signature::<H256, u32>;
            Ok(check(&vote, &id, &signature.into(), round, set_id).is_valid())
        }
        Some("beef") => {
            let commitment = sp_consensus_beefy::Commitment::<u32>::decode_all(&mut &message[..])
                .map_err(|error| format!("no commitment: {error}"))?;
            let id = ecdsa::Public::from_slice(public).map_err(|()| "no key of ecdsa")?.into();
            let signature = ecdsa::Signature::from_slice(signature).map_err(|()| "no signature")?;
            let check = sp_consensus_beefy::check_commitment_signature::<
                u32,
                sp_consensus_beefy::ecdsa_crypto::AuthorityId,
            >;
            Ok(check(&commitment, &id, &signature.into()))
        }
        Some(other) => Err(format!("{other} is no class")),
    }
}

/// As a node reads a block: the seal comes off, the rest is hashed, the seal is of that hash.
fn babe_holds(
    header: &[u8],
    public: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<bool, String> {
    let mut header =
        Header::decode(&mut &header[..]).map_err(|error| format!("no header: {error}"))?;
    let signature = sr25519::Signature::from_slice(signature).map_err(|()| "no signature")?;
    header.digest_mut().push(<DigestItem as CompatibleDigestItem>::babe_seal(signature.into()));
    let seal = header.digest_mut().pop().and_then(|item| item.as_babe_seal()).ok_or("no seal")?;
    let id = sp_consensus_babe::AuthorityId::from(
        sr25519::Public::from_slice(public).map_err(|()| "no key")?,
    );
    let hash = header.hash();
    let pre_digest = header.digest().logs.iter().any(|item| item.as_babe_pre_digest().is_some());
    Ok(hash.as_bytes() == message
        && pre_digest
        && sp_application_crypto::RuntimeAppPublic::verify(&id, &hash, &seal))
}
