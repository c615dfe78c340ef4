//! An allocator that looks into every block before it is given back, for secrets that nobody wiped.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};

thread_local! {
    /// What no block may hold; only looked for while it is set.
    static SECRETS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static LOOKING: Cell<bool> = const { Cell::new(false) };
    /// How many blocks were looked into, and how many held a secret.
    static FREED: Cell<usize> = const { Cell::new(0) };
    static FOUND: Cell<usize> = const { Cell::new(0) };
}

struct Searching;

impl Searching {
    /// # Safety
    /// `pointer` is a block of `layout` that was allocated by this allocator.
    unsafe fn search(pointer: *mut u8, layout: Layout) {
        if !LOOKING.try_with(Cell::get).unwrap_or(false) {
            return;
        }
        LOOKING.set(false);
        FREED.set(FREED.get() + 1);
        let block: Vec<u8> = (0..layout.size())
            // SAFETY: within the block, by the caller's promise. It is all written: `alloc` fills
            // it. Volatile, so that it is really read.
            .map(|at| unsafe { pointer.wrapping_add(at).read_volatile() })
            .collect();
        let found = SECRETS.try_with(|secrets| {
            let secrets = secrets.borrow();
            secrets.iter().any(|secret| block.windows(secret.len()).any(|part| part == secret))
        });
        if found == Ok(true) {
            FOUND.set(FOUND.get() + 1);
        }
        drop(block);
        LOOKING.set(true);
    }
}

// SAFETY: everything is handed to the system's allocator as it came. A block grows by a new block
// and a copy, which is `realloc`'s default, so that no block goes unseen.
unsafe impl GlobalAlloc for Searching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise. Zeroed, so that what others left in it is not found.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { Self::search(pointer, layout) };
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Searching = Searching;

/// How many freed blocks held one of `secrets` while `work` ran; fails if no block was freed.
pub fn leaks<T>(name: &str, secrets: &[&[u8]], work: impl FnOnce() -> T) -> usize {
    // 16 bytes of a secret in a row count, at its beginning or end; a shorter secret as a whole.
    let pieces = secrets.iter().flat_map(|secret| {
        let length = secret.len().min(16);
        [secret[..length].to_vec(), secret[secret.len() - length..].to_vec()]
    });
    SECRETS.with_borrow_mut(|list| *list = pieces.collect());
    FREED.set(0);
    FOUND.set(0);
    LOOKING.set(true);
    drop(work());
    LOOKING.set(false);
    assert!(FREED.get() > 0, "{name}: no memory was given back");
    FOUND.get()
}
