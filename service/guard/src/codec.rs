//! A record as the bytes of a cell's body. Numbers are big-endian; the kind of a record is the
//! first byte, unused bytes are zero, and what follows them must be too.

use crate::cell::BODY;
use crate::hex::Hex;
use crate::record::{Record, Reserve};
use crate::request::{
    BlockFacts, Facts, L1Origin, Stance, StatementFacts, TransactionFacts, VoteFacts,
};
use crate::scope::{Client, Scope};
use crate::ticket::Ticket;

/// The body of a cell that holds `record`, or none if a text in it is too long for one.
pub(crate) fn encode(record: &Record) -> Option<[u8; BODY]> {
    let mut out = Writer { body: [0; BODY], at: 0, fits: true };
    match record {
        Record::Scope { id, scope } => out.kind(1).u32(*id).put(scope.as_bytes()),
        Record::Client { id, client } => out.kind(2).u32(*id).text(client.as_str()),
        Record::Boot { at } => out.kind(3).u64(*at),
        Record::Reserve(reserve) => out.reserve(reserve),
        Record::Signed { scope, digest, signature } => {
            out.kind(7).u32(*scope).put(&digest.0).put(&signature.0)
        }
        Record::Lease { scope, at, epoch, holder, handover } => {
            let (previous, from) = handover.unwrap_or_default();
            out.kind(8).u32(*scope).u64(*at).u64(*epoch);
            out.flag(holder.is_some()).u32(holder.unwrap_or_default());
            out.flag(handover.is_some()).u32(previous).u64(from)
        }
        Record::Floor { scope, at, floor } => out.kind(9).u32(*scope).u64(*at).u64(*floor),
        Record::Ticket { scope, at, ticket } => out.ticket(*scope, *at, ticket),
        Record::Redeem { scope, at, ticket, fork } => {
            out.kind(11).u32(*scope).u64(*at).put(&ticket.0).u64(*fork)
        }
        Record::Witness { scope, at, number, hash, name } => {
            out.kind(15).u32(*scope).u64(*at).u64(*number).put(&hash.0).text(name)
        }
        Record::Reorg { scope, at, fork, origin, canonical } => {
            out.kind(16).u32(*scope).u64(*at).u64(*fork);
            out.u64(origin.number).put(&origin.hash.0).put(&canonical.0)
        }
        Record::Superseded { scope, digest } => out.kind(12).u32(*scope).put(&digest.0),
        Record::Latch { scope, at, on } => out.kind(13).u32(*scope).u64(*at).flag(*on),
        Record::Bucket { scope, full_at } => out.kind(14).u32(*scope).u64(*full_at),
        Record::Stances { scope, session, candidate, stances } => {
            out.kind(19).u32(*scope).u32(*session).put(&candidate.0).put(&[*stances])
        }
    };
    out.fits.then_some(out.body)
}

/// Reads a body, or none if it is no record of this version.
pub(crate) fn decode(body: &[u8; BODY]) -> Option<Record> {
    let mut from = Reader(body);
    let record = match from.array::<1>()?[0] {
        1 => Record::Scope { id: from.u32()?, scope: Scope::from_bytes(from.array()?)? },
        2 => Record::Client { id: from.u32()?, client: Client::new(from.text()?)? },
        3 => Record::Boot { at: from.u64()? },
        kind @ (4..=6 | 17 | 18) => Record::Reserve(from.reserve(kind)?),
        7 => Record::Signed { scope: from.u32()?, digest: from.hex()?, signature: from.hex()? },
        8 => from.lease()?,
        9 => Record::Floor { scope: from.u32()?, at: from.u64()?, floor: from.u64()? },
        10 => from.ticket()?,
        11 => Record::Redeem {
            scope: from.u32()?,
            at: from.u64()?,
            ticket: from.hex()?,
            fork: from.u64()?,
        },
        12 => Record::Superseded { scope: from.u32()?, digest: from.hex()? },
        13 => Record::Latch { scope: from.u32()?, at: from.u64()?, on: from.flag()? },
        14 => Record::Bucket { scope: from.u32()?, full_at: from.u64()? },
        15 => Record::Witness {
            scope: from.u32()?,
            at: from.u64()?,
            number: from.u64()?,
            hash: from.hex()?,
            name: from.text()?,
        },
        16 => Record::Reorg {
            scope: from.u32()?,
            at: from.u64()?,
            fork: from.u64()?,
            origin: L1Origin { number: from.u64()?, hash: from.hex()? },
            canonical: from.hex()?,
        },
        19 => Record::Stances {
            scope: from.u32()?,
            session: from.u32()?,
            candidate: from.hex()?,
            stances: from.array::<1>()?[0],
        },
        _ => return None,
    };
    from.0.iter().all(|byte| *byte == 0).then_some(record)
}

