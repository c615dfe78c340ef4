//! Wiping the stack that work on a secret has used.

const OWN_ENGINE: bool = cfg!(all(feature = "fast", target_pointer_width = "64"));

/// How many KiB of stack are wiped below what callers do with a key: more than k256 uses in any of
/// Cargo's profiles (`tests/stack` measures). It copies its tables, if it has them, to the stack; our own
/// engine, not optimised at all, has a place there for every intermediate number.
const WIPED: usize =
    if cfg!(feature = "tables") && !OWN_ENGINE || cfg!(debug_assertions) && OWN_ENGINE {
        64
    } else {
        32
    };

/// How many are wiped below loading a key and signing. Our own engine uses 3 KiB at every level of
/// optimisation, and wiping 16 more takes a fortieth of a signature's time. Without optimisation and
/// without debug assertions, which is no profile of Cargo's, it uses 34, and some of it stays.
const WIPED_BY_ENGINE: usize = if OWN_ENGINE && !cfg!(debug_assertions) { 16 } else { WIPED };

/// Runs `work` and wipes the stack that it used, also if it panics.
///
/// Curve code spills keys, nonces and what follows from them to the stack, and returns without
/// wiping it. Here it is wiped, 32 KiB deep (64 KiB where the engine is k256 with the feature
/// `tables`, or our own with debug assertions), so a thread that calls this needs that much stack.
/// [`crate::SecretKey`] wipes what it uses by itself; wrap what comes before it: reading a file with a
/// key, moving a key to where it stays.
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
    let _wipe = WipeWhenDone::<WIPED>;
    in_its_own_frame(work)
}

/// [`on_wiped_stack`] for what an engine does, whose depth is known.
#[inline(never)]
pub(crate) fn on_engine_stack<T>(work: impl FnOnce() -> T) -> T {
    let _wipe = WipeWhenDone::<WIPED_BY_ENGINE>;
    in_its_own_frame(work)
}

/// Runs before [`on_wiped_stack`] returns or unwinds.
struct WipeWhenDone<const KIB: usize>;

impl<const KIB: usize> Drop for WipeWhenDone<KIB> {
    fn drop(&mut self) {
        wipe_below::<KIB>();
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
fn wipe_below<const KIB: usize>() {
    core::hint::black_box(&mut [[0u64; 128]; KIB]);
}
