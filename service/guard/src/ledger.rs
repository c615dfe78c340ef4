//! The seam between the guard and a record that several signers share.
//!
//! A ledger knows nothing of what the cells say. It keeps one head and the cells behind it, lets one
//! signer at a time have its turn, and changes both in one durable step or not at all.

use crate::error::StoreError;

/// A log of 256-byte cells that several signers append to, one at a time.
///
/// After any error the connection is not used again: the next call starts a new one. Errors that may
/// pass are [`StoreError::Database`] and [`StoreError::Standby`]; of any other the guard closes.
pub trait Ledger: Send {
    /// What it is called in messages; holds no secret.
    fn name(&self) -> String;

    /// Makes the ledger with its first cells.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is one.
    fn create(&mut self, head: &Head, cells: &[u8]) -> Result<(), StoreError>;

    /// The head as it stands, without a turn.
    ///
    /// # Errors
    /// [`StoreError::Missing`], and whatever makes the ledger unfit for a record.
    fn head(&mut self) -> Result<Head, StoreError>;

    /// Begins a turn: nobody else has one until [`Ledger::commit`] or [`Ledger::abandon`], or until
    /// this connection is lost. A commit of an earlier connection has succeeded or failed by then.
    ///
    /// # Errors
    /// As [`Ledger::head`].
    fn begin(&mut self) -> Result<Head, StoreError>;

    /// Ends the turn with cells behind the last, or none, and a new head, all durable when it
    /// returns. `head.sequence` is that of the last cell; its cluster is not written.
    ///
    /// # Errors
    /// Any error leaves open whether it was done; a new turn tells.
    fn commit(&mut self, cells: &[u8], head: &Head) -> Result<(), StoreError>;

    /// Ends the turn without a change. Needs no sync.
    ///
    /// # Errors
    /// If the turn may have ended before.
    fn abandon(&mut self) -> Result<(), StoreError>;

    /// The cells with sequence numbers above `after`, in order, at most `most` of them.
    ///
    /// # Errors
    /// As [`Ledger::head`].
    fn read(&mut self, after: u64, most: usize) -> Result<Vec<u8>, StoreError>;
}

/// Where a shared record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The record's random name.
    pub store: [u8; 16],
    /// The event that the record starts behind: 0, or where it was compacted.
    pub base: u64,
    /// The link of that event.
    pub base_link: [u8; 32],
    /// The last event's sequence number.
    pub sequence: u64,
    /// The last event's link.
    pub link: [u8; 32],
    /// Which server said so.
    pub cluster: Cluster,
}

/// What tells one database server's history from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// PostgreSQL's system identifier, which copies share.
    pub system: u64,
    /// PostgreSQL's timeline, which grows when a standby is promoted or a backup is restored.
    pub timeline: u32,
    /// Whether a commit waits for a standby, so that promoting that one loses nothing.
    pub synchronous: bool,
}
