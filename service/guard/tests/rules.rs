//! Every rule as a table: what was signed before, what is asked, what comes of it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::disk::Disk;
use common::*;
use opsign_core::tx::{Blob, BlobHashes, DynamicFee, Transaction};
use opsign_core::{Address, ChainId, CheckedSignature, U256};
use opsign_guard::*;

const SIGNED: Outcome = Outcome::Signed;
const STORED: Outcome = Outcome::Stored;

fn guard(rules: RuleSet) -> Guard {
    let disk = Disk::default();
    Store::with_io("/g", disk.io()).init().unwrap();
    let guard = Guard::open(Store::with_io("/g", disk.io()), NOW).unwrap();
    guard.configure(blocks(), rules.clone()).unwrap();
    guard.configure(transactions(), rules).unwrap();
    guard
}

fn refused(name: &'static str) -> Outcome {
    Outcome::Refused(name)
}

/// Runs a table and counts its rows.
fn run(rules: RuleSet, steps: &[(Request, Outcome)]) -> Guard {
    let guard = guard(rules);
    for (at, (request, expected)) in steps.iter().enumerate() {
        assert_eq!(outcome(&guard, request), *expected, "step {at}");
    }
    guard
}

fn shifted(number: u64, seconds: i64) -> Request {
    let mut facts = facts(number, b'x');
    facts.timestamp = facts.timestamp.checked_add_signed(seconds).unwrap();
    Request::block(blocks(), client("a"), NOW, &payload_hash(number, b'x'), facts)
}

/// A block whose parent is of another fork.
fn grafted(number: u64, fork: u8, parent: u8) -> Request {
    let facts = BlockFacts { parent_hash: block_hash(number - 1, parent), ..facts(number, fork) };
    Request::block(blocks(), client("a"), NOW, &payload_hash(number, fork), facts)
}

#[test]
fn blocks_in_strict() {
    run(
        RuleSet::blocks_strict(),
        &[
            (hash_only("a", NOW, 10, b'x'), refused("not_announced")),
            (block(10, b'x'), SIGNED),
            (block(10, b'x'), STORED),
            (hash_only("a", NOW, 10, b'x'), STORED),
            (block(10, b'y'), refused("slot_taken")),
            (block(9, b'x'), refused("behind_tip")),
            (block(11, b'y'), refused("parent_mismatch")),
            (block(11, b'x'), SIGNED),
            (block(14, b'x'), SIGNED),
            (block(13, b'x'), refused("behind_tip")),
            (block(15, b'x'), SIGNED),
            (block(10, b'x'), STORED),
        ],
    );
}

#[test]
fn each_block_rule_alone() {
    run(
        only(&[Rule::UniqueSlot]),
        &[
            (block(10, b'x'), SIGNED),
            (block(10, b'y'), refused("slot_taken")),
            (block(9, b'y'), refused("behind_tip")),
            (block(11, b'y'), SIGNED),
        ],
    );
    run(
        only(&[Rule::ParentLink]),
        &[
            (block(10, b'x'), SIGNED),
            (block(11, b'y'), refused("parent_mismatch")),
            (block(10, b'y'), SIGNED),
        ],
    );
    run(
        only(&[Rule::MaxGap(3)]),
        &[
            (block(10, b'x'), SIGNED),
            (block(14, b'x'), refused("gap_too_wide")),
            (block(13, b'x'), SIGNED),
        ],
    );
    run(
        only(&[Rule::Window { past: 60_000, future: 5_000 }]),
        &[
            (shifted(1, -61), refused("outside_window")),
            (shifted(2, -60), SIGNED),
            (shifted(3, 6), refused("outside_window")),
            (shifted(4, 5), SIGNED),
        ],
    );
    let guard = run(only(&[Rule::Floor]), &[(block(10, b'x'), SIGNED)]);
    guard.set_floor(&blocks(), 20, NOW).unwrap();
    assert_eq!(outcome(&guard, &block(19, b'x')), refused("below_floor"));
    assert_eq!(outcome(&guard, &block(20, b'x')), SIGNED);
    assert!(matches!(
        guard.set_floor(&blocks(), 19, NOW),
        Err(StoreError::FloorLowered { floor: 20 })
    ));
}

