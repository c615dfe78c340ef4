//! Text and signatures: what was read is written, and read again as the same.

use opsign_core::gossip::Topic;
use opsign_core::{
    Address, ChainId, Field, PayloadHash, PublicKey, Rules, SecretKey, Signature, hex,
};

/// Every text that the library reads.
pub fn text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(id) = text.parse::<ChainId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    if let Ok(address) = text.parse::<Address>() {
        assert_eq!(address.to_string().parse(), Ok(address));
        assert!(address.to_string().eq_ignore_ascii_case(text) || text.len() == 40);
    }
    if let Ok(topic) = text.parse::<Topic>() {
        assert_eq!(topic.to_string(), text);
    }
    if let Ok(hash) = PayloadHash::from_hex(text) {
        assert_eq!(
            hash.to_string().trim_start_matches("0x"),
            text.trim_start_matches("0x").to_ascii_lowercase()
        );
    }
    let bytes = hex::decode::<32>(Field::SecretKey, text);
    match SecretKey::from_hex(text) {
        Ok(key) => assert_eq!(
            SecretKey::from_bytes(&bytes.expect("it was hex")).map(|key| key.address()),
            Ok(key.address())
        ),
        Err(error) => {
            assert_eq!(bytes.and_then(|bytes| SecretKey::from_bytes(&bytes)).err(), Some(error))
        }
    }
    let _ = Signature::from_hex(text, Rules::Consensus);
}

/// Bytes as a signature, and as a public key.
pub fn signature(data: &[u8]) {
    let consensus = Signature::from_bytes(data, Rules::Consensus);
    let strict = Signature::from_bytes(data, Rules::Strict);
    if let Ok(signature) = consensus {
        assert_eq!(signature.as_bytes(), data);
        assert_eq!(Signature::from_hex(&signature.to_string(), Rules::Consensus), Ok(signature));
    }
    if let Ok(signature) = strict {
        assert_eq!(consensus, Ok(signature), "strict rules allow less");
        assert!(signature.recovery_id() < 2);
    }
    if let Ok(key) = PublicKey::from_sec1_bytes(data) {
        assert_eq!(PublicKey::from_sec1_bytes(key.as_sec1_bytes()), Ok(key));
        let theirs = secp256k1::PublicKey::from_slice(data).expect("a point to libsecp256k1 too");
        assert_eq!(&theirs.serialize_uncompressed(), key.as_sec1_bytes());
    } else if let [2..=4, ..] = data {
        // 6 and 7 begin the hybrid form, which libsecp256k1 reads and SEC 1 alone allows.
        assert!(secp256k1::PublicKey::from_slice(data).is_err());
    }
}
