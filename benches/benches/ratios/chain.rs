//! What op-node and go-ethereum do with messages and transactions, ours in Rust beside theirs in Go.

use std::hint::black_box;

use opsign_core::gossip::{
    Envelope, GossipConfig, GossipMemory, Reason, Topic, decompress, decompressed_len, validate,
};
use opsign_core::tx::{DynamicFee, Transaction, sign_transaction};
use opsign_core::{
    Address, ChainId, PayloadHash, Rules, SecretKey, Signature, U256, Verifier, hex,
    payload_signing_hash,
};

use crate::program::Program;
use crate::report::{Often, Report, here};

pub(crate) fn measure(report: &mut Report, go: &Program) {
    let key = SecretKey::from_bytes(&[0x42; 32]).unwrap();
    let answer = go.ask("message");
    let [message, address, now] = answer.split(' ').collect::<Vec<_>>()[..] else { panic!() };
    let pairs = message.as_bytes().as_chunks::<2>().0.iter();
    let message: Vec<u8> = pairs
        .map(|pair| {
            hex::decode::<1>(opsign_core::Field::GossipData, std::str::from_utf8(pair).unwrap())
                .unwrap()[0]
        })
        .collect();
    let address: Address = address.parse().unwrap();
    assert_eq!(address, key.address());
    let now: u64 = now.parse().unwrap();
    let chain_id = ChainId::from(10);

    let verifier = Box::new(Verifier::new(key.public_key()));
    let mut room = vec![0; decompressed_len(&message).unwrap()];
    println!("a gossip message of {} bytes, {} compressed", room.len(), message.len());
    report.row(
        "gossip_100k",
        Often { rounds: 120, calls: 8, each: 1 },
        vec![
            (
                "opsign",
                here(|| {
                    let data = decompress(black_box(&message), &mut room).unwrap();
                    let envelope = Envelope::parse(data).unwrap();
                    let hash =
                        payload_signing_hash(&chain_id, &PayloadHash::of(envelope.payload()));
                    let signature =
                        Signature::from_bytes(envelope.signature_bytes(), Rules::Consensus);
                    verifier.verify(&hash, &signature.unwrap()).unwrap();
                }),
            ),
            ("go-ethereum, golang/snappy", go.job("gossip")),
        ],
    );

    let config = GossipConfig {
        topic: Topic::V4,
        chain_id,
        signer: Some(address),
        previous_signer: None,
        jovian_time: None,
        max_age: 60,
    };
    let mut room = vec![0; decompressed_len(&message).unwrap()];
    let mut memory = Box::new(GossipMemory::new());
    let first = validate(&config, now, &message, &mut room, &mut memory).reason;
    assert_eq!(first, Reason::Accepted);
    report.row(
        "gossip_validate_100k",
        Often { rounds: 80, calls: 4, each: 1 },
        vec![
            (
                "opsign",
                here(|| {
                    // All rules but the last, which the block fails from the second time on.
                    let judged =
                        validate(&config, now, black_box(&message), &mut room, &mut memory);
                    assert_eq!(judged.reason, Reason::AlreadySeen);
                }),
            ),
            ("op-node's validator", go.job("validate")),
        ],
    );

    let input = [0x5a; 68];
    let transaction = DynamicFee {
        chain_id,
        nonce: 7,
        max_priority_fee_per_gas: U256::from(1_000_000),
        max_fee_per_gas: U256::from(5_000_000),
        gas: 200_000,
        to: Some("0x4200000000000000000000000000000000000016".parse().unwrap()),
        value: U256::from(1_000_000_000_000_000_000),
        input: &input,
        ..DynamicFee::default()
    };
    let mut encoded = [0; 300];
    let signed = sign_transaction(&key, &Transaction::DynamicFee(transaction)).unwrap();
    let length = signed.encode(&mut encoded).unwrap();
    let theirs = go.ask("transaction-bytes");
    assert!(
        encoded[..length].iter().map(|byte| format!("{byte:02x}")).eq(theirs
            .as_bytes()
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| String::from_utf8_lossy(pair).into_owned()))
    );
    report.row(
        "tx_1559",
        Often { rounds: 300, calls: 20, each: 1 },
        vec![
            (
                "opsign",
                here(|| {
                    let transaction = Transaction::DynamicFee(black_box(transaction));
                    let signed = sign_transaction(&key, &transaction).unwrap();
                    signed.encode(&mut encoded).unwrap()
                }),
            ),
            ("go-ethereum", go.job("transaction")),
        ],
    );
}
