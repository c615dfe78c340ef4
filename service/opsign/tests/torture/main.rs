//! `kill -9` at every step: the real program over real sockets is killed again and again, between
//! all steps from the request to the answer, and every signature that ever came out is held
//! against every other and against the record.
//!
//! ```text
//! cargo test -p opsign --features crash-points --test torture -- --cycles 500
//! ```
#![allow(clippy::unwrap_used, reason = "a test program")]

#[path = "../../../wire/tests/harness/mod.rs"]
mod wire;

#[path = "../../../../hsm/tests/harness/mod.rs"]
mod token;

#[path = "../signer/bench.rs"]
#[allow(dead_code, reason = "torture uses its own part of it")]
mod bench;

#[path = "../signer/block.rs"]
#[allow(dead_code, reason = "the same")]
mod block;

mod world;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use opsign_guard::{CRASH_POINTS, FileAnchor, Store, SystemIo};
use rustls::ClientConfig;
use serde_json::json;

use bench::{Bench, ONE, Signer, call, transaction};
use wire::Connection;
use world::{CHAIN, World};

/// Cycles on one record. Then a new one, since a scope remembers its last 4,096 digests.
const LIFE: u64 = 100;

/// Requests of each client in a cycle, unless the program is killed before.
const REQUESTS: usize = 25;
const CLIENTS: u64 = 3;

const CONFIG: &str = "provider: LOCAL\nauth:\n- name: client.local\n  key: key.hex\n  chainID: 10\n\
                      guard:\n  record: guard\n  anchor: anchor\n  transactions: once\n";

struct Options {
    cycles: u64,
    jobs: u64,
    seed: u64,
    tally: Option<PathBuf>,
    /// Put an older record back after so many cycles: a test of this test.
    forget_at: Option<u64>,
}

impl Options {
    fn read() -> Self {
        let mut options =
            Self { cycles: 500, jobs: 2, seed: millis() | 1, tally: None, forget_at: None };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().unwrap_or_else(|| panic!("{word} needs a value"));
            let number = || value.parse().unwrap_or_else(|_| panic!("{word} {value}: a number"));
            match word.as_str() {
                "--cycles" => options.cycles = number(),
                "--jobs" => options.jobs = number(),
                "--seed" => options.seed = number(),
                "--forget-at" => options.forget_at = Some(number()),
                "--tally" => options.tally = Some(value.into()),
                other => panic!("{other}: --cycles, --jobs, --seed, --tally or --forget-at"),
            }
        }
        options
    }
}

/// What all jobs found, together.
#[derive(Default)]
struct Found {
    cycles: AtomicU64,
    signatures: AtomicU64,
    looked_up: AtomicU64,
    refused: AtomicU64,
    kills: Mutex<BTreeMap<String, u64>>,
    violation: Mutex<Option<String>>,
    stop: AtomicBool,
}

fn main() {
    let options = Options::read();
    // A run takes hours, in which another build may put another program in this one's place.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("opsign");
    std::fs::copy(env!("CARGO_BIN_EXE_opsign"), &program).unwrap();
    bench::PROGRAM.set(program).unwrap();
    let found = Found::default();
    let started = Instant::now();
    println!(
        "torture: {} cycles, {} at a time, seed {}",
        options.cycles, options.jobs, options.seed
    );
    std::thread::scope(|threads| {
        for job in 0..options.jobs {
            let (options, found) = (&options, &found);
            threads.spawn(move || {
                // A panic of one job must end the others, too.
                let _stop = StopAtEnd(found);
                run(options, found, job);
            });
        }
    });
    let (cycles, signatures) = (get(&found.cycles), get(&found.signatures));
    let violation = found.violation.lock().unwrap().take();
    let kills = found.kills.lock().unwrap();
    let killed: u64 = kills.values().sum();
    println!(
        "{cycles} cycles in {} s, {killed} killed, {signatures} signatures, {} looked up in the \
         record, {} requests refused",
        started.elapsed().as_secs(),
        get(&found.looked_up),
        get(&found.refused)
    );
    for (place, count) in &*kills {
        println!("  {count:6} killed at: {place}");
    }
    if let Some(path) = &options.tally {
        let line = json!({
            "time": SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(),
            "commit": std::env::var("OPSIGN_COMMIT").unwrap_or_default(),
            "store": "embedded",
            "cycles": cycles,
            "kills": &*kills,
            "signatures": signatures,
            "seed": options.seed,
            "violation": violation,
        });
        use std::io::Write;
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        writeln!(file.unwrap(), "{line}").unwrap();
    }
    if let Some(violation) = violation {
        println!("VIOLATION after {cycles} cycles: {violation}");
        drop(folder);
        std::process::exit(1);
    }
    assert_eq!(cycles, options.cycles, "not all cycles were run");
    assert!(signatures > cycles, "hardly anything was signed");
    if cycles >= 500 {
        for place in CRASH_POINTS {
            assert!(kills.contains_key(*place), "never killed at: {place}");
        }
    }
}

