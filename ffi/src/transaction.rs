//! What a signed transaction says, for C: numbers by value, long parts as places in the caller's
//! bytes, lists by the piece.

use opsign_core::tx::{
    AccessList, AuthorizationList, SidecarVersion, SignedAuthorization, SignedTransaction,
    Transaction,
};
use opsign_core::{Address, ChainId, ErrorCode, U256};

use crate::boundary::{Failure, enter};
use crate::ptr::{self, Out};
use crate::span::{HashSpanC, SpanC};

/// What a signed transaction says; 640 bytes. A number has 32 bytes, big-endian, or is a uint64_t.
/// What the type does not have is zero.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TransactionC {
    /// The EIP-2718 type: 0 legacy, 1 EIP-2930, 2 EIP-1559, 3 EIP-4844, 4 EIP-7702, or
    /// OPSIGN_TRANSACTION_DEPOSIT.
    pub kind: i32,
    /// 1 if chain_id says something: not for deposits and legacy transactions before EIP-155.
    pub has_chain_id: u8,
    /// 1 if there is a receiver; a transaction without one makes a contract.
    pub has_to: u8,
    /// 1 if a blob transaction travels with its blobs.
    pub has_sidecar: u8,
    /// 0: a proof per blob (EIP-4844); 1: cell proofs (EIP-7594).
    pub sidecar_version: u8,
    /// 1 if a deposit uses none of the block's gas (before Regolith).
    pub is_system: u8,
    /// Zeroes.
    pub reserved_flags: [u8; 7],
    /// The sender's count of transactions before this one.
    pub nonce: u64,
    /// The most gas it may use.
    pub gas: u64,
    /// The chain.
    pub chain_id: [u8; 32],
    /// Wei per gas, of types 0 and 1.
    pub gas_price: [u8; 32],
    /// Wei per gas for whoever includes it, from type 2 on.
    pub max_priority_fee_per_gas: [u8; 32],
    /// Wei per gas at the most, from type 2 on.
    pub max_fee_per_gas: [u8; 32],
    /// Wei per blob gas at the most, of type 3.
    pub max_fee_per_blob_gas: [u8; 32],
    /// Wei.
    pub value: [u8; 32],
    /// The receiver.
    pub to: [u8; 20],
    /// A deposit's sender; opsign_transaction_sender tells that of every type.
    pub from: [u8; 20],
    /// Where on L1 a deposit came from.
    pub source_hash: [u8; 32],
    /// Wei that a deposit creates for its sender.
    pub mint: [u8; 32],
    /// y_parity; 27 and 28, or 35 and more with a chain id (EIP-155), of type 0. Not checked.
    pub v: [u8; 32],
    /// The signature's r. Not checked.
    pub r: [u8; 32],
    /// The signature's s. Not checked.
    pub s: [u8; 32],
    /// Call data, or the code that makes a contract.
    pub input: SpanC,
    /// The versioned hashes of its blobs, of type 3.
    pub blob_versioned_hashes: HashSpanC,
    /// How many items opsign_transaction_access_list gives.
    pub access_list_count: u64,
    /// How many opsign_transaction_authorizations gives, of type 4.
    pub authorization_count: u64,
    /// How many blobs, of 131072 bytes, travel with it.
    pub blob_count: u64,
    /// How many KZG commitments, of 48 bytes, travel with it.
    pub commitment_count: u64,
    /// How many KZG proofs, of 48 bytes, travel with it.
    pub proof_count: u64,
    /// Zeroes, for fields of later versions.
    pub reserved: [u8; 144],
}

/// An account that a transaction will touch (EIP-2930); 40 bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct AccessItemC {
    /// The account.
    pub address: [u8; 20],
    /// Zeroes.
    pub reserved: [u8; 4],
    /// Slots of its storage.
    pub storage_keys: HashSpanC,
}

/// An authorization of a transaction (EIP-7702); 128 bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SignedAuthorizationC {
    /// The chain, or zeroes for every chain.
    pub chain_id: [u8; 32],
    /// Where the code is; zeroes take it away.
    pub code_address: [u8; 20],
    /// r, s, y_parity. Not checked: opsign_authorization_signer does.
    pub signature: [u8; 65],
    /// Zeroes.
    pub reserved: [u8; 3],
    /// The account's nonce.
    pub nonce: u64,
}

