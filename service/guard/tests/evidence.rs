//! A second block at a recorded height on evidence that the first one's L1 origin is gone: with
//! enough witnesses for exactly that, once, and never otherwise.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::disk::Disk;
use common::ledger::Database;
use common::*;
use opsign_guard::*;

/// An L1 block, by its number and a letter for its fork.
fn l1(number: u64, fork: u8) -> L1Origin {
    L1Origin { number, hash: block_hash(number, fork) }
}

/// A block whose parent has the same letter, on an L1 block.
fn on(number: u64, fork: u8, origin: L1Origin) -> Request {
    on_parent(number, fork, fork, origin)
}

fn on_parent(number: u64, fork: u8, parent: u8, origin: L1Origin) -> Request {
    let parent_hash = block_hash(number - 1, parent);
    let facts = BlockFacts { parent_hash, l1_origin: Some(origin), ..facts(number, fork) };
    Request::block(blocks(), client("a"), NOW, &payload_hash(number, fork), facts)
}

fn block_facts(request: &Request) -> BlockFacts {
    let Facts::Block(facts) = request.facts() else { panic!() };
    *facts
}

fn says(name: &str, hash: Hex<32>, new_hash: Hex<32>) -> Witness {
    Witness { name: name.into(), hash, new_hash }
}

/// Two witnesses' evidence that L1 is now on fork `y`.
fn proof(origin: L1Origin, new: L1Origin) -> ReorgEvidence {
    let here = block_hash(origin.number, b'y');
    let said = ["one:8545", "two:8545"].map(|name| says(name, here, new.hash));
    ReorgEvidence::judge(origin, new, &said, 2).unwrap()
}

/// Blocks 5 and 6 on L1 block 100, 7 and 8 on 101, all of fork `x`.
fn four_blocks(store: Store) -> Guard {
    let guard = open(store);
    for (number, origin) in [(5, 100), (6, 100), (7, 101), (8, 101)] {
        sign(&guard, &on(number, b'x', l1(origin, b'x')));
    }
    guard
}

fn store(disk: &Disk) -> Store {
    Store::with_io("/g", disk.io())
}

fn new_record() -> (Disk, Guard) {
    let disk = Disk::default();
    store(&disk).init().unwrap();
    let guard = four_blocks(store(&disk));
    (disk, guard)
}

#[test]
fn enough_witnesses_are_so_many_of_one_mind() {
    let (old, new) = (l1(101, b'x'), l1(102, b'y'));
    let (y, z) = (block_hash(101, b'y'), block_hash(101, b'z'));
    let judge = |said: &[Witness], agree| ReorgEvidence::judge(old, new, said, agree).is_some();
    let yes = |name| says(name, y, new.hash);
    assert!(judge(&[yes("a"), yes("b")], 2));
    assert!(judge(&[says("c", old.hash, new.hash), yes("a"), yes("b")], 2), "one is behind");
    assert!(!judge(&[], 0), "nobody is no witness");
    assert!(!judge(&[yes("a")], 2), "one of two");
    assert!(!judge(&[yes("a"), yes("a")], 2), "one twice");
    assert!(!judge(&[yes("a"), says("b", old.hash, new.hash)], 2), "one lies");
    assert!(!judge(&[yes("a"), says("b", z, new.hash)], 2), "another fork");
    assert!(!judge(&[yes("a"), says("b", y, z)], 2), "the new origin is not there");
    assert!(!judge(&[says("a", old.hash, new.hash), says("b", old.hash, new.hash)], 2));
    let long = "l".repeat(ReorgEvidence::MAX_NAME + 1);
    assert!(!judge(&[yes("a"), yes(&long)], 2), "it does not fit the record");
}

