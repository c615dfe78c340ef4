//! What the signer reads: arguments, its config, PKCS#11 URIs, op-node's envelopes. What was taken
//! is written anew and must be taken for the same.

use std::fmt::Write;

use opsign_core::gossip::{Payload, Topic};
use opsign_core::tx::{SignedAuthorization, SignedTransaction, Transaction};
use opsign_core::{ChainId, Rules, Signature, U256};
use opsign_hsm::{Pkcs11Uri, TokenSelector};
use opsign_signer::fuzzing;
use serde_json::{Value, json};

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", base16ct::lower::encode_string(bytes))
}

fn quantity(number: U256) -> String {
    let digits = base16ct::lower::encode_string(number.as_be_bytes());
    let digits = digits.trim_start_matches('0');
    format!("0x{}", if digits.is_empty() { "0" } else { digits })
}

fn small(number: u64) -> String {
    format!("{number:#x}")
}

/// The argument of `eth_signTransaction`.
pub fn transaction_args(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut bytes = [1; 65];
    bytes[64] = 0;
    let signature = Signature::from_bytes(&bytes, Rules::Strict).expect("small r and s");
    let Ok(raw) = fuzzing::transaction(text, &signature) else { return };
    let signed = SignedTransaction::decode(&raw).expect("what is signed can be read");
    let again = args(signed.transaction()).to_string();
    assert_eq!(fuzzing::transaction(&again, &signature), Ok(raw.clone()), "{again}");
}

fn args(transaction: &Transaction<'_>) -> Value {
    // The members that all three types have.
    macro_rules! common {
        ($tx:expr, $to:expr, $input:literal) => {
            json!({
                "chainId": quantity(*$tx.chain_id.as_u256()),
                "nonce": small($tx.nonce),
                "maxPriorityFeePerGas": quantity($tx.max_priority_fee_per_gas),
                "maxFeePerGas": quantity($tx.max_fee_per_gas),
                "gas": small($tx.gas),
                "to": $to.map(|to| to.to_string()),
                "value": quantity($tx.value),
                $input: hex($tx.input),
                "accessList": access_list($tx.access_list.iter()),
            })
        };
    }
    match transaction {
        Transaction::DynamicFee(tx) => common!(tx, tx.to, "input"),
        Transaction::Blob(tx) => {
            let mut args = common!(tx, Some(tx.to), "data");
            args["maxFeePerBlobGas"] = quantity(tx.max_fee_per_blob_gas).into();
            args["blobVersionedHashes"] =
                tx.blob_versioned_hashes.iter().map(|hash| hex(hash)).collect();
            args
        }
        Transaction::SetCode(tx) => {
            let mut args = common!(tx, Some(tx.to), "input");
            let tuple = |tuple: SignedAuthorization| {
                json!({
                    "chainId": quantity(*tuple.authorization.chain_id.as_u256()),
                    "address": tuple.authorization.address.to_string(),
                    "nonce": small(tuple.authorization.nonce),
                    "yParity": quantity(tuple.fields.v),
                    "r": quantity(tuple.fields.r),
                    "s": quantity(tuple.fields.s),
                })
            };
            args["authorizationList"] = tx.authorization_list.iter().map(tuple).collect();
            args
        }
        other => panic!("the protocol makes no transaction of type {}", other.kind()),
    }
}

fn access_list<'a>(items: impl Iterator<Item = opsign_core::tx::AccessItem<'a>>) -> Vec<Value> {
    items
        .map(|item| {
            let keys: Vec<_> = item.storage_keys.iter().map(|key| hex(key)).collect();
            json!({ "address": item.address.to_string(), "storageKeys": keys })
        })
        .collect()
}

