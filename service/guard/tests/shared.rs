//! Several guards on one record: races, lost connections, and a server that is not what it was.
//! The ledger is one in memory; `service/guard-postgres/tests` does the same with PostgreSQL.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::disk::Disk;
use common::ledger::{Data, Database, LOSSES, Loss};
use common::*;
use opsign_guard::*;

fn anchored(database: &Database, disk: &Disk) -> Store {
    database.store().with_anchor(Box::new(FileAnchor::new(disk.io(), "/anchor/value")), 4)
}

fn two() -> (Database, Guard, Guard) {
    let database = Database::default();
    database.store().init().unwrap();
    let (a, b) = (open(database.store()), open(database.store()));
    (database, a, b)
}

fn eventually(what: &str, is: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is() {
        assert!(Instant::now() < end, "not in 20 s: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Asks until the answer is not that there is none.
fn ask(guard: &Guard, request: &Request) -> Outcome {
    for _ in 0..400 {
        match outcome(guard, request) {
            Outcome::Failed => std::thread::sleep(Duration::from_millis(5)),
            other => return other,
        }
    }
    panic!("no answer in 400 attempts")
}

#[test]
fn what_one_records_the_other_knows() {
    let (_database, a, b) = two();
    assert_eq!(outcome(&a, &block(1, b'x')), Outcome::Signed);
    assert_eq!(outcome(&b, &block(1, b'y')), Outcome::Refused("slot_taken"));
    assert!(matches!(outcome(&b, &block(1, b'x')), Outcome::Signed | Outcome::Stored));
    assert_eq!(outcome(&b, &block(2, b'x')), Outcome::Signed);
    assert_eq!(outcome(&a, &block(2, b'y')), Outcome::Refused("slot_taken"));
    assert!(a.knows(&blocks(), &block(2, b'x').digest()));
    assert_eq!(outcome(&a, &block(3, b'y')), Outcome::Refused("parent_mismatch"));
    // Signatures come along without being asked for.
    assert_eq!(outcome(&b, &block(3, b'x')), Outcome::Signed);
    eventually("the signature is known", || {
        a.look_for(&block(3, b'x')).is_some_and(|found| found == Outcome::Stored)
    });
}

trait LookFor {
    fn look_for(&self, request: &Request) -> Option<Outcome>;
}

impl LookFor for Guard {
    /// The answer to a request that may be a reservation, which is given back.
    fn look_for(&self, request: &Request) -> Option<Outcome> {
        match self.reserve(request).wait() {
            Decision::Stored(_) => Some(Outcome::Stored),
            _ => None,
        }
    }
}

#[test]
fn of_three_at_once_one_is_granted() {
    let database = Database::default();
    database.store().init().unwrap();
    let guards: Vec<Guard> = (0..3).map(|_| open(database.store())).collect();
    let mut grants = 0;
    for number in (0..600).step_by(2) {
        let signed: usize = std::thread::scope(|threads| {
            let asking: Vec<_> = (guards.iter().zip(*b"xyz"))
                .map(|(guard, fork)| {
                    threads.spawn(move || outcome(guard, &block(number, fork)) == Outcome::Signed)
                })
                .collect();
            asking.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
        });
        assert_eq!(signed, 1, "height {number}");
        grants += signed;
    }
    assert_eq!(grants, 300);
}

#[test]
fn one_commit_per_batch_and_none_for_a_repeated_request() {
    let database = Database::default();
    database.store().init().unwrap();
    let guard = open(database.store());
    for number in 1..=20 {
        let before = guard.figures().syncs;
        let first = reserved(guard.reserve(&block(number, b'x')));
        // The signature of the one before may have been written in between.
        assert!((1..=2).contains(&(guard.figures().syncs - before)), "height {number}");
        finish(first);
    }
    eventually("all signatures are written", || {
        let count = guard.figures().records;
        std::thread::sleep(Duration::from_millis(450));
        guard.figures().records == count
    });
    let before = (guard.figures().syncs, database.commits());
    for number in 1..=20 {
        assert_eq!(outcome(&guard, &block(number, b'x')), Outcome::Stored);
        assert_eq!(outcome(&guard, &block(number, b'y')), Outcome::Refused("slot_taken"));
    }
    assert_eq!((guard.figures().syncs, database.commits()), before);
}

#[test]
fn a_switch_at_one_signer_holds_at_the_other() {
    let (_database, a, b) = two();
    let rules = || RuleSet::blocks_strict().with(Rule::Lease);
    a.configure(blocks(), rules()).unwrap();
    b.configure(blocks(), rules()).unwrap();
    a.switch(&blocks(), &client("a"), None, Duration::ZERO, NOW).unwrap();
    assert_eq!(outcome(&a, &block_of("a", 1, b'x')), Outcome::Signed);
    let lease = b.switch(&blocks(), &client("b"), None, Duration::ZERO, NOW).unwrap();
    assert_eq!((lease.epoch, lease.holder), (2, Some(client("b"))));
    // A repeated request of the old client's is refused where its signature is known, too.
    assert_eq!(outcome(&a, &block_of("a", 1, b'x')), Outcome::Refused("not_holder"));
    assert_eq!(outcome(&a, &block_of("a", 2, b'x')), Outcome::Refused("not_holder"));
    assert_eq!(outcome(&a, &block_of("b", 2, b'x')), Outcome::Signed);
}

#[test]
fn a_hash_in_flight_is_fenced_by_a_switch_at_another_signer() {
    let (_database, a, b) = two();
    a.configure(blocks(), RuleSet::blocks_hash_only(2_000)).unwrap();
    b.configure(blocks(), RuleSet::blocks_hash_only(2_000)).unwrap();
    a.switch(&blocks(), &client("a"), None, Duration::ZERO, NOW).unwrap();
    let reservation = reserved(a.reserve(&hash_only("a", NOW, 1, b'x')));
    let signature = opsign_core::Signer::sign(&key(), reservation.hash()).unwrap();
    b.switch(&blocks(), &client("b"), None, Duration::ZERO, NOW).unwrap();
    assert_eq!(reservation.complete(&signature), Err(NotReleased::Fenced));
    // And without one in between it is released.
    let reservation = reserved(b.reserve(&hash_only("b", NOW, 2, b'x')));
    finish(reservation);
    assert_eq!(outcome(&a, &hash_only("b", NOW, 2, b'x')), Outcome::Stored);
}

#[test]
fn lost_connections_lose_nothing() {
    let mut lost = 0;
    for trace in 0..20 {
        let mut dice = Dice(trace);
        let (database, a, b) = two();
        let mut signed: HashMap<u64, Digest> = HashMap::new();
        for number in 0..40 {
            if dice.roll(2) == 0 {
                database.lose(LOSSES[dice.roll(5) as usize]);
            }
            let fork = b"xy"[dice.roll(2) as usize];
            let guards = [&a, &b];
            let request = block(number * 2, fork);
            let first = guards[dice.roll(2) as usize];
            if ask(first, &request) == Outcome::Signed {
                assert_eq!(signed.insert(number * 2, request.digest()), None);
            }
            let other = block(number * 2, fork ^ 1);
            let answer = ask(guards[dice.roll(2) as usize], &other);
            assert_eq!(answer, Outcome::Refused("slot_taken"), "trace {trace}, {number}");
        }
        lost += 20 - database.forgive().min(20);
        drop((a, b));
        let c = open(database.store());
        assert_eq!(signed.len(), 40);
        for (number, digest) in signed {
            assert!(c.knows(&blocks(), &digest), "trace {trace}: {number}");
        }
    }
    println!("{lost} connections lost");
    assert!(lost > 200, "only {lost}");
}

#[test]
fn a_commit_that_nobody_heard_of_is_found() {
    for loss in [Loss::Before, Loss::After] {
        let (database, a, b) = two();
        assert_eq!(outcome(&a, &block(1, b'x')), Outcome::Signed);
        database.lose(loss);
        assert_eq!(outcome(&a, &block(2, b'x')), Outcome::Signed, "{loss:?}");
        assert_eq!(database.forgive(), 0);
        assert_eq!(outcome(&b, &block(2, b'y')), Outcome::Refused("slot_taken"));
    }
}

#[test]
fn an_outage_is_answered_and_passes() {
    let (database, a, _b) = two();
    assert_eq!(outcome(&a, &block(1, b'x')), Outcome::Signed);
    database.set_down(true);
    let decision = a.reserve(&block(2, b'x')).wait();
    assert!(matches!(decision, Decision::Failed(Failure::Unavailable)), "{decision:?}");
    assert!(matches!(a.set_floor(&blocks(), 1, NOW), Err(StoreError::Unavailable)));
    // What needs no record is answered all the same.
    assert_eq!(outcome(&a, &block(1, b'x')), Outcome::Stored);
    assert!(a.figures().unavailable && !a.figures().closed);
    database.set_down(false);
    assert_eq!(ask(&a, &block(2, b'x')), Outcome::Signed);
    eventually("it is available", || !a.figures().unavailable);
}

/// What is done to the server, and what a running guard and one that starts then say.
#[test]
fn a_server_that_is_not_what_it_was_is_noticed() {
    type Change = fn(&mut Data, &Data);
    type Check = fn(&StoreError) -> bool;
    let cases: [(&str, Change, Check); 7] = [
        (
            "an older copy",
            |data, old| *data = old.clone(),
            |e| matches!(e, StoreError::Older { .. }),
        ),
        (
            "another history of the same length",
            |data, _| {
                let other = Database::default();
                other.store().init().unwrap();
                let guard = open(other.store());
                let mut number = 100;
                while other.data().head.sequence < data.head.sequence {
                    sign(&guard, &block(number, b'z'));
                    number += 1;
                }
                drop(guard);
                let (store, found) = (data.head.store, other.data());
                *data = found;
                data.head.store = store;
            },
            |e| matches!(e, StoreError::Diverged { .. }),
        ),
        (
            "another record",
            |data, _| data.head.store = [9; 16],
            |e| matches!(e, StoreError::Diverged { .. }),
        ),
        (
            "another cluster",
            |data, _| data.head.cluster.system = 2,
            |e| matches!(e, StoreError::OtherCluster { was: 1, is: 2 }),
        ),
        (
            "a promoted standby",
            |data, _| data.head.cluster.timeline = 2,
            |e| matches!(e, StoreError::OtherTimeline { was: 1, is: 2 }),
        ),
        (
            "an old primary",
            |data, _| data.head.cluster.timeline = 0,
            |e| matches!(e, StoreError::OtherTimeline { was: 1, is: 0 }),
        ),
        (
            "last rows deleted",
            |data, _| data.cells.truncate(data.cells.len() - 2),
            |e| matches!(e, StoreError::Damaged { .. } | StoreError::Diverged { .. }),
        ),
    ];
    for (name, change, check) in cases {
        let (database, disk) = (Database::default(), Disk::default());
        anchored(&database, &disk).init().unwrap();
        let guard = open(anchored(&database, &disk));
        sign(&guard, &block(1, b'x'));
        let old = database.data();
        for number in 2..8 {
            sign(&guard, &block(number, b'x'));
        }
        let mut data = database.data();
        change(&mut data, &old);
        database.set_down(true);
        database.restore(data);
        database.set_down(false);
        if name != "last rows deleted" {
            eventually(name, || guard.figures().closed);
            let trouble = guard.trouble().unwrap();
            assert!(check(&trouble), "{name}: {trouble}");
            let decision = guard.reserve(&block(50, b'x')).wait();
            assert!(matches!(decision, Decision::Failed(Failure::NotTheRecord)), "{decision:?}");
        }
        drop(guard);
        let started = Guard::open(anchored(&database, &disk), NOW).err().unwrap();
        assert!(check(&started), "{name} at the start: {started}");
        if let StoreError::OtherTimeline { .. } = started {
            let floors = HashMap::from([(blocks(), 20)]);
            anchored(&database, &disk).recover(&floors, NOW).unwrap();
            let guard = open(anchored(&database, &disk));
            assert_eq!(outcome(&guard, &block(19, b'y')), Outcome::Refused("below_floor"));
            assert_eq!(outcome(&guard, &block(20, b'y')), Outcome::Signed);
        }
    }
}

#[test]
fn a_standby_that_commits_waited_for_may_take_over() {
    let database = Database::default();
    database.store().init().unwrap();
    let synchronous = |timeline| {
        let mut data = database.data();
        data.head.cluster = Cluster { system: 1, timeline, synchronous: true };
        database.restore(data);
    };
    synchronous(1);
    let guard = open(database.store());
    sign(&guard, &block(1, b'x'));
    synchronous(2);
    assert_eq!(ask(&guard, &block(2, b'x')), Outcome::Signed);
    synchronous(1);
    eventually("the old primary is refused", || guard.figures().closed);
}

#[test]
fn a_record_is_compacted_while_signers_run() {
    let (database, disk) = (Database::default(), Disk::default());
    anchored(&database, &disk).init().unwrap();
    let (a, b) = (open(anchored(&database, &disk)), open(database.store()));
    for number in 1..=10 {
        sign(&a, &block(number, b'x'));
    }
    let before = database.store().verify().unwrap();
    let after = database.store().compact(NOW).unwrap();
    assert!(after.base >= before.sequence && after.sequence > after.base);
    assert_eq!(outcome(&a, &block(10, b'y')), Outcome::Refused("slot_taken"));
    assert_eq!(outcome(&b, &block(11, b'x')), Outcome::Signed);
    assert_eq!(outcome(&a, &block(12, b'x')), Outcome::Signed);
    drop((a, b));
    let guard = open(anchored(&database, &disk));
    assert_eq!(outcome(&guard, &block(12, b'y')), Outcome::Refused("slot_taken"));
    // The same after a move into a file.
    let export = database.store().export(NOW).unwrap();
    let own = Disk::default();
    Store::with_io("/g", own.io()).import(&export).unwrap();
    let guard = open(Store::with_io("/g", own.io()));
    assert_eq!(outcome(&guard, &block(12, b'y')), Outcome::Refused("slot_taken"));
}

#[test]
fn another_signer_joins_once_and_an_anchor_has_one_writer() {
    let (database, one, other) = (Database::default(), Disk::default(), Disk::default());
    anchored(&database, &one).init().unwrap();
    assert!(matches!(anchored(&database, &other).init(), Err(StoreError::Exists { .. })));
    let started = Guard::open(anchored(&database, &other), NOW).err().unwrap();
    assert!(matches!(started, StoreError::AnchorMissing), "{started}");
    anchored(&database, &other).join().unwrap();
    assert!(matches!(anchored(&database, &other).join(), Err(StoreError::Exists { .. })));
    let guard = open(anchored(&database, &other));
    sign(&guard, &block(1, b'x'));
    let own = Store::with_io("/g", Disk::default().io()).join();
    assert!(matches!(own, Err(StoreError::NotShared)));
    let missing = Guard::open(Database::default().store(), NOW).err().unwrap();
    assert!(matches!(missing, StoreError::Missing { .. }));
}

#[test]
fn an_anchor_is_claimed_by_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::default();
    let anchor = || FileAnchor::new(Arc::new(SystemIo), folder.path().join("anchor"));
    let store = || database.store().with_anchor(Box::new(anchor()), 1);
    store().init().unwrap();
    let guard = open(store());
    let second = Guard::open(store(), NOW).err().unwrap();
    assert!(matches!(second, StoreError::Locked { .. }), "{second}");
    drop(guard);
    drop(open(store()));
}
