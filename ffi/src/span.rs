//! Places inside bytes that the caller holds. Offsets instead of pointers: they stay right when the
//! bytes are moved or copied, and no struct of ours ever points into memory of somebody else.

use opsign_core::ErrorCode;

/// A part of the bytes that a call was given.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct SpanC {
    /// Where it begins, counted from the first of those bytes; 0 if it is empty.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
}

/// Hashes in the bytes that a call was given, OPSIGN_HASH_STRIDE bytes apart.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct HashSpanC {
    /// Where the first begins, counted from the first of those bytes; 0 if there is none.
    pub offset: u64,
    /// How many hashes there are.
    pub count: u64,
}

impl SpanC {
    /// Where `part` lies in `whole`, of which it was cut.
    pub(crate) fn of(part: &[u8], whole: &[u8]) -> Result<Self, ErrorCode> {
        if part.is_empty() {
            return Ok(Self::default());
        }
        let offset = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
        let inside = whole.get(offset..).is_some_and(|rest| rest.len() >= part.len());
        if !inside {
            return Err(ErrorCode::Internal);
        }
        Ok(Self { offset: offset as u64, length: part.len() as u64 })
    }
}

impl HashSpanC {
    /// Where hashes that were read from `whole` lie in it.
    pub(crate) fn of<'a>(
        mut hashes: impl Iterator<Item = &'a [u8; 32]>,
        whole: &[u8],
    ) -> Result<Self, ErrorCode> {
        let Some(first) = hashes.next() else {
            return Ok(Self::default());
        };
        let offset = SpanC::of(first, whole)?.offset;
        Ok(Self { offset, count: 1 + hashes.count() as u64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_part_has_a_place() {
        let whole = [1u8; 100];
        let span = SpanC::of(&whole[10..90], &whole[..90]).map(|span| (span.offset, span.length));
        assert_eq!(span, Ok((10, 80)));
        let span = SpanC::of(&[], &whole).map(|span| (span.offset, span.length));
        assert_eq!(span, Ok((0, 0)));
        for (part, of) in [(&whole[10..91], &whole[..90]), (&whole[..2], &whole[1..])] {
            assert_eq!(SpanC::of(part, of).map(|span| span.offset), Err(ErrorCode::Internal));
        }
    }
}
