//! What does protection cost beside the disk's own sync, how much of it does batching save, and how
//! long do a switch and a restart take?
//!
//! Prints figures and asserts the counts: one sync per request alone, none for a repeated one. The
//! disk is the one under the target folder, or `OPSIGN_BENCH_DIR`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a measurement")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use opsign_core::{ChainId, Domain, PayloadHash, SecretKey, Signer};
use opsign_guard::{BlockFacts, Client, Decision, Guard, Hex, Request, RuleSet, Scope, Store};

const NOW: u64 = 1_700_000_000_000;

fn main() {
    let base = std::env::var("OPSIGN_BENCH_DIR").unwrap_or(env!("CARGO_TARGET_TMPDIR").into());
    let folder = tempfile::tempdir_in(base).unwrap();
    let single = alone(folder.path());
    together(folder.path(), single);
    switch(folder.path());
    restart(folder.path());
}

fn key(number: u64) -> SecretKey {
    let mut secret = [1; 32];
    secret[..8].copy_from_slice(&number.to_be_bytes());
    SecretKey::from_bytes(&secret).unwrap()
}

fn scope(key: &SecretKey) -> Scope {
    Scope::blocks(&key.address(), &ChainId::from(10), &Domain::BLOCKS_V1)
}

fn block(scope: Scope, number: u64) -> Request {
    let hash = |number: u64| {
        let mut hash = [7; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        Hex(hash)
    };
    let facts = BlockFacts {
        number,
        block_hash: hash(number),
        parent_hash: hash(number.wrapping_sub(1)),
        timestamp: NOW / 1000,
        l1_origin: None,
    };
    let client = Client::new("sequencer").unwrap();
    Request::block(scope, client, NOW, &PayloadHash::of(&hash(number).0), facts)
}

fn guard(folder: &Path, name: &str) -> Guard {
    let folder = folder.join(name);
    std::fs::create_dir(&folder).unwrap();
    Store::new(&folder).init().unwrap();
    Guard::open(Store::new(&folder), NOW).unwrap()
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() - 1) * percent / 100]
}

