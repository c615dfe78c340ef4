//! Transactions, authorizations and personal messages as op-geth reads, signs and hashes them.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod common;

use common::{bytes, parts, text, walk};
use opsign_core::tx::{
    AccessItem, AccessList, Authorization, AuthorizationList, BlobHashes, SidecarVersion,
    SignatureFields, SignedAuthorization, SignedTransaction, StorageKeys, Transaction,
    sign_transaction,
};
use opsign_core::{
    Address, ChainId, Error, Rules, SecretKey, Signature, Signer, U256, hazmat,
    personal_message_hash,
};
use serde_json::{Value, json};

#[test]
fn transactions() {
    let mut longer_than_256_bits = 0;
    walk("transactions.json", |case| {
        let raw = parts(&case["raw_parts"]);
        let decoded = SignedTransaction::decode(&raw);
        if !case["accepts"].as_bool().unwrap() {
            let error = decoded.expect_err("op-geth refuses it");
            println!("  op-geth: {}; opsign: {error}", case["go_ethereum_error"]);
            return;
        }
        let signed = match decoded {
            Ok(signed) => signed,
            // The one intended difference.
            Err(Error::RlpTooLarge { field }) if has_long_number(case) => {
                println!("  {field} has more than 256 bits");
                longer_than_256_bits += 1;
                return;
            }
            Err(Error::TransactionType { kind: 0x7d }) => return,
            Err(error) => panic!("op-geth accepts it: {error}"),
        };
        assert!(!has_long_number(case));
        check_fields(&signed, case);
        check_given_lists(signed.transaction());
        check_signature(&signed, case);

        let mut out = vec![0xee; raw.len() + 1];
        assert_eq!(signed.encode(&mut out), Ok(raw.len()));
        assert_eq!(out[..raw.len()], raw);
        assert_eq!(signed.encoded_len(), raw.len());
        assert_eq!(signed.encode(&mut out[..raw.len()]), Ok(raw.len()));
        assert!(signed.encode(&mut out[..raw.len() - 1]).is_err());
        let canonical = parts(&case["canonical"]);
        let bare = signed.with_sidecar(None);
        assert_eq!(bare.encode(&mut out), Ok(canonical.len()));
        assert_eq!(out[..canonical.len()], canonical);
        assert_eq!(bare.hash(), signed.hash());
        assert_eq!(signed.hash().to_string(), text(case, "hash"));
    });
    println!("{longer_than_256_bits} transactions with numbers of more than 256 bits are refused");
}

/// Whether a number is one that op-geth reads and no chain executes.
fn has_long_number(case: &Value) -> bool {
    let largest = U256::from_be_bytes([0xff; 32]).to_string();
    let long = |key: &str| {
        case[key]
            .as_str()
            .is_some_and(|number| (number.len(), number) > (largest.len(), largest.as_str()))
    };
    let keys = [
        "chain_id",
        "gas_price",
        "max_fee_per_gas",
        "max_priority_fee_per_gas",
        "value",
        "v",
        "mint",
    ];
    keys.into_iter().any(long)
        || ["r", "s"].iter().any(|key| case[*key].as_str().is_some_and(|hex| hex.len() > 66))
}

fn number(value: impl ToString) -> Value {
    value.to_string().into()
}

