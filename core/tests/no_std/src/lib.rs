//! Signs and verifies without std. A second panic handler, or an allocator asked for and not
//! there, is a compile error: that is the whole test (`scripts/no-std.sh`).
#![no_std]

use core::panic::PanicInfo;

use opsign_core::{ChainId, PayloadHasher, SecretKey, recover_signer, sign_payload};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// 1 if a signature over `payload` recovers to its signer, else 0.
#[unsafe(no_mangle)]
pub extern "C" fn opsign_no_std_check(secret: &[u8; 32], payload: &[u8; 64]) -> i32 {
    let mut hasher = PayloadHasher::new();
    hasher.update(payload);
    let payload_hash = hasher.finish();
    let chain_id = ChainId::from(10);
    let Ok(key) = SecretKey::from_bytes(secret) else { return 0 };
    let Ok(signature) = sign_payload(&key, &chain_id, &payload_hash) else { return 0 };
    match recover_signer(&chain_id, &payload_hash, &signature) {
        Ok(address) if address == key.address() => 1,
        _ => 0,
    }
}
