//! Signing, recovering, checking a known signer, a public key: how long beside k256 and
//! libsecp256k1's own interface, without what its crate adds?
//!
//! One round of each in turn, least of all rounds, so that other work on the machine hits all alike:
//! read the ratios, not the microseconds. Written to `target/bench/report.json`, too;
//! `scripts/bench-table.mjs` makes the README's table of it.
#![allow(missing_docs, clippy::unwrap_used, reason = "a measurement")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::ptr;
use std::time::Instant;

use opsign_core::{ChainId, PayloadHash, SecretKey, Signer, Verifier, payload_signing_hash};
use secp256k1::ffi::{self, CPtr, recovery};
use serde_json::{Map, Value, json};

const ROUNDS: usize = 400;
const CALLS: u32 = 25;

/// A name and what it does.
type Job<'a> = (&'a str, &'a mut dyn FnMut());

/// Nanoseconds of each job, a figure a round, in order.
fn measure(jobs: &mut [Job<'_>]) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::with_capacity(ROUNDS); jobs.len()];
    for _ in 0..ROUNDS {
        for ((_, job), times) in jobs.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..CALLS {
                job();
            }
            times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS));
        }
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    times
}

/// What was measured, and ours divided by the last peer's.
#[derive(Default)]
struct Report {
    rows: Map<String, Value>,
    ratios: Map<String, Value>,
}

impl Report {
    /// The first job is ours; the last one, if there is another, is what a goal is set against.
    fn row(&mut self, name: &str, jobs: &mut [Job<'_>]) {
        let times = measure(jobs);
        print!("{name:<20}");
        let mut row = Map::new();
        for ((peer, _), times) in jobs.iter().zip(&times) {
            let (least, median) = (times[0], times[ROUNDS / 2]);
            print!(" {peer} {:6.2} us", least / 1000.0);
            let figures = json!({ "least_ns": least.round(), "median_ns": median.round() });
            row.insert((*peer).to_owned(), figures);
        }
        if let [ours, .., peer] = &times[..] {
            let ratio = (ours[0] / peer[0] * 100.0).round() / 100.0;
            print!("  ratio {ratio:.2}");
            self.ratios.insert(name.to_owned(), ratio.into());
        }
        println!();
        self.rows.insert(name.to_owned(), row.into());
    }

    fn write(self) {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processors.lines().find_map(|line| line.strip_prefix("model name"));
        let compiler = Command::new("rustc").arg("--version").output().unwrap().stdout;
        let report = json!({
            "machine": model.map_or("unknown", |model| model.trim_start_matches(['\t', ' ', ':'])),
            "compiler": String::from_utf8_lossy(&compiler).trim(),
            "flags": "release profile: opt-level 3, fat LTO, no target-cpu",
            "rounds": ROUNDS,
            "rows": self.rows,
            "ratios": self.ratios,
        });
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench/report.json");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{report:#}\n")).unwrap();
    }
}

fn main() {
    let mut report = Report::default();
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

            report.row(
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
            report.row(
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
            report.row(
                "verify_known_signer",
                &mut [
                    ("opsign", &mut || verifier.verify(&hash, black_box(&signature)).unwrap()),
                    ("libsecp256k1 recover", &mut recover),
                ],
            );
            report.row(
                "public_key",
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
            report.row(
                "known_signer_table",
                &mut [("opsign", &mut || {
                    black_box(Box::new(Verifier::new(black_box(ours.public_key()))));
                })],
            );
        },
        None,
    );
    report.write();
}