struct StopAtEnd<'a>(&'a Found);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop.store(true, Ordering::Relaxed);
        }
    }
}

fn get(number: &AtomicU64) -> u64 {
    number.load(Ordering::Relaxed)
}

fn add(number: &AtomicU64, more: u64) {
    number.fetch_add(more, Ordering::Relaxed);
}

fn millis() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as u64
}

/// Marsaglia's xorshift64*: which numbers come does not matter, but that a seed repeats them.
fn dice(state: &mut u64, sides: u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
}

/// One record after the other, each killed over and over.
fn run(options: &Options, found: &Found, job: u64) {
    let mut state = options.seed.wrapping_mul(2 * job + 1) | 1;
    let share = (options.cycles + job) / options.jobs;
    let mut done = 0;
    while done < share {
        let life = Life::new();
        let mut old = None;
        for _ in 0..LIFE.min(share - done) {
            if found.stop.load(Ordering::Relaxed) {
                return;
            }
            if options.forget_at.is_some_and(|at| done == at / 2) {
                old = Some(std::fs::read(life.bench.file("guard/log")).unwrap());
            }
            if let Some(old) = old.take_if(|_| options.forget_at.is_some_and(|at| done >= at)) {
                std::fs::write(life.bench.file("guard/log"), old).unwrap();
                std::fs::remove_file(life.bench.file("anchor")).unwrap();
                // It would notice as well.
                let _ = std::fs::remove_file(life.bench.file("guard/checkpoint"));
                life.forgotten.store(true, Ordering::Relaxed);
                println!("  an older record was put back");
            }
            let outcome = life.cycle(found, &mut state);
            done += 1;
            add(&found.cycles, 1);
            if done % 250 == 0 {
                println!("  job {job}: {done} of {share} cycles");
            }
            if let Err(violation) = outcome {
                found.violation.lock().unwrap().get_or_insert(violation);
                found.stop.store(true, Ordering::Relaxed);
                return;
            }
        }
        add(&found.signatures, life.world.lock().unwrap().signatures() as u64);
    }
}

/// A record from its making to its last cycle.
struct Life {
    bench: Bench,
    client: Arc<ClientConfig>,
    world: Mutex<World>,
    forgotten: AtomicBool,
}

impl Life {
    fn new() -> Self {
        let bench = Bench::new();
        std::fs::create_dir(bench.file("guard")).unwrap();
        let client = bench.client(&["client.local"]);
        let world = Mutex::new(World::new(ONE.parse().unwrap()));
        let life = Self { bench, client, world, forgotten: AtomicBool::new(false) };
        life.store().init().unwrap();
        life
    }

    fn store(&self) -> Store {
        let store = Store::new(self.bench.file("guard"));
        if self.forgotten.load(Ordering::Relaxed) {
            return store;
        }
        let anchor = FileAnchor::new(Arc::new(SystemIo), self.bench.file("anchor"));
        store.with_anchor(Box::new(anchor), 1024)
    }

