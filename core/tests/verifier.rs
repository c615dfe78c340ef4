//! A verifier says what recovering and comparing says, errors included.
#![allow(clippy::unwrap_used, reason = "a test program")]

use opsign_core::{
    Address, AddressVerifier, CheckedSignature, Error, Rules, SecretKey, Signature, Signer,
    Verifier, hazmat, verify_signing_hash,
};

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32]).unwrap()
}

#[test]
fn every_verdict_is_that_of_recovery() {
    let key = key(1);
    let address = key.address();
    let verifier = Box::new(Verifier::new(key.public_key()));
    let mut learning = Box::new(AddressVerifier::new(address));
    assert_eq!((verifier.address(), learning.address()), (&address, &address));
    let (mut sound, mut unsound) = (0, 0);
    let (mut many, mut one_by_one) = (Vec::new(), Vec::new());
    for round in 0..40_u8 {
        let hash = hazmat::signing_hash(&[round; 32]).unwrap();
        let signature = *key.sign(&hash).unwrap().as_bytes();
        // A bit flipped in each byte, then each last byte; the signature itself is among them.
        let flipped = (0..64).map(|at| {
            let mut bytes = signature;
            bytes[at] ^= 1 << (round % 8);
            bytes
        });
        let last_byte = (0..4).map(|id| {
            let mut bytes = signature;
            bytes[64] = id;
            bytes
        });
        for bytes in flipped.chain(last_byte) {
            let Ok(read) = Signature::from_bytes(&bytes, Rules::Consensus) else { continue };
            let expected = verify_signing_hash(&hash, &read, &address);
            assert_eq!(verifier.verify(&hash, &read), expected, "{read}");
            many.push((hash, read));
            one_by_one.push(expected);
            assert_eq!(learning.verify(&hash, &read), expected, "{read}");
            let rs = bytes.first_chunk().unwrap();
            let finished = CheckedSignature::from_token(&hash, rs, &address);
            assert_eq!(verifier.finish(&hash, rs), finished, "{read}");
            if expected.is_ok() { sound += 1 } else { unsound += 1 }
        }
    }
    assert_eq!((sound, unsound), (40, 40 * 67));

    let mut fresh = Box::new(AddressVerifier::new(address));
    for length in [0, 1, 2, 3, 4, 5, 15, 16, 17, 33, many.len()] {
        let mut verdicts = Vec::new();
        verifier.verify_many(&many[..length], |verdict| verdicts.push(verdict));
        assert_eq!(verdicts, one_by_one[..length]);
        verdicts.clear();
        fresh.verify_many(&many[..length], |verdict| verdicts.push(verdict));
        assert_eq!(verdicts, one_by_one[..length]);
    }
}

/// A token's high s, and numbers that are no r or s.
#[test]
fn a_bare_signature_is_finished_as_by_recovery() {
    let key = key(3);
    let verifier = Box::new(Verifier::new(key.public_key()));
    let hash = hazmat::signing_hash(&[7; 32]).unwrap();
    let signature = key.sign(&hash).unwrap();
    let low: [u8; 64] = *signature.as_bytes().first_chunk().unwrap();
    let mut high = low;
    let s = secp256k1::SecretKey::from_secret_bytes(low[32..].try_into().unwrap()).unwrap();
    high[32..].copy_from_slice(&s.negate().to_secret_bytes());
    let checked = verifier.check(&hash, &signature).unwrap();
    assert_eq!((checked.hash(), checked.signer()), (&hash, &key.address()));
    assert_eq!(checked.signature(), &signature);
    assert_eq!(verifier.finish(&hash, &low), Ok(checked));
    assert_eq!(verifier.finish(&hash, &high), Ok(checked));
    assert_eq!(CheckedSignature::new(&hash, &signature, verifier.address()), Ok(checked));
    for (at, byte, error) in [
        (0, 0, Error::SignatureRZero),
        (0, 0xff, Error::SignatureRTooLarge),
        (32, 0, Error::SignatureSZero),
        (32, 0xff, Error::SignatureSTooLarge),
    ] {
        let mut wrong = low;
        wrong[at..at + 32].fill(byte);
        assert_eq!(verifier.finish(&hash, &wrong), Err(error));
        assert_eq!(Signature::from_token(&hash, &wrong, verifier.address()), Err(error));
    }
}

#[test]
fn another_key_is_not_learned() {
    let hash = hazmat::signing_hash(&[9; 32]).unwrap();
    let (expected, other) = (key(1), key(2));
    let mut verifier = Box::new(AddressVerifier::new(expected.address()));
    for _ in 0..2 {
        let wrong = Error::WrongSigner { recovered: other.address(), expected: expected.address() };
        assert_eq!(verifier.verify(&hash, &other.sign(&hash).unwrap()), Err(wrong));
        assert_eq!(verifier.verify(&hash, &expected.sign(&hash).unwrap()), Ok(()));
    }
}

/// What the documentation says of its size.
#[test]
fn size() {
    let table = if cfg!(all(feature = "fast", target_pointer_width = "64")) { 262_144 } else { 65 };
    let size = size_of::<Verifier>();
    assert!(size >= table + size_of::<Address>() && size < table + 64, "{size}");
}

/// With less stack than the table has bytes.
#[test]
fn a_key_is_learnt_in_place() {
    let key = key(1);
    let hash = hazmat::signing_hash(&[2; 32]).unwrap();
    let signature = key.sign(&hash).unwrap();
    let mut verifier = Box::new(AddressVerifier::new(key.address()));
    let learn = move || {
        assert_eq!(verifier.verify(&hash, &signature), Ok(()));
        assert_eq!(verifier.verify(&hash, &signature), Ok(()));
    };
    std::thread::Builder::new().stack_size(200 << 10).spawn(learn).unwrap().join().unwrap();
}
