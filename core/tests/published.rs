//! Vectors that others published: Wycheproof, RFC 6979, ethereum/tests, op-alloy.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod common;

use common::{bytes, text, walk};
use opsign_core::gossip::{
    Envelope, GossipConfig, GossipMemory, Payload, Verdict, decompress, decompressed_len, validate,
};
use opsign_core::tx::SignedTransaction;
use opsign_core::{
    Address, ChainId, Error, PayloadHash, PublicKey, Rules, SecretKey, Signature, Signer, hazmat,
    payload_signing_hash,
};

/// The mapping is the file's description: Wycheproof gives a key, r and s; we recover.
#[test]
fn wycheproof() {
    let (mut good, mut low) = (0, 0);
    walk("wycheproof.json", |case| {
        let key = PublicKey::from_sec1_bytes(&bytes(text(case, "public_key"))).unwrap();
        let address: Address = text(case, "address").parse().unwrap();
        assert_eq!(key.address(), address);
        let hash = hazmat::signing_hash(&bytes(text(case, "digest"))).unwrap();
        let rs: [u8; 64] = bytes(text(case, "rs")).try_into().unwrap();
        let right_id = case["recovery_id"].as_u64();
        let low_s = case["low_s"].as_bool().unwrap();
        assert_eq!(right_id.is_some(), case["valid"].as_bool().unwrap());

        for id in 0..=4u8 {
            let signature = [&rs[..], &[id]].concat();
            let signer = |rules| {
                let signature = Signature::from_bytes(&signature, rules)?;
                signature.recover(&hash)
            };
            let right = right_id == Some(id.into());
            assert_eq!(signer(Rules::Consensus) == Ok(key), right, "consensus, id {id}");
            assert_eq!(signer(Rules::Strict) == Ok(key), right && low_s && id < 2, "strict, {id}");
        }
        // A token's bare r and s: s is made low, and the id must be one of those that we make.
        let from_token = Signature::from_token(&hash, &rs, &address);
        assert_eq!(from_token.is_ok(), right_id.is_some_and(|id| id < 2), "{from_token:?}");

        good += usize::from(right_id.is_some());
        low += usize::from(right_id.is_some() && low_s);
    });
    println!("{good} verify, {low} of them with a low s");
    assert!(good > 500 && low > 400);
}

#[test]
fn rfc6979() {
    walk("rfc6979.json", |case| {
        let key = SecretKey::from_hex(text(case, "secret_key")).unwrap();
        assert_eq!(key.address().to_string(), text(case, "address"));
        let hash = hazmat::signing_hash(&bytes(text(case, "digest"))).unwrap();
        assert_eq!(key.sign(&hash).unwrap().to_string(), text(case, "signature"));
    });
}

#[test]
fn transactions() {
    let mut longer_than_256_bits = 0;
    walk("published_transactions.json", |case| {
        let raw = bytes(text(case, "raw"));
        let decoded = SignedTransaction::decode(&raw);
        let valid = case["valid"].as_bool().unwrap();
        if let Err(Error::RlpTooLarge { field: "gas price" | "value" | "v" | "r" | "s" }) = decoded
        {
            // op-geth reads numbers of more than 256 bits; the published verdict is ours.
            assert!(!valid);
            longer_than_256_bits += 1;
            return;
        }
        assert_eq!(decoded.is_ok(), case["accepts"].as_bool().unwrap(), "{decoded:?}");
        let hash = decoded.map(|signed| signed.hash().to_string()).ok();
        assert_eq!(hash.as_deref(), case["hash"].as_str());

        let sender = decoded.and_then(|signed| signed.sender());
        let differs = case["differs"].as_str().unwrap_or_default();
        match differs.split(':').next().unwrap() {
            "" if valid => assert_eq!(sender.unwrap().to_string(), text(case, "sender")),
            "" => assert!(sender.is_err(), "{sender:?}"),
            "high_s" => assert_eq!(sender, Err(Error::SignatureSHigh)),
            "large_s" => assert_eq!(sender, Err(Error::SignatureSTooLarge)),
            "long_gas" => assert!(matches!(sender, Err(Error::RlpTooLarge { .. })), "{sender:?}"),
            "not_signature" => assert!(!valid && sender.is_ok(), "{sender:?}"),
            other => panic!("a reason that this test does not know: {other}"),
        }
    });
    assert_eq!(longer_than_256_bits, 5);
}

#[test]
fn gossip() {
    walk("published_gossip.json", |case| {
        let message = bytes(text(case, "message"));
        let config = GossipConfig {
            topic: text(case, "topic").parse().unwrap(),
            chain_id: text(case, "chain_id").parse::<ChainId>().unwrap(),
            signer: Some(text(case, "address").parse().unwrap()),
            previous_signer: None,
            jovian_time: None,
            max_age: 60,
        };
        let mut room = vec![0; decompressed_len(&message).unwrap()];
        let now = case["now"].as_u64().unwrap();
        let reason = validate(&config, now, &message, &mut room, &mut GossipMemory::new()).reason;
        assert_eq!(reason.verdict().name(), text(case, "op_node"), "{reason:?}");

        let envelope = Envelope::parse(decompress(&message, &mut room).unwrap()).unwrap();
        let hash = PayloadHash::of(envelope.payload());
        assert_eq!(hash.to_string(), text(case, "payload_hash"));
        let signing_hash = payload_signing_hash(&config.chain_id, &hash);
        assert_eq!(signing_hash.to_string(), text(case, "signing_hash"));
        let payload = Payload::parse(config.topic, envelope.payload()).unwrap();
        assert_eq!(payload.block_hash().to_string(), text(case, "block_hash"));
        let accepted = reason.verdict() == Verdict::Accept;
        assert_eq!(payload.computed_block_hash() == payload.block_hash(), accepted);
        assert_eq!(Some(payload.block_number()), case["block_number"].as_u64());
        assert_eq!(Some(payload.timestamp()), case["timestamp"].as_u64());
    });
}
