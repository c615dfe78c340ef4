//! Builders that lag, come back, and need help.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::engine::{Engine, Fault, GENESIS};
use crate::wire::{Authority, wait_until};
use crate::world::{HASTY, ONE, PATIENT, TWO, World, builder};

#[test]
fn a_builder_that_was_dead_is_given_what_it_missed() {
    let mut world = World::new(HASTY);
    assert_eq!(world.make(), "one");
    world.one.kill();
    for _ in 0..40 {
        assert_eq!(world.make(), "local");
    }
    world.one.restart();
    let head = world.head.clone();
    wait_until("the builder has the head", || world.one.with(|state| state.head == head));
    world.sidecar.wait_for_metric("opsign_sidecar_builder_synced{builder=\"one\"}", 1.0);
    let mut others = 0;
    while world.make() != "one" {
        others += 1;
        assert!(others < 20, "{}", world.decision());
    }
    // Each missed block once, oldest first.
    let given = world.one.with(|state| {
        let given = state.seen.iter().filter(|(method, _)| method.starts_with("engine_newPayload"));
        let numbers = given.map(|(_, request)| {
            let call: Value = serde_json::from_slice(&request.body).unwrap();
            let number = call["params"][0]["blockNumber"].as_str().unwrap().to_owned();
            u64::from_str_radix(&number[2..], 16).unwrap()
        });
        numbers.collect::<Vec<_>>()
    });
    let missed: Vec<_> = given.iter().filter(|number| (2..=41).contains(*number)).collect();
    assert!(missed.windows(2).all(|pair| pair[0] <= pair[1]), "{given:?}");
    assert!((2..=41).all(|number| given.contains(&number)), "{given:?}");
}

#[test]
fn a_builder_on_a_fork_is_brought_back() {
    let mut world = World::new(PATIENT);
    assert_eq!(world.make(), "one");
    let parent = world.head.clone();
    // Three blocks of a chain that nobody else knows.
    world.one.with(|state| {
        let mut head = parent;
        for number in 2..=4 {
            let hash = format!("0x{:064x}", 0xf00 + number);
            state.blocks.insert(hash.clone(), (number, head));
            head = hash;
        }
        state.head = head;
    });
    // op-node learns of no other head; the sidecar looks by itself.
    let head = world.head.clone();
    for _ in 0..3 {
        world.make();
    }
    assert_ne!(world.head, head);
    let head = world.head.clone();
    wait_until("the builder is back", || world.one.with(|state| state.head == head));
    assert_eq!(world.make(), "one");
}

#[test]
fn a_gap_that_is_too_large_is_left_alone() {
    let mut world = World::new(HASTY);
    world.one.kill();
    for _ in 0..3 {
        world.make();
    }
    // As if there were 600 blocks between them.
    world.local.with(|state| {
        let mut parent = state.head.clone();
        for number in 4..=600 {
            let hash = format!("0x{number:064x}");
            state.blocks.insert(hash.clone(), (number, parent));
            parent = hash;
        }
        state.head = parent;
    });
    world.one.restart();
    world.sidecar.wait_for_log("more blocks than are filled in");
    let asked = world.one.count("eth_getBlockByNumber");
    wait_until("it is looked at again", || world.one.count("eth_getBlockByNumber") > asked + 4);
    // Said once.
    assert_eq!(world.sidecar.log().matches("more blocks than are filled in").count(), 1);
    assert_eq!(world.one.count("engine_newPayload"), 0);
    assert_eq!(world.one.with(|state| state.head.clone()), GENESIS);
}

#[test]
fn a_builder_that_lost_its_heads_state_gets_it_back() {
    let mut world = World::new(HASTY);
    assert_eq!(world.make(), "one");
    let known = world.head.clone();
    wait_until("the builder has its block", || world.one.with(|state| state.head == known));
    world.one.kill();
    for _ in 0..3 {
        assert_eq!(world.make(), "local");
    }
    // op-geth killed between two writes: no child of its head is executed until the head is set.
    let (before, one) = (world.one.count("engine_forkchoiceUpdated"), world.one.clone());
    world.one.edit("engine_newPayload", move |answer| {
        if one.count("engine_forkchoiceUpdated") == before {
            answer["result"]["status"] = json!("ACCEPTED");
        }
    });
    world.one.restart();
    let head = world.head.clone();
    wait_until("the builder has the head", || world.one.with(|state| state.head == head));
    let heads = world.one.with(|state| {
        let heads = state.seen.iter().filter(|(method, _)| method.starts_with("engine_forkchoice"));
        heads
            .map(|(_, request)| request.json()["params"][0]["headBlockHash"].clone())
            .collect::<Vec<_>>()
    });
    assert_eq!(heads[before], json!(known), "the head it had comes first");
}

