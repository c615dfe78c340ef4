//! Files that change under a running signer.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustls::ALL_VERSIONS;
use serde_json::json;

use crate::bench::{Bench, ONE, PLAIN, call};
use crate::wire::{Authority, Connection, wait_until};

const TWO: &str = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
const LOADED: &str = "opsign_reloads_total{outcome=\"loaded\"}";
const KEPT: &str = "opsign_reloads_total{outcome=\"kept_old\"}";

#[test]
fn a_changed_config_counts_and_a_bad_one_does_not() {
    let bench = Bench::new();
    let signer = bench.start(PLAIN);
    let mut connection = bench.connect(&signer);
    connection.assert_signs(ONE);
    // By being changed.
    bench.write("config.yaml", PLAIN.replace("chainID: 10", "chainID: 11"));
    signer.wait_for_metric(LOADED, 1.0);
    connection.sign_payload(10).unwrap_err();
    connection.sign_payload(11).unwrap();
    // A bad one: the old one stays, the log and a counter say so.
    bench.write("config.yaml", PLAIN.replace("LOCAL", "GCP"));
    signer.wait_for_metric(KEPT, 1.0);
    signer.wait_for_log("the new files cannot be used; the old stay");
    signer.wait_for_log("config.yaml:1: ");
    connection.sign_payload(11).unwrap();
    // By SIGHUP, at once.
    bench.write("config.yaml", PLAIN);
    signer.signal(Signal::HUP);
    signer.wait_for_metric(LOADED, 2.0);
    connection.assert_signs(ONE);
    // A key that is replaced is another key.
    bench.write("key.hex", format!("{:064x}", 2));
    signer.wait_for_metric(LOADED, 3.0);
    connection.assert_signs(TWO);
    // What was read once is not read again, though it is looked at every second.
    let quiet = Instant::now();
    wait_until("three looks", || quiet.elapsed() > Duration::from_secs(3));
    assert_eq!((signer.metric(LOADED), signer.metric(KEPT)), (3.0, 1.0));
}

#[test]
fn a_key_that_is_not_the_entrys_keeps_the_old_one() {
    let bench = Bench::new();
    let signer = bench.start(&format!("{PLAIN}  fromAddress: \"{ONE}\"\n"));
    let mut connection = bench.connect(&signer);
    bench.write("key.hex", format!("{:064x}", 2));
    signer.wait_for_metric(KEPT, 1.0);
    connection.assert_signs(ONE);
    std::fs::remove_file(bench.file("key.hex")).unwrap();
    signer.wait_for_metric(KEPT, 2.0);
    connection.assert_signs(ONE);
    bench.write("key.hex", format!("{:064x}", 1));
    signer.wait_for_metric(LOADED, 1.0);
    connection.assert_signs(ONE);
}

#[test]
fn a_reload_fills_no_bucket_but_that_of_a_new_rate() {
    let bench = Bench::new();
    let rate = |burst: u32| {
        format!("{PLAIN}  rate: {{blockTimeMs: 3600000, burst: {burst}}}\n  maxValue: ")
    };
    let signer = bench.start(&format!("{}100\n", rate(2)));
    let mut connection = bench.connect(&signer);
    connection.assert_signs(ONE);
    let full = |answer: Result<_, (i64, String)>| {
        assert_eq!(answer.unwrap_err(), (-32013, "rate limit exceeded".to_owned()));
    };
    full(connection.sign_payload(10));
    // Another rule of the entry changes, the rate does not.
    bench.write("config.yaml", format!("{}101\n", rate(2)));
    signer.wait_for_metric(LOADED, 1.0);
    full(connection.sign_payload(10));
    bench.write("config.yaml", format!("{}101\n", rate(1)));
    signer.wait_for_metric(LOADED, 2.0);
    connection.sign_payload(10).unwrap();
    full(connection.sign_payload(10));
}

#[test]
fn settings_of_the_start_are_said_to_need_one() {
    let bench = Bench::new();
    let signer = bench.start(PLAIN);
    bench.write("config.yaml", format!("{PLAIN}limits:\n  batch: 2\n"));
    signer.wait_for_metric(LOADED, 1.0);
    signer.wait_for_log("need a restart");
}

