//! The program on a record in PostgreSQL: two signers share it, one is killed, the server is killed,
//! and the operator's commands read it meanwhile.
#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "../../wire/tests/harness/mod.rs"]
mod wire;

#[path = "../../../hsm/tests/harness/mod.rs"]
mod token;

#[path = "signer/bench.rs"]
#[allow(dead_code, reason = "it uses its own part of it")]
mod bench;

#[path = "signer/block.rs"]
#[allow(dead_code, reason = "the same")]
mod block;

#[path = "../../guard-postgres/tests/common/cluster.rs"]
#[allow(dead_code, reason = "the same")]
mod cluster;

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::Signal;
use serde_json::{Value, json};

use bench::{Bench, PLAIN, Signer, call};
use block::Block;
use cluster::Cluster;
use wire::Connection;

const CHAIN: u64 = 10;

/// A machine with a signer.
struct Machine {
    bench: Bench,
    config: String,
    signer: Option<Signer>,
}

impl Machine {
    fn new(url: &str) -> Self {
        let guard = format!("guard:\n  record: \"{url}\"\n  anchor: anchor\n");
        Self { bench: Bench::new(), config: format!("{PLAIN}{guard}"), signer: None }
    }

    fn start(&mut self) {
        self.signer = Some(self.bench.start(&self.config));
    }

    fn end(&mut self, signal: Signal) {
        let mut signer = self.signer.take().unwrap();
        signer.signal(signal);
        signer.wait();
    }

    /// `opsign --json guard VERB` on the record, with this machine's anchor.
    #[track_caller]
    fn guard(&self, verb: &str, url: &str, code: i32) -> Value {
        let words = ["--json", "guard", verb, "--record", url, "--anchor", "anchor"];
        self.bench.opsign(&words).json(code)
    }