#[test]
fn evidence_makes_room_once() {
    let (disk, guard) = new_record();
    let new = on_parent(7, b'y', b'x', l1(101, b'y'));
    assert_eq!(outcome(&guard, &new), Outcome::Refused("slot_taken"));
    assert_eq!(guard.disputed(&blocks(), &block_facts(&new)), Some(l1(101, b'x')));
    let shown = new.clone().with_evidence(proof(l1(101, b'x'), l1(101, b'y')));
    assert_eq!(outcome(&guard, &shown), Outcome::Signed);
    assert_eq!(outcome(&guard, &new), Outcome::Stored);
    assert_eq!(guard.figures().reorgs, 1);

    // The old ones are given up for good, and the evidence is not good for another.
    for number in [7, 8] {
        let old = on(number, b'x', l1(101, b'x'));
        assert_eq!(outcome(&guard, &old), Outcome::Refused("superseded"));
    }
    let evidence = proof(l1(101, b'x'), l1(101, b'y'));
    for fork in [b'z', b'w'] {
        let third = on_parent(7, fork, b'x', l1(101, b'y')).with_evidence(evidence.clone());
        assert_eq!(outcome(&guard, &third), Outcome::Refused("slot_taken"));
    }
    assert_eq!(outcome(&guard, &on(8, b'y', l1(101, b'y'))), Outcome::Signed);
    assert_eq!(outcome(&guard, &on(6, b'y', l1(100, b'x'))), Outcome::Refused("slot_taken"));

    // The same after a restart; and the record says who has seen what.
    drop(guard);
    let guard = open(store(&Disk::of(disk.image())));
    let third = on_parent(7, b'z', b'x', l1(101, b'y')).with_evidence(evidence);
    assert_eq!(outcome(&guard, &third), Outcome::Refused("slot_taken"));
    assert_eq!(outcome(&guard, &on(7, b'x', l1(101, b'x'))), Outcome::Refused("superseded"));
    assert_eq!(outcome(&guard, &new), Outcome::Stored);
    let log = disk.image().file("/g/log").clone();
    for name in [&b"one:8545"[..], b"two:8545"] {
        assert!(log.windows(name.len()).any(|window| window == name));
    }
}

/// Each differs from the first test's in one thing.
#[test]
fn evidence_of_something_else_makes_no_room() {
    let (_disk, guard) = new_record();
    let (old, new) = (l1(101, b'x'), l1(101, b'y'));
    let refused = |request: Request, evidence: ReorgEvidence, rule: &'static str| {
        assert_eq!(outcome(&guard, &request.with_evidence(evidence)), Outcome::Refused(rule));
    };
    // Of another L1 block.
    let block = || on_parent(7, b'y', b'x', new);
    refused(block(), proof(l1(100, b'x'), new), "slot_taken");
    refused(block(), proof(l1(101, b'z'), new), "slot_taken");
    // For a block on another new origin, on the old one, or on none.
    refused(block(), proof(old, l1(102, b'y')), "slot_taken");
    refused(on_parent(7, b'y', b'x', old), proof(old, new), "slot_taken");
    let mut facts = block_facts(&block());
    facts.l1_origin = None;
    let none = Request::block(blocks(), client("a"), NOW, &payload_hash(7, b'y'), facts);
    assert_eq!(guard.disputed(&blocks(), &facts), None);
    refused(none, proof(old, new), "slot_taken");
    // Only 7 and 8 build on the old origin; 5 and 6, and a parent among them, do not.
    refused(on_parent(6, b'y', b'x', new), proof(old, new), "slot_taken");
    refused(on_parent(7, b'y', b'z', new), proof(old, new), "slot_taken");
    // Below what is remembered, and against a rule that is not about equivocation.
    guard.set_floor(&blocks(), 8, NOW).unwrap();
    refused(block(), proof(old, new), "below_floor");
    assert_eq!(guard.figures().reorgs, 0);
    assert_eq!(outcome(&guard, &on(8, b'x', old)), Outcome::Stored);
}

