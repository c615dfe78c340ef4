//! GRANDPA's votes: sp-consensus-grandpa `localized_payload`, 53 bytes.

use super::Claim;
use crate::scale::Reader;

/// A vote, if the bytes are one and nothing else.
pub(super) fn vote(message: &[u8]) -> Option<Claim> {
    let mut from = Reader::new(message);
    let kind = from.u8()?;
    let _target: ([u8; 32], u32) = (from.array()?, from.u32()?);
    let (round, set_id) = (from.u64()?, from.u64()?);
    from.end()?;
    let step = match kind {
        0 => 1,
        1 => 2,
        2 => 0,
        _ => return None,
    };
    Some(Claim::Vote { set_id, round, step })
}

/// The bytes of a vote; `kind` is 0 prevote, 1 precommit, 2 primary proposal.
pub(super) fn encode(kind: u8, hash: &[u8; 32], number: u32, round: u64, set_id: u64) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend_from_slice(hash);
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&round.to_le_bytes());
    out.extend_from_slice(&set_id.to_le_bytes());
    out
}
