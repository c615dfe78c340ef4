//! The functions of `include/opsign.h`, and nothing else; what decodes, keys in files, typed data and
//! verifiers have files of their own.
//!
//! Each one borrows through `ptr`, calls `opsign_core`, and leaves through `boundary`. The contract
//! that holds for all of them stands once, on top of the header (`cbindgen.toml`).
#![allow(
    clippy::missing_safety_doc,
    reason = "callers read the header, which states the contract of all pointers once on its top"
)]

mod authorization;
mod boundary;
mod gossip_block;
pub mod keys;
mod ptr;
mod span;
mod transaction;
mod typed_data;
mod verifier;

use core::ffi::{CStr, c_char};

use opsign_core::gossip::{
    self, GossipConfig, GossipMemory, Judgement, Reason, Topic, Verdict, decompressed_len,
};
use opsign_core::tx::{SignedTransaction, Transaction, sign_transaction};
use opsign_core::{
    Address, ChainId, ErrorCode, PayloadHash, PayloadHasher, Rules, SecretKey, Signature, Signer,
    SigningHash, on_wiped_stack, personal_message_hash,
};
use opsign_keys::ErrorKind as KeyErrorKind;
use opsign_typed_data::TypedDataErrorKind;

use boundary::{Failure, enter, enter_check, enter_plain};
use ptr::Out;

/// The call did what it says. Every other number is an `opsign_error`.
pub const OPSIGN_OK: i32 = 0;

/// Low s only and y_parity 0 or 1: what opsign makes.
pub const OPSIGN_RULES_STRICT: i32 = 0;

/// What op-node accepts (go-ethereum's SigToPub): high s too, recovery ids 0 to 3.
pub const OPSIGN_RULES_CONSENSUS: i32 = 1;

/// Bytes of a secret key.
pub const OPSIGN_SECRET_KEY_LEN: usize = 32;

/// Bytes of a hash.
pub const OPSIGN_HASH_LEN: usize = 32;

/// Bytes of a chain id, big-endian.
pub const OPSIGN_CHAIN_ID_LEN: usize = 32;

/// Bytes of an address.
pub const OPSIGN_ADDRESS_LEN: usize = 20;

/// Characters of an address as text, with the terminating NUL.
pub const OPSIGN_ADDRESS_TEXT_LEN: usize = 43;

/// Bytes of a signature: r, s, y_parity.
pub const OPSIGN_SIGNATURE_LEN: usize = 65;

/// From one hash of a list to the next: 32 bytes, and one of RLP in front of the next.
pub const OPSIGN_HASH_STRIDE: usize = 33;

/// The type of a deposit, a transaction that L1 put into the block (OP Stack specification).
pub const OPSIGN_TRANSACTION_DEPOSIT: i32 = 0x7e;

/// A timestamp that never comes.
pub const OPSIGN_NEVER: u64 = u64::MAX;

/// Drop the message and think less of its sender. Also what an output is after a failure.
pub const OPSIGN_VERDICT_REJECT: i32 = 0;

/// Drop the message.
pub const OPSIGN_VERDICT_IGNORE: i32 = 1;

/// Deliver and forward the message.
pub const OPSIGN_VERDICT_ACCEPT: i32 = 2;

/// What op-node's gossip rules need to know besides the message.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct GossipConfigC {
    /// The topic's version, 1 to 4.
    pub topic: i32,
    /// The chain, big-endian.
    pub chain_id: [u8; 32],
    /// The signer that L1 names; zeroes: none.
    pub signer: [u8; 20],
    /// The signer before it, while messages of both are good; zeroes: none.
    pub previous_signer: [u8; 20],
    /// From when Jovian is active, in seconds since 1970; OPSIGN_NEVER: never.
    pub jovian_time: u64,
    /// How many seconds old a block may be; 60 in op-node.
    pub max_age: u64,
}

