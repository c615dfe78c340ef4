//! `opsign switch` between two op-nodes, which here are stand-ins that keep op-node's word: only a
//! stopped one starts, on its own head alone. The signer is killed at each step.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use opsign_core::{ChainId, SecretKey, Signer as _, payload_signing_hash};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::bench::{Bench, ONE, Operator, Signer, outcome};
use crate::block::Block;
use crate::wire::{Connection, wait_until};

const CHAIN: u64 = 10;
const ZERO: &str = "0x0000000000000000000000000000000000000000000000000000000000000000";

/// One op-node.
#[derive(Clone, Default)]
struct Node {
    head: (u64, String),
    /// Blocks by number.
    chain: BTreeMap<u64, String>,
    active: bool,
    /// The method that it answers with an error.
    fails: Option<&'static str>,
}

/// When the signer is to be killed.
#[derive(Clone, Copy, Debug)]
enum When {
    /// The call has come and done nothing yet.
    Before,
    /// It has done what it does, and is not answered.
    After,
}

/// Both op-nodes, and a trap for the signer.
#[derive(Default)]
struct Net {
    nodes: [Node; 2],
    calls: usize,
    trap: Option<(usize, When)>,
    signer: u32,
}

#[derive(Clone)]
struct Nodes {
    net: Arc<Mutex<Net>>,
    urls: [String; 2],
}

impl Nodes {
    /// A makes blocks, B follows.
    fn start() -> Self {
        let net = Arc::new(Mutex::new(Net::default()));
        net.lock().unwrap().nodes[0].active = true;
        let urls = [0, 1].map(|which| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let net = Arc::clone(&net);
            std::thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let net = Arc::clone(&net);
                    std::thread::spawn(move || serve(which, stream, &net));
                }
            });
            url
        });
        Self { net, urls }
    }

    /// Both have this block as their head.
    fn gossip(&self, block: &Block) {
        self.net.lock().unwrap().gossip(block);
    }

    fn change(&self, which: usize, change: impl FnOnce(&mut Node)) {
        change(&mut self.net.lock().unwrap().nodes[which]);
    }

    fn active(&self) -> [bool; 2] {
        self.net.lock().unwrap().nodes.each_ref().map(|node| node.active)
    }

    fn config(&self) -> String {
        let [a, b] = &self.urls;
        let entry = |name: &str, more: &str| {
            format!(
                "- name: {name}\n  key: key.hex\n  chainID: {CHAIN}\n  methods: \
                 [block_payload]\n{more}"
            )
        };
        format!(
            "provider: LOCAL\nauth:\n{}{}guard:\n  record: guard\n  lease: true\n  \
             replay: true\ngates:\n- listen: 127.0.0.1:0\n  client: a.local\nadmin:\n  \
             listen: 127.0.0.1:0\n  clients: [ops.local]\nsequencers:\n- client: a.local\n  rpc: \
             {a}\n- client: b.local\n  rpc: {b}\n  admin: {b}\n",
            entry("a.local", "  firstHolder: true\n"),
            entry("b.local", "")
        )
    }
}

/// Answers one connection's calls, as an HTTP server that keeps it open.
fn serve(which: usize, stream: TcpStream, net: &Mutex<Net>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let call: Value = serde_json::from_slice(&body).ok()?;
        let answer = {
            let mut net = net.lock().unwrap();
            net.calls += 1;
            let trap = net.trap.filter(|(at, _)| *at == net.calls);
            let signer = Pid::from_raw(net.signer.try_into().ok()?);
            if let Some((_, When::Before)) = trap {
                kill_process(signer?, Signal::KILL).ok()?;
                return None;
            }
            let answer = net.nodes[which].answer(&call);
            if trap.is_some() {
                kill_process(signer?, Signal::KILL).ok()?;
                return None;
            }
            answer
        };
        let body = match answer {
            Ok(result) => json!({"jsonrpc": "2.0", "id": 1, "result": result}),
            Err(what) => {
                json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": what}})
            }
        }
        .to_string();
        let length = body.len();
        write!(writer, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").ok()?;
    }
}

