//! Messages for people: what a wallet signs when it shows a text (EIP-191).

use crate::keccak::Keccak256;
use crate::payload::SigningHash;

/// The hash of a personal message, as `personal_sign` makes it:
/// `keccak256("\x19Ethereum Signed Message:\n" ‖ decimal length ‖ message)` (EIP-191, version
/// 0x45).
///
/// ```
/// use opsign_core::{SecretKey, Signer, personal_message_hash};
///
/// # fn main() -> Result<(), opsign_core::Error> {
/// let key = SecretKey::from_bytes(&[1; 32])?;
/// let signature = key.sign(&personal_message_hash(b"hello"))?;
/// assert_eq!(signature.recover(&personal_message_hash(b"hello"))?.address(), key.address());
/// # Ok(())
/// # }
/// ```
pub fn personal_message_hash(message: &[u8]) -> SigningHash {
    let mut hasher = Keccak256::default();
    hasher.update(b"\x19Ethereum Signed Message:\n");
    // 2^64 has 20 decimal digits.
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = message.len();
    while start == digits.len() || rest > 0 {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    hasher.update(&digits[start..]);
    hasher.update(message);
    SigningHash(hasher.finish())
}
