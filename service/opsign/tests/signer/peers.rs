//! Ends of a link: programs with a relay between, and peers of the tests' own that do as they like.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use opsign_core::{SecretKey, Signer as _, personal_message_hash};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::accept;
use tokio_tungstenite::tungstenite::client::client;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::bench::{Bench, ONE, PLAIN, Signer};
use crate::relay::Relay;
use crate::wire::{Connection, PATIENCE, wait_for};

/// A proxy at which the signer `localhost` may serve the key one to `client.local`.
pub fn proxy_config(more: &str) -> String {
    format!(
        "listen: 127.0.0.1:0\nmetrics: 127.0.0.1:0\n\
         tls: {{ca: ca.crt, cert: tls.crt, key: tls.key}}\nadmins: [ops.local]\n\
         signers:\n  listen: 127.0.0.1:0\n  allow:\n  - name: localhost\n    \
         addresses: [\"{ONE}\"]\n{more}\
         clients:\n- name: client.local\n  addresses: [\"{ONE}\"]\n\
         - name: other.local\n  addresses: [\"{ONE}\"]\n"
    )
}

pub fn signer_config(port: SocketAddr, clients: &str) -> String {
    let port = port.port();
    format!("{PLAIN}proxies:\n- url: wss://localhost:{port}\n  clients: [{clients}]\n")
}

/// A proxy, a relay that can be cut, and a signer behind it.
pub struct Set {
    pub bench: Bench,
    pub proxy: Signer,
    pub relay: Relay,
    pub signer: Signer,
}

impl Set {
    pub fn new() -> Self {
        Self::with(&proxy_config(""), |port| signer_config(port, "client.local"))
    }

    pub fn with(proxy: &str, config: impl Fn(SocketAddr) -> String) -> Self {
        let bench = Bench::new();
        std::fs::create_dir(bench.file("guard")).unwrap();
        opsign_guard::Store::new(bench.file("guard")).init().unwrap();
        let proxy = bench.start_proxy(proxy);
        let relay = Relay::new(Some(proxy.wait_for_address("\"signers\"")));
        let signer = bench.start(&config(relay.address));
        let set = Self { bench, proxy, relay, signer };
        set.proxy.wait_for_log("a signer is connected");
        set
    }

    pub fn client(&self, name: &str) -> Connection {
        Connection::open(self.proxy.address, &self.bench.client(&[name])).unwrap()
    }
}

pub fn secret_key(number: u8) -> SecretKey {
    let mut bytes = [0; 32];
    bytes[31] = number;
    SecretKey::from_bytes(&bytes).unwrap()
}

/// A peer of the test's own, which does what it should not.
pub struct Peer<S> {
    pub socket: WebSocket<S>,
    pub binding: [u8; 32],
}

impl<S: Read + Write> Peer<S> {
    pub fn say(&mut self, frame: &Value) {
        self.socket.send(Message::text(frame.to_string())).unwrap();
    }

    /// The next text frame; none if the other end ends the link.
    pub fn hear(&mut self) -> Option<Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}

/// A signer.
pub type Fake = Peer<StreamOwned<ClientConnection, TcpStream>>;

impl Fake {
    pub fn dial(bench: &Bench, proxy: &Signer) -> Self {
        let address = proxy.wait_for_address("\"signers\"");
        Self::dial_as(address, &bench.client(&["localhost"]))
    }

    pub fn dial_as(address: SocketAddr, config: &Arc<ClientConfig>) -> Self {
        let connection = Connection::open(address, config).unwrap();
        let binding = connection
            .stream
            .conn
            .export_keying_material([0; 32], b"EXPORTER-opsign-proxy", None)
            .unwrap();
        let (socket, _) = client("wss://localhost/", connection.stream).unwrap();
        Self { socket, binding }
    }

    pub fn register(&mut self, change: Value) {
        let mut registration = json!({
            "version": 1, "instance": "0".repeat(32),
            "offers": [{"address": ONE, "chainIds": ["10"], "kinds": ["block_payload"]}],
        });
        for (name, value) in change.as_object().unwrap() {
            registration[name] = value.clone();
        }
        self.say(&json!({
            "jsonrpc": "2.0", "id": 1, "method": "opsignerproxy_serveSigner",
            "params": [registration],
        }));
    }

    /// Answers the challenge for the key one with this key, bound to this channel.
    pub fn prove(&mut self, secret: u8, binding: [u8; 32]) {
        self.prove_as(ONE, secret, binding);
    }