impl Net {
    fn gossip(&mut self, block: &Block) {
        for node in &mut self.nodes {
            node.head = (block.number, hex(&block.block_hash));
            node.chain.insert(block.number, hex(&block.block_hash));
        }
    }
}

impl Node {
    fn answer(&mut self, call: &Value) -> Result<Value, &'static str> {
        let method = call["method"].as_str().unwrap();
        if self.fails == Some(method) {
            return Err("out of order");
        }
        match method {
            "optimism_syncStatus" => {
                let head = json!({"number": self.head.0, "hash": self.head.1});
                Ok(json!({"unsafe_l2": head, "safe_l2": {"number": 0, "hash": ZERO}}))
            }
            "optimism_outputAtBlock" => {
                let number = call["params"][0].as_str().unwrap().trim_start_matches("0x");
                let number = u64::from_str_radix(number, 16).unwrap();
                let hash = self.chain.get(&number).ok_or("not found")?;
                Ok(json!({"blockRef": {"number": number, "hash": hash}}))
            }
            "admin_postUnsafePayload" => {
                let payload = &call["params"][0]["executionPayload"];
                let number = payload["blockNumber"].as_str().unwrap().trim_start_matches("0x");
                let number = u64::from_str_radix(number, 16).unwrap();
                if (self.head.0 + 1, &payload["parentHash"]) == (number, &json!(self.head.1)) {
                    self.head = (number, payload["blockHash"].as_str().unwrap().to_owned());
                }
                Ok(Value::Null)
            }
            "admin_sequencerActive" => Ok(json!(self.active)),
            "admin_stopSequencer" if !self.active => Err("sequencer not running"),
            "admin_stopSequencer" => {
                self.active = false;
                Ok(json!(self.head.1))
            }
            "admin_startSequencer" if self.active => Err("sequencer already running"),
            "admin_startSequencer" if call["params"][0] != self.head.1 => {
                Err("block hash does not match")
            }
            "admin_startSequencer" => {
                self.active = true;
                Ok(Value::Null)
            }
            _ => Err("no such method"),
        }
    }
}

/// A signer for both, after A's first block; B has connected once.
struct World {
    nodes: Nodes,
    bench: Bench,
    signer: Signer,
    last: Block,
}

impl World {
    fn new() -> Self {
        let nodes = Nodes::start();
        let bench = Bench::new();
        assert_eq!(bench.opsign(&["guard", "init", "--record", "guard"]).code, Some(0));
        let signer = bench.start(&nodes.config());
        let last = Block::new(1, [0; 32], now(), 0);
        let mut world = Self { nodes, bench, signer, last };
        world.sign("a.local", &world.last.clone()).unwrap();
        world.nodes.gossip(&world.last);
        world.know_b();
        world.nodes.net.lock().unwrap().signer = world.signer.pid();
        world
    }

    fn know_b(&mut self) {
        self.connect("b.local").rpc("health_status", json!([])).unwrap();
    }

    fn connect(&self, name: &str) -> Connection {
        Connection::open(self.signer.address, &self.bench.client(&[name])).unwrap()
    }

    fn sign(&self, name: &str, block: &Block) -> Result<Value, Value> {
        let mut connection = self.connect(name);
        let body = crate::bench::call("opsigner_signBlockPayload", &block.params(CHAIN));
        outcome(&connection.post(&body).unwrap().body)
    }

    fn next(&self) -> Block {
        Block::new(self.last.number + 1, self.last.block_hash, now(), 0)
    }

    /// Hands a block to A's gate.
    fn announce(&self, block: &Block) -> Result<Value, Value> {
        self.signer.announce(block.envelope())
    }

    /// The next block of a client, which both op-nodes then have.
    fn make(&mut self, name: &str) {
        let next = self.next();
        // As op-node, which answers a stop when its last block is in.
        let mut net = self.nodes.net.lock().unwrap();
        self.sign(name, &next).unwrap();
        net.gossip(&next);
        drop(net);
        self.last = next;
    }

    fn ask(&self, words: &str, code: i32) -> Value {
        let words = words.replace("SCOPE", &format!("blocks/{CHAIN}/{ONE}"));
        Operator::new(&self.bench, &self.signer, "ops.local").ask(&words, code)
    }

