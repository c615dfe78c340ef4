//! Every file in `vectors/`, whose values come from op-node, go-ethereum and noble.
#![allow(clippy::unwrap_used, reason = "a test program")]

use std::path::Path;

use opsign_core::gossip::{BlockFields, Envelope, Topic};
use opsign_core::{
    Address, ChainId, Error, ErrorCode, Field, PayloadHash, PayloadHasher, Rules, SecretKey,
    Signature, Signer, hazmat, payload_signing_hash, recover_signer, verify_payload,
    verify_signing_hash,
};
use serde_json::Value;

/// Runs `check` on every case of a file, and makes sure that there were as many as it says.
fn walk(file: &str, mut check: impl FnMut(&Value)) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(vectors["count"].as_u64().unwrap() as usize, cases.len());
    let mut ran = 0;
    for case in cases {
        println!("{file}: {}", case["name"]);
        check(case);
        ran += 1;
    }
    assert!(ran > 0 && ran == cases.len());
    println!("{file}: {ran} cases");
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("{key} of {}", case["name"]))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.strip_prefix("0x").unwrap();
    let mut out = vec![0; digits.len() / 2];
    base16ct::mixed::decode(digits, &mut out).unwrap();
    out
}

fn address(case: &Value, key: &str) -> Address {
    text(case, key).parse().unwrap()
}

#[test]
fn payload_signing() {
    walk("payload_signing.json", |case| {
        let key = SecretKey::from_hex(text(case, "secret_key")).unwrap();
        let domain = hazmat::domain(bytes(text(case, "domain")).try_into().unwrap());
        let chain_id: ChainId = text(case, "chain_id").parse().unwrap();
        assert_eq!(chain_id.to_string(), text(case, "chain_id"));
        let piece = bytes(text(case, "payload"));
        let repeat = case["payload_repeat"].as_u64().unwrap() as usize;

        let mut hasher = PayloadHasher::new();
        for _ in 0..repeat {
            hasher.update(&piece);
        }
        let payload_hash = hasher.finish();
        assert_eq!(payload_hash, PayloadHash::of(&piece.repeat(repeat)));
        assert_eq!(payload_hash.to_string(), text(case, "payload_hash"));
        assert_eq!(PayloadHash::from_hex(text(case, "payload_hash")).unwrap(), payload_hash);

        let hash = hazmat::payload_signing_hash_in(&domain, &chain_id, &payload_hash);
        assert_eq!(hash.to_string(), text(case, "signing_hash"));
        if *domain.as_bytes() == [0; 32] {
            assert_eq!(payload_signing_hash(&chain_id, &payload_hash), hash);
        }

        assert_eq!(key.address(), address(case, "address"));
        assert_eq!(key.address().to_string(), text(case, "address"));
        let signature = key.sign(&hash).unwrap();
        assert_eq!(signature.to_string(), text(case, "signature"));
        assert_eq!(signature.recover(&hash).unwrap(), *key.public_key());

        let from_token = Signature::from_token(&hash, rs(&signature), &key.address());
        assert_eq!(from_token.unwrap(), signature);
        let high = high_s_twin(&signature);
        let from_token =
            Signature::from_token(&hash, high[..64].try_into().unwrap(), &key.address());
        assert_eq!(from_token.unwrap(), signature, "a token's high s is made low");
        let other = Address::from_bytes([7; 20]);
        let from_token = Signature::from_token(&hash, rs(&signature), &other);
        assert_eq!(from_token.unwrap_err().code(), ErrorCode::WrongSigner);
    });
}

fn rs(signature: &Signature) -> &[u8; 64] {
    signature.as_bytes().first_chunk().unwrap()
}

/// n - s with the other parity.
fn high_s_twin(signature: &Signature) -> [u8; 65] {
    let order = bytes("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    let mut twin = *signature.as_bytes();
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i32::from(order[at]) - i32::from(twin[32 + at]) - borrow;
        borrow = i32::from(difference < 0);
        twin[32 + at] = difference as u8;
    }
    twin[64] ^= 1;
    twin
}

#[test]
fn recovery() {
    walk("recovery.json", |case| {
        let chain_id: ChainId = text(case, "chain_id").parse().unwrap();
        let payload_hash = PayloadHash::from_hex(text(case, "payload_hash")).unwrap();
        let hash = payload_signing_hash(&chain_id, &payload_hash);
        assert_eq!(hash.to_string(), text(case, "signing_hash"));
        let signature = bytes(text(case, "signature"));
        for (rules, expected) in
            [(Rules::Consensus, &case["consensus"]), (Rules::Strict, &case["strict"])]
        {
            let recovered = Signature::from_bytes(&signature, rules)
                .and_then(|signature| recover_signer(&chain_id, &payload_hash, &signature));
            match recovered {
                Ok(address) => {
                    assert_eq!(address.to_string(), text(expected, "address"), "{rules:?}");
                    let signature = Signature::from_bytes(&signature, rules).unwrap();
                    verify_payload(&chain_id, &payload_hash, &signature, &address).unwrap();
                    let other = Address::from_bytes([7; 20]);
                    assert_eq!(
                        verify_signing_hash(&hash, &signature, &other),
                        Err(Error::WrongSigner { recovered: address, expected: other })
                    );
                }
                Err(error) => {
                    assert_eq!(error.code().name(), text(expected, "error"), "{rules:?}");
                }
            }
        }
    });
}

