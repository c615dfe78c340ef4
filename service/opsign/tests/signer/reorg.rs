//! A second block at a recorded height on evidence from L1, through the gate and on the signing port.
//! The L1 nodes are stand-ins that can lie, hang and answer nonsense.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::bench::{Bench, Signer, call, outcome};
use crate::block::Block;
use crate::wire::Connection;

const CHAIN: u64 = 10;
const OLD: [u8; 32] = [b'x'; 32];
const NEW: [u8; 32] = [b'y'; 32];

/// What an L1 node does.
#[derive(Clone, Debug)]
enum Does {
    /// Answers with this hash at every number.
    Says([u8; 32]),
    /// Answers with one hash below a number and with another from there on.
    Splits(u64, [u8; 32], [u8; 32]),
    /// Never answers.
    Hangs,
    /// Sends elsewhere, with an answer in the body.
    Redirects(String),
    /// Answers with an answer of more than a mebibyte.
    Floods,
    /// Has no such block.
    Lacks,
    /// Answers with another number's block.
    Misnumbers,
    /// An error answer, and no JSON at all.
    Fails,
    Babbles,
    /// Kills the signer.
    Kills(u32),
}

/// Three L1 nodes.
struct L1 {
    nodes: [Arc<Mutex<Does>>; 3],
    urls: [String; 3],
}

impl L1 {
    fn start() -> Self {
        let nodes = [(); 3].map(|()| Arc::new(Mutex::new(Does::Says(OLD))));
        let urls = nodes.each_ref().map(|node| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            // The path is a provider's secret.
            let url = format!("http://{}/v3/SECRET", listener.local_addr().unwrap());
            let node = Arc::clone(node);
            std::thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let does = node.lock().unwrap().clone();
                    std::thread::spawn(move || serve(stream, &does));
                }
            });
            url
        });
        Self { nodes, urls }
    }

    fn set(&self, does: [Does; 3]) {
        for (node, does) in self.nodes.iter().zip(does) {
            *node.lock().unwrap() = does;
        }
    }
}

/// Answers one call.
fn serve(mut stream: TcpStream, does: &Does) -> Option<()> {
    let mut call = Vec::new();
    let call: Value = loop {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).ok()?;
        call.extend(&piece[..read]);
        let head = call.windows(4).position(|end| end == b"\r\n\r\n");
        if let Some(call) = head.and_then(|at| serde_json::from_slice(&call[at + 4..]).ok()) {
            break call;
        }
        if read == 0 {
            return None;
        }
    };
    assert_eq!(call["method"], "eth_getBlockByNumber");
    let asked = call["params"][0].as_str().unwrap().to_owned();
    let number = u64::from_str_radix(asked.trim_start_matches("0x"), 16).unwrap();
    let block = |number: &str, hash: &[u8; 32], more: usize| {
        let hash = format!("0x{}", base16ct::lower::encode_string(hash));
        let result = json!({"number": number, "hash": hash, "extraData": "0".repeat(more)});
        json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string()
    };
    let (status, body) = match does {
        Does::Says(hash) => ("200 OK".to_owned(), block(&asked, hash, 0)),
        Does::Splits(from, below, above) => {
            let hash = if number < *from { below } else { above };
            ("200 OK".to_owned(), block(&asked, hash, 0))
        }
        Does::Hangs => {
            std::thread::sleep(Duration::from_secs(60));
            return None;
        }
        Does::Redirects(to) => {
            (format!("307 Temporary Redirect\r\nlocation: {to}"), block(&asked, &NEW, 0))
        }
        Does::Floods => ("200 OK".to_owned(), block(&asked, &NEW, 2 << 20)),
        Does::Lacks => {
            ("200 OK".to_owned(), json!({"jsonrpc": "2.0", "id": 1, "result": null}).to_string())
        }
        Does::Misnumbers => ("200 OK".to_owned(), block(&format!("{:#x}", number + 1), &NEW, 0)),
        Does::Fails => {
            let error = json!({"code": -32000, "message": "header not found"});
            ("200 OK".to_owned(), json!({"jsonrpc": "2.0", "id": 1, "error": error}).to_string())
        }
        Does::Babbles => ("200 OK".to_owned(), "<html>".to_owned()),
        Does::Kills(signer) => {
            kill_process(Pid::from_raw(i32::try_from(*signer).ok()?)?, Signal::KILL).ok()?;
            return None;
        }
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .ok()
}

