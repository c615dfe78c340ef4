//! `kill -9` of a keystore at every step: the real program over real sockets is killed again and
//! again while two images of a node ask it for blocks, votes and statements, and every signature
//! that ever came out is held against every other.
//!
//! ```text
//! cargo test -p opsign --features crash-points --test keystore_torture -- --cycles 500
//! ```
#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "keystore/world.rs"]
#[allow(dead_code, reason = "torture uses its own part of it")]
mod world;

use std::collections::{BTreeMap, HashMap};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use opsign_guard::{CRASH_POINTS, Store};
use opsign_keystore::proto::SignWithRequest;
use serde_json::json;

use world::*;

/// Cycles on one record. Then a new one.
const LIFE: u64 = 100;

/// Questions of each image in a cycle, unless the program is killed before.
const QUESTIONS: u64 = 24;

/// Places that a keystore does not come by: it has no anchor here, too few events for a checkpoint,
/// and keeps no signatures.
const ELSEWHERE: [&str; 5] = [
    "anchor written",
    "anchor renamed",
    "checkpoint written",
    "checkpoint renamed",
    "signature recorded",
];

struct Options {
    cycles: u64,
    seed: u64,
    tally: Option<PathBuf>,
    /// Put an older record back after so many cycles: a test of this test.
    forget_at: Option<u64>,
}

impl Options {
    fn read() -> Self {
        let mut options = Self { cycles: 200, seed: millis() | 1, tally: None, forget_at: None };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().unwrap_or_else(|| panic!("{word} needs a value"));
            let number = || value.parse().unwrap_or_else(|_| panic!("{word} {value}: a number"));
            match word.as_str() {
                "--cycles" => options.cycles = number(),
                "--seed" => options.seed = number(),
                "--forget-at" => options.forget_at = Some(number()),
                "--tally" => options.tally = Some(value.into()),
                other => panic!("{other}: --cycles, --seed, --tally or --forget-at"),
            }
        }
        options
    }
}

/// Of a key and a place, the one message and its one signature.
type Given = HashMap<(Vec<u8>, String), (Vec<u8>, Vec<u8>)>;

#[derive(Default)]
struct Found {
    given: Given,
    signatures: u64,
    refused: u64,
    violation: Option<String>,
}

struct Life {
    world: World,
    keys: [Vec<u8>; 3],
    found: Arc<Mutex<Found>>,
    /// The slot from which the next cycle asks.
    slot: u64,
}

fn main() {
    let options = Options::read();
    let started = Instant::now();
    // A run takes long, and another build may put another program in this one's place.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("opsign");
    std::fs::copy(env!("CARGO_BIN_EXE_opsign"), &program).unwrap();
    PROGRAM.set(program).unwrap();
    println!("keystore torture: {} cycles, seed {}", options.cycles, options.seed);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut state = options.seed | 1;
    let mut kills = BTreeMap::<String, u64>::new();
    let (mut cycles, mut signatures, mut refused, mut violation) = (0, 0, 0, None);
    while cycles < options.cycles && violation.is_none() {
        let mut life = Life::new();
        let mut old = None;
        for _ in 0..LIFE.min(options.cycles - cycles) {
            cycles += 1;
            if options.forget_at.is_some_and(|at| cycles == at / 2) {
                old = Some((std::fs::read(life.world.path("guard/log")).unwrap(), life.slot));
            }
            if Some(cycles) == options.forget_at {
                let (log, slot) = old.take().unwrap();
                std::fs::write(life.world.path("guard/log"), log).unwrap();
                // It would notice.
                std::fs::remove_file(life.world.path("guard/checkpoint")).unwrap();
                // All that is forgotten is asked for again.
                life.slot = slot;
            }
            let place = runtime.block_on(life.cycle(&mut state));
            *kills.entry(place).or_default() += 1;
            if life.found.lock().unwrap().violation.is_some() {
                break;
            }
        }
        let mut record = Store::new(life.world.path("guard"));
        if let Err(error) = record.verify() {
            violation = Some(format!("the record does not verify: {error}"));
        }
        let found = life.found.lock().unwrap();
        signatures += found.signatures;
        refused += found.refused;
        violation = violation.or(found.violation.clone());
    }
    println!(
        "{cycles} cycles in {} s, {signatures} signatures, {refused} refused",
        started.elapsed().as_secs()
    );
    for (place, count) in &kills {
        println!("  {count:6} killed at: {place}");
    }
    if let Some(path) = &options.tally {
        use std::io::Write;
        let line = json!({
            "time": millis() / 1000,
            "commit": std::env::var("OPSIGN_COMMIT").unwrap_or_default(),
            "store": "embedded",
            "front": "keystore",
            "cycles": cycles,
            "kills": &kills,
            "signatures": signatures,
            "seed": options.seed,
            "violation": violation,
        });
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        writeln!(file.unwrap(), "{line}").unwrap();
    }
    if let Some(violation) = violation {
        println!("VIOLATION after {cycles} cycles: {violation}");
        drop(folder);
        std::process::exit(1);
    }
    assert!(signatures > 2 * cycles && refused > cycles / 4, "{signatures} {refused}");
    if cycles >= 200 {
        for place in CRASH_POINTS.iter().filter(|place| !ELSEWHERE.contains(place)) {
            assert!(kills.contains_key(*place), "never killed at: {place}");
        }
    }
}

