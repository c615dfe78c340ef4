//! BEEFY commitments: sp-consensus-beefy `Commitment`. What is signed is their keccak256.

use super::payload::Built;
use super::{Claim, NotUnderstood};
use crate::scale::Reader;

/// A commitment in its SCALE form.
pub(super) struct Commitment<'a> {
    pub(super) bytes: &'a [u8],
    set_id: u64,
    block: u32,
}

impl<'a> Commitment<'a> {
    /// None if the bytes are no commitment, or one in another than its one form.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut from = Reader::new(bytes);
        for _ in 0..from.compact()? {
            from.take(2)?;
            from.bytes()?;
        }
        let (block, set_id) = (from.u32()?, from.u64()?);
        from.end()?;
        Some(Self { bytes, set_id, block })
    }
}

pub(super) fn commitment(built: Option<&Built<'_>>) -> Result<Claim, NotUnderstood> {
    match built {
        Some(Built::Commitment(Commitment { set_id, block, .. })) => {
            Ok(Claim::Commitment { set_id: *set_id, block: *block })
        }
        Some(_) => Err(NotUnderstood::NotItsKind),
        None => Err(NotUnderstood::NoPayload),
    }
}
