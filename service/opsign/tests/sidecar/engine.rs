//! A fake engine: a chain, a port, and faults.

use std::collections::HashMap;
use std::io::{BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::http::{Message, is_signed};

/// What an engine does wrong with an answer.
#[derive(Clone)]
pub enum Fault {
    /// Answers so much later.
    Delay(Duration),
    /// Never answers.
    Hang,
    /// Changes the answer.
    Edit(Arc<dyn Fn(&mut Value) + Send + Sync>),
    /// Writes these bytes as body.
    Bytes(Arc<dyn Fn(String) -> Vec<u8> + Send + Sync>),
    /// Writes all this to the connection, and closes it.
    Raw(Vec<u8>),
    /// Announces the whole body and closes after half of it.
    Cut,
    /// Writes the head, and then a byte at a time.
    Trickle,
}

/// An engine. Its port is closed when it is stopped or dropped.
#[derive(Clone)]
pub struct Engine {
    pub name: &'static str,
    pub secret: String,
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    running: Arc<AtomicBool>,
}

pub struct State {
    /// By hash: number, parent.
    pub blocks: HashMap<String, (u64, String)>,
    pub head: String,
    /// By hash: the blocks that came by `engine_newPayload`.
    payloads: HashMap<String, Value>,
    jobs: HashMap<String, Value>,
    /// By the beginning of the method's name.
    faults: Vec<(&'static str, Fault)>,
    /// Method and request, in the order of their coming.
    pub seen: Vec<(String, Message)>,
    pub gas_used: u64,
    pub value: u64,
    /// Transactions beside the forced ones.
    pub transactions: Vec<String>,
    streams: Vec<TcpStream>,
}

/// Of every block.
const BASE_FEE: &str = "0x3b9aca00";

pub const GENESIS: &str = "0x00000000000000000000000000000000000000000000000000000000000000aa";

impl Engine {
    pub fn start(name: &'static str, secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State {
            blocks: HashMap::from([(GENESIS.to_owned(), (0, String::new()))]),
            head: GENESIS.to_owned(),
            payloads: HashMap::new(),
            jobs: HashMap::new(),
            faults: Vec::new(),
            seen: Vec::new(),
            gas_used: 1_000_000,
            value: 1,
            transactions: vec![format!("0x02{}", base16ct::lower::encode_string(name.as_bytes()))],
            streams: Vec::new(),
        };
        let mut engine = Self {
            name,
            secret: secret.to_owned(),
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(state)),
            running: Arc::default(),
        };
        engine.listen(listener);
        engine
    }

    fn listen(&mut self, listener: TcpListener) {
        self.running = Arc::new(AtomicBool::new(true));
        let engine = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if !engine.running.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                stream.set_nodelay(true).unwrap();
                engine.with(|state| state.streams.push(stream.try_clone().unwrap()));
                let engine = engine.clone();
                std::thread::spawn(move || engine.serve(stream));
            }
        });
    }

    /// A second port, which speaks TLS.
    pub fn listen_tls(&self, config: ServerConfig) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (engine, config) = (self.clone(), Arc::new(config));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let session = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = BufReader::new(StreamOwned::new(session, stream.unwrap()));
                let engine = engine.clone();
                std::thread::spawn(move || {
                    // A client that does not trust us ends it here.
                    while let Some(request) = Message::read(&mut stream, false) {
                        if engine.answer(&request, stream.get_mut()).is_none() {
                            return;
                        }
                    }
                });
            }
        });
        address
    }

    /// Dies as a killed process does.
    pub fn kill(&self) {
        self.running.store(false, Ordering::SeqCst);
        // Wakes the listener, which then closes.
        let _ = TcpStream::connect(self.address);
        crate::wire::wait_until("the port is closed", || TcpStream::connect(self.address).is_err());
        for stream in self.with(|state| std::mem::take(&mut state.streams)) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Comes back at the same address, with the chain that it had.
    pub fn restart(&mut self) {
        let listener = crate::wire::wait_for("the port", || TcpListener::bind(self.address).ok());
        self.listen(listener);
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    /// From now on methods that begin so fail so.
    pub fn fault(&self, method: &'static str, fault: Fault) {
        self.with(|state| state.faults.insert(0, (method, fault)));
    }

    pub fn edit(&self, method: &'static str, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.fault(method, Fault::Edit(Arc::new(edit)));
    }

    pub fn heal(&self) {
        self.with(|state| state.faults.clear());
    }

    pub fn count(&self, method: &str) -> usize {
        self.with(|state| state.seen.iter().filter(|(seen, _)| seen.starts_with(method)).count())
    }

    /// The methods that were called, but for questions.
    pub fn calls(&self) -> Vec<String> {
        let calls = self
            .with(|state| state.seen.iter().map(|(method, _)| method.clone()).collect::<Vec<_>>());
        calls.into_iter().filter(|method| !method.starts_with("eth_getBlock")).collect()
    }

    pub fn last(&self, method: &str) -> Message {
        self.with(|state| {
            let mut seen = state.seen.iter().rev();
            seen.find(|(seen, _)| seen.starts_with(method)).unwrap().1.clone()
        })
    }

    fn serve(&self, stream: TcpStream) {
        let mut writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        while let Some(request) = Message::read(&mut reader, false) {
            if request.header("upgrade").is_some() {
                self.with(|state| state.seen.push(("upgrade".into(), request)));
                let answer = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: \
                              websocket\r\nsec-websocket-accept: abc\r\n\r\n";
                writer.write_all(answer.as_bytes()).unwrap();
                std::io::copy(&mut reader, &mut writer).unwrap();
                return;
            }
            if self.answer(&request, &mut writer).is_none() {
                let _ = writer.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    fn answer(&self, request: &Message, writer: &mut impl Write) -> Option<()> {
        let call: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let method = call["method"].as_str().unwrap_or(&request.first).to_owned();
        let fault = self.with(|state| {
            state.seen.push((method.clone(), request.clone()));
            state.faults.iter().find(|(name, _)| method.starts_with(name)).map(|(_, f)| f.clone())
        });
        let signed = is_signed(request, &self.secret);
        if !signed {
            return write(writer, 401, b"signature is invalid\n");
        }
        if let Some(Fault::Hang) = fault {
            while self.running.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
            }
            return None;
        }
        if let Some(Fault::Delay(delay)) = fault {
            std::thread::sleep(delay);
        }
        let mut answer = if let Some(calls) = call.as_array() {
            calls.iter().map(|call| self.rpc(call)).collect()
        } else if call.is_null() {
            // What came, so that a test can look at it.
            let echo = format!("{} {}", request.first, request.body.len());
            return write(writer, 200, echo.as_bytes());
        } else {
            self.rpc(&call)
        };
        let text = |answer: &Value| format!("{answer}\n");
        match fault {
            Some(Fault::Edit(edit)) => {
                edit(&mut answer);
                write(writer, 200, text(&answer).as_bytes())
            }
            Some(Fault::Bytes(bytes)) => write(writer, 200, &bytes(text(&answer))),
            Some(Fault::Raw(bytes)) => {
                writer.write_all(&bytes).ok()?;
                None
            }
            Some(Fault::Cut) => {
                let body = text(&answer);
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                writer.write_all(head.as_bytes()).ok()?;
                writer.write_all(&body.as_bytes()[..body.len() / 2]).ok()?;
                None
            }
            Some(Fault::Trickle) => {
                let body = text(&answer);
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                writer.write_all(head.as_bytes()).ok()?;
                for byte in body.bytes() {
                    writer.write_all(&[byte]).ok()?;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Some(())
            }
            _ => write(writer, 200, text(&answer).as_bytes()),
        }
    }

    fn rpc(&self, call: &Value) -> Value {
        let method = call["method"].as_str().unwrap_or_default();
        let params = &call["params"];
        let result = self.with(|state| match method {
            _ if method.starts_with("engine_forkchoiceUpdatedV") => {
                Ok(state.fork_choice(self.name, params))
            }
            _ if method.starts_with("engine_newPayloadV") => Ok(state.new_payload(&params[0])),
            _ if method.starts_with("engine_getPayloadV") => state.get_payload(self.name, params),
            "eth_getBlockByNumber" => Ok(state.block(params)),
            "engine_getPayloadBodiesByHashV1" => {
                let payload = &state.payloads[params[0][0].as_str().unwrap()];
                Ok(json!([{"transactions": payload["transactions"],
                           "withdrawals": payload["withdrawals"]}]))
            }
            "eth_chainId" => Ok(json!("0xa")),
            "eth_big" => Ok(json!("x".repeat(params[0].as_u64().unwrap() as usize))),
            "eth_echo" => Ok(params.clone()),
            "eth_sendRawTransaction" | "miner_setExtra" => Ok(json!(format!("{}-ok", self.name))),
            _ => Err(json!({"code": -32601, "message": format!("the method {method} does not exist/is not available")})),
        });
        match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": call["id"], "result": result}),
            Err(error) => json!({"jsonrpc": "2.0", "id": call["id"], "error": error}),
        }
    }
}

impl State {
    fn fork_choice(&mut self, name: &str, params: &Value) -> Value {
        let head = params[0]["headBlockHash"].as_str().unwrap();
        if !self.blocks.contains_key(head) {
            return json!({"payloadStatus": {"status": "SYNCING", "latestValidHash": null},
                          "payloadId": null});
        }
        self.head = head.to_owned();
        let mut id = Value::Null;
        if !params[1].is_null() {
            // As op-geth: the same question has the same id. Ids of two engines differ.
            let digest = Sha256::digest(format!("{name}{params}"));
            let text = format!("0x03{}", base16ct::lower::encode_string(&digest[..7]));
            self.jobs.insert(text.clone(), json!([head, params[1]]));
            id = json!(text);
        }
        json!({"payloadStatus": {"status": "VALID", "latestValidHash": head}, "payloadId": id})
    }

    fn new_payload(&mut self, payload: &Value) -> Value {
        let parent = payload["parentHash"].as_str().unwrap();
        let status = |status: &str| json!({"status": status, "latestValidHash": null});
        let Some((number, _)) = self.blocks.get(parent) else { return status("SYNCING") };
        let claimed = payload["blockHash"].as_str().unwrap();
        // What the parent alone decides, as every engine judges it.
        let fits = payload["blockNumber"] == json!(format!("{:#x}", number + 1))
            && payload["baseFeePerGas"] == BASE_FEE;
        if hash(payload) != claimed || !fits {
            return status("INVALID");
        }
        self.blocks.insert(claimed.to_owned(), (number + 1, parent.to_owned()));
        self.payloads.insert(claimed.to_owned(), payload.clone());
        status("VALID")
    }

    fn get_payload(&mut self, name: &str, params: &Value) -> Result<Value, Value> {
        let unknown = || json!({"code": -38001, "message": "Unknown payload"});
        let job = self.jobs.get(params[0].as_str().unwrap()).ok_or_else(unknown)?;
        let (parent, asked) = (&job[0], &job[1]);
        let (number, _) = self.blocks.get(parent.as_str().unwrap()).ok_or_else(unknown)?;
        let mut transactions = asked["transactions"].as_array().cloned().unwrap_or_default();
        if asked["noTxPool"] != true {
            transactions.extend(self.transactions.iter().map(|transaction| json!(transaction)));
        }
        let mut payload = json!({
            "parentHash": parent, "feeRecipient": asked["suggestedFeeRecipient"],
            "stateRoot": format!("0x{:0>64}", base16ct::lower::encode_string(name.as_bytes())),
            "receiptsRoot": format!("0x{:064x}", 2), "logsBloom": format!("0x{:0512x}", 0),
            "prevRandao": asked["prevRandao"], "blockNumber": format!("{:#x}", number + 1),
            "gasLimit": asked["gasLimit"], "gasUsed": format!("{:#x}", self.gas_used),
            "timestamp": asked["timestamp"], "extraData": "0x00000000fa00000006",
            "baseFeePerGas": BASE_FEE, "transactions": transactions,
            "withdrawals": asked["withdrawals"], "blobGasUsed": "0x0", "excessBlobGas": "0x0",
            "withdrawalsRoot": format!("0x{:064x}", 3), "ofAFutureFork": {"deep": [1, 2.50]},
        });
        payload["blockHash"] = json!(hash(&payload));
        Ok(json!({
            "executionPayload": payload, "blockValue": format!("{:#x}", self.value),
            "blobsBundle": {"commitments": [], "proofs": [], "blobs": []},
            "executionRequests": [], "shouldOverrideBuilder": false,
            "parentBeaconBlockRoot": asked["parentBeaconBlockRoot"],
        }))
    }

    /// The block of this number in the chain of the head.
    fn block(&self, params: &Value) -> Value {
        let mut hash = self.head.clone();
        if let Some(wanted) = params[0].as_str().and_then(|text| text.strip_prefix("0x")) {
            let wanted = u64::from_str_radix(wanted, 16).unwrap();
            if self.blocks[&hash].0 < wanted {
                return Value::Null;
            }
            while self.blocks[&hash].0 > wanted {
                hash = self.blocks[&hash].1.clone();
            }
        }
        let (number, parent) = &self.blocks[&hash];
        let mut header = json!({"number": format!("{number:#x}"), "hash": hash,
                                "parentHash": parent, "requestsHash": "0xe3",
                                "parentBeaconBlockRoot": format!("0x{:064x}", 0)});
        if let Some(payload) = self.payloads.get(&hash) {
            for (name, value) in payload.as_object().unwrap() {
                let name = match &**name {
                    "feeRecipient" => "miner",
                    "prevRandao" => "mixHash",
                    "transactions" | "withdrawals" | "blockHash" | "blockNumber" => continue,
                    name => name,
                };
                header[name] = value.clone();
            }
        }
        header
    }
}

/// What stands for a block's hash: whatever is in it counts.
pub fn hash(payload: &Value) -> String {
    // Sorted, so that order does not count; and but for what no header knows.
    let sorted: std::collections::BTreeMap<_, _> = payload
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !matches!(&***name, "blockHash" | "ofAFutureFork"))
        .collect();
    let digest = Sha256::digest(serde_json::to_string(&sorted).unwrap());
    format!("0x{}", base16ct::lower::encode_string(&digest))
}

fn write(stream: &mut impl Write, status: u16, body: &[u8]) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nx-engine: fake\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    stream.write_all(&bytes).ok()
}

/// Waits until time is over or `done` says so; what it said last.
pub fn within(time: Duration, mut done: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if done() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    done()
}