/// What became of a gossip message.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct JudgementC {
    /// OPSIGN_VERDICT_...
    pub verdict: i32,
    /// Which rule decided; opsign_gossip_reason_name tells its name.
    pub reason: i32,
    /// Who signed; zeroes if the signature was not sound.
    pub signer: [u8; 20],
    /// The block's hash as it claims; zeroes if the block was not well formed.
    pub block_hash: [u8; 32],
    /// Zeroes.
    pub reserved: [u8; 4],
    /// The block's number; 0 if the block was not well formed.
    pub block_number: u64,
}

/// What a validator remembers, one for each topic: blocks it accepted and the signer's key. One thread
/// at a time.
pub struct GossipMemoryHandle(GossipMemory);

/// A secret key. Wiped when freed. Any number of threads may use one at a time.
pub struct SecretKeyHandle(Box<SecretKey>);

/// A payload hash in the making. One thread at a time.
pub struct PayloadHasherHandle(PayloadHasher);

/// The version of this library, such as "0.1.0".
///
/// Returns: a string that lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn opsign_version() -> *const c_char {
    enter_plain(c"".as_ptr(), || {
        let version: &'static str = concat!(env!("CARGO_PKG_VERSION"), "\0");
        CStr::from_bytes_until_nul(version.as_bytes()).unwrap_or_default().as_ptr()
    })
}

/// The name of a number that a call returned, such as "signature_s_high".
///
/// Returns: a string that lives for ever; "ok" for 0, "unknown" for a number not in use.
#[unsafe(no_mangle)]
pub extern "C" fn opsign_error_name(error: i32) -> *const c_char {
    enter_plain(c"unknown".as_ptr(), || number_strings(error).0.as_ptr())
}

/// One sentence about a number that a call returned.
///
/// Returns: a string that lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn opsign_error_message(error: i32) -> *const c_char {
    enter_plain(c"unknown".as_ptr(), || number_strings(error).1.as_ptr())
}

/// Takes a secret key: a big-endian scalar from 1 to n - 1. The caller wipes its own copy.
///
/// Returns: OPSIGN_OK, or _EMPTY, _TOO_SHORT, _TOO_LONG, _SECRET_KEY_ZERO, _SECRET_KEY_TOO_LARGE.
/// Out: key, to be freed with opsign_secret_key_free; NULL on failure.
/// In: bytes, len of them: 32.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_secret_key_from_bytes(
    key: *mut *mut SecretKeyHandle,
    bytes: *const u8,
    len: usize,
) -> i32 {
    // SAFETY: `key` is NULL or writable, by the header's contract.
    let out = unsafe { Out::new(key) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(bytes, len)? };
        // Moving the key to the heap leaves copies on the stack.
        on_wiped_stack(|| Ok(ptr::give(SecretKeyHandle(Box::new(SecretKey::from_bytes(bytes)?)))))
    })
}

/// Wipes and frees a secret key. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_secret_key_free(key: *mut SecretKeyHandle) {
    // SAFETY: NULL or a live handle that is not used again, by the header's contract.
    enter_plain((), || unsafe { ptr::take_back(key) });
}

/// The address of a secret key.
///
/// Returns: OPSIGN_OK. Out: address, 20 bytes. In: key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_secret_key_address(
    key: *const SecretKeyHandle,
    address: *mut [u8; 20],
) -> i32 {
    // SAFETY: NULL or writable for 20 bytes, by the header's contract.
    let out = unsafe { Out::new(address) };
    enter(out, || {
        // SAFETY: NULL or a live handle, by the header's contract.
        let key = unsafe { ptr::handle(key)? };
        Ok(*key.0.address().as_bytes())
    })
}

