//! How public values show themselves.
#![allow(clippy::unwrap_used, reason = "a test program")]

use opsign_core::gossip::{BlockHash, Topic};
use opsign_core::tx::Transaction;
use opsign_core::{
    Address, ChainId, Error, ErrorCode, Field, PayloadHash, Rules, SecretKey, Signature, U256,
    payload_signing_hash,
};

#[test]
fn a_value_shows_its_type_and_its_text() {
    let digits = "0123456789abcdef".repeat(4);
    let hash = PayloadHash::from_hex(&digits).unwrap();
    assert_eq!(format!("{hash} {hash:?}"), format!("0x{digits} PayloadHash(0x{digits})"));
    let block = BlockHash(*hash.as_bytes());
    assert_eq!(format!("{block} {block:?}"), format!("0x{digits} BlockHash(0x{digits})"));
    let chain_id = ChainId::from(10);
    assert_eq!(format!("{chain_id} {chain_id:?}"), "10 ChainId(10)");
    let text = format!("0x{}01", "11".repeat(64));
    let signature = Signature::from_hex(&text, Rules::Strict).unwrap();
    let transaction = Transaction::Legacy(Default::default()).with_signature(&signature).unwrap();
    let shown = transaction.hash();
    assert_eq!(format!("{shown:?}"), format!("TransactionHash({shown})"));
    let number = U256::from(10u64);
    assert_eq!(format!("{number} {number:?}"), "10 10");
    let signing = payload_signing_hash(&chain_id, &hash);
    assert_eq!(format!("{signing:?}"), format!("SigningHash({signing})"));
    assert_eq!(signing.to_string().len(), 66);
    assert_eq!(format!("{signature} {signature:?}"), format!("{text} Signature({text})"));
}

#[test]
fn a_key_shows_what_is_public() {
    // The generator and its address.
    let key = SecretKey::from_bytes(&U256::from(1u64).as_be_bytes()[..]).unwrap();
    let point = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                 483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
    assert_eq!(format!("{:?}", key.public_key()), format!("PublicKey(0x{point})"));
    let address: Address = key.address();
    let text = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
    assert_eq!(format!("{address} {address:?}"), format!("{text} Address({text})"));
}

#[test]
fn a_topic_is_read_as_it_is_written() {
    for (topic, text) in
        [(Topic::V1, "v1"), (Topic::V2, "v2"), (Topic::V3, "v3"), (Topic::V4, "v4")]
    {
        assert_eq!(topic.to_string(), text);
        assert_eq!(text.parse(), Ok(topic));
    }
}

#[test]
fn an_error_says_what_was_wrong_and_where() {
    let (recovered, expected) = (Address::from_bytes([1; 20]), Address::from_bytes([2; 20]));
    let field = "nonce";
    let cases = [
        (Error::HexPrefix { field: Field::Address }, "the address must start with 0x".to_owned()),
        (
            Error::ChainIdDigit { position: 3 },
            "the chain id has no digit at position 3: write it in decimal, or in hex after 0x"
                .into(),
        ),
        (
            Error::WrongSigner { recovered, expected },
            format!("the signature was made by {recovered}, not by {expected}"),
        ),
        (
            Error::RlpTruncated { field },
            format!("the transaction's nonce: {}", ErrorCode::RlpTruncated.message()),
        ),
        (
            Error::RlpTrailing { field },
            format!("the transaction's nonce: {}", ErrorCode::RlpTrailing.message()),
        ),
        (
            Error::RlpWrongLength { field, expected: 20 },
            "the transaction's nonce does not have 20 bytes".into(),
        ),
        (Error::TransactionType { kind: 5 }, "no transaction type is 0x05".into()),
    ];
    for (error, text) in cases {
        assert_eq!(error.to_string(), text);
    }
}
