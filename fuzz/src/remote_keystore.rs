//! What a validator's node sends to the keystore: messages in SCALE, and protobuf around them.

use opsign_keystore::message::{Asked, Claim, understand};
use opsign_keystore::proto::{RemoteKeystorePayload, SignWithRequest};
use opsign_keystore::{KeyType, slot};
use prost::Message;

const TYPES: [&str; 7] = ["babe", "aura", "gran", "para", "beef", "asgn", "audi"];

fn ask(
    key_type: KeyType,
    message: &[u8],
    prehashed: bool,
    payload: Option<&RemoteKeystorePayload>,
) -> Option<Claim> {
    understand(&Asked { key_type, message, prehashed, payload, raw: false }).ok()
}

/// A message, behind a byte for the key type: understood in one way, and not with a byte more or
/// less; by no two consensus keys.
pub fn session_message(data: &[u8]) {
    let Some((kind, message)) = data.split_first() else { return };
    let letters = TYPES[usize::from(kind % 7)];
    let key_type: KeyType = letters.parse().expect("a key type");
    let claim = ask(key_type, message, kind & 0x80 != 0, None);
    let Some(claim) = claim else { return };
    if matches!(claim, Claim::Opaque) {
        assert_eq!(letters, "audi");
        return;
    }
    // A block or a commitment is a hash, and says nothing without its payload.
    assert!(!matches!(claim, Claim::Block { .. } | Claim::Commitment { .. }));
    if let Claim::Vote { set_id, round, .. } = claim {
        assert_eq!(message.len(), 53);
        let fits = set_id < 1 << 28 && round < 1 << 34;
        assert_eq!(slot(&claim).is_ok(), fits);
    }
    if claim == Claim::Ownership {
        assert!(message.starts_with(b"POP_") && message.len() != 32);
        return;
    }
    let longer = [message, &[0]].concat();
    for other in [&longer[..], &message[..message.len() - 1]] {
        let other = ask(key_type, other, false, None);
        // A bitfield's count may be such that another length is one, too.
        assert!(other.is_none() || other == Some(Claim::Bitfield) || claim == Claim::Bitfield);
    }
    for other in TYPES.iter().filter(|other| **other != letters && **other != "audi") {
        let other = other.parse().expect("a key type");
        assert_eq!(ask(other, message, false, None), None);
    }
}

/// A request in protobuf: what is understood with a payload is what the message says without it,
/// where it says anything.
pub fn sign_request(data: &[u8]) {
    let Ok(request) = SignWithRequest::decode(data) else { return };
    let again = SignWithRequest::decode(&request.encode_to_vec()[..]).expect("its own bytes");
    assert_eq!(again, request);
    let Ok(key_type) = request.key_type.parse::<KeyType>() else { return };
    let (message, payload) = (&request.message, request.payload.as_ref());
    for prehashed in [false, true] {
        let Some(claim) = ask(key_type, message, prehashed, payload) else { continue };
        match claim {
            Claim::Block { .. } => {
                assert!(message.len() == 32 && payload.is_some() && !prehashed);
            }
            Claim::Commitment { .. } => {
                assert!(message.len() == 32 && payload.is_some() && prehashed);
            }
            claim => assert_eq!(ask(key_type, message, prehashed, None), Some(claim)),
        }
    }
}