    /// Starts the program, asks until it dies, and looks at what it left.
    fn cycle(&self, found: &Found, state: &mut u64) -> Result<(), String> {
        let place = dice(state, CRASH_POINTS.len() as u64 + 2) as usize;
        let mut place = CRASH_POINTS.get(place).copied().unwrap_or("outside");
        let count = 1 + match place {
            "booted" | "anchor written" | "anchor renamed" => 0,
            "checkpoint written" | "checkpoint renamed" => 0,
            _ => dice(state, 12),
        };
        let outer = [format!("OPSIGN_CRASH_AT={place}:{count}")];
        let outer = ["env", outer[0].as_str()];
        let config = match self.forgotten.load(Ordering::Relaxed) {
            true => CONFIG.replace("  anchor: anchor\n", ""),
            false => CONFIG.to_owned(),
        };
        let flags = ["--log.format", "json"];
        let started = self.bench.try_start_under(&outer, &config, &flags);
        if let Err(ended) = &started
            && ended.code.is_some()
        {
            return Err(format!("it does not start: {}", ended.err));
        }
        if let Ok(mut signer) = started {
            let delay = (place == "outside").then(|| Duration::from_micros(dice(state, 40_000)));
            self.ask(&signer, found, state, delay)?;
            if signer.ended().is_none() {
                // It never came by that place so often.
                place = "outside";
                signer.signal(rustix::process::Signal::KILL);
            }
            let status = signer.wait();
            if status.signal() != Some(9) {
                return Err(format!("the program ended with {status}: {}", signer.log()));
            }
        }
        *found.kills.lock().unwrap().entry(place.to_owned()).or_default() += 1;
        let record = self.store().export(millis()).map_err(|error| format!("record: {error}"))?;
        let looked_up = self.world.lock().unwrap().check(&record)?;
        add(&found.looked_up, looked_up as u64);
        Ok(())
    }

    /// Clients ask for rival blocks and transactions until the connection dies or enough was asked.
    fn ask(
        &self,
        signer: &Signer,
        found: &Found,
        state: &mut u64,
        kill_after: Option<Duration>,
    ) -> Result<(), String> {
        std::thread::scope(|threads| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    let seed = dice(state, u64::MAX) | 1;
                    threads.spawn(move || self.client(signer, found, seed))
                })
                .collect();
            if let Some(delay) = kill_after {
                std::thread::sleep(delay);
                signer.signal(rustix::process::Signal::KILL);
            }
            clients.into_iter().try_for_each(|client| client.join().unwrap())
        })
    }

    fn client(&self, signer: &Signer, found: &Found, mut seed: u64) -> Result<(), String> {
        let Ok(mut connection) = Connection::open(signer.address, &self.client) else {
            return Ok(());
        };
        let mut dice = |sides| dice(&mut seed, sides);
        for _ in 0..REQUESTS {
            if dice(4) == 0 {
                let nonce = (self.world.lock().unwrap().nonce + dice(3)).saturating_sub(1);
                let change = json!({
                    "nonce": format!("{nonce:#x}"),
                    "value": format!("{:#x}", 1 + dice(2)),
                });
                let body = call("eth_signTransaction", &json!([transaction(&change)]));
                match answer(&mut connection, &body) {
                    None => return Ok(()),
                    Some(Err(_)) => add(&found.refused, 1),
                    Some(Ok(raw)) => self.world.lock().unwrap().signed_transaction(nonce, &raw)?,
                }
            } else {
                let block = self.world.lock().unwrap().block(millis() / 1000, &mut dice);
                let body = call("opsigner_signBlockPayload", &block.params(CHAIN));
                let given = answer(&mut connection, &body);
                let mut world = self.world.lock().unwrap();
                match given {
                    None => return Ok(()),
                    Some(Err(error)) => {
                        world.refused_block(&block, &error)?;
                        add(&found.refused, 1);
                    }
                    Some(Ok(signature)) => world.signed_block(&block, &signature)?,
                }
            }
        }
        Ok(())
    }
}

/// The result of a call or the error's message; none if the connection died.
fn answer(connection: &mut Connection, body: &str) -> Option<Result<String, String>> {
    let answer = connection.post(body).ok()?;
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    Some(match body.get("error") {
        None => Ok(body["result"].as_str().unwrap().to_owned()),
        Some(error) => Err(error["message"].as_str().unwrap().to_owned()),
    })
}
