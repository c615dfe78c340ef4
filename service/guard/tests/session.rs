//! Session keys of Substrate chains: slots that only grow, and statements that do not contradict.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::disk::Disk;
use common::ledger::Database;

use common::*;
use opsign_guard::*;

fn plain(disk: &Disk) -> Store {
    Store::with_io("/g", disk.io())
}

fn scope(key_type: &[u8; 4]) -> Scope {
    Scope::session(key_type, "sr25519", &[7; 32]).unwrap()
}

fn open_with_rules(store: Store) -> Guard {
    let guard = Guard::open(store, NOW).unwrap();
    guard.configure(scope(b"babe"), RuleSet::session()).unwrap();
    guard.configure(scope(b"para"), RuleSet::session()).unwrap();
    guard
}

fn made(disk: &Disk) -> Guard {
    plain(disk).init().unwrap();
    open_with_rules(plain(disk))
}

fn vote(slot: u64, fork: u8) -> Request {
    let mut digest = [fork; 32];
    digest[..8].copy_from_slice(&slot.to_be_bytes());
    Request::vote(scope(b"babe"), client("a"), NOW, Hex(digest), slot)
}

fn statements(session: u32, candidates: &[u16], stance: Stance) -> Request {
    let candidate = |number: &u16| {
        let mut hash = [9; 32];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        Hex(hash)
    };
    let mut digest = [stance as u8; 32];
    digest[..4].copy_from_slice(&session.to_be_bytes());
    digest[4..6].copy_from_slice(&candidates[0].to_be_bytes());
    digest[6] = candidates.len() as u8;
    let facts = StatementFacts { session, candidate: candidate(&candidates[0]), stance };
    let others = candidates[1..].iter().map(candidate).collect();
    Request::statement(scope(b"para"), client("a"), NOW, Hex(digest), facts, others)
}

/// `granted`, or the rule that says no.
fn ask(guard: &Guard, request: &Request) -> &'static str {
    match guard.reserve(request).wait() {
        Decision::Recorded(None) => "granted",
        Decision::Refused(refusal) => refusal.name(),
        other => panic!("{other:?}"),
    }
}

fn run(guard: &Guard, steps: &[(Request, &str)]) {
    for (at, (request, expected)) in steps.iter().enumerate() {
        assert_eq!(ask(guard, request), *expected, "step {at}");
    }
}

#[test]
fn slots_only_grow() {
    let disk = Disk::default();
    let guard = made(&disk);
    run(
        &guard,
        &[
            (vote(10, b'x'), "granted"),
            (vote(10, b'x'), "granted"),
            (vote(10, b'y'), "slot_taken"),
            (vote(9, b'x'), "behind_tip"),
            (vote(12, b'x'), "granted"),
            (vote(11, b'x'), "behind_tip"),
            (vote(10, b'x'), "granted"),
            (vote(u64::MAX, b'x'), "granted"),
            (vote(13, b'x'), "behind_tip"),
        ],
    );
}

#[test]
fn observe_grants_and_says_what_it_breaks() {
    let guard = Guard::volatile();
    for key_type in [b"babe", b"para"] {
        guard.configure(scope(key_type), RuleSet::session().observing()).unwrap();
    }
    let broken = |request: &Request| match guard.reserve(request).wait() {
        Decision::Recorded(broken) => broken.map(|broken| broken.name()),
        other => panic!("{other:?}"),
    };
    assert_eq!(broken(&vote(10, b'x')), None);
    assert_eq!(broken(&vote(10, b'y')), Some("slot_taken"));
    assert_eq!(broken(&vote(10, b'y')), None, "known");
    assert_eq!(broken(&vote(9, b'x')), Some("behind_tip"));
    assert_eq!(broken(&statements(5, &[1], Stance::For)), None);
    assert_eq!(broken(&statements(5, &[1], Stance::Against)), Some("contradiction"));
}