#[test]
fn a_rule_taken_out_changes_an_answer() {
    let cases: Vec<(Rule, Vec<Request>)> = vec![
        (Rule::UniqueSlot, vec![block(10, b'x'), block(10, b'y')]),
        (Rule::ParentLink, vec![block(10, b'x'), block(11, b'y')]),
        (Rule::Window { past: 60_000, future: 5_000 }, vec![shifted(2, 100)]),
    ];
    for (rule, requests) in &cases {
        let whole = RuleSet::blocks_strict();
        assert!(whole.rules.contains(rule));
        let mut less = whole.clone();
        less.rules.retain(|other| other != rule);
        let last = |rules| {
            let guard = guard(rules);
            requests.iter().fold(None, |_, request| Some(outcome(&guard, request))).unwrap()
        };
        assert!(matches!(last(whole), Outcome::Refused(_)), "{rule:?} does nothing");
        assert_eq!(last(less), SIGNED, "{rule:?} is not what refuses");
    }
}

#[test]
fn hash_only_is_bound_by_lease_and_rate() {
    // Two-second blocks: 33 at once, then one every two seconds.
    let rules = RuleSet::blocks_hash_only(2_000);
    let guard = guard(rules);
    assert_eq!(outcome(&guard, &hash_only("a", NOW, 0, b'x')), refused("not_holder"));
    guard.switch(&blocks(), &client("a"), None, DRAIN, NOW).unwrap();
    for number in 0..33 {
        assert_eq!(outcome(&guard, &hash_only("a", NOW, number, b'x')), SIGNED, "{number}");
    }
    assert_eq!(outcome(&guard, &hash_only("a", NOW, 5, b'x')), STORED);
    assert_eq!(outcome(&guard, &hash_only("b", NOW, 5, b'x')), refused("not_holder"));
    assert_eq!(outcome(&guard, &hash_only("a", NOW + 1_999, 33, b'x')), refused("rate_exceeded"));
    // The latch holds even when the bucket has filled again.
    assert_eq!(outcome(&guard, &hash_only("a", NOW + 90_000, 33, b'x')), refused("latched"));
    guard.unlatch(&blocks(), NOW).unwrap();
    assert_eq!(outcome(&guard, &hash_only("a", NOW + 2_000, 33, b'x')), SIGNED);
    assert_eq!(outcome(&guard, &hash_only("a", NOW + 3_000, 34, b'x')), refused("rate_exceeded"));
}

#[test]
fn hash_only_is_strict_where_the_height_is_known() {
    let guard = guard(RuleSet::blocks_hash_only(2_000));
    guard.switch(&blocks(), &client("a"), None, DRAIN, NOW).unwrap();
    assert_eq!(outcome(&guard, &block(10, b'x')), SIGNED);
    assert_eq!(outcome(&guard, &block(10, b'y')), refused("slot_taken"));
    // Signed by its hash first, announced afterwards: from then on the slot is taken.
    assert_eq!(outcome(&guard, &hash_only("a", NOW, 11, b'x')), SIGNED);
    assert_eq!(outcome(&guard, &block(11, b'x')), STORED);
    assert_eq!(outcome(&guard, &block(11, b'y')), refused("slot_taken"));
}

#[test]
fn observe_signs_and_reports() {
    let guard = guard(RuleSet::blocks_strict().observing());
    assert_eq!(outcome(&guard, &block(10, b'x')), SIGNED);
    let reservation = reserved(guard.reserve(&block(10, b'y')));
    let recorded = Hex(*payload_hash(10, b'x').as_bytes());
    assert_eq!(reservation.alarm(), Some(&Refusal::SlotTaken { recorded }));
    finish(reservation);
    let status = &guard.status()[0];
    assert_eq!((status.conflicts, status.mode), (1, Some(Mode::Observe)));
    assert_eq!(guard.figures().alarms, 1);
}

#[test]
fn a_guard_without_a_record_only_observes() {
    let guard = Guard::volatile();
    assert!(matches!(
        guard.configure(blocks(), RuleSet::blocks_strict()),
        Err(StoreError::Missing { .. })
    ));
    guard.configure(blocks(), RuleSet::blocks_strict().observing()).unwrap();
    assert_eq!(outcome(&guard, &block(10, b'x')), SIGNED);
    assert_eq!(outcome(&guard, &block(10, b'x')), STORED);
    assert_eq!(outcome(&guard, &block(10, b'y')), SIGNED);
    assert_eq!(guard.figures().alarms, 1);
}