fn to(address: Option<Address>) -> Value {
    address.map(|address| address.to_string()).into()
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn access_list(list: &AccessList<'_>) -> Value {
    let items = list.iter().map(|item| {
        let keys: Vec<String> = item.storage_keys.iter().map(|key| hex(key)).collect();
        json!({ "address": item.address.to_string(), "storage_keys": keys })
    });
    items.collect()
}

/// Every field, in the words of the file.
fn fields(transaction: &Transaction<'_>) -> (Value, Vec<u8>) {
    let (fields, input) = match transaction {
        Transaction::Legacy(tx) => (
            json!({
                "type": 0, "chain_id": tx.chain_id.map(|id| id.to_string()),
                "nonce": number(tx.nonce), "gas": number(tx.gas), "gas_price": number(tx.gas_price),
                "to": to(tx.to), "value": number(tx.value),
            }),
            tx.input,
        ),
        Transaction::AccessList(tx) => (
            json!({
                "type": 1, "chain_id": number(tx.chain_id), "nonce": number(tx.nonce),
                "gas": number(tx.gas), "gas_price": number(tx.gas_price), "to": to(tx.to),
                "value": number(tx.value), "access_list": access_list(&tx.access_list),
            }),
            tx.input,
        ),
        Transaction::DynamicFee(tx) => (
            json!({
                "type": 2, "chain_id": number(tx.chain_id), "nonce": number(tx.nonce),
                "gas": number(tx.gas), "max_fee_per_gas": number(tx.max_fee_per_gas),
                "max_priority_fee_per_gas": number(tx.max_priority_fee_per_gas), "to": to(tx.to),
                "value": number(tx.value), "access_list": access_list(&tx.access_list),
            }),
            tx.input,
        ),
        Transaction::Blob(tx) => (
            json!({
                "type": 3, "chain_id": number(tx.chain_id), "nonce": number(tx.nonce),
                "gas": number(tx.gas), "max_fee_per_gas": number(tx.max_fee_per_gas),
                "max_priority_fee_per_gas": number(tx.max_priority_fee_per_gas),
                "to": to(Some(tx.to)), "value": number(tx.value),
                "access_list": access_list(&tx.access_list),
                "max_fee_per_blob_gas": number(tx.max_fee_per_blob_gas),
                "blob_versioned_hashes":
                    tx.blob_versioned_hashes.iter().map(|hash| hex(hash)).collect::<Vec<_>>(),
            }),
            tx.input,
        ),
        Transaction::SetCode(tx) => (
            json!({
                "type": 4, "chain_id": number(tx.chain_id), "nonce": number(tx.nonce),
                "gas": number(tx.gas), "max_fee_per_gas": number(tx.max_fee_per_gas),
                "max_priority_fee_per_gas": number(tx.max_priority_fee_per_gas),
                "to": to(Some(tx.to)), "value": number(tx.value),
                "access_list": access_list(&tx.access_list),
                "authorizations": tx.authorization_list.iter().map(|signed| json!({
                    "chain_id": number(signed.authorization.chain_id),
                    "address": to(Some(signed.authorization.address)),
                    "nonce": number(signed.authorization.nonce),
                    "y_parity": signed.fields.v.as_be_bytes()[31],
                    "r": hex(signed.fields.r.as_be_bytes()),
                    "s": hex(signed.fields.s.as_be_bytes()),
                    "authority": to(signed.authority().ok()),
                })).collect::<Vec<_>>(),
            }),
            tx.input,
        ),
        Transaction::Deposit(tx) => (
            json!({
                "type": 0x7e, "source_hash": hex(&tx.source_hash), "sender": to(Some(tx.from)),
                "to": to(tx.to), "mint": number(tx.mint),
                "value": number(tx.value), "gas": number(tx.gas), "is_system": tx.is_system,
            }),
            tx.input,
        ),
        other => panic!("a type that this test does not know: {other:?}"),
    };
    (fields, input.to_vec())
}

fn check_fields(signed: &SignedTransaction<'_>, case: &Value) {
    let (fields, input) = fields(signed.transaction());
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(*value, case[name], "{name}");
    }
    assert_eq!(fields["type"], signed.transaction().kind());
    assert_eq!(input.len() as u64, case["input_length"].as_u64().unwrap());
    let hash = opsign_core::PayloadHash::of(&input);
    assert_eq!(hash.to_string(), text(case, "input_hash"), "the hash of the input");
    match signed.sidecar() {
        None => assert_eq!(case["sidecar"], Value::Null),
        Some(sidecar) => {
            let version = match sidecar.version() {
                SidecarVersion::V0 => 0,
                SidecarVersion::V1 => 1,
            };
            let found = json!({
                "version": version,
                "blobs": sidecar.blobs().count(),
                "commitments": sidecar.commitments().count(),
                "proofs": sidecar.proofs().count(),
            });
            assert_eq!(found, case["sidecar"]);
            let shown = format!("Sidecar(V{version}, {} blobs)", found["blobs"]);
            assert_eq!(format!("{sidecar:?}"), shown);
        }
    }
}