#[test]
fn secret_keys() {
    walk("secret_keys.json", |case| {
        let bytes = bytes(text(case, "secret_key"));
        let from_bytes = SecretKey::from_bytes(&bytes).map(|key| key.address());
        let from_hex = SecretKey::from_hex(text(case, "secret_key")).map(|key| key.address());
        assert_eq!(from_bytes, from_hex);
        match from_bytes {
            Ok(address) => assert_eq!(address.to_string(), text(case, "address")),
            Err(error) => assert_eq!(error.code().name(), text(case, "error")),
        }
    });
}

#[test]
fn addresses() {
    walk("addresses.json", |case| match text(case, "address").parse::<Address>() {
        Ok(address) => assert_eq!(address.to_string(), text(case, "canonical")),
        Err(error) => assert_eq!(error.code().name(), text(case, "error")),
    });
}

#[cfg(feature = "snappy")]
#[test]
fn gossip() {
    walk("gossip.json", |case| {
        let topic: Topic = text(case, "topic").parse().unwrap();
        let chain_id: ChainId = text(case, "chain_id").parse().unwrap();
        let expected = address(case, "address");
        let check = |data: &[u8]| -> Result<(), Error> {
            let recovered = Envelope::parse(data)?.recover_signer(&chain_id)?;
            if recovered == expected {
                Ok(())
            } else {
                Err(Error::WrongSigner { recovered, expected })
            }
        };
        let data = opsign_core::gossip::decompress(&bytes(text(case, "message")));
        let verdict = data.as_deref().map_err(|error| *error).and_then(check);
        let name = verdict.map_or_else(|error| error.code().name(), |()| "valid");
        let expected = match text(case, "signature_check") {
            // One number stands for every length that is too long.
            "message_too_long" => "too_long",
            name => name,
        };
        assert_eq!(name, expected, "{:?}", case["op_node_reason"]);
        if text(case, "op_node") == "accept" {
            assert_eq!(name, "valid", "op-node accepts only what is well signed");
        }

        let decoded = &case["decoded"];
        let (Ok(data), false) = (data, decoded.is_null()) else {
            return;
        };
        let envelope = Envelope::parse(&data).unwrap();
        let hash = PayloadHash::of(envelope.payload());
        assert_eq!(hash.to_string(), text(decoded, "payload_hash"));
        assert_eq!(
            payload_signing_hash(&chain_id, &hash).to_string(),
            text(decoded, "signing_hash")
        );
        if decoded["block_hash"].is_null() {
            return;
        }
        let fields = BlockFields::parse(topic, envelope.payload()).unwrap();
        assert_eq!(fields.parent_hash.to_string(), text(decoded, "parent_hash"));
        assert_eq!(fields.block_hash.to_string(), text(decoded, "block_hash"));
        assert_eq!(Some(fields.block_number), decoded["block_number"].as_u64());
        assert_eq!(Some(fields.timestamp), decoded["timestamp"].as_u64());
        assert_eq!(
            fields.parent_beacon_block_root.map(|root| root.to_string()).as_deref(),
            decoded["parent_beacon_block_root"].as_str()
        );
        let short = BlockFields::parse(topic, &envelope.payload()[..500]);
        assert!(matches!(short, Err(Error::TooShort { field: Field::Payload, .. })));
    });
}

#[test]
fn errors() {
    let mut library = 0;
    walk("errors.json", |case| {
        let number = case["number"].as_i64().unwrap() as i32;
        if number >= 100 {
            assert_eq!(ErrorCode::from_number(number), None, "the HSM's numbers");
            return;
        }
        let code = ErrorCode::from_number(number).unwrap();
        assert_eq!(code, ErrorCode::ALL[library]);
        assert_eq!(code.name(), text(case, "name"));
        assert_eq!(code.message(), text(case, "message"));
        let (name, message) = code.c_strings();
        assert_eq!(name.to_str().unwrap(), code.name());
        assert_eq!(message.to_str().unwrap(), code.message());
        library += 1;
    });
    assert_eq!(library, ErrorCode::ALL.len());
}
