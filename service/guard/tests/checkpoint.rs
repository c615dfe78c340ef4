//! An opening from a checkpoint knows what one that reads everything knows; what it did not read is
//! checked behind it; and a checkpoint that is damaged, old, foreign or false does no harm.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use common::disk::{Disk, Image};
use common::*;
use opsign_guard::*;
use sha2::{Digest as _, Sha256};

const BLOCKS: u64 = 60;

fn store(disk: &Disk) -> Store {
    Store::with_io("/g", disk.io()).checkpoint_every(50)
}

fn anchored(disk: &Disk) -> Store {
    store(disk).with_anchor(Box::new(FileAnchor::new(disk.io(), "/anchor/value")), 1_000)
}

/// Waits for another thread.
fn until(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "it did not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A record with a checkpoint and some events behind it.
fn sixty_blocks(store: fn(&Disk) -> Store) -> Disk {
    let disk = Disk::default();
    store(&disk).init().unwrap();
    let guard = open(store(&disk));
    for number in 1..=BLOCKS {
        sign(&guard, &block(number, b'x'));
    }
    until(|| guard.figures().checkpoints > 0);
    sign(&guard, &block(BLOCKS + 1, b'x'));
    assert!(guard.figures().checked, "it was read as a whole");
    disk
}

/// Whether the guard in this image knows everything and says so, and whether it opened from the
/// checkpoint.
fn knows_all(image: Image, store: fn(&Disk) -> Store) -> bool {
    let disk = Disk::of(image);
    let report = store(&disk).verify().unwrap();
    let whole = report.sequence - report.base + 1;
    let guard = open(store(&disk));
    let from_checkpoint = guard.figures().read < whole;
    for number in 1..=BLOCKS + 1 {
        assert_eq!(outcome(&guard, &block(number, b'x')), Outcome::Stored, "{number}");
    }
    assert_eq!(outcome(&guard, &block(7, b'y')), Outcome::Refused("slot_taken"));
    assert_eq!(outcome(&guard, &block(BLOCKS + 2, b'x')), Outcome::Signed);
    until(|| guard.figures().checked);
    assert!(guard.trouble().is_none() && !guard.figures().closed);
    from_checkpoint
}

/// Opens, waits until the part that was not read turns out to be bad, and says how.
fn found_behind(disk: &Disk) -> String {
    let guard = open(store(disk));
    until(|| guard.figures().closed);
    assert_eq!(outcome(&guard, &block(BLOCKS + 2, b'x')), Outcome::Failed, "nothing new");
    assert!(!guard.figures().checked);
    guard.trouble().unwrap().name().into()
}

#[test]
fn an_opening_reads_what_is_behind_the_checkpoint_and_checks_the_rest() {
    assert!(knows_all(sixty_blocks(store).image(), store));
    assert!(knows_all(sixty_blocks(anchored).image(), anchored));

    // A bit before the checkpoint is not read by the opening, and found after it.
    let disk = sixty_blocks(store);
    disk.damage("/g/log", 256 * 5 + 30);
    assert_eq!(found_behind(&disk), "damaged");
    let verified = store(&disk).verify();
    assert!(matches!(verified, Err(StoreError::Damaged { sequence: 5, .. })), "{verified:?}");

    // One behind the checkpoint is found by the opening.
    let disk = sixty_blocks(store);
    let end = store(&Disk::of(disk.image())).verify().unwrap().sequence as usize;
    disk.damage("/g/log", 256 * (end - 1) + 30);
    let opened = Guard::open(store(&disk), NOW).map(drop);
    assert!(matches!(opened, Err(StoreError::Damaged { .. })), "{opened:?}");
}

#[test]
fn a_damaged_checkpoint_is_not_used() {
    let whole = sixty_blocks(store).image();
    let len = whole.clone().file("/g/checkpoint").len();
    let mut tried = 0;
    for byte in (0..len).step_by(13).chain(len - 40..len) {
        let mut image = whole.clone();
        image.file("/g/checkpoint")[byte] ^= 1 << (byte % 8);
        assert!(!knows_all(image, store), "byte {byte}");
        tried += 1;
    }
    for cut in [0, 1, 80, 80 + 198, 80 + 198 * 7 + 32, len - 198, len - 1] {
        let mut image = whole.clone();
        image.file("/g/checkpoint").truncate(cut);
        assert!(!knows_all(image, store), "cut at {cut}");
        tried += 1;
    }
    let mut image = whole;
    image.names.retain(|path, _| !path.ends_with("checkpoint"));
    assert!(!knows_all(image, store));
    assert!(tried > 500, "{tried}");
}

#[test]
fn a_checkpoint_notices_an_older_copy_of_its_record() {
    let disk = sixty_blocks(store);
    let mut image = disk.image();
    image.file("/g/log").truncate(256 * 20);
    let disk = Disk::of(image);
    for _ in 0..2 {
        let opened = Guard::open(store(&disk), NOW).map(drop);
        assert!(matches!(opened, Err(StoreError::Older { record: 19, .. })), "{opened:?}");
        assert!(matches!(store(&disk).verify(), Err(StoreError::Older { .. })));
    }
    // An operator who knows how far the key has signed goes on from it.
    let floors = HashMap::from([(blocks(), BLOCKS + 2), (transactions(), 0)]);
    store(&disk).recover(&floors, NOW).unwrap();
    let guard = open(store(&disk));
    assert_eq!(outcome(&guard, &block(BLOCKS + 1, b'y')), Outcome::Refused("below_floor"));
    assert_eq!(outcome(&guard, &block(BLOCKS + 2, b'x')), Outcome::Signed);
}

#[test]
fn an_anchor_is_compared_with_what_is_before_the_checkpoint_too() {
    let disk = Disk::default();
    anchored(&disk).init().unwrap();
    let guard = open(anchored(&disk));
    let old = disk.image().file("/anchor/value").clone();
    for number in 1..=BLOCKS + 1 {
        sign(&guard, &block(number, b'x'));
    }
    until(|| guard.figures().checkpoints > 0);
    drop(guard);
    // Of this run's beginning, so from before the checkpoint.
    let mut image = disk.image();
    *image.file("/anchor/value") = old;
    assert!(knows_all(image.clone(), anchored));
    // Another link at the event that it remembers.
    image.file("/anchor/value")[40] ^= 1;
    let opened = Guard::open(anchored(&Disk::of(image)), NOW).map(drop);
    assert!(matches!(opened, Err(StoreError::Diverged { .. })), "{opened:?}");
}

#[test]
fn a_checkpoint_of_another_record_is_not_used() {
    let (one, other) = (sixty_blocks(store), sixty_blocks(store));
    let mut image = one.image();
    *image.file("/g/checkpoint") = other.image().file("/g/checkpoint").clone();
    let opened = Guard::open(store(&Disk::of(image)), NOW).map(drop);
    assert!(matches!(opened, Err(StoreError::Diverged { .. })), "{opened:?}");

    // Nor of another continuation of this one.
    let disk = Disk::default();
    store(&disk).init().unwrap();
    drop(open(store(&disk)));
    let other = Disk::of(disk.image());
    for (disk, fork) in [(&disk, b'x'), (&other, b'y')] {
        let guard = open(store(disk));
        (1..=BLOCKS).for_each(|number| {
            sign(&guard, &block(number, fork));
        });
        until(|| guard.figures().checkpoints > 0);
    }
    let mut image = disk.image();
    *image.file("/g/checkpoint") = other.image().file("/g/checkpoint").clone();
    let opened = Guard::open(store(&Disk::of(image)), NOW).map(drop);
    assert!(matches!(opened, Err(StoreError::Diverged { .. })), "{opened:?}");
}

/// It vouches for itself, so one that is whole and lies is opened from. The check behind finds it.
#[test]
fn a_false_checkpoint_is_found() {
    let disk = sixty_blocks(store);
    let mut image = disk.image();
    let bytes = image.file("/g/checkpoint");
    let signed = bytes.len() - 32;
    // The last record of its last scope: when a rate's bucket is full.
    bytes[signed - 198 + 12] ^= 1;
    let digest = Sha256::digest(&bytes[..signed]);
    bytes[signed..].copy_from_slice(&digest);
    assert_eq!(found_behind(&Disk::of(image)), "damaged");
}

#[test]
fn a_new_record_starts_without_the_old_ones_checkpoint() {
    let disk = sixty_blocks(store);
    store(&disk).compact(NOW).unwrap();
    assert!(!disk.image().names.keys().any(|path| path.ends_with("checkpoint")));
    assert!(!knows_all(disk.image(), store));

    let mut image = sixty_blocks(store).image();
    image.names.retain(|path, _| !path.ends_with("log"));
    let disk = Disk::of(image);
    assert!(matches!(Guard::open(store(&disk), NOW).map(drop), Err(StoreError::Missing { .. })));
    store(&disk).init().unwrap();
    drop(open(store(&disk)));
}

#[test]
fn the_next_checkpoint_is_made_from_the_last() {
    let disk = Disk::default();
    store(&disk).init().unwrap();
    let mut number = 0;
    for round in 0..4 {
        let guard = open(store(&disk));
        let read = guard.figures().read;
        assert!(round == 0 || read < number, "it read {read} events of some {}", 2 * number);
        // As many events as the last one holds records, and one to notice it.
        until(|| {
            number += 1;
            sign(&guard, &block(number, b'x'));
            guard.figures().checked && guard.figures().checkpoints > 0
        });
    }
    let report = store(&disk).verify().unwrap();
    assert_eq!(report.scopes[0].tip, Some(number));
}
