//! Typed data (EIP-712), from JSON.

use opsign_core::Signer;
use opsign_typed_data::TypedData;

use crate::boundary::enter;
use crate::ptr::{self, Out};
use crate::{SecretKeyHandle, wallet_signer};

/// The hash of typed data (EIP-712), as wallets sign it: what go-ethereum takes is taken.
///
/// Returns: OPSIGN_OK, or one of opsign_error_typed_data. Out: hash, 32 bytes.
/// In: json, len bytes: the object with types, primaryType, domain and message that wallets get
/// with eth_signTypedData_v4.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_typed_data_hash(
    json: *const u8,
    len: usize,
    hash: *mut [u8; 32],
) -> i32 {
    // SAFETY: NULL or writable for 32 bytes, by the header's contract.
    let out = unsafe { Out::new(hash) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let json = unsafe { ptr::slice(json, len)? };
        Ok(*TypedData::from_json(json)?.signing_hash().as_bytes())
    })
}

/// Signs typed data (EIP-712): r, s (low), y_parity. Wallets write 27 + y_parity.
///
/// Returns: what opsign_typed_data_hash returns. Out: signature, 65 bytes.
/// In: key; json, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_secret_key_sign_typed_data(
    key: *const SecretKeyHandle,
    json: *const u8,
    len: usize,
    signature: *mut [u8; 65],
) -> i32 {
    // SAFETY: NULL or writable for 65 bytes, by the header's contract.
    let out = unsafe { Out::new(signature) };
    enter(out, || {
        // SAFETY: NULL or a live handle, by the header's contract.
        let key = unsafe { ptr::handle(key)? };
        // SAFETY: readable for `len` bytes, by the header's contract.
        let json = unsafe { ptr::slice(json, len)? };
        Ok(*key.0.sign(&TypedData::from_json(json)?.signing_hash())?.as_bytes())
    })
}

/// Who signed typed data (EIP-712).
///
/// Returns: what opsign_typed_data_hash and opsign_personal_message_signer return.
/// Out: address, 20 bytes. In: json, len bytes; signature, signature_len bytes: 65, the last of
/// them y_parity or 27 + y_parity.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_typed_data_signer(
    json: *const u8,
    len: usize,
    signature: *const u8,
    signature_len: usize,
    address: *mut [u8; 20],
) -> i32 {
    // SAFETY: NULL or writable for 20 bytes, by the header's contract.
    let out = unsafe { Out::new(address) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let json = unsafe { ptr::slice(json, len)? };
        // SAFETY: readable for `signature_len` bytes, by the header's contract.
        let signature = unsafe { ptr::slice(signature, signature_len)? };
        wallet_signer(&TypedData::from_json(json)?.signing_hash(), signature)
    })
}
