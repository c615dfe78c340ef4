//! Core asks for no heap: a counting allocator looks on while large inputs go through.
//!
//! One test alone in this program, since the count is the process's.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{bytes, parts, text, walk};
use opsign_core::gossip::{GossipConfig, GossipMemory, Reason, Topic, decompressed_len, validate};
use opsign_core::tx::SignedTransaction;
use opsign_core::{ChainId, PayloadHash, SecretKey, sign_payload};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` asked for memory.
fn allocations<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let result = work();
    (ALLOCATIONS.load(Ordering::Relaxed) - before, result)
}

#[test]
fn nothing_large_asks_for_memory() {
    let (count, _) = allocations(|| std::hint::black_box(vec![1u8; 10]));
    assert_eq!(count, 1, "the allocator counts");

    let mut checked = 0;
    let mut memory = Box::new(GossipMemory::new());
    walk("gossip_rules.json", |case| {
        let name = text(case, "name");
        if !matches!(name, "v1_10_mib" | "v1_2_20_transactions" | "v4_good") {
            return;
        }
        let mut message = bytes(text(case, "message"));
        if let Some(repeat) = case["message_repeat"].as_object() {
            let times = repeat["times"].as_u64().unwrap() as usize;
            message.extend(bytes(repeat["unit"].as_str().unwrap()).repeat(times));
            message.extend(bytes(repeat["tail"].as_str().unwrap()));
        }
        let topic: Topic = text(case, "topic").parse().unwrap();
        let config = GossipConfig {
            topic,
            chain_id: text(case, "chain_id").parse().unwrap(),
            signer: Some(text(case, "address").parse().unwrap()),
            previous_signer: None,
            jovian_time: None,
            max_age: 60,
        };
        let mut room = vec![0; decompressed_len(&message).unwrap()];
        let now = case["now"].as_u64().unwrap();
        let (count, judgement) =
            allocations(|| validate(&config, now, &message, &mut room, &mut memory));
        assert_eq!(judgement.reason, Reason::Accepted, "{name}");
        assert_eq!(count, 0, "{name}: {} bytes", room.len());
        checked += 1;
    });
    assert_eq!(checked, 3);

    let mut long = 0;
    walk("transactions.json", |case| {
        let raw = parts(&case["raw_parts"]);
        let (count, decoded) = allocations(|| {
            let signed = SignedTransaction::decode(&raw).ok()?;
            Some((signed.hash(), signed.signing_hash().ok(), signed.sender().ok()))
        });
        assert_eq!(count, 0);
        long += usize::from(decoded.is_some() && raw.len() > 128 << 10);
    });
    assert!(long > 0, "one of them has more than 128 KiB");

    let payload = vec![7; 10 << 20];
    let (count, signature) = allocations(|| {
        let key = SecretKey::from_bytes(&[1; 32]).unwrap();
        sign_payload(&key, &ChainId::from(10), &PayloadHash::of(&payload)).unwrap()
    });
    // With the feature `tables` the generator's table is built once, without asking for memory.
    assert_eq!(count, 0, "{signature}");
}
