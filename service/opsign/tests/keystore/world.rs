//! A folder with certificates, keys, a record and a config; the program on it; and its clients.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use hyper_util::rt::TokioIo;
use opsign_keystore::proto::remote_keystore_client::RemoteKeystoreClient;
use opsign_keystore::proto::remote_keystore_payload as payload;
use opsign_keystore::proto::remote_keystore_payload::Message;
use opsign_keystore::proto::{RemoteKeystorePayload, RemoteKeystoreSignature, SignWithRequest};
use rustls::pki_types::ServerName;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

/// The program, if it is not the one that this was built with.
pub static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

pub const CLIENTS: [&str; 3] = ["one.example", "two.example", "ops.example"];

pub type Client = RemoteKeystoreClient<Channel>;

pub struct World {
    folder: TempDir,
}

/// The program, killed when dropped.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
    /// Where its metrics are, if the config has them shown.
    metrics: Option<SocketAddr>,
    log: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl World {
    /// Certificates, an empty record, no keys.
    pub fn new() -> Self {
        let world = Self { folder: TempDir::new().unwrap() };
        let mut certs = vec!["certs", "--out", "tls", "--server", "localhost"];
        CLIENTS.iter().for_each(|name| certs.extend(["--client", name]));
        world.done(&certs);
        world.write("passphrase", "a test's\n");
        world.done(&["guard", "init", "--record", "guard"]);
        world.configure("");
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The config with `more` at its end.
    pub fn configure(&self, more: &str) {
        self.configure_guard("  record: guard\n", more);
    }

    pub fn configure_guard(&self, guard: &str, more: &str) {
        let mut text = format!(
            "listen: 127.0.0.1:0\nkeys:\n  folder: keys\n  passphraseFile: passphrase\n\
             guard:\n{guard}clients:\n"
        );
        for name in &CLIENTS[..2] {
            text += &format!(
                "- name: {name}\n  keyTypes: [babe, gran, para, beef, audi, asgn]\n  \
                 operations: [publicKeys, sign, vrf, ownership]\n"
            );
        }
        text += "- name: ops.example\n  keyTypes: [babe, gran, beef, audi]\n  \
                 operations: [publicKeys, generate]\n";
        self.write("keystore.yaml", &(text + "audit: audit.jsonl\n" + more));
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let program = PROGRAM.get_or_init(|| env!("CARGO_BIN_EXE_opsign").into());
        let mut command = Command::new(program);
        command.args(words).current_dir(self.folder.path());
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs a command that has to succeed, and gives what it prints.
    pub fn done(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {text}{error}");
        text
    }

    /// Puts a key into the folder. Gives its public key.
    pub fn import(&self, key_type: &str, scheme: &str, seed: &str, owner: &str) -> Vec<u8> {
        self.write("seed", seed);
        let text = self.done(&[
            "--json",
            "keystore",
            "key",
            "import",
            "--folder",
            "keys",
            "--password-file",
            "passphrase",
            "--key-type",
            key_type,
            "--crypto-type",
            scheme,
            "--owner",
            owner,
            "--light-kdf",
            "seed",
        ]);
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        hex(report["publicKey"].as_str().unwrap())
    }

    pub fn start(&self) -> Running {
        self.start_with(&mut self.command(&["keystore", "--config", "keystore.yaml"]))
    }

    pub fn start_with(&self, command: &mut Command) -> Running {
        self.try_start(command).expect("it starts")
    }

    /// The program, or how it ended before it listened.
    pub fn try_start(&self, command: &mut Command) -> Result<Running, ExitStatus> {
        let mut child = command
            .args(["--log.format", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let log = Arc::new(Mutex::new(Vec::<serde_json::Value>::new()));
        let address = |line: &serde_json::Value| line["address"].as_str().unwrap().parse().unwrap();
        let mut metrics = None;
        while let Some(line) = lines.next() {
            let line: serde_json::Value = line;
            log.lock().unwrap().push(line.clone());
            if line["message"] == "metrics" {
                metrics = Some(address(&line));
            }
            if line["message"] == "listening" {
                let address = address(&line);
                let rest = Arc::clone(&log);
                std::thread::spawn(move || lines.for_each(|line| rest.lock().unwrap().push(line)));
                return Ok(Running { child, address, metrics, log });
            }
        }
        Err(child.wait().unwrap())
    }

    pub async fn client(&self, running: &Running, name: &str) -> Client {
        self.connect(running.address, Some(name)).await.unwrap()
    }

    /// Connects, showing a certificate or none.
    pub async fn connect(
        &self,
        address: SocketAddr,
        name: Option<&str>,
    ) -> Result<Client, tonic::transport::Error> {
        self.channel(address, name).await.map(RemoteKeystoreClient::new)
    }

    /// The same for a client of another service.
    pub async fn channel(
        &self,
        address: SocketAddr,
        name: Option<&str>,
    ) -> Result<Channel, tonic::transport::Error> {
        let path = |name: &str, end: &str| self.path("tls").join(format!("{name}.{end}"));
        let own = name.map(|name| (path(name, "crt"), path(name, "key")));
        let own = own.as_ref().map(|(cert, key)| (cert.as_path(), key.as_path()));
        let mut config = opsign_wire::client_tls(&path("ca", "crt"), own).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let open = move |_| {
            let connector = connector.clone();
            async move {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let name = ServerName::try_from("localhost").unwrap();
                Ok::<_, std::io::Error>(TokioIo::new(connector.connect(name, stream).await?))
            }
        };
        Endpoint::from_static("http://localhost")
            .connect_with_connector(tower::service_fn(open))
            .await
    }
}

impl Running {
    /// Waits for the first line of its log with this in its message.
    pub fn wait_for_log(&self, part: &str) -> serde_json::Value {
        self.wait_for_log_of("message", part)
    }

    /// The same with another member.
    pub fn wait_for_log_of(&self, member: &str, part: &str) -> serde_json::Value {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let found = self.log.lock().unwrap().iter().find_map(|line| {
                line[member].as_str().unwrap_or_default().contains(part).then(|| line.clone())
            });
            if let Some(line) = found {
                return line;
            }
            assert!(Instant::now() < end, "{part} is not in {:?}", self.log.lock().unwrap());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The value of one metric, with its labels.
    pub fn metric(&self, name: &str) -> f64 {
        self.find_metric(name).unwrap_or_else(|| panic!("{name} is not shown"))
    }

    /// The same, or none if it is not shown.
    pub fn find_metric(&self, name: &str) -> Option<f64> {
        let mut stream = std::net::TcpStream::connect(self.metrics.unwrap()).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map(|value| value.parse().unwrap())
    }

    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Waits at most 30 s for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn hex(text: &str) -> Vec<u8> {
    base16ct::mixed::decode_vec(text.strip_prefix("0x").unwrap()).unwrap()
}

pub fn blake2(bytes: &[u8]) -> Vec<u8> {
    use blake2::digest::consts::U32;
    use blake2::{Blake2b, Digest};
    Blake2b::<U32>::digest(bytes).to_vec()
}

/// A block of a slot, secondary plain, and the hash that its seal signs.
pub fn block(slot: u64, fork: u8) -> (Vec<u8>, RemoteKeystorePayload) {
    let mut digest = vec![4, 6];
    digest.extend(b"BABE");
    digest.extend([13 << 2, 2, 0, 0, 0, 0]);
    digest.extend(slot.to_le_bytes());
    let (parent, root) = ([1; 32], [fork; 32]);
    // Number 5, in one compact byte.
    let header = [&parent[..], &[5 << 2], &root, &root, &digest].concat();
    let proposal = payload::BlockProposal {
        parent_hash: parent.to_vec(),
        number: "5".into(),
        state_root: root.to_vec(),
        extrinsics_root: root.to_vec(),
        digest,
        slot: Some(slot),
    };
    let message = Some(Message::BlockProposal(proposal));
    (blake2(&header), RemoteKeystorePayload { message, ..Default::default() })
}

/// A vote: 0 prevote, 1 precommit, 2 primary proposal.
pub fn vote(kind: u8, fork: u8, round: u64, set_id: u64) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend([fork; 32]);
    out.extend(7_u32.to_le_bytes());
    out.extend(round.to_le_bytes());
    out.extend(set_id.to_le_bytes());
    out
}

/// A statement: `BKNG` 1 or 2 with a parent, or `DISP` 0 or 1 without.
pub fn statement(tag: &[u8; 4], kind: u8, candidate: u8, session: u32) -> Vec<u8> {
    let mut out = [&tag[..], &[kind], &[candidate; 32], &session.to_le_bytes()].concat();
    if tag == b"BKNG" {
        out.extend([9; 32]);
    }
    out
}

pub fn sign_with(
    key_type: &str,
    scheme: &str,
    public: &[u8],
    message: &[u8],
    payload: Option<RemoteKeystorePayload>,
) -> SignWithRequest {
    SignWithRequest {
        key_type: key_type.into(),
        crypto_type: scheme.into(),
        public_key: public.to_vec(),
        message: message.to_vec(),
        payload,
    }
}

/// Asks for a signature and gives the reply.
pub async fn sign(client: &mut Client, request: SignWithRequest) -> RemoteKeystoreSignature {
    client.sign_with(request).await.unwrap().into_inner().signature.unwrap()
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
