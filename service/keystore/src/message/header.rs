//! Block headers, of which BABE's and Aura's seals sign the hash.

use super::payload::Built;
use super::{Asked, Claim, NotUnderstood};
use crate::key_type::KeyType;
use crate::scale::{Reader, compact};

/// A header without its seal, taken apart and put together again.
pub(super) struct Header {
    pub(super) bytes: Vec<u8>,
    /// The slots of its pre-digests, by their engine.
    babe: Option<u64>,
    aura: Option<u64>,
}

impl Header {
    /// The slot, as the engine of a key type has it.
    pub(super) fn slot(&self, key_type: KeyType) -> Option<u64> {
        match key_type {
            KeyType::BABE => self.babe,
            KeyType::AURA => self.aura,
            _ => None,
        }
    }

    /// Whether a slot is that of one of its pre-digests.
    pub(super) fn has_slot(&self, slot: u64) -> bool {
        self.babe == Some(slot) || self.aura == Some(slot)
    }

    /// sp-runtime `generic::Header`; `digest` is SCALE. None if the digest is not in its one form,
    /// has a seal already, or two pre-digests of one engine.
    pub(super) fn new(
        parent: &[u8; 32],
        number: u32,
        state_root: &[u8; 32],
        extrinsics_root: &[u8; 32],
        digest: &[u8],
    ) -> Option<Self> {
        let number = compact(number.into());
        let bytes = [&parent[..], &number, state_root, extrinsics_root, digest].concat();
        let mut header = Self { bytes, babe: None, aura: None };
        let mut from = Reader::new(digest);
        for _ in 0..from.compact()? {
            header.item(&mut from)?;
        }
        from.end()?;
        Some(header)
    }

    /// sp-runtime `DigestItem`.
    fn item(&mut self, from: &mut Reader<'_>) -> Option<()> {
        match from.u8()? {
            0 => from.bytes().map(drop),
            4 => from.array::<4>().and_then(|_| from.bytes()).map(drop),
            6 => {
                let (engine, data) = (from.array::<4>()?, from.bytes()?);
                let slot = match &engine {
                    b"BABE" => (&mut self.babe, babe_slot(data)?),
                    b"aura" => (&mut self.aura, aura_slot(data)?),
                    _ => return Some(()),
                };
                slot.0.replace(slot.1).is_none().then_some(())
            }
            8 => Some(()),
            // 5 is a seal: what is sealed already is not sealed again.
            _ => None,
        }
    }
}

/// sp-consensus-babe `PreDigest`.
fn babe_slot(data: &[u8]) -> Option<u64> {
    let mut from = Reader::new(data);
    let kind = from.u8()?;
    let (_authority, slot) = (from.u32()?, from.u64()?);
    match kind {
        // With a VRF's output and proof.
        1 | 3 => from.take(32 + 64).map(drop)?,
        2 => {}
        _ => return None,
    }
    from.end()?;
    Some(slot)
}

fn aura_slot(data: &[u8]) -> Option<u64> {
    let mut from = Reader::new(data);
    let slot = from.u64()?;
    from.end()?;
    Some(slot)
}

/// A seal, if the payload is the header that the message is the hash of.
pub(super) fn seal(asked: &Asked<'_>, built: Option<&Built<'_>>) -> Result<Claim, NotUnderstood> {
    match built {
        Some(Built::Header(header)) => {
            let slot = header.slot(asked.key_type).ok_or(NotUnderstood::OtherEngine)?;
            Ok(Claim::Block { slot })
        }
        Some(_) => Err(NotUnderstood::NotItsKind),
        None if asked.message.len() == 32 => Err(NotUnderstood::NoPayload),
        None => Err(NotUnderstood::NotItsKind),
    }
}
