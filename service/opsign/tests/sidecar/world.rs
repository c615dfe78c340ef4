//! A sidecar, its engines, and an op-node that makes blocks through it.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::bench::{Bench, Signer};
use crate::engine::{Engine, GENESIS};
use crate::http::Client;
use crate::wire::wait_until;

pub const OP_NODE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
pub const LOCAL: &str = "2222222222222222222222222222222222222222222222222222222222222222";
pub const ONE: &str = "3333333333333333333333333333333333333333333333333333333333333333";
pub const TWO: &str = "4444444444444444444444444444444444444444444444444444444444444444";

/// For tests in which no deadline may pass, however slow the machine is.
pub const PATIENT: &str = "deadline: 60s\n";

/// For tests in which one must.
pub const HASTY: &str = "deadline: 400ms\n";

pub struct World {
    pub bench: Bench,
    pub local: Engine,
    pub one: Engine,
    pub two: Engine,
    pub sidecar: Signer,
    pub client: Client,
    /// Seconds; of the last block that was asked for.
    pub time: u64,
    pub head: String,
}

impl World {
    /// A world with one builder, which follows.
    pub fn new(config: &str) -> Self {
        Self::with(config, &["one"])
    }

    pub fn with(config: &str, builders: &[&str]) -> Self {
        Self::on(Bench::new(), config, builders)
    }

    /// The same in a folder that is there.
    pub fn on(bench: Bench, config: &str, builders: &[&str]) -> Self {
        Self::under(&[], bench, config, builders)
    }

    /// The same with a sidecar that another program starts.
    pub fn under(outer: &[&str], bench: Bench, config: &str, builders: &[&str]) -> Self {
        let local = Engine::start("local", LOCAL);
        let one = Engine::start("one", ONE);
        let two = Engine::start("two", TWO);
        for (name, secret) in [("jwt", OP_NODE), ("local", LOCAL), ("one", ONE), ("two", TWO)] {
            bench.write(&format!("{name}.hex"), format!("0x{secret}\n"));
        }
        let mut text = format!(
            "listen: 127.0.0.1:0\njwtSecretFile: jwt.hex\nlocal: {{url: \"{}\", jwtSecretFile: \
             local.hex}}\ndecisions: decisions.jsonl\nmetrics: {{enabled: true, listenPort: \
             0}}\nbuilders:\n",
            local.url()
        );
        for name in builders {
            let url = if *name == "one" { one.url() } else { two.url() };
            text += &format!("- {{name: {name}, url: \"{url}\", jwtSecretFile: {name}.hex}}\n");
        }
        let sidecar = bench.start_other_under(outer, "sidecar", &format!("{text}{config}"), &[]);
        for name in builders {
            sidecar.wait_for_metric(
                &format!("opsign_sidecar_builder_synced{{builder=\"{name}\"}}"),
                1.0,
            );
        }
        let client = Client::open(sidecar.address, OP_NODE);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        Self { bench, local, one, two, sidecar, client, time: now, head: GENESIS.to_owned() }
    }

    /// A second connection of op-node.
    pub fn connect(&self) -> Client {
        Client::open(self.sidecar.address, OP_NODE)
    }

    pub fn state(&self) -> Value {
        json!({"headBlockHash": self.head, "safeBlockHash": GENESIS, "finalizedBlockHash": GENESIS})
    }

    /// Attributes of the next block, with a deposit.
    pub fn attributes(&mut self) -> Value {
        self.time += 1;
        json!({
            "timestamp": format!("{:#x}", self.time), "prevRandao": format!("0x{:064x}", 77),
            "suggestedFeeRecipient": format!("0x{:040x}", 0x11), "withdrawals": [],
            "parentBeaconBlockRoot": format!("0x{:064x}", 0), "gasLimit": "0x3938700",
            "transactions": ["0x7eABcdef", "0x7e01"], "eip1559Params": "0x0000000000000000",
        })
    }

    /// Asks for a block: its id.
    #[track_caller]
    pub fn ask(&mut self, attributes: &Value) -> String {
        let params = json!([self.state(), attributes]);
        let answer = self.client.result("engine_forkchoiceUpdatedV3", params);
        assert_eq!(answer["payloadStatus"]["status"], "VALID", "{answer}");
        answer["payloadId"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn get(&mut self, id: &str) -> Value {
        self.client.result("engine_getPayloadV4", json!([id]))
    }

    /// Takes a block as op-node does: the engine first, then the head.
    #[track_caller]
    pub fn take(&mut self, envelope: &Value) {
        let payload = &envelope["executionPayload"];
        let params = json!([payload, [], format!("0x{:064x}", 0), []]);
        let answer = self.client.result("engine_newPayloadV4", params);
        assert_eq!(answer["status"], "VALID", "{answer}");
        self.head = payload["blockHash"].as_str().unwrap().to_owned();
        let params = json!([self.state(), null]);
        let answer = self.client.result("engine_forkchoiceUpdatedV3", params);
        assert_eq!(answer["payloadStatus"]["status"], "VALID", "{answer}");
    }

    /// Makes a block, from question to head: whose it was.
    #[track_caller]
    pub fn make(&mut self) -> &'static str {
        let attributes = self.attributes();
        let id = self.ask(&attributes);
        let envelope = self.get(&id);
        self.take(&envelope);
        builder(&envelope)
    }

    /// The decision line of the last block.
    #[track_caller]
    pub fn decision(&self) -> Value {
        self.decisions().last().unwrap().clone()
    }

    /// All lines that are there once this many blocks were decided.
    pub fn decisions(&self) -> Vec<Value> {
        let decided = self.sidecar.metric("opsign_sidecar_get_payload_seconds_count") as usize;
        let file: PathBuf = self.bench.file("decisions.jsonl");
        let read = || std::fs::read_to_string(&file).unwrap();
        wait_until("decision lines", || read().lines().count() >= decided);
        read().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Who built a block.
pub fn builder(envelope: &Value) -> &'static str {
    let root = envelope["executionPayload"]["stateRoot"].as_str().unwrap();
    ["local", "one", "two"]
        .into_iter()
        .find(|name| root.ends_with(&base16ct::lower::encode_string(name.as_bytes())))
        .unwrap_or("nobody")
}
