//! Signing, recovering, checking a known signer, a public key: how long beside k256 and
//! libsecp256k1's own interface, without what its crate adds?
//!
//! One round of each in turn, least of all rounds, so that other work on the machine hits all alike:
//! read the ratios, not the microseconds.
#![allow(missing_docs, clippy::unwrap_used, reason = "a measurement")]

use std::hint::black_box;
use std::ptr;
use std::time::Instant;

use opsign_core::{ChainId, PayloadHash, SecretKey, Signer, Verifier, payload_signing_hash};
use secp256k1::ffi::{self, CPtr, recovery};

const ROUNDS: usize = 400;
const CALLS: u32 = 25;

/// A name and what it does.
type Job<'a> = (&'a str, &'a mut dyn FnMut());

fn least(jobs: &mut [Job<'_>]) -> Vec<f64> {
    let mut least = vec![f64::MAX; jobs.len()];
    for _ in 0..ROUNDS {
        for ((_, job), least) in jobs.iter_mut().zip(&mut least) {
            let start = Instant::now();
            for _ in 0..CALLS {
                job();
            }
            *least = least.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS));
        }
    }
    least
}

fn row(name: &str, jobs: &mut [Job<'_>]) {
    let times = least(jobs);
    print!("{name:<14}");
    for ((peer, _), time) in jobs.iter().zip(&times) {
        print!(" {peer} {time:6.2} us");
        if *time != times[0] {
            print!(" ({:.2})", times[0] / time);
        }
    }
    println!();
}

fn main() {
    let secret = [0x42; 32];
    let hash = payload_signing_hash(&ChainId::from(10), &PayloadHash::of(b"payload"));
    let digest = *hash.as_bytes();
    let ours = SecretKey::from_bytes(&secret).unwrap();
    let signature = ours.sign(&hash).unwrap();
    let verifier = Box::new(Verifier::new(ours.public_key()));

    let k256_key = k256::ecdsa::SigningKey::from_slice(&secret).unwrap();
    let k256_signature = k256::ecdsa::Signature::from_slice(&signature.as_bytes()[..64]).unwrap();
    let k256_id = k256::ecdsa::RecoveryId::from_byte(signature.recovery_id()).unwrap();

    secp256k1::with_raw_global_context(
        |context| {
            let context = context.as_ptr();
            let mut theirs = recovery::RecoverableSignature::new();
            // SAFETY: it is written before it is read, and never read here.
            let mut point = unsafe { ffi::PublicKey::new() };
            let sign = |out: &mut recovery::RecoverableSignature| {
                // SAFETY: all buffers have the sizes that the functions read and write; so below.
                let done = unsafe {
                    recovery::secp256k1_ecdsa_sign_recoverable(
                        context,
                        out,
                        black_box(&digest).as_c_ptr(),
                        secret.as_c_ptr(),
                        ffi::secp256k1_nonce_function_rfc6979,
                        ptr::null(),
                    )
                };
                assert_eq!(done, 1);
            };
            sign(&mut theirs);
            let known = theirs;

            row(
                "sign",
                &mut [
                    ("opsign", &mut || {
                        black_box(ours.sign(black_box(&hash))).unwrap();
                    }),
                    ("k256", &mut || {
                        black_box(k256_key.sign_prehash_recoverable(black_box(&digest)));
                    }),
                    ("libsecp256k1", &mut || sign(&mut theirs)),
                ],
            );
            let mut recover = || {
                // SAFETY: as above.
                let done = unsafe {
                    recovery::secp256k1_ecdsa_recover(
                        context,
                        &mut point,
                        black_box(&known),
                        digest.as_c_ptr(),
                    )
                };
                assert_eq!(done, 1);
            };
            row(
                "recover",
                &mut [
                    ("opsign", &mut || {
                        black_box(black_box(&signature).recover(&hash)).unwrap();
                    }),
                    ("k256", &mut || {
                        let key = k256::ecdsa::VerifyingKey::recover_from_prehash(
                            black_box(&digest),
                            &k256_signature,
                            k256_id,
                        );
                        let _ = black_box(key);
                    }),
                    ("libsecp256k1", &mut recover),
                ],
            );
            row(
                "known signer",
                &mut [
                    ("opsign", &mut || verifier.verify(&hash, black_box(&signature)).unwrap()),
                    ("libsecp256k1 recover", &mut recover),
                ],
            );
            row(
                "public key",
                &mut [
                    ("opsign", &mut || drop(black_box(SecretKey::from_bytes(black_box(&secret))))),
                    ("k256", &mut || {
                        drop(black_box(k256::ecdsa::SigningKey::from_slice(black_box(&secret))));
                    }),
                    ("libsecp256k1", &mut || {
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
                ],
            );
            row(
                "signer's table",
                &mut [("opsign", &mut || {
                    black_box(Box::new(Verifier::new(black_box(ours.public_key()))));
                })],
            );
        },
        None,
    );
}
