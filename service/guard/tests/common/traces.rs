//! Random histories, and the model of a few lines that says what each decision should be.

use std::time::Duration;

use opsign_core::tx::{DynamicFee, Transaction};
use opsign_core::{Address, ChainId, U256};
use opsign_guard::*;

use super::requests::*;

/// Where a trace's record is kept.
pub trait Place {
    /// The record, opened by one signer more.
    fn store(&self) -> Store;
    /// From now on an empty place.
    fn renew(&mut self);
}

/// What was met in all traces.
#[derive(Debug, Default)]
pub struct Met {
    pub steps: u64,
    pub signed: u64,
    pub refused: u64,
    pub restarts: u64,
}

/// Lists of what was signed, and the rules as one reads them.
#[derive(Default)]
struct Model {
    blocks: Vec<(u64, u8)>,
    given_up: Vec<(u64, u8)>,
    transactions: Vec<(u64, u64)>,
    holder: Option<&'static str>,
    floor: u64,
    ticket: Option<(u64, u8)>,
}

impl Model {
    fn block(&mut self, name: &str, number: u64, fork: u8) -> Outcome {
        if self.holder != Some(name) {
            return Outcome::Refused("not_holder");
        }
        if self.blocks.contains(&(number, fork)) {
            return Outcome::Stored;
        }
        if self.given_up.contains(&(number, fork)) {
            return Outcome::Refused("superseded");
        }
        if number < self.floor {
            return Outcome::Refused("below_floor");
        }
        let tip = self.blocks.iter().map(|(number, _)| *number).max();
        let no = if self.blocks.iter().any(|block| block.0 == number) {
            Some("slot_taken")
        } else if tip.is_some_and(|tip| number <= tip) {
            Some("behind_tip")
        } else if self.blocks.iter().any(|block| block.0 + 1 == number && block.1 != fork) {
            Some("parent_mismatch")
        } else {
            None
        };
        if let Some(no) = no {
            if self.ticket != Some((number, fork)) {
                return Outcome::Refused(no);
            }
            self.ticket = None;
            self.given_up.extend(self.blocks.iter().filter(|block| block.0 >= number));
            self.blocks.retain(|block| block.0 < number);
        }
        self.blocks.push((number, fork));
        Outcome::Signed
    }

    fn transaction(&mut self, nonce: u64, fee: u64) -> Outcome {
        if self.transactions.contains(&(nonce, fee)) {
            return Outcome::Stored;
        }
        let tip = self.transactions.iter().map(|(nonce, _)| *nonce).max();
        if tip.is_some_and(|tip| nonce > tip + 16) {
            return Outcome::Refused("gap_too_wide");
        }
        let here = self.transactions.iter().filter(|transaction| transaction.0 == nonce);
        let fees: Vec<u64> = here.map(|transaction| transaction.1).collect();
        if fees.iter().any(|old| fee <= *old || fee < old * 110 / 100) {
            return Outcome::Refused("fee_too_low");
        }
        if fees.len() > 20 {
            return Outcome::Refused("too_many_replacements");
        }
        self.transactions.push((nonce, fee));
        Outcome::Signed
    }
}

fn transaction(nonce: u64, fee: u64) -> Request {
    let transaction = Transaction::DynamicFee(DynamicFee {
        chain_id: ChainId::from(10),
        nonce,
        max_priority_fee_per_gas: U256::from(fee),
        max_fee_per_gas: U256::from(fee),
        gas: 21_000,
        to: Some(Address::from_bytes([7; 20])),
        ..DynamicFee::default()
    });
    Request::transaction(transactions(), client("a"), NOW, &transaction).unwrap()
}

fn reopen(place: &dyn Place, signers: usize) -> Vec<Guard> {
    let one = |_| {
        let guard = open(place.store());
        guard.configure(blocks(), RuleSet::blocks_strict().with(Rule::Lease)).unwrap();
        guard
    };
    (0..signers).map(one).collect()
}

/// Runs one history, each step at one of so many signers on one record, and compares every decision
/// with the model's. A signer that has not heard of another's signature yet signs the same again.
pub fn run(place: &mut dyn Place, trace: u64, signers: usize, met: &mut Met) {
    let mut dice = Dice(trace);
    let mut whose = Dice(!trace);
    place.store().init().unwrap();
    let mut guards = reopen(place, signers);
    let mut model = Model::default();
    let alike = |got, expected| {
        let again = signers > 1 && got == Outcome::Signed && expected == Outcome::Stored;
        got == expected || again
    };
    for step in 0..60 {
        met.steps += 1;
        let guard = &guards[whose.roll(signers as u64) as usize];
        let tip = model.blocks.iter().map(|block| block.0).max().unwrap_or(100);
        let number = tip + dice.roll(5) - 2;
        let fork = [b'x', b'x', b'x', b'y'][dice.roll(4) as usize];
        let name = ["a", "a", "a", "b"][dice.roll(4) as usize];
        match dice.roll(20) {
            0 => {
                guard.switch(&blocks(), &client(name), None, Duration::ZERO, NOW).unwrap();
                model.holder = Some(name);
            }
            1 if number > model.floor && dice.roll(4) == 0 => {
                guard.set_floor(&blocks(), number, NOW).unwrap();
                model.floor = number;
            }
            2 if model.ticket.is_none() => {
                let ticket = Ticket {
                    id: Hex([step; 16]),
                    fork: number,
                    payload_hash: Some(Hex(*payload_hash(number, fork).as_bytes())),
                    parent_hash: Some(block_hash(number - 1, fork)),
                    max_depth: u64::MAX,
                    not_after: NOW,
                    reason: String::new(),
                };
                guard.issue(&blocks(), ticket, NOW).unwrap();
                model.ticket = Some((number, fork));
            }
            3 => {
                met.restarts += 1;
                guards.clear();
                match dice.roll(3) {
                    0 => drop(place.store().compact(NOW).unwrap()),
                    1 => {
                        let export = place.store().export(NOW).unwrap();
                        place.renew();
                        place.store().import(&export).unwrap();
                    }
                    _ => {}
                }
                guards = reopen(place, signers);
            }
            4..=8 => {
                let highest = model.transactions.iter().map(|one| one.0).max().unwrap_or(0);
                let nonce = (highest + dice.roll(24)).saturating_sub(4);
                let fee = 100 + dice.roll(6) * 10;
                let got = outcome(guard, &transaction(nonce, fee));
                let expected = model.transaction(nonce, fee);
                assert!(alike(got, expected), "trace {trace}, {step}: {got:?} {expected:?}");
                met.signed += u64::from(got == Outcome::Signed);
                met.refused += u64::from(matches!(got, Outcome::Refused(_)));
            }
            _ => {
                let got = outcome(guard, &block_of(name, number, fork));
                let expected = model.block(name, number, fork);
                assert!(alike(got, expected), "trace {trace}, {step}: {got:?} {expected:?}");
                met.signed += u64::from(got == Outcome::Signed);
                met.refused += u64::from(matches!(got, Outcome::Refused(_)));
            }
        }
    }
}
