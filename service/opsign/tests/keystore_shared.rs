//! Two keystores with the same keys on one record in PostgreSQL: one is killed, the server is killed.
#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "../../guard-postgres/tests/common/cluster.rs"]
#[allow(dead_code, reason = "it uses its own part of it")]
mod cluster;
#[path = "keystore/world.rs"]
#[allow(dead_code, reason = "the same")]
mod world;

use std::time::{Duration, Instant};

use opsign_keystore::proto::{RemoteKeystoreError, RemoteKeystoreSignature, SignWithRequest};
use tonic::Code;

use cluster::Cluster;
use world::*;

const UNAVAILABLE: i32 = RemoteKeystoreError::Unavailable as i32;

/// A machine with a keystore.
struct Machine {
    world: World,
    running: Option<Running>,
    keys: [Vec<u8>; 3],
}

impl Machine {
    fn new(url: &str) -> Self {
        let world = World::new();
        let guard = format!("  record: \"{url}\"\n  anchor: anchor\n");
        world.configure_guard(&guard, "limits: {deadlineMs: 2000}\n");
        let keys = [("babe", "sr25519"), ("gran", "ed25519"), ("para", "sr25519")].map(
            |(key_type, scheme)| {
                world.import(key_type, scheme, &format!("//Alice//{key_type}"), "one.example")
            },
        );
        Self { world, running: None, keys }
    }

    fn start(&mut self) {
        self.running = Some(self.world.start());
    }

    /// `opsign guard VERB` on the record, with this machine's anchor.
    fn guard(&self, verb: &str, url: &str) -> String {
        self.world.done(&["--json", "guard", verb, "--record", url, "--anchor", "anchor"])
    }

    /// A question by its number and fork: of each three a block, a prevote and a statement.
    fn question(&self, number: u64, fork: u8) -> SignWithRequest {
        let [babe, gran, para] = &self.keys;
        match number % 3 {
            0 => {
                let (hash, payload) = block(number, fork);
                sign_with("babe", "sr25519", babe, &hash, Some(payload))
            }
            1 => sign_with("gran", "ed25519", gran, &vote(0, fork, number, 1), None),
            _ => {
                let message = statement(b"DISP", fork % 2, number as u8, 1);
                sign_with("para", "sr25519", para, &message, None)
            }
        }
    }

    /// What it says, or that it has no answer now.
    async fn try_ask(&self, number: u64, fork: u8) -> Option<RemoteKeystoreSignature> {
        let mut client = self.world.client(self.running.as_ref()?, "one.example").await;
        match client.sign_with(self.question(number, fork)).await {
            Ok(reply) => reply.into_inner().signature.filter(|reply| reply.error != UNAVAILABLE),
            Err(status) if status.code() == Code::DeadlineExceeded => None,
            Err(status) => panic!("{number}, {fork}: {status}"),
        }
    }

    /// The signature, or none if it is refused. Waits while there is no answer.
    async fn ask(&self, number: u64, fork: u8) -> Option<Vec<u8>> {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            match self.try_ask(number, fork).await {
                Some(reply) if reply.error == 0 => return Some(reply.signature),
                Some(reply) => {
                    let known = ["equivocation", "contradiction"];
                    let known = known.iter().any(|known| reply.reason.contains(known));
                    assert!(known, "{number}, {fork}: {}", reply.reason);
                    return None;
                }
                None => {
                    assert!(Instant::now() < end, "{number}, {fork}: no answer in 60 s");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
}

/// What was signed, by the question's number: which fork, and the signature.
#[derive(Default)]
struct Signed(Vec<(u8, Vec<u8>)>);

impl Signed {
    /// Two rivals are asked for at once, each at a machine: one of them is signed.
    async fn race(&mut self, machines: [&Machine; 2]) {
        let number = self.0.len() as u64;
        let [one, two] = machines;
        let won = match tokio::join!(one.ask(number, 0), two.ask(number, 1)) {
            (Some(signature), None) => (0, signature),
            (None, Some(signature)) => (1, signature),
            both => panic!("{number}: {both:?}"),
        };
        self.0.push(won);
    }

    /// Everything is signed again with the same bytes, and no rival is.
    async fn check(&self, machine: &Machine) {
        for (number, (fork, signature)) in self.0.iter().enumerate() {
            let number = number as u64;
            assert_eq!(machine.ask(number, *fork).await.as_ref(), Some(signature), "{number}");
            assert_eq!(machine.ask(number, 1 - fork).await, None, "{number}");
        }
    }

    /// The record has these and no others.
    fn look(&self, machine: &Machine, url: &str) {
        machine.guard("verify", url);
        let export: serde_json::Value =
            serde_json::from_str(&machine.guard("export", url)).unwrap();
        let records = export["records"].as_array().unwrap();
        // A statement is kept by its candidate.
        let kinds = ["reserve", "stances"].map(|kind| {
            let of_kind = records.iter().filter(|it| it["record"] == kind);
            of_kind.count()
        });
        let statements = self.0.len() / 3;
        assert_eq!(kinds, [self.0.len() - statements, statements]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keystores_on_one_record_one_of_them_killed() {
    let mut cluster = Cluster::new();
    let url = cluster.database("keystores");
    let (mut one, mut two) = (Machine::new(&url), Machine::new(&url));
    assert_eq!(one.keys, two.keys);
    one.guard("init", &url);
    two.guard("join", &url);
    one.start();
    two.start();

    let mut signed = Signed::default();
    for _ in 0..15 {
        signed.race([&one, &two]).await;
    }
    signed.check(&one).await;
    signed.check(&two).await;
    signed.look(&two, &url);

    // One is killed and comes back; the other has gone on meanwhile.
    one.running.take().unwrap().kill();
    for number in 15..21 {
        signed.0.push((0, two.ask(number, 0).await.unwrap()));
    }
    one.start();
    signed.check(&one).await;

    // Without the server neither signs, not even what it has signed: another may know better.
    cluster.kill();
    for machine in [&one, &two] {
        let (fork, _) = signed.0[0];
        for (number, fork) in [(21, 0), (0, fork), (0, 1 - fork)] {
            let reply = machine.try_ask(number, fork).await;
            assert!(reply.is_none(), "{number}, {fork}: {reply:?}");
        }
    }
    cluster.start();
    // What was asked for without it may be on record.
    signed.0.push((0, two.ask(21, 0).await.unwrap()));
    for _ in 0..6 {
        signed.race([&one, &two]).await;
    }
    signed.check(&one).await;
    signed.check(&two).await;
    for machine in [&mut one, &mut two] {
        let mut running = machine.running.take().unwrap();
        running.signal("-TERM");
        assert!(running.wait().success());
    }
    signed.look(&one, &url);
}
