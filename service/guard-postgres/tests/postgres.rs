//! The guard on a real PostgreSQL: the same decisions, races, switches, servers that are killed,
//! restored and promoted, and settings that are not let through.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use common::cluster::Cluster;
use common::traces::{Met, Place, run};
use common::*;
use opsign_guard::*;
use opsign_guard_postgres::{Address, Postgres};

struct Databases<'a> {
    cluster: &'a Cluster,
    made: u64,
    url: String,
}

impl<'a> Databases<'a> {
    fn new(cluster: &'a Cluster) -> Self {
        let mut databases = Self { cluster, made: 0, url: String::new() };
        databases.renew();
        databases
    }
}

impl Place for Databases<'_> {
    fn store(&self) -> Store {
        store(&self.url)
    }

    fn renew(&mut self) {
        self.made += 1;
        self.url = self.cluster.database(&format!("trace_{}", self.made));
    }
}

#[test]
fn the_same_traces_give_the_same_decisions() {
    const TRACES: u64 = 20;
    let cluster = Cluster::new();
    let (mut met, mut place) = (Met::default(), Databases::new(&cluster));
    for trace in 0..TRACES {
        // The traces of the guard's own tests, on as many signers.
        run(&mut place, trace, 1 + trace as usize % 3, &mut met);
        place.renew();
    }
    println!("{met:?}");
    assert_eq!(met.steps, TRACES * 60);
    assert!(met.signed > 200 && met.refused > 300 && met.restarts > 20, "{met:?}");
}

#[test]
fn of_three_signers_one_gets_the_slot() {
    let cluster = Cluster::new();
    let url = cluster.database("race");
    store(&url).init().unwrap();
    let guards: Vec<Guard> = (0..3).map(|_| open(store(&url))).collect();
    for number in (0..200).step_by(2) {
        let signed: usize = std::thread::scope(|threads| {
            let asking: Vec<_> = (guards.iter().zip(*b"xyz"))
                .map(|(guard, fork)| threads.spawn(move || outcome(guard, &block(number, fork))))
                .collect();
            let answers = asking.into_iter().map(|one| one.join().unwrap());
            answers.filter(|answer| *answer == Outcome::Signed).count()
        });
        assert_eq!(signed, 1, "height {number}");
    }
}

#[test]
fn a_switch_under_fire_is_one_point_in_the_record() {
    let cluster = Cluster::new();
    let url = cluster.database("fire");
    store(&url).init().unwrap();
    let (one, other) = (open(store(&url)), open(store(&url)));
    for guard in [&one, &other] {
        guard.configure(blocks(), only(&[Rule::Lease, Rule::UniqueSlot])).unwrap();
    }
    one.switch(&blocks(), &client("a"), None, Duration::ZERO, NOW).unwrap();
    let (next, done) = (AtomicU64::new(1), AtomicBool::new(false));
    let signed = std::thread::scope(|threads| {
        let fire = |guard, name: &'static str, fork| {
            let (next, done) = (&next, &done);
            threads.spawn(move || {
                let mut signed = Vec::new();
                while !done.load(Ordering::SeqCst) {
                    let number = next.load(Ordering::SeqCst);
                    match outcome(guard, &block_of(name, number, fork)) {
                        Outcome::Signed => {
                            signed.push((number, name));
                            next.fetch_max(number + 1, Ordering::SeqCst);
                        }
                        Outcome::Refused(_) => std::thread::sleep(Duration::from_millis(1)),
                        other => panic!("{other:?}"),
                    }
                }
                signed
            })
        };
        let (a, b) = (fire(&one, "a", b'x'), fire(&other, "b", b'y'));
        for turn in 0..20 {
            let here = next.load(Ordering::SeqCst);
            eventually("a block is signed", || next.load(Ordering::SeqCst) > here + 2);
            let (by, to) = if turn % 2 == 0 { (&other, "b") } else { (&one, "a") };
            by.switch(&blocks(), &client(to), None, Duration::from_millis(100), NOW).unwrap();
        }
        done.store(true, Ordering::SeqCst);
        [a.join().unwrap(), b.join().unwrap()].concat()
    });
    drop((one, other));
    // In the record, every reservation between two switches is the holder's.
    let report = store(&url).verify().unwrap();
    assert_eq!(report.scopes[0].lease.epoch, 21);
    let export = store(&url).export(NOW).unwrap();
    let mut by_number: HashMap<u64, u32> = HashMap::new();
    for record in &export.records {
        if let Record::Reserve(reserve) = record {
            let slot = reserve.facts.slot().unwrap();
            assert!(by_number.insert(slot, reserve.client).is_none(), "two at {slot}");
            // Epochs change hands in turn: odd ones are a's.
            assert_eq!(reserve.epoch % 2 == 1, reserve.client == 0, "{reserve:?}");
        }
    }
    assert!(signed.len() > 40, "{}", signed.len());
    for (number, name) in signed {
        assert_eq!(by_number[&number], u32::from(name == "b"), "{number}");
    }
}

