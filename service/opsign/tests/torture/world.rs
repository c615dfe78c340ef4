//! What was asked for, and every signature that was given: the memory that the program is held
//! against. It outlives each run of the program.

use std::collections::{BTreeMap, HashMap};

use opsign_core::tx::SignedTransaction;
use opsign_core::{Address, ChainId, Rules, Signature, verify_payload};
use opsign_guard::{Export, Hex, Record};

use crate::block::Block;

/// The chain that everything is signed for.
pub const CHAIN: u64 = 10;

/// Rivals for one height.
const RIVALS: u8 = 3;

/// What only one digest may ever be signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    Block(u64),
    Nonce(u64),
}

/// A digest and the signature that came for it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Given {
    digest: [u8; 32],
    answer: String,
}

/// Everything proposed and given in the life of one record.
pub struct World {
    signer: Address,
    blocks: BTreeMap<u64, Vec<Block>>,
    given: HashMap<Slot, Given>,
    pub top: u64,
    pub nonce: u64,
}

impl World {
    pub fn new(signer: Address) -> Self {
        Self { signer, blocks: BTreeMap::new(), given: HashMap::new(), top: 1, nonce: 0 }
    }

    /// A block to ask for: one of the last twenty heights again, the next, or the one after; a
    /// known one or a new rival, on top of what was signed or of a rival of that.
    pub fn block(&mut self, now: u64, dice: &mut impl FnMut(u64) -> u64) -> Block {
        let number = match dice(4) {
            0 => self.top.saturating_sub(1 + dice(20)),
            1 => self.top + 1,
            _ => self.top,
        };
        let known = self.blocks.entry(number).or_default().len();
        if known > 0 && dice(3) > 0 {
            return self.blocks[&number][dice(known as u64) as usize].clone();
        }
        let signed = self.given.get(&Slot::Block(number.saturating_sub(1)));
        let below = self.blocks.get(&number.saturating_sub(1));
        let parent = below.filter(|below| !below.is_empty()).map_or([7; 32], |below| {
            let signed = signed.and_then(|given| {
                below.iter().find(|block| *block.hash.as_bytes() == given.digest)
            });
            match signed {
                Some(signed) if dice(8) > 0 => signed.block_hash,
                _ => below[dice(below.len() as u64) as usize].block_hash,
            }
        });
        let rival = dice(u64::from(RIVALS)) as u8;
        let block = Block::new(number, parent, now, rival);
        self.blocks.entry(number).or_default().push(block.clone());
        block
    }

    /// Whether this digest was signed before. A repeated request must get the same answer again.
    fn knows(&self, slot: Slot, digest: &[u8; 32]) -> bool {
        self.given.get(&slot).is_some_and(|given| given.digest == *digest)
    }

    /// Takes in the answer to a block.
    pub fn signed_block(&mut self, block: &Block, answer: &str) -> Result<(), String> {
        let bytes = base16ct::mixed::decode_vec(answer.trim_start_matches("0x"))
            .map_err(|error| format!("{answer}: {error}"))?;
        let signature = Signature::from_bytes(&bytes, Rules::Strict)
            .map_err(|error| format!("{answer}: {error}"))?;
        verify_payload(&ChainId::from(CHAIN), &block.hash, &signature, &self.signer)
            .map_err(|error| format!("block {}: {error}", block.number))?;
        self.top = self.top.max(block.number + 1);
        self.remember(Slot::Block(block.number), *block.hash.as_bytes(), answer)
    }

    /// Takes in the answer to a transaction.
    pub fn signed_transaction(&mut self, nonce: u64, answer: &str) -> Result<(), String> {
        let raw = base16ct::mixed::decode_vec(answer.trim_start_matches("0x"))
            .map_err(|error| format!("{answer}: {error}"))?;
        let signed = SignedTransaction::decode(&raw).map_err(|error| error.to_string())?;
        let sender = signed.sender().map_err(|error| error.to_string())?;
        if sender != self.signer {
            return Err(format!("the transaction {answer} is {sender}'s"));
        }
        let digest = *signed.signing_hash().map_err(|error| error.to_string())?.as_bytes();
        self.nonce = self.nonce.max(nonce + 1);
        self.remember(Slot::Nonce(nonce), digest, answer)
    }

    /// A block that was refused.
    pub fn refused_block(&self, block: &Block, error: &str) -> Result<(), String> {
        if self.knows(Slot::Block(block.number), block.hash.as_bytes()) {
            return Err(format!("block {} was signed before; now: {error}", block.number));
        }
        Ok(())
    }

    fn remember(&mut self, slot: Slot, digest: [u8; 32], answer: &str) -> Result<(), String> {
        let given = Given { digest, answer: answer.to_owned() };
        match self.given.get(&slot) {
            None => {
                self.given.insert(slot, given);
                Ok(())
            }
            Some(old) if old.digest != digest => {
                Err(format!("two signatures at {slot:?}: {old:?} and {given:?}"))
            }
            Some(old) if *old != given => {
                Err(format!("another signature of one digest at {slot:?}: {old:?}, {given:?}"))
            }
            Some(_) => Ok(()),
        }
    }

    /// Holds the record against the memory: all that was ever given is in it (a life is shorter
    /// than what a scope remembers), and no slot is in it twice. Gives the number of signatures
    /// looked up.
    pub fn check(&mut self, record: &Export) -> Result<usize, String> {
        let mut slots: HashMap<Slot, Hex<32>> = HashMap::new();
        for entry in &record.records {
            let Record::Reserve(reserve) = entry else { continue };
            let number = reserve.facts.slot().ok_or("a hash without a slot is on record")?;
            let slot = match reserve.facts {
                opsign_guard::Facts::Transaction(_) => Slot::Nonce(number),
                _ => Slot::Block(number),
            };
            if let Some(other) = slots.insert(slot, reserve.digest) {
                return Err(format!("{slot:?} is on record with {other} and {}", reserve.digest));
            }
            if let Slot::Block(number) = slot {
                self.top = self.top.max(number + 1);
            }
        }
        for (slot, given) in &self.given {
            if slots.get(slot) != Some(&Hex(given.digest)) {
                return Err(format!("{slot:?} was signed and is not on record"));
            }
        }
        Ok(self.given.len())
    }

    /// How many signatures it holds.
    pub fn signatures(&self) -> usize {
        self.given.len()
    }
}
