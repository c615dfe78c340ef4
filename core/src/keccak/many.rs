//! Keccak-256 of several messages side by side.

use core::slice;

use opsign_cpu::{EightStates, KeccakEight};

use super::Pieces;
use super::permutation::{RATE, ROUND_CONSTANTS, State, absorb};

/// The most messages that are hashed side by side.
pub(crate) const SIDE_BY_SIDE: usize = 8;

/// Keccak-256 of up to [`SIDE_BY_SIDE`] messages.
pub(crate) fn keccak256_many(messages: &[Pieces<'_>], hashes: &mut [[u8; 32]]) {
    let eight = KeccakEight::new();
    let mut states = [[0; SIDE_BY_SIDE]; 25];
    let mut at = 0;
    let going_on = |at| messages.iter().filter(|message| blocks(message) > at).count();
    while let Some(eight) = eight.filter(|eight| going_on(at) >= eight.worth()) {
        for (column, message) in messages.iter().enumerate() {
            if at < blocks(message) {
                let mut room = [0; RATE];
                let (lanes, _) = block(message, at, &mut room).as_chunks();
                for (row, lane) in states.iter_mut().zip(lanes) {
                    row[column] ^= u64::from_le_bytes(*lane);
                }
            }
        }
        eight.permute(&mut states, &ROUND_CONSTANTS);
        at += 1;
        for (column, (message, hash)) in messages.iter().zip(&mut *hashes).enumerate() {
            if at == blocks(message) {
                *hash = squeeze(&states, column);
            }
        }
    }
    // Too few go on: one after the other is quicker.
    for (column, (message, hash)) in messages.iter().zip(hashes).enumerate() {
        if at < blocks(message) {
            let mut state = State::default();
            for (lane, row) in state.as_flattened_mut().iter_mut().zip(&states) {
                *lane = row[column];
            }
            for at in at..blocks(message) {
                absorb(&mut state, slice::from_ref(block(message, at, &mut [0; RATE])));
            }
            for (row, lane) in states.iter_mut().zip(state.as_flattened()) {
                row[column] = *lane;
            }
            *hash = squeeze(&states, column);
        }
    }
}

/// How many blocks a message has, its padding included.
fn blocks(message: &Pieces<'_>) -> usize {
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

fn squeeze(states: &EightStates, column: usize) -> [u8; 32] {
    let mut hash = [0; 32];
    for (bytes, row) in hash.as_chunks_mut().0.iter_mut().zip(states) {
        *bytes = row[column].to_le_bytes();
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
            let messages: Vec<Pieces<'_>> = (0..=round % SIDE_BY_SIDE)
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
            let mut hashes = [[0; 32]; SIDE_BY_SIDE];
            keccak256_many(&messages, &mut hashes);
            for (message, hash) in messages.iter().zip(hashes) {
                let mut hasher = sha3_engine::Keccak256::default();
                message.iter().for_each(|piece| hasher.update(piece));
                assert_eq!(hash, hasher.finish(), "{} and {}", message[0].len(), message[1].len());
                hashed += 1;
            }
        }
        assert_eq!(hashed, 9_000);
    }
}
