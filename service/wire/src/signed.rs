//! Calls that their client has signed with the key of its TLS certificate, so that nobody on the way
//! need be trusted. A signed call is a JSON-RPC request with one more member, which others ignore:
//!
//! ```text
//! "signed": {"certificates": ["…", …], "time": 1794300000000, "nonce": "…", "scheme": 1027, "signature": "…"}
//! ```
//!
//! What is signed has the form of a TLS 1.3 CertificateVerify (RFC 8446, 4.4.3): 64 spaces, a context
//! that TLS does not have, a zero byte, the content. So a call's signature is none of a handshake, nor
//! the other way round. The content is the text of [`content`]; of the parameters it has the SHA-256 of
//! their bytes as they stand in the request.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64ct::{Base64, Encoding};
use rustls::SignatureScheme;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::sign::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use webpki::EndEntityCert;

use crate::client::Client;
use crate::rpc::RpcError;
use crate::tls::{Tls, TlsError, TlsFiles, read_identity};

/// A call does not show that its client has signed it; the error's data name the reason.
pub const NOT_SIGNED: i32 = -32023;

/// How far a call's time may be from ours, in the past and in the future.
const WINDOW: Duration = Duration::from_secs(30);

/// Signed calls that are remembered, at the most: 8,000 a second.
const MOST: usize = 1 << 20;

/// What the chain of a client may consist of.
const MOST_CERTIFICATES: usize = 8;

/// As TLS 1.3 has them, the quick ones first.
const SCHEMES: [SignatureScheme; 7] = [
    SignatureScheme::ED25519,
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
];

/// The member of a signed call.
#[derive(Serialize, Deserialize)]
struct Signed {
    /// The client's chain, its own certificate first: DER in base64.
    certificates: Vec<String>,
    /// Milliseconds since 1970.
    time: u64,
    /// 32 hex digits, never used before.
    nonce: String,
    /// TLS's number of the signature scheme.
    scheme: u16,
    /// In base64, as TLS has it.
    signature: String,
}

/// What is signed, behind the prefix. Only the method, which comes last, may hold anything.
fn content(method: &str, params: Option<&RawValue>, time: u64, nonce: &str) -> Vec<u8> {
    let digest: [u8; 32] = Sha256::digest(params.map_or("null", RawValue::get)).into();
    let params: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut text = vec![b' '; 64];
    text.extend(b"opsign signed call, version 1\0");
    text.extend(
        format!("time: {time}\nnonce: {nonce}\nparams: {params}\nmethod: {method}").bytes(),
    );
    text
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Signs calls with the key of a client's certificate.
pub struct CallSigner {
    certificates: Vec<String>,
    key: Arc<dyn SigningKey>,
    provider: CryptoProvider,
}

impl fmt::Debug for CallSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSigner").finish_non_exhaustive()
    }
}

impl CallSigner {
    /// Reads the certificate and its key; the other files are not looked at.
    ///
    /// # Errors
    /// A file that cannot be read, or is no certificate or key; a kind of key that TLS 1.3 lacks.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let provider = aws_lc_rs::default_provider();
        let (chain, key) = read_identity(&files.cert, &files.key)?;
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|error| TlsError::new(&files.key, &error.to_string()))?;
        if key.choose_scheme(&SCHEMES).is_none() {
            return Err(TlsError::new(&files.key, "is of a kind that TLS 1.3 cannot sign with"));
        }
        let certificates = chain.iter().map(|der| Base64::encode_string(der)).collect();
        Ok(Self { certificates, key, provider })
    }

    /// The member `signed` of a call.
    ///
    /// # Errors
    /// -32603 if there are no random numbers, or the key fails.
    pub fn sign(&self, method: &str, params: Option<&RawValue>) -> Result<String, RpcError> {
        let failed = |what: &str| RpcError::new(-32603, format!("the call was not signed: {what}"));
        let mut nonce = [0; 16];
        let random = self.provider.secure_random.fill(&mut nonce);
        random.map_err(|_| failed("no random numbers"))?;
        let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
        let time = now();
        let signer = self.key.choose_scheme(&SCHEMES).ok_or_else(|| failed("no scheme"))?;
        let signature = signer
            .sign(&content(method, params, time, &nonce))
            .map_err(|error| failed(&error.to_string()))?;
        let signed = Signed {
            certificates: self.certificates.clone(),
            time,
            nonce,
            scheme: signer.scheme().into(),
            signature: Base64::encode_string(&signature),
        };
        serde_json::to_string(&signed).map_err(|error| failed(&error.to_string()))
    }
}

