//! Measures `opsign keystore` and prints a row a question: `scripts/bench-keystore.sh`. Server and
//! clients share the machine's cores.
#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "keystore/world.rs"]
#[allow(dead_code, reason = "the benchmark uses its own part of it")]
mod world;

use std::time::{Duration, Instant, SystemTime};

use opsign_guard::{Guard, Hex, Request, RuleSet, Scope, Store};
use opsign_keys::Passphrase;
use opsign_keystore::proto::sr25519_vrf_sign_request::vrf_transcript_value::Value;
use opsign_keystore::proto::sr25519_vrf_sign_request::{VrfTranscriptData, VrfTranscriptValue};
use opsign_keystore::proto::{SignWithRequest, Sr25519VrfSignRequest};
use opsign_keystore::{KeyFolder, KeyType, Scheme, SessionKey};

use world::*;

fn main() {
    let seconds = std::env::args().nth(1).map_or(4, |text| text.parse().unwrap());
    let time = Duration::from_secs(seconds);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (guard, text) in
        [("memory guard", "  observe: true\n"), ("durable guard", "  record: guard\n")]
    {
        let world = World::new();
        world.configure_guard(text, "");
        // Without an audit log, which would be measured, too.
        let config = read(&world.path("keystore.yaml")).replace("audit: audit.jsonl\n", "");
        world.write("keystore.yaml", &config);
        let keys: Vec<_> = (0..32)
            .map(|at| world.import("gran", "ed25519", &format!("//{at}"), CLIENTS[0]))
            .collect();
        let babe = world.import("babe", "sr25519", "//Alice", CLIENTS[0]);
        let running = world.start();
        runtime.block_on(async {
            let mut client = world.client(&running, CLIENTS[0]).await;
            let times = one_by_one(&mut client, &keys[0], time).await;
            print(&format!("SignWith, {guard}, one stream"), &times, time);
            let times = at_once(vec![client.clone(); 32], &keys, time).await;
            print(&format!("SignWith, {guard}, 32 streams of one connection"), &times, time);
            let mut clients = Vec::new();
            for _ in 0..32 {
                clients.push(world.client(&running, CLIENTS[0]).await);
            }
            let times = at_once(clients, &keys, time).await;
            print(&format!("SignWith, {guard}, 32 connections"), &times, time);
            if guard == "memory guard" {
                let times = vrf(&mut client, &babe, time).await;
                print("Sr25519VrfSign, one stream", &times, time);
            }
        });
    }
    start();
}

/// A vote of a round that no other question has: rounds only grow.
fn ballot(key: &[u8], round: u64) -> SignWithRequest {
    sign_with("gran", "ed25519", key, &vote(0, 1, round, 1), None)
}

/// Where a row's rounds begin: above those of the rows before.
fn first_round() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros() as u64 >> 20
}

async fn one_by_one(client: &mut Client, key: &[u8], time: Duration) -> Vec<Duration> {
    let (end, mut times) = (Instant::now() + time, Vec::new());
    // Rows are seconds apart, and no row asks for so many.
    let mut round = first_round() << 20;
    while Instant::now() < end {
        round += 1;
        let request = ballot(key, round & ((1 << 34) - 1));
        let start = Instant::now();
        let reply = sign(client, request).await;
        times.push(start.elapsed());
        assert_eq!(reply.signature.len(), 64, "{}", reply.reason);
    }
    times
}

async fn at_once(clients: Vec<Client>, keys: &[Vec<u8>], time: Duration) -> Vec<Duration> {
    let mut tasks = Vec::new();
    for (mut client, key) in clients.into_iter().zip(keys.to_vec()) {
        tasks.push(tokio::spawn(async move { one_by_one(&mut client, &key, time).await }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    times
}

async fn vrf(client: &mut Client, key: &[u8], time: Duration) -> Vec<Duration> {
    let (end, mut times, mut slot) = (Instant::now() + time, Vec::new(), 0);
    let value = |value| VrfTranscriptValue { label: String::new(), value: Some(value) };
    while Instant::now() < end {
        slot += 1;
        let values = vec![
            value(Value::Uint64Value(slot)),
            value(Value::Uint64Value(1)),
            value(Value::BytesValue(vec![7; 32])),
        ];
        let request = Sr25519VrfSignRequest {
            key_type: "babe".into(),
            public_key: key.to_vec(),
            transcript_data: Some(VrfTranscriptData { label: "BABE".into(), values }),
        };
        let start = Instant::now();
        let reply = client.sr25519_vrf_sign(request).await.unwrap().into_inner();
        times.push(start.elapsed());
        assert!(reply.signature.is_some(), "{}", reply.reason);
    }
    times
}

fn print(what: &str, times: &[Duration], time: Duration) {
    let mut times = times.to_vec();
    times.sort();
    let at = |part: f64| times[(times.len() as f64 * part) as usize].as_micros();
    let rate = times.len() as u64 / time.as_secs();
    println!("{what:60} {rate:>7}/s  p50 {:>6} us  p99 {:>6} us", at(0.5), at(0.99));
}

/// 1,000 validators with a GRANDPA and a BABE key each, and 100 slots of each BABE key on record.
fn start() {
    let world = World::new();
    world.import("audi", "sr25519", "//Alice", CLIENTS[0]);
    let passphrase = Passphrase::new("a test's");
    let folder = KeyFolder::open(&world.path("keys"), &passphrase).unwrap();
    let guard = Guard::open(Store::new(world.path("guard")), 0).unwrap();
    let client = opsign_guard::Client::new(CLIENTS[0]).unwrap();
    let mut pending = Vec::new();
    for at in 0..1000_u32 {
        for (key_type, scheme) in
            [(KeyType::BABE, Scheme::Sr25519), (KeyType::GRANDPA, Scheme::Ed25519)]
        {
            let key = SessionKey::from_seed(key_type, scheme, &format!("//{at}")).unwrap();
            folder.add(&key, Some(CLIENTS[0])).unwrap();
            if key_type != KeyType::BABE {
                continue;
            }
            let public = key.public().as_bytes();
            let scope = Scope::session(key_type.letters(), scheme.name(), public).unwrap();
            guard.configure(scope, RuleSet::session()).unwrap();
            for slot in 1..=100_u64 {
                let mut digest = [at as u8; 32];
                digest[..8].copy_from_slice(&slot.to_be_bytes());
                pending.push(guard.reserve(&Request::vote(
                    scope,
                    client.clone(),
                    0,
                    Hex(digest),
                    slot,
                )));
            }
        }
    }
    assert_eq!(pending.len(), 100_000);
    pending.into_iter().for_each(|pending| drop(pending.wait()));
    drop(guard);
    for name in ["after a run", "again"] {
        let begin = Instant::now();
        let running = world.start();
        let took = begin.elapsed().as_millis();
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap();
        let memory = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        println!("start, 2,000 keys and 100,000 slots, {name}: {took} ms, {memory}");
    }
}
