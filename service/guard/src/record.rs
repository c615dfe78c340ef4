//! What the record holds: one kind of event per cell, in the order in which they were decided.

use serde::{Deserialize, Serialize};

use crate::hex::Hex;
use crate::request::{Facts, L1Origin};
use crate::scope::{Client, Digest, Scope};
use crate::ticket::Ticket;

/// An event. The names of its kinds and fields are the JSON of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// Gives a scope its short number.
    Scope {
        /// The number, counted from 0.
        id: u32,
        /// The scope.
        scope: Scope,
    },
    /// Gives a client its short number.
    Client {
        /// The number, counted from 0.
        id: u32,
        /// The client.
        client: Client,
    },
    /// The record was opened for signing.
    Boot {
        /// Milliseconds since 1970.
        at: u64,
    },
    /// A digest may be signed from now on, and no other in its place.
    Reserve(Reserve),
    /// A reserved digest was signed. May be lost in a crash: it only saves work.
    Signed {
        /// The scope's number.
        scope: u32,
        /// What was signed.
        digest: Digest,
        /// `r ‖ s ‖ y_parity`.
        signature: Hex<65>,
    },
    /// The lease of a scope changed.
    Lease {
        /// The scope's number.
        scope: u32,
        /// Milliseconds since 1970.
        at: u64,
        /// The lease's epoch from now on.
        epoch: u64,
        /// The holder's number.
        holder: Option<u32>,
        /// In a handover at a slot, the number of the client below it, and the slot.
        handover: Option<(u32, u64)>,
    },
    /// The floor of a scope was raised.
    Floor {
        /// The scope's number.
        scope: u32,
        /// Milliseconds since 1970.
        at: u64,
        /// The lowest slot from now on.
        floor: u64,
    },
    /// A reorg ticket was issued.
    Ticket {
        /// The scope's number.
        scope: u32,
        /// Milliseconds since 1970.
        at: u64,
        /// The ticket.
        ticket: Ticket,
    },
    /// A reorg ticket was used: the recorded slots from its fork on are given up.
    Redeem {
        /// The scope's number.
        scope: u32,
        /// Milliseconds since 1970.
        at: u64,
        /// The ticket.
        ticket: Hex<16>,
        /// Its fork.
        fork: u64,
    },
    /// What an L1 node has at a number, before the `reorg` that it is evidence for.
    Witness {
        /// The scope's number.
        scope: u32,
        /// Milliseconds since 1970.
        at: u64,
        /// The number of the L1 block.
        number: u64,
        /// Its hash on that node.
        hash: Hex<32>,
        /// The node's host and port.
        name: String,
    },
    /// The L1 block is gone that the block recorded at `fork` builds on: the recorded slots from
    /// there on are given up.
    Reorg {
        /// The scope's number.
        scope: u32,
        /// Milliseconds since 1970.
        at: u64,
        /// The first slot that is given up.
        fork: u64,
        /// The L1 block that is gone.
        origin: L1Origin,
        /// The hash of the one in its place.
        canonical: Hex<32>,
    },
    /// A digest of a fork that was given up. Only in snapshots; a `redeem` or a `reorg` implies it
    /// elsewhere.
    Superseded {
        /// The scope's number.
        scope: u32,
        /// The digest.
        digest: Digest,
    },
    /// The rate of a scope was exceeded, or an operator has cleared that.
    Latch {
        /// The scope's number.
        scope: u32,
        /// Milliseconds since 1970.
        at: u64,
        /// Whether new digests are refused from now on.
        on: bool,
    },
    /// What was said of a candidate. Only in snapshots; a `reserve` says it elsewhere.
    Stances {
        /// The scope's number.
        scope: u32,
        /// The session.
        session: u32,
        /// The candidate.
        candidate: Hex<32>,
        /// A bit for each stance: 1 seconded, 2 valid, 4 for, 8 against.
        stances: u8,
    },
    /// When a scope's rate bucket is full. Only in snapshots; a `reserve` says it elsewhere.
    Bucket {
        /// The scope's number.
        scope: u32,
        /// Milliseconds since 1970.
        full_at: u64,
    },
}

/// See [`Record::Reserve`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserve {
    /// The scope's number.
    pub scope: u32,
    /// The client's number.
    pub client: u32,
    /// The lease's epoch.
    pub epoch: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// When the scope's rate bucket will be full, milliseconds since 1970; 0 without a rate.
    pub full_at: u64,
    /// What may be signed.
    pub digest: Digest,
    /// What the rules saw.
    #[serde(flatten)]
    pub facts: Facts,
}