struct Writer {
    body: [u8; BODY],
    at: usize,
    fits: bool,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        match self.body.get_mut(self.at..self.at + bytes.len()) {
            Some(room) => room.copy_from_slice(bytes),
            None => self.fits = false,
        }
        self.at += bytes.len();
        self
    }

    fn kind(&mut self, kind: u8) -> &mut Self {
        self.put(&[kind])
    }

    fn flag(&mut self, flag: bool) -> &mut Self {
        self.put(&[u8::from(flag)])
    }

    fn u32(&mut self, number: u32) -> &mut Self {
        self.put(&number.to_be_bytes())
    }

    fn u64(&mut self, number: u64) -> &mut Self {
        self.put(&number.to_be_bytes())
    }

    fn u128(&mut self, number: u128) -> &mut Self {
        self.put(&number.to_be_bytes())
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.fits &= text.len() <= usize::from(u8::MAX);
        self.put(&[text.len() as u8]).put(text.as_bytes())
    }

    fn option(&mut self, bytes: Option<Hex<32>>) -> &mut Self {
        self.flag(bytes.is_some()).put(&bytes.map_or([0; 32], |bytes| bytes.0))
    }

    fn reserve(&mut self, reserve: &Reserve) -> &mut Self {
        self.kind(match reserve.facts {
            Facts::Hash => 4,
            Facts::Block(_) => 5,
            Facts::Transaction(_) => 6,
            Facts::Vote(_) => 17,
            Facts::Statement(_) => 18,
        });
        self.u32(reserve.scope).u32(reserve.client).u64(reserve.epoch);
        self.u64(reserve.at).u64(reserve.full_at).put(&reserve.digest.0);
        match &reserve.facts {
            Facts::Hash => self,
            Facts::Block(block) => {
                self.u64(block.number).put(&block.block_hash.0).put(&block.parent_hash.0);
                self.u64(block.timestamp).flag(block.l1_origin.is_some());
                if let Some(origin) = &block.l1_origin {
                    self.u64(origin.number).put(&origin.hash.0);
                }
                self
            }
            Facts::Transaction(transaction) => {
                self.u64(transaction.nonce).put(&transaction.content.0);
                self.flag(transaction.cancels).flag(transaction.blobs);
                self.u128(transaction.fee_cap).u128(transaction.tip_cap);
                self.u128(transaction.blob_fee_cap).u128(transaction.spend)
            }
            Facts::Vote(vote) => self.u64(vote.slot),
            Facts::Statement(statement) => {
                self.u32(statement.session).put(&statement.candidate.0);
                self.put(&[statement.stance.bit()])
            }
        }
    }

    fn ticket(&mut self, scope: u32, at: u64, ticket: &Ticket) -> &mut Self {
        self.kind(10).u32(scope).u64(at).put(&ticket.id.0).u64(ticket.fork);
        self.option(ticket.payload_hash).option(ticket.parent_hash);
        self.u64(ticket.max_depth).u64(ticket.not_after).text(&ticket.reason)
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn hex<const N: usize>(&mut self) -> Option<Hex<N>> {
        self.array().map(Hex)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.array()? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn u128(&mut self) -> Option<u128> {
        self.array().map(u128::from_be_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let [length] = self.array()?;
        let (text, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn option(&mut self) -> Option<Option<Hex<32>>> {
        let (some, bytes) = (self.flag()?, self.hex()?);
        Some(some.then_some(bytes))
    }

    fn reserve(&mut self, kind: u8) -> Option<Reserve> {
        let (scope, client, epoch) = (self.u32()?, self.u32()?, self.u64()?);
        let (at, full_at, digest) = (self.u64()?, self.u64()?, self.hex()?);
        let facts = match kind {
            4 => Facts::Hash,
            5 => Facts::Block(self.block()?),
            17 => Facts::Vote(VoteFacts { slot: self.u64()? }),
            18 => Facts::Statement(StatementFacts {
                session: self.u32()?,
                candidate: self.hex()?,
                stance: Stance::of(self.array::<1>()?[0])?,
            }),
            _ => Facts::Transaction(self.transaction()?),
        };
        Some(Reserve { scope, client, epoch, at, full_at, digest, facts })
    }

    fn block(&mut self) -> Option<BlockFacts> {
        let (number, block_hash) = (self.u64()?, self.hex()?);
        let (parent_hash, timestamp) = (self.hex()?, self.u64()?);
        let l1_origin = match self.flag()? {
            true => Some(L1Origin { number: self.u64()?, hash: self.hex()? }),
            false => None,
        };
        Some(BlockFacts { number, block_hash, parent_hash, timestamp, l1_origin })
    }

    fn transaction(&mut self) -> Option<TransactionFacts> {
        Some(TransactionFacts {
            nonce: self.u64()?,
            content: self.hex()?,
            cancels: self.flag()?,
            blobs: self.flag()?,
            fee_cap: self.u128()?,
            tip_cap: self.u128()?,
            blob_fee_cap: self.u128()?,
            spend: self.u128()?,
        })
    }

    fn lease(&mut self) -> Option<Record> {
        let (scope, at, epoch) = (self.u32()?, self.u64()?, self.u64()?);
        let holder = (self.flag()?, self.u32()?);
        let (handover, from) = ((self.flag()?, self.u32()?), self.u64()?);
        Some(Record::Lease {
            scope,
            at,
            epoch,
            holder: holder.0.then_some(holder.1),
            handover: handover.0.then_some((handover.1, from)),
        })
    }

    fn ticket(&mut self) -> Option<Record> {
        let (scope, at) = (self.u32()?, self.u64()?);
        let ticket = Ticket {
            id: self.hex()?,
            fork: self.u64()?,
            payload_hash: self.option()?,
            parent_hash: self.option()?,
            max_depth: self.u64()?,
            not_after: self.u64()?,
            reason: self.text()?,
        };
        Some(Record::Ticket { scope, at, ticket })
    }
}