#[test]
fn an_unknown_scope_is_refused() {
    let disk = Disk::default();
    Store::with_io("/g", disk.io()).init().unwrap();
    let guard = Guard::open(Store::with_io("/g", disk.io()), NOW).unwrap();
    assert_eq!(outcome(&guard, &block(1, b'x')), refused("unknown_scope"));
}

const LONG: std::time::Duration = std::time::Duration::from_secs(60);
const DRAIN: std::time::Duration = std::time::Duration::from_millis(50);

#[test]
fn the_lease_says_who() {
    let guard = guard(RuleSet::blocks_strict().with(Rule::Lease));
    assert_eq!(outcome(&guard, &block_of("a", 10, b'x')), refused("not_holder"));
    assert_eq!(guard.switch(&blocks(), &client("a"), None, DRAIN, NOW).unwrap().epoch, 1);
    assert_eq!(outcome(&guard, &block_of("a", 10, b'x')), SIGNED);
    assert_eq!(outcome(&guard, &block_of("b", 11, b'x')), refused("not_holder"));
    // From 13 on b's, until then a's.
    let lease = guard.switch(&blocks(), &client("b"), Some(13), DRAIN, NOW).unwrap();
    assert_eq!((lease.epoch, lease.handover.unwrap().previous), (2, client("a")));
    assert_eq!(outcome(&guard, &block_of("b", 12, b'x')), refused("not_holder"));
    assert_eq!(outcome(&guard, &block_of("a", 11, b'x')), SIGNED);
    assert_eq!(outcome(&guard, &block_of("a", 12, b'x')), SIGNED);
    assert_eq!(outcome(&guard, &block_of("a", 13, b'x')), refused("not_holder"));
    // The first block of b extends the last one of a.
    assert_eq!(outcome(&guard, &block_of("b", 13, b'y')), refused("parent_mismatch"));
    assert_eq!(outcome(&guard, &block_of("b", 13, b'x')), SIGNED);
    // Whoever lost the lease does not even get what is stored.
    guard.switch(&blocks(), &client("c"), None, DRAIN, NOW).unwrap();
    assert_eq!(outcome(&guard, &block_of("b", 13, b'x')), refused("not_holder"));
    assert_eq!(outcome(&guard, &block_of("c", 13, b'x')), STORED);
}

#[test]
fn hash_only_cannot_switch_at_a_height() {
    let guard = guard(RuleSet::blocks_hash_only(2_000));
    let planned = guard.switch(&blocks(), &client("a"), Some(5), DRAIN, NOW);
    assert!(matches!(planned, Err(StoreError::NoSlots)));
}

#[test]
fn a_hash_in_flight_is_fenced_by_a_switch() {
    let guard = guard(RuleSet::blocks_hash_only(2_000));
    guard.switch(&blocks(), &client("a"), None, DRAIN, NOW).unwrap();
    let late = reserved(guard.reserve(&hash_only("a", NOW, 1, b'x')));
    guard.switch(&blocks(), &client("b"), None, DRAIN, NOW).unwrap();
    let signature = opsign_core::Signer::sign(&key(), late.hash()).unwrap();
    assert_eq!(late.complete(&signature), Err(NotReleased::Fenced));
    assert_eq!(outcome(&guard, &hash_only("b", NOW, 1, b'x')), SIGNED);
}

#[test]
fn a_switch_waits_for_what_is_in_flight() {
    let guard = guard(RuleSet::blocks_hash_only(2_000));
    guard.switch(&blocks(), &client("a"), None, DRAIN, NOW).unwrap();
    let flight = reserved(guard.reserve(&hash_only("a", NOW, 1, b'x')));
    std::thread::scope(|threads| {
        let switch = threads.spawn(|| guard.switch(&blocks(), &client("b"), None, LONG, NOW));
        // A known hash takes no token while it waits for the switch to begin.
        while outcome_of(guard.announce(&hash_only("a", NOW, 1, b'x'))) != refused("switching") {
            std::thread::yield_now();
        }
        assert_eq!(guard.status()[0].lease.holder, Some(client("a")));
        finish(flight);
        assert_eq!(switch.join().unwrap().unwrap().holder, Some(client("b")));
    });
    assert_eq!(outcome(&guard, &hash_only("a", NOW, 3, b'x')), refused("not_holder"));
    assert_eq!(outcome(&guard, &hash_only("b", NOW, 3, b'x')), SIGNED);
}

