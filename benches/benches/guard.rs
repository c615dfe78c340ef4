//! What does protection cost beside the disk's own sync, how much of it does batching save, and how
//! long do a switch and a restart take?
//!
//! Prints figures and asserts the counts: one sync per request alone, none for a repeated one. The
//! disk is the one under the target folder, or `OPSIGN_BENCH_DIR`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a measurement")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opsign_core::{ChainId, Domain, PayloadHash, SecretKey, Signer};
use opsign_guard::{
    BlockFacts, Client, Decision, Guard, Hex, Mode, Request, Rule, RuleSet, Scope, Store,
};
use opsign_guard_postgres::{Address, Postgres};

const NOW: u64 = 1_700_000_000_000;

#[path = "../../service/guard-postgres/tests/common/cluster.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod cluster;

/// Where a record is: makes one store after the other for the same record.
type Open<'a> = &'a dyn Fn(&str) -> Store;

fn main() {
    let base = std::env::var("OPSIGN_BENCH_DIR").unwrap_or(env!("CARGO_TARGET_TMPDIR").into());
    let folder = tempfile::tempdir_in(base).unwrap();
    println!("a record of one's own");
    let own = |name: &str| {
        let folder = folder.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Store::new(&folder)
    };
    let single = alone(&own, folder.path(), true);
    together(&own, single);
    switches(&own, false);
    restart(&own);

    println!("\na record in PostgreSQL");
    let cluster = cluster::Cluster::new();
    let made = std::cell::RefCell::new(std::collections::HashSet::new());
    let shared = |name: &str| {
        if made.borrow_mut().insert(name.to_owned()) {
            cluster.database(name);
        }
        let (url, password_file, ca) = (cluster.url(name), None, None);
        let database = Postgres::new(&Address { url, password_file, ca }).unwrap();
        Store::shared(Box::new(database), Postgres::PATIENCE)
    };
    let beside = tempfile::tempdir_in("/tmp").unwrap();
    let single = alone(&shared, beside.path(), false);
    together(&shared, single);
    switches(&shared, true);
    restart(&shared);
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
    block_of(scope, Client::new("sequencer").unwrap(), number)
}

fn block_of(scope: Scope, client: Client, number: u64) -> Request {
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
    Request::block(scope, client, NOW, &PayloadHash::of(&hash(number).0), facts)
}

fn guard(open: Open<'_>, name: &str) -> Guard {
    open(name).init().unwrap();
    Guard::open(open(name), NOW).unwrap()
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() - 1) * percent / 100]
}

/// One client, one scope, each round beside a bare write and sync of the same size. Returns the
/// rate. `own`: a signature is written without a sync, so that the counts are exact.
fn alone(open: Open<'_>, folder: &Path, own: bool) -> f64 {
    const ROUNDS: u64 = 400;
    let guard = guard(open, "alone");
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
    if !own {
        // The last signature rides along with the next look at the database.
        std::thread::sleep(Duration::from_millis(500));
    }
    let syncs = guard.figures().syncs;
    assert!(syncs >= ROUNDS && (!own || syncs == ROUNDS), "{syncs} syncs for {ROUNDS} requests");
    let start = Instant::now();
    for number in 1..=ROUNDS {
        let again = guard.reserve(&block(scope(&key), number)).wait();
        assert!(matches!(again, Decision::Stored(_)));
    }
    let repeated = start.elapsed() / ROUNDS as u32;
    assert_eq!(guard.figures().syncs, syncs, "none for a repeated one");
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
    println!("{:<44}     {:>9.2}", "syncs per request", syncs as f64 / ROUNDS as f64);
    println!("{:<44}     {repeated:>9.2?}", "a repeated request (no sync)");
    println!("{:<44}     {rate:>9.0}/s", "one scope, one client");
    rate
}

/// 64 clients, each with a scope and a key of its own.
fn together(open: Open<'_>, single: f64) {
    const CLIENTS: u64 = 64;
    const TIME: Duration = Duration::from_secs(5);
    let guard = guard(open, "together");
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

/// Planned switches to and fro while both clients ask; with `two`, each at a signer of its own.
fn switches(open: Open<'_>, two: bool) {
    const SWITCHES: u64 = 200;
    let one = guard(open, "switches");
    let other = two.then(|| Guard::open(open("switches"), NOW).unwrap());
    let guards = [&one, other.as_ref().unwrap_or(&one)];
    let key = key(1);
    let names = ["a", "b"].map(|name| Client::new(name).unwrap());
    let rules = RuleSet { mode: Mode::Strict, rules: vec![Rule::Lease, Rule::UniqueSlot] };
    for guard in guards {
        guard.configure(scope(&key), rules.clone()).unwrap();
    }
    let drain = Duration::from_secs(1);
    one.switch(&scope(&key), &names[0], None, drain, NOW).unwrap();
    let (next, done) = (AtomicU64::new(1), AtomicBool::new(false));
    let mut times: Vec<Duration> = std::thread::scope(|threads| {
        for (guard, name) in guards.iter().zip(&names) {
            let (key, next, done) = (&key, &next, &done);
            threads.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let number = next.load(Ordering::Relaxed);
                    let request = block_of(scope(key), name.clone(), number);
                    match guard.reserve(&request).wait() {
                        Decision::Reserved(reservation) => {
                            let signature = key.sign(request.signing_hash()).unwrap();
                            reservation.complete(&signature).unwrap();
                            next.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => std::thread::sleep(Duration::from_millis(1)),
                    }
                }
            });
        }
        let times = (1..=SWITCHES).map(|turn| {
            std::thread::sleep(Duration::from_millis(20));
            let to = &names[turn as usize % 2];
            let start = Instant::now();
            guards[turn as usize % 2].switch(&scope(&key), to, None, drain, NOW).unwrap();
            start.elapsed()
        });
        let times = times.collect();
        done.store(true, Ordering::Relaxed);
        times
    });
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    println!("{:<44} p50 {p50:>9.2?}  p99 {p99:>9.2?}", "a planned switch while both ask");
}

/// A million events, then a start and the first signature.
fn restart(open: Open<'_>) {
    const RECORDS: u64 = 1_000_000;
    let running = guard(open, "restart");
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
            assert!(matches!(pending.wait(), Decision::Recorded(None)));
        }
    }
    drop(running);
    for name in ["restart to first signature, a million events", "the same after compaction"] {
        let start = Instant::now();
        let guard = Guard::open(open("restart"), NOW).unwrap();
        let read = start.elapsed();
        let events = guard.figures().read;
        guard.configure(scope(&key), RuleSet::blocks_strict()).unwrap();
        number += 1;
        let request = block(scope(&key), number);
        let Decision::Reserved(reservation) = guard.reserve(&request).wait() else { panic!() };
        reservation.complete(&key.sign(request.signing_hash()).unwrap()).unwrap();
        let whole = start.elapsed();
        println!("{name:<44}     {whole:>9.2?}, {read:.2?} of it opening, {events} events read");
        drop(guard);
        open("restart").compact(NOW).unwrap();
    }
}
