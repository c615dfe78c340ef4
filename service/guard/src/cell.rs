//! The unit of the record: 256 bytes that say where they belong and vouch for all before them.
//!
//! ```text
//! version[1] ‖ sequence[8] ‖ synced[8] ‖ body[198] ‖ link[32] ‖ 0xa5[9]
//! ```
//!
//! `link` is SHA-256 over the previous cell's link and this cell's bytes before it (247 bytes in
//! all, so four compressions). `synced` is a number of cells known to be durable when this one was
//! made. The marker at the end tells a cell that a power loss cut short, which ends in zeros, from
//! one that was damaged: no single flipped bit makes one of the other. A cell never straddles a
//! sector, so that sectors written in any order leave whole cells.

use sha2::{Digest as _, Sha256};

/// Bytes of a cell.
pub(crate) const CELL: usize = 256;

/// Bytes of a body.
pub(crate) const BODY: usize = 198;

const VERSION: u8 = 1;
const LINK_AT: usize = 17 + BODY;
const MARKER: [u8; 9] = [0xa5; 9];

/// The hash that chains a cell to all before it.
pub(crate) type Link = [u8; 32];

/// What 256 bytes are, in the place where a cell with this sequence number should stand.
pub(crate) enum Read<'a> {
    /// A cell in its place.
    Whole {
        /// What it holds.
        body: &'a [u8; BODY],
        /// Its link.
        link: Link,
    },
    /// Never written, or not to the end.
    Torn,
    /// Complete but wrong.
    Damaged,
}

pub(crate) fn write(sequence: u64, synced: u64, body: &[u8; BODY], previous: &Link) -> [u8; CELL] {
    let mut cell = [0; CELL];
    cell[0] = VERSION;
    cell[1..9].copy_from_slice(&sequence.to_be_bytes());
    cell[9..17].copy_from_slice(&synced.to_be_bytes());
    cell[17..LINK_AT].copy_from_slice(body);
    let link = hash(previous, &cell);
    cell[LINK_AT..LINK_AT + 32].copy_from_slice(&link);
    cell[LINK_AT + 32..].copy_from_slice(&MARKER);
    cell
}

pub(crate) fn read<'a>(sequence: u64, cell: &'a [u8; CELL], previous: &Link) -> Read<'a> {
    if cell[CELL - 1] == 0 {
        return Read::Torn;
    }
    let link = link(cell);
    match cell[17..].first_chunk() {
        Some(body)
            if cell[0] == VERSION
                && self::sequence(cell) == sequence
                && cell[LINK_AT + 32..] == MARKER
                && hash(previous, cell) == link =>
        {
            Read::Whole { body, link }
        }
        _ => Read::Damaged,
    }
}

/// The sequence number that a cell claims.
pub(crate) fn sequence(cell: &[u8; CELL]) -> u64 {
    cell[1..9].first_chunk().map_or(0, |number| u64::from_be_bytes(*number))
}

/// What a cell says was durable when it was made, unchecked.
pub(crate) fn synced(cell: &[u8; CELL]) -> u64 {
    cell[9..17].first_chunk().map_or(0, |number| u64::from_be_bytes(*number))
}

/// The link that a cell claims.
pub(crate) fn link(cell: &[u8; CELL]) -> Link {
    let mut link = [0; 32];
    link.copy_from_slice(&cell[LINK_AT..LINK_AT + 32]);
    link
}

fn hash(previous: &Link, cell: &[u8; CELL]) -> Link {
    let mut bytes = [0; 32 + LINK_AT];
    bytes[..32].copy_from_slice(previous);
    bytes[32..].copy_from_slice(&cell[..LINK_AT]);
    Sha256::digest(bytes).into()
}