#[test]
fn another_parent_needs_evidence_about_the_parent() {
    let (_disk, guard) = new_record();
    let new = on(9, b'y', l1(102, b'y'));
    assert_eq!(outcome(&guard, &new), Outcome::Refused("parent_mismatch"));
    assert_eq!(guard.disputed(&blocks(), &block_facts(&new)), Some(l1(101, b'x')));
    let shown = new.with_evidence(proof(l1(101, b'x'), l1(102, b'y')));
    assert_eq!(outcome(&guard, &shown), Outcome::Signed);
    // The parent is given up, and what stood below it is not.
    assert_eq!(outcome(&guard, &on(8, b'x', l1(101, b'x'))), Outcome::Refused("superseded"));
    assert_eq!(outcome(&guard, &on(7, b'x', l1(101, b'x'))), Outcome::Stored);
}

/// What stands above the lowest may be another chain's, of which the evidence says nothing.
#[test]
fn what_is_not_one_chain_is_not_given_up() {
    let (_disk, guard) = new_record();
    sign(&guard, &on(11, b'x', l1(103, b'x')));
    let new = on_parent(7, b'y', b'x', l1(101, b'y'));
    assert_eq!(guard.disputed(&blocks(), &block_facts(&new)), None);
    let shown = new.with_evidence(proof(l1(101, b'x'), l1(101, b'y')));
    assert_eq!(outcome(&guard, &shown), Outcome::Refused("slot_taken"));
}

#[test]
fn signers_that_share_a_record_give_one_block_for_one_evidence() {
    let database = Database::default();
    database.store().init().unwrap();
    let one = four_blocks(database.store());
    let two = open(database.store());
    let evidence = proof(l1(101, b'x'), l1(101, b'y'));
    let [first, second] = [b'y', b'z']
        .map(|fork| on_parent(7, fork, b'x', l1(101, b'y')).with_evidence(evidence.clone()));
    let got = std::thread::scope(|threads| {
        let asked = [(&one, &first), (&two, &second)]
            .map(|(guard, request)| threads.spawn(|| outcome(guard, request)));
        asked.map(|asked| asked.join().unwrap())
    });
    let refused = Outcome::Refused("slot_taken");
    assert!([[Outcome::Signed, refused], [refused, Outcome::Signed]].contains(&got), "{got:?}");
}

/// A crash at any moment of it leaves the old blocks, or room for one new one, or that.
#[test]
fn a_crash_in_the_middle_gives_no_third() {
    let (disk, guard) = new_record();
    drop(guard);
    let disk = Disk::of(disk.image());
    let guard = open(store(&disk));
    let evidence = proof(l1(101, b'x'), l1(101, b'y'));
    let new = on_parent(7, b'y', b'x', l1(101, b'y'));
    let rival = on_parent(7, b'z', b'x', l1(101, b'y'));
    sign(&guard, &new.clone().with_evidence(evidence.clone()));
    let signed = disk.ops();
    drop(guard);
    let (mut olds, mut news, mut free) = (0, 0, 0);
    disk.crashes(&mut Dice(7), &mut |done, image| {
        let guard = open(store(&Disk::of(image)));
        let old = outcome(&guard, &on(7, b'x', l1(101, b'x')));
        match old {
            Outcome::Stored => {
                assert!(done < signed, "the new block's signature was given out");
                olds += 1;
                assert_eq!(outcome(&guard, &rival), Outcome::Refused("slot_taken"));
                assert_eq!(outcome(&guard, &new), Outcome::Refused("slot_taken"));
            }
            Outcome::Refused("superseded") => match outcome(&guard, &new) {
                Outcome::Stored => news += 1,
                // Reserved or free: nobody has another, and nobody gets one beside it.
                Outcome::Signed => free += 1,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
        if old != Outcome::Stored {
            let third = rival.clone().with_evidence(evidence.clone());
            assert_eq!(outcome(&guard, &third), Outcome::Refused("slot_taken"));
        }
    });
    println!("{olds} states with the old block, {free} with room or a reservation, {news} signed");
    assert!(olds > 10 && free > 5 && news > 0);
}
