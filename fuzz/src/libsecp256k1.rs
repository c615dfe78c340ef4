//! Beside libsecp256k1: the same signatures (RFC 6979), the same recovery, the same verification.

use std::sync::LazyLock;

use opsign_core::{
    PublicKey, Rules, SecretKey, Signature, Signer, Verifier, hazmat, verify_signing_hash,
};
use secp256k1::Message;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};

/// `hash[32] ‖ signature[65]`: who signed; and the check of a known signer, with the key that did and
/// with another.
pub fn recover(data: &[u8]) {
    let Some((hash, signature)) = data.split_first_chunk::<32>() else { return };
    let Some(rs_id) = signature.first_chunk::<65>() else { return };
    let ours = hazmat::signing_hash(hash).and_then(|hash| {
        let signature = Signature::from_bytes(rs_id, Rules::Consensus)?;
        signature.recover(&hash)
    });
    let theirs = theirs(hash, rs_id);
    assert_eq!(
        ours.as_ref().ok().map(|key| *key.as_sec1_bytes()),
        theirs.map(|key| key.serialize_uncompressed()),
        "{ours:?}"
    );

    known_signer(hash, rs_id, ours.as_ref().ok());
    let (Ok(key), Ok(strict)) = (ours, Signature::from_bytes(rs_id, Rules::Strict)) else { return };
    // Strict signatures are those that libsecp256k1 verifies: it refuses a high s.
    let verified = secp256k1::PublicKey::from_slice(key.as_sec1_bytes()).and_then(|key| {
        let signature = secp256k1::ecdsa::Signature::from_compact(&rs_id[..64])?;
        secp256k1::ecdsa::verify(&signature, Message::from_digest(*hash), &key)
    });
    assert_eq!(verified, Ok(()));
    let hash = hazmat::signing_hash(hash).expect("32 bytes");
    assert_eq!(verify_signing_hash(&hash, &strict, &key.address()), Ok(()));
    let rs = rs_id.first_chunk().expect("64 of 65 bytes");
    assert_eq!(Signature::from_token(&hash, rs, &key.address()), Ok(strict));
}

/// r and s of zero, which libsecp256k1 reads and then refuses, and a point at infinity are no key.
fn theirs(hash: &[u8; 32], rs_id: &[u8; 65]) -> Option<secp256k1::PublicKey> {
    let id = RecoveryId::try_from(i32::from(rs_id[64])).ok()?;
    let signature = RecoverableSignature::from_compact(&rs_id[..64], id).ok()?;
    signature.recover_ecdsa(Message::from_digest(*hash)).ok()
}

/// Yes for the key that signed, no for another.
fn known_signer(hash: &[u8; 32], rs_id: &[u8; 65], signer: Option<&PublicKey>) {
    static OTHER: LazyLock<Verifier> = LazyLock::new(|| {
        let key = SecretKey::from_bytes(&[1; 32]).expect("a key");
        Verifier::new(key.public_key())
    });
    let Ok(signature) = Signature::from_bytes(rs_id, Rules::Consensus) else { return };
    let hash = hazmat::signing_hash(hash).expect("32 bytes");
    let by_other = signer.is_some_and(|key| key.address() == *OTHER.address());
    assert_eq!(OTHER.verify(&hash, &signature).is_ok(), by_other);
    if let Some(key) = signer {
        assert_eq!(Verifier::new(key).verify(&hash, &signature), Ok(()));
    }
}

/// `secret key[32] ‖ hash[32]`: the same 65 bytes.
pub fn sign(data: &[u8]) {
    let Some((key, hash)) = data.split_first_chunk::<32>() else { return };
    let Some(hash) = hash.first_chunk::<32>() else { return };
    let ours = SecretKey::from_bytes(key);
    let theirs = secp256k1::SecretKey::from_secret_bytes(*key);
    assert_eq!(ours.is_ok(), theirs.is_ok());
    let (Ok(ours), Ok(theirs)) = (ours, theirs) else { return };
    let signature = ours.sign(&hazmat::signing_hash(hash).expect("32 bytes")).expect("a signature");
    let expected =
        RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(*hash), &theirs);
    let (id, rs) = expected.serialize_compact();
    assert_eq!(signature.as_bytes()[..64], rs);
    assert_eq!(signature.recovery_id(), id.to_u8());
}