const NOTHING: TransactionC = TransactionC {
    kind: 0,
    has_chain_id: 0,
    has_to: 0,
    has_sidecar: 0,
    sidecar_version: 0,
    is_system: 0,
    reserved_flags: [0; 7],
    nonce: 0,
    gas: 0,
    chain_id: [0; 32],
    gas_price: [0; 32],
    max_priority_fee_per_gas: [0; 32],
    max_fee_per_gas: [0; 32],
    max_fee_per_blob_gas: [0; 32],
    value: [0; 32],
    to: [0; 20],
    from: [0; 20],
    source_hash: [0; 32],
    mint: [0; 32],
    v: [0; 32],
    r: [0; 32],
    s: [0; 32],
    input: SpanC { offset: 0, length: 0 },
    blob_versioned_hashes: HashSpanC { offset: 0, count: 0 },
    access_list_count: 0,
    authorization_count: 0,
    blob_count: 0,
    commitment_count: 0,
    proof_count: 0,
    reserved: [0; 144],
};

/// Reads a signed transaction in its network form, of any type, deposits too. The signature is not
/// checked: opsign_transaction_sender does.
///
/// Returns: OPSIGN_OK, or what opsign_transaction_hash returns.
/// Out: fields, whose places are in transaction. In: transaction, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_transaction_decode(
    transaction: *const u8,
    len: usize,
    fields: *mut TransactionC,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(fields) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(transaction, len)? };
        write(&SignedTransaction::decode(bytes)?, bytes)
    })
}

/// What was signed for a signed transaction.
///
/// Returns: OPSIGN_OK, or what opsign_transaction_hash returns, _DEPOSIT_NOT_SIGNABLE.
/// Out: hash, 32 bytes. In: transaction, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_transaction_signing_hash(
    transaction: *const u8,
    len: usize,
    hash: *mut [u8; 32],
) -> i32 {
    // SAFETY: NULL or writable for 32 bytes, by the header's contract.
    let out = unsafe { Out::new(hash) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(transaction, len)? };
        Ok(*SignedTransaction::decode(bytes)?.signing_hash()?.as_bytes())
    })
}

/// Items of a transaction's access list, from the one numbered first (0 is the first of all) on, as
/// many as there are and there is room for. The whole list costs little more than one item.
///
/// Returns: OPSIGN_OK, or what opsign_transaction_hash returns.
/// Out: written, how many items were written; 0 on failure.
/// Also out: items, room of them; their places are in transaction. In: transaction, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_transaction_access_list(
    transaction: *const u8,
    len: usize,
    first: usize,
    items: *mut AccessItemC,
    room: usize,
    written: *mut usize,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(written) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(transaction, len)? };
        let signed = SignedTransaction::decode(bytes)?;
        let list = access_list(signed.transaction());
        let found = list.iter().skip(first).take(room).map(|item| {
            Ok(AccessItemC {
                address: *item.address.as_bytes(),
                reserved: [0; 4],
                storage_keys: HashSpanC::of(item.storage_keys.iter(), bytes)?,
            })
        });
        let found: Vec<_> = found.collect::<Result<_, ErrorCode>>()?;
        // SAFETY: NULL or writable for `room` items, by the header's contract.
        unsafe { ptr::copy_out(&found, items, room)? };
        Ok(found.len())
    })
}

/// Authorizations of a transaction of type 4, from the one numbered first on, as many as there are
/// and there is room for.
///
/// Returns: OPSIGN_OK, or what opsign_transaction_hash returns.
/// Out: written, how many authorizations were written; 0 on failure.
/// Also out: authorizations, room of them. In: transaction, len bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsign_transaction_authorizations(
    transaction: *const u8,
    len: usize,
    first: usize,
    authorizations: *mut SignedAuthorizationC,
    room: usize,
    written: *mut usize,
) -> i32 {
    // SAFETY: NULL or writable, by the header's contract.
    let out = unsafe { Out::new(written) };
    enter(out, || {
        // SAFETY: readable for `len` bytes, by the header's contract.
        let bytes = unsafe { ptr::slice(transaction, len)? };
        let signed = SignedTransaction::decode(bytes)?;
        let list = authorization_list(signed.transaction());
        let found: Vec<_> = list.iter().skip(first).take(room).map(write_authorization).collect();
        // SAFETY: NULL or writable for `room` authorizations, by the header's contract.
        unsafe { ptr::copy_out(&found, authorizations, room)? };
        Ok(found.len())
    })
}

