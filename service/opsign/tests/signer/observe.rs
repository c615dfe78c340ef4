//! Without a guard section and in `observe` nothing is refused, and what looks like two sequencers
//! raises alarms.

use serde_json::json;

use crate::bench::{Bench, call};
use crate::block::Block;
use crate::wire::Connection;

const TWO: &str = "provider: LOCAL\nauth:\n- name: a.local\n  key: key.hex\n  chainID: 10\n- name: \
                   b.local\n  key: key.hex\n  chainID: 10\n";

#[test]
fn a_second_block_at_a_height_and_a_second_client_are_reported_and_signed() {
    let bench = Bench::new();
    let signer = bench.start(TWO);
    let alarm = |rule: &str| format!("opsign_guard_alarms_total{{rule=\"{rule}\"}}");
    assert!(signer.metrics().contains(&alarm("double_rate")), "counted from the start");
    let sign = |name: &str, block: &Block| {
        let client = bench.client(&[name]);
        let mut connection = Connection::open(signer.address, &client).unwrap();
        let body = call("opsigner_signBlockPayload", &block.params(10));
        let answer = connection.post(&body).unwrap();
        assert!(answer.body.contains("\"result\":\"0x"), "{}", answer.body);
    };
    let first = Block::new(1, [0; 32], 1_700_000_000, 0);
    let second = Block::new(2, first.block_hash, 1_700_000_001, 0);
    sign("a.local", &first);
    sign("a.local", &second);
    // Asked again: op-node does so.
    sign("a.local", &second);
    sign("b.local", &Block::new(2, first.block_hash, 1_700_000_001, 1));
    signer.wait_for_metric(&alarm("slot_taken"), 1.0);
    signer.wait_for_metric(&alarm("two_clients"), 1.0);
    signer.wait_for_log("a.local and b.local ask for one key's blocks at once");
    assert_eq!(signer.metric(&alarm("parent_mismatch")), 0.0);
    assert_eq!(signer.metric(&alarm("missed")), 0.0);
    // With a guard there is something better.
    bench.opsign(&["guard", "init", "--record", "guard"]);
    let guarded = bench.start(&format!("{TWO}guard:\n  record: guard\n"));
    let mut connection = Connection::open(guarded.address, &bench.client(&["a.local"])).unwrap();
    let rival = Block::new(2, first.block_hash, 1_700_000_001, 1);
    connection.rpc("opsigner_signBlockPayload", second.params(10)).unwrap();
    let refused = connection.refused("opsigner_signBlockPayload", rival.params(10));
    assert_eq!(refused["data"]["code"], json!("slot_taken"));
}

/// What is announced is known when it is asked for: the gate has to say it.
#[test]
fn what_a_gate_would_refuse_is_reported() {
    let bench = Bench::new();
    bench.opsign(&["guard", "init", "--record", "guard"]);
    let guard = "guard:\n  record: guard\n  blocks: observe\n";
    let gates = "gates:\n- listen: 127.0.0.1:0\n  client: a.local\n";
    let signer = bench.start(&format!("{TWO}{guard}{gates}"));
    let mut connection = Connection::open(signer.address, &bench.client(&["a.local"])).unwrap();
    for rival in [0, 1] {
        let block = Block::new(1, [0; 32], 1_700_000_000, rival);
        signer.announce(block.envelope()).unwrap();
        connection.rpc("opsigner_signBlockPayload", block.params(10)).unwrap();
    }
    signer.wait_for_metric("opsign_guard_alarms_total{rule=\"slot_taken\"}", 1.0);
    signer.wait_for_log("ALARM: signing what the guard would refuse: equivocation");
}