/// A transaction whose lists were given one by one is the one whose lists were read.
fn check_given_lists(read: &Transaction<'_>) {
    let access_list = match read {
        Transaction::AccessList(tx) => tx.access_list,
        Transaction::DynamicFee(tx) => tx.access_list,
        Transaction::Blob(tx) => tx.access_list,
        Transaction::SetCode(tx) => tx.access_list,
        _ => return,
    };
    let keys: Vec<Vec<[u8; 32]>> =
        access_list.iter().map(|item| item.storage_keys.iter().copied().collect()).collect();
    let items: Vec<AccessItem<'_>> = access_list
        .iter()
        .zip(&keys)
        .map(|(item, keys)| AccessItem { storage_keys: StorageKeys::new(keys), ..item })
        .collect();
    for (item, keys) in access_list.iter().zip(&keys) {
        assert_eq!(
            (item.storage_keys.len(), item.storage_keys.is_empty()),
            (keys.len(), keys.is_empty())
        );
        assert_eq!(item.storage_keys == StorageKeys::new(&[]), keys.is_empty());
    }
    assert_eq!(access_list == AccessList::default(), items.is_empty());
    assert_eq!(format!("{access_list:?}"), format!("{items:?}"));

    let (hashes, authorizations): (Vec<_>, Vec<_>);
    let mut given = *read;
    match &mut given {
        Transaction::AccessList(tx) => tx.access_list = AccessList::new(&items),
        Transaction::DynamicFee(tx) => tx.access_list = AccessList::new(&items),
        Transaction::Blob(tx) => {
            hashes = tx.blob_versioned_hashes.iter().copied().collect();
            assert_eq!(tx.blob_versioned_hashes == BlobHashes::new(&[]), hashes.is_empty());
            let debug = format!("{:?}", tx.blob_versioned_hashes);
            assert_eq!(debug, format!("{hashes:?}"));
            tx.blob_versioned_hashes = BlobHashes::new(&hashes);
            tx.access_list = AccessList::new(&items);
        }
        Transaction::SetCode(tx) => {
            authorizations = tx.authorization_list.iter().collect();
            let none = AuthorizationList::new(&[]);
            assert_eq!(tx.authorization_list == none, authorizations.is_empty());
            assert_eq!(format!("{:?}", tx.authorization_list), format!("{authorizations:?}"));
            tx.authorization_list = AuthorizationList::new(&authorizations);
            tx.access_list = AccessList::new(&items);
        }
        _ => {}
    }
    assert_eq!(given, *read);
    assert_eq!(given.signing_hash(), read.signing_hash());
}

fn check_signature(signed: &SignedTransaction<'_>, case: &Value) {
    if let Transaction::Deposit(deposit) = signed.transaction() {
        let signature =
            SecretKey::from_bytes(&[1; 32]).unwrap().sign(&hazmat::signing_hash(&[1; 32]).unwrap());
        let with_signature = signed.transaction().with_signature(&signature.unwrap());
        assert_eq!(with_signature, Err(Error::DepositNotSignable));
        assert_eq!(signed.sender(), Ok(deposit.from));
        assert_eq!(signed.signing_hash(), Err(Error::DepositNotSignable));
        assert_eq!(signed.signature(), Err(Error::DepositNotSignable));
        return;
    }
    let SignatureFields { v, r, s } = signed.signature_fields();
    assert_eq!(v.to_string(), text(case, "v"));
    assert_eq!(hex(r.as_be_bytes()), text(case, "r"));
    assert_eq!(hex(s.as_be_bytes()), text(case, "s"));
    // op-geth's newest signer panics on chain 0; the signature is plain all the same.
    let panics = case["sender_error"].as_str().is_some_and(|error| error.contains("chainID 0"));
    let expected = if panics { &case["recovered"] } else { &case["sender"] };
    match signed.sender() {
        Ok(sender) => assert_eq!(Some(sender.to_string().as_str()), expected.as_str()),
        Err(error) => {
            assert_eq!(case["sender"], Value::Null, "op-geth finds a sender: {error}");
            println!("  op-geth: {}; opsign: {error}", case["sender_error"]);
        }
    }
    let Some(expected) = case["signing_hash"].as_str() else { return };
    assert_eq!(signed.signing_hash().unwrap().to_string(), expected);
    let unsigned = parts(&case["unsigned"]);
    let transaction = Transaction::decode_unsigned(&unsigned).unwrap();
    assert_eq!(transaction, *signed.transaction());
    let Some(secret) = case["secret_key"].as_str() else { return };
    let key = SecretKey::from_hex(secret).unwrap();
    let again = sign_transaction(&key, &transaction).unwrap();
    assert_eq!(again.signature_fields(), signed.signature_fields());
    assert_eq!(again.sender(), Ok(key.address()));
}

