//! Builders that lag, come back, and need help.

use serde_json::{Value, json};

use crate::engine::{Fault, GENESIS};
use crate::wire::wait_until;
use crate::world::{HASTY, PATIENT, World, builder};

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
    // As if there were 300 blocks between them.
    world.local.with(|state| {
        let mut parent = state.head.clone();
        for number in 4..=300 {
            let hash = format!("0x{number:064x}");
            state.blocks.insert(hash.clone(), (number, parent));
            parent = hash;
        }
        state.head = parent;
    });
    world.one.restart();
    wait_until("it is looked at", || world.one.count("eth_getBlockByNumber") > 5);
    assert_eq!(world.one.count("engine_newPayload"), 0);
    assert_eq!(world.one.with(|state| state.head.clone()), GENESIS);
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