/// Signs a block payload, given its hash: r, s (low), y_parity over
/// keccak256(zero32, chain_id, payload_hash), with an RFC 6979 nonce.
///
/// Returns: OPSIGN_OK, or _SIGNATURE_NOT_RECOVERABLE (odds of 2^-128).
/// Out: signature, 65 bytes. In: key; chain_id, 32 bytes big-endian; payload_hash, 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_secret_key_sign_payload(
    key: *const SecretKeyHandle,
    chain_id: *const u8,
    payload_hash: *const u8,
    signature: *mut [u8; 65],
) -> i32 {
    // SAFETY: NULL or writable for 65 bytes, by the header's contract.
    let out = unsafe { Out::new(signature) };
    enter(out, || {
        // SAFETY: NULL or a live handle, by the header's contract.
        let key = unsafe { ptr::handle(key)? };
        // SAFETY: NULL or readable for 32 bytes each, by the header's contract.
        let (chain_id, payload_hash) = unsafe { message(chain_id, payload_hash)? };
        let signature = opsign_core::sign_payload(&*key.0, &chain_id, &payload_hash)?;
        Ok(*signature.as_bytes())
    })
}

/// Reads a chain id from text, decimal or hex after 0x.
///
/// Returns: OPSIGN_OK, or _EMPTY, _CHAIN_ID_DIGIT, _CHAIN_ID_TOO_LARGE.
/// Out: chain_id, 32 bytes big-endian. In: text, len characters, no NUL needed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_chain_id_from_text(
    text: *const c_char,
    len: usize,
    chain_id: *mut [u8; 32],
) -> i32 {
    // SAFETY: NULL or writable for 32 bytes, by the header's contract.
    let out = unsafe { Out::new(chain_id) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let text = unsafe { ptr::text(text, len)? };
        Ok(*text.parse::<ChainId>()?.as_be_bytes())
    })
}

/// Reads an address from text: 0x and 40 digits; mixed case must carry the EIP-55 checksum.
///
/// Returns: OPSIGN_OK, or _EMPTY, _HEX_PREFIX, _HEX_ODD_LENGTH, _TOO_SHORT, _TOO_LONG, _HEX_DIGIT,
/// _ADDRESS_CHECKSUM. Out: address, 20 bytes. In: text, len characters, no NUL needed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_address_from_text(
    text: *const c_char,
    len: usize,
    address: *mut [u8; 20],
) -> i32 {
    // SAFETY: NULL or writable for 20 bytes, by the header's contract.
    let out = unsafe { Out::new(address) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let text = unsafe { ptr::text(text, len)? };
        Ok(*text.parse::<Address>()?.as_bytes())
    })
}

/// Writes an address as text with its EIP-55 checksum and a terminating NUL.
///
/// Returns: OPSIGN_OK. Out: text, 43 characters. In: address, 20 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_address_to_text(
    address: *const u8,
    text: *mut [c_char; 43],
) -> i32 {
    // SAFETY: NULL or writable for 43 characters, by the header's contract.
    let out = unsafe { Out::new(text) };
    enter(out, || {
        // SAFETY: NULL or readable for 20 bytes, by the header's contract.
        let address = Address::from_bytes(unsafe { ptr::array(address)? });
        let mut text = [0; 43];
        for (to, from) in text.iter_mut().zip(address.to_text()) {
            *to = from as c_char;
        }
        Ok(text)
    })
}

/// Hashes a payload that is in one piece.
///
/// Returns: OPSIGN_OK. Out: payload_hash, 32 bytes. In: payload, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_payload_hash(
    payload: *const u8,
    len: usize,
    payload_hash: *mut [u8; 32],
) -> i32 {
    // SAFETY: NULL or writable for 32 bytes, by the header's contract.
    let out = unsafe { Out::new(payload_hash) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let payload = unsafe { ptr::slice(payload, len)? };
        Ok(*PayloadHash::of(payload).as_bytes())
    })
}

/// Starts the hash of a payload that comes in pieces.
///
/// Returns: OPSIGN_OK.
/// Out: hasher, to be freed with opsign_payload_hasher_free; NULL on failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_payload_hasher_new(hasher: *mut *mut PayloadHasherHandle) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(hasher) };
    enter(out, || Ok(ptr::give(PayloadHasherHandle(PayloadHasher::new()))))
}

