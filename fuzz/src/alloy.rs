//! Beside alloy and op-alloy. Where they read less or more than go-ethereum does, which is our
//! measure, the difference is named here.

use alloy_consensus::TxEnvelope;
use alloy_consensus::transaction::SignerRecoverable;
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_eips::{eip7685::EMPTY_REQUESTS_HASH, eip7702};
use alloy_primitives::{Address, B256, U256, eip191_hash_message, hex};
use alloy_rlp::{Decodable, Header};
use op_alloy_consensus::OpTxEnvelope;
use op_alloy_rpc_types_engine::OpNetworkPayloadEnvelope;
use opsign_core::gossip::{Envelope, Payload, Topic, decompress, decompressed_len};
use opsign_core::tx::{SignedTransaction, Transaction};
use opsign_core::{ChainId, Field, PayloadHash, payload_signing_hash, personal_message_hash};

use crate::gossip::{CHAIN, question};

/// What both say of a transaction.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    raw: Vec<u8>,
    hash: [u8; 32],
    sender: Option<[u8; 20]>,
}

/// A transaction's bytes, sender and hash.
pub fn alloy_tx(data: &[u8]) {
    let theirs = match data.first() {
        Some(0x7e) => OpTxEnvelope::decode_2718_exact(data).map(|tx| {
            let sender = tx.as_deposit().map(|deposit| deposit.from);
            read(&tx, sender)
        }),
        _ => TxEnvelope::decode_2718_exact(data).map(|tx| read(&tx, tx.recover_signer().ok())),
    };
    let ours = SignedTransaction::decode(data);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let ours = Read {
                raw: data.to_vec(),
                hash: *ours.hash().as_bytes(),
                sender: ours.sender().ok().map(|sender| *sender.as_bytes()),
            };
            assert_eq!(ours, theirs);
        }
        (Ok(ours), Err(error)) => {
            assert!(only_we_read(&ours), "alloy refuses {ours:?}: {error}");
        }
        (Err(error), Ok(theirs)) => panic!("we say {error}, alloy reads {theirs:?}"),
        (Err(_), Err(_)) => {}
    }
}

fn read(tx: &impl Encodable2718, sender: Option<Address>) -> Read {
    Read { raw: tx.encoded_2718(), hash: tx.trie_hash().0, sender: sender.map(|sender| sender.0.0) }
}

/// Alloy keeps chain ids in 64 bits and fees in 128, and looks at v when it decodes.
fn only_we_read(signed: &SignedTransaction<'_>) -> bool {
    let long = |number: &opsign_core::U256, bits: usize| {
        U256::from_be_bytes(*number.as_be_bytes()).bit_len() > bits
    };
    let chain = |id: &ChainId| long(id.as_u256(), 64);
    let odd_v = match signed.transaction() {
        Transaction::Deposit(_) => false,
        Transaction::Legacy(transaction) => {
            let v = U256::from_be_bytes(*signed.signature_fields().v.as_be_bytes());
            transaction.chain_id.is_none() && v != U256::from(27) && v != U256::from(28)
        }
        _ => long(&signed.signature_fields().v, 1),
    };
    odd_v
        || match signed.transaction() {
            Transaction::Legacy(tx) => {
                long(&tx.gas_price, 128) || tx.chain_id.as_ref().is_some_and(chain)
            }
            Transaction::AccessList(tx) => chain(&tx.chain_id) || long(&tx.gas_price, 128),
            Transaction::DynamicFee(tx) => {
                chain(&tx.chain_id)
                    || long(&tx.max_fee_per_gas, 128)
                    || long(&tx.max_priority_fee_per_gas, 128)
            }
            Transaction::Blob(tx) => {
                chain(&tx.chain_id)
                    || long(&tx.max_fee_per_gas, 128)
                    || long(&tx.max_priority_fee_per_gas, 128)
                    || long(&tx.max_fee_per_blob_gas, 128)
            }
            Transaction::SetCode(tx) => {
                chain(&tx.chain_id)
                    || long(&tx.max_fee_per_gas, 128)
                    || long(&tx.max_priority_fee_per_gas, 128)
            }
            Transaction::Deposit(tx) => long(&tx.mint, 128),
            _ => false,
        }
}

