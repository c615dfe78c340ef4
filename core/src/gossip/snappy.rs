//! The snappy block format, as golang/snappy reads it (`docs/gossip-rules.md`, steps 1 to 4).
//!
//! Of our own because op-node's verdict must be ours on every message: the crate that would do
//! refuses lengths padded to more than five bytes, which op-node takes. It also needs no heap.

use super::{MAX_MESSAGE, MIN_DATA, Reason};

/// The length in front: a little-endian varint of 64 bits, at most 2^32 - 1. Gives the rest too.
fn read_length(message: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0u64;
    for (at, byte) in message.iter().enumerate().take(10) {
        if at == 9 && *byte > 1 {
            return None;
        }
        length |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            let length = u32::try_from(length).ok()?;
            return Some((usize::try_from(length).ok()?, &message[at + 1..]));
        }
    }
    None
}

/// How many bytes a message claims to hold, found before any of them is looked at.
///
/// # Errors
/// [`Reason::SnappyLengthInvalid`], [`Reason::MessageTooLarge`], [`Reason::MessageTooSmall`].
pub fn decompressed_len(message: &[u8]) -> Result<usize, Reason> {
    let (length, _) = read_length(message).ok_or(Reason::SnappyLengthInvalid)?;
    if length > MAX_MESSAGE {
        return Err(Reason::MessageTooLarge);
    }
    if length < MIN_DATA {
        return Err(Reason::MessageTooSmall);
    }
    Ok(length)
}

/// Decompresses a gossip message into the front of `out`, which [`decompressed_len`] says how long
/// to make, and gives what it wrote. Needs no heap.
///
/// # Errors
/// Those of [`decompressed_len`]; [`Reason::SnappyCorrupt`], also if `out` is too short.
pub fn decompress<'o>(message: &[u8], out: &'o mut [u8]) -> Result<&'o [u8], Reason> {
    let length = decompressed_len(message)?;
    let (_, elements) = read_length(message).ok_or(Reason::SnappyLengthInvalid)?;
    let out = out.get_mut(..length).ok_or(Reason::SnappyCorrupt)?;
    run(elements, out).ok_or(Reason::SnappyCorrupt)?;
    Ok(out)
}

/// Runs the elements, which must fill `out` exactly.
fn run(mut input: &[u8], out: &mut [u8]) -> Option<()> {
    let mut at = 0usize;
    while let Some((&tag, rest)) = input.split_first() {
        let high = usize::from(tag >> 2);
        if tag & 3 == 0 {
            // A literal: its length less one in the tag, or in the 1 to 4 bytes after it.
            let (less_one, rest) = match high {
                60.. => number(rest, high - 59)?,
                _ => (high, rest),
            };
            let length = less_one.checked_add(1)?;
            let (literal, behind) = rest.split_at_checked(length)?;
            let to = out.get_mut(at..)?;
            if !copy_short(to, rest, length) {
                to.get_mut(..length)?.copy_from_slice(literal);
            }
            at += length;
            input = behind;
            continue;
        }
        let (length, offset, rest) = match tag & 3 {
            1 => {
                let (low, rest) = number(rest, 1)?;
                (4 + (high & 7), usize::from(tag & 0xe0) << 3 | low, rest)
            }
            2 => number(rest, 2).map(|(offset, rest)| (1 + high, offset, rest))?,
            _ => number(rest, 4).map(|(offset, rest)| (1 + high, offset, rest))?,
        };
        if offset == 0 || offset > at || length > out.len() - at {
            return None;
        }
        let (before, to) = out.split_at_mut(at);
        if !copy_short(to, &before[at - offset..], length) {
            if offset >= length {
                out.copy_within(at - offset..at - offset + length, at);
            } else {
                // It repeats what it writes.
                for to in at..at + length {
                    out[to] = out[to - offset];
                }
            }
        }
        at += length;
        input = rest;
    }
    (at == out.len()).then_some(())
}

/// Copies a few bytes, and some more behind them that count for nothing: a copy of a fixed length is
/// inline. False, and nothing is done, if they are not few or either side is too short for that.
#[inline(always)]
fn copy_short(to: &mut [u8], from: &[u8], length: usize) -> bool {
    match length {
        0..=16 => copy_fixed::<16>(to, from),
        17..=64 => copy_fixed::<64>(to, from),
        _ => false,
    }
}

#[inline(always)]
fn copy_fixed<const LENGTH: usize>(to: &mut [u8], from: &[u8]) -> bool {
    match (to.first_chunk_mut::<LENGTH>(), from.first_chunk()) {
        (Some(to), Some(from)) => {
            *to = *from;
            true
        }
        _ => false,
    }
}

/// A number of `size` bytes, little-endian.
fn number(input: &[u8], size: usize) -> Option<(usize, &[u8])> {
    let (bytes, rest) = input.split_at_checked(size)?;
    let mut number = 0u32;
    for (at, byte) in bytes.iter().enumerate() {
        number |= u32::from(*byte) << (8 * at);
    }
    Some((usize::try_from(number).ok()?, rest))
}