fn ticket(fork: u64) -> Ticket {
    Ticket {
        id: Hex([fork as u8; 16]),
        fork,
        payload_hash: None,
        parent_hash: None,
        max_depth: 3,
        not_after: NOW + 1_000,
        reason: "L1 reorg, approved by two".into(),
    }
}

#[test]
fn a_ticket_allows_one_reorg() {
    let guard = run(
        RuleSet::blocks_strict(),
        &[
            (block(10, b'x'), SIGNED),
            (block(11, b'x'), SIGNED),
            (block(12, b'x'), SIGNED),
            (grafted(11, b'y', b'x'), refused("slot_taken")),
        ],
    );
    guard.issue(&blocks(), ticket(11), NOW).unwrap();
    let steps = [
        (block(11, b'y'), refused("slot_taken")), // Its parent is not the recorded block 10.
        (grafted(12, b'y', b'y'), refused("slot_taken")), // Not at the fork.
        (grafted(11, b'y', b'x'), SIGNED),
        (grafted(11, b'z', b'x'), refused("slot_taken")), // Used up.
        (block(12, b'x'), refused("superseded")),
        (block(11, b'x'), refused("superseded")),
        (hash_only("a", NOW, 12, b'x'), refused("superseded")),
        (block(12, b'y'), SIGNED),
    ];
    for (at, (request, expected)) in steps.iter().enumerate() {
        assert_eq!(outcome(&guard, request), *expected, "step {at}");
    }
}

#[test]
fn a_ticket_has_bounds() {
    let cases: Vec<(&str, Ticket, Outcome)> = vec![
        ("whole", ticket(10), SIGNED),
        ("too deep", Ticket { max_depth: 2, ..ticket(10) }, refused("slot_taken")),
        ("late", Ticket { not_after: NOW - 1, ..ticket(10) }, refused("slot_taken")),
        (
            "the payload",
            Ticket { payload_hash: Some(Hex(*payload_hash(10, b'y').as_bytes())), ..ticket(10) },
            SIGNED,
        ),
        (
            "another payload",
            Ticket { payload_hash: Some(Hex([1; 32])), ..ticket(10) },
            refused("slot_taken"),
        ),
        ("the parent", Ticket { parent_hash: Some(block_hash(9, b'x')), ..ticket(10) }, SIGNED),
        (
            "another parent",
            Ticket { parent_hash: Some(Hex([1; 32])), ..ticket(10) },
            refused("slot_taken"),
        ),
        ("another fork", ticket(11), refused("slot_taken")),
    ];
    assert_eq!(cases.len(), 8);
    for (name, ticket, expected) in cases {
        let guard = guard(RuleSet::blocks_strict());
        for number in 9..13 {
            assert_eq!(outcome(&guard, &block(number, b'x')), SIGNED);
        }
        guard.issue(&blocks(), ticket, NOW).unwrap();
        assert_eq!(outcome(&guard, &grafted(10, b'y', b'x')), expected, "{name}");
    }
}

#[test]
fn a_ticket_answers_for_nothing_but_equivocation() {
    let guard = guard(RuleSet::blocks_strict().with(Rule::Lease));
    guard.switch(&blocks(), &client("a"), None, DRAIN, NOW).unwrap();
    assert_eq!(outcome(&guard, &block(9, b'x')), SIGNED);
    assert_eq!(outcome(&guard, &block(10, b'x')), SIGNED);
    guard.issue(&blocks(), ticket(10), NOW).unwrap();
    guard.switch(&blocks(), &client("b"), None, DRAIN, NOW).unwrap();
    assert_eq!(outcome(&guard, &grafted(10, b'y', b'x')), refused("not_holder"));
}