/// Takes the next piece of the payload.
///
/// Returns: OPSIGN_OK. In: hasher; piece, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_payload_hasher_update(
    hasher: *mut PayloadHasherHandle,
    piece: *const u8,
    len: usize,
) -> i32 {
    enter_check(|| {
        // SAFETY: NULL or a live handle used by this thread alone, by the header's contract.
        let hasher = unsafe { ptr::handle_mut(hasher)? };
        // SAFETY: readable for `len` bytes, by the header's contract.
        hasher.0.update(unsafe { ptr::slice(piece, len)? });
        Ok(())
    })
}

/// The hash of the pieces so far. The hasher then starts anew.
///
/// Returns: OPSIGN_OK. Out: payload_hash, 32 bytes. In: hasher.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_payload_hasher_finish(
    hasher: *mut PayloadHasherHandle,
    payload_hash: *mut [u8; 32],
) -> i32 {
    // SAFETY: NULL or writable for 32 bytes, by the header's contract.
    let out = unsafe { Out::new(payload_hash) };
    enter(out, || {
        // SAFETY: NULL or a live handle used by this thread alone, by the header's contract.
        let hasher = unsafe { ptr::handle_mut(hasher)? };
        Ok(*core::mem::take(&mut hasher.0).finish().as_bytes())
    })
}

/// Frees a hasher. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_payload_hasher_free(hasher: *mut PayloadHasherHandle) {
    // SAFETY: NULL or a live handle that is not used again, by the header's contract.
    enter_plain((), || unsafe { ptr::take_back(hasher) });
}

/// What a sequencer signs: keccak256(zero32, chain_id, payload_hash).
///
/// Returns: OPSIGN_OK. Out: signing_hash, 32 bytes.
/// In: chain_id, 32 bytes big-endian; payload_hash, 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_payload_signing_hash(
    chain_id: *const u8,
    payload_hash: *const u8,
    signing_hash: *mut [u8; 32],
) -> i32 {
    // SAFETY: NULL or writable for 32 bytes, by the header's contract.
    let out = unsafe { Out::new(signing_hash) };
    enter(out, || {
        // SAFETY: NULL or readable for 32 bytes each, by the header's contract.
        let (chain_id, payload_hash) = unsafe { message(chain_id, payload_hash)? };
        Ok(*opsign_core::payload_signing_hash(&chain_id, &payload_hash).as_bytes())
    })
}

/// The address that signed a block payload.
///
/// Returns: OPSIGN_OK, or one of the _SIGNATURE errors, _EMPTY, _TOO_SHORT, _TOO_LONG.
/// Out: address, 20 bytes.
/// In: chain_id, 32 bytes big-endian; payload_hash, 32 bytes; signature, signature_len bytes (65);
/// rules, OPSIGN_RULES_STRICT or OPSIGN_RULES_CONSENSUS (_WRONG_TYPE otherwise).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_recover_signer(
    chain_id: *const u8,
    payload_hash: *const u8,
    signature: *const u8,
    signature_len: usize,
    rules: i32,
    address: *mut [u8; 20],
) -> i32 {
    // SAFETY: NULL or writable for 20 bytes, by the header's contract.
    let out = unsafe { Out::new(address) };
    enter(out, || {
        // SAFETY: NULL or readable for 32 bytes each, by the header's contract.
        let (chain_id, payload_hash) = unsafe { message(chain_id, payload_hash)? };
        // SAFETY: readable for `signature_len` bytes, by the header's contract.
        let signature = unsafe { read_signature(signature, signature_len, rules)? };
        Ok(*opsign_core::recover_signer(&chain_id, &payload_hash, &signature)?.as_bytes())
    })
}