/// Why a call is not taken for its client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    Missing,
    Form,
    Time,
    Certificate,
    Signature,
    Replayed,
}

impl Flaw {
    fn with(self, more: &str) -> RpcError {
        let (code, what) = match self {
            Self::Missing => ("missing", "its client has not signed it"),
            Self::Form => ("form", "its signature cannot be read"),
            Self::Time => ("time", "it was signed too long ago or in the future, by our clock"),
            Self::Certificate => ("certificate", "its client's certificate is"),
            Self::Signature => ("signature", "the signature is not its client's over this call"),
            Self::Replayed => (REPLAYED, "it has been here before: sign it anew"),
        };
        let data = json!({ "code": code }).to_string();
        RpcError::new(NOT_SIGNED, format!("the call is not taken: {what}{more}")).with_data(data)
    }
}

const REPLAYED: &str = "replayed";

impl RpcError {
    /// Whether a signed call was refused for nothing but having been there before: signed anew, it
    /// would be taken.
    pub fn is_replay(&self) -> bool {
        self.code == NOT_SIGNED && self.data.as_ref().is_some_and(|data| data.contains(REPLAYED))
    }
}

/// Checks signed calls.
pub struct SignedCalls {
    tls: Arc<Tls>,
    algorithms: WebPkiSupportedAlgorithms,
    seen: Mutex<Seen>,
}

impl SignedCalls {
    /// Clients are those that these certificates would let in.
    pub fn new(tls: Arc<Tls>) -> Self {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        Self { tls, algorithms, seen: Mutex::new(Seen::new(MOST)) }
    }

    /// The client that has signed a call, which is taken once.
    ///
    /// # Errors
    /// [`NOT_SIGNED`]; -32005 if there are too many.
    pub fn client(
        &self,
        method: &str,
        params: Option<&RawValue>,
        signed: Option<&RawValue>,
    ) -> Result<Client, RpcError> {
        let signed = signed.ok_or_else(|| Flaw::Missing.with(""))?;
        let form = || Flaw::Form.with("");
        let signed: Signed = serde_json::from_str(signed.get()).map_err(|_| form())?;
        let nonce = nonce(&signed.nonce).ok_or_else(form)?;
        if signed.certificates.len() > MOST_CERTIFICATES {
            return Err(form());
        }
        let chain = signed.certificates.iter().map(|text| Base64::decode_vec(text));
        let chain = chain.map(|der| der.map(CertificateDer::from)).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| form())?;
        let signature = Base64::decode_vec(&signed.signature).map_err(|_| form())?;
        if now().abs_diff(signed.time) > u64::try_from(WINDOW.as_millis()).unwrap_or(u64::MAX) {
            return Err(Flaw::Time.with(""));
        }
        let client = self.tls.admit(&chain);
        let client = client.map_err(|error| Flaw::Certificate.with(&format!(" {error}")))?;
        let content = content(method, params, signed.time, &signed.nonce);
        self.verify(&chain, signed.scheme.into(), &content, &signature)
            .ok_or_else(|| Flaw::Signature.with(""))?;
        let mark = mark(&chain, &nonce);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.note(mark, Instant::now()) {
            Noted::New => Ok(client),
            Noted::Known => Err(Flaw::Replayed.with("")),
            Noted::Full => Err(RpcError::new(-32005, "too many signed calls at a time")),
        }
    }

    fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        scheme: SignatureScheme,
        content: &[u8],
        signature: &[u8],
    ) -> Option<()> {
        let leaf = EndEntityCert::try_from(chain.first()?).ok()?;
        let known = SCHEMES.contains(&scheme).then_some(scheme)?;
        let mut algorithms = self.algorithms.mapping.iter();
        let (_, algorithms) = algorithms.find(|(scheme, _)| *scheme == known)?;
        // The first is the one that TLS 1.3 means.
        leaf.verify_signature(*algorithms.first()?, content, signature).ok()
    }
}

