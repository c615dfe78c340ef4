//! Whether times tell keys apart: the test of dudect (Reparaz, Balasch, Verbauwhede, "Dude, is my code
//! constant time?", 2017). One key is timed against ever other ones, in random order, and Welch's t says
//! whether the two means differ: over all times, and over those below each of a hundred percentiles,
//! since other work on the machine makes the highest ones. Beyond 10, as in dudect, they do.
//!
//! `scripts/ctime.sh` looks at every branch and address; this looks at what a clock would see.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use opsign_core::{ChainId, PayloadHash, SecretKey, Signer, SigningHash, payload_signing_hash};

const THRESHOLD: f64 = 10.0;

/// Fewer say nothing.
const ENOUGH: f64 = 10_000.0;

#[derive(Clone, Copy)]
struct Time {
    is_fixed_key: bool,
    nanoseconds: f64,
}

/// Random enough for keys and for the order; the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> [u8; 32] {
        self.0 += 1;
        *PayloadHash::of(&self.0.to_le_bytes()).as_bytes()
    }
}

struct Job {
    name: &'static str,
    /// A leak is in it, which must be found.
    is_planted: bool,
    run: fn(&[u8; 32], &SecretKey, &SigningHash),
}

const JOBS: [Job; 3] = [
    Job {
        name: "sign",
        is_planted: false,
        run: |_, key, hash| {
            black_box(key.sign(hash).is_ok());
        },
    },
    Job {
        name: "read a key",
        is_planted: false,
        run: |bytes, _, _| {
            black_box(SecretKey::from_bytes(bytes).is_ok());
        },
    },
    Job {
        name: "sign, and a little more for odd keys",
        is_planted: true,
        run: |bytes, key, hash| {
            black_box(key.sign(hash).is_ok());
            for turn in 0..100 * (bytes[31] & 1) {
                black_box(turn);
            }
        },
    },
];

fn main() -> ExitCode {
    // The first argument that is a number: cargo adds some of its own.
    let samples = std::env::args().find_map(|text| text.parse().ok()).unwrap_or(400_000);
    let mut is_well = true;
    println!("| what | times | largest t | verdict |\n|---|---|---|---|");
    for job in JOBS {
        let times = measure(&job, samples);
        let Some(t) = largest(&times) else {
            eprintln!("{samples} times say nothing: take {ENOUGH} of each kind of key or more");
            return ExitCode::FAILURE;
        };
        let verdict = match (t.abs() > THRESHOLD, job.is_planted) {
            (false, false) => "no difference seen",
            (true, true) => "seen, as planted",
            (true, false) => "**wrong: a difference**",
            (false, true) => "**wrong: not seen, but planted**",
        };
        is_well &= (t.abs() > THRESHOLD) == job.is_planted;
        println!("| {} | {} | {t:.1} | {verdict} |", job.name, times.len());
    }
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn measure(job: &Job, samples: usize) -> Vec<Time> {
    let mut random = Random(0);
    // Even, so that what is planted takes longer only for the others.
    let fixed = [0x42; 32];
    let hash = payload_signing_hash(&ChainId::from(10), &PayloadHash::of(b"payload"));
    let mut times = Vec::with_capacity(samples);
    while times.len() < samples {
        // Made beforehand, the fixed key too, so that memory is touched alike.
        let inputs: Vec<_> = (0..1_000)
            .filter_map(|_| {
                let is_fixed_key = random.next()[0] & 1 == 0;
                let other = random.next();
                let bytes = if is_fixed_key { fixed } else { other };
                Some((is_fixed_key, bytes, SecretKey::from_bytes(&bytes).ok()?))
            })
            .collect();
        for (is_fixed_key, bytes, key) in &inputs {
            let begun = Instant::now();
            (job.run)(black_box(bytes), black_box(key), black_box(&hash));
            let nanoseconds = begun.elapsed().as_nanos() as f64;
            times.push(Time { is_fixed_key: *is_fixed_key, nanoseconds });
        }
    }
    times
}

/// The t that is furthest from 0, `None` for too few times.
fn largest(times: &[Time]) -> Option<f64> {
    let mut sorted: Vec<f64> = times.iter().map(|time| time.nanoseconds).collect();
    sorted.sort_by(f64::total_cmp);
    let percentiles = (1..=100).map(|i| {
        let part = 1.0 - 0.5_f64.powf(f64::from(i) / 10.0);
        sorted[(part * sorted.len() as f64) as usize]
    });
    percentiles
        .chain([f64::INFINITY])
        .filter_map(|below| welch(times.iter().filter(|time| time.nanoseconds < below)))
        .max_by(|a, b| a.abs().total_cmp(&b.abs()))
}

/// Welch's t of the two kinds of key, `None` for too few times.
fn welch<'a>(times: impl Iterator<Item = &'a Time>) -> Option<f64> {
    // Number, mean and sum of squared differences from it (Welford).
    let mut kinds = [(0.0, 0.0, 0.0); 2];
    for time in times {
        let (number, mean, squares) = &mut kinds[usize::from(time.is_fixed_key)];
        *number += 1.0;
        let from_old = time.nanoseconds - *mean;
        *mean += from_old / *number;
        *squares += from_old * (time.nanoseconds - *mean);
    }
    let [(n0, mean0, squares0), (n1, mean1, squares1)] = kinds;
    let variance = squares0 / (n0 - 1.0) / n0 + squares1 / (n1 - 1.0) / n1;
    (n0 >= ENOUGH && n1 >= ENOUGH && variance > 0.0).then(|| (mean0 - mean1) / variance.sqrt())
}
