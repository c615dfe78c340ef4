//! Keccak-256 of several messages side by side.

use core::cmp::Reverse;

use opsign_cpu::KeccakEight;

use super::permutation::{RATE, ROUND_CONSTANTS, State, add, permute};
use super::{Pieces, one_after_the_other};

/// The most messages that are hashed together: so many that a place which becomes free is mostly taken
/// by another.
pub(crate) const TOGETHER: usize = 16;

/// How many states are permuted at once.
const PLACES: usize = 8;

/// A message that has a place.
struct Job<'m> {
    message: &'m Pieces<'m>,
    /// Which of the messages it is.
    number: usize,
    /// How many of its blocks.
    absorbed: usize,
}

/// Keccak-256 of up to [`TOGETHER`] messages.
pub(crate) fn keccak256_many(messages: &[Pieces<'_>], hashes: &mut [[u8; 32]]) {
    let Some(eight) = KeccakEight::new() else {
        return one_after_the_other(messages, hashes);
    };
    // The longest first, so that none is left over alone.
    let mut order = [0; TOGETHER];
    let order = &mut order[..messages.len()];
    order.iter_mut().enumerate().for_each(|(at, number)| *number = at);
    order.sort_unstable_by_key(|number| Reverse(block_count(&messages[*number])));
    let mut waiting = order.iter();
    let mut places = [const { None::<Job<'_>> }; PLACES];
    let (mut states, mut blocks) = ([[0; PLACES]; 25], [[0; PLACES]; RATE / 8]);
    loop {
        for place in &mut places {
            if place.is_none()
                && let Some(number) = waiting.next()
            {
                *place = Some(Job { message: &messages[*number], number: *number, absorbed: 0 });
            }
        }
        if places.iter().flatten().count() < eight.worth() {
            break;
        }
        let mut keep = [0; PLACES];
        for (column, place) in places.iter().enumerate() {
            if let Some(job) = place {
                keep[column] = if job.absorbed == 0 { 0 } else { u64::MAX };
                let mut room = [0; RATE];
                let (lanes, _) = block(job.message, job.absorbed, &mut room).as_chunks();
                for (row, lane) in blocks.iter_mut().zip(lanes) {
                    row[column] = u64::from_le_bytes(*lane);
                }
            }
        }
        eight.absorb(&mut states, &keep, &blocks, &ROUND_CONSTANTS);
        for (column, place) in places.iter_mut().enumerate() {
            if let Some(job) = place {
                job.absorbed += 1;
                if job.absorbed == block_count(job.message) {
                    hashes[job.number] = squeeze(states.iter().map(|row| &row[column]));
                    *place = None;
                }
            }
        }
    }
    // Too few go on, and nobody waits: one after the other is quicker.
    for (column, place) in places.iter_mut().enumerate() {
        if let Some(job) = place {
            let mut state = State::default();
            if job.absorbed > 0 {
                for (lane, row) in state.as_flattened_mut().iter_mut().zip(&states) {
                    *lane = row[column];
                }
            }
            for at in job.absorbed..block_count(job.message) {
                add(&mut state, block(job.message, at, &mut [0; RATE]));
                permute(&mut state, &[]);
            }
            hashes[job.number] = squeeze(state.as_flattened());
        }
    }
}

/// How many blocks a message has, its padding included.
fn block_count(message: &Pieces<'_>) -> usize {
    (message[0].len() + message[1].len()) / RATE + 1
}

/// A message's block, if need be put together in `room`, which is zeroes; behind the message's end
/// come the bit 1, zeroes, and a 1 in the last place (pad10*1).
#[inline(always)]
fn block<'a>(message: &Pieces<'a>, at: usize, room: &'a mut [u8; RATE]) -> &'a [u8; RATE] {
    let (mut skip, mut length) = (at * RATE, 0);
    for piece in message {
        let rest = piece.get(skip..).unwrap_or_default();
        skip = skip.saturating_sub(piece.len());
        if length == 0
            && let Some(whole) = rest.first_chunk()
        {
            return whole;
        }
        let taken = rest.len().min(RATE - length);
        room[length..length + taken].copy_from_slice(&rest[..taken]);
        length += taken;
    }
    if length < RATE {
        room[length] = 1;
        room[RATE - 1] |= 0x80;
    }
    room
}

/// The first four lanes.
fn squeeze<'a>(lanes: impl IntoIterator<Item = &'a u64>) -> [u8; 32] {
    let mut hash = [0; 32];
    for (bytes, lane) in hash.as_chunks_mut().0.iter_mut().zip(lanes) {
        *bytes = lane.to_le_bytes();
    }
    hash
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::super::sha3_engine;
    use super::*;

    /// Of every number of messages, cut in two anywhere; lengths around those of one to four blocks,
    /// and one that is alone in the end.
    #[test]
    fn equal_to_one_after_the_other() {
        let bytes: Vec<u8> = (0..4_000_usize).map(|at| (at * at + 7 * at) as u8).collect();
        let mut hashed = 0;
        for round in 0..2_000_usize {
            let messages: Vec<Pieces<'_>> = (0..=round % TOGETHER)
                .map(|number| {
                    let turn = round * 31 + number * 97;
                    let length = match turn % 5 {
                        0 => turn % 4 * RATE + 3 - turn % 7 % 4,
                        4 if number == 0 => 3_000,
                        _ => turn % 700,
                    };
                    let (first, second) = bytes[number..][..length].split_at(turn % (length + 1));
                    [first, second]
                })
                .collect();
            let mut hashes = [[0; 32]; TOGETHER];
            keccak256_many(&messages, &mut hashes);
            for (message, hash) in messages.iter().zip(hashes) {
                let mut hasher = sha3_engine::Keccak256::default();
                message.iter().for_each(|piece| hasher.update(piece));
                assert_eq!(hash, hasher.finish(), "{} and {}", message[0].len(), message[1].len());
                hashed += 1;
            }
        }
        assert_eq!(hashed, 17_000);
    }
}
