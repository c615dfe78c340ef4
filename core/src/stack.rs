//! Wiping the stack that work on a secret has used.

const OWN_ENGINE: bool = cfg!(all(feature = "fast", target_pointer_width = "64"));

/// How many bytes of stack are wiped: more than loading a key or signing uses in any of Cargo's
/// profiles (`tests/stack` measures). k256 copies its tables, if it has them, to the stack; our own
/// engine, not optimised at all, has a place there for every intermediate number.
const WIPED: usize =
    if cfg!(feature = "tables") && !OWN_ENGINE || cfg!(debug_assertions) && OWN_ENGINE {
        64 << 10
    } else {
        32 << 10
    };

/// Runs `work` and wipes the stack that it used, also if it panics.
///
/// Curve code spills keys, nonces and what follows from them to the stack, and returns without
/// wiping it. Here it is wiped, 32 KiB deep (64 KiB where the engine is k256 with the feature
/// `tables`, or our own with debug assertions), so a thread that calls this needs that much stack.
/// [`crate::SecretKey`] does so by itself; wrap what comes before it: reading a file with a key, moving a key to where it stays.
///
/// Not wiped: registers, the frames of callers, and what `work` returns.
///
/// ```
/// use opsign_core::{SecretKey, on_wiped_stack};
///
/// // Without this, moving the key into the box would leave a copy of it behind.
/// let key = on_wiped_stack(|| SecretKey::from_bytes(&[1; 32]).map(Box::new));
/// assert!(key.is_ok());
/// ```
#[inline(never)]
pub fn on_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    let _wipe = WipeWhenDone;
    in_its_own_frame(work)
}

/// Runs before [`on_wiped_stack`] returns or unwinds.
struct WipeWhenDone;

impl Drop for WipeWhenDone {
    fn drop(&mut self) {
        wipe_below();
    }
}

/// Not inlined, so that the frames of `work` begin where that of [`wipe_below`] will.
#[inline(never)]
fn in_its_own_frame<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// One fill, half a microsecond faster than volatile writes, and not removed: `black_box` gets its
/// address. That is no promise of the language, so `scripts/secrets.sh` looks in every build.
#[inline(never)]
fn wipe_below() {
    core::hint::black_box(&mut [0u64; WIPED / 8]);
}
