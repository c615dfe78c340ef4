//! Lines on their way through a real Kafka broker. `scripts/kafka.sh` fetches it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod kafka;

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use kafka::{Kafka, PATIENCE, wait};
use opsign_publish::{Broker, BrokerError, Publisher, ReadBack, Source, read_back};
use tempfile::TempDir;

/// A log that grows.
struct Log {
    folder: TempDir,
    written: Vec<String>,
}

impl Log {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), written: Vec::new() }
    }

    fn source(&self) -> Source {
        Source {
            file: self.folder.path().join("audit.jsonl"),
            position: self.folder.path().join("position"),
            key: "public_key",
        }
    }

    /// Adds lines of three keys.
    fn add(&mut self, count: usize) {
        let mut file = File::options().append(true).create(true).open(self.source().file).unwrap();
        for _ in 0..count {
            let number = self.written.len();
            let line = format!(r#"{{"public_key":"key {}","number":{number}}}"#, number % 3);
            writeln!(file, "{line}").unwrap();
            self.written.push(line);
        }
    }

    fn start(&self, broker: &Broker) -> Publisher {
        Publisher::start(self.source(), broker.clone()).unwrap()
    }

    /// Every line that was written is in the topic, and those of each key are in their order.
    fn assert_is_in(&self, broker: &Broker) -> ReadBack {
        let mut found: Vec<String> = Vec::new();
        let read = read_back(broker, |line| found.push(String::from_utf8(line.to_vec()).unwrap()));
        let read = wait(read).unwrap();
        let mut last: HashMap<String, u64> = HashMap::new();
        for line in &found {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let (key, number) = (line["public_key"].to_string(), line["number"].as_u64().unwrap());
            assert!(last.insert(key, number).is_none_or(|before| before < number), "{line}");
        }
        found.sort();
        let mut written = self.written.clone();
        written.sort();
        assert_eq!(found, written);
        assert_eq!(read.lines, written.len() as u64);
        read
    }
}

#[track_caller]
fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn each_line_is_there_once_and_in_order() {
    let mut kafka = Kafka::new();
    kafka.start();
    let (mut log, broker) = (Log::new(), kafka.topic("grants"));
    // Nobody has made the topic yet.
    log.add(50);
    let publisher = log.start(&broker);
    until("an alarm", || publisher.figures().failing);
    let none = wait(read_back(&broker, |_| {})).unwrap_err();
    assert_eq!(none, BrokerError::NoTopic("grants".into()));
    kafka.create("grants", 3);
    until("50 lines", || publisher.figures().published == 50);
    log.add(1000);
    until("all lines", || publisher.figures().published == 1050);
    let figures = publisher.figures();
    assert!(!figures.failing && figures.waiting == 0, "{figures:?}");
    assert!(publisher.stop(PATIENCE));
    let read = log.assert_is_in(&broker);
    assert_eq!((read.repeated, read.foreign), (0, 0));
    // The next run goes on where this one ended.
    log.add(10);
    let publisher = log.start(&broker);
    assert!(publisher.stop(PATIENCE));
    assert_eq!(log.assert_is_in(&broker).repeated, 0);
    // A line that no other has the name of, and one whose name is gone: what was published before the
    // position was lost comes twice.
    std::fs::remove_file(log.source().position).unwrap();
    let publisher = log.start(&broker);
    assert!(publisher.stop(PATIENCE));
    let mut found = 0;
    wait(read_back(&broker, |_| found += 1)).unwrap();
    assert_eq!(found, 2 * log.written.len());
}

#[test]
fn a_broker_that_is_killed_loses_nothing() {
    let mut kafka = Kafka::new();
    kafka.start();
    kafka.create("grants", 2);
    let (mut log, broker) = (Log::new(), kafka.topic("grants"));
    for _ in 0..3 {
        let publisher = log.start(&broker);
        for _ in 0..20 {
            log.add(100);
            std::thread::sleep(Duration::from_millis(5));
        }
        kafka.kill();
        // Whoever writes does not notice.
        let began = Instant::now();
        log.add(1000);
        assert!(began.elapsed() < Duration::from_secs(20));
        until("an alarm", || publisher.figures().failing);
        until("lines to wait", || publisher.figures().waiting > 0);
        // The publisher ends, too, whatever Kafka has taken of its last lines.
        assert!(!publisher.stop(Duration::ZERO));
        kafka.start();
    }
    let publisher = log.start(&broker);
    assert!(publisher.stop(PATIENCE));
    log.assert_is_in(&broker);
}

#[test]
fn a_position_that_cannot_be_read_is_said_at_once() {
    let log = Log::new();
    std::fs::write(log.source().position, "{}").unwrap();
    let broker =
        Broker { addresses: vec!["127.0.0.1:1".into()], topic: "grants".into(), tls: None };
    let error = Publisher::start(log.source(), broker.clone()).err().unwrap();
    assert!(error.contains("is no position") && error.contains("remove it"), "{error}");
    let away = wait(read_back(&broker, |_| {})).unwrap_err();
    assert!(matches!(away, BrokerError::Away | BrokerError::Failed(_)), "{away}");
}
