//! Who gets in: certificates good and bad, versions of TLS, sessions taken up again.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::version::{TLS12, TLS13};
use rustls::{ALL_VERSIONS, ClientConfig};
use time::OffsetDateTime;

use crate::bench::{Bench, ONE, PLAIN, Signer, call};
use crate::wire::{Answer, Authority, Connection, Identity, wait_until};

/// Connects and asks: under TLS 1.3 the client learns only then that it is refused.
fn ask(signer: &Signer, config: &Arc<ClientConfig>) -> std::io::Result<Answer> {
    Connection::open(signer.address, config)?.post(&call("health_status", &serde_json::json!([])))
}

#[test]
fn certificates_good_and_bad() {
    let bench = Bench::new();
    let signer = bench.start(PLAIN);
    let now = OffsetDateTime::now_utc();
    let own = &bench.authority;
    let ended =
        own.issue_with(&["client.local"], |params| params.not_after = now - Duration::from_secs(9));
    let future = own
        .issue_with(&["client.local"], |params| params.not_before = now + Duration::from_secs(900));
    let stranger = Authority::new("somebody else");
    for (what, identity, alert) in [
        ("wrong authority", stranger.issue(&["client.local"]), "UnknownCA"),
        ("expired", ended, "CertificateExpired"),
        ("not yet", future, "CertificateExpired"),
        ("version 1", version_one(&bench), ""),
    ] {
        for version in [&TLS12, &TLS13] {
            let error = ask(&signer, &own.client(Some(&identity), &[version])).unwrap_err();
            assert!(format!("{error:?}").contains(alert), "{what}, {version:?}: {error:?}");
        }
    }
    signer.wait_for_log("is an X.509 v1 certificate, as plain `openssl x509 -req` makes it");
    signer.wait_for_log("opsign certs");
    signer.wait_for_metric("opsign_connections_cut_total{reason=\"handshake\"}", 8.0);

    let refused = |identity: Option<&Identity>, says: &str| {
        let answer = ask(&signer, &own.client(identity, ALL_VERSIONS)).unwrap();
        assert_eq!((answer.status, answer.body.trim()), (401, says));
    };
    refused(None, "client certificate was not provided");
    let nameless = "client certificate verified but did not contain DNS SAN extension";
    refused(Some(&own.issue(&[])), nameless);
    refused(Some(&own.issue(&["127.0.0.1"])), nameless);
    bench.connect(&signer).assert_signs(ONE);
}

/// As `openssl x509 -req` makes it when nobody tells it about extensions.
fn version_one(bench: &Bench) -> Identity {
    bench.write("ca.key", &bench.authority.key_pem);
    let openssl = |words: &str| {
        let output = Command::new("openssl")
            .args(words.split(' '))
            .current_dir(bench.folder())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout v1.key -subj /CN=client.local -out v1.csr",
    );
    openssl("x509 -req -in v1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out v1.crt");
    let read = |name: &str| std::fs::read_to_string(bench.file(name)).unwrap();
    Identity { certificate: read("v1.crt"), key: read("v1.key") }
}

#[test]
fn a_certificate_that_ends_while_its_client_is_connected() {
    let bench = Bench::new();
    let signer = bench.start(PLAIN);
    let ends = OffsetDateTime::now_utc() + Duration::from_secs(4);
    let identity = bench.authority.issue_with(&["client.local"], |params| params.not_after = ends);
    let config = bench.authority.client(Some(&identity), ALL_VERSIONS);
    let mut connection = Connection::open(signer.address, &config).unwrap();
    connection.assert_signs(ONE);
    let ping = call("health_status", &serde_json::json!([]));
    let mut last = None;
    wait_until("the certificate ends", || {
        let answer = connection.post(&ping).unwrap();
        let refused = answer.status == 401;
        last = Some(answer);
        refused
    });
    assert_eq!(last.unwrap().body, "client certificate has expired\n");
    assert!(OffsetDateTime::now_utc() >= ends - Duration::from_secs(1));
    assert!(connection.ends(), "and the connection is over");
    // Its ticket still works, and gives no more than the connection did; a new handshake fails.
    match ask(&signer, &config) {
        Ok(answer) => assert_eq!(answer.status, 401),
        Err(error) => assert_ne!(error.kind(), ErrorKind::TimedOut),
    }
    let fresh = bench.authority.client(Some(&identity), ALL_VERSIONS);
    assert!(ask(&signer, &fresh).is_err());
}

#[test]
fn versions_of_tls() {
    let bench = Bench::new();
    let client = |version| {
        bench.authority.client(Some(&bench.authority.issue(&["client.local"])), &[version])
    };
    let signer = bench.start(PLAIN);
    for version in [&TLS12, &TLS13] {
        Connection::open(signer.address, &client(version)).unwrap().assert_signs(ONE);
    }
    assert_eq!(hello_of_tls_1_1(&signer), [2, 70], "fatal, protocol_version");
    drop(signer);
    let signer = bench.start(&format!("{PLAIN}tls:\n  minVersion: \"1.3\"\n"));
    Connection::open(signer.address, &client(&TLS13)).unwrap().assert_signs(ONE);
    let error = Connection::open(signer.address, &client(&TLS12)).err().unwrap();
    assert!(format!("{error:?}").contains("ProtocolVersion"), "{error:?}");
}

/// Sends a ClientHello of TLS 1.1 (RFC 4346), which our own client cannot; returns the alert.
fn hello_of_tls_1_1(signer: &Signer) -> [u8; 2] {
    let mut body = vec![3, 2];
    body.extend([7; 32]);
    body.push(0);
    body.extend([0, 4, 0xc0, 0x13, 0x00, 0x2f, 1, 0]);
    // signature_algorithms, without which rustls refuses earlier and in other words.
    body.extend([0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
    let mut hello = vec![22, 3, 1, 0, body.len() as u8 + 4, 1, 0, 0, body.len() as u8];
    hello.extend(body);
    let mut stream = TcpStream::connect(signer.address).unwrap();
    stream.write_all(&hello).unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[0], 21, "an alert");
    [answer[5], answer[6]]
}

#[test]
fn sessions_are_taken_up_again() {
    let bench = Bench::new();
    let signer = bench.start(PLAIN);
    for version in [&TLS12, &TLS13] {
        let identity = bench.authority.issue(&["client.local"]);
        let config = bench.authority.client(Some(&identity), &[version]);
        let mut first = Connection::open(signer.address, &config).unwrap();
        first.assert_signs(ONE);
        assert!(!first.resumed());
        let mut second = Connection::open(signer.address, &config).unwrap();
        assert!(second.resumed(), "{version:?}");
        // Who the client is comes from the session.
        second.assert_signs(ONE);
    }
}

#[test]
fn a_handshake_that_does_not_come_is_given_up() {
    let bench = Bench::new();
    let signer = bench.start(&format!("{PLAIN}limits:\n  headMs: 200\n"));
    let started = Instant::now();
    let mut stream = TcpStream::connect(signer.address).unwrap();
    stream.set_read_timeout(Some(crate::wire::PATIENCE)).unwrap();
    stream.write_all(&[22, 3, 1]).unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0);
    assert!(started.elapsed() >= Duration::from_millis(200));
    signer.wait_for_metric("opsign_connections_cut_total{reason=\"slow_handshake\"}", 1.0);
    let mut stream = TcpStream::connect(signer.address).unwrap();
    stream.set_read_timeout(Some(crate::wire::PATIENCE)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    signer.wait_for_metric("opsign_connections_cut_total{reason=\"handshake\"}", 1.0);
}
