//! All raw-pointer code. Nothing here keeps a pointer beyond the call it was given to.

use core::ffi::c_char;

use opsign_core::ErrorCode;

/// Where a result goes. Written by value, never borrowed, so it may overlap the inputs.
pub(crate) struct Out<T>(*mut T);

impl<T: Copy> Out<T> {
    /// # Safety
    /// `ptr` is NULL or may be written as a `T` until the value is dropped.
    pub(crate) unsafe fn new(ptr: *mut T) -> Self {
        Self(ptr)
    }

    pub(crate) fn check(&self) -> Result<(), ErrorCode> {
        if self.0.is_null() {
            Err(ErrorCode::NullPointer)
        } else if !self.0.is_aligned() {
            Err(ErrorCode::Misaligned)
        } else {
            Ok(())
        }
    }

    pub(crate) fn write(&self, value: T) {
        if self.check().is_ok() {
            // SAFETY: `new` demands writability; `check` found it aligned and not NULL.
            unsafe { self.0.write(value) }
        }
    }

    pub(crate) fn zero(&self) {
        if self.check().is_ok() {
            // SAFETY: as in `write`; every `T` used here is bytes, numbers or a pointer, for
            // which zero is a value.
            unsafe { self.0.write_bytes(0, 1) }
        }
    }
}

/// Copies an array of `N` bytes.
///
/// # Safety
/// `ptr` is NULL or readable for `N` bytes.
pub(crate) unsafe fn array<const N: usize>(ptr: *const u8) -> Result<[u8; N], ErrorCode> {
    if ptr.is_null() {
        return Err(ErrorCode::NullPointer);
    }
    // SAFETY: readable by the caller's promise; an array of bytes has no alignment.
    Ok(unsafe { ptr.cast::<[u8; N]>().read() })
}

/// Borrows `len` bytes for the time of a call. NULL is fine for no bytes.
///
/// # Safety
/// `ptr` is readable for `len` bytes, and nobody writes them, while the slice lives.
pub(crate) unsafe fn slice<'a>(ptr: *const u8, len: usize) -> Result<&'a [u8], ErrorCode> {
    if len == 0 {
        return Ok(&[]);
    }
    if ptr.is_null() {
        return Err(ErrorCode::NullPointer);
    }
    if isize::try_from(len).is_err() {
        return Err(ErrorCode::TooLong);
    }
    // SAFETY: readable by the caller's promise, not NULL, and not longer than isize::MAX.
    Ok(unsafe { core::slice::from_raw_parts(ptr, len) })
}

/// Copies items out, if there is room for them. NULL is fine for no room.
///
/// # Safety
/// `to` is NULL or writable for `room` items, and does not overlap `items`.
pub(crate) unsafe fn copy_out<T: Copy>(
    items: &[T],
    to: *mut T,
    room: usize,
) -> Result<(), ErrorCode> {
    if items.len() > room {
        return Err(ErrorCode::TooShort);
    }
    if room == 0 {
        return Ok(());
    }
    check_handle(to)?;
    // SAFETY: not NULL, aligned, with room, by the caller's promise; `items` is memory of our own.
    unsafe { to.copy_from_nonoverlapping(items.as_ptr(), items.len()) };
    Ok(())
}

/// Borrows `len` bytes of text. Text that is no UTF-8 cannot hold digits in the right places.
///
/// # Safety
/// As [`slice`].
pub(crate) unsafe fn text<'a>(ptr: *const c_char, len: usize) -> Result<&'a str, ErrorCode> {
    // SAFETY: the same promise.
    let bytes = unsafe { slice(ptr.cast(), len)? };
    core::str::from_utf8(bytes).map_err(|_| ErrorCode::HexDigit)
}

/// Borrows a handle, or a struct of the caller's.
///
/// # Safety
/// `ptr` is NULL or readable, or came from [`give`] and was not taken back, and nobody writes through it.
pub(crate) unsafe fn handle<'a, T>(ptr: *const T) -> Result<&'a T, ErrorCode> {
    check_handle(ptr)?;
    // SAFETY: a live handle by the caller's promise, aligned and not NULL.
    Ok(unsafe { &*ptr })
}

/// Borrows a handle that the call changes.
///
/// # Safety
/// As [`handle`], and no other thread uses it.
pub(crate) unsafe fn handle_mut<'a, T>(ptr: *mut T) -> Result<&'a mut T, ErrorCode> {
    check_handle(ptr)?;
    // SAFETY: a live handle by the caller's promise, aligned, not NULL, and not shared.
    Ok(unsafe { &mut *ptr })
}

fn check_handle<T>(ptr: *const T) -> Result<(), ErrorCode> {
    if ptr.is_null() {
        Err(ErrorCode::NullPointer)
    } else if !ptr.is_aligned() {
        Err(ErrorCode::Misaligned)
    } else {
        Ok(())
    }
}

/// Gives a value to C, which gives it back through [`take_back`].
pub(crate) fn give<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Drops a value that C had. NULL and misaligned pointers are left alone.
///
/// # Safety
/// `ptr` is NULL or came from [`give`] and was not taken back.
pub(crate) unsafe fn take_back<T>(ptr: *mut T) {
    if check_handle(ptr).is_ok() {
        // SAFETY: it came from `Box::into_raw` and comes back once, by the caller's promise.
        drop(unsafe { Box::from_raw(ptr) });
    }
}