#[test]
fn a_new_certificate_is_for_new_connections() {
    let bench = Bench::new();
    let signer = bench.start(PLAIN);
    let mut old = bench.connect(&signer);
    let shown =
        |connection: &Connection| connection.stream.conn.peer_certificates().unwrap()[0].to_vec();
    let before = shown(&old);
    let own = bench.authority.issue(&["localhost"]);
    // The certificate alone does not fit the key: nothing changes until both are there.
    bench.write("tls.crt", &own.certificate);
    signer.wait_for_metric(KEPT, 1.0);
    signer.wait_for_log("tls.key does not fit tls.crt");
    assert_eq!(shown(&bench.connect(&signer)), before);
    bench.write("tls.key", &own.key);
    signer.wait_for_metric(LOADED, 1.0);
    let mut new = bench.connect(&signer);
    assert_ne!(shown(&new), before);
    new.assert_signs(ONE);
    old.assert_signs(ONE);
}

#[test]
fn a_new_authority_ends_the_rights_of_live_clients() {
    let bench = Bench::new();
    let signer = bench.start(PLAIN);
    let config = bench.client(&["client.local"]);
    let mut old = Connection::open(signer.address, &config).unwrap();
    old.assert_signs(ONE);
    let next = Authority::new("the next authority");
    // Both, for the change: nobody is turned away.
    bench.write("ca.crt", format!("{}{}", bench.authority.pem, next.pem));
    signer.wait_for_metric(LOADED, 1.0);
    old.assert_signs(ONE);
    bench.write("ca.crt", &next.pem);
    signer.wait_for_metric(LOADED, 2.0);
    let answer = old.post(&call("health_status", &json!([]))).unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body, "client certificate is no longer trusted\n");
    assert!(old.ends());
    // Nor does an old session let it back in.
    let again = Connection::open(signer.address, &config);
    assert!(again.and_then(|mut again| again.post("{}")).is_err());
    let identity = next.issue(&["client.local"]);
    let new = bench.authority.client(Some(&identity), ALL_VERSIONS);
    Connection::open(signer.address, &new).unwrap().assert_signs(ONE);
}

#[test]
fn a_revocation_ends_the_rights_of_a_live_client() {
    let bench = Bench::new();
    bench.write("revoked.crl", bench.authority.revoke(&[99]));
    let signer = bench.start(&format!("{PLAIN}tls:\n  crls: [revoked.crl]\n"));
    let with_serial = |serial: u64| {
        let identity = bench.authority.issue_with(&["client.local"], |params| {
            params.serial_number = Some(serial.into());
        });
        bench.authority.client(Some(&identity), ALL_VERSIONS)
    };
    let (lost, kept, revoked) = (with_serial(7), with_serial(8), with_serial(99));
    let refused = |config| {
        let opened = Connection::open(signer.address, config);
        let error = opened.and_then(|mut connection| connection.post("{}")).unwrap_err();
        assert!(format!("{error:?}").contains("CertificateRevoked"), "{error:?}");
    };
    refused(&revoked);
    let mut first = Connection::open(signer.address, &lost).unwrap();
    let mut second = Connection::open(signer.address, &kept).unwrap();
    first.assert_signs(ONE);
    second.assert_signs(ONE);
    bench.write("revoked.crl", bench.authority.revoke(&[99, 7]));
    signer.wait_for_metric(LOADED, 1.0);
    let answer = first.post(&call("health_status", &json!([]))).unwrap();
    assert_eq!(answer.status, 401, "{answer:?}");
    second.assert_signs(ONE);
    wait_until("the ticket of the lost client is worth nothing", || {
        Connection::open(signer.address, &lost).and_then(|mut lost| lost.post("{}")).is_err()
    });
    // A list that cannot be read changes nothing.
    bench.write("revoked.crl", "garbage");
    signer.wait_for_metric(KEPT, 1.0);
    second.assert_signs(ONE);
}