/// Rows: what was said; columns: what is said next.
#[test]
fn contradictions() {
    use Stance::{Against, For, Seconded, Valid};
    let all = [Seconded, Valid, For, Against];
    let table = [
        (Seconded, ["granted", "contradiction", "granted", "contradiction"]),
        (Valid, ["contradiction", "granted", "granted", "contradiction"]),
        (For, ["granted", "granted", "granted", "contradiction"]),
        (Against, ["contradiction", "contradiction", "contradiction", "granted"]),
    ];
    let disk = Disk::default();
    let guard = made(&disk);
    let mut candidate = 0;
    for (first, outcomes) in table {
        for (second, outcome) in all.into_iter().zip(outcomes) {
            candidate += 1;
            assert_eq!(ask(&guard, &statements(5, &[candidate], first)), "granted");
            let next = ask(&guard, &statements(5, &[candidate], second));
            assert_eq!(next, outcome, "{first:?}, then {second:?}");
            // In another session it is another matter.
            assert_eq!(ask(&guard, &statements(6, &[candidate], second)), "granted");
        }
    }
    assert_eq!(candidate, 16);
}

#[test]
fn of_several_candidates_all_or_none_is_recorded() {
    let disk = Disk::default();
    let guard = made(&disk);
    run(
        &guard,
        &[
            (statements(5, &[1], Stance::Against), "granted"),
            (statements(5, &[2, 3, 1], Stance::For), "contradiction"),
            // Nothing of it was recorded.
            (statements(5, &[3], Stance::Against), "granted"),
            (statements(5, &[4, 2], Stance::For), "granted"),
            (statements(5, &[2], Stance::Against), "contradiction"),
            (statements(5, &[4], Stance::Against), "contradiction"),
        ],
    );
}

#[test]
fn old_sessions_are_closed() {
    let disk = Disk::default();
    let guard = made(&disk);
    for session in 1..=8 {
        assert_eq!(ask(&guard, &statements(session, &[1], Stance::For)), "granted");
    }
    assert_eq!(ask(&guard, &statements(1, &[2], Stance::Against)), "granted");
    assert_eq!(ask(&guard, &statements(9, &[1], Stance::For)), "granted");
    assert_eq!(ask(&guard, &statements(1, &[1], Stance::Against)), "below_floor");
    assert_eq!(ask(&guard, &statements(1, &[1], Stance::For)), "below_floor");
    assert_eq!(ask(&guard, &statements(2, &[1], Stance::Against)), "contradiction");
    let status = guard.status().into_iter().find(|status| status.scope == scope(b"para")).unwrap();
    assert_eq!((status.floor, status.tip, status.digests), (2, Some(9), 8));
}

/// 2^16 candidates: the oldest session makes room, and a session alone does not grow further.
#[test]
fn statements_have_bounds() {
    let disk = Disk::default();
    let guard = made(&disk);
    let full: Vec<u16> = (0..=u16::MAX).collect();
    for part in full.chunks(1 << 12) {
        assert_eq!(ask(&guard, &statements(5, part, Stance::For)), "granted");
    }
    let mut one_more = [9; 32];
    one_more[31] = 0;
    let facts = StatementFacts { session: 5, candidate: Hex(one_more), stance: Stance::For };
    let request =
        Request::statement(scope(b"para"), client("a"), NOW, Hex([1; 32]), facts, Vec::new());
    assert_eq!(ask(&guard, &request), "too_many_statements");
    // What is remembered is still answered.
    assert_eq!(ask(&guard, &statements(5, &[77], Stance::For)), "granted");
    assert_eq!(ask(&guard, &statements(5, &[77], Stance::Against)), "contradiction");
}

#[test]
fn votes_have_bounds() {
    let disk = Disk::default();
    let guard = made(&disk);
    for slot in 0..100 {
        assert_eq!(ask(&guard, &vote(slot, b'x')), "granted");
    }
    let status = guard.status().into_iter().find(|status| status.scope == scope(b"babe")).unwrap();
    assert_eq!((status.digests, status.floor, status.tip), (64, 36, Some(99)));
    assert_eq!(ask(&guard, &vote(35, b'x')), "below_floor");
    assert_eq!(ask(&guard, &vote(36, b'x')), "granted");
}