    pub fn prove_as(&mut self, address: &str, secret: u8, binding: [u8; 32]) {
        let asked = self.hear().unwrap();
        assert_eq!(asked["method"], "opsignerproxy_prove");
        let key = secret_key(secret);
        let text = format!(
            "opsign proxy: this signer holds the key\nkey: {address}\nchallenge: {}\nchannel: 0x{}",
            asked["params"][0]["challenge"].as_str().unwrap(),
            base16ct::lower::encode_string(&binding)
        );
        let signature = key.sign(&personal_message_hash(text.as_bytes())).unwrap();
        self.say(&json!({
            "jsonrpc": "2.0", "id": asked["id"],
            "result": {"proofs": [{"address": address, "signature": signature.to_string()}]},
        }));
    }

    /// Serves the key one, as it should.
    pub fn serving(bench: &Bench, proxy: &Signer) -> Self {
        let (fake, accepted) = Self::serving_as("localhost", bench, proxy, json!({}));
        assert_eq!(accepted[0]["address"], ONE);
        fake
    }

    /// The same under another name, with these members in its registration; and what the proxy
    /// accepts.
    pub fn serving_as(name: &str, bench: &Bench, proxy: &Signer, change: Value) -> (Self, Value) {
        let mut fake = Self::registered(name, bench, proxy, change);
        let accepted = fake.hear().unwrap()["result"]["accepted"].take();
        (fake, accepted)
    }

    /// Has registered and proved the key one.
    pub fn registered(name: &str, bench: &Bench, proxy: &Signer, change: Value) -> Self {
        let address = proxy.wait_for_address("\"signers\"");
        let mut fake = Self::dial_as(address, &bench.client(&[name]));
        fake.register(change);
        let binding = fake.binding;
        fake.prove(1, binding);
        fake
    }

    /// Answers the next call, which must be of this method.
    pub fn answers(&mut self, method: &str, result: &str) {
        let asked = self.hear().unwrap();
        assert_eq!(asked["method"], method, "{asked}");
        self.say(&json!({"id": asked["id"], "result": result}));
    }

    pub fn denied(&mut self) -> String {
        let answer = self.hear().unwrap();
        assert_eq!(answer["error"]["code"], -32021, "{answer}");
        assert!(self.hear().is_none(), "the link ends");
        answer["error"]["message"].as_str().unwrap().to_owned()
    }
}

/// A proxy's port for signers, and what comes in there.
pub struct FakeProxy {
    listener: TcpListener,
    config: Arc<ServerConfig>,
}

/// A signer that has dialled.
pub type Dialled = Peer<StreamOwned<ServerConnection, TcpStream>>;

impl FakeProxy {
    pub fn new(bench: &Bench) -> Self {
        let own = bench.authority.issue(&["localhost"]);
        let chain = CertificateDer::pem_slice_iter(own.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key)
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { listener, config: Arc::new(config) }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// The next signer that dials, before it has said anything.
    pub fn dialled(&self) -> Dialled {
        let (tcp, _) = wait_for("a signer dials", || self.listener.accept().ok());
        tcp.set_nonblocking(false).unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        tcp.set_write_timeout(Some(PATIENCE)).unwrap();
        let connection = ServerConnection::new(Arc::clone(&self.config)).unwrap();
        let socket = accept(StreamOwned::new(connection, tcp)).unwrap();
        let session = &socket.get_ref().conn;
        let binding =
            session.export_keying_material([0; 32], b"EXPORTER-opsign-proxy", None).unwrap();
        Peer { socket, binding }
    }

    /// The same, after everything that comes before the first call.
    pub fn serving(&self) -> Dialled {
        let mut dialled = self.dialled();
        let registered = dialled.hear().unwrap();
        dialled.challenge(&format!("0x{}", "5".repeat(64)));
        let proofs = dialled.hear().unwrap();
        assert!(proofs["result"]["proofs"][0]["signature"].is_string(), "{proofs}");
        dialled.say(&json!({"id": registered["id"], "result": {
            "proxy": "fake", "version": 1, "accepted": registered["params"][0]["offers"],
        }}));
        dialled
    }
}

impl Dialled {
    pub fn challenge(&mut self, challenge: &str) {
        self.say(&json!({
            "id": 0, "method": "opsignerproxy_prove", "params": [{"challenge": challenge}],
        }));
    }

    /// Returns when the signer has taken all that was sent.
    pub fn settle(&mut self) {
        self.socket.send(Message::Ping(Vec::new().into())).unwrap();
        while !matches!(self.socket.read().unwrap(), Message::Pong(_)) {}
    }

    /// Relays a call with this envelope, and gives what the signer answers.
    pub fn relay(&mut self, id: u64, method: &str, argument: &Value, envelope: Value) -> Value {
        self.say(&json!({"id": id, "method": method, "params": [argument], "opsign": envelope}));
        let answer = self.hear().unwrap();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }
}
