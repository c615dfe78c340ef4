//! `opsign tx`: transactions in hex, one a line, so that other programs can drive it in bulk.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use opsign_core::tx::{
    AccessList, SidecarVersion, SignedTransaction, Transaction, sign_transaction,
};
use opsign_core::{Address, Signer};
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::input::{decode_hex, for_each_line};
use crate::report::Report;
use crate::signer::{KeyPlace, KeySigner};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print what signed transactions say, with their hash and sender.
    Decode(Lines),
    /// Print the hashes of signed transactions.
    Hash(Lines),
    /// Print who sent signed transactions.
    Sender(Lines),
    /// Sign transactions. A line holds one without its signature: the very bytes whose hash is
    /// signed, in hex.
    Sign {
        #[command(flatten)]
        place: KeyPlace,
        #[command(flatten)]
        lines: Lines,
    },
}

/// The file with the transactions.
#[derive(Args)]
pub(crate) struct Lines {
    /// The file to read, a transaction in hex on each line; - is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

pub(crate) fn run(command: Command, json: bool) -> Result<ExitCode, Failure> {
    let each = |lines: Lines, answer: &dyn Fn(&[u8]) -> Result<Report, Failure>| {
        for_each_line(&lines.file, json, |line| answer(&decode_hex(line)?))
    };
    match command {
        Command::Decode(lines) => each(lines, &decode),
        Command::Hash(lines) => each(lines, &hash),
        Command::Sender(lines) => each(lines, &sender),
        Command::Sign { place, lines } => {
            let signer = place.open()?.signer()?;
            each(lines, &|bytes| sign(&signer, bytes))
        }
    }
}

fn hash(raw: &[u8]) -> Result<Report, Failure> {
    let hash = SignedTransaction::decode(raw)?.hash();
    Ok(Report::new().with("hash", hash.to_string()))
}

fn sender(raw: &[u8]) -> Result<Report, Failure> {
    let sender = SignedTransaction::decode(raw)?.sender()?;
    Ok(Report::new().with("sender", sender.to_string()))
}

fn sign(signer: &KeySigner, unsigned: &[u8]) -> Result<Report, Failure> {
    let transaction = Transaction::decode_unsigned(unsigned)?;
    let signed = sign_transaction(signer, &transaction)?;
    let mut raw = vec![0; signed.encoded_len()];
    signed.encode(&mut raw)?;
    Ok(Report::new()
        .with("sender", signer.address().to_string())
        .with("hash", signed.hash().to_string())
        .with("raw", hex(&raw)))
}

fn decode(raw: &[u8]) -> Result<Report, Failure> {
    let signed = SignedTransaction::decode(raw)?;
    let sender = signed.sender();
    let mut report = Report::new()
        .with("hash", signed.hash().to_string())
        .with("sender", sender.ok().map(|sender| sender.to_string()));
    if let Err(error) = sender {
        report = report.with("sender_error", error.code().name());
    }
    for (name, value) in fields(signed.transaction()) {
        report = report.with(&name, value);
    }
    if let Ok(hash) = signed.signing_hash() {
        let fields = signed.signature_fields();
        report = report
            .with("v", fields.v.to_string())
            .with("r", hex(fields.r.as_be_bytes()))
            .with("s", hex(fields.s.as_be_bytes()))
            .with("signing_hash", hash.to_string());
    }
    if let Some(sidecar) = signed.sidecar() {
        let version = match sidecar.version() {
            SidecarVersion::V0 => 0,
            SidecarVersion::V1 => 1,
        };
        report = report
            .with("sidecar_version", version)
            .with("blobs", sidecar.blobs().count())
            .with("commitments", sidecar.commitments().count())
            .with("proofs", sidecar.proofs().count());
    }
    Ok(report)
}

/// The fields of a transaction under their JSON-RPC-like names; numbers are decimal strings.
fn fields(transaction: &Transaction<'_>) -> Map<String, Value> {
    let to = |to: Option<Address>| to.map(|to| to.to_string());
    let list = match transaction {
        Transaction::Legacy(tx) => json!({
            "chain_id": tx.chain_id.map(|id| id.to_string()), "nonce": tx.nonce.to_string(),
            "gas_price": tx.gas_price.to_string(), "gas": tx.gas.to_string(), "to": to(tx.to),
            "value": tx.value.to_string(), "input": hex(tx.input),
        }),
        Transaction::AccessList(tx) => json!({
            "chain_id": tx.chain_id.to_string(), "nonce": tx.nonce.to_string(),
            "gas_price": tx.gas_price.to_string(), "gas": tx.gas.to_string(), "to": to(tx.to),
            "value": tx.value.to_string(), "input": hex(tx.input),
            "access_list": access_list(&tx.access_list),
        }),
        Transaction::DynamicFee(tx) => json!({
            "chain_id": tx.chain_id.to_string(), "nonce": tx.nonce.to_string(),
            "max_priority_fee_per_gas": tx.max_priority_fee_per_gas.to_string(),
            "max_fee_per_gas": tx.max_fee_per_gas.to_string(), "gas": tx.gas.to_string(),
            "to": to(tx.to), "value": tx.value.to_string(), "input": hex(tx.input),
            "access_list": access_list(&tx.access_list),
        }),
        Transaction::Blob(tx) => json!({
            "chain_id": tx.chain_id.to_string(), "nonce": tx.nonce.to_string(),
            "max_priority_fee_per_gas": tx.max_priority_fee_per_gas.to_string(),
            "max_fee_per_gas": tx.max_fee_per_gas.to_string(), "gas": tx.gas.to_string(),
            "to": tx.to.to_string(), "value": tx.value.to_string(), "input": hex(tx.input),
            "access_list": access_list(&tx.access_list),
            "max_fee_per_blob_gas": tx.max_fee_per_blob_gas.to_string(),
            "blob_versioned_hashes":
                tx.blob_versioned_hashes.iter().map(|hash| hex(hash)).collect::<Vec<_>>(),
        }),
        Transaction::SetCode(tx) => json!({
            "chain_id": tx.chain_id.to_string(), "nonce": tx.nonce.to_string(),
            "max_priority_fee_per_gas": tx.max_priority_fee_per_gas.to_string(),
            "max_fee_per_gas": tx.max_fee_per_gas.to_string(), "gas": tx.gas.to_string(),
            "to": tx.to.to_string(), "value": tx.value.to_string(), "input": hex(tx.input),
            "access_list": access_list(&tx.access_list),
            "authorization_list": tx.authorization_list.iter().map(|signed| json!({
                "chain_id": signed.authorization.chain_id.to_string(),
                "address": signed.authorization.address.to_string(),
                "nonce": signed.authorization.nonce.to_string(),
                "y_parity": signed.fields.v.to_string(),
                "r": hex(signed.fields.r.as_be_bytes()),
                "s": hex(signed.fields.s.as_be_bytes()),
                "authority": to(signed.authority().ok()),
            })).collect::<Vec<_>>(),
        }),
        Transaction::Deposit(tx) => json!({
            "source_hash": hex(&tx.source_hash), "from": tx.from.to_string(), "to": to(tx.to),
            "mint": tx.mint.to_string(), "value": tx.value.to_string(),
            "gas": tx.gas.to_string(), "is_system": tx.is_system, "input": hex(tx.input),
        }),
        _ => json!({}),
    };
    let mut fields = Map::new();
    fields.insert("type".into(), transaction.kind().into());
    if let Value::Object(list) = list {
        fields.extend(list);
    }
    fields
}

fn access_list(list: &AccessList<'_>) -> Value {
    list.iter()
        .map(|item| {
            let keys: Vec<String> = item.storage_keys.iter().map(|key| hex(key)).collect();
            json!({ "address": item.address.to_string(), "storage_keys": keys })
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", base16ct::lower::encode_string(bytes))
}