/// One client, one scope, each round beside a bare write and sync of the same size. Returns the
/// rate.
fn alone(folder: &Path) -> f64 {
    const ROUNDS: u64 = 400;
    let guard = guard(folder, "alone");
    let key = key(1);
    guard.configure(scope(&key), RuleSet::blocks_strict()).unwrap();
    let raw = File::create(folder.join("raw")).unwrap();
    raw.write_all_at(&[0; 1 << 20], 0).unwrap();
    raw.sync_all().unwrap();
    let (mut bare, mut reserve, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1..=ROUNDS {
        let start = Instant::now();
        raw.write_all_at(&[9; 256], number * 256).unwrap();
        raw.sync_data().unwrap();
        bare.push(start.elapsed());
        let request = block(scope(&key), number);
        let start = Instant::now();
        let Decision::Reserved(reservation) = guard.reserve(&request).wait() else { panic!() };
        reserve.push(start.elapsed());
        reservation.complete(&key.sign(request.signing_hash()).unwrap()).unwrap();
        whole.push(start.elapsed());
    }
    assert_eq!(guard.figures().syncs, ROUNDS, "one sync for each request");
    let start = Instant::now();
    for number in 1..=ROUNDS {
        let again = guard.reserve(&block(scope(&key), number)).wait();
        assert!(matches!(again, Decision::Stored(_)));
    }
    let repeated = start.elapsed() / ROUNDS as u32;
    assert_eq!(guard.figures().syncs, ROUNDS, "none for a repeated one");
    let rate = ROUNDS as f64 / whole.iter().sum::<Duration>().as_secs_f64();
    let bare_p50 = percentile(&mut bare, 50);
    let shown = |name: &str, times: &mut [Duration]| {
        let (p50, p99) = (percentile(times, 50), percentile(times, 99));
        println!("{name:<44} p50 {p50:>9.2?}  p99 {p99:>9.2?}");
        p50
    };
    shown("the disk: write 256 bytes and fdatasync", &mut bare);
    let p50 = shown("guard: check, record, durable", &mut reserve);
    shown("guard: the same, sign, verify, release", &mut whole);
    println!("{:<44} p50 {:>9.2?}", "beyond the disk's own sync", p50.saturating_sub(bare_p50));
    println!("{:<44}     {repeated:>9.2?}", "a repeated request (no sync)");
    println!("{:<44}     {rate:>9.0}/s", "one scope, one client");
    rate
}

/// Switches between two clients, each while a block is being signed: drained, then one record.
fn switch(folder: &Path) {
    const SWITCHES: u64 = 100;
    let guard = guard(folder, "switch");
    let key = key(1);
    guard.configure(scope(&key), RuleSet::blocks_strict()).unwrap();
    let mut times = Vec::new();
    for number in 1..=SWITCHES {
        let request = block(scope(&key), number);
        let Decision::Reserved(reservation) = guard.reserve(&request).wait() else { panic!() };
        let to = Client::new(["a", "b"][number as usize % 2]).unwrap();
        std::thread::scope(|threads| {
            threads.spawn(|| {
                reservation.complete(&key.sign(request.signing_hash()).unwrap()).unwrap();
            });
            let start = Instant::now();
            let lease = guard.switch(&scope(&key), &to, None, Duration::from_secs(1), NOW).unwrap();
            times.push(start.elapsed());
            assert_eq!((lease.holder, lease.epoch), (Some(to), number));
        });
    }
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    println!("{:<44} p50 {p50:>9.2?}  p99 {p99:>9.2?}", "a switch while a block is signed");
}

/// 64 clients, each with a scope and a key of its own.
fn together(folder: &Path, single: f64) {
    const CLIENTS: u64 = 64;
    const TIME: Duration = Duration::from_secs(5);
    let guard = guard(folder, "together");
    let keys: Vec<SecretKey> = (1..=CLIENTS).map(key).collect();
    for key in &keys {
        guard.configure(scope(key), RuleSet::blocks_strict()).unwrap();
    }
    let start = Instant::now();
    let total: u64 = std::thread::scope(|threads| {
        let clients: Vec<_> = keys
            .iter()
            .map(|key| {
                let guard = &guard;
                threads.spawn(move || {
                    let mut number = 0;
                    while start.elapsed() < TIME {
                        number += 1;
                        let request = block(scope(key), number);
                        let pending = guard.reserve(&request);
                        let Decision::Reserved(reservation) = pending.wait() else { panic!() };
                        reservation.complete(&key.sign(request.signing_hash()).unwrap()).unwrap();
                    }
                    number
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    let rate = total as f64 / start.elapsed().as_secs_f64();
    let figures = guard.figures();
    assert!(figures.syncs <= figures.batches);
    println!(
        "{:<44}     {rate:>9.0}/s, {:.1} times one scope, {:.1} requests per sync",
        "64 scopes, 64 clients, signing included",
        rate / single,
        total as f64 / figures.syncs as f64
    );
}

/// A million events, then a start and the first signature.
fn restart(folder: &Path) {
    const RECORDS: u64 = 1_000_000;
    let running = guard(folder, "restart");
    let key = key(1);
    running.configure(scope(&key), RuleSet::blocks_strict()).unwrap();
    let mut number = 0;
    while running.figures().records < RECORDS {
        let pending: Vec<_> = (0..4_096)
            .map(|_| {
                number += 1;
                running.announce(&block(scope(&key), number))
            })
            .collect();
        for pending in pending {
            assert!(matches!(pending.wait(), Decision::Recorded));
        }
    }
    drop(running);
    for name in ["restart to first signature, a million events", "the same after compaction"] {
        let start = Instant::now();
        let guard = Guard::open(Store::new(folder.join("restart")), NOW).unwrap();
        let read = start.elapsed();
        guard.configure(scope(&key), RuleSet::blocks_strict()).unwrap();
        number += 1;
        let request = block(scope(&key), number);
        let Decision::Reserved(reservation) = guard.reserve(&request).wait() else { panic!() };
        reservation.complete(&key.sign(request.signing_hash()).unwrap()).unwrap();
        println!("{name:<44}     {:>9.2?}, {read:.2?} of it opening", start.elapsed());
        drop(guard);
        Store::new(folder.join("restart")).compact(NOW).unwrap();
    }
}
