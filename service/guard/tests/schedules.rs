//! Orders of steps that a machine may never show: shuttle runs the engine's threads one step at a
//! time, thousands of times, in another order each (`scripts/schedules.sh`).
//!
//! Shuttle's waits never time out, so a wait that nobody ends is found as a deadlock.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opsign_core::Signer;
use opsign_guard::{Decision, Guard, RuleSet, Store};
use shuttle::thread;

use common::disk::Disk;
use common::{NOW, block_of, blocks, client, hash_only, key};

/// Schedules of each test.
const TIMES: usize = 3_000;

/// Random orders, and orders with few changes between threads, which find other faults.
fn every_order(test: impl Fn() + Send + Sync + Copy + 'static) {
    shuttle::check_random(test, TIMES);
    shuttle::check_pct(test, TIMES, 3);
}

fn guard(rules: RuleSet) -> Arc<Guard> {
    let disk = Disk::default();
    let store = || Store::with_io("/g", Arc::new(disk.clone()));
    store().init().unwrap();
    let guard = Guard::open(store(), NOW).unwrap();
    guard.configure(blocks(), rules).unwrap();
    Arc::new(guard)
}

/// Signs if it may; whether it got a signature.
fn ask(guard: &Guard, request: &opsign_guard::Request) -> bool {
    match guard.reserve(request).wait() {
        Decision::Reserved(reservation) => {
            let signature = key().sign(reservation.hash()).unwrap();
            reservation.complete(&signature).is_ok()
        }
        Decision::Stored(_) => true,
        Decision::Refused(_) => false,
        other => panic!("{other:?}"),
    }
}

fn rivals(guard: &Arc<Guard>) {
    let digests = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    // Two payloads for one height, the first asked for twice.
    let askers: Vec<_> = [0, 1, 0]
        .into_iter()
        .map(|fork| {
            let (guard, digests) = (Arc::clone(guard), Arc::clone(&digests));
            thread::spawn(move || {
                if ask(&guard, &block_of("a", 2, b'x' + fork)) {
                    digests[fork as usize].fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    askers.into_iter().for_each(|asker| asker.join().unwrap());
    let [first, second] = [&digests[0], &digests[1]].map(|count| count.load(Ordering::SeqCst));
    assert!(matches!((first, second), (2, 0) | (0, 1)), "{first} and {second} at one height");
}

#[test]
fn of_rivals_one_is_signed_and_everybody_is_answered() {
    every_order(|| rivals(&guard(RuleSet::blocks_strict())));
}

/// The same with the lock let go between check and record: so the test above can fail.
#[test]
#[should_panic(expected = "at one height")]
fn with_a_gap_between_check_and_record_both_are() {
    shuttle::check_random(
        || {
            let guard = guard(RuleSet::blocks_strict());
            guard.plant_gap(thread::yield_now);
            rivals(&guard);
        },
        TIMES,
    );
}

#[test]
fn a_request_that_is_given_up_hands_on_what_it_held() {
    every_order(|| {
        let guard = guard(RuleSet::blocks_strict());
        let one = {
            let guard = Arc::clone(&guard);
            thread::spawn(move || drop(guard.reserve(&block_of("a", 2, b'x'))))
        };
        let two = {
            let guard = Arc::clone(&guard);
            thread::spawn(move || match guard.reserve(&block_of("a", 2, b'x')).wait() {
                Decision::Reserved(reservation) => drop(reservation),
                Decision::Stored(_) => {}
                other => panic!("{other:?}"),
            })
        };
        assert!(ask(&guard, &block_of("a", 2, b'x')));
        one.join().unwrap();
        two.join().unwrap();
    });
}

/// A hash without a height belongs to the lease it was granted under, whether a switch waits for it
/// or not.
fn a_switch(patience: Duration) {
    every_order(move || {
        let guard = guard(RuleSet::blocks_hash_only(2_000));
        guard.switch(&blocks(), &client("a"), None, Duration::ZERO, NOW).unwrap();
        let moved = Arc::new(AtomicUsize::new(0));
        let old = {
            let (guard, moved) = (Arc::clone(&guard), Arc::clone(&moved));
            thread::spawn(move || {
                let request = hash_only("a", NOW, 2, b'x');
                if let Decision::Reserved(reservation) = guard.reserve(&request).wait() {
                    let signature = key().sign(reservation.hash()).unwrap();
                    let before = moved.load(Ordering::SeqCst);
                    let released = reservation.complete(&signature).is_ok();
                    assert!(!(released && before == 1), "released after the switch");
                }
            })
        };
        guard.switch(&blocks(), &client("b"), None, patience, NOW).unwrap();
        moved.store(1, Ordering::SeqCst);
        assert!(!ask(&guard, &hash_only("a", NOW, 3, b'y')), "the old holder was granted");
        assert!(ask(&guard, &hash_only("b", NOW, 4, b'z')), "the holder was not");
        old.join().unwrap();
    });
}

#[test]
fn after_a_switch_that_waits_only_the_holder_gets_signatures() {
    a_switch(Duration::from_secs(3600));
}

#[test]
fn after_a_switch_that_does_not_wait_neither() {
    a_switch(Duration::ZERO);
}

#[test]
fn an_end_in_the_middle_answers_everybody() {
    every_order(|| {
        let guard = guard(RuleSet::blocks_strict());
        let pending: Vec<_> =
            (0..3).map(|fork| guard.reserve(&block_of("a", 2 + fork, b'x'))).collect();
        let waiting = thread::spawn(move || {
            pending.into_iter().map(opsign_guard::Pending::wait).collect::<Vec<_>>().len()
        });
        drop(guard);
        assert_eq!(waiting.join().unwrap(), 3);
    });
}