/// The items of an authorization list, in RLP.
pub fn alloy_authorization(data: &[u8]) {
    let mut list = Vec::new();
    let header = |payload_length| Header { list: true, payload_length };
    header(data.len()).encode(&mut list);
    list.extend(data);
    let theirs = Vec::<eip7702::SignedAuthorization>::decode(&mut &list[..]);

    // We read such a list in a transaction only: chain 10, nonce, two fees, gas, to, value, input,
    // access list; then the authorizations, y_parity, r, s.
    let before: &[u8] =
        &[&[0x0a, 0x80, 0x80, 0x80, 0x80, 0x94][..], &[7; 20], &[0x80, 0x80, 0xc0]].concat();
    let fields = [before, &list, &[0x80, 0x01, 0x01]].concat();
    let mut raw = vec![4];
    header(fields.len()).encode(&mut raw);
    raw.extend(fields);
    let ours = SignedTransaction::decode(&raw);
    let (ours, theirs) = match (&ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(_), Err(_)) => return,
        (ours, theirs) => panic!("we say {ours:?}, alloy says {theirs:?}"),
    };
    let Transaction::SetCode(transaction) = ours.transaction() else { panic!("not type 4") };
    assert_eq!(transaction.authorization_list.iter().count(), theirs.len());
    for (ours, theirs) in transaction.authorization_list.iter().zip(theirs) {
        assert_eq!(ours.authorization.signing_hash().as_bytes(), &theirs.signature_hash().0);
        assert_eq!(ours.authorization.chain_id.as_be_bytes(), &theirs.chain_id().to_be_bytes());
        assert_eq!(ours.authorization.address.as_bytes(), &theirs.address().0.0);
        assert_eq!(ours.authorization.nonce, theirs.nonce());
        assert_eq!(ours.fields.r.as_be_bytes(), &theirs.r().to_be_bytes());
        assert_eq!(ours.fields.s.as_be_bytes(), &theirs.s().to_be_bytes());
        // Alloy has no recovery of its own without k256; its signature goes to libsecp256k1.
        let recovered = theirs.signature().ok().and_then(|signature| {
            let hash = theirs.signature_hash();
            alloy_consensus::crypto::secp256k1::recover_signer(&signature, hash).ok()
        });
        assert_eq!(
            ours.authority().ok().map(|address| *address.as_bytes()),
            recovered.map(|address| address.0.0)
        );
    }
}

