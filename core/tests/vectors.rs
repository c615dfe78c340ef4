//! Every file in `vectors/`, whose values come from op-node, go-ethereum and noble.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod common;

use common::{bytes, text, walk};
use opsign_core::gossip::{
    Envelope, GossipConfig, GossipMemory, L1Info, Payload, Reason, Topic, decompress,
    decompressed_len, validate,
};
use opsign_core::{
    Address, AddressVerifier, ChainId, Error, ErrorCode, PayloadHash, PayloadHasher, Rules,
    SecretKey, Signature, Signer, hazmat, payload_signing_hash, recover_signer, verify_payload,
    verify_signing_hash,
};
use serde_json::Value;

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
            let signature = key.sign(&hash).unwrap();
            let check = |address| verify_payload(&chain_id, &payload_hash, &signature, &address);
            assert_eq!(check(key.address()), Ok(()));
            let (recovered, expected) = (key.address(), Address::from_bytes([7; 20]));
            assert_eq!(check(expected), Err(Error::WrongSigner { recovered, expected }));
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

/// All recovery vectors of a chain together, by a verifier of each address that signed one.
#[test]
fn recovery_together() {
    for (rules, name, least) in [(Rules::Consensus, "consensus", 30), (Rules::Strict, "strict", 10)]
    {
        let mut signed = Vec::new();
        let mut expected = Vec::new();
        walk("recovery.json", |case| {
            let signature = Signature::from_bytes(&bytes(text(case, "signature")), rules);
            if let (Ok(signature), "10") = (signature, text(case, "chain_id")) {
                let payload_hash = PayloadHash::from_hex(text(case, "payload_hash")).unwrap();
                signed.push((payload_signing_hash(&ChainId::from(10), &payload_hash), signature));
                expected.push(case[name].clone());
            }
        });
        let mut sound = 0;
        for address in expected.iter().filter_map(|outcome| outcome["address"].as_str()) {
            let mut verifier = Box::new(AddressVerifier::new(address.parse().unwrap()));
            let mut verdicts = Vec::new();
            verifier.verify_many(&signed, |verdict| verdicts.push(verdict));
            assert_eq!(verdicts.len(), signed.len());
            for ((verdict, outcome), (hash, signature)) in
                verdicts.into_iter().zip(&expected).zip(&signed)
            {
                assert_eq!(verifier.verify(hash, signature), verdict);
                match verdict {
                    Ok(()) => assert_eq!(outcome["address"], address),
                    Err(Error::WrongSigner { recovered, .. }) => {
                        assert_eq!(recovered.to_string(), text(outcome, "address"));
                        assert_ne!(outcome["address"], address);
                    }
                    Err(error) => assert_eq!(error.code().name(), text(outcome, "error")),
                }
                sound += u32::from(verdict.is_ok());
            }
        }
        assert!(sound >= least, "{name}: {sound}");
    }
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

fn address_or_none(case: &Value, key: &str) -> Option<Address> {
    let address = case[key].as_str()?.parse().unwrap();
    // op-node takes the zero address for none.
    (address != Address::from_bytes([0; 20])).then_some(address)
}

fn config(case: &Value) -> GossipConfig {
    GossipConfig {
        topic: text(case, "topic").parse().unwrap(),
        chain_id: text(case, "chain_id").parse().unwrap(),
        signer: address_or_none(case, "address"),
        previous_signer: address_or_none(case, "previous_address"),
        jovian_time: case["jovian_time"].as_u64(),
        max_age: 60,
    }
}

/// The message, of which a long one is given as head, repeated middle and tail.
fn message(case: &Value) -> Vec<u8> {
    let mut message = bytes(text(case, "message"));
    let repeat = &case["message_repeat"];
    if !repeat.is_null() {
        let times = repeat["times"].as_u64().unwrap() as usize;
        message.extend(bytes(text(repeat, "unit")).repeat(times));
        message.extend(bytes(text(repeat, "tail")));
    }
    message
}

fn judge(case: &Value, memory: &mut GossipMemory) -> Reason {
    let message = message(case);
    let mut room = vec![0; decompressed_len(&message).unwrap_or(0)];
    let now = case["now"].as_u64().unwrap();
    validate(&config(case), now, &message, &mut room, memory).reason
}

#[test]
fn gossip() {
    walk("gossip.json", |case| {
        let reason = judge(case, &mut GossipMemory::new());
        assert_eq!(reason.verdict().name(), text(case, "op_node"), "{}", case["op_node_reason"]);

        let decoded = &case["decoded"];
        if decoded.is_null() {
            return;
        }
        let GossipConfig { topic, chain_id, .. } = config(case);
        let message = message(case);
        let mut room = vec![0; decompressed_len(&message).unwrap()];
        let envelope = Envelope::parse(decompress(&message, &mut room).unwrap()).unwrap();
        let hash = PayloadHash::of(envelope.payload());
        assert_eq!(hash.to_string(), text(decoded, "payload_hash"));
        assert_eq!(
            payload_signing_hash(&chain_id, &hash).to_string(),
            text(decoded, "signing_hash")
        );
        let signer = envelope.recover_signer(&chain_id).ok().map(|signer| signer.to_string());
        assert_eq!(signer.as_deref(), decoded["signer"].as_str());
        if decoded["block_hash"].is_null() {
            return;
        }
        let payload = Payload::parse(topic, envelope.payload()).unwrap();
        assert_eq!(payload.parent_hash().to_string(), text(decoded, "parent_hash"));
        assert_eq!(payload.block_hash().to_string(), text(decoded, "block_hash"));
        assert_eq!(Some(payload.block_number()), decoded["block_number"].as_u64());
        assert_eq!(Some(payload.timestamp()), decoded["timestamp"].as_u64());
        assert_eq!(
            payload.parent_beacon_block_root().map(|root| root.to_string()).as_deref(),
            decoded["parent_beacon_block_root"].as_str()
        );
    });
}

#[test]
fn l1_info() {
    walk("l1_info.json", |case| {
        let info = L1Info::from_transaction(&bytes(text(case, "transaction")));
        let expected = &case["l1_info"];
        if expected.is_null() {
            assert!(info.is_err(), "{info:?}");
            return;
        }
        let info = info.unwrap();
        assert_eq!(Some(info.number), expected["number"].as_u64());
        assert_eq!(Some(info.timestamp), expected["timestamp"].as_u64());
        assert_eq!(info.hash.to_string(), text(expected, "hash"));
        assert_eq!(Some(info.sequence_number), expected["sequence_number"].as_u64());
    });
}

#[test]
fn gossip_rules() {
    let (mut sequence, mut memory) = (Value::Null, Box::new(GossipMemory::new()));
    let (mut reasons, mut empty) = (Vec::new(), [0; 2]);
    walk("gossip_rules.json", |case| {
        if case["sequence"].is_null() || case["sequence"] != sequence {
            *memory = GossipMemory::new();
        }
        sequence = case["sequence"].clone();
        let reason = judge(case, &mut memory);
        assert_eq!(reason.name(), text(case, "rule"), "op-node: {}", case["reason"]);
        assert_eq!(reason.verdict().name(), text(case, "verdict"));
        assert!(reason.applies_to(text(case, "topic").parse().unwrap()));
        reasons.push(reason);
        if reason == Reason::Accepted {
            let message = message(case);
            let mut room = vec![0; decompressed_len(&message).unwrap()];
            let envelope = Envelope::parse(decompress(&message, &mut room).unwrap()).unwrap();
            let payload = Payload::parse(config(case).topic, envelope.payload()).unwrap();
            let transactions = payload.transactions();
            assert_eq!(transactions.is_empty(), transactions.iter().next().is_none());
            empty[usize::from(transactions.is_empty())] += 1;
        }
    });
    assert!(empty.iter().all(|count| *count > 0), "payloads with and without transactions");
    for reason in Reason::ALL {
        assert!(reasons.contains(reason), "no case reaches {}", reason.name());
    }
}

/// The table of `docs/gossip-rules.md` has our reasons in our order, and says which topics have
/// them.
#[test]
fn gossip_rules_by_topic() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/gossip-rules.md");
    let document = std::fs::read_to_string(path).unwrap();
    let mut named = Vec::new();
    for row in document.lines().filter(|line| !line.contains("not reachable")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [_, reason, _, when] = cells[..] else { continue };
        let Some(reason) = Reason::ALL.iter().find(|known| reason == format!("`{}`", known.name()))
        else {
            continue;
        };
        named.push(*reason);
        let first =
            ["V2 to V4:", "V3, V4:"].into_iter().position(|topics| when.starts_with(topics));
        for (at, topic) in Topic::ALL.into_iter().enumerate() {
            let applies = first.is_none_or(|first| at > first);
            assert_eq!(reason.applies_to(topic), applies, "{} on {topic}", reason.name());
        }
    }
    assert_eq!(named, Reason::ALL);
}

