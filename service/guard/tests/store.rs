//! Nothing silently new: every way in which a record can be missing, old, damaged, shared or
//! unwritable, and what operators do to it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::disk::{Disk, Fault};
use common::*;
use opsign_guard::*;

fn plain(disk: &Disk) -> Store {
    Store::with_io("/g", disk.io())
}

fn anchored(disk: &Disk) -> Store {
    plain(disk).with_anchor(Box::new(FileAnchor::new(disk.io(), "/anchor/value")), 1_000)
}

/// A record with ten signed blocks, closed in order.
fn ten_blocks(store: fn(&Disk) -> Store) -> Disk {
    let disk = Disk::default();
    store(&disk).init().unwrap();
    let guard = open(store(&disk));
    for number in 1..=10 {
        sign(&guard, &block(number, b'x'));
    }
    drop(guard);
    disk
}

fn error(store: Store) -> StoreError {
    match Guard::open(store, NOW) {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[test]
fn a_missing_record_is_not_made() {
    let disk = Disk::default();
    assert!(matches!(error(plain(&disk)), StoreError::Missing { .. }));
    assert!(matches!(error(anchored(&disk)), StoreError::Missing { .. }));
    assert_eq!(disk.image().names.len(), 0);
    plain(&disk).init().unwrap();
    assert!(matches!(plain(&disk).init(), Err(StoreError::Exists { .. })));
    assert!(error(plain(&Disk::default())).to_string().contains("opsign guard init"));
}

#[test]
fn a_second_process_is_kept_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = || Store::new(folder.path());
    store().init().unwrap();
    let guard = open(store());
    assert!(matches!(error(store()), StoreError::Locked { .. }));
    assert!(matches!(store().verify(), Err(StoreError::Locked { .. })));
    drop(guard);
    drop(open(store()));
}

#[test]
fn an_older_copy_is_noticed() {
    let disk = Disk::default();
    anchored(&disk).init().unwrap();
    let guard = open(anchored(&disk));
    sign(&guard, &block(1, b'x'));
    let old = disk.image().file("/g/log").clone();
    sign(&guard, &block(2, b'x'));
    drop(guard);
    let mut image = disk.image();
    *image.file("/g/log") = old;
    let disk = Disk::of(image);
    assert!(matches!(error(anchored(&disk)), StoreError::Older { .. }));
    // Without an anchor nobody could know.
    drop(open(plain(&Disk::of(disk.image()))));

    // A floor for every scope, and it goes on, above it.
    let none = HashMap::new();
    assert!(matches!(anchored(&disk).recover(&none, NOW), Err(StoreError::FloorMissing { .. })));
    let floors = HashMap::from([(blocks(), 3), (transactions(), 0)]);
    anchored(&disk).recover(&floors, NOW).unwrap();
    let guard = open(anchored(&disk));
    assert_eq!(outcome(&guard, &block(2, b'y')), Outcome::Refused("below_floor"));
    assert_eq!(outcome(&guard, &block(3, b'x')), Outcome::Signed);
}

#[test]
fn an_anchor_belongs_to_one_record() {
    let (one, other) = (ten_blocks(anchored), ten_blocks(anchored));
    let mut image = one.image();
    *image.file("/anchor/value") = other.image().file("/anchor/value").clone();
    assert!(matches!(error(anchored(&Disk::of(image))), StoreError::Diverged { .. }));

    let mut image = one.image();
    image.names.retain(|path, _| !path.starts_with("/anchor"));
    assert!(matches!(error(anchored(&Disk::of(image))), StoreError::AnchorMissing));

    for at in 0..8 {
        let mut image = one.image();
        image.file("/anchor/value")[at] ^= 1;
        assert!(matches!(error(anchored(&Disk::of(image))), StoreError::AnchorDamaged));
    }

    // A record that is gone does not become a new one while its anchor is there.
    let mut image = one.image();
    image.names.retain(|path, _| path.starts_with("/anchor"));
    let disk = Disk::of(image);
    assert!(matches!(error(anchored(&disk)), StoreError::Missing { .. }));
    assert!(matches!(anchored(&disk).init(), Err(StoreError::Exists { .. })));
}

#[test]
fn two_continuations_of_one_record_are_told_apart() {
    let disk = Disk::default();
    anchored(&disk).init().unwrap();
    drop(open(anchored(&disk)));
    let fork = disk.image();
    let guard = open(anchored(&disk));
    sign(&guard, &block(1, b'x'));
    drop(guard);
    let other = Disk::of(fork);
    let guard = open(plain(&other));
    for number in 1..9 {
        sign(&guard, &block(number, b'y'));
    }
    drop(guard);
    let mut image = disk.image();
    *image.file("/g/log") = other.image().file("/g/log").clone();
    assert!(matches!(error(anchored(&Disk::of(image))), StoreError::Diverged { .. }));
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let disk = Disk::default();
    plain(&disk).init().unwrap();
    let guard = open(plain(&disk));
    for number in 1..=3 {
        sign(&guard, &block(number, b'x'));
    }
    drop(guard);
    let whole = plain(&Disk::of(disk.image())).verify().unwrap();
    let used = (whole.sequence as usize + 1) * 256;
    // All that was written, and some of the zeros that the file has grown by.
    let len = used + 1_024;
    assert!(len < disk.image().file("/g/log").len() && !whole.torn);
    let mut flips = 0;
    for byte in 0..len {
        // Behind the end one bit per byte is enough: there is nothing but zeros.
        for bit in 0..if byte < used { 8 } else { 1 } {
            let mut image = disk.image();
            image.file("/g/log")[byte] ^= 1 << bit;
            flips += 1;
            let found = plain(&Disk::of(image)).verify();
            if byte < 256 {
                assert!(matches!(found, Err(StoreError::NotARecord { .. })), "{byte}.{bit}");
            } else if byte < used {
                assert!(
                    matches!(found, Err(StoreError::Damaged { .. })),
                    "{byte}.{bit}: {found:?}"
                );
            } else {
                // Nothing was lost; the report says that something is behind the end.
                match found {
                    Ok(report) => {
                        assert!(report.torn, "{byte}.{bit}");
                        assert_eq!(report.head, whole.head);
                    }
                    Err(error) => assert!(matches!(error, StoreError::Damaged { .. }), "{byte}"),
                }
            }
        }
    }
    println!("{flips} flipped bits found");
    assert!(flips >= 8 * 11 * 256 + 1_024, "only {flips}");
}

#[test]
fn a_hole_in_the_middle_is_damage_and_not_a_torn_end() {
    let disk = ten_blocks(plain);
    let cells = plain(&Disk::of(disk.image())).verify().unwrap().sequence as usize;
    for cell in 1..cells - 2 {
        let mut image = disk.image();
        image.file("/g/log")[cell * 256..(cell + 1) * 256].fill(0);
        let found = plain(&Disk::of(image)).verify();
        assert!(matches!(found, Err(StoreError::Damaged { .. })), "cell {cell}: {found:?}");
    }
}

#[test]
fn a_full_disk_releases_nothing_and_closes_the_guard() {
    let disk = Disk::default();
    plain(&disk).init().unwrap();
    let guard = open(plain(&disk));
    let first = sign(&guard, &block(1, b'x'));
    disk.fail_next(Fault::Write);
    assert_eq!(outcome(&guard, &block(2, b'x')), Outcome::Failed);
    assert_eq!(outcome(&guard, &block(3, b'x')), Outcome::Failed);
    assert!(guard.figures().closed);
    assert!(matches!(guard.set_floor(&blocks(), 9, NOW), Err(StoreError::Closed)));
    // What is on record is still answered.
    assert!(
        matches!(guard.reserve(&block(1, b'x')).wait(), Decision::Stored(same) if same == first)
    );
    drop(guard);
    // With room again, a restart goes on where the record ends.
    let guard = open(plain(&Disk::of(disk.image())));
    // The first one's signature is written without haste: it may have been what found the disk full.
    assert!([Outcome::Stored, Outcome::Signed].contains(&outcome(&guard, &block(1, b'x'))));
    assert_eq!(outcome(&guard, &block(2, b'x')), Outcome::Signed);
}

static SYNC_FAILURES: AtomicU64 = AtomicU64::new(0);

#[test]
fn a_failed_sync_is_never_tried_again() {
    let disk = Disk::default();
    plain(&disk).init().unwrap();
    let count = |_: &std::io::Error| {
        SYNC_FAILURES.fetch_add(1, Ordering::SeqCst);
    };
    let guard = open(plain(&disk).on_sync_failure(count));
    sign(&guard, &block(1, b'x'));
    let before = disk.syncs();
    disk.fail_next(Fault::Sync);
    assert_eq!(outcome(&guard, &block(2, b'x')), Outcome::Failed);
    assert_eq!(outcome(&guard, &block(3, b'x')), Outcome::Failed);
    drop(guard);
    assert_eq!((SYNC_FAILURES.load(Ordering::SeqCst), disk.syncs()), (1, before));
}

#[test]
fn a_failed_sync_aborts_the_process() {
    // The test is its own child: the hook that ships is the one that aborts.
    const CHILD: &str = "OPSIGN_GUARD_TEST_ABORTS";
    if std::env::var_os(CHILD).is_some() {
        let disk = Disk::default();
        plain(&disk).init().unwrap();
        let guard = open(plain(&disk));
        disk.fail_next(Fault::Sync);
        drop(guard.reserve(&block(1, b'x')).wait());
        panic!("it went on");
    }
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_failed_sync_aborts_the_process", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr).into_owned();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.status), Some(6), "{said}");
    assert!(said.contains("could not be synced, aborting") && !said.contains("it went on"));
}

#[test]
fn one_sync_per_batch_and_none_for_a_repeated_request() {
    let disk = Disk::default();
    plain(&disk).init().unwrap();
    let guard = open(plain(&disk));
    for number in 1..=20 {
        let before = disk.syncs();
        let first = reserved(guard.reserve(&block(number, b'x')));
        assert_eq!(disk.syncs(), before + 1, "one sync for one request");
        let first = finish(first);
        for _ in 0..3 {
            let again = guard.reserve(&block(number, b'x')).wait();
            assert!(matches!(again, Decision::Stored(same) if same == first));
        }
        assert_eq!(outcome(&guard, &block(number, b'y')), Outcome::Refused("slot_taken"));
        assert_eq!(disk.syncs(), before + 1, "none for a repeated or a refused one");
    }
    let figures = guard.figures();
    assert_eq!((figures.syncs, figures.granted, figures.repeated), (20, 20, 60));
}

#[test]
fn stored_signatures_outlive_a_restart_and_abandoned_ones_can_be_taken_up() {
    let disk = Disk::default();
    plain(&disk).init().unwrap();
    let guard = open(plain(&disk));
    let first = sign(&guard, &block(1, b'x'));
    drop(reserved(guard.reserve(&block(2, b'x'))));
    drop(guard);
    let guard = open(plain(&Disk::of(disk.image())));
    assert!(
        matches!(guard.reserve(&block(1, b'x')).wait(), Decision::Stored(same) if same == first)
    );
    assert_eq!(outcome(&guard, &block(2, b'y')), Outcome::Refused("slot_taken"));
    assert_eq!(outcome(&guard, &block(2, b'x')), Outcome::Signed);
}

#[test]
fn a_repeated_request_waits_for_the_first() {
    let disk = Disk::default();
    plain(&disk).init().unwrap();
    let guard = open(plain(&disk));
    let first = reserved(guard.reserve(&block(1, b'x')));
    let later: Vec<Pending> = (0..5).map(|_| guard.reserve(&block(1, b'x'))).collect();
    let signature = finish(first);
    for pending in later {
        assert!(matches!(pending.wait(), Decision::Stored(same) if same == signature));
    }
    // If the first gives up, the second takes over and the rest wait for it.
    let first = reserved(guard.reserve(&block(2, b'x')));
    let second = guard.reserve(&block(2, b'x'));
    let third = guard.reserve(&block(2, b'x'));
    drop(first);
    let signature = finish(reserved(second));
    assert!(matches!(third.wait(), Decision::Stored(same) if same == signature));
}

#[test]
fn an_announced_payload_is_signed_by_its_hash() {
    let disk = Disk::default();
    plain(&disk).init().unwrap();
    let guard = open(plain(&disk));
    assert_eq!(outcome_of(guard.announce(&block(1, b'x'))), Outcome::Recorded);
    assert_eq!(outcome_of(guard.announce(&block(1, b'x'))), Outcome::Recorded);
    assert_eq!(outcome_of(guard.announce(&block(1, b'y'))), Outcome::Refused("slot_taken"));
    let syncs = disk.syncs();
    assert_eq!(outcome(&guard, &hash_only("a", NOW, 1, b'x')), Outcome::Signed);
    assert_eq!(disk.syncs(), syncs, "the announcement was the durable step");
}

#[test]
fn a_pending_answer_is_a_future() {
    struct Wake(std::thread::Thread);
    impl std::task::Wake for Wake {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let disk = Disk::default();
    plain(&disk).init().unwrap();
    let guard = open(plain(&disk));
    let mut pending = std::pin::pin!(guard.reserve(&block(1, b'x')));
    let waker = Arc::new(Wake(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let decision = loop {
        match pending.as_mut().poll(&mut context) {
            std::task::Poll::Ready(decision) => break decision,
            std::task::Poll::Pending => std::thread::park(),
        }
    };
    assert!(matches!(decision, Decision::Reserved(_)));
}

#[test]
fn what_is_exported_can_be_imported_as_json() {
    let disk = ten_blocks(plain);
    let guard = open(plain(&disk));
    guard.switch(&blocks(), &client("a"), None, std::time::Duration::ZERO, NOW).unwrap();
    guard.set_floor(&blocks(), 4, NOW).unwrap();
    let status = guard.status();
    drop(guard);
    let export = plain(&disk).export(NOW).unwrap();
    let json = serde_json::to_string_pretty(&export).unwrap();
    let read: Export = serde_json::from_str(&json).unwrap();
    assert_eq!(read, export);
    let new = Disk::default();
    plain(&new).import(&read).unwrap();
    assert!(matches!(plain(&new).import(&read), Err(StoreError::Exists { .. })));
    let guard = open(plain(&new));
    assert_eq!(guard.status(), status);
    assert_eq!(outcome(&guard, &block(10, b'x')), Outcome::Stored);
    assert_eq!(outcome(&guard, &block(10, b'y')), Outcome::Refused("slot_taken"));

    let mut twisted = read.clone();
    twisted.records.remove(0);
    let refused = plain(&Disk::default()).import(&twisted);
    assert!(matches!(refused, Err(StoreError::BadExport { .. })));
    let strange = Export { version: 2, ..read };
    let refused = plain(&Disk::default()).import(&strange);
    assert!(matches!(refused, Err(StoreError::BadExport { .. })));
}

#[test]
fn compaction_forgets_nothing_and_keeps_the_chain() {
    let disk = ten_blocks(anchored);
    let before = anchored(&disk).verify().unwrap();
    let after = anchored(&disk).compact(NOW).unwrap();
    assert_eq!((after.store, after.base), (before.store, before.sequence));
    assert_eq!(after.scopes, before.scopes);
    let mut image = disk.image();
    let archive = image.file(&format!("/g/log-{}", before.sequence)).clone();
    assert_eq!(archive.len(), (before.sequence as usize + 1) * 256);
    // The archive's last link stands in the new header.
    let link = &archive[archive.len() - 41..archive.len() - 9];
    assert_eq!(&image.file("/g/log")[17 + 36..17 + 68], link);
    let guard = open(anchored(&disk));
    assert_eq!(outcome(&guard, &block(10, b'x')), Outcome::Stored);
    assert_eq!(outcome(&guard, &block(11, b'x')), Outcome::Signed);
}
