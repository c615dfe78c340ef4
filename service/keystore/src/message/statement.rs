//! What a `para` key signs, each with its session: statements about candidates (polkadot-primitives
//! `CompactStatement`, `ApprovalVote`, `ExplicitDisputeStatement`) and availability bitfields.

use opsign_guard::Stance;

use super::Claim;
use crate::scale::{Reader, compact};

/// The most candidates of one approval (polkadot-primitives `MAX_APPROVAL_COALESCE_COUNT`).
const MOST_APPROVED: u64 = 16;

/// The most cores that a bitfield is read for.
const MOST_CORES: u64 = 1 << 16;

/// A statement or a bitfield, if the bytes are one and nothing else. No bitfield begins like a
/// statement: the bit counts that the tags would be are far too high, or go with other lengths.
pub(super) fn statement(message: &[u8]) -> Option<Claim> {
    match message.first_chunk() {
        Some(b"BKNG") => backing(message),
        Some(b"APPR") => approval(message),
        Some(b"DISP") => dispute(message),
        Some(b"VCPC") => pvf_check(message),
        _ => bitfield(message),
    }
}

fn backing(message: &[u8]) -> Option<Claim> {
    let mut from = Reader::new(message);
    from.take(4)?;
    let stance = match from.u8()? {
        1 => Stance::Seconded,
        2 => Stance::Valid,
        _ => return None,
    };
    let (candidate, session, _parent): (_, _, [u8; 32]) =
        (from.array()?, from.u32()?, from.array()?);
    from.end()?;
    Some(Claim::Statement { session, stance, candidates: vec![candidate] })
}

/// Of one candidate its hash; of several a vector of theirs.
fn approval(message: &[u8]) -> Option<Claim> {
    let mut from = Reader::new(message);
    from.take(4)?;
    let count = if message.len() == 40 { 1 } else { from.compact()? };
    if count > MOST_APPROVED || count == 0 || (count == 1) != (message.len() == 40) {
        return None;
    }
    let candidates = (0..count).map(|_| from.array()).collect::<Option<Vec<_>>>()?;
    let session = from.u32()?;
    from.end()?;
    Some(Claim::Statement { session, stance: Stance::For, candidates })
}

fn dispute(message: &[u8]) -> Option<Claim> {
    let mut from = Reader::new(message);
    from.take(4)?;
    let stance = match from.u8()? {
        0 => Stance::Against,
        1 => Stance::For,
        _ => return None,
    };
    let (candidate, session) = (from.array()?, from.u32()?);
    from.end()?;
    Some(Claim::Statement { session, stance, candidates: vec![candidate] })
}

/// polkadot-primitives `PvfCheckStatement`: whether new code of a parachain is sound.
fn pvf_check(message: &[u8]) -> Option<Claim> {
    let mut from = Reader::new(message);
    from.take(4)?;
    let accept = from.u8()?;
    let _code: ([u8; 32], u32, u32) = (from.array()?, from.u32()?, from.u32()?);
    from.end()?;
    (accept <= 1).then_some(Claim::PvfCheck)
}

fn bitfield(message: &[u8]) -> Option<Claim> {
    let mut from = Reader::new(message);
    bits(&mut from)?;
    let _context: (u32, [u8; 32]) = (from.u32()?, from.array()?);
    from.end()?;
    Some(Claim::Bitfield)
}

/// The bits of a bitfield; those that fill the last byte up are zero.
pub(super) fn bits(from: &mut Reader<'_>) -> Option<()> {
    let count = from.compact().filter(|count| *count <= MOST_CORES)?;
    let bytes = from.take(count.div_ceil(8) as usize)?;
    let used = count % 8;
    (used == 0 || bytes.last()? >> used == 0).then_some(())
}

/// The bytes of a backing statement: `kind` is 1 seconded, 2 valid.
pub(super) fn encode_backing(
    kind: u8,
    candidate: &[u8; 32],
    session: u32,
    parent: &[u8; 32],
) -> Vec<u8> {
    [b"BKNG", &[kind][..], candidate, &session.to_le_bytes(), parent].concat()
}

/// The bytes of a dispute statement.
pub(super) fn encode_dispute(valid: bool, candidate: &[u8; 32], session: u32) -> Vec<u8> {
    [b"DISP", &[u8::from(valid)][..], candidate, &session.to_le_bytes()].concat()
}

/// The bytes of a vector of bytes.
pub(super) fn encode_bytes(bytes: &[u8]) -> Vec<u8> {
    [&compact(bytes.len() as u64), bytes].concat()
}
