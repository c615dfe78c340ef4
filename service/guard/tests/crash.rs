//! Every state that a crash may leave of a thousand random histories: all that was released is in
//! the record, no slot holds two digests, and the record opens.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use common::disk::{Disk, Image};
use common::*;
use opsign_guard::*;

const TRACES: u64 = 1_000;

/// How often a checkpoint is due. With `SELDOM` none is, and a trace is the same in every run.
const SELDOM: u64 = 1 << 32;
const OFTEN: u64 = 2;

/// A signature that could leave the guard when so many operations on the disk had been done.
struct Released {
    after: usize,
    digest: Digest,
}

fn store(disk: &Disk, every: u64) -> Store {
    let anchor = FileAnchor::new(disk.io(), "/anchor/value");
    Store::with_io("/g", disk.io()).with_anchor(Box::new(anchor), 3).checkpoint_every(every)
}

/// Some life of a signer: requests alone and at once, repeated, contradicted and given up;
/// switches, tickets, floors, restarts and compactions.
fn live(dice: &mut Dice, every: u64) -> (Disk, Vec<Released>) {
    let disk = Disk::default();
    let mut released = Vec::new();
    store(&disk, every).init().unwrap();
    let (mut height, mut fork) = (10, b'a');
    for _ in 0..1 + dice.roll(2) {
        let guard = open(store(&disk, every));
        for _ in 0..1 + dice.roll(3) {
            let mut requests = Vec::new();
            for _ in 0..1 + dice.roll(4) {
                height += [0, 1, 1, 1, 2][dice.roll(5) as usize];
                let other = [fork, fork, fork, b'z'][dice.roll(4) as usize];
                let name = ["a", "b"][dice.roll(2) as usize];
                requests.push(block_of(name, height, other));
            }
            let pending: Vec<Pending> = requests.iter().map(|one| guard.reserve(one)).collect();
            for (pending, request) in pending.into_iter().zip(&requests) {
                let digest = request.digest();
                let decision = pending.wait();
                // Whoever has a reservation may have a signature the next moment.
                let after = disk.ops();
                match decision {
                    Decision::Reserved(reservation) if dice.roll(6) == 0 => drop(reservation),
                    Decision::Reserved(reservation) => {
                        finish(reservation);
                        released.push(Released { after, digest });
                    }
                    Decision::Stored(_) => released.push(Released { after, digest }),
                    _ => {}
                }
            }
            match dice.roll(8) {
                0 => drop(guard.switch(&blocks(), &client("b"), None, Duration::ZERO, NOW)),
                1 => drop(guard.set_floor(&blocks(), height, NOW)),
                2 => {
                    let tip = guard.status()[0].tip.unwrap_or(height);
                    fork += 1;
                    height = tip;
                    let ticket = Ticket {
                        id: Hex([fork; 16]),
                        fork: tip,
                        payload_hash: Some(Hex(*payload_hash(tip, fork).as_bytes())),
                        parent_hash: Some(block_hash(tip - 1, fork)),
                        max_depth: 9,
                        not_after: NOW,
                        reason: "test".into(),
                    };
                    guard.issue(&blocks(), ticket, NOW).unwrap();
                }
                _ => {}
            }
        }
        drop(guard);
        if dice.roll(3) == 0 {
            store(&disk, every).compact(NOW).unwrap();
        }
    }
    (disk, released)
}

/// What is on record, and that it holds together.
fn check(image: Image, released: &[Released], done: usize, from_start: bool) -> bool {
    let disk = Disk::of(image);
    let mut store = store(&disk, SELDOM);
    let export = match store.export(NOW) {
        Ok(export) => export,
        // Before the first record is whole there is nothing to protect.
        Err(StoreError::Missing { .. } | StoreError::AnchorMissing) if !from_start => {
            assert!(released.iter().all(|released| released.after > done));
            return false;
        }
        Err(error) => panic!("after {done} operations: {error}"),
    };
    let mut on_record = HashSet::new();
    let mut slots = HashMap::new();
    for record in &export.records {
        match record {
            Record::Reserve(reserve) => {
                on_record.insert(reserve.digest);
                let slot = reserve.facts.slot().unwrap();
                let other = slots.insert((reserve.scope, slot), reserve.digest);
                assert_eq!(other, None, "two digests at {slot}");
            }
            Record::Superseded { digest, .. } => {
                on_record.insert(*digest);
            }
            _ => {}
        }
    }
    for released in released.iter().filter(|released| released.after <= done) {
        assert!(on_record.contains(&released.digest), "{} was forgotten", released.digest);
    }
    true
}

/// What was met in all traces.
#[derive(Debug, Default)]
struct Met {
    states: u64,
    opened: u64,
    from_checkpoint: u64,
    releases: u64,
    asked: u64,
}

fn crash(traces: u64, every: u64, ask_each: u64) -> Met {
    let mut met = Met::default();
    let made = first_record();
    for trace in 0..traces {
        let mut dice = Dice(trace);
        let (disk, released) = live(&mut dice, every);
        met.releases += released.len() as u64;
        disk.crashes(&mut dice, &mut |done, image| {
            met.states += 1;
            let again = met.states.is_multiple_of(ask_each).then(|| image.clone());
            let checkpoint = image.names.contains_key(Path::new("/g/checkpoint"));
            if !check(image, &released, done, done >= made) {
                return;
            }
            met.opened += 1;
            // Now and then with a whole guard, that must neither forget nor contradict.
            if let Some(image) = again {
                met.from_checkpoint += u64::from(checkpoint);
                met.asked += ask(image, &released, done);
            }
        });
    }
    println!("{traces} traces: {met:?}");
    met
}

#[test]
fn every_crash_state_of_a_thousand_traces() {
    let met = crash(TRACES, SELDOM, 97);
    assert!(met.states > 100_000 && met.opened > 100_000, "{met:?}");
    assert!(met.releases > 4_000 && met.asked > 5_000, "{met:?}");
}

/// The thread that makes them is not the one that answers, so where they fall differs from run to
/// run.
#[test]
fn every_crash_state_of_a_hundred_traces_with_checkpoints() {
    let met = crash(TRACES / 10, OFTEN, 11);
    assert!(met.states > 10_000 && met.opened > 10_000, "{met:?}");
    assert!(met.from_checkpoint > 300 && met.asked > 1_000, "{met:?}");
}

/// After how many operations the first record is whole, and its folder and anchor durable.
fn first_record() -> usize {
    let fresh = Disk::default();
    store(&fresh, SELDOM).init().unwrap();
    fresh.ops()
}

fn ask(image: Image, released: &[Released], done: usize) -> u64 {
    let disk = Disk::of(image);
    let guard = open(store(&disk, SELDOM));
    let known = released.iter().filter(|released| released.after <= done);
    let mut asked = 0;
    for released in known {
        asked += 1;
        assert!(guard.knows(&blocks(), &released.digest) || superseded(&disk, &released.digest));
    }
    let tip = guard.status().first().and_then(|status| status.tip);
    if let Some(tip) = tip {
        let other = outcome(&guard, &block(tip, b'!'));
        assert!(matches!(other, Outcome::Refused(_)), "a second digest at {tip}: {other:?}");
    }
    asked
}

fn superseded(disk: &Disk, digest: &Digest) -> bool {
    let copy = Disk::of(disk.image());
    let export = store(&copy, SELDOM).export(NOW).unwrap();
    export.records.iter().any(|record| {
        matches!(record, Record::Superseded { digest: given_up, .. } if given_up == digest)
    })
}
