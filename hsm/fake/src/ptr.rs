//! All raw-pointer code. The pointers are the caller's; null is refused, the rest is trusted as
//! PKCS#11 lays it down.

use cryptoki_sys::{CK_RV, CK_ULONG, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL};

/// Reads one value.
///
/// # Safety
/// `from` is null or points to a valid `T`.
pub(crate) unsafe fn get<T: Copy>(from: *const T) -> Result<T, CK_RV> {
    if from.is_null() {
        return Err(CKR_ARGUMENTS_BAD);
    }
    // SAFETY: not null, and the caller vouches for what it points to.
    Ok(unsafe { from.read() })
}

/// Writes one value.
///
/// # Safety
/// `to` is null or points to room for a `T`.
pub(crate) unsafe fn put<T: Copy>(to: *mut T, value: T) -> Result<(), CK_RV> {
    if to.is_null() {
        return Err(CKR_ARGUMENTS_BAD);
    }
    // SAFETY: not null, and the caller vouches for the room.
    unsafe { to.write(value) };
    Ok(())
}

/// Borrows an array; null is only good for an empty one.
///
/// # Safety
/// `from` is null or points to `count` valid values that nobody changes while they are borrowed.
pub(crate) unsafe fn slice<'a, T>(from: *const T, count: CK_ULONG) -> Result<&'a [T], CK_RV> {
    match (from.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(CKR_ARGUMENTS_BAD),
        // SAFETY: not null, and the caller vouches for the values.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(from, len(count)?) }),
    }
}

/// Borrows an array to change it; null is only good for an empty one.
///
/// # Safety
/// `at` is null or points to `count` valid values that nobody else uses while they are borrowed.
pub(crate) unsafe fn slice_mut<'a, T>(at: *mut T, count: CK_ULONG) -> Result<&'a mut [T], CK_RV> {
    match (at.is_null(), count) {
        (_, 0) => Ok(&mut []),
        (true, _) => Err(CKR_ARGUMENTS_BAD),
        // SAFETY: not null, and the caller vouches for the values.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts_mut(at, len(count)?) }),
    }
}

/// Copies a list out in PKCS#11's two calls: null asks for the length only.
///
/// # Safety
/// `count` is null or points to a number; `to` is null or has room for that many values.
pub(crate) unsafe fn put_list<T: Copy>(
    values: &[T],
    to: *mut T,
    count: *mut CK_ULONG,
) -> Result<(), CK_RV> {
    let room = match to.is_null() {
        true => 0,
        // SAFETY: as this function's own contract.
        false => len(unsafe { get(count) }?)?,
    };
    // SAFETY: as this function's own contract.
    unsafe { put(count, values.len() as CK_ULONG) }?;
    if to.is_null() {
        return Ok(());
    }
    if room < values.len() {
        return Err(CKR_BUFFER_TOO_SMALL);
    }
    // SAFETY: `to` is not null and has room, and `values` is our own memory.
    unsafe { to.copy_from_nonoverlapping(values.as_ptr(), values.len()) };
    Ok(())
}

fn len(count: CK_ULONG) -> Result<usize, CK_RV> {
    usize::try_from(count).map_err(|_| CKR_ARGUMENTS_BAD)
}
