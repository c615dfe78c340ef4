//! XKCP's Keccak-256 as a dynamic library, which `benches/benches/ratios` loads. `scripts/bench.sh` chooses
//! what it is built for.

/// Keccak-256 of `length` bytes at `bytes`, written to the 32 at `hash`. Gives 0.
///
/// # Safety
///
/// Both pointers are to as many bytes as are named.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xkcp_keccak256(bytes: *const u8, length: usize, hash: *mut u8) -> i32 {
    let (rate, capacity, suffix) = (1088, 512, 1);
    // SAFETY: as the caller promises; nothing is kept.
    unsafe { xkcp_sys::KeccakWidth1600_Sponge(rate, capacity, bytes, length, suffix, hash, 32) }
}