#[test]
fn a_hash_that_a_ticket_gives_up_is_not_released() {
    let guard = run(RuleSet::blocks_strict(), &[(block(9, b'x'), SIGNED)]);
    let late = reserved(guard.reserve(&block(10, b'x')));
    guard.issue(&blocks(), ticket(10), NOW).unwrap();
    assert_eq!(outcome(&guard, &grafted(10, b'y', b'x')), SIGNED);
    let signature = opsign_core::Signer::sign(&key(), late.hash()).unwrap();
    assert_eq!(late.complete(&signature), Err(NotReleased::Fenced));
}

#[derive(Clone, Copy)]
struct Tx {
    nonce: u64,
    fee: u64,
    tip: u64,
    data: &'static [u8],
    value: u64,
    at: u64,
}

const TX: Tx = Tx { nonce: 0, fee: 100, tip: 10, data: b"data", value: 0, at: NOW };

fn tx(tx: Tx) -> Request {
    let transaction = Transaction::DynamicFee(DynamicFee {
        chain_id: ChainId::from(10),
        nonce: tx.nonce,
        max_priority_fee_per_gas: U256::from(tx.tip),
        max_fee_per_gas: U256::from(tx.fee),
        gas: 1_000,
        to: Some(Address::from_bytes([7; 20])),
        value: U256::from(tx.value),
        input: tx.data,
        ..DynamicFee::default()
    });
    Request::transaction(transactions(), client("a"), tx.at, &transaction).unwrap()
}

fn blob(nonce: u64, factor: u64) -> Request {
    let hashes = [[1; 32]];
    let transaction = Transaction::Blob(Blob {
        chain_id: ChainId::from(10),
        nonce,
        max_priority_fee_per_gas: U256::from(10 * factor / 100),
        max_fee_per_gas: U256::from(100 * factor / 100),
        gas: 1_000,
        to: Address::from_bytes([7; 20]),
        value: U256::ZERO,
        input: b"",
        access_list: Default::default(),
        max_fee_per_blob_gas: U256::from(100 * factor / 100),
        blob_versioned_hashes: BlobHashes::new(&hashes),
    });
    Request::transaction(transactions(), client("a"), NOW, &transaction).unwrap()
}

fn replacement(mode: ReplacementMode, most: usize) -> RuleSet {
    only(&[Rule::Replacement { mode, most }])
}

#[test]
fn replacement_modes() {
    let low = tx(Tx { fee: 109, tip: 11, ..TX });
    let bumped = tx(Tx { fee: 110, tip: 11, ..TX });
    let other = tx(Tx { fee: 121, tip: 13, data: b"other", ..TX });
    let cancel = tx(Tx { fee: 140, tip: 15, data: b"", ..TX });
    let too_low = refused("fee_too_low");
    run(
        replacement(ReplacementMode::Any, 20),
        &[(tx(TX), SIGNED), (tx(TX), STORED), (low.clone(), SIGNED), (other.clone(), SIGNED)],
    );
    run(
        replacement(ReplacementMode::Bump, 20),
        &[
            (tx(TX), SIGNED),
            (tx(Tx { fee: 110, tip: 10, ..TX }), too_low),
            (low.clone(), too_low),
            (bumped.clone(), SIGNED),
            (bumped.clone(), STORED),
            (other.clone(), SIGNED),
            (tx(TX), STORED),
        ],
    );
    run(
        replacement(ReplacementMode::SamePayload, 20),
        &[
            (tx(TX), SIGNED),
            (low.clone(), too_low),
            (bumped.clone(), SIGNED),
            (other.clone(), refused("content_changed")),
            (cancel, SIGNED),
        ],
    );
    run(
        replacement(ReplacementMode::Once, 20),
        &[
            (tx(TX), SIGNED),
            (tx(TX), STORED),
            (bumped, refused("replacement_forbidden")),
            (tx(Tx { nonce: 1, ..TX }), SIGNED),
        ],
    );
    run(
        replacement(ReplacementMode::Bump, 20),
        &[
            (blob(0, 100), SIGNED),
            (blob(0, 199), too_low),
            (blob(0, 200), SIGNED),
            (tx(Tx { fee: 1_000, tip: 1_000, ..TX }), refused("pool_changed")),
        ],
    );
    run(
        replacement(ReplacementMode::Any, 2),
        &[
            (tx(TX), SIGNED),
            (tx(Tx { fee: 101, ..TX }), SIGNED),
            (tx(Tx { fee: 102, ..TX }), SIGNED),
            (tx(Tx { fee: 103, ..TX }), refused("too_many_replacements")),
        ],
    );
}