fn write(signed: &SignedTransaction<'_>, bytes: &[u8]) -> Result<TransactionC, Failure> {
    let transaction = signed.transaction();
    let mut out = TransactionC { kind: i32::from(transaction.kind()), ..NOTHING };
    let common = match transaction {
        Transaction::Legacy(tx) => {
            set_chain_id(&mut out, tx.chain_id);
            out.gas_price = be(tx.gas_price);
            (tx.nonce, tx.gas, tx.to, tx.value, tx.input)
        }
        Transaction::AccessList(tx) => {
            set_chain_id(&mut out, Some(tx.chain_id));
            out.gas_price = be(tx.gas_price);
            (tx.nonce, tx.gas, tx.to, tx.value, tx.input)
        }
        Transaction::DynamicFee(tx) => {
            set_chain_id(&mut out, Some(tx.chain_id));
            set_fees(&mut out, tx.max_priority_fee_per_gas, tx.max_fee_per_gas);
            (tx.nonce, tx.gas, tx.to, tx.value, tx.input)
        }
        Transaction::Blob(tx) => {
            set_chain_id(&mut out, Some(tx.chain_id));
            set_fees(&mut out, tx.max_priority_fee_per_gas, tx.max_fee_per_gas);
            out.max_fee_per_blob_gas = be(tx.max_fee_per_blob_gas);
            out.blob_versioned_hashes = HashSpanC::of(tx.blob_versioned_hashes.iter(), bytes)?;
            (tx.nonce, tx.gas, Some(tx.to), tx.value, tx.input)
        }
        Transaction::SetCode(tx) => {
            set_chain_id(&mut out, Some(tx.chain_id));
            set_fees(&mut out, tx.max_priority_fee_per_gas, tx.max_fee_per_gas);
            (tx.nonce, tx.gas, Some(tx.to), tx.value, tx.input)
        }
        Transaction::Deposit(tx) => {
            out.source_hash = tx.source_hash;
            out.from = *tx.from.as_bytes();
            out.mint = be(tx.mint);
            out.is_system = tx.is_system.into();
            (0, tx.gas, tx.to, tx.value, tx.input)
        }
        _ => return Err(ErrorCode::Internal.into()),
    };
    let (nonce, gas, to, value, input): (_, _, Option<Address>, _, _) = common;
    (out.nonce, out.gas, out.value) = (nonce, gas, be(value));
    out.has_to = to.is_some().into();
    out.to = to.map_or([0; 20], |to| *to.as_bytes());
    out.input = SpanC::of(input, bytes)?;
    out.access_list_count = access_list(transaction).iter().count() as u64;
    out.authorization_count = authorization_list(transaction).iter().count() as u64;
    let fields = signed.signature_fields();
    (out.v, out.r, out.s) = (be(fields.v), be(fields.r), be(fields.s));
    if let Some(sidecar) = signed.sidecar() {
        out.has_sidecar = 1;
        out.sidecar_version = match sidecar.version() {
            SidecarVersion::V0 => 0,
            SidecarVersion::V1 => 1,
        };
        out.blob_count = sidecar.blobs().count() as u64;
        out.commitment_count = sidecar.commitments().count() as u64;
        out.proof_count = sidecar.proofs().count() as u64;
    }
    Ok(out)
}

fn set_chain_id(out: &mut TransactionC, chain_id: Option<ChainId>) {
    out.has_chain_id = chain_id.is_some().into();
    out.chain_id = chain_id.map_or([0; 32], |chain_id| *chain_id.as_be_bytes());
}

fn set_fees(out: &mut TransactionC, priority: U256, max: U256) {
    (out.max_priority_fee_per_gas, out.max_fee_per_gas) = (be(priority), be(max));
}

fn be(number: U256) -> [u8; 32] {
    *number.as_be_bytes()
}

fn access_list<'a>(transaction: &Transaction<'a>) -> AccessList<'a> {
    match transaction {
        Transaction::AccessList(tx) => tx.access_list,
        Transaction::DynamicFee(tx) => tx.access_list,
        Transaction::Blob(tx) => tx.access_list,
        Transaction::SetCode(tx) => tx.access_list,
        _ => AccessList::default(),
    }
}

fn authorization_list<'a>(transaction: &Transaction<'a>) -> AuthorizationList<'a> {
    match transaction {
        Transaction::SetCode(tx) => tx.authorization_list,
        _ => AuthorizationList::new(&[]),
    }
}

fn write_authorization(signed: SignedAuthorization) -> SignedAuthorizationC {
    let fields = &signed.fields;
    let mut signature = [0; 65];
    signature[..32].copy_from_slice(fields.r.as_be_bytes());
    signature[32..64].copy_from_slice(fields.s.as_be_bytes());
    // It was read into a byte, as go-ethereum reads it.
    signature[64] = fields.v.as_be_bytes()[31];
    SignedAuthorizationC {
        chain_id: *signed.authorization.chain_id.as_be_bytes(),
        code_address: *signed.authorization.address.as_bytes(),
        signature,
        reserved: [0; 3],
        nonce: signed.authorization.nonce,
    }
}

/// The sizes that the header states.
const _: () = assert!(
    size_of::<TransactionC>() == 640
        && size_of::<AccessItemC>() == 40
        && size_of::<SignedAuthorizationC>() == 128
);
