//! The requests that tests make, and what comes of them.

use opsign_core::{ChainId, Domain, PayloadHash, SecretKey, Signature, Signer};
use opsign_guard::{
    BlockFacts, Client, Decision, Guard, Hex, Mode, Pending, Request, Reservation, Rule, RuleSet,
    Scope, Store,
};

/// The time at which every test starts, in milliseconds.
pub const NOW: u64 = 1_700_000_000_000;

pub fn key() -> SecretKey {
    SecretKey::from_bytes(&[0x42; 32]).unwrap()
}

pub fn blocks() -> Scope {
    Scope::blocks(&key().address(), &ChainId::from(10), &Domain::BLOCKS_V1)
}

pub fn transactions() -> Scope {
    Scope::transactions(&key().address(), &ChainId::from(10))
}

pub fn client(name: &str) -> Client {
    Client::new(name).unwrap()
}

/// The rules of one test, with no others beside.
pub fn only(rules: &[Rule]) -> RuleSet {
    RuleSet { mode: Mode::Strict, rules: rules.to_vec() }
}

/// A block is known by its height and a letter for its fork; its parent has the same letter.
pub fn block_hash(number: u64, fork: u8) -> Hex<32> {
    let mut hash = [fork; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    Hex(hash)
}

pub fn payload_hash(number: u64, fork: u8) -> PayloadHash {
    PayloadHash::of(&block_hash(number, fork).0)
}

pub fn facts(number: u64, fork: u8) -> BlockFacts {
    BlockFacts {
        number,
        block_hash: block_hash(number, fork),
        parent_hash: block_hash(number.wrapping_sub(1), fork),
        timestamp: NOW / 1000,
        l1_origin: None,
    }
}

pub fn block(number: u64, fork: u8) -> Request {
    block_of("a", number, fork)
}

pub fn block_of(name: &str, number: u64, fork: u8) -> Request {
    let facts = facts(number, fork);
    Request::block(blocks(), client(name), NOW, &payload_hash(number, fork), facts)
}

pub fn hash_only(name: &str, at: u64, number: u64, fork: u8) -> Request {
    Request::payload_hash(blocks(), client(name), at, &payload_hash(number, fork))
}

pub fn open(store: Store) -> Guard {
    let guard = Guard::open(store, NOW).unwrap();
    guard.configure(blocks(), RuleSet::blocks_strict()).unwrap();
    guard.configure(transactions(), RuleSet::transactions()).unwrap();
    guard
}

pub fn reserved(pending: Pending) -> Reservation {
    match pending.wait() {
        Decision::Reserved(reservation) => reservation,
        other => panic!("not reserved: {other:?}"),
    }
}

pub fn finish(reservation: Reservation) -> Signature {
    let signature = key().sign(reservation.hash()).unwrap();
    reservation.complete(&signature).unwrap()
}

pub fn sign(guard: &Guard, request: &Request) -> Signature {
    finish(reserved(guard.reserve(request)))
}

/// What came of a request, with a signature made where one may be.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Outcome {
    Signed,
    Stored,
    Recorded,
    Refused(&'static str),
    Failed,
}

pub fn outcome(guard: &Guard, request: &Request) -> Outcome {
    outcome_of(guard.reserve(request))
}

pub fn outcome_of(pending: Pending) -> Outcome {
    match pending.wait() {
        Decision::Reserved(reservation) => {
            finish(reservation);
            Outcome::Signed
        }
        Decision::Stored(_) => Outcome::Stored,
        Decision::Recorded(_) => Outcome::Recorded,
        Decision::Refused(refusal) => Outcome::Refused(refusal.name()),
        Decision::Failed(_) => Outcome::Failed,
    }
}

/// Numbers that look random and are the same in every run (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}
