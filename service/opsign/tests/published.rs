//! The keystore's audit log in a real Kafka. `scripts/kafka.sh` fetches the broker.
#![cfg(feature = "kafka-tests")]
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../publish/tests/broker/kafka.rs"]
#[allow(dead_code, reason = "the publisher's own tests use the rest")]
mod kafka;
#[path = "keystore/world.rs"]
#[allow(dead_code, reason = "the keystore's own tests use the rest")]
mod world;

use std::time::{Duration, Instant};

use kafka::{Kafka, PATIENCE};
use world::{World, read, sign, sign_with, vote};

#[tokio::test(flavor = "multi_thread")]
async fn grants_and_refusals_are_in_kafka_and_no_signature_waits_for_it() {
    let mut kafka = tokio::task::spawn_blocking(Kafka::new).await.unwrap();
    let topic = kafka.topic("grants");
    let broker = topic.addresses[0].clone();
    let world = World::new();
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    world.configure(&format!(
        "metrics: 127.0.0.1:0\npublish: {{brokers: [\"{broker}\"], topic: grants}}\n"
    ));
    let check = world.done(&["keystore", "check-config", "--config", "keystore.yaml"]);
    assert!(check.contains(&format!("publishes to topic grants at {broker}")), "{check}");

    // No broker runs: everything is signed at its usual pace.
    let mut running = world.start();
    let mut one = world.client(&running, "one.example").await;
    let began = Instant::now();
    for (round, fork) in [(1, 1), (1, 2), (2, 1)] {
        let ballot = sign_with("gran", "ed25519", &gran, &vote(0, fork, round, 1), None);
        sign(&mut one, ballot).await;
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(one);
    running.signal("-TERM");
    assert!(running.wait().success());
    assert_eq!(read(&world.path("audit.jsonl")).lines().count(), 3);

    // The next run brings them to Kafka.
    let replay = ["--json", "keystore", "replay", "--broker", &broker, "--topic", "grants"];
    let none = world.run(&replay);
    assert_eq!(none.status.code(), Some(69));
    let kafka = tokio::task::spawn_blocking(move || {
        kafka.start();
        kafka.create("grants", 2);
        kafka
    });
    let _kafka = kafka.await.unwrap();
    let mut running = world.start();
    let mut one = world.client(&running, "one.example").await;
    let ballot = sign_with("gran", "ed25519", &gran, &vote(0, 2, 2, 1), None);
    sign(&mut one, ballot).await;
    let end = Instant::now() + PATIENCE;
    let report = loop {
        let report: serde_json::Value = serde_json::from_str(&world.done(&replay)).unwrap();
        if report["lines"] == 4 {
            break report;
        }
        assert!(Instant::now() < end, "{report}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let key = &report["keys"][format!("0x{}", base16ct::lower::encode_string(&gran))];
    assert_eq!(key["outcomes"], serde_json::json!({"done": 2, "slot_taken": 2}), "{report}");
    drop(one);
    running.signal("-TERM");
    assert!(running.wait().success());
    // Whoever wants the lines gets them as they were written.
    let lines = world.done(&[&replay[..], &["--lines"]].concat());
    for line in read(&world.path("audit.jsonl")).lines() {
        assert!(lines.lines().any(|other| other == line), "{line}");
    }
}