    /// The signature, or the rule that forbids it. Waits while there is no answer.
    fn sign(&self, block: &Block) -> Result<String, String> {
        let client = self.bench.client(&["client.local"]);
        let address = self.signer.as_ref().unwrap().address;
        let body = call("opsigner_signBlockPayload", &block.params(CHAIN));
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let answer = Connection::open(address, &client).and_then(|mut it| it.post(&body));
            if let Ok(answer) = answer {
                let body: Value = serde_json::from_str(&answer.body).unwrap();
                if let Some(signature) = body["result"].as_str() {
                    return Ok(signature.to_owned());
                }
                if let Some(rule) = body["error"]["data"]["code"].as_str() {
                    return Err(rule.to_owned());
                }
            }
            assert!(Instant::now() < end, "no answer in 60 s");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What was signed, by height.
#[derive(Default)]
struct Signed(BTreeMap<u64, (Block, String)>);

impl Signed {
    fn next(&self, rival: u8) -> Block {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        match self.0.last_key_value() {
            Some((number, (block, _))) => Block::new(number + 1, block.block_hash, now, rival),
            None => Block::new(1, [0; 32], now, rival),
        }
    }

    /// Two rivals for the next height, asked for at once: one of them is signed.
    fn race(&mut self, machines: [&Machine; 2]) {
        let rivals = [self.next(0), self.next(1)];
        let answers: Vec<_> = std::thread::scope(|threads| {
            let asked: Vec<_> = machines
                .iter()
                .zip(&rivals)
                .map(|(machine, block)| threads.spawn(|| machine.sign(block)))
                .collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        match &answers[..] {
            [Ok(signature), Err(rule)] | [Err(rule), Ok(signature)] => {
                assert_eq!(rule, "slot_taken");
                let block = rivals[usize::from(answers[1].is_ok())].clone();
                self.0.insert(block.number, (block, signature.clone()));
            }
            other => panic!("two rivals: {other:?}"),
        }
    }

    /// Everything is signed again with the same signature, and no rival is.
    fn check(&self, machine: &Machine) {
        for (number, (block, signature)) in &self.0 {
            assert_eq!(machine.sign(block).as_ref(), Ok(signature), "block {number}");
            let rival = Block::new(*number, block.bytes[..32].try_into().unwrap(), 0, 7);
            assert!(machine.sign(&rival).is_err(), "block {number}");
        }
    }
}

/// The commands' word on the record.
fn look(machine: &Machine, url: &str, signed: &Signed) -> u64 {
    let (tip, (last, _)) = signed.0.last_key_value().unwrap();
    let status = machine.guard("status", url, 0);
    assert_eq!(status["scopes"][0]["tip"], json!(tip), "{status}");
    let export = machine.guard("export", url, 0);
    let records = export["records"].as_array().unwrap();
    let on_record = |kind: &str, digest: &str| {
        records.iter().filter(|it| it["record"] == kind && it["digest"] == digest).count()
    };
    for (block, _) in signed.0.values() {
        assert_eq!(on_record("reserve", &block.hash.to_string()), 1, "block {}", block.number);
    }
    let reserved = records.iter().filter(|it| it["record"] == "reserve").count();
    assert_eq!(reserved, signed.0.len(), "and nothing else");
    assert!(on_record("reserve", &last.hash.to_string()) == 1);
    let verified = machine.guard("verify", url, 0);
    verified["events"].as_u64().unwrap()
}

#[test]
fn two_signers_on_one_record_one_of_them_killed() {
    let mut cluster = Cluster::new();
    let url = cluster.database("shared");
    let (mut one, mut two) = (Machine::new(&url), Machine::new(&url));
    // Neither has a record, and only the first may make it.
    let ran = one.bench.run(&["check-config"], &one.config);
    assert_eq!(ran.code, Some(78), "{}", ran.err);
    one.guard("init", &url, 0);
    one.guard("init", &url, 78);
    two.guard("join", &url, 0);
    one.start();
    two.start();

    let mut signed = Signed::default();
    (0..10).for_each(|_| signed.race([&one, &two]));
    signed.check(&one);
    signed.check(&two);
    let sequence = look(&two, &url, &signed);

    // One dies in the middle of its work; the other goes on with all that it was granted.
    let (block, rival) = (signed.next(0), signed.next(1));
    let killed = one.signer.as_ref().unwrap().pid();
    let got = std::thread::scope(|threads| {
        let kill = threads.spawn(move || {
            std::thread::sleep(Duration::from_millis(3));
            let pid = rustix::process::Pid::from_raw(killed.try_into().unwrap()).unwrap();
            rustix::process::kill_process(pid, Signal::KILL).unwrap();
        });
        let client = one.bench.client(&["client.local"]);
        let address = one.signer.as_ref().unwrap().address;
        let body = call("opsigner_signBlockPayload", &block.params(CHAIN));
        let answer = Connection::open(address, &client).and_then(|mut it| it.post(&body));
        kill.join().unwrap();
        answer.ok()
    });
    one.signer.take().unwrap().wait();
    // If it answered, its rival is refused; if not, it may be on record all the same.
    let asked_first = [&block, &rival][usize::from(got.is_none())];
    let (winner, signature) = match two.sign(asked_first) {
        Ok(signature) => (asked_first.clone(), signature),
        Err(rule) => {
            assert_eq!((rule.as_str(), got.is_none()), ("slot_taken", true));
            (block.clone(), two.sign(&block).unwrap())
        }
    };
    signed.0.insert(winner.number, (winner, signature));
    for _ in 0..5 {
        let next = signed.next(0);
        let signature = two.sign(&next).unwrap();
        signed.0.insert(next.number, (next, signature));
    }
    assert!(look(&two, &url, &signed) > sequence);

    // It comes back and knows what happened without it; then the server dies, and both wait for it.
    one.start();
    signed.check(&one);
    cluster.kill();
    cluster.start();
    (0..5).for_each(|_| signed.race([&one, &two]));
    signed.check(&one);
    look(&one, &url, &signed);
    one.end(Signal::TERM);
    two.end(Signal::TERM);
    let sequence = look(&two, &url, &signed);

    // A server that lacks what they know is noticed by either's commands.
    cluster.sql("shared", "DELETE FROM opsign_guard.cells WHERE sequence = 5");
    one.guard("verify", &url, 78);
    let ran = two.bench.run(&["check-config"], &two.config);
    assert_eq!(ran.code, Some(78), "{sequence}: {}", ran.err);
}
