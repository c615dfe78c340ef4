//! EIP-7702 authorizations for C.

use opsign_core::tx::Authorization;
use opsign_core::{Address, ChainId, Rules, Signature};

use crate::SecretKeyHandle;
use crate::boundary::{Failure, enter};
use crate::ptr::{self, Out};

/// What an account signs to let code act for it (EIP-7702):
/// keccak256(5, rlp([chain_id, code_address, nonce])).
///
/// Returns: OPSIGN_OK. Out: hash, 32 bytes.
/// In: chain_id, 32 bytes big-endian, zeroes for every chain; code_address, 20 bytes, zeroes to take
/// the code away; nonce, the account's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_authorization_hash(
    chain_id: *const u8,
    code_address: *const u8,
    nonce: u64,
    hash: *mut [u8; 32],
) -> i32 {
    // SAFETY: NULL or writable for 32 bytes, by the header's contract.
    let out = unsafe { Out::new(hash) };
    enter(out, || {
        // SAFETY: NULL or readable for 32 and 20 bytes, by the header's contract.
        let authorization = unsafe { read(chain_id, code_address, nonce)? };
        Ok(*authorization.signing_hash().as_bytes())
    })
}

/// Signs an authorization (EIP-7702): r, s (low), y_parity.
///
/// Returns: OPSIGN_OK, or _SIGNATURE_NOT_RECOVERABLE (odds of 2^-128).
/// Out: signature, 65 bytes. In: key; the rest as opsign_authorization_hash.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_secret_key_sign_authorization(
    key: *const SecretKeyHandle,
    chain_id: *const u8,
    code_address: *const u8,
    nonce: u64,
    signature: *mut [u8; 65],
) -> i32 {
    // SAFETY: NULL or writable for 65 bytes, by the header's contract.
    let out = unsafe { Out::new(signature) };
    enter(out, || {
        // SAFETY: NULL or a live handle, by the header's contract.
        let key = unsafe { ptr::handle(key)? };
        // SAFETY: NULL or readable for 32 and 20 bytes, by the header's contract.
        let authorization = unsafe { read(chain_id, code_address, nonce)? };
        Ok(*authorization.sign(&*key.0)?.signature()?.as_bytes())
    })
}

/// The account that gave an authorization (EIP-7702). A high s is refused, as the EIP has it.
///
/// Returns: OPSIGN_OK, or one of the _SIGNATURE errors, _EMPTY, _TOO_SHORT, _TOO_LONG.
/// Out: address, 20 bytes. In: signature, signature_len bytes (65); the rest as
/// opsign_authorization_hash.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_authorization_signer(
    chain_id: *const u8,
    code_address: *const u8,
    nonce: u64,
    signature: *const u8,
    signature_len: usize,
    address: *mut [u8; 20],
) -> i32 {
    // SAFETY: NULL or writable for 20 bytes, by the header's contract.
    let out = unsafe { Out::new(address) };
    enter(out, || {
        // SAFETY: NULL or readable for 32 and 20 bytes, by the header's contract.
        let authorization = unsafe { read(chain_id, code_address, nonce)? };
        // SAFETY: readable for `signature_len` bytes, by the header's contract.
        let signature = unsafe { ptr::slice(signature, signature_len)? };
        let signature = Signature::from_bytes(signature, Rules::Strict)?;
        Ok(*signature.recover(&authorization.signing_hash())?.address().as_bytes())
    })
}

/// # Safety
/// Both are NULL or readable, for 32 and 20 bytes.
unsafe fn read(
    chain_id: *const u8,
    code_address: *const u8,
    nonce: u64,
) -> Result<Authorization, Failure> {
    // SAFETY: the caller's promise.
    let chain_id = ChainId::from_be_bytes(unsafe { ptr::array(chain_id)? });
    // SAFETY: the caller's promise.
    let address = Address::from_bytes(unsafe { ptr::array(code_address)? });
    Ok(Authorization { chain_id, address, nonce })
}
