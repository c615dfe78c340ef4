//! How long do signing, recovering and verifying take beside libsecp256k1?
//!
//! Same message, same key, same run: read the ratio, not the microseconds. The `secp256k1` crate's
//! own API is measured, which blinds its context anew for every signature.
#![allow(missing_docs, clippy::unwrap_used, reason = "a measurement")]

use criterion::{Criterion, criterion_group, criterion_main};
use opsign_core::{
    ChainId, PayloadHash, SecretKey, Signer, payload_signing_hash, recover_signer, verify_payload,
};
use secp256k1::Message;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use std::hint::black_box;

fn signatures(criterion: &mut Criterion) {
    let secret = [0x42; 32];
    let chain_id = ChainId::from(10);
    let payload_hash = PayloadHash::of(b"payload");
    let hash = payload_signing_hash(&chain_id, &payload_hash);
    let ours = SecretKey::from_bytes(&secret).unwrap();
    let signature = ours.sign(&hash).unwrap();
    let address = ours.address();

    let theirs = secp256k1::SecretKey::from_secret_bytes(secret).unwrap();
    let message = Message::from_digest(*hash.as_bytes());
    let mut group = criterion.benchmark_group("sign");
    group.bench_function("opsign", |bench| bench.iter(|| ours.sign(black_box(&hash)).unwrap()));
    // What wiping the stack after signing costs is the difference.
    let bare = k256::ecdsa::SigningKey::from_slice(&secret).unwrap();
    group.bench_function("k256, nothing wiped", |bench| {
        bench.iter(|| bare.sign_prehash_recoverable(black_box(hash.as_bytes())));
    });
    group.bench_function("libsecp256k1", |bench| {
        bench.iter(|| RecoverableSignature::sign_ecdsa_recoverable(black_box(message), &theirs))
    });
    group.finish();

    let bytes = signature.as_bytes();
    let id = RecoveryId::try_from(i32::from(bytes[64])).unwrap();
    let recoverable = RecoverableSignature::from_compact(&bytes[..64], id).unwrap();
    assert_eq!(
        recoverable.recover_ecdsa(message).unwrap().serialize_uncompressed(),
        *ours.public_key().as_sec1_bytes(),
        "both must do the same work"
    );
    let mut group = criterion.benchmark_group("recover");
    group.bench_function("opsign", |bench| {
        bench.iter(|| black_box(&signature).recover(&hash).unwrap());
    });
    group.bench_function("libsecp256k1", |bench| {
        bench.iter(|| black_box(&recoverable).recover_ecdsa(message).unwrap());
    });
    group.finish();

    let mut group = criterion.benchmark_group("payload");
    group.bench_function("recover_signer", |bench| {
        bench.iter(|| recover_signer(&chain_id, black_box(&payload_hash), &signature).unwrap());
    });
    group.bench_function("verify_payload", |bench| {
        bench.iter(|| {
            verify_payload(&chain_id, black_box(&payload_hash), &signature, &address).unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, signatures);
criterion_main!(benches);
