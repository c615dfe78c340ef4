//! A real signer behind the same op-node: in `strict` it signs what the sidecar has handed over.

use serde_json::{Value, json};

use crate::bench::{Bench, Signer};
use crate::block::Block;
use crate::wire::Connection;
use crate::world::{PATIENT, World};

const CONFIG: &str = "provider: LOCAL\nauth:\n- name: client.local\n  key: key.hex\n  chainID: 10\n- \
                      name: other.local\n  key: key.hex\n  chainID: 10\nguard:\n  record: guard\n  \
                      blocks: strict\nsidecars:\n- name: sidecar.local\n  client: client.local\n";

fn start() -> (Signer, World) {
    let bench = Bench::new();
    assert_eq!(bench.opsign(&["guard", "init", "--record", "guard"]).code, Some(0));
    let signer = bench.start(CONFIG);
    let own = bench.authority.issue(&["sidecar.local"]);
    bench.write("sidecar.crt", &own.certificate);
    bench.write("sidecar.key", &own.key);
    let port = signer.address.port();
    let config = format!(
        "{PATIENT}signer: {{url: \"https://localhost:{port}\", ca: ca.crt, cert: sidecar.crt, key: \
         sidecar.key}}\n"
    );
    (signer, World::on(bench, &config, &[]))
}

fn params(block: &Block) -> Value {
    json!([{"domain": format!("0x{:064x}", 0), "chainId": "10",
            "payloadHash": block.hash.to_string()}])
}

fn now() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// op-node is given this block.
fn hand_over(world: &mut World, block: &Block) {
    let envelope = block.envelope();
    let given = envelope.clone();
    world.local.edit("engine_getPayload", move |answer| {
        *answer = json!({"jsonrpc": "2.0", "id": 7, "result": envelope});
    });
    let got = world.client.result("engine_getPayloadV2", json!(["0x0300000000000000"]));
    assert_eq!(got, given);
    world.local.heal();
}

#[test]
fn a_strict_signer_signs_what_was_handed_over_and_nothing_else() {
    let (signer, mut world) = start();
    let mut op_node = world.bench.connect(&signer);
    let mine = Block::new(7, [1; 32], now(), 0);
    let refused = op_node.refused("opsigner_signBlockPayloadV2", params(&mine));
    assert_eq!(refused["data"]["code"], "not_announced", "{refused}");
    hand_over(&mut world, &mine);
    op_node.rpc("opsigner_signBlockPayloadV2", params(&mine)).unwrap();
    // Known by number now: another one at the height is refused though it was handed over.
    let rival = Block::new(7, [1; 32], now(), 1);
    hand_over(&mut world, &rival);
    let refused = op_node.refused("opsigner_signBlockPayloadV2", params(&rival));
    assert_eq!(refused["data"]["code"], "slot_taken", "{refused}");
    // A whole payload is not believed either without the sidecar's word.
    let next = Block::new(8, mine.block_hash, now(), 0);
    let refused = op_node.refused("opsigner_signBlockPayload", next.params(10));
    assert_eq!(refused["data"]["code"], "not_announced", "{refused}");
    hand_over(&mut world, &next);
    op_node.rpc("opsigner_signBlockPayload", next.params(10)).unwrap();
    assert_eq!(world.sidecar.metric("opsign_sidecar_announcements_total{taken=\"yes\"}"), 3.0);
}

#[test]
fn an_announced_block_that_op_node_drops_may_be_replaced() {
    let (signer, mut world) = start();
    let mut op_node = world.bench.connect(&signer);
    let (dropped, taken) = (Block::new(7, [1; 32], now(), 0), Block::new(7, [1; 32], now(), 1));
    hand_over(&mut world, &dropped);
    hand_over(&mut world, &taken);
    op_node.rpc("opsigner_signBlockPayloadV2", params(&taken)).unwrap();
}

#[test]
fn only_the_sidecar_named_may_announce_and_for_its_op_node_alone() {
    let (signer, mut world) = start();
    let block = Block::new(7, [1; 32], now(), 0);
    for name in ["client.local", "stranger.local"] {
        let mut client = Connection::open(signer.address, &world.bench.client(&[name])).unwrap();
        let refused = client.rpc("opsign_announceBlock", json!([block.envelope()])).unwrap_err();
        assert_eq!(refused.0, -32000, "{refused:?}");
    }
    let sidecar = world.bench.client(&["sidecar.local"]);
    let mut sidecar = Connection::open(signer.address, &sidecar).unwrap();
    let mut envelope = block.envelope();
    envelope["executionPayload"]["blockHash"] = json!(format!("0x{:064x}", 9));
    for (params, says) in [
        (json!([envelope]), "block hash is not the block's"),
        (json!([{}]), "invalid argument 0"),
        (json!([]), "argument"),
    ] {
        let (code, message) = sidecar.rpc("opsign_announceBlock", params).unwrap_err();
        assert!(code == -32602 && message.contains(says), "{code} {message}");
    }
    hand_over(&mut world, &block);
    // The other op-node has no sidecar, and no height without a gate.
    let other = world.bench.client(&["other.local"]);
    let mut other = Connection::open(signer.address, &other).unwrap();
    let refused = other.refused("opsigner_signBlockPayloadV2", params(&block));
    assert_eq!(refused["data"]["code"], "not_announced", "{refused}");
}

#[test]
fn a_signer_that_is_away_keeps_no_block_back() {
    let (mut signer, mut world) = start();
    signer.signal(rustix::process::Signal::TERM);
    signer.wait();
    hand_over(&mut world, &Block::new(7, [1; 32], now(), 0));
    world.sidecar.wait_for_log("the signer was not told of a block");
    assert_eq!(world.sidecar.metric("opsign_sidecar_announcements_total{taken=\"no\"}"), 1.0);
}

#[test]
fn a_sidecar_needs_a_guard_and_a_client() {
    let bench = Bench::new();
    let mut count = 0;
    for (config, says) in [
        (
            CONFIG.replace("guard:\n  record: guard\n  blocks: strict\n", ""),
            "needs a guard section",
        ),
        (CONFIG.replace("  client: client.local\n", "  client: nobody\n"), "no name of auth"),
        (
            format!("{CONFIG}- name: sidecar.local\n  client: other.local\n"),
            "the name is there twice",
        ),
    ] {
        let ran = bench.run(&["check-config"], &config);
        assert_eq!(ran.code, Some(78), "{}", ran.err);
        assert!(ran.err.contains(says), "{}", ran.err);
        count += 1;
    }
    assert_eq!(count, 3);
}