#[test]
fn authorizations() {
    walk("authorizations.json", |case| {
        let Ok(chain_id) = text(case, "chain_id").parse::<ChainId>() else {
            panic!("{}", case["chain_id"])
        };
        let authorization = Authorization {
            chain_id,
            address: text(case, "address").parse().unwrap(),
            nonce: text(case, "nonce").parse().unwrap(),
        };
        let hash = authorization.signing_hash();
        assert_eq!(hash.to_string(), text(case, "signing_hash"));
        let word = |key: &str| {
            let bytes: [u8; 32] = bytes(text(case, key)).try_into().unwrap();
            U256::from_be_bytes(bytes)
        };
        let fields = SignatureFields {
            v: U256::from(case["y_parity"].as_u64().unwrap()),
            r: word("r"),
            s: word("s"),
        };
        let signed = SignedAuthorization { authorization, fields };
        match signed.authority() {
            Ok(authority) => {
                assert_eq!(Some(authority.to_string().as_str()), case["authority"].as_str());
            }
            Err(error) => {
                assert_eq!(case["authority"], Value::Null, "op-geth finds one: {error}");
                println!("  op-geth: {}; opsign: {error}", case["go_ethereum_error"]);
            }
        }
        let Some(secret) = case["secret_key"].as_str() else { return };
        let key = SecretKey::from_hex(secret).unwrap();
        assert_eq!(authorization.sign(&key).unwrap(), signed);
    });
}

#[test]
fn personal_messages() {
    let mut personal = 0;
    walk("messages.json", |case| {
        if text(case, "kind") != "personal" {
            return;
        }
        let repeat = case["message_repeat"].as_u64().unwrap() as usize;
        let hash = personal_message_hash(&bytes(text(case, "message")).repeat(repeat));
        assert_eq!(hash.to_string(), text(case, "hash"));
        let key = SecretKey::from_hex(text(case, "secret_key")).unwrap();
        let signature = key.sign(&hash).unwrap();
        assert_eq!(signature.to_string(), text(case, "signature_y_parity"));
        assert_eq!(signature.recover(&hash).unwrap().address().to_string(), text(case, "address"));
        let mut with_27 = *signature.as_bytes();
        with_27[64] += 27;
        assert_eq!(hex(&with_27), text(case, "signature"));
        assert!(Signature::from_bytes(&with_27, Rules::Consensus).is_err());
        personal += 1;
    });
    assert!(personal >= 10, "{personal} personal messages");
}

#[test]
fn a_legacy_chain_id_that_leaves_no_room_for_v_is_refused() {
    let key = SecretKey::from_bytes(&[1; 32]).unwrap();
    let legacy = |chain_id: [u8; 32]| {
        let chain_id = Some(ChainId::from_be_bytes(chain_id));
        Transaction::Legacy(opsign_core::tx::Legacy { chain_id, ..Default::default() })
    };
    let mut half = [0xff; 32];
    half[0] = 0x7f;
    assert_eq!(sign_transaction(&key, &legacy(half)), Err(Error::ChainIdTooLarge));
    half[31] = 0x00;
    let signed = sign_transaction(&key, &legacy(half)).unwrap();
    assert_eq!(signed.sender(), Ok(key.address()));
}

#[test]
fn a_signature_over_a_raw_hash_is_the_same() {
    let key = SecretKey::from_bytes(&[1; 32]).unwrap();
    let transaction = Transaction::Legacy(Default::default());
    let hash = transaction.signing_hash().unwrap();
    let raw = hazmat::signing_hash(hash.as_bytes()).unwrap();
    assert_eq!(key.sign(&raw), key.sign(&hash));
}