fn nonce(text: &str) -> Option<[u8; 16]> {
    let lower = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 32 || !text.bytes().all(lower) {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}

/// Half of the digest of a client's certificate and a nonce.
type Mark = [u8; 16];

fn mark(chain: &[CertificateDer<'_>], nonce: &[u8; 16]) -> Mark {
    let mut digest = Sha256::new();
    digest.update(chain.first().map_or(&[][..], AsRef::as_ref));
    digest.update(nonce);
    let digest: [u8; 32] = digest.finalize().into();
    std::array::from_fn(|at| digest[at])
}

#[derive(Debug, PartialEq, Eq)]
enum Noted {
    New,
    Known,
    Full,
}

/// What was taken lately. A call may come again until both windows around its first coming are over,
/// so two halves, each as long as that, take turns.
struct Seen {
    young: HashSet<Mark>,
    old: HashSet<Mark>,
    since: Option<Instant>,
    most: usize,
}

impl Seen {
    fn new(most: usize) -> Self {
        Self { young: HashSet::new(), old: HashSet::new(), since: None, most }
    }

    fn note(&mut self, mark: Mark, now: Instant) -> Noted {
        let age = now.duration_since(*self.since.get_or_insert(now));
        if age > 2 * WINDOW {
            self.old = std::mem::take(&mut self.young);
            if age > 4 * WINDOW {
                self.old.clear();
            }
            self.since = Some(now);
        }
        if self.old.contains(&mark) || self.young.contains(&mark) {
            return Noted::Known;
        }
        if self.young.len() + self.old.len() >= self.most {
            return Noted::Full;
        }
        self.young.insert(mark);
        Noted::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u8) -> Mark {
        [number; 16]
    }

    #[test]
    fn what_was_seen_is_known_for_both_windows_and_forgotten_later() {
        let (mut seen, start) = (Seen::new(100), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(seen.note(mark(1), at(0)), Noted::New);
        assert_eq!(seen.note(mark(2), at(59)), Noted::New);
        for seconds in [0, 59, 60, 61, 62, 119] {
            assert_eq!(seen.note(mark(2), at(seconds)), Noted::Known, "{seconds}");
        }
        assert_eq!(seen.note(mark(1), at(120)), Noted::Known);
        assert_eq!(seen.note(mark(3), at(130)), Noted::New);
        assert_eq!(seen.note(mark(1), at(131)), Noted::New, "forgotten");
        assert_eq!(seen.note(mark(3), at(131)), Noted::Known);
        assert_eq!(seen.note(mark(3), at(700)), Noted::New, "all are forgotten");
    }

    #[test]
    fn it_remembers_no_more_than_it_may() {
        let (mut seen, now) = (Seen::new(2), Instant::now());
        assert_eq!(seen.note(mark(1), now), Noted::New);
        assert_eq!(seen.note(mark(2), now), Noted::New);
        assert_eq!(seen.note(mark(3), now), Noted::Full);
        assert_eq!(seen.note(mark(1), now), Noted::Known);
    }

    #[test]
    fn the_content_tells_all_parts_apart() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let nonce = "0".repeat(32);
        let one = content("a", Some(&raw("[1]")), 5, &nonce);
        assert!(one.starts_with(&[b' '; 64]) && one[64..].starts_with(b"opsign signed call"));
        let mut all = HashSet::from([one]);
        for other in [
            content("b", Some(&raw("[1]")), 5, &nonce),
            content("a", Some(&raw("[ 1]")), 5, &nonce),
            content("a", None, 5, &nonce),
            content("a", Some(&raw("[1]")), 6, &nonce),
            content("a", Some(&raw("[1]")), 5, &"1".repeat(32)),
        ] {
            assert!(all.insert(other));
        }
        assert_eq!(all.len(), 6);
        assert_eq!(content("a", None, 5, &nonce), content("a", Some(&raw("null")), 5, &nonce));
    }

    #[test]
    fn nonces_have_one_form() {
        assert_eq!(nonce(&format!("{:032x}", 258)).unwrap()[14..], [1, 2]);
        for text in ["", "00", &"0".repeat(31), &"0".repeat(33), &"A".repeat(32), &"g".repeat(32)] {
            assert_eq!(nonce(text), None, "{text}");
        }
        assert_eq!(nonce(&format!("+{}", "0".repeat(31))), None);
    }
}
