//! Signing, recovering, checking a known signer, a public key: beside k256 and libsecp256k1, by its
//! own interface without what its crate adds, and by that crate's safe one.

use std::hint::black_box;
use std::ptr;

use opsign_core::{
    ChainId, PayloadHash, SecretKey, Signer, Verifier, hazmat, payload_signing_hash,
};
use secp256k1::ffi::{self, CPtr, recovery};
use secp256k1::{Message, ecdsa};

use crate::report::{Often, Report, here};

const OFTEN: Often = Often { rounds: 400, calls: 25, each: 1 };

pub(crate) fn measure(report: &mut Report) {
    let secret = [0x42; 32];
    let hash = payload_signing_hash(&ChainId::from(10), &PayloadHash::of(b"payload"));
    let digest = *hash.as_bytes();
    let ours = SecretKey::from_bytes(&secret).unwrap();
    let signature = ours.sign(&hash).unwrap();
    let verifier = Box::new(Verifier::new(ours.public_key()));

    let k256_key = k256::ecdsa::SigningKey::from_slice(&secret).unwrap();
    let k256_signature = k256::ecdsa::Signature::from_slice(&signature.as_bytes()[..64]).unwrap();
    let k256_id = k256::ecdsa::RecoveryId::from_byte(signature.recovery_id()).unwrap();

    let safe_key = secp256k1::SecretKey::from_secret_bytes(secret).unwrap();
    let message = Message::from_digest(digest);
    let safe_id = ecdsa::RecoveryId::try_from(i32::from(signature.recovery_id())).unwrap();
    let safe_signature =
        ecdsa::RecoverableSignature::from_compact(&signature.as_bytes()[..64], safe_id).unwrap();

    // This thread's own, alive as long as the thread; the crate's safe functions use it in their turns.
    let context = secp256k1::with_raw_global_context(|context| context.as_ptr(), None);
    let sign = |out: &mut recovery::RecoverableSignature, digest: &[u8; 32]| {
        // SAFETY: all buffers have the sizes that the functions read and write; so below.
        let done = unsafe {
            recovery::secp256k1_ecdsa_sign_recoverable(
                context,
                out,
                black_box(digest).as_c_ptr(),
                secret.as_c_ptr(),
                ffi::secp256k1_nonce_function_rfc6979,
                ptr::null(),
            )
        };
        assert_eq!(done, 1);
    };
    let recover = |signature: &recovery::RecoverableSignature, digest: &[u8; 32]| {
        // SAFETY: it is written before it is read, and never read here.
        let mut point = unsafe { ffi::PublicKey::new() };
        // SAFETY: as above.
        let done = unsafe {
            recovery::secp256k1_ecdsa_recover(
                context,
                &mut point,
                black_box(signature),
                digest.as_c_ptr(),
            )
        };
        assert_eq!(done, 1);
    };
    let mut known = recovery::RecoverableSignature::new();
    sign(&mut known, &digest);
    let mut theirs = known;

    report.row(
        "sign",
        OFTEN,
        vec![
            ("opsign", here(|| ours.sign(black_box(&hash)).unwrap())),
            ("k256", here(|| k256_key.sign_prehash_recoverable(black_box(&digest)))),
            (
                "secp256k1 crate",
                here(|| {
                    ecdsa::RecoverableSignature::sign_ecdsa_recoverable(
                        black_box(message),
                        &safe_key,
                    )
                }),
            ),
            ("libsecp256k1", here(|| sign(&mut theirs, &digest))),
        ],
    );
    report.row(
        "recover",
        OFTEN,
        vec![
            ("opsign", here(|| black_box(&signature).recover(&hash).unwrap())),
            (
                "k256",
                here(|| {
                    k256::ecdsa::VerifyingKey::recover_from_prehash(
                        black_box(&digest),
                        &k256_signature,
                        k256_id,
                    )
                }),
            ),
            (
                "secp256k1 crate",
                here(|| black_box(&safe_signature).recover_ecdsa(message).unwrap()),
            ),
            ("libsecp256k1", here(|| recover(&known, &digest))),
        ],
    );
    report.row(
        "verify_known_signer",
        OFTEN,
        vec![
            ("opsign", here(|| verifier.verify(&hash, black_box(&signature)).unwrap())),
            ("libsecp256k1 recover", here(|| recover(&known, &digest))),
        ],
    );

    let hashes = (0..256_u32).map(|number| {
        let mut bytes = digest;
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        hazmat::signing_hash(&bytes).unwrap()
    });
    let many: Vec<_> = hashes.map(|hash| (hash, ours.sign(&hash).unwrap())).collect();
    let known_many = many.iter().map(|(hash, _)| {
        let mut signature = recovery::RecoverableSignature::new();
        sign(&mut signature, hash.as_bytes());
        signature
    });
    let known_many: Vec<_> = known_many.collect();
    report.row(
        "verify_many",
        Often { rounds: 100, calls: 1, each: 256 },
        vec![
            ("opsign", here(|| verifier.verify_many(&many, Result::unwrap))),
            (
                "opsign, one by one",
                here(|| {
                    for (hash, signature) in &many {
                        verifier.verify(hash, signature).unwrap();
                    }
                }),
            ),
            (
                "libsecp256k1 recover",
                here(|| {
                    for ((hash, _), signature) in many.iter().zip(&known_many) {
                        recover(signature, hash.as_bytes());
                    }
                }),
            ),
        ],
    );
    report.row(
        "public_key",
        OFTEN,
        vec![
            ("opsign", here(|| SecretKey::from_bytes(black_box(&secret)))),
            ("k256", here(|| k256::ecdsa::SigningKey::from_slice(black_box(&secret)))),
            (
                "libsecp256k1",
                here(|| {
                    // SAFETY: as above.
                    let mut point = unsafe { ffi::PublicKey::new() };
                    // SAFETY: as above.
                    let done = unsafe {
                        ffi::secp256k1_ec_pubkey_create(
                            context,
                            &mut point,
                            black_box(&secret).as_c_ptr(),
                        )
                    };
                    assert_eq!(done, 1);
                }),
            ),
        ],
    );
    report.row(
        "known_signer_table",
        Often { rounds: 100, calls: 2, each: 1 },
        vec![("opsign", here(|| Box::new(Verifier::new(black_box(ours.public_key())))))],
    );
}
