//! A folder with all that a signer needs, the program started in it, and clients for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use opsign_core::tx::SignedTransaction;
use opsign_core::{Address, ChainId, PayloadHash, Rules, Signature, verify_payload};
use rustls::{ALL_VERSIONS, ClientConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::token;
use crate::wire::{Authority, Connection, wait_for};

/// The address of the secret key one, which is in `key.hex`.
pub const ONE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

/// The address of the fake token's key, which is 32 bytes of 01.
pub const FAKE: &str = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1";

/// The beginning of a config with one entry, which lacks its key.
pub const AUTH: &str = "provider: LOCAL\nauth:\n- name: client.local\n  chainID: 10\n";

/// A config in which `client.local` may sign with the key one on chain 10.
pub const PLAIN: &str = "provider: LOCAL\nauth:\n- name: client.local\n  key: key.hex\n  \
                         chainID: 10\n";

/// The program under test, unless a copy of it was named before.
pub static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

fn program() -> &'static Path {
    PROGRAM.get_or_init(|| env!("CARGO_BIN_EXE_opsign").into())
}

pub struct Bench {
    folder: TempDir,
    pub authority: Authority,
}

/// What a run that ended said.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Bench {
    /// Certificates, and the secret key one in `key.hex`.
    pub fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
            authority: Authority::new("opsign test authority"),
        };
        bench.write("ca.crt", &bench.authority.pem);
        let own = bench.authority.issue(&["localhost"]);
        bench.write("tls.crt", &own.certificate);
        bench.write("tls.key", &own.key);
        bench.write("key.hex", format!("{:064x}", 1));
        bench.write("pin", token::PIN);
        bench
    }

    /// A config in which `client.local` may sign with the fake token's key, and a fake token that does
    /// as it should.
    pub fn fake_token(&self) -> String {
        self.write("control", "");
        format!(
            "{AUTH}  key: \"pkcs11:token=fake;object=sequencer?module-path={}&pin-source=file:pin\"\n",
            token::fake_module().display()
        )
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces a file in one step, readable by its owner alone.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let (new, file) = (self.file(&format!("{name}.new")), self.file(name));
        std::fs::write(&new, contents).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&new, mode).unwrap();
        std::fs::rename(new, file).unwrap();
    }

    fn command_under(&self, outer: &[&str], words: &[&str]) -> Command {
        let line: Vec<&str> =
            outer.iter().chain(&[program().to_str().unwrap()]).chain(words).copied().collect();
        let mut command = Command::new(line[0]);
        command
            .args(&line[1..])
            .args(["--config", "config.yaml", "--tls.ca", "ca.crt", "--tls.cert", "tls.crt"])
            .args(["--tls.key", "tls.key"])
            .current_dir(self.folder())
            .env("SOFTHSM2_CONF", self.file("softhsm2.conf"))
            .env("OPSIGN_FAKE_PKCS11_CONTROL", self.file("control"))
            .stdin(Stdio::null());
        command
    }

    /// Runs to the end with this config.
    pub fn run(&self, words: &[&str], config: &str) -> Ran {
        self.write("config.yaml", config);
        let output = self.command_under(&[], words).output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs the program with these words and no others.
    pub fn opsign(&self, words: &[&str]) -> Ran {
        let mut command = Command::new(program());
        command.args(words).current_dir(self.folder()).stdin(Stdio::null());
        let output = command.output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts a proxy with this config, logging JSON at info.
    pub fn start_proxy(&self, config: &str) -> Signer {
        self.start_other("proxy", config)
    }

    /// The same with any program of which a config file is all that it needs.
    pub fn start_other(&self, name: &str, config: &str) -> Signer {
        self.start_with_words(name, config, &[])
    }

    /// The same, with more on its command line.
    pub fn start_with_words(&self, name: &str, config: &str, words: &[&str]) -> Signer {
        self.start_other_under(&[], name, config, words)
    }

    /// The same through another program, which gets its command line.
    pub fn start_other_under(
        &self,
        outer: &[&str],
        name: &str,
        config: &str,
        words: &[&str],
    ) -> Signer {
        let file = format!("{name}.yaml");
        self.write(&file, config);
        let program = program().to_str().unwrap();
        let line: Vec<&str> = outer.iter().chain(&[program]).copied().collect();
        let child = Command::new(line[0])
            .args(&line[1..])
            .args([name, "--config", &file, "--log.format", "json"])
            .args(words)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Signer::watch(child).unwrap_or_else(|ran| panic!("the {name} ended: {}", ran.err))
    }

    /// Starts a signer with this config, logging JSON at info.
    pub fn start(&self, config: &str) -> Signer {
        self.start_with(config, &["--log.format", "json"])
    }

    pub fn start_with(&self, config: &str, flags: &[&str]) -> Signer {
        self.start_under(&[], config, flags)
    }

    /// Starts it through another program, which gets its command line.
    pub fn start_under(&self, outer: &[&str], config: &str, flags: &[&str]) -> Signer {
        let started = self.try_start_under(outer, config, flags);
        started.unwrap_or_else(|ran| panic!("it ended with {:?}: {}", ran.code, ran.err))
    }

    /// The same. What it said, if it ends before it listens.
    pub fn try_start_under(
        &self,
        outer: &[&str],
        config: &str,
        flags: &[&str],
    ) -> Result<Signer, Ran> {
        self.write("config.yaml", config);
        let ports = ["signer", "--rpc.addr", "127.0.0.1", "--rpc.port", "0", "--metrics.enabled"];
        let child = self
            .command_under(outer, &ports)
            .args(["--metrics.addr", "127.0.0.1", "--metrics.port", "0"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Signer::watch(child)
    }

    /// A client whose certificate has these DNS names.
    pub fn client(&self, names: &[&str]) -> Arc<ClientConfig> {
        self.authority.client(Some(&self.authority.issue(names)), ALL_VERSIONS)
    }

    /// A connection of `client.local`.
    pub fn connect(&self, signer: &Signer) -> Connection {
        Connection::open(signer.address, &self.client(&["client.local"])).unwrap()
    }
}

/// A running signer. Killed when dropped.
pub struct Signer {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    pub address: SocketAddr,
    pub metrics: SocketAddr,
}

impl Signer {
    fn watch(mut child: Child) -> Result<Self, Ran> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let lines = Arc::clone(&lines);
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    lines.lock().unwrap().push(line);
                }
            });
        }
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut signer = Self { child, lines, address: nowhere, metrics: nowhere };
        signer.address = signer.first_address("listening")?;
        signer.metrics = signer.first_address("metrics")?;
        Ok(signer)
    }

    /// The address in the line with this message, in any format of the log.
    pub fn wait_for_address(&self, message: &str) -> SocketAddr {
        wait_for(&format!("{message} in the log: {}", self.log()), || {
            address_in(&self.log(), message)
        })
    }

    /// The same at the start, which may fail.
    fn first_address(&mut self, message: &str) -> Result<SocketAddr, Ran> {
        wait_for(&format!("{message} in the log"), || {
            let ended = self.ended();
            let log = self.log();
            match (address_in(&log, message), ended) {
                (Some(address), _) => Some(Ok(address)),
                (None, Some(status)) => {
                    Some(Err(Ran { code: status.code(), out: String::new(), err: log }))
                }
                (None, None) => None,
            }
        })
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that was logged.
    pub fn log(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    #[track_caller]
    pub fn wait_for_log(&self, what: &str) {
        if self.log().contains(what) {
            return;
        }
        let from = self.log().len();
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for(what, || self.log().contains(what).then_some(()));
        }));
        assert!(found.is_ok(), "no \"{what}\" in the log, {from} bytes then: {}", self.log());
    }

    /// What the metrics port shows.
    pub fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.metrics).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// The value of one metric, with its labels; zero if it is not there yet.
    pub fn metric(&self, name: &str) -> f64 {
        let metrics = self.metrics();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    #[track_caller]
    pub fn wait_for_metric(&self, name: &str, value: f64) {
        let until = std::time::Instant::now() + crate::wire::PATIENCE;
        while self.metric(name) != value {
            assert!(
                std::time::Instant::now() < until,
                "{name} should be {value}; log: {}\n{}",
                self.log(),
                self.metrics()
            );
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Hands a block to the commit gate, as op-node does: the result or the error.
    pub fn announce(&self, envelope: Value) -> Result<Value, Value> {
        let body = call("conductor_commitUnsafePayload", &json!([envelope]));
        let mut stream = TcpStream::connect(self.wait_for_address("commit gate")).unwrap();
        let head =
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json";
        write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        // A signer that is killed meanwhile has no answer.
        let _ = stream.read_to_string(&mut answer);
        outcome(answer.split("\r\n\r\n").nth(1).unwrap_or("{\"error\": \"no answer\"}"))
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        wait_for("the signer ends", || child.try_wait().unwrap())
    }

    /// Resident kilobytes.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(log: &str, message: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains(message))?;
    let rest = &line[line.find("127.0.0.1:")?..];
    let end = rest.find(['"', ' ', '\x1b']).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

static ID: AtomicU32 = AtomicU32::new(1);

/// The result of a JSON-RPC answer, or its error.
pub fn outcome(body: &str) -> Result<Value, Value> {
    let mut body: Value = serde_json::from_str(body).unwrap();
    if body["error"].is_null() { Ok(body["result"].take()) } else { Err(body["error"].take()) }
}

/// The body of a call.
pub fn call(method: &str, params: &Value) -> String {
    let id = ID.fetch_add(1, Ordering::Relaxed);
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

impl Ran {
    /// What it printed, as JSON; it must have ended with this code.
    #[track_caller]
    pub fn json(&self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "out: {}\nerr: {}", self.out, self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

impl Connection {
    /// Calls a method: its result, or code and message of its error.
    #[track_caller]
    pub fn rpc(&mut self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        let answer = self.post(&call(method, &params)).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut body: Value = serde_json::from_str(&answer.body).unwrap();
        match body.get("error") {
            None => Ok(body["result"].take()),
            Some(error) => Err((
                error["code"].as_i64().unwrap(),
                error["message"].as_str().unwrap().to_owned(),
            )),
        }
    }

    /// Calls a method that is refused: the error as it came.
    #[track_caller]
    pub fn refused(&mut self, method: &str, params: Value) -> Value {
        let answer = self.post(&call(method, &params)).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut body: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(body["error"].is_object(), "{body}");
        body["error"].take()
    }

    pub fn sign_payload(&mut self, chain: u64) -> Result<Value, (i64, String)> {
        self.rpc("opsigner_signBlockPayloadV2", json!([payload(chain)]))
    }

    pub fn sign_transaction(&mut self, change: Value) -> Result<Value, (i64, String)> {
        self.rpc("eth_signTransaction", json!([transaction(&change)]))
    }

    /// Has a payload and a transaction signed, and checks who signed them.
    #[track_caller]
    pub fn assert_signs(&mut self, address: &str) {
        let address: Address = address.parse().unwrap();
        let result = self.sign_payload(10).unwrap();
        let signature = Signature::from_bytes(&unhex(&result), Rules::Strict).unwrap();
        verify_payload(&ChainId::from(10), &PayloadHash::of(b"payload"), &signature, &address)
            .unwrap();
        let result = self.sign_transaction(json!({})).unwrap();
        let raw = unhex(&result);
        let signed = SignedTransaction::decode(&raw).unwrap();
        assert_eq!(signed.sender().unwrap(), address);
        assert_eq!(signed.transaction().kind(), 2);
    }
}

/// The argument of `opsigner_signBlockPayloadV2`.
pub fn payload(chain: u64) -> Value {
    json!({
        "domain": format!("0x{:064x}", 0),
        "chainId": chain.to_string(),
        "payloadHash": PayloadHash::of(b"payload").to_string(),
    })
}

/// The argument of `eth_signTransaction`, with `change`'s members put in; null takes one out.
pub fn transaction(change: &Value) -> Value {
    let mut transaction = json!({
        "chainId": "0xa",
        "nonce": "0x0",
        "maxFeePerGas": "0x64",
        "maxPriorityFeePerGas": "0x1",
        "gas": "0x5208",
        "to": "0xff00000000000000000000000000000000000010",
        "value": "0x10",
    });
    for (name, value) in change.as_object().unwrap() {
        transaction[name] = value.clone();
    }
    transaction
}

pub fn unhex(value: &Value) -> Vec<u8> {
    base16ct::mixed::decode_vec(&value.as_str().unwrap()[2..]).unwrap()
}

/// Somebody at a running signer's admin port, with a certificate in `ops.crt`.
pub struct Operator<'a> {
    bench: &'a Bench,
    url: String,
}

impl<'a> Operator<'a> {
    pub fn new(bench: &'a Bench, signer: &Signer, name: &str) -> Self {
        let identity = bench.authority.issue(&[name]);
        bench.write("ops.crt", identity.certificate);
        bench.write("ops.key", identity.key);
        let port = signer.wait_for_address("admin port").port();
        Self { bench, url: format!("https://localhost:{port}") }
    }

    /// Runs `opsign --json` with these words, which must end with this code.
    #[track_caller]
    pub fn ask(&self, words: &str, code: i32) -> Value {
        self.run(words).json(code)
    }

    /// The same for a command that prints lines, any number of them.
    #[track_caller]
    pub fn lines(&self, words: &str, code: i32) -> Vec<Value> {
        let ran = self.run(words);
        assert_eq!(ran.code, Some(code), "out: {}\nerr: {}", ran.out, ran.err);
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn run(&self, words: &str) -> Ran {
        let mut line = vec!["--json"];
        line.extend(words.split(' '));
        line.extend(["--admin", &self.url, "--tls.ca", "ca.crt"]);
        line.extend(["--tls.cert", "ops.crt", "--tls.key", "ops.key"]);
        self.bench.opsign(&line)
    }
}