/// A signer that asks three L1 nodes of which two must agree. Block 1 is recorded on L1 block 99,
/// and 2 and 3 on L1 block 100, of the old fork.
struct World {
    l1: L1,
    bench: Bench,
    signer: Signer,
    chain: [Block; 3],
}

impl World {
    fn new() -> Self {
        let (l1, bench) = (L1::start(), Bench::new());
        assert_eq!(bench.opsign(&["guard", "init", "--record", "guard"]).code, Some(0));
        let signer = bench.start(&config(&l1));
        let first = Block::on_l1(1, [0; 32], 0, 99, [b'w'; 32]);
        let second = Block::on_l1(2, first.block_hash, 0, 100, OLD);
        let third = Block::on_l1(3, second.block_hash, 0, 100, OLD);
        let world = Self { l1, bench, signer, chain: [first, second, third] };
        for block in &world.chain {
            world.announce(block).unwrap();
            world.sign(block).unwrap();
        }
        world
    }

    /// Another block 2, on the new fork's L1 block 100.
    fn other(&self, rival: u8) -> Block {
        Block::on_l1(2, self.chain[0].block_hash, rival, 100, NEW)
    }

    fn sign(&self, block: &Block) -> Result<Value, Value> {
        let client = self.bench.client(&["a.local"]);
        let mut connection = Connection::open(self.signer.address, &client).unwrap();
        let answer = connection.post(&call("opsigner_signBlockPayload", &block.params(CHAIN)));
        outcome(&answer.unwrap().body)
    }

    fn announce(&self, block: &Block) -> Result<Value, Value> {
        self.signer.announce(block.envelope())
    }

    #[track_caller]
    fn stays_refused(&self, does: [Does; 3]) {
        let what = format!("{does:?}");
        self.l1.set(does);
        let begin = Instant::now();
        let error = self.announce(&self.other(0)).unwrap_err();
        assert_eq!(error["data"]["code"], "slot_taken", "{what}: {error}");
        // The deadline is a second; without it a hanging node would keep op-node for a minute.
        assert!(begin.elapsed() < Duration::from_secs(30), "{what}: {:?}", begin.elapsed());
        assert_eq!(self.signer.metric("opsign_guard_alarms_total{rule=\"l1_reorg\"}"), 0.0);
    }

    fn again(&mut self) {
        self.signer.signal(Signal::KILL);
        self.signer.wait();
        self.signer = self.bench.start(&config(&self.l1));
    }
}

fn config(l1: &L1) -> String {
    let [a, b, c] = &l1.urls;
    format!(
        "provider: LOCAL\nauth:\n- name: a.local\n  key: key.hex\n  chainID: {CHAIN}\naudit:\n  \
         file: audit\nguard:\n  record: guard\n  reorgEvidence:\n    l1Rpcs: [\"{a}\", \"{b}\", \
         \"{c}\"]\n    agree: 2\ngates:\n- listen: 127.0.0.1:0\n  client: a.local\n"
    )
}

#[test]
fn without_enough_witnesses_the_refusal_stays() {
    use Does::*;
    let world = World::new();
    let says = || Says(NEW);
    world.stays_refused([Says(OLD), Says(OLD), Says(OLD)]);
    world.stays_refused([says(), Says(OLD), Says(OLD)]);
    world.stays_refused([says(), Says([b'z'; 32]), Says(OLD)]);
    world.stays_refused([says(), Hangs, Hangs]);
    for useless in [Lacks, Misnumbers, Fails, Babbles, Floods, Redirects(world.l1.urls[0].clone())]
    {
        world.stays_refused([says(), useless.clone(), useless]);
    }
    // The old origin is gone, and the new one is no L1 block either.
    let foreign = Block::on_l1(2, world.chain[0].block_hash, 0, 101, [b'v'; 32]);
    world.l1.set([says(), says(), says()]);
    assert_eq!(world.announce(&foreign).unwrap_err()["data"]["code"], "slot_taken");
    // Block 1's origin is where it was, so block 1 stays, and so does what stands on it.
    world.l1.set([(); 3].map(|()| Splits(100, [b'w'; 32], NEW)));
    let lower = Block::on_l1(1, [0; 32], 1, 100, NEW);
    assert_eq!(world.announce(&lower).unwrap_err()["data"]["code"], "slot_taken");
    for block in &world.chain {
        world.sign(block).unwrap();
    }
    assert!(!world.signer.log().contains("SECRET"), "a path was logged");
    assert!(!std::fs::read_to_string(world.bench.file("audit")).unwrap().contains("guard_reorg"));
}