/// Checks that an address signed a block payload.
///
/// Returns: OPSIGN_OK if it did, _WRONG_SIGNER if another key did, or what
/// opsign_recover_signer returns.
/// In: as opsign_recover_signer; address, 20 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_verify_payload(
    chain_id: *const u8,
    payload_hash: *const u8,
    signature: *const u8,
    signature_len: usize,
    rules: i32,
    address: *const u8,
) -> i32 {
    enter_check(|| {
        // SAFETY: NULL or readable for 32 bytes each, by the header's contract.
        let (chain_id, payload_hash) = unsafe { message(chain_id, payload_hash)? };
        // SAFETY: readable for `signature_len` bytes, by the header's contract.
        let signature = unsafe { read_signature(signature, signature_len, rules)? };
        // SAFETY: NULL or readable for 20 bytes, by the header's contract.
        let address = Address::from_bytes(unsafe { ptr::array(address)? });
        Ok(opsign_core::verify_payload(&chain_id, &payload_hash, &signature, &address)?)
    })
}

/// The hash of a signed transaction in its network form.
///
/// Returns: OPSIGN_OK, or one of the _RLP errors, _TRANSACTION_TYPE, _EMPTY.
/// Out: hash, 32 bytes. In: transaction, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_transaction_hash(
    transaction: *const u8,
    len: usize,
    hash: *mut [u8; 32],
) -> i32 {
    // SAFETY: NULL or writable for 32 bytes, by the header's contract.
    let out = unsafe { Out::new(hash) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(transaction, len)? };
        Ok(*SignedTransaction::decode(bytes)?.hash().as_bytes())
    })
}

/// Who sent a signed transaction.
///
/// Returns: OPSIGN_OK, or what opsign_transaction_hash returns, _TRANSACTION_V, one of the
/// _SIGNATURE errors (a high s is refused).
/// Out: address, 20 bytes. In: transaction, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_transaction_sender(
    transaction: *const u8,
    len: usize,
    address: *mut [u8; 20],
) -> i32 {
    // SAFETY: NULL or writable for 20 bytes, by the header's contract.
    let out = unsafe { Out::new(address) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(transaction, len)? };
        Ok(*SignedTransaction::decode(bytes)?.sender()?.as_bytes())
    })
}

/// Signs a transaction, given without its signature: the very bytes whose hash is signed.
///
/// Returns: OPSIGN_OK, or what opsign_transaction_hash returns, _DEPOSIT_NOT_SIGNABLE,
/// _CHAIN_ID_TOO_LARGE, _TOO_SHORT if room is less than the signed transaction needs (len and 80
/// bytes suffice).
/// Out: signed_len, the bytes written to signed_transaction; 0 on failure.
/// Also out: signed_transaction, room bytes. In: key; transaction, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_secret_key_sign_transaction(
    key: *const SecretKeyHandle,
    transaction: *const u8,
    len: usize,
    signed_transaction: *mut u8,
    room: usize,
    signed_len: *mut usize,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(signed_len) };
    enter(out, || {
        // SAFETY: NULL or a live handle, by the header's contract.
        let key = unsafe { ptr::handle(key)? };
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(transaction, len)? };
        let signed = sign_transaction(&*key.0, &Transaction::decode_unsigned(bytes)?)?;
        let mut written = vec![0; signed.encoded_len()];
        let length = signed.encode(&mut written)?;
        // SAFETY: NULL or writable for `room` bytes, by the header's contract.
        unsafe { ptr::copy_out(&written, signed_transaction, room)? };
        Ok(length)
    })
}

/// The hash of a message for people (EIP-191), as wallets sign it.
///
/// Returns: OPSIGN_OK. Out: hash, 32 bytes. In: message, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_personal_message_hash(
    message: *const u8,
    len: usize,
    hash: *mut [u8; 32],
) -> i32 {
    // SAFETY: NULL or writable for 32 bytes, by the header's contract.
    let out = unsafe { Out::new(hash) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        Ok(*personal_message_hash(unsafe { ptr::slice(message, len)? }).as_bytes())
    })
}

