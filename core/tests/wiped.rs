//! A dropped key leaves nothing in the memory it was in. The same search must find the key while
//! it lives, or it would prove nothing.
#![allow(clippy::unwrap_used, reason = "a test program")]

use std::mem::MaybeUninit;

use opsign_core::{ChainId, PayloadHash, SecretKey, sign_payload};

/// Whether 16 bytes in a row of `secret` stand in the memory of a value, in either byte order.
fn holds(memory: *const u8, length: usize, secret: &[u8; 32]) -> bool {
    let found: Vec<u8> = (0..length)
        // SAFETY: within the value, whose memory lives; volatile, so that it is really read.
        .map(|at| unsafe { memory.wrapping_add(at).read_volatile() })
        .collect();
    let mut reversed = *secret;
    reversed.reverse();
    let pieces = [&secret[..16], &secret[16..], &reversed[..16], &reversed[16..]];
    pieces.iter().any(|piece| found.windows(16).any(|window| window == *piece))
}

#[test]
fn a_dropped_key_is_gone_from_memory() {
    let mut secret = [0; 32];
    for (at, byte) in secret.iter_mut().enumerate() {
        *byte = 0x5a ^ (7 * at + 1) as u8;
    }
    let length = size_of::<SecretKey>();
    let mut place = Box::new(MaybeUninit::<SecretKey>::uninit());
    // Every byte of the place is written first, so that every byte of it may be read.
    place.write(SecretKey::from_bytes(&[1; 32]).unwrap());
    // SAFETY: it was just written.
    unsafe { place.assume_init_drop() };

    place.write(SecretKey::from_bytes(&secret).unwrap());
    let memory = place.as_ptr().cast::<u8>();
    assert!(holds(memory, length, &secret), "the search finds a key that is there");
    // SAFETY: it was just written.
    let key = unsafe { place.assume_init_ref() };
    sign_payload(key, &ChainId::from(10), &PayloadHash::of(b"payload")).unwrap();
    assert!(holds(memory, length, &secret));

    // SAFETY: it holds a key, which is not used after this.
    unsafe { place.assume_init_drop() };
    assert!(!holds(memory, length, &secret), "the key is still there after it was dropped");
}
