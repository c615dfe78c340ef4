//! Whole operations beside libsecp256k1: the same signatures, the same keys, the same recovery; and
//! a verifier that says yes just where libsecp256k1 recovers its key.
#![allow(clippy::unwrap_used, reason = "a test program")]

use opsign_core::{Rules, SecretKey, Signature, Signer, Verifier, hazmat};
use secp256k1::Message;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};

/// `usual`, or `OPSIGN_CURVE_ROUNDS` times that (`make verify-curve`).
fn rounds(usual: u64) -> u64 {
    let times = std::env::var("OPSIGN_CURVE_ROUNDS").map_or(1, |text| text.parse().unwrap());
    usual * times
}

/// SplitMix64 (Steele, Lea, Flood, 2014).
struct Numbers(u64);

impl Numbers {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// Random bytes, or a run of them between zeros or ones: what carries far.
    fn bytes(&mut self) -> [u8; 32] {
        let around = [None, None, Some(0), Some(0xff)][self.word() as usize % 4];
        let (from, to) = (self.word() as usize % 33, self.word() as usize % 33);
        let random = from.min(to)..from.max(to);
        std::array::from_fn(|at| match around {
            Some(byte) if !random.contains(&at) => byte,
            _ => self.word() as u8,
        })
    }

    /// The signature as it is, or changed in a way that a check may or may not notice.
    fn changed(&mut self, signature: &Signature) -> [u8; 65] {
        let mut bytes = *signature.as_bytes();
        match self.word() % 8 {
            0 | 1 => {}
            2 => bytes[64] = (self.word() % 5) as u8,
            3 => bytes[..32].copy_from_slice(&self.bytes()),
            4 => bytes[32..64].copy_from_slice(&self.bytes()),
            5 => bytes[self.word() as usize % 64] ^= 1 << (self.word() % 8),
            parity => {
                // n - s, with the other parity or the same.
                let s: [u8; 32] = bytes[32..64].try_into().unwrap();
                let s = secp256k1::SecretKey::from_secret_bytes(s).unwrap().negate();
                bytes[32..64].copy_from_slice(&s.to_secret_bytes());
                bytes[64] ^= (parity & 1) as u8;
            }
        }
        bytes
    }
}

/// The public key, SEC 1 uncompressed.
fn recovered(hash: &[u8; 32], signature: &[u8; 65]) -> Option<[u8; 65]> {
    let id = RecoveryId::try_from(i32::from(signature[64])).ok()?;
    let signature = RecoverableSignature::from_compact(&signature[..64], id).ok()?;
    let key = signature.recover_ecdsa(Message::from_digest(*hash)).ok()?;
    Some(key.serialize_uncompressed())
}

#[test]
fn signatures_and_keys() {
    let mut numbers = Numbers(1);
    let mut signed = 0;
    for _ in 0..rounds(300) {
        let (secret, digest) = (numbers.bytes(), numbers.bytes());
        let ours = SecretKey::from_bytes(&secret);
        let theirs = secp256k1::SecretKey::from_secret_bytes(secret);
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{secret:x?}");
        let (Ok(ours), Ok(theirs)) = (ours, theirs) else { continue };
        let point = secp256k1::PublicKey::from_secret_key(&theirs).serialize_uncompressed();
        assert_eq!(*ours.public_key().as_sec1_bytes(), point, "{secret:x?}");
        let signature = ours.sign(&hazmat::signing_hash(&digest).unwrap()).unwrap();
        let expected =
            RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest), &theirs);
        let (id, rs) = expected.serialize_compact();
        assert_eq!(signature.as_bytes()[..64], rs, "{secret:x?} {digest:x?}");
        assert_eq!(signature.recovery_id(), id.to_u8(), "{secret:x?} {digest:x?}");
        signed += 1;
    }
    assert!(signed > rounds(250), "{signed}");
}

#[test]
fn verdicts() {
    let mut numbers = Numbers(2);
    let (mut yes, mut no) = (0, 0);
    for _ in 0..rounds(3) {
        let Ok(key) = SecretKey::from_bytes(&numbers.bytes()) else { continue };
        let verifier = Box::new(Verifier::new(key.public_key()));
        for _ in 0..100 {
            let mut digest = numbers.bytes();
            let signature = key.sign(&hazmat::signing_hash(&digest).unwrap()).unwrap();
            let changed = numbers.changed(&signature);
            if numbers.word().is_multiple_of(16) {
                digest[numbers.word() as usize % 32] ^= 1;
            }
            let theirs = recovered(&digest, &changed);
            let hash = hazmat::signing_hash(&digest).unwrap();
            let ours = Signature::from_bytes(&changed, Rules::Consensus);
            let point = ours.as_ref().ok().and_then(|ours| ours.recover(&hash).ok());
            assert_eq!(point.map(|key| *key.as_sec1_bytes()), theirs, "{digest:x?} {changed:x?}");
            let Ok(ours) = ours else { continue };
            let accepted = theirs == Some(*key.public_key().as_sec1_bytes());
            assert_eq!(verifier.verify(&hash, &ours).is_ok(), accepted, "{digest:x?} {changed:x?}");
            if accepted { yes += 1 } else { no += 1 }
        }
    }
    assert!(yes > rounds(60) && no > rounds(60), "{yes} {no}");
}
