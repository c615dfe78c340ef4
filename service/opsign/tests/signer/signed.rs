//! Calls that clients sign themselves: a proxy in between can change, swap, repeat or invent nothing.
//! The signatures are made by openssl and rcgen, from what docs/proxy.md says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64ct::{Base64, Encoding};
use rcgen::{KeyPair, SigningKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::bench::{Bench, PLAIN, Signer, call, payload, transaction};
use crate::peers::{FakeProxy, Set, proxy_config};
use crate::wire::{Authority, Connection, Identity, wait_for, wait_until};

const BLOCK: &str = "opsigner_signBlockPayloadV2";

fn signer_config(port: SocketAddr, clients: &str) -> String {
    let port = port.port();
    format!(
        "{PLAIN}- name: other.local\n  key: key.hex\n  chainID: 10\n\
         proxies:\n- {{url: \"wss://localhost:{port}\", clients: [{clients}], signed: true}}\n"
    )
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// SHA-256 as openssl has it.
fn sha256(bytes: &[u8]) -> String {
    let digest = openssl(&["dgst", "-sha256", "-binary"], bytes);
    base16ct::lower::encode_string(&digest)
}

fn openssl(words: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {words:?}");
    output.stdout
}

/// What a client signs.
fn content(method: &str, params: &Value, time: u64, nonce: &str) -> Vec<u8> {
    let params = sha256(params.to_string().as_bytes());
    let mut content = vec![b' '; 64];
    content.extend(b"opsign signed call, version 1\0");
    content.extend(
        format!("time: {time}\nnonce: {nonce}\nparams: {params}\nmethod: {method}").bytes(),
    );
    content
}

fn chain(identity: &Identity) -> Value {
    let der = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
    json!([Base64::encode_string(&der)])
}

fn nonce(number: u64) -> String {
    format!("{number:032x}")
}

/// The member of a call of `opsigner_signBlockPayloadV2`, signed with a key on P-256.
fn signed(identity: &Identity, params: &Value, time: u64, nonce: &str) -> Value {
    let key = KeyPair::from_pem(&identity.key).unwrap();
    let signature = key.sign(&content(BLOCK, params, time, nonce)).unwrap();
    json!({
        "certificates": chain(identity), "time": time, "nonce": nonce,
        "scheme": 0x0403, "signature": Base64::encode_string(&signature),
    })
}

/// A frame of a proxy.
fn frame(params: &Value, signed: Value, client: &str) -> Value {
    json!({
        "id": 1, "method": BLOCK, "params": params, "signed": signed,
        "opsign": {"client": {"names": [client]}, "deadlineMs": 5000},
    })
}

#[test]
fn a_proxy_can_change_repeat_and_invent_nothing() {
    let bench = Bench::new();
    let proxy = FakeProxy::new(&bench);
    bench.write("revoked.crl", bench.authority.revoke(&[99]));
    let config = signer_config(proxy.address(), "client.local, other.local");
    let signer = bench.start(&format!("{config}tls: {{crls: [revoked.crl]}}\n"));
    let mut dialled = proxy.serving();
    let own = &bench.authority;
    let (mine, other) = (own.issue(&["client.local"]), own.issue(&["other.local"]));
    let params = json!([payload(10)]);
    let mut ask = |frame: &Value| {
        dialled.say(frame);
        dialled.hear().unwrap()
    };
    // As it should be, and then the very same again.
    let good = frame(&params, signed(&mine, &params, now(), &nonce(1)), "client.local");
    let answer = ask(&good);
    assert!(answer["result"].is_string(), "{answer}");
    let with = |name: &str, value: Value| {
        let mut frame = frame(&params, signed(&mine, &params, now(), &nonce(2)), "client.local");
        frame["signed"][name] = value;
        frame
    };
    let by = |identity: &Identity, client: &str| {
        frame(&params, signed(identity, &params, now(), &nonce(3)), client)
    };
    let mut other_method = by(&mine, "client.local");
    other_method["method"] = json!("opsigner_signBlockPayload");
    let mut other_params = by(&mine, "client.local");
    other_params["params"][0]["payloadHash"] = json!(format!("0x{}", "1".repeat(64)));
    let mut stripped = by(&mine, "client.local");
    stripped.as_object_mut().unwrap().remove("signed");
    let at = |time| frame(&params, signed(&mine, &params, time, &nonce(4)), "client.local");
    let hour = time::Duration::HOUR;
    let ended = own.issue_with(&["client.local"], |it| {
        it.not_after = time::OffsetDateTime::now_utc() - hour;
    });
    let revoked = own.issue_with(&["client.local"], |it| it.serial_number = Some(99.into()));
    let server_only = own.issue_with(&["client.local"], |it| {
        it.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    let stranger = Authority::new("somebody else").issue(&["client.local"]);
    // A signature that the client's key has made in a handshake is none of a call.
    let key = KeyPair::from_pem(&mine.key).unwrap();
    let time = now();
    let mut handshake = vec![b' '; 64];
    handshake.extend(b"TLS 1.3, client CertificateVerify\0");
    handshake.extend(&content(BLOCK, &params, time, &nonce(5))[94..]);
    let mut of_tls = frame(&params, signed(&mine, &params, time, &nonce(5)), "client.local");
    of_tls["signed"]["signature"] = json!(Base64::encode_string(&key.sign(&handshake).unwrap()));
    let cases = [
        ("replayed", good.clone()),
        ("missing", stripped),
        ("signature", other_params),
        ("signature", other_method),
        ("signature", with("certificates", chain(&other))),
        ("signature", with("nonce", json!(nonce(6)))),
        ("signature", with("time", json!(now() + 5))),
        ("signature", with("scheme", json!(0x0401))),
        ("signature", with("scheme", json!(0x0503))),
        ("signature", with("signature", json!(Base64::encode_string(&[0x30, 0])))),
        ("signature", of_tls),
        ("time", at(now() - 40_000)),
        ("time", at(now() + 40_000)),
        ("certificate", by(&stranger, "client.local")),
        ("certificate", by(&ended, "client.local")),
        ("certificate", by(&revoked, "client.local")),
        ("certificate", by(&server_only, "client.local")),
        ("certificate", with("certificates", json!([]))),
        ("form", with("certificates", json!(["*"]))),
        ("form", with("certificates", json!(vec!["AA=="; 9]))),
        ("form", with("nonce", json!("1"))),
        ("form", with("time", json!(-1))),
        ("form", with("signature", json!(1))),
    ];
    let mut refused = 0;
    for (code, frame) in &cases {
        let answer = ask(frame);
        assert_eq!(answer["error"]["code"], -32023, "{code}: {answer} to {frame}");
        assert_eq!(answer["error"]["data"]["code"], *code, "{answer} to {frame}");
        refused += 1;
    }
    assert_eq!(refused, 23);
    // Whoever the proxy says it is: the name is the certificate's.
    let answer = ask(&by(&other, "client.local"));
    assert_eq!(answer["error"]["code"], -32000, "{answer}");
    let said = "Forbidden: client 'other.local' has signed what is said to be 'client.local's";
    assert_eq!(answer["error"]["message"], said);
    let stranger = own.issue(&["stranger.local"]);
    assert_eq!(ask(&by(&stranger, "stranger.local"))["error"]["code"], -32000);
    // Over another link it is still known, and who signs anew is served.
    drop(dialled);
    let mut dialled = proxy.serving();
    dialled.say(&good);
    let answer = dialled.hear().unwrap();
    assert_eq!(answer["error"]["data"]["code"], "replayed", "{answer}");
    dialled.say(&frame(&params, signed(&mine, &params, now(), &nonce(7)), "client.local"));
    assert!(dialled.hear().unwrap()["result"].is_string());
    drop(signer);
}

#[test]
fn every_kind_of_key_that_tls_1_3_has_may_sign() {
    let bench = Bench::new();
    let proxy = FakeProxy::new(&bench);
    let _signer = bench.start(&signer_config(proxy.address(), "client.local"));
    bench.write("ca.key", &bench.authority.key_pem);
    let file = |name: &str| bench.file(name).to_str().unwrap().to_owned();
    let params = json!([payload(10)]);
    let mut dialled = proxy.serving();
    let pss = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1";
    let kinds = [
        ("RSA -pkeyopt rsa_keygen_bits:2048", format!("-sha256 {pss}"), 0x0804, true),
        ("RSA -pkeyopt rsa_keygen_bits:2048", format!("-sha512 {pss}"), 0x0806, true),
        // PKCS #1 v1.5 is not among what TLS 1.3 signs with.
        ("RSA -pkeyopt rsa_keygen_bits:2048", "-sha256".to_owned(), 0x0401, false),
        ("EC -pkeyopt ec_paramgen_curve:P-256", "-sha256".to_owned(), 0x0403, true),
        ("EC -pkeyopt ec_paramgen_curve:P-384", "-sha384".to_owned(), 0x0503, true),
        ("ED25519", String::new(), 0x0807, true),
    ];
    let mut asked = 0;
    for (number, (kind, how, scheme, good)) in kinds.into_iter().enumerate() {
        let run = |line: &str| openssl(&line.split(' ').collect::<Vec<_>>(), b"");
        let (key, csr, crt) = (file("k.key"), file("k.csr"), file("k.crt"));
        run(&format!("genpkey -algorithm {kind} -out {key}"));
        run(&format!("req -new -key {key} -subj /CN=x -out {csr}"));
        bench.write("k.ext", "subjectAltName=DNS:client.local");
        let (ca, ca_key, ext) = (file("ca.crt"), file("ca.key"), file("k.ext"));
        run(&format!(
            "x509 -req -in {csr} -CA {ca} -CAkey {ca_key} -CAcreateserial -days 1 -extfile {ext} -out {crt}"
        ));
        let (time, nonce) = (now(), nonce(number as u64));
        bench.write("content", content(BLOCK, &params, time, &nonce));
        let content = file("content");
        let signature = if how.is_empty() {
            run(&format!("pkeyutl -sign -rawin -inkey {key} -in {content}"))
        } else {
            run(&format!("dgst {how} -sign {key} {content}"))
        };
        let identity =
            Identity { certificate: std::fs::read_to_string(&crt).unwrap(), key: String::new() };
        let signed = json!({
            "certificates": chain(&identity), "time": time, "nonce": nonce,
            "scheme": scheme, "signature": Base64::encode_string(&signature),
        });
        dialled.say(&frame(&params, signed, "client.local"));
        let answer = dialled.hear().unwrap();
        assert_eq!(answer["result"].is_string(), good, "{kind} {how}: {answer}");
        if !good {
            assert_eq!(answer["error"]["data"]["code"], "signature", "{answer}");
        }
        asked += 1;
    }
    assert_eq!(asked, 6);
}

/// An `opsign proxy agent` of `client.local`.
struct Agent {
    child: Child,
    address: SocketAddr,
}

impl Agent {
    fn start(bench: &Bench, proxy: &Signer, deadline_ms: u64) -> Self {
        let own = bench.authority.issue(&["client.local"]);
        bench.write("client.crt", own.certificate);
        bench.write("client.key", own.key);
        let log_file = bench.file(&format!("agent-{deadline_ms}.log"));
        let log = std::fs::File::create(&log_file).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_opsign"))
            .args(["proxy", "agent", "--listen", "127.0.0.1:0", "--log.format", "json"])
            .args(["--deadline-ms", &deadline_ms.to_string()])
            .args(["--ca", "ca.crt", "--cert", "client.crt", "--key", "client.key"])
            .args(["--url", &format!("https://localhost:{}", proxy.address.port())])
            .current_dir(bench.folder())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let address = wait_for("the agent listens", || {
            let log = std::fs::read_to_string(&log_file).unwrap();
            let line = log.lines().find(|line| line.contains("listening"))?.to_owned();
            let rest = &line[line.find("127.0.0.1:")?..];
            rest[..rest.find('"')?].parse().ok()
        });
        Self { child, address }
    }

    /// Posts a body, and reads the body of the answer.
    fn post(&self, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let headers = "content-type: application/json\r\nconnection: close\r\n";
        let request = crate::wire::request("POST", "/", headers, body);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_agent_signs_for_clients_that_cannot() {
    let proxy = proxy_config("limits: {deadlineMs: 10000}\n");
    let mut set = Set::with(&proxy, |port| signer_config(port, "client.local, other.local"));
    let agent = Agent::start(&set.bench, &set.proxy, 20_000);
    let hasty = Agent::start(&set.bench, &set.proxy, 1000);
    let mut direct = set.bench.connect(&set.signer);
    let bodies = [
        call(BLOCK, &json!([payload(10)])),
        call(BLOCK, &json!([payload(11)])),
        call(BLOCK, &json!(payload(10))),
        call(BLOCK, &json!([])),
        call("eth_signTransaction", &json!([transaction(&json!({}))])),
        call("eth_signTransaction", &json!([transaction(&json!({"chainId": "0x1"}))])),
        call("eth_signTransaction", &json!("none")),
        call("health_status", &json!([])),
        call("rpc_modules", &json!([])),
        call("no_such", &json!([])),
        // Spaces are signed as they stand.
        format!(
            r#"{{"jsonrpc" : "2.0", "id":7, "method":"{BLOCK}", "params" : [ {} ] }}"#,
            payload(10).to_string().replace(',', " , ")
        ),
        format!("[{},{}]", call(BLOCK, &json!([payload(10)])), call("rpc_modules", &json!([]))),
        "no json".to_owned(),
    ];
    for body in &bodies {
        assert_eq!(agent.post(body), direct.post(body).unwrap().body, "{body}");
    }
    // Without the agent's signature the proxy gets nothing, not even for the client itself.
    let error = set.client("client.local").refused(BLOCK, json!([payload(10)]));
    assert_eq!(error["code"], -32023, "{error}");
    assert_eq!(error["data"]["code"], "missing");
    assert_eq!(error["message"], "the call is not taken: its client has not signed it");
    // A link that breaks while calls are under way: signed anew, and answered.
    let body = call(BLOCK, &json!([payload(10)]));
    let answer: Value = serde_json::from_str(&agent.post(&body)).unwrap();
    for round in 0..40 {
        set.relay.cut_after(round * 97 % 2500);
        let again: Value = serde_json::from_str(&agent.post(&body)).unwrap();
        assert_eq!(again["result"], answer["result"], "{again}");
    }
    assert!(set.relay.cuts() > 4, "hardly ever cut");
    // The proxy goes away and comes back at its port.
    let listen = format!("listen: {}\nmetrics", set.proxy.address);
    set.proxy.signal(rustix::process::Signal::TERM);
    set.proxy.wait();
    let said: Value = serde_json::from_str(&hasty.post(&body)).unwrap();
    assert_eq!(said["error"]["code"], -32022, "{said}");
    set.proxy = set.bench.start_proxy(&proxy.replace("listen: 127.0.0.1:0\nmetrics", &listen));
    set.relay.set_target(Some(set.proxy.wait_for_address("\"signers\"")));
    wait_until("the agent's calls go through again", || {
        let again: Value = serde_json::from_str(&hasty.post(&body)).unwrap();
        again["result"] == answer["result"]
    });
}

#[test]
fn an_agent_serves_its_own_machine_alone() {
    let bench = Bench::new();
    let own = bench.authority.issue(&["client.local"]);
    bench.write("client.crt", own.certificate);
    bench.write("client.key", own.key);
    let agent = |listen: &str, key: &str| {
        bench.opsign(&[
            "proxy",
            "agent",
            "--listen",
            listen,
            "--url",
            "https://localhost:1",
            "--ca",
            "ca.crt",
            "--cert",
            "client.crt",
            "--key",
            key,
        ])
    };
    let ran = agent("0.0.0.0:0", "client.key");
    assert_eq!(ran.code, Some(78), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("it must be a loopback address"), "{}", ran.err);
    let ran = agent("127.0.0.1:0", "ca.crt");
    assert_eq!(ran.code, Some(78), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("ca.crt no private key in PEM"), "{}", ran.err);
}

/// The signer's own port is reached by the client itself, whose handshake says who it is.
#[test]
fn at_the_signers_own_port_nothing_need_be_signed() {
    let bench = Bench::new();
    let signer = bench.start(PLAIN);
    let mut connection: Connection = bench.connect(&signer);
    let mut body: Value = serde_json::from_str(&call(BLOCK, &json!([payload(10)]))).unwrap();
    body["signed"] = json!({"certificates": []});
    let answer = connection.post(&body.to_string()).unwrap();
    assert!(answer.body.contains("\"result\""), "{answer:?}");
}