#[test]
fn enough_witnesses_make_room_once() {
    use Does::*;
    let mut world = World::new();
    world.l1.set([Says(NEW), Hangs, Says(NEW)]);
    let other = world.other(0);
    world.announce(&other).unwrap();
    world.sign(&other).unwrap();
    world.signer.wait_for_log("ALARM: another block is signed at a recorded height");
    world.signer.wait_for_metric("opsign_guard_alarms_total{rule=\"l1_reorg\"}", 1.0);
    let audit = std::fs::read_to_string(world.bench.file("audit")).unwrap();
    let line = audit.lines().find(|line| line.contains("guard_reorg")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["params"]["number"], 2);
    assert_eq!(line["params"]["witnesses"].as_array().unwrap().len(), 2);

    // All L1 nodes still say so, and there is no third; nor are the old ones signed again.
    world.l1.set([Says(NEW), Says(NEW), Says(NEW)]);
    for _ in 0..2 {
        let third = world.other(1);
        assert_eq!(world.announce(&third).unwrap_err()["data"]["code"], "slot_taken");
        assert_eq!(world.sign(&third).unwrap_err()["data"]["code"], "slot_taken");
        for block in &world.chain[1..] {
            assert_eq!(world.sign(block).unwrap_err()["data"]["code"], "superseded");
        }
        world.sign(&other).unwrap();
        world.again();
    }
    world.signer.signal(Signal::TERM);
    world.signer.wait();
    let verified = world.bench.opsign(&["guard", "verify", "--record", "guard"]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
}

/// With the payload's bytes in the request there is no gate before it.
#[test]
fn a_payload_in_the_request_is_judged_like_one_at_the_gate() {
    let world = World::new();
    let other = world.other(0);
    assert_eq!(world.sign(&other).unwrap_err()["data"]["code"], "slot_taken");
    world.l1.set([(); 3].map(|()| Does::Says(NEW)));
    let signature = world.sign(&other).unwrap();
    assert_eq!(world.sign(&other).unwrap(), signature);
    assert_eq!(world.sign(&world.other(1)).unwrap_err()["data"]["code"], "slot_taken");
}

#[test]
fn killed_while_it_asks_nothing_has_changed() {
    let mut world = World::new();
    let killer = Does::Kills(world.signer.pid());
    world.l1.set([killer.clone(), killer.clone(), killer]);
    world.announce(&world.other(0)).unwrap_err();
    world.again();
    world.stays_refused([Does::Says(NEW), Does::Says(OLD), Does::Says(OLD)]);
    world.sign(&world.chain[2]).unwrap();
    world.l1.set([(); 3].map(|()| Does::Says(NEW)));
    world.announce(&world.other(0)).unwrap();
}

#[test]
fn a_config_names_several_nodes_and_more_than_half_of_them() {
    let bench = Bench::new();
    let check = |rpcs: &str, agree: usize, more: &str| {
        let config = format!(
            "provider: LOCAL\nauth:\n- name: a.local\n  key: key.hex\n  chainID: {CHAIN}\nguard:\n  \
             record: guard\n{more}  reorgEvidence:\n    l1Rpcs: [{rpcs}]\n    agree: {agree}\n"
        );
        let ran = bench.run(&["check-config"], &config);
        (ran.code, ran.err)
    };
    let three = "\"http://a:1\", \"http://b:1\", \"http://c:1\"";
    for (rpcs, agree, more, says) in [
        (three, 1, "", "agree is 1 of 3"),
        (three, 4, "", "agree is 4 of 3"),
        ("\"http://a:1\"", 1, "", "agree is 1 of 1"),
        ("\"http://a:1\",\"http://b:1\",\"http://c:1\",\"http://d:1\"", 2, "", "agree is 2 of 4"),
        ("\"http://a:1/x\", \"http://a:1/y\"", 2, "", "a:1 is there twice"),
        ("\"https://a/SECRET\", \"http://b:1\"", 2, "", "l1Rpcs: write http://HOST:PORT"),
        (three, 2, "  blocks: observe\n", "observe refuses nothing"),
    ] {
        let (code, err) = check(rpcs, agree, more);
        assert_eq!(code, Some(78), "{rpcs} {agree}: {err}");
        assert!(err.contains(says) && !err.contains("SECRET"), "{rpcs} {agree}: {err}");
    }
}