/// A gossip message as `gossip` makes it: the same block, signature and hashes.
pub fn alloy_gossip(data: &[u8]) {
    let Some(question) = question(data) else { return };
    let message = &question.message[..];
    let Ok(length @ ..=65_536) = decompressed_len(message) else { return };
    let theirs = match question.topic {
        Topic::V1 => OpNetworkPayloadEnvelope::decode_v1(message),
        Topic::V2 => OpNetworkPayloadEnvelope::decode_v2(message),
        Topic::V3 => OpNetworkPayloadEnvelope::decode_v3(message),
        Topic::V4 => OpNetworkPayloadEnvelope::decode_v4(message),
    };
    let mut room = vec![0; length];
    let Ok(plain) = decompress(message, &mut room) else {
        assert!(theirs.is_err(), "we cannot decompress {theirs:?}");
        return;
    };
    let envelope = Envelope::parse(plain).expect("the length is right");
    let payload = Payload::parse(question.topic, envelope.payload());
    let theirs = match (&payload, theirs) {
        (Ok(_), Ok(theirs)) => theirs,
        // Alloy takes the signature apart as it reads, and knows no more than 64 bits of some
        // numbers; what we read beyond that is op-node's and has its target.
        (_, Err(_)) => return,
        (Err(reason), Ok(theirs)) => {
            assert!(only_alloy_reads(*reason), "we say {reason:?}, op-alloy reads {theirs:?}");
            return;
        }
    };
    let payload = payload.expect("it was read");
    let hash = PayloadHash::of(envelope.payload());
    assert_eq!(hash.as_bytes(), &theirs.payload_hash.0.0);
    let signing_hash = payload_signing_hash(&ChainId::from(CHAIN), &hash);
    assert_eq!(signing_hash.as_bytes(), &theirs.payload_hash.signature_message(CHAIN).0);
    assert_eq!(
        payload.parent_beacon_block_root().map(|root| root.0),
        theirs.parent_beacon_block_root.map(|root| root.0)
    );

    let block = theirs.payload.as_v1();
    assert_eq!(payload.parent_hash().0, block.parent_hash.0);
    assert_eq!(payload.fee_recipient().as_bytes(), &block.fee_recipient.0.0);
    assert_eq!(payload.state_root().0, block.state_root.0);
    assert_eq!(payload.receipts_root().0, block.receipts_root.0);
    assert_eq!(payload.logs_bloom(), &block.logs_bloom.0[..]);
    assert_eq!(payload.prev_randao().0, block.prev_randao.0);
    assert_eq!(payload.block_number(), block.block_number);
    assert_eq!(payload.gas_limit(), block.gas_limit);
    assert_eq!(payload.gas_used(), block.gas_used);
    assert_eq!(payload.timestamp(), block.timestamp);
    assert_eq!(payload.extra_data(), &block.extra_data[..]);
    assert_eq!(payload.base_fee_per_gas().as_be_bytes(), &block.base_fee_per_gas.to_be_bytes());
    assert_eq!(payload.block_hash().0, block.block_hash.0);
    assert!(payload.transactions().iter().eq(block.transactions.iter().map(|tx| &tx[..])));

    // What op-node hashes in its own way (docs/gossip-rules.md) alloy does not: a number of 2^63
    // and more makes the hash of nothing, and empty transactions are left out.
    let odd =
        payload.block_number() >> 63 != 0 || payload.transactions().iter().any(<[u8]>::is_empty);
    let (is_v4, root) = (theirs.payload.as_v4().is_some(), theirs.parent_beacon_block_root);
    if let Ok(mut block) = theirs.payload.into_block_raw()
        && !odd
    {
        block.header.parent_beacon_block_root = root;
        block.header.requests_hash = is_v4.then_some(EMPTY_REQUESTS_HASH);
        assert_eq!(payload.computed_block_hash().0, block.header.hash_slow().0);
    }
}

/// Rules of op-node's reader that the general SSZ reader does not have.
fn only_alloy_reads(reason: opsign_core::gossip::Reason) -> bool {
    use opsign_core::gossip::Reason;
    matches!(reason, Reason::SszExtraDataTooLong | Reason::SszTooManyWithdrawals)
}

/// Text of hex, addresses and numbers, and the bytes as a personal message.
pub fn alloy_text(data: &[u8]) {
    assert_eq!(personal_message_hash(data).as_bytes(), &eip191_hash_message(data).0);
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Alloy reads 0X for 0x.
    if text.starts_with("0X") {
        return;
    }
    let ours = opsign_core::hex::decode::<32>(Field::SecretKey, text).ok();
    let theirs = hex::decode_to_array::<_, 32>(text).ok();
    assert_eq!(ours, theirs);
    assert_eq!(
        PayloadHash::from_hex(text).ok().map(|hash| B256::from(*hash.as_bytes())),
        text.parse().ok()
    );
    if let Ok(ours) = text.parse::<opsign_core::Address>() {
        let theirs: Address = text.parse().expect("alloy reads it too");
        assert_eq!(ours.to_string(), theirs.to_checksum(None));
    } else if let Ok(theirs) = Address::parse_checksummed(text, None) {
        panic!("alloy reads {theirs}");
    }
    let number = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let theirs = U256::from_str_radix(number.0, number.1);
    match text.parse::<ChainId>() {
        Ok(ours) => assert_eq!(theirs.map(|number| number.to_be_bytes()), Ok(*ours.as_be_bytes())),
        // Alloy reads nothing as 0, and overlooks underscores.
        Err(_) => assert!(theirs.is_err() || number.0.is_empty() || number.0.contains('_')),
    }
}
