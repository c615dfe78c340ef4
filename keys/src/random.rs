//! Where random numbers come from.

use crate::error::Error;

/// Fills `bytes` with the operating system's random numbers.
///
/// Every function that needs randomness takes a closure of this shape; pass this function unless
/// you have a better source. A source of your own reports failures with [`Error::randomness`].
///
/// # Errors
/// [`ErrorKind::Randomness`](crate::ErrorKind::Randomness) if the system has none to give.
pub fn system_random(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes)
        .map_err(|error| Error::randomness(format!("the system gives no random numbers: {error}")))
}