    fn ask_lines(&self, words: &str, code: i32) -> Vec<Value> {
        let words = words.replace("SCOPE", &format!("blocks/{CHAIN}/{ONE}"));
        Operator::new(&self.bench, &self.signer, "ops.local").lines(&words, code)
    }

    /// What the operator is told when it fails.
    #[track_caller]
    fn fails(&self, words: &str) -> String {
        self.ask(words, 65)["error"]["message"].as_str().unwrap().to_owned()
    }

    /// Who holds the lease now, by trying: the last block is signed again for one of them alone.
    fn holder(&self) -> String {
        let mut holders = Vec::new();
        for name in ["a.local", "b.local"] {
            match self.sign(name, &self.last) {
                Ok(_) => holders.push(name),
                Err(error) => assert_eq!(error["data"]["code"], "not_holder", "{error}"),
            }
        }
        assert_eq!(holders.len(), 1, "{holders:?}");
        holders[0].to_owned()
    }

    /// Kills what is left of the signer and starts it again on the same record.
    fn again(&mut self) {
        let _ = rustix::process::kill_process(
            Pid::from_raw(self.signer.pid().try_into().unwrap()).unwrap(),
            Signal::KILL,
        );
        self.signer.wait();
        self.signer = self.bench.start(&self.nodes.config());
        self.know_b();
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", base16ct::lower::encode_string(bytes))
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

const TO_B: &str = "switch --scope SCOPE --to b.local";

#[test]
fn a_switch_stops_one_moves_the_lease_and_starts_the_other() {
    let mut world = World::new();
    assert_eq!(world.holder(), "a.local");
    let checks = world.ask(&format!("{TO_B} --prepare"), 0);
    assert_eq!(checks["ready"], true, "{checks}");
    let names: Vec<_> =
        checks["checks"].as_array().unwrap().iter().map(|c| c["check"].as_str().unwrap()).collect();
    assert_eq!(names, ["certificate", "other sequencer", "sequencer", "clock", "head"]);
    assert_eq!(world.nodes.active(), [true, false]);

    let switched = world.ask(TO_B, 0);
    assert_eq!((&switched["holder"], &switched["epoch"]), (&json!("b.local"), &json!(2)));
    let steps = switched["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3, "{switched}");
    assert_eq!(world.nodes.active(), [false, true]);
    assert_eq!(world.holder(), "b.local");
    world.make("b.local");
    // Once more changes nothing; and back.
    assert_eq!(world.ask(TO_B, 0)["changed"], false);
    world.ask("switch --scope SCOPE --to a.local --certificate a.crt", 65);
    world.connect("a.local").rpc("health_status", json!([])).unwrap();
    world.ask("switch --scope SCOPE --to a.local", 0);
    assert_eq!(world.nodes.active(), [true, false]);
    world.make("a.local");
    assert_eq!(world.holder(), "a.local");
}

#[test]
fn the_signer_is_killed_at_each_step_and_one_holds_the_lease() {
    let world = World::new();
    world.ask(TO_B, 0);
    let calls = world.nodes.net.lock().unwrap().calls;
    assert!(calls >= 8, "a switch makes {calls} calls");
    drop(world);
    let mut ends = [0, 0];
    for call in 1..=calls {
        for when in [When::Before, When::After] {
            let mut world = World::new();
            world.nodes.net.lock().unwrap().trap = Some((call, when));
            world.ask(TO_B, 69);
            world.signer.wait();
            world.nodes.net.lock().unwrap().trap = None;
            world.again();
            let holder = world.holder();
            ends[usize::from(holder == "b.local")] += 1;
            // The same command goes on from wherever that was.
            let switched = world.ask(TO_B, 0);
            assert_eq!(switched["epoch"], 2, "call {call}, {when:?}: {switched}");
            assert_eq!(world.nodes.active(), [false, true], "call {call}, {when:?}");
            assert_eq!(world.holder(), "b.local");
            world.make("b.local");
        }
    }
    assert!(ends[0] >= 8 && ends[1] >= 2, "killed before and after the lease moved: {ends:?}");
}

#[test]
fn what_is_not_ready_is_not_switched() {
    let mut world = World::new();
    // B is a block behind.
    let behind = world.nodes.net.lock().unwrap().nodes[1].clone();
    world.make("a.local");
    world.nodes.change(1, |b| b.head = behind.head);
    let said = world.fails(TO_B);
    assert!(said.contains("not ready: head: at block 1"), "{said}");
    assert_eq!(world.ask(&format!("{TO_B} --prepare"), 1)["ready"], false);
    world.nodes.gossip(&world.last);
    // B makes blocks already: two would.
    world.nodes.change(1, |b| b.active = true);
    assert!(world.fails(TO_B).contains("sequencer: b.local answers, active: true"));
    world.nodes.change(1, |b| b.active = false);
    // B has not been seen since the start; its certificate may be shown instead.
    world.signer.signal(Signal::KILL);
    world.signer.wait();
    world.signer = world.bench.start(&world.nodes.config());
    assert!(world.fails(TO_B).contains("has not connected"));
    for (name, file) in [("b.local", "b.crt"), ("c.local", "c.crt")] {
        world.bench.write(file, world.bench.authority.issue(&[name]).certificate);
    }
    let strange = crate::wire::Authority::new("another").issue(&["b.local"]);
    world.bench.write("strange.crt", strange.certificate);
    let with = |file| format!("{TO_B} --certificate {file}");
    assert!(world.fails(&with("c.crt")).contains("it names c.local"));
    assert!(world.fails(&with("strange.crt")).contains("not let in"));
    assert_eq!(world.holder(), "a.local");
    // A is out of reach: the lease is what keeps it from signing.
    world.nodes.change(0, |a| a.fails = Some("admin_sequencerActive"));
    assert!(world.fails(&with("b.crt")).contains("a.local does not answer"));
    assert_eq!(world.nodes.active(), [true, false]);
    world.ask(&format!("{} --force", with("b.crt")), 0);
    assert_eq!(world.nodes.active(), [true, true]);
    assert_eq!(world.holder(), "b.local");
}

#[test]
fn who_cannot_start_does_not_keep_the_lease() {
    let world = World::new();
    world.nodes.change(1, |b| b.fails = Some("admin_startSequencer"));
    let said = world.fails(TO_B);
    assert!(said.contains("Gone back: a.local holds the lease and makes blocks again"), "{said}");
    assert!(said.contains("a.local is active at block 1"), "{said}");
    assert!(said.contains("b.local is stopped at block 1"), "{said}");
    assert!(said.contains("a.local holds the lease (epoch 3)"), "{said}");
    assert_eq!(world.nodes.active(), [true, false]);
    assert_eq!(world.holder(), "a.local");

    world.nodes.change(1, |b| b.fails = None);
    world.nodes.change(0, |a| a.fails = Some("admin_stopSequencer"));
    let said = world.fails(TO_B);
    assert!(said.contains("admin_stopSequencer: out of order"), "{said}");
    assert_eq!(world.nodes.active(), [true, false]);
    assert_eq!(world.holder(), "a.local");
}

/// After an outage a sequencer makes up for the blocks that it owes, however old.
#[test]
fn blocks_of_the_past_are_signed_and_none_of_the_future() {
    let world = World::new();
    let ahead = Block::new(2, world.last.block_hash, now() + 60, 0);
    assert_eq!(world.sign("a.local", &ahead).unwrap_err()["data"]["code"], "outside_window");
    let owed = Block::new(2, world.last.block_hash, now() - 3600, 0);
    world.sign("a.local", &owed).unwrap();
}

#[test]
fn a_switch_at_a_height_waits_for_it() {
    let mut world = World::new();
    let at = |height: u64| format!("{TO_B} --at-height {height}");
    assert!(world.fails(&at(1)).contains("signed already; the next one is 2"));
    world.ask(&at(9), 0);
    let back = world.ask("switch --scope SCOPE --abort", 0);
    assert_eq!((&back["holder"], &back["epoch"]), (&json!("a.local"), &json!(3)));
    assert!(world.fails("switch --scope SCOPE --abort").contains("no planned switch"));

    let planned = world.ask(&at(4), 0);
    assert_eq!((&planned["previous"], &planned["from"]), (&json!("a.local"), &json!(4)));
    world.make("a.local");
    assert_eq!(world.nodes.active(), [true, false]);
    // A restart forgets nothing of it.
    world.again();
    world.make("a.local");
    let next = world.next();
    assert_eq!(world.sign("a.local", &next).unwrap_err()["data"]["code"], "not_holder");
    wait_until("B is started", || world.nodes.active() == [false, true]);
    world.make("b.local");
    assert_eq!(world.holder(), "b.local");
}

#[test]
fn what_others_see_is_looked_up() {
    let mut world = World::new();
    world.make("a.local");
    let url = world.nodes.urls[1].clone();
    let words = format!("guard watch --scope SCOPE --rpc {url} --interval-ms 20");
    let quiet = world.ask_lines(&format!("{words} --blocks 1"), 0);
    assert!(quiet.is_empty(), "{quiet:?}");
    let alarms = || world.signer.metric("opsign_guard_alarms_total{rule=\"not_on_record\"}");
    assert_eq!(alarms(), 0.0);
    // Somebody else's block at the next height.
    let rival = Block::new(3, world.last.block_hash, now(), 9);
    world.nodes.gossip(&rival);
    let found = world.ask_lines(&words, 1);
    assert_eq!(found[0]["number"], 3, "{found:?}");
    assert_eq!(found[0]["on_record"], false);
    assert_eq!(alarms(), 1.0);
    world.signer.wait_for_log("not on record");

    // Gossip: what the key has signed here, what it has signed elsewhere, and what others have.
    let key = |secret: u8| {
        let mut bytes = [0; 32];
        bytes[31] = secret;
        SecretKey::from_bytes(&bytes)
    };
    let message = |secret: u8, block: &Block| {
        let hash = payload_signing_hash(&ChainId::from(CHAIN), &block.hash);
        let signature = key(secret).unwrap().sign(&hash).unwrap();
        let data = [signature.as_bytes(), &block.bytes[..]].concat();
        hex(&snap::raw::Encoder::new().compress_vec(&data).unwrap())
    };
    let lines = [message(1, &world.last), message(2, &rival)].join("\n");
    world.bench.write("gossip", &lines);
    let watch = "guard watch --scope SCOPE --gossip gossip";
    let fine = world.ask_lines(watch, 0);
    assert_eq!(fine[0]["on_record"], true);
    assert!(fine[1]["signer"].is_string() && fine[1]["on_record"].is_null());
    world.bench.write("gossip", format!("{lines}\n{}", message(1, &rival)));
    let found = world.ask_lines(watch, 1);
    assert_eq!(found[2]["on_record"], false, "{found:?}");
    assert_eq!(alarms(), 2.0);
}

#[test]
fn an_engine_that_lost_blocks_gets_them_back() {
    let mut world = World::new();
    let first = world.last.clone();
    for _ in 0..3 {
        let next = world.next();
        world.announce(&next).unwrap();
        world.make("a.local");
    }
    let tip = (world.last.number, hex(&world.last.block_hash));
    let lose = |node: &mut Node| node.head = (first.number, hex(&first.block_hash));
    let head = |which: usize| world.nodes.net.lock().unwrap().nodes[which].head.clone();
    // It builds another block on what it still has.
    world.nodes.change(0, lose);
    let rival = Block::new(2, first.block_hash, now(), 7);
    let refused = world.announce(&rival).unwrap_err();
    assert_eq!(refused["data"]["code"], "slot_taken", "{refused}");
    wait_until("A has its blocks again", || head(0) == tip);
    world.signer.wait_for_log("it was given the recorded ones");

    // By hand; and for who takes over.
    world.nodes.change(0, lose);
    let replayed = world.ask("guard replay --scope SCOPE --to a.local", 0);
    assert_eq!((&replayed["head"], &replayed["posted"]), (&json!(1), &json!(3)));
    assert_eq!(head(0), tip);
    world.nodes.change(1, lose);
    assert!(world.fails(TO_B).contains("not ready: head"));
    world.ask(&format!("{TO_B} --force"), 0);
    assert_eq!((head(1), world.nodes.active()), (tip, [false, true]));
    // Kept across a restart.
    world.again();
    world.nodes.change(1, lose);
    assert_eq!(world.ask("guard replay --scope SCOPE --to b.local", 0)["posted"], 3);
}