/// The argument of a block payload method; the first byte says of which. What one form says, the
/// other one can say, and kona-node's object both.
pub fn block_payload(data: &[u8]) {
    let Some((&method, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(read) = fuzzing::payload(text, method % 3) else { return };
    let numbers = |bytes: &[u8]| Value::from(bytes.to_vec());
    // A JSON number may have more digits than a double holds.
    let mut first = format!(
        "{{\"domain\":{},\"chainId\":{},\"payloadHash\":{}",
        numbers(&read.domain),
        read.chain_id,
        numbers(read.payload_hash.as_bytes())
    );
    if let Some(payload) = &read.payload {
        let _ = write!(first, ",\"PayloadBytes\":{}", numbers(payload));
    }
    if let Some(sender) = read.sender {
        let _ = write!(first, ",\"senderAddress\":\"{sender}\"");
    }
    first.push('}');
    for method in [0, 1] {
        assert_eq!(fuzzing::payload(&first, method).as_ref(), Ok(&read), "{first}");
    }
    // V2 has no payload, and takes zeroes for nothing.
    let zero = read.payload_hash.as_bytes() == &[0; 32] || read.chain_id == ChainId::from(0);
    if read.payload.is_some() || zero {
        return;
    }
    let second = json!({
        "DOMAIN": hex(&read.domain),
        "chainid": read.chain_id.to_string(),
        "payloadHash": hex(read.payload_hash.as_bytes()),
        "senderAddress": read.sender.map(|sender| sender.to_string()),
        "unknown": [{}],
    })
    .to_string();
    for method in [0, 2] {
        assert_eq!(fuzzing::payload(&second, method).as_ref(), Ok(&read), "{second}");
    }
}

/// A config file. A comment at its end changes nothing, and what is wrong comes in one line that
/// begins with the file's name.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match fuzzing::config(text) {
        Ok(read) => {
            let commented = format!("{text}\n# the end\n");
            assert_eq!(fuzzing::config(&commented), Ok(read), "{text}");
        }
        Err(what) => assert!(what.starts_with("config.yaml:"), "{what}"),
    }
}

/// A PKCS#11 URI (RFC 7512), every byte of it written with a percent sign.
pub fn pkcs11_uri(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(uri) = Pkcs11Uri::parse(text) else { return };
    let mut again = "pkcs11:type=private".to_owned();
    let mut add = |mark: char, name: &str, value: Option<&[u8]>| {
        let Some(value) = value else { return };
        let _ = write!(again, "{mark}{name}=");
        for byte in value {
            let _ = write!(again, "%{byte:02X}");
        }
    };
    let path = |path: &Option<std::path::PathBuf>| {
        path.as_ref().map(|path| path.to_str().expect("made of text").as_bytes().to_vec())
    };
    match &uri.token {
        TokenSelector::Label(label) => add(';', "token", Some(label.as_bytes())),
        TokenSelector::Serial(serial) => add(';', "serial", Some(serial.as_bytes())),
    }
    add(';', "object", uri.key.label.as_ref().map(String::as_bytes));
    add(';', "id", uri.key.id.as_deref());
    let (module, pin) = (path(&uri.module_path), path(&uri.pin_source));
    // A path that begins like a URL keeps its beginning only behind another one.
    let pin = pin.map(|pin| [b"file://", &pin[..]].concat());
    add('?', "module-path", module.as_deref());
    add(if module.is_some() { '&' } else { '?' }, "pin-source", pin.as_deref());
    assert_eq!(Pkcs11Uri::parse(&again), Ok(uri), "{text} {again}");
}

/// op-node's envelope as JSON. Its SSZ, if core can read it, says the same.
pub fn envelope(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((topic, ssz)) = fuzzing::envelope(text) else { return };
    let Ok(payload) = Payload::parse(topic, &ssz) else { return };
    let mut block = json!({
        "parentHash": hex(&payload.parent_hash().0),
        "feeRecipient": payload.fee_recipient().to_string(),
        "stateRoot": hex(&payload.state_root().0),
        "receiptsRoot": hex(&payload.receipts_root().0),
        "logsBloom": hex(payload.logs_bloom()),
        "prevRandao": hex(&payload.prev_randao().0),
        "blockNumber": small(payload.block_number()),
        "gasLimit": small(payload.gas_limit()),
        "gasUsed": small(payload.gas_used()),
        "timestamp": small(payload.timestamp()),
        "extraData": hex(payload.extra_data()),
        "baseFeePerGas": quantity(payload.base_fee_per_gas()),
        "blockHash": hex(&payload.block_hash().0),
        "transactions": payload.transactions().iter().map(hex).collect::<Vec<_>>(),
    });
    if topic != Topic::V1 {
        block["withdrawals"] = payload
            .withdrawals()
            .map(|withdrawal| {
                json!({
                    "index": small(withdrawal.index),
                    "validatorIndex": small(withdrawal.validator_index),
                    "address": withdrawal.address.to_string(),
                    "amount": small(withdrawal.amount),
                })
            })
            .collect();
    }
    for (name, number) in
        [("blobGasUsed", payload.blob_gas_used()), ("excessBlobGas", payload.excess_blob_gas())]
    {
        if let Some(number) = number {
            block[name] = small(number).into();
        }
    }
    if let Some(root) = payload.withdrawals_root() {
        block["withdrawalsRoot"] = hex(&root.0).into();
    }
    let mut again = json!({ "executionPayload": block });
    if let Some(root) = payload.parent_beacon_block_root() {
        again["parentBeaconBlockRoot"] = hex(&root.0).into();
    }
    assert_eq!(fuzzing::envelope(&again.to_string()), Some((topic, ssz)), "{again}");
}
