//! What the two ends of a link say: JSON-RPC 2.0 in text frames, in both directions.
//!
//! The signer dials and registers; the proxy asks it to prove its keys, then relays calls:
//!
//! ```text
//! signer → proxy  {"id":1,"method":"opsignerproxy_serveSigner","params":[REGISTRATION]}
//! proxy → signer  {"id":0,"method":"opsignerproxy_prove","params":[{"challenge":"0x…"}]}
//! signer → proxy  {"id":0,"result":{"proofs":[{"address":"0x…","signature":"0x…"}]}}
//! proxy → signer  {"id":1,"result":{"proxy":"…","version":1,"accepted":[OFFER]}}, or an error
//! proxy → signer  {"id":7,"method":"eth_signTransaction","params":[…],"opsign":ENVELOPE}, and
//!                 "signed":SIGNED if the client has signed the call (`service/wire/src/signed.rs`)
//! signer → proxy  {"id":7,"result":"0x…"}, or {"id":7,"error":{…}}
//! ```
//!
//! Unknown members are ignored, so that both ends can grow.

use std::borrow::Cow;
use std::fmt;

use opsign_core::{Address, personal_message_hash};
use opsign_wire::{Call, RpcError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The version that this code speaks.
pub const VERSION: u32 = 1;

pub(crate) const SERVE: &str = "opsignerproxy_serveSigner";
pub(crate) const PROVE: &str = "opsignerproxy_prove";

/// The largest frame: a request's body may be as large at either end.
pub(crate) const MAX_FRAME: usize = 17 << 20;

/// What a signer says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// [`VERSION`].
    pub version: u32,
    /// What this run of the signer is called: random, 32 hex digits.
    pub instance: String,
    /// The name of its guard's record. Signers of one key must share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// What it would sign.
    pub offers: Vec<Offer>,
}

/// One key of a signer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The key's address, `0x` and 40 hex digits.
    pub address: String,
    /// The chains it signs for, in decimal; none is any chain.
    pub chain_ids: Vec<String>,
    /// `block_payload`, `transaction`.
    pub kinds: Vec<String>,
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chains = match &self.chain_ids[..] {
            [] => "any chain".to_owned(),
            chains => format!("chain {}", chains.join(", ")),
        };
        write!(f, "{} ({chains}: {})", self.address, self.kinds.join(", "))
    }
}

/// What the proxy answers to a registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The proxy's name for itself.
    pub proxy: String,
    /// [`VERSION`].
    pub version: u32,
    /// What it will relay.
    pub accepted: Vec<Offer>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Challenge {
    pub(crate) challenge: String,
}

impl Challenge {
    /// Whether it is `0x` and 64 hex digits: nothing else gets into a text that is signed.
    pub(crate) fn sound(&self) -> bool {
        let digits = self.challenge.strip_prefix("0x");
        digits.is_some_and(|digits| {
            digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Proofs {
    pub(crate) proofs: Vec<Proof>,
}

/// A signature over [`proof_text`] as an EIP-191 message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proof {
    /// Whose.
    pub address: String,
    /// `0x` and 130 hex digits.
    pub signature: String,
}

/// What comes along with a relayed call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    pub(crate) client: ClientSays,
    pub(crate) deadline_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trace: Option<String>,
}

/// The client, as the proxy has seen its certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientSays {
    /// DNS names, in the certificate's order.
    pub(crate) names: Vec<String>,
    /// SHA-256 of the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fingerprint: Option<String>,
}

/// What a key signs to show that it is there: an EIP-191 message, which is neither a transaction
/// nor a block, for one challenge in one TLS session.
pub fn proof_text(address: &Address, challenge: &str, binding: &[u8; 32]) -> String {
    let channel = base16ct::lower::encode_string(binding);
    format!(
        "opsign proxy: this signer holds the key\nkey: {address}\nchallenge: {challenge}\n\
         channel: 0x{channel}"
    )
}

/// The hash of [`proof_text`] that is signed.
pub fn proof_hash(
    address: &Address,
    challenge: &str,
    binding: &[u8; 32],
) -> opsign_core::SigningHash {
    personal_message_hash(proof_text(address, challenge, binding).as_bytes())
}

/// Any frame. Without a method it is an answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Frame<'a> {
    pub(crate) id: u64,
    #[serde(borrow, default)]
    pub(crate) method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) error: Option<ErrorFrame<'a>>,
    #[serde(default)]
    pub(crate) opsign: Option<Envelope>,
    /// The client's signature of a call.
    #[serde(borrow, default)]
    pub(crate) signed: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ErrorFrame<'a> {
    code: i32,
    message: String,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