/// How often the server is killed: `CYCLES`, or few.
fn cycles() -> u64 {
    std::env::var("CYCLES").map_or(25, |cycles| cycles.parse().unwrap())
}

#[test]
fn a_server_that_is_killed_loses_nothing_that_was_released() {
    let cycles = cycles();
    let mut cluster = Cluster::new();
    let url = cluster.database("killed");
    store(&url).init().unwrap();
    let guards: Vec<Guard> = (0..2).map(|_| open(store(&url))).collect();
    let (next, done) = (AtomicU64::new(1), AtomicBool::new(false));
    let signatures: Vec<Vec<(u64, Digest)>> = std::thread::scope(|threads| {
        let clients: Vec<_> = (0..6_u8)
            .map(|number| {
                let (guard, next, done) = (&guards[usize::from(number % 2)], &next, &done);
                threads.spawn(move || {
                    let mut dice = Dice(u64::from(number));
                    let mut held = Vec::new();
                    while !done.load(Ordering::SeqCst) {
                        // All fight for the same heights, each with a fork of its own.
                        let height = next.load(Ordering::SeqCst) * 2;
                        let request = block(height, b'a' + number);
                        match outcome(guard, &request) {
                            Outcome::Signed | Outcome::Stored => {
                                held.push((height, request.digest()));
                                next.fetch_max(height / 2 + 1, Ordering::SeqCst);
                            }
                            Outcome::Failed => {
                                std::thread::sleep(Duration::from_millis(1 + dice.roll(5)));
                            }
                            _ => {}
                        }
                    }
                    held
                })
            })
            .collect();
        let mut dice = Dice(7);
        for cycle in 0..cycles {
            let here = next.load(Ordering::SeqCst);
            eventually("a block is signed", || next.load(Ordering::SeqCst) > here + 2);
            std::thread::sleep(Duration::from_micros(dice.roll(20_000)));
            match cycle % 5 {
                // The connections alone: the transaction is rolled back, or had been committed.
                0 => drop(cluster.sql(
                    "postgres",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE application_name = 'opsign'",
                )),
                _ => {
                    cluster.kill();
                    cluster.start();
                }
            }
        }
        done.store(true, Ordering::SeqCst);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    for guard in &guards {
        assert!(guard.trouble().is_none(), "{:?}", guard.trouble());
    }
    drop(guards);
    let mut at: HashMap<u64, Digest> = HashMap::new();
    let mut held = 0;
    let guard = open(store(&url));
    for (height, digest) in signatures.into_iter().flatten() {
        held += 1;
        assert_eq!(*at.entry(height).or_insert(digest), digest, "two digests at {height}");
    }
    // The record remembers the last 4,096 digests of a scope; the table remembers all.
    let mut latest: Vec<(&u64, &Digest)> = at.iter().collect();
    latest.sort();
    for (height, digest) in latest.iter().rev().take(4_000) {
        assert!(guard.knows(&blocks(), digest), "{height} is not on record");
    }
    println!("{cycles} kills, {held} signatures, {} heights", at.len());
    assert!(at.len() as u64 > cycles);
}

#[test]
fn restored_copies_are_noticed() {
    let mut cluster = Cluster::new();
    let folder = tempfile::tempdir().unwrap();
    let (backed_up, dumped) = (cluster.database("backed_up"), cluster.database("dumped"));
    let anchor = |name: &str| folder.path().join(name);
    let first = |url: &str, name: &str| {
        unlocked(|| anchored(url, &anchor(name)).init()).unwrap();
        let guard = start(url, &anchor(name)).unwrap();
        sign(&guard, &block(1, b'x'));
        guard
    };
    let guards = [first(&backed_up, "backed_up"), first(&dumped, "dumped")];
    let mut backup = cluster.backup(false);
    let dump = cluster.dump("dumped");
    for guard in &guards {
        for number in 2..6 {
            sign(guard, &block(number, b'x'));
        }
    }

    // pg_dump and psql: another database in the same cluster, then under the same name.
    cluster.sql("postgres", "CREATE DATABASE again");
    cluster.load("again", &dump);
    let rename = "ALTER DATABASE dumped RENAME TO gone";
    let closed = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'dumped'";
    eventually("nobody is connected", || {
        cluster.sql("postgres", closed);
        cluster.try_sql("postgres", rename).is_ok()
    });
    cluster.sql("postgres", "ALTER DATABASE again RENAME TO dumped");
    eventually("the dump is noticed", || guards[1].figures().closed);
    let trouble = guards[1].trouble().unwrap();
    assert!(matches!(*trouble, StoreError::Older { .. }), "{trouble}");

    // An older copy of all files.
    cluster.stop();
    cluster.become_one(&mut backup);
    cluster.start();
    eventually("the backup is noticed", || guards[0].figures().closed);
    let trouble = guards[0].trouble().unwrap();
    assert!(matches!(*trouble, StoreError::Older { .. }), "{trouble}");
    let decision = guards[0].reserve(&block(9, b'y')).wait();
    assert!(matches!(decision, Decision::Failed(Failure::NotTheRecord)), "{decision:?}");
    drop(guards);
    let started = start(&backed_up, &anchor("backed_up")).err().unwrap();
    assert!(matches!(started, StoreError::Older { .. }), "{started}");

    // An operator finds out how far each key has signed, and it goes on above that.
    let floors = HashMap::from([(blocks(), 6)]);
    unlocked(|| anchored(&backed_up, &anchor("backed_up")).recover(&floors, NOW)).unwrap();
    let guard = start(&backed_up, &anchor("backed_up")).unwrap();
    assert_eq!(outcome(&guard, &block(5, b'y')), Outcome::Refused("below_floor"));
    assert_eq!(outcome(&guard, &block(6, b'y')), Outcome::Signed);
}

#[test]
fn a_copy_in_another_cluster_and_deleted_rows_are_noticed() {
    let (one, other) = (Cluster::new(), Cluster::new());
    let folder = tempfile::tempdir().unwrap();
    let anchor = folder.path().join("anchor");
    let url = one.database("guard");
    anchored(&url, &anchor).init().unwrap();
    let guard = start(&url, &anchor).unwrap();
    for number in 1..6 {
        sign(&guard, &block(number, b'x'));
    }
    drop(guard);
    other.sql("postgres", "CREATE DATABASE guard");
    other.load("guard", &one.dump("guard"));
    let started = start(&other.url("guard"), &anchor).err().unwrap();
    assert!(matches!(started, StoreError::OtherCluster { .. }), "{started}");

    let guard = start(&url, &anchor).unwrap();
    let last = "SELECT max(sequence) FROM opsign_guard.cells";
    // The server knows nothing of our chain, so the row can be deleted; it is noticed by others.
    one.sql("guard", &format!("DELETE FROM opsign_guard.cells WHERE sequence = ({last})"));
    let started = Guard::open(store(&url), NOW).err().unwrap();
    assert!(matches!(started, StoreError::Damaged { .. }), "{started}");
    assert!(matches!(store(&url).verify(), Err(StoreError::Damaged { .. })));
    drop(guard);
    // With the head set back as well, only the anchor knows.
    let back = format!(
        "UPDATE opsign_guard.head SET sequence = ({last}), link = \
         (SELECT substr(cell, 216, 32) FROM opsign_guard.cells WHERE sequence = ({last}))"
    );
    one.sql("guard", &back);
    store(&url).verify().unwrap();
    let started = start(&url, &anchor).err().unwrap();
    assert!(matches!(started, StoreError::Older { .. }), "{started}");
}

/// A primary with a standby that takes its place; what the guard, and one that starts, make of it.
fn failover(synchronous: bool) -> (Guard, Result<(), StoreError>) {
    let folder = tempfile::tempdir().unwrap();
    let anchor = folder.path().join("anchor");
    let mut primary = Cluster::new();
    let url = primary.database("guard");
    let mut standby = primary.backup(true);
    standby.start_with(&["-c", "hot_standby=on"]);
    if synchronous {
        primary.set("synchronous_standby_names = '*'");
        primary.reload();
    }
    anchored(&url, &anchor).init().unwrap();
    let guard = start(&url, &anchor).unwrap();
    for number in 1..6 {
        sign(&guard, &block(number, b'x'));
    }
    // Neither as it is nor by its own address.
    let standing_by = store(&standby.url("guard")).verify();
    assert!(matches!(standing_by, Err(StoreError::Standby)), "{standing_by:?}");
    // All that was signed has come along, so that nothing but the timeline is different.
    let done = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()";
    eventually("the standby has all of it", || primary.sql("postgres", done) == "1");
    primary.kill();
    standby.promote();
    standby.stop();
    primary.become_one(&mut standby);
    primary.set("synchronous_standby_names = ''");
    primary.start_with(&["-c", "synchronous_standby_names="]);
    if synchronous {
        assert_eq!(ask(&guard, &block(6, b'x')), Outcome::Signed);
        assert_eq!(ask(&guard, &block(5, b'y')), Outcome::Refused("slot_taken"));
        drop(guard);
        let guard = start(&url, &anchor).unwrap();
        return (guard, Ok(()));
    }
    eventually("the promotion is noticed", || guard.figures().closed);
    let started = Guard::open(store(&url).with_anchor(copy(&anchor), 4), NOW).map(drop);
    (guard, started)
}

/// The anchor's file under another name, since the running guard claims the first.
fn copy(anchor: &std::path::Path) -> Box<dyn Anchor> {
    let other = anchor.with_file_name("copy");
    std::fs::copy(anchor, &other).unwrap();
    Box::new(FileAnchor::new(std::sync::Arc::new(SystemIo), other))
}

#[test]
fn a_standby_that_was_promoted_is_noticed() {
    let (guard, started) = failover(false);
    let trouble = guard.trouble().unwrap();
    assert!(matches!(*trouble, StoreError::OtherTimeline { was: 1, is: 2 }), "{trouble}");
    assert!(matches!(started, Err(StoreError::OtherTimeline { .. })), "{started:?}");
}

#[test]
fn a_standby_that_commits_waited_for_takes_over() {
    let (guard, started) = failover(true);
    started.unwrap();
    assert!(guard.trouble().is_none());
}

#[test]
fn settings_that_forget_are_refused() {
    let mut cluster = Cluster::new();
    let url = cluster.database("guard");
    store(&url).init().unwrap();
    drop(open(store(&url)));
    let refused = |url: &str| match Guard::open(store(url), NOW) {
        Err(StoreError::UnsafeSetting { name, value, .. }) => (name, value),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it opened"),
    };
    for (setting, value) in [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "off"),
        ("synchronous_commit", "local"),
        ("synchronous_commit", "remote_write"),
    ] {
        cluster.stop();
        cluster.start_with(&["-c", &format!("{setting}={value}")]);
        assert_eq!(refused(&url), (setting, value.to_owned()));
        // Nor is a record made there.
        cluster.sql("postgres", "CREATE DATABASE fresh");
        let made = store(&cluster.url("fresh")).init();
        assert!(matches!(made, Err(StoreError::UnsafeSetting { .. })), "{made:?}");
        cluster.sql("postgres", "DROP DATABASE fresh");
    }
    cluster.stop();
    cluster.start();
    for (on, off) in [
        ("ALTER ROLE postgres SET synchronous_commit = off", "ALTER ROLE postgres RESET ALL"),
        ("ALTER DATABASE guard SET synchronous_commit = off", "ALTER DATABASE guard RESET ALL"),
    ] {
        cluster.sql("postgres", on);
        assert_eq!(refused(&url), ("synchronous_commit", "off".to_owned()), "{on}");
        cluster.sql("postgres", off);
    }
    // While it runs: the next turn closes it.
    let guard = open(store(&url));
    sign(&guard, &block(1, b'x'));
    cluster.set("fsync = off");
    cluster.reload();
    eventually("the setting is noticed", || guard.figures().closed);
    let trouble = guard.trouble().unwrap();
    assert!(matches!(*trouble, StoreError::UnsafeSetting { name: "fsync", .. }), "{trouble}");
    cluster.set("fsync = on");
    cluster.reload();
    cluster.sql("guard", "UPDATE opsign_guard.head SET version = 2");
    let newer = Guard::open(store(&url), NOW).err().unwrap();
    assert!(matches!(newer, StoreError::SchemaVersion { found: 2, known: 1 }), "{newer}");
}

#[test]
fn a_missing_record_is_not_made() {
    let cluster = Cluster::new();
    let url = cluster.database("empty");
    let missing = Guard::open(store(&url), NOW).err().unwrap();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
    assert!(missing.to_string().contains("opsign guard init"));
    store(&url).init().unwrap();
    assert!(matches!(store(&url).init(), Err(StoreError::Exists { .. })));
    cluster.sql("empty", "DELETE FROM opsign_guard.head");
    let missing = Guard::open(store(&url), NOW).err().unwrap();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
}

#[test]
fn a_role_needs_no_more_than_it_is_said_to_need() {
    let cluster = Cluster::new();
    let url = cluster.database("guard");
    store(&url).init().unwrap();
    cluster.sql(
        "guard",
        "CREATE ROLE signer LOGIN; GRANT USAGE ON SCHEMA opsign_guard TO signer; \
         GRANT SELECT, INSERT ON opsign_guard.cells TO signer; \
         GRANT SELECT, UPDATE ON opsign_guard.head TO signer",
    );
    let url = cluster.url_as("signer", "guard");
    let guard = open(store(&url));
    sign(&guard, &block(1, b'x'));
    drop(guard);
    assert!(store(&url).compact(NOW).unwrap().base > 0);
}

#[test]
fn a_lock_that_another_holds_is_waited_for_with_patience() {
    let cluster = Cluster::new();
    let url = cluster.database("guard");
    store(&url).init().unwrap();
    let guard = open(store(&url));
    sign(&guard, &block(1, b'x'));
    std::thread::scope(|threads| {
        // A signer without our limits that stops in its turn.
        let hold = "BEGIN; SELECT * FROM opsign_guard.head FOR UPDATE; SELECT pg_sleep(8); COMMIT";
        let holder = threads.spawn(|| cluster.sql("guard", hold));
        let held = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' \
                    AND pid <> pg_backend_pid() AND wait_event = 'PgSleep'";
        eventually("the lock is held", || cluster.sql("guard", held) == "1");
        let decision = guard.reserve(&block(2, b'x')).wait();
        assert!(matches!(decision, Decision::Failed(Failure::Unavailable)), "{decision:?}");
        assert_eq!(outcome(&guard, &block(1, b'x')), Outcome::Stored);
        holder.join().unwrap();
    });
    assert_eq!(ask(&guard, &block(2, b'x')), Outcome::Signed);
}

#[test]
fn passwords_and_certificates() {
    let mut cluster = Cluster::new();
    let folder = tempfile::tempdir().unwrap();
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let stranger = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let ca = file("ca.pem", &certified.cert.pem());
    let other = file("other.pem", &stranger.cert.pem());
    let password = file("password", "correct horse\n");
    let wrong = file("wrong", "battery staple\n");
    cluster.sql("postgres", "CREATE ROLE signer LOGIN SUPERUSER PASSWORD 'correct horse'");
    cluster.sql("postgres", "CREATE DATABASE guard");
    cluster.keep("server.crt", &certified.cert.pem());
    cluster.keep("server.key", &certified.signing_key.serialize_pem());
    cluster.keep(
        "pg_hba.conf",
        "local all postgres trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
    );
    cluster.set("ssl = on");
    cluster.stop();
    let port = cluster.listen();
    cluster.start_with(&["-c", "listen_addresses=127.0.0.1"]);
    let try_with = |host: &str, password, ca| {
        let url = format!("postgres://signer@{host}:{port}/guard");
        let address = Address { url, password_file: password, ca };
        let postgres = Postgres::new(&address).map_err(|error| error.to_string())?;
        let mut store = Store::shared(Box::new(postgres), Postgres::PATIENCE);
        store.verify().map(drop).map_err(|error| error.to_string())
    };
    let (ca, password) = (Some(ca), Some(password));
    let found = try_with("localhost", password.clone(), ca.clone()).unwrap_err();
    assert!(found.contains("no record at"), "{found}");
    let found = try_with("localhost", Some(wrong), ca.clone()).unwrap_err();
    assert!(found.contains("password authentication failed"), "{found}");
    let found = try_with("localhost", None, ca.clone()).unwrap_err();
    assert!(found.contains("password missing"), "{found}");
    // A server that another CA vouches for, one of another name, and none without TLS.
    let found = try_with("localhost", password.clone(), Some(other)).unwrap_err();
    assert!(found.contains("invalid peer certificate"), "{found}");
    let found = try_with("127.0.0.1", password.clone(), ca).unwrap_err();
    assert!(found.contains("not valid for name"), "{found}");
    let found = try_with("127.0.0.1", password, None).unwrap_err();
    assert!(found.contains("no pg_hba.conf entry"), "{found}");
}

#[test]
fn addresses_that_are_not_used() {
    let refused = |url: &str, ca: Option<&str>| {
        let address = Address { url: url.into(), password_file: None, ca: ca.map(Into::into) };
        Postgres::new(&address).err().unwrap_or_else(|| panic!("{url} is taken")).to_string()
    };
    assert!(refused("postgres://a:secret@localhost/d", None).contains("write it to a file"));
    assert!(!refused("postgres://a:secret@localhost/d?bad=1", None).contains("secret"));
    assert!(refused("postgres://a@db.example/d", None).contains("another machine"));
    assert!(refused("postgres://a@localhost,db.example/d", None).contains("another machine"));
    let plain = refused("postgres://a@db.example/d?sslmode=disable", Some("ca.pem"));
    assert!(plain.contains("another machine"));
    assert!(refused("postgres://localhost/d", None).contains("no user or no database"));
    assert!(refused("postgres://a@localhost", None).contains("no user or no database"));
    assert!(refused("postgres:///d?user=a", None).contains("no host"));
    assert!(refused("postgres://a@db.example/d", Some("missing.pem")).contains("missing.pem"));
}