/// Signs a message for people (EIP-191): r, s (low), y_parity. Wallets write 27 + y_parity.
///
/// Returns: OPSIGN_OK. Out: signature, 65 bytes. In: key; message, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_secret_key_sign_personal_message(
    key: *const SecretKeyHandle,
    message: *const u8,
    len: usize,
    signature: *mut [u8; 65],
) -> i32 {
    // SAFETY: NULL or writable for 65 bytes, by the header's contract.
    let out = unsafe { Out::new(signature) };
    enter(out, || {
        // SAFETY: NULL or a live handle, by the header's contract.
        let key = unsafe { ptr::handle(key)? };
        // SAFETY: readable for `len` bytes, by the header's contract.
        let hash = personal_message_hash(unsafe { ptr::slice(message, len)? });
        Ok(*key.0.sign(&hash)?.as_bytes())
    })
}

/// Who signed a message for people (EIP-191).
///
/// Returns: OPSIGN_OK, or _EMPTY, _TOO_SHORT, _TOO_LONG, one of the _SIGNATURE errors (a high s is
/// refused). Out: address, 20 bytes. In: message, len bytes; signature, signature_len bytes: 65,
/// the last of them y_parity or 27 + y_parity.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_personal_message_signer(
    message: *const u8,
    len: usize,
    signature: *const u8,
    signature_len: usize,
    address: *mut [u8; 20],
) -> i32 {
    // SAFETY: NULL or writable for 20 bytes, by the header's contract.
    let out = unsafe { Out::new(address) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let hash = personal_message_hash(unsafe { ptr::slice(message, len)? });
        // SAFETY: readable for `signature_len` bytes, by the header's contract.
        wallet_signer(&hash, unsafe { ptr::slice(signature, signature_len)? })
    })
}

/// Starts a memory for opsign_gossip_validate, about 480 KB.
///
/// Returns: OPSIGN_OK.
/// Out: memory, to be freed with opsign_gossip_memory_free; NULL on failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_gossip_memory_new(memory: *mut *mut GossipMemoryHandle) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(memory) };
    enter(out, || Ok(ptr::give(GossipMemoryHandle(GossipMemory::new()))))
}

/// Frees a memory. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_gossip_memory_free(memory: *mut GossipMemoryHandle) {
    // SAFETY: NULL or a live handle that is not used again, by the header's contract.
    enter_plain((), || unsafe { ptr::take_back(memory) });
}

/// Judges a gossip message as op-node does, rule by rule.
///
/// Returns: OPSIGN_OK whatever the verdict; _UNKNOWN_TOPIC if config names none.
/// Out: judgement. In: config; now, in whole seconds since 1970; message, len bytes, compressed;
/// memory, which is asked about the block and told of it if everything else is right.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_gossip_validate(
    config: *const GossipConfigC,
    now: u64,
    message: *const u8,
    len: usize,
    memory: *mut GossipMemoryHandle,
    judgement: *mut JudgementC,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(judgement) };
    enter(out, || {
        // SAFETY: NULL or readable, by the header's contract.
        let config = read_config(unsafe { ptr::handle(config)? })?;
        // SAFETY: readable for `len` bytes, by the header's contract.
        let message = unsafe { ptr::slice(message, len)? };
        // SAFETY: NULL or a live handle used by this thread alone, by the header's contract.
        let memory = unsafe { ptr::handle_mut(memory)? };
        let mut room = vec![0; decompressed_len(message).unwrap_or(0)];
        Ok(write_judgement(&gossip::validate(&config, now, message, &mut room, &mut memory.0)))
    })
}

/// The name of a reason, such as "timestamp_too_old".
///
/// Returns: a string that lives for ever; "unknown" for a number not in use.
#[unsafe(no_mangle)]
pub extern "C" fn opsign_gossip_reason_name(reason: i32) -> *const c_char {
    enter_plain(c"unknown".as_ptr(), || match Reason::from_number(reason) {
        Some(reason) => reason.c_name().as_ptr(),
        None => c"unknown".as_ptr(),
    })
}