/// Messages that `vectors/generate/cmd/mutate` made and op-node judged, as many as asked for:
/// `scripts/opnode.sh` writes them to a file and names it.
#[test]
#[ignore = "needs op-node's verdicts: scripts/opnode.sh"]
fn op_node_judges_alike() {
    let file = std::env::var_os("OPSIGN_OP_NODE_VERDICTS")
        .expect("OPSIGN_OP_NODE_VERDICTS names the output of cmd/mutate");
    let lines =
        std::io::BufRead::lines(std::io::BufReader::new(std::fs::File::open(file).unwrap()));
    let (mut ran, mut sequence, mut memory) = (0, Value::Null, Box::new(GossipMemory::new()));
    let (mut differences, mut verdicts) = (0, [0; 3]);
    for line in lines {
        let case: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if case["sequence"].is_null() || case["sequence"] != sequence {
            *memory = GossipMemory::new();
        }
        sequence = case["sequence"].clone();
        let reason = judge(&case, &mut memory);
        verdicts[reason.verdict() as usize] += 1;
        if reason.verdict().name() != text(&case, "verdict") {
            differences += 1;
            println!(
                "{}: op-node says {} ({}), we say {} ({})",
                case["id"],
                case["verdict"],
                case["reason"],
                reason.verdict().name(),
                reason.name()
            );
        }
        ran += 1;
    }
    println!(
        "{ran} messages: {} accepted, {} ignored, {} rejected; {differences} differences",
        verdicts[0], verdicts[1], verdicts[2]
    );
    assert!(ran > 0 && verdicts.iter().all(|count| *count > 0), "too few messages to mean much");
    assert_eq!(differences, 0);
}

#[test]
fn errors() {
    let mut library = 0;
    walk("errors.json", |case| {
        let number = case["number"].as_i64().unwrap() as i32;
        // 100 to 199: keys in a token; 200 to 229: keys in files; 230 to 249: typed data.
        if (100..250).contains(&number) {
            assert_eq!(ErrorCode::from_number(number), None, "another crate's number");
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
