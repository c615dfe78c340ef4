//! The requests that are measured, and whether an answer is right.

use opsign_core::tx::SignedTransaction;
use opsign_core::{Address, ChainId, PayloadHash, Rules, Signature, verify_payload};

/// The address of the number one, the key of the client `localhost`.
const SIGNER: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const CHAIN: u64 = 10;

/// One kind of request.
#[derive(Clone, Copy, PartialEq)]
pub enum Request {
    /// `health_status`, which signs nothing.
    Status,
    /// `opsigner_signBlockPayload`, as op-node sends it today.
    PayloadV1,
    /// `opsigner_signBlockPayloadV2`.
    PayloadV2,
    /// `eth_signTransaction` of a dynamic-fee transaction.
    DynamicFee,
}

impl Request {
    /// The JSON text of the request with this number. Numbers differ, so do the hashes signed.
    pub fn body(self, number: u64) -> String {
        let (method, params) = match self {
            Self::Status => ("health_status", String::new()),
            Self::PayloadV1 => (
                "opsigner_signBlockPayload",
                format!(
                    r#"{{"domain":[{}0],"chainId":{CHAIN},"payloadHash":"{}","senderAddress":"{SIGNER}"}}"#,
                    "0,".repeat(31),
                    base64(&hash(number))
                ),
            ),
            Self::PayloadV2 => (
                "opsigner_signBlockPayloadV2",
                format!(
                    r#"{{"domain":"0x{:064}","chainId":"{CHAIN}","payloadHash":"{}","senderAddress":"{SIGNER}"}}"#,
                    0,
                    PayloadHash::from_bytes(hash(number))
                ),
            ),
            Self::DynamicFee => (
                "eth_signTransaction",
                format!(
                    r#"{{"from":"{SIGNER}","to":"0xff00000000000000000000000000000000000010","gas":"0x5208","gasPrice":null,"maxFeePerGas":"0x2","maxPriorityFeePerGas":"0x1","value":"0x1","nonce":"0x{number:x}","data":null,"input":"0x","accessList":[],"chainId":"0xa"}}"#
                ),
            ),
        };
        format!(r#"{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":[{params}]}}"#)
    }

    /// Whether the answer to [`body`](Self::body) holds the right signature.
    pub fn is_answered_by(self, number: u64, answer: &str) -> bool {
        let Some((_, rest)) = answer.split_once(r#""result":""#) else { return false };
        let result = rest.split('"').next().unwrap_or_default();
        let Ok(signer) = SIGNER.parse::<Address>() else { return false };
        match self {
            Self::Status => true,
            Self::PayloadV1 | Self::PayloadV2 => {
                let hash = PayloadHash::from_bytes(hash(number));
                Signature::from_hex(result, Rules::Strict).is_ok_and(|signature| {
                    verify_payload(&ChainId::from(CHAIN), &hash, &signature, &signer).is_ok()
                })
            }
            Self::DynamicFee => bytes(result).is_some_and(|raw| {
                SignedTransaction::decode(&raw)
                    .is_ok_and(|signed| signed.sender().is_ok_and(|sender| sender == signer))
            }),
        }
    }
}

fn hash(number: u64) -> [u8; 32] {
    let mut hash = [0x5a; 32];
    hash[24..].copy_from_slice(&number.to_be_bytes());
    hash
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?;
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok())
        .collect()
}

/// RFC 4648 of 32 bytes, with padding.
fn base64(bytes: &[u8; 32]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(44);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let group = u32::from_be_bytes(group);
        for place in 0..4 {
            let digit = (group >> (18 - 6 * place)) & 63;
            text.push(if place > chunk.len() { '=' } else { char::from(ALPHABET[digit as usize]) });
        }
    }
    text
}