/// Who signed this, by a signature as wallets write it.
fn wallet_signer(hash: &SigningHash, signature: &[u8]) -> Result<[u8; 20], Failure> {
    Ok(*Signature::from_wallet_bytes(signature)?.recover(hash)?.address().as_bytes())
}

/// Name and message of a number that a call returns.
fn number_strings(number: i32) -> (&'static CStr, &'static CStr) {
    if number == OPSIGN_OK {
        return (c"ok", c"no error");
    }
    let library = || ErrorCode::from_number(number).map(ErrorCode::c_strings);
    let reason = || Reason::from_number(number).map(|r| (r.c_name(), r.c_message()));
    let keys = || KeyErrorKind::from_number(number).map(KeyErrorKind::c_strings);
    let typed_data = || TypedDataErrorKind::from_number(number).map(TypedDataErrorKind::c_strings);
    let known = library().or_else(reason).or_else(keys).or_else(typed_data);
    known.unwrap_or((c"unknown", c"no error has this number"))
}

fn read_topic(number: i32) -> Result<Topic, Failure> {
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let topic = index.and_then(|index| Topic::ALL.get(index));
    Ok(*topic.ok_or(ErrorCode::UnknownTopic)?)
}

fn read_config(config: &GossipConfigC) -> Result<GossipConfig, Failure> {
    let address = |bytes: [u8; 20]| (bytes != [0; 20]).then(|| Address::from_bytes(bytes));
    Ok(GossipConfig {
        topic: read_topic(config.topic)?,
        chain_id: ChainId::from_be_bytes(config.chain_id),
        signer: address(config.signer),
        previous_signer: address(config.previous_signer),
        jovian_time: (config.jovian_time != OPSIGN_NEVER).then_some(config.jovian_time),
        max_age: config.max_age,
    })
}

fn write_judgement(judgement: &Judgement<'_>) -> JudgementC {
    JudgementC {
        verdict: match judgement.verdict() {
            Verdict::Accept => OPSIGN_VERDICT_ACCEPT,
            Verdict::Ignore => OPSIGN_VERDICT_IGNORE,
            Verdict::Reject => OPSIGN_VERDICT_REJECT,
        },
        reason: judgement.reason.number(),
        signer: judgement.signer.map_or([0; 20], |signer| *signer.as_bytes()),
        block_hash: judgement.payload.map_or([0; 32], |payload| payload.block_hash().0),
        reserved: [0; 4],
        block_number: judgement.payload.map_or(0, |payload| payload.block_number()),
    }
}

/// # Safety
/// Both are NULL or readable for 32 bytes.
unsafe fn message(
    chain_id: *const u8,
    payload_hash: *const u8,
) -> Result<(ChainId, PayloadHash), Failure> {
    // SAFETY: the caller's promise.
    let chain_id = unsafe { ptr::array(chain_id)? };
    // SAFETY: the caller's promise.
    let payload_hash = unsafe { ptr::array(payload_hash)? };
    Ok((ChainId::from_be_bytes(chain_id), PayloadHash::from_bytes(payload_hash)))
}

/// # Safety
/// `signature` is readable for `len` bytes.
unsafe fn read_signature(
    signature: *const u8,
    len: usize,
    rules: i32,
) -> Result<Signature, Failure> {
    let rules = read_rules(rules)?;
    // SAFETY: the caller's promise.
    let bytes = unsafe { ptr::slice(signature, len)? };
    Ok(Signature::from_bytes(bytes, rules)?)
}

fn read_rules(rules: i32) -> Result<Rules, Failure> {
    match rules {
        OPSIGN_RULES_STRICT => Ok(Rules::Strict),
        OPSIGN_RULES_CONSENSUS => Ok(Rules::Consensus),
        _ => Err(ErrorCode::WrongType.into()),
    }
}
