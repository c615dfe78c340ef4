//! Transactions and EIP-7702 authorizations.

use opsign_core::tx::{
    AccessList, Authorization, SidecarVersion, SignatureFields, SignedAuthorization,
    SignedTransaction, Transaction,
};
use opsign_core::{Address, Field, U256};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::OpsignError;
use crate::record::{Bytes, Hex, Record};
use crate::signature::sized;

/// The hash of a signed transaction.
#[wasm_bindgen(js_name = transactionHash)]
pub fn transaction_hash(raw: &[u8]) -> Result<Vec<u8>, OpsignError> {
    Ok(SignedTransaction::decode(raw)?.hash().as_bytes().to_vec())
}

/// Who sent a signed transaction, as EIP-55 text.
#[wasm_bindgen(js_name = transactionSender)]
pub fn transaction_sender(raw: &[u8]) -> Result<String, OpsignError> {
    Ok(SignedTransaction::decode(raw)?.sender()?.to_string())
}

/// All that a signed transaction says.
#[wasm_bindgen(js_name = decodeTransaction)]
pub fn decode_transaction(raw: &[u8]) -> Result<Record, OpsignError> {
    let signed = SignedTransaction::decode(raw)?;
    let record = Record::new();
    record.set("type", i32::from(signed.transaction().kind()));
    record.set("hash", Hex(signed.hash().as_bytes()));
    let sender = signed.sender();
    record.set("sender", sender.ok());
    record.set("senderError", sender.err().map(|error| error.code().name()));
    set_fields(&record, signed.transaction());
    if let Ok(hash) = signed.signing_hash() {
        record.set("signingHash", Hex(hash.as_bytes()));
        record.set("v", signed.signature_fields().v);
        set_r_and_s(&record, signed.signature_fields());
    }
    if let Some(found) = signed.sidecar() {
        let sidecar = record.child("sidecar");
        let version = match found.version() {
            SidecarVersion::V0 => 0,
            SidecarVersion::V1 => 1,
        };
        sidecar.set("version", version);
        sidecar.list("blobs", found.blobs(), |list, blob| list.set("", Bytes(blob)));
        sidecar.list("commitments", found.commitments(), |list, point| list.set("", Hex(point)));
        sidecar.list("proofs", found.proofs(), |list, point| list.set("", Hex(point)));
    } else if let Transaction::Blob(_) = signed.transaction() {
        record.set("sidecar", None::<i32>);
    }
    Ok(record)
}

/// What an account signs to let code act for it.
#[wasm_bindgen(js_name = authorizationHash)]
pub fn authorization_signing_hash(
    chain_id: &str,
    address: &[u8],
    nonce: u64,
) -> Result<Vec<u8>, OpsignError> {
    Ok(authorization(chain_id, address, nonce)?.signing_hash().as_bytes().to_vec())
}

/// Who signed an authorization, as EIP-55 text. `r_s` is 64 bytes.
#[wasm_bindgen(js_name = authorizationSigner)]
pub fn authorization_authority(
    chain_id: &str,
    address: &[u8],
    nonce: u64,
    y_parity: u8,
    r_s: &[u8],
) -> Result<String, OpsignError> {
    let r_s = sized::<64>(Field::Signature, r_s)?;
    let (mut r, mut s) = ([0; 32], [0; 32]);
    r.copy_from_slice(&r_s[..32]);
    s.copy_from_slice(&r_s[32..]);
    let fields = SignatureFields {
        v: U256::from(u64::from(y_parity)),
        r: U256::from_be_bytes(r),
        s: U256::from_be_bytes(s),
    };
    let authorization = authorization(chain_id, address, nonce)?;
    Ok(SignedAuthorization { authorization, fields }.authority()?.to_string())
}

fn authorization(
    chain_id: &str,
    address: &[u8],
    nonce: u64,
) -> Result<Authorization, opsign_core::Error> {
    let address = Address::from_bytes(sized(Field::Address, address)?);
    Ok(Authorization { chain_id: chain_id.parse()?, address, nonce })
}

