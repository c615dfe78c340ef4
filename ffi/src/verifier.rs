//! A verifier: many signatures of one signer.

use opsign_core::{Address, AddressVerifier, ChainId, ErrorCode, PayloadHash, Signature};

use crate::boundary::{enter, enter_check, enter_plain};
use crate::ptr::{self, Out};
use crate::{
    OPSIGN_HASH_LEN, OPSIGN_OK, OPSIGN_SIGNATURE_LEN, message, read_rules, read_signature,
};

/// From one signed payload of a list to the next: 32 bytes of its hash, 65 of its signature.
pub const OPSIGN_SIGNED_LEN: usize = OPSIGN_HASH_LEN + OPSIGN_SIGNATURE_LEN;

/// Checks signatures of one address. One thread at a time.
pub struct VerifierHandle(AddressVerifier);

/// Makes a verifier of an address, which answers as opsign_verify_payload does, several times as fast
/// from the second sound signature on: with the first it makes a table of 262 KB, in a millisecond
/// and on 600 KB of stack.
///
/// Returns: OPSIGN_OK.
/// Out: verifier, to be freed with opsign_verifier_free; NULL on failure. In: address, 20 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_verifier_new(
    verifier: *mut *mut VerifierHandle,
    address: *const u8,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(verifier) };
    enter(out, || {
        // SAFETY: NULL or readable for 20 bytes, by the header's contract.
        let address = Address::from_bytes(unsafe { ptr::array(address)? });
        Ok(ptr::give(VerifierHandle(AddressVerifier::new(address))))
    })
}

/// Frees a verifier. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_verifier_free(verifier: *mut VerifierHandle) {
    // SAFETY: NULL or a live handle that is not used again, by the header's contract.
    enter_plain((), || unsafe { ptr::take_back(verifier) });
}

/// Checks that the verifier's address signed a block payload.
///
/// Returns: what opsign_verify_payload returns.
/// In: verifier; chain_id, 32 bytes big-endian; payload_hash, 32 bytes; signature, signature_len
/// bytes (65); rules, OPSIGN_RULES_STRICT or OPSIGN_RULES_CONSENSUS (_WRONG_TYPE otherwise).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_verifier_verify(
    verifier: *mut VerifierHandle,
    chain_id: *const u8,
    payload_hash: *const u8,
    signature: *const u8,
    signature_len: usize,
    rules: i32,
) -> i32 {
    enter_check(|| {
        // SAFETY: NULL or a live handle used by this thread alone, by the header's contract.
        let verifier = unsafe { ptr::handle_mut(verifier)? };
        // SAFETY: NULL or readable for 32 bytes each, by the header's contract.
        let (chain_id, payload_hash) = unsafe { message(chain_id, payload_hash)? };
        // SAFETY: readable for `signature_len` bytes, by the header's contract.
        let signature = unsafe { read_signature(signature, signature_len, rules)? };
        let hash = opsign_core::payload_signing_hash(&chain_id, &payload_hash);
        Ok(verifier.0.verify(&hash, &signature)?)
    })
}

/// Checks many block payloads of one chain, each as opsign_verifier_verify does and in less time.
///
/// Returns: OPSIGN_OK whatever the verdicts; _WRONG_TYPE for rules that are none, _TOO_SHORT if the
/// last of signed_payloads is not whole or room is less than their number.
/// Out: verdict_count, how many were written; 0 on failure.
/// Also out: verdicts, room of them: for each, in order, what opsign_verifier_verify returns.
/// In: verifier; chain_id, 32 bytes big-endian; signed_payloads, len bytes: for each 32 of the
/// payload's hash and 65 of the signature; rules, OPSIGN_RULES_STRICT or OPSIGN_RULES_CONSENSUS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_verifier_verify_many(
    verifier: *mut VerifierHandle,
    chain_id: *const u8,
    signed_payloads: *const u8,
    len: usize,
    rules: i32,
    verdicts: *mut i32,
    room: usize,
    verdict_count: *mut usize,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(verdict_count) };
    enter(out, || {
        // SAFETY: NULL or a live handle used by this thread alone, by the header's contract.
        let verifier = unsafe { ptr::handle_mut(verifier)? };
        // SAFETY: NULL or readable for 32 bytes, by the header's contract.
        let chain_id = ChainId::from_be_bytes(unsafe { ptr::array(chain_id)? });
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(signed_payloads, len)? };
        let rules = read_rules(rules)?;
        let (records, []) = bytes.as_chunks::<OPSIGN_SIGNED_LEN>() else {
            return Err(ErrorCode::TooShort.into());
        };
        let mut found = vec![OPSIGN_OK; records.len()];
        let mut signed = Vec::with_capacity(records.len());
        for (record, verdict) in records.iter().zip(&mut found) {
            let (mut hash, signature) = ([0; OPSIGN_HASH_LEN], &record[OPSIGN_HASH_LEN..]);
            hash.copy_from_slice(&record[..OPSIGN_HASH_LEN]);
            let hash = PayloadHash::from_bytes(hash);
            match Signature::from_bytes(signature, rules) {
                Ok(signature) => {
                    signed.push((opsign_core::payload_signing_hash(&chain_id, &hash), signature));
                }
                Err(error) => *verdict = error.code().number(),
            }
        }
        let mut unread = found.iter_mut().filter(|verdict| **verdict == OPSIGN_OK);
        verifier.0.verify_many(&signed, |verdict| {
            if let (Some(place), Err(error)) = (unread.next(), verdict) {
                *place = error.code().number();
            }
        });
        // SAFETY: NULL or writable for `room` items, by the header's contract.
        unsafe { ptr::copy_out(&found, verdicts, room)? };
        Ok(found.len())
    })
}