impl Life {
    fn new() -> Self {
        let world = World::new();
        let keys = [("babe", "sr25519"), ("gran", "ed25519"), ("para", "sr25519")]
            .map(|(kind, scheme)| world.import(kind, scheme, &format!("//{kind}"), CLIENTS[0]));
        Self { world, keys, found: Arc::default(), slot: 1 }
    }

    /// A start, questions, a kill. Says where it was killed.
    async fn cycle(&mut self, state: &mut u64) -> String {
        let places: Vec<&str> =
            CRASH_POINTS.iter().copied().filter(|place| !ELSEWHERE.contains(place)).collect();
        let place = places.get(dice(state, places.len() as u64 + 2) as usize).copied();
        let count = if place == Some("booted") { 1 } else { 1 + dice(state, 12) };
        let mut command = self.world.command(&["keystore", "--config", "keystore.yaml"]);
        if let Some(place) = place {
            command.env("OPSIGN_CRASH_AT", format!("{place}:{count}"));
        }
        let mut running = match self.world.try_start(&mut command) {
            Ok(running) => running,
            Err(status) => {
                if status.signal() != Some(9) {
                    let what = format!("it does not start: {status}");
                    self.found.lock().unwrap().violation = Some(what);
                }
                return place.unwrap_or("outside").to_owned();
            }
        };
        let mut images = Vec::new();
        for image in 0..2 {
            let Ok(client) = self.world.connect(running.address, Some(CLIENTS[0])).await else {
                continue;
            };
            let (keys, found, slot) = (self.keys.clone(), Arc::clone(&self.found), self.slot);
            let seed = dice(state, 1 << 30) | 1;
            images.push(tokio::spawn(ask(client, keys, found, slot, seed ^ image)));
        }
        if place.is_none() {
            tokio::time::sleep(Duration::from_millis(dice(state, 60))).await;
            running.kill();
        }
        for image in images {
            image.await.unwrap();
        }
        self.slot += 5;
        let by_itself = running.ended().is_some_and(|status| status.signal() == Some(9));
        running.kill();
        match place {
            Some(place) if by_itself => place.to_owned(),
            Some(_) => "the end of a cycle".to_owned(),
            None => "outside".to_owned(),
        }
    }
}

/// An image: it asks around a slot for the one or the other fork, until it gets no answer.
async fn ask(
    mut client: Client,
    [babe, gran, para]: [Vec<u8>; 3],
    found: Arc<Mutex<Found>>,
    slot: u64,
    mut state: u64,
) {
    for _ in 0..QUESTIONS {
        let slot = slot + dice(&mut state, 6);
        let fork = 1 + dice(&mut state, 2) as u8;
        let (place, request) = match dice(&mut state, 4) {
            0 => {
                let (hash, payload) = block(slot, fork);
                let request = sign_with("babe", "sr25519", &babe, &hash, Some(payload));
                (format!("slot {slot}"), request)
            }
            1 | 2 => {
                let kind = dice(&mut state, 2) as u8;
                let message = vote(kind, fork, slot, 1);
                let request = sign_with("gran", "ed25519", &gran, &message, None);
                (format!("round {slot} {kind}"), request)
            }
            _ => {
                let message = statement(b"DISP", fork - 1, slot as u8, (slot / 256) as u32);
                let request = sign_with("para", "sr25519", &para, &message, None);
                (format!("candidate {slot}"), request)
            }
        };
        let Some(reply) = answer(&mut client, &request).await else { return };
        let mut found = found.lock().unwrap();
        if reply.is_empty() {
            found.refused += 1;
            continue;
        }
        found.signatures += 1;
        let now = (request.message, reply);
        let before = found.given.entry((request.public_key, place.clone())).or_insert(now.clone());
        if *before != now {
            found.violation = Some(format!("{place}: {before:02x?} and {now:02x?}"));
        }
    }
}

/// The signature, nothing if it is refused, none if there is no answer.
async fn answer(client: &mut Client, request: &SignWithRequest) -> Option<Vec<u8>> {
    let reply = client.sign_with(request.clone());
    let reply = tokio::time::timeout(Duration::from_secs(20), reply).await.ok()?;
    Some(reply.ok()?.into_inner().signature?.signature)
}

fn millis() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64
}

/// Marsaglia's xorshift64*: which numbers come does not matter, but that a seed repeats them.
fn dice(state: &mut u64, sides: u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
}