/// The fields that differ between the types, in the order of the wire.
fn set_fields(record: &Record, transaction: &Transaction<'_>) {
    match transaction {
        Transaction::Legacy(tx) => {
            record.set("chainId", tx.chain_id.map(|id| *id.as_u256()));
            record.set("nonce", tx.nonce);
            record.set("gasPrice", tx.gas_price);
            set_call(record, tx.gas, tx.to, tx.value, tx.input);
        }
        Transaction::AccessList(tx) => {
            record.set("chainId", *tx.chain_id.as_u256());
            record.set("nonce", tx.nonce);
            record.set("gasPrice", tx.gas_price);
            set_call(record, tx.gas, tx.to, tx.value, tx.input);
            set_access_list(record, &tx.access_list);
        }
        Transaction::DynamicFee(tx) => {
            record.set("chainId", *tx.chain_id.as_u256());
            record.set("nonce", tx.nonce);
            set_fees(record, tx.max_priority_fee_per_gas, tx.max_fee_per_gas);
            set_call(record, tx.gas, tx.to, tx.value, tx.input);
            set_access_list(record, &tx.access_list);
        }
        Transaction::Blob(tx) => {
            record.set("chainId", *tx.chain_id.as_u256());
            record.set("nonce", tx.nonce);
            set_fees(record, tx.max_priority_fee_per_gas, tx.max_fee_per_gas);
            set_call(record, tx.gas, Some(tx.to), tx.value, tx.input);
            set_access_list(record, &tx.access_list);
            record.set("maxFeePerBlobGas", tx.max_fee_per_blob_gas);
            let hashes = tx.blob_versioned_hashes.iter();
            record.list("blobVersionedHashes", hashes, |list, hash| list.set("", Hex(hash)));
        }
        Transaction::SetCode(tx) => {
            record.set("chainId", *tx.chain_id.as_u256());
            record.set("nonce", tx.nonce);
            set_fees(record, tx.max_priority_fee_per_gas, tx.max_fee_per_gas);
            set_call(record, tx.gas, Some(tx.to), tx.value, tx.input);
            set_access_list(record, &tx.access_list);
            record.list("authorizationList", tx.authorization_list.iter(), |list, signed| {
                let item = list.child("");
                item.set("chainId", *signed.authorization.chain_id.as_u256());
                item.set("address", signed.authorization.address);
                item.set("nonce", signed.authorization.nonce);
                // One byte, by how it is read.
                item.set("yParity", i32::from(signed.fields.v.as_be_bytes()[31]));
                set_r_and_s(&item, &signed.fields);
                let authority = signed.authority();
                item.set("authority", authority.ok());
                item.set("authorityError", authority.err().map(|error| error.code().name()));
            });
        }
        Transaction::Deposit(tx) => {
            record.set("sourceHash", Hex(&tx.source_hash));
            record.set("from", tx.from);
            record.set("mint", tx.mint);
            record.set("isSystem", tx.is_system);
            set_call(record, tx.gas, tx.to, tx.value, tx.input);
        }
        // The enum may grow; a type without a line here would come out without its fields.
        _ => {}
    }
}

fn set_fees(record: &Record, priority: U256, most: U256) {
    record.set("maxPriorityFeePerGas", priority);
    record.set("maxFeePerGas", most);
}

fn set_call(record: &Record, gas: u64, to: Option<Address>, value: U256, input: &[u8]) {
    record.set("gas", gas);
    record.set("to", to);
    record.set("value", value);
    record.set("input", Bytes(input));
}

fn set_access_list(record: &Record, access_list: &AccessList<'_>) {
    record.list("accessList", access_list.iter(), |list, found| {
        let item = list.child("");
        item.set("address", found.address);
        let keys = found.storage_keys.iter();
        item.list("storageKeys", keys, |list, key| list.set("", Hex(key)));
    });
}

fn set_r_and_s(record: &Record, fields: &SignatureFields) {
    record.set("r", Hex(fields.r.as_be_bytes()));
    record.set("s", Hex(fields.s.as_be_bytes()));
}
