//! Values chosen by the caller where builders would normally make them.
//!
//! For adapters whose protocol hands over a finished hash or another signing domain, and for
//! tests. Signing a hash that somebody else chose signs whatever they meant by it: a transaction,
//! a block, a login. A key that is used through here should be used for nothing else.

use crate::chain_id::ChainId;
use crate::error::{Error, Field};
use crate::keccak::keccak256;
use crate::payload::{Domain, PayloadHash, SigningHash, signing_hash_in};

/// Takes 32 bytes as a signing hash, unchecked.
///
/// # Errors
/// [`Error::Empty`], [`Error::TooShort`] or [`Error::TooLong`] for any other length: some tokens
/// sign (and cut or pad) whatever length they are given.
pub fn signing_hash(bytes: &[u8]) -> Result<SigningHash, Error> {
    Error::check_length(Field::SigningHash, bytes).map(|bytes| SigningHash(*bytes))
}

/// What is signed for typed data whose two hashes somebody else made:
/// `keccak256(0x19 ‖ 0x01 ‖ domainSeparator ‖ hashStruct(message))` (EIP-712; version 0x01 of
/// EIP-191).
///
/// The prefix keeps it apart from transactions and blocks; which message it is, nobody can tell.
/// The crate `opsign-typed-data` makes both hashes from the message itself.
pub fn typed_data_signing_hash(domain_separator: &[u8; 32], struct_hash: &[u8; 32]) -> SigningHash {
    SigningHash(keccak256(&[b"\x19\x01", domain_separator, struct_hash]))
}

/// Takes 32 bytes as a signing domain. Only [`Domain::BLOCKS_V1`] is in use on any chain.
pub const fn domain(bytes: [u8; 32]) -> Domain {
    Domain(bytes)
}

/// [`crate::payload_signing_hash`] in a domain of the caller's choice.
pub fn payload_signing_hash_in(
    domain: &Domain,
    chain_id: &ChainId,
    payload_hash: &PayloadHash,
) -> SigningHash {
    signing_hash_in(domain, chain_id, payload_hash)
}