/// The same questions after a start, a compaction, and in another place, get the same answers.
#[test]
fn nothing_is_forgotten() {
    let disk = Disk::default();
    let guard = made(&disk);
    let before = [
        (vote(10, b'x'), "granted"),
        (vote(12, b'x'), "granted"),
        (statements(5, &[1, 2], Stance::For), "granted"),
        (statements(6, &[1], Stance::Seconded), "granted"),
    ];
    let after = [
        (vote(12, b'x'), "granted"),
        (vote(12, b'y'), "slot_taken"),
        (vote(11, b'y'), "behind_tip"),
        (statements(5, &[1, 2], Stance::For), "granted"),
        (statements(5, &[2], Stance::Against), "contradiction"),
        (statements(6, &[1], Stance::Valid), "contradiction"),
    ];
    run(&guard, &before);
    guard.set_floor(&scope(b"para"), 3, NOW).unwrap();
    let status = guard.status();
    drop(guard);
    let guard = open_with_rules(plain(&disk));
    assert_eq!(guard.status(), status);
    run(&guard, &after);
    drop(guard);
    plain(&disk).compact(NOW).unwrap();
    let export = plain(&disk).export(NOW).unwrap();
    let json = serde_json::to_string(&export).unwrap();
    assert!(json.contains("\"scope\":\"session/babe/sr25519/0x0707"), "{json}");
    let elsewhere = Disk::default();
    plain(&elsewhere).import(&serde_json::from_str(&json).unwrap()).unwrap();
    for disk in [&disk, &elsewhere] {
        let guard = open_with_rules(plain(disk));
        assert_eq!(guard.status(), status);
        run(&guard, &after);
    }
}

/// Whatever the disk keeps of a life that was cut off, what was granted stands.
#[test]
fn every_crash_state_keeps_what_was_granted() {
    let (mut states, mut asked) = (0_u64, 0_u64);
    for trace in 0..16 {
        let mut dice = Dice(trace);
        let disk = Disk::default();
        let guard = made(&disk);
        let first = disk.ops();
        let mut granted = Vec::new();
        for slot in 1..6 {
            assert_eq!(ask(&guard, &vote(slot, b'x')), "granted");
            granted.push((disk.ops(), vote(slot, b'x'), vote(slot, b'y')));
            let session = slot as u32;
            assert_eq!(ask(&guard, &statements(session, &[1, 2, 3], Stance::For)), "granted");
            let against = statements(session, &[2], Stance::Against);
            granted.push((disk.ops(), statements(session, &[1, 2, 3], Stance::For), against));
        }
        drop(guard);
        disk.crashes(&mut dice, &mut |done, image| {
            states += 1;
            if done < first || !states.is_multiple_of(7) {
                return;
            }
            let guard = open_with_rules(plain(&Disk::of(image)));
            for (_, same, other) in granted.iter().filter(|(at, ..)| *at <= done) {
                let no = ask(&guard, other);
                assert!(["slot_taken", "behind_tip", "contradiction"].contains(&no), "{no}");
                assert_eq!(ask(&guard, same), "granted");
                asked += 1;
            }
        });
    }
    assert!(states > 1000 && asked > 500, "{states} {asked}");
}

#[test]
fn two_servers_with_one_record() {
    let database = Database::default();
    database.store().init().unwrap();
    let [a, b] = [(); 2].map(|()| open_with_rules(database.store()));
    assert_eq!(ask(&a, &vote(10, b'x')), "granted");
    assert_eq!(ask(&b, &vote(10, b'y')), "slot_taken");
    assert_eq!(ask(&b, &vote(10, b'x')), "granted");
    assert_eq!(ask(&b, &statements(5, &[1], Stance::Against)), "granted");
    assert_eq!(ask(&a, &statements(5, &[1], Stance::For)), "contradiction");
}

#[test]
fn scopes_as_text() {
    let scopes = [
        Scope::session(b"gran", "ed25519", &[1; 32]).unwrap(),
        Scope::session(b"beef", "ecdsa", &[2; 33]).unwrap(),
        scope(b"babe"),
    ];
    for scope in scopes {
        assert_eq!(scope.to_string().parse(), Ok(scope));
        assert_eq!(scope.kind(), ScopeKind::Session);
    }
    assert_eq!(scopes[0].to_string(), format!("session/gran/ed25519/0x{}", "01".repeat(32)),);
    assert_eq!(Scope::session(b"gra/", "ed25519", &[1; 32]), None);
    assert_eq!(Scope::session(b"gran", "rsa", &[1; 32]), None);
    assert_eq!(Scope::session(b"gran", "ed25519", &[1; 33]), None);
    let bad = ["session/gran/ed25519", "session/grand/ed25519/0x00", "session/gran/ecdsa/0x01/"];
    for text in bad {
        assert_eq!(text.parse::<Scope>(), Err(NotAScope), "{text}");
    }
}