/// The server's side of TLS, which asks for a certificate of the same authority.
fn mutual(authority: &Authority) -> ServerConfig {
    let own = authority.issue(&["localhost"]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap(),
        )
        .unwrap()
}

#[test]
fn builders_are_reached_over_tls() {
    let bench = Bench::new();
    let (one, two) = (Engine::start("one", ONE), Engine::start("two", TWO));
    let foreign = Authority::new("another authority");
    let (known, unknown) =
        (one.listen_tls(mutual(&bench.authority)), two.listen_tls(mutual(&foreign)));
    bench.write("two.hex", TWO);
    bench.write("one.hex", ONE);
    let builder = |name: &str, port: u16, more: &str| {
        format!(
            "- {{name: {name}, url: \"https://localhost:{port}\", jwtSecretFile: {}.hex, tls: \
             {{ca: ca.crt{more}}}}}\n",
            &name[..3]
        )
    };
    let own = ", cert: tls.crt, key: tls.key";
    let builders = [
        builder("one", known.port(), own),
        // A certificate that nobody vouches for, and a server that asks for one of ours in vain.
        builder("two", unknown.port(), own),
        builder("one without", known.port(), ""),
    ];
    let mut world = World::on(bench, &format!("{}{PATIENT}", builders.concat()), &[]);
    let synced = |name: &str| format!("opsign_sidecar_builder_synced{{builder=\"{name}\"}}");
    world.sidecar.wait_for_metric(&synced("one"), 1.0);
    for _ in 0..3 {
        assert_eq!(world.make(), "one");
    }
    for name in ["two", "one without"] {
        assert!(world.sidecar.metric(&synced(name)).abs() < 0.5, "{name}");
    }
    assert_eq!(two.count(""), 0, "a secret was shown to a stranger");
}

#[test]
fn transactions_go_to_both_and_nobody_waits() {
    let mut world = World::new(PATIENT);
    world.one.fault("eth_send", Fault::Hang);
    let mut count = 0;
    for method in ["eth_sendRawTransaction", "miner_setExtra"] {
        assert_eq!(world.client.result(method, json!(["0x02"])), "local-ok");
        count += 1;
    }
    let batch =
        json!([{"jsonrpc": "2.0", "id": 1, "method": "miner_setExtra", "params": ["0x03"]}]);
    let answer = world.client.post(batch.to_string().as_bytes()).json();
    assert_eq!(answer[0]["result"], "local-ok");
    for method in ["eth_sendRawTransaction", "miner_setExtra"] {
        wait_until(method, || world.one.count(method) > 0);
    }
    wait_until("all of them", || world.one.count("miner_setExtra") == 2);
    let last: Value = serde_json::from_slice(&world.one.last("miner_setExtra").body).unwrap();
    assert_eq!(last, batch[0]);
    assert_eq!(count, 2);
    world.sidecar.wait_for_metric("opsign_sidecar_transactions_dropped{builder=\"one\"}", 1.0);
}

#[test]
fn the_local_engine_makes_the_state_root_of_a_builders_block() {
    let mut world = World::new(&format!("{PATIENT}externalStateRoot: true\n"));
    // Without it, a block that no engine calls valid.
    world.one.edit("engine_getPayload", |answer| {
        let payload = &mut answer["result"]["executionPayload"];
        payload["stateRoot"] = json!(format!("0x{:064x}", 0));
        payload["transactions"].as_array_mut().unwrap().push(json!("0x02ab"));
    });
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    let envelope = world.get(&id);
    assert_eq!(builder(&envelope), "local");
    let transactions = envelope["executionPayload"]["transactions"].as_array().unwrap();
    // The forced ones, the builder's own, and the one that it added: none of the local pool.
    let builders_own = world.one.with(|state| state.transactions[0].clone());
    assert_eq!(transactions[2..], [json!(builders_own), json!("0x02ab")]);
    let decision = world.decision();
    assert_eq!(decision["chosen"], "one", "{decision}");
    world.take(&envelope);
}