impl<'a> Frame<'a> {
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The outcome of what was asked.
    pub(crate) fn outcome(&self) -> Result<String, RpcError> {
        match (&self.error, self.result) {
            (Some(error), _) => {
                let plain = RpcError::new(error.code, error.message.clone());
                Err(match error.data {
                    Some(data) => plain.with_data(data.get()),
                    None => plain,
                })
            }
            (None, Some(result)) => Ok(result.get().to_owned()),
            // A null result is none to serde.
            (None, None) => Ok("null".to_owned()),
        }
    }

    /// The only parameter, if it is one of these.
    pub(crate) fn argument<T: Deserialize<'a>>(&self) -> Option<T> {
        let (only,): (T,) = serde_json::from_str(self.params?.get()).ok()?;
        Some(only)
    }
}

pub(crate) fn request(id: u64, method: &str, argument: &impl Serialize) -> String {
    let method = serde_json::Value::from(method);
    let argument = json(argument);
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":{method},"params":[{argument}]}}"#)
}

/// A client's call, its parameters and its signature as they came.
pub(crate) fn relay(id: u64, call: &Call<'_>, envelope: &Envelope) -> String {
    let method = serde_json::Value::from(call.method);
    let params = call.params.map_or("null", RawValue::get);
    let signed = call.signed.map(|signed| format!(r#","signed":{signed}"#)).unwrap_or_default();
    let envelope = json(envelope);
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":{method},"params":{params}{signed},"opsign":{envelope}}}"#
    )
}

pub(crate) fn answer(id: u64, outcome: &Result<String, RpcError>) -> String {
    match outcome {
        Ok(result) => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#),
        Err(error) => {
            let message = serde_json::Value::from(&*error.message);
            let data = error.data.as_deref();
            let data = data.map(|data| format!(r#","data":{data}"#)).unwrap_or_default();
            let code = error.code;
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{message}{data}}}}}"#
            )
        }
    }
}

/// Our own types have no keys that are not strings, and no other way to fail.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_say_what_was_said() {
        let error = RpcError::new(-32013, "no \"more\"").with_data(r#"{"epoch":3}"#);
        for outcome in [Ok(r#""0x01""#.to_owned()), Err(error)] {
            let text = answer(7, &outcome);
            let frame = Frame::read(&text).unwrap();
            assert_eq!((frame.id, frame.method.is_none()), (7, true));
            assert_eq!(frame.outcome(), outcome);
        }
        let envelope = Envelope {
            client: ClientSays { names: vec!["a.example".into()], fingerprint: None },
            deadline_ms: 900,
            trace: None,
        };
        let params = RawValue::from_string(r#"[{"to": "0x01"}]"#.into()).unwrap();
        let signed = RawValue::from_string(r#"{"time": 1}"#.into()).unwrap();
        let call = Call {
            method: "eth_signTransaction",
            params: Some(&params),
            client: &opsign_wire::Client::relayed(Vec::new()),
            deadline: tokio::time::Instant::now(),
            trace: None,
            signed: Some(&signed),
        };
        let text = relay(8, &call, &envelope);
        let frame = Frame::read(&text).unwrap();
        assert_eq!(frame.method.as_deref(), Some("eth_signTransaction"));
        assert_eq!(frame.params.unwrap().get(), params.get());
        assert_eq!(frame.signed.unwrap().get(), signed.get());
        assert_eq!(frame.opsign, Some(envelope));
    }

    #[test]
    fn what_is_no_frame_is_none() {
        for text in ["", "[]", "{}", r#"{"id":"1"}"#, r#"{"id":-1}"#, r#"{"id":1"#] {
            assert!(Frame::read(text).is_none(), "{text}");
        }
        // New members do not matter.
        assert!(Frame::read(r#"{"id":1,"result":true,"more":[]}"#).is_some());
    }
}
