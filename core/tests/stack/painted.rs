//! A thread on a stack that is painted before and can be read after.

use std::ffi::c_void;
use std::ptr;

const PAINT: u8 = 0xa5;
const SIZE: usize = 1 << 20;

/// Memory for one thread's stack.
pub struct Painted(*mut u8);

/// What a thread left on its stack.
pub struct Used {
    bytes: Vec<u8>,
    /// Where the frame of the work's caller is: the work's own frames lie below.
    caller: usize,
    /// The lowest byte that was written.
    lowest: usize,
}

impl Painted {
    pub fn new() -> Self {
        let (access, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: asks for new memory, wherever it is.
        let memory = unsafe { libc::mmap(ptr::null_mut(), SIZE, access, kind, -1, 0) };
        assert_ne!(memory, libc::MAP_FAILED);
        Self(memory.cast())
    }

    /// Runs `work` in a thread on this stack.
    pub fn run(self, mut work: impl FnMut()) -> Used {
        // SAFETY: the memory is ours and has that size.
        unsafe { self.0.write_bytes(PAINT, SIZE) };
        let mut start = Start { work: &mut work, caller: 0 };
        self.spawn_and_join(&mut start);
        // SAFETY: the thread has ended, and every byte was painted.
        let bytes = unsafe { std::slice::from_raw_parts(self.0, SIZE) }.to_vec();
        let lowest = bytes.iter().position(|byte| *byte != PAINT).unwrap();
        Used { caller: start.caller - self.0.addr(), lowest, bytes }
    }

    fn spawn_and_join(&self, start: &mut Start<'_>) {
        // SAFETY: plain data, which pthread_attr_init fills.
        let mut attributes = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        assert_eq!(unsafe { libc::pthread_attr_init(&raw mut attributes) }, 0);
        // SAFETY: the memory outlives the thread.
        let error =
            unsafe { libc::pthread_attr_setstack(&raw mut attributes, self.0.cast(), SIZE) };
        assert_eq!(error, 0);
        // SAFETY: plain data, which pthread_create fills.
        let mut thread = unsafe { std::mem::zeroed() };
        let argument = (&raw mut *start).cast();
        // SAFETY: `start` outlives the thread, and nobody else looks at it meanwhile.
        let error =
            unsafe { libc::pthread_create(&raw mut thread, &raw const attributes, run, argument) };
        assert_eq!(error, 0);
        // SAFETY: it was just made and is joined once.
        assert_eq!(unsafe { libc::pthread_join(thread, ptr::null_mut()) }, 0);
        // SAFETY: it was initialised above.
        assert_eq!(unsafe { libc::pthread_attr_destroy(&raw mut attributes) }, 0);
    }
}

impl Drop for Painted {
    fn drop(&mut self) {
        // SAFETY: mapped by `new`, and no thread runs on it.
        assert_eq!(unsafe { libc::munmap(self.0.cast(), SIZE) }, 0);
    }
}

struct Start<'a> {
    work: &'a mut dyn FnMut(),
    caller: usize,
}

extern "C" fn run(argument: *mut c_void) -> *mut c_void {
    // SAFETY: what `spawn_and_join` handed over.
    let start = unsafe { &mut *argument.cast::<Start<'_>>() };
    let here = 0u8;
    start.caller = (&raw const here).addr();
    (start.work)();
    ptr::null_mut()
}

impl Used {
    /// The stack, callers' frames included, without what was never written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.lowest..]
    }

    /// How many bytes of stack the work used.
    pub fn depth(&self) -> usize {
        self.caller - self.lowest
    }

    /// What lies from `nearest` to `farthest` bytes below the work's caller.
    pub fn between(&self, nearest: usize, farthest: usize) -> &[u8] {
        &self.bytes[self.caller - farthest..self.caller - nearest]
    }
}