#[test]
fn transactions_have_a_gap_limit_and_a_floor() {
    let guard = run(
        RuleSet::transactions(),
        &[
            (tx(Tx { nonce: 5, ..TX }), SIGNED),
            (tx(Tx { nonce: 22, ..TX }), refused("gap_too_wide")),
            (tx(Tx { nonce: 21, ..TX }), SIGNED),
            (tx(Tx { nonce: 7, ..TX }), SIGNED),
        ],
    );
    guard.set_floor(&transactions(), 8, NOW).unwrap();
    assert_eq!(outcome(&guard, &tx(Tx { nonce: 6, ..TX })), refused("below_floor"));
    assert_eq!(outcome(&guard, &tx(Tx { nonce: 7, ..TX })), STORED);
}

#[test]
fn spending_is_bound_in_a_window() {
    // Each may cost value + 100 000 wei of gas.
    let rules = only(&[Rule::Spend { window: 60_000, most: 250_000 }]);
    run(
        rules,
        &[
            (tx(TX), SIGNED),
            (tx(Tx { value: 50_000, ..TX }), SIGNED), // The dearest at nonce 0: 150 000.
            (tx(Tx { nonce: 1, value: 1, ..TX }), refused("spend_exceeded")),
            (tx(Tx { nonce: 1, ..TX }), SIGNED),
            (tx(Tx { nonce: 2, at: NOW + 59_999, ..TX }), refused("spend_exceeded")),
            (tx(Tx { nonce: 2, at: NOW + 60_000, ..TX }), SIGNED),
            (
                tx(Tx { nonce: 3, value: u64::MAX, at: NOW + 600_000, ..TX }),
                refused("spend_exceeded"),
            ),
        ],
    );
}

#[test]
fn what_the_ring_let_go_of_stays_closed() {
    let guard =
        guard(only(&[Rule::Floor, Rule::Replacement { mode: ReplacementMode::Any, most: 20 }]));
    for nonce in 0..4_200 {
        let request = tx(Tx { nonce, ..TX });
        drop(reserved(guard.reserve(&request)));
    }
    assert_eq!(outcome(&guard, &tx(Tx { nonce: 3, fee: 999, ..TX })), refused("below_floor"));
    assert_eq!(outcome(&guard, &tx(Tx { nonce: 104, ..TX })), SIGNED);
    assert_eq!(guard.status()[1].digests, 4_096);
}

#[test]
fn a_wrong_signature_is_not_released() {
    let guard = guard(RuleSet::blocks_strict());
    let reservation = reserved(guard.reserve(&block(1, b'x')));
    let stranger = opsign_core::SecretKey::from_bytes(&[3; 32]).unwrap();
    let wrong = opsign_core::Signer::sign(&stranger, reservation.hash()).unwrap();
    assert!(matches!(reservation.complete(&wrong), Err(NotReleased::WrongSignature(_))));
    // Nor one that was checked, for another key or another digest.
    let reservation = reserved(guard.reserve(&block(1, b'x')));
    let by_other = CheckedSignature::new(reservation.hash(), &wrong, &stranger.address()).unwrap();
    assert!(matches!(reservation.release(&by_other).wait(), Err(NotReleased::WrongSignature(_))));
    let reservation = reserved(guard.reserve(&block(1, b'x')));
    let hash = *block(1, b'z').signing_hash();
    let signature = opsign_core::Signer::sign(&key(), &hash).unwrap();
    let of_other = CheckedSignature::new(&hash, &signature, &key().address()).unwrap();
    assert!(matches!(reservation.release(&of_other).wait(), Err(NotReleased::WrongSignature(_))));
    // The slot stays taken, and the digest can be signed rightly.
    assert_eq!(outcome(&guard, &block(1, b'y')), refused("slot_taken"));
    assert_eq!(outcome(&guard, &block(1, b'x')), SIGNED);
}
