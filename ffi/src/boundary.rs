//! The one door between C and Rust: catches panics, turns errors into numbers, writes results.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opsign_core::gossip::Reason;
use opsign_core::{Error, ErrorCode};

use crate::ptr::Out;

/// Why a call failed, by number: an error of the library or of the way it was called, or the rule
/// that a gossip message breaks.
pub(crate) struct Failure(i32);

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self(code.number())
    }
}

impl From<opsign_keys::ErrorKind> for Failure {
    fn from(kind: opsign_keys::ErrorKind) -> Self {
        Self(kind.number())
    }
}

impl From<opsign_keys::Error> for Failure {
    fn from(error: opsign_keys::Error) -> Self {
        error.kind().into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        error.code().into()
    }
}

impl From<opsign_typed_data::Error> for Failure {
    fn from(error: opsign_typed_data::Error) -> Self {
        Self(error.kind().number())
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self(reason.number())
    }
}

/// Runs `body` and writes what it gives to `out`; zeroes `out` if it fails or panics.
///
/// `out` is written only after `body` is done with its inputs, so buffers may overlap.
pub(crate) fn enter<T: Copy, F>(out: Out<T>, body: F) -> i32
where
    F: FnOnce() -> Result<T, Failure>,
{
    if let Err(code) = out.check() {
        return code.number();
    }
    match catch(body) {
        Ok(value) => {
            out.write(value);
            crate::OPSIGN_OK
        }
        Err(Failure(number)) => {
            out.zero();
            number
        }
    }
}

/// [`enter`] for a call that gives nothing back but its error number.
pub(crate) fn enter_check<F>(body: F) -> i32
where
    F: FnOnce() -> Result<(), Failure>,
{
    match catch(body) {
        Ok(()) => crate::OPSIGN_OK,
        Err(Failure(number)) => number,
    }
}

/// [`enter`] for a call that cannot fail; `fallback` stands in for a panic.
pub(crate) fn enter_plain<T, F: FnOnce() -> T>(fallback: T, body: F) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

fn catch<T, F: FnOnce() -> Result<T, Failure>>(body: F) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(ErrorCode::Internal.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_number_and_the_output_is_zeroed() {
        let mut buffer = [7u8; 32];
        // SAFETY: the pointer is to a live array of 32 bytes.
        let out = unsafe { Out::<[u8; 32]>::new(&raw mut buffer) };
        let code = enter(out, || panic!("planted"));
        assert_eq!(code, ErrorCode::Internal.number());
        assert_eq!(buffer, [0; 32]);
        assert_eq!(enter_check(|| panic!("planted")), ErrorCode::Internal.number());
        assert_eq!(enter_plain(5, || panic!("planted")), 5);
    }
}
