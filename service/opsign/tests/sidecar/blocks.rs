//! Blocks, with everybody in good health: who is asked what, and what comes back.

use serde_json::{Value, json};

use crate::wire::wait_until;
use crate::world::{PATIENT, World, builder};

#[test]
fn the_builders_block_is_returned_byte_for_byte() {
    let mut world = World::new(PATIENT);
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    let call = json!({"jsonrpc": "2.0", "id": "my own", "method": "engine_getPayloadV4",
                      "params": [id]});
    let answer = world.client.post(call.to_string().as_bytes());
    let text = answer.text();
    assert_eq!(answer.header("x-engine"), Some("fake"), "the local engine's headers");
    // The builder answered id 1; nothing else is changed, not even how a number is written.
    assert!(
        text.starts_with(r#"{"jsonrpc":"2.0","id":"my own","result":{"#)
            || text.contains(r#""id":"my own""#)
    );
    assert!(text.contains(r#""ofAFutureFork":{"deep":[1,2.5]}"#), "{text}");
    let envelope = answer.json()["result"].clone();
    assert_eq!(builder(&envelope), "one");
    let asked = world.one.last("engine_getPayload").body;
    let asked: Value = serde_json::from_slice(&asked).unwrap();
    assert_ne!(asked["params"][0], json!(id), "a builder has its own ids");
    world.take(&envelope);
    let decision = world.decision();
    assert_eq!(decision["chosen"], "one", "{decision}");
    assert_eq!(decision["reason"], "good");
    assert_eq!(decision["number"], 1);
    assert_eq!(decision["builders"][0]["hash"], envelope["executionPayload"]["blockHash"]);
    assert_ne!(decision["local"]["hash"], decision["builders"][0]["hash"]);
    assert_eq!(decision["payloadId"], json!(id));
    assert_eq!(world.sidecar.metric("opsign_sidecar_blocks_total{from=\"one\"}"), 1.0);
}

#[test]
fn many_blocks_in_a_row_are_the_builders() {
    let mut world = World::new(PATIENT);
    for number in 1..=50 {
        assert_eq!(world.make(), "one", "block {number}: {}", world.decision());
    }
    // In order: a block, then its head, and the next question after both.
    let calls = world.one.calls();
    for pair in calls.windows(2) {
        assert!(pair[0] != pair[1] || pair[0].starts_with("engine_forkchoice"), "{calls:?}");
    }
    assert_eq!(world.decisions().len(), 50);
}

#[test]
fn every_version_works() {
    let mut world = World::new(PATIENT);
    for (get, judged) in [
        ("engine_getPayloadV2", "engine_newPayloadV2"),
        ("engine_getPayloadV3", "engine_newPayloadV3"),
        ("engine_getPayloadV4", "engine_newPayloadV4"),
        ("engine_getPayloadV5", "engine_newPayloadV4"),
        ("engine_getPayloadV6", "engine_newPayloadV5"),
        ("engine_getPayloadV7", "engine_newPayloadV6"),
    ] {
        let attributes = world.attributes();
        let params = json!([world.state(), attributes]);
        let method = format!("engine_forkchoiceUpdatedV{}", &get[18..]);
        let answer = world.client.result(&method, params);
        let before = world.local.count(judged);
        let envelope = world.client.result(get, json!([answer["payloadId"]]));
        assert_eq!(builder(&envelope), "one", "{get}");
        assert_eq!(world.local.count(judged), before + 1, "{get}");
        let call: Value = serde_json::from_slice(&world.local.last(judged).body).unwrap();
        let wanted = match &judged[17..] {
            "V2" => 1,
            "V3" => 3,
            _ => 4,
        };
        assert_eq!(call["params"].as_array().unwrap().len(), wanted, "{judged}");
        assert_eq!(call["params"][0], envelope["executionPayload"]);
        assert!(world.one.count(get) == 1 && world.one.count(&method) > 0);
    }
}

#[test]
fn the_same_answer_is_given_twice() {
    let mut world = World::new(PATIENT);
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    let first = world.get(&id);
    // Asked again, the builder would have another block by now.
    world.one.with(|state| state.transactions.push("0x0299".into()));
    assert_eq!(world.get(&id), first);
    assert_eq!(world.one.count("engine_getPayload"), 1);
}

#[test]
fn a_wrong_question_gets_the_engines_no() {
    let mut world = World::new(PATIENT);
    let refuse = |world: &World, code: i64| {
        world.local.edit("engine_getPayload", move |answer| {
            *answer = json!({"jsonrpc": "2.0", "id": 7, "error": {"code": code, "message": "no"}});
        });
    };
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    for code in [-38005, -32601, -32602] {
        refuse(&world, code);
        let answer = world.client.call("engine_getPayloadV3", json!([id]));
        assert_eq!(answer["error"]["code"], code);
        world.local.heal();
    }
    let envelope = world.get(&id);
    assert_eq!(builder(&envelope), "one");
    // Nor is the block returned to another question than it was an answer to.
    refuse(&world, -38005);
    let answer = world.client.call("engine_getPayloadV3", json!([id]));
    assert_eq!(answer["error"]["code"], -38005);
    let answer = world.client.call("engine_getPayloadV4", json!([id, 1]));
    assert_eq!(answer["error"]["code"], -38005);
    assert_eq!(world.get(&id), envelope);
}

#[test]
fn the_same_question_is_the_same_job() {
    let mut world = World::new(PATIENT);
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    assert_eq!(world.ask(&attributes), id);
    let envelope = world.get(&id);
    assert_eq!(builder(&envelope), "one");
}

#[test]
fn two_jobs_on_one_parent_do_not_meet() {
    let mut world = World::new(PATIENT);
    let (first, second) = (world.attributes(), world.attributes());
    let (a, b) = (world.ask(&first), world.ask(&second));
    assert_ne!(a, b);
    let (b, a) = (world.get(&b), world.get(&a));
    assert_eq!((builder(&a), builder(&b)), ("one", "one"));
    assert_eq!(a["executionPayload"]["timestamp"], first["timestamp"]);
    assert_eq!(b["executionPayload"]["timestamp"], second["timestamp"]);
}

#[test]
fn a_sibling_that_comes_in_between_loses_no_job() {
    let mut world = World::new(PATIENT);
    let (first, second) = (world.attributes(), world.attributes());
    let a = world.ask(&first);
    let b = world.ask(&second);
    let sibling = world.get(&b);
    let params = json!([sibling["executionPayload"], [], format!("0x{:064x}", 0), []]);
    world.client.result("engine_newPayloadV4", params);
    let envelope = world.get(&a);
    assert_eq!(builder(&envelope), "one");
}

#[test]
fn without_a_pool_the_local_engine_is_asked_alone() {
    let mut world = World::new(PATIENT);
    let mut attributes = world.attributes();
    attributes["noTxPool"] = json!(true);
    let id = world.ask(&attributes);
    let envelope = world.get(&id);
    assert_eq!(builder(&envelope), "local");
    wait_until("the head is relayed", || world.one.count("engine_forkchoice") > 0);
    let relayed: Value = serde_json::from_slice(&world.one.last("engine_forkchoice").body).unwrap();
    assert_eq!(relayed["params"], json!([world.state(), null]));
    assert_eq!(world.one.count("engine_getPayload"), 0);
    // The builder follows that block, and builds the next.
    world.take(&envelope);
    assert_eq!(world.make(), "one");
}

#[test]
fn modes_that_use_no_builder() {
    let mut world = World::new(&format!("{PATIENT}mode: disabled\n"));
    assert_eq!(world.make(), "local");
    assert_eq!(world.one.count("engine_getPayload"), 0);
    wait_until("the chain is relayed", || world.one.count("engine_newPayload") > 0);

    let mut world = World::new(&format!("{PATIENT}mode: dryRun\n"));
    assert_eq!(world.make(), "local");
    assert_eq!(world.one.count("engine_getPayload"), 1);
    let decision = world.decision();
    assert_eq!((&decision["chosen"], &decision["mode"]), (&json!("one"), &json!("dryRun")));
    assert_eq!(world.sidecar.metric("opsign_sidecar_blocks_total{from=\"local\"}"), 1.0);
}

#[test]
fn an_empty_block_of_a_builder_is_not_taken() {
    let mut world = World::new(PATIENT);
    world.one.with(|state| state.gas_used = 99_999);
    assert_eq!(world.make(), "local");
    assert_eq!(world.decision()["builders"][0]["reason"], "empty");
    world.one.with(|state| state.gas_used = 100_000);
    assert_eq!(world.make(), "one");
}

#[test]
fn the_best_of_several_is_chosen() {
    let policy = "policy: {select: highestValue, minImprovement: 10}\n";
    let mut world = World::with(&format!("{PATIENT}{policy}"), &["one", "two"]);
    for (local, one, two, best) in [
        (100, 109, 0, "local"),
        (100, 110, 0, "one"),
        (100, 110, 111, "two"),
        (100, 200, 150, "one"),
        (100, 0, 0, "local"),
    ] {
        for (engine, value) in [(&world.local, local), (&world.one, one), (&world.two, two)] {
            engine.with(|state| state.value = value);
        }
        assert_eq!(world.make(), best, "{}", world.decision());
    }
    assert_eq!(world.decision()["builders"].as_array().unwrap().len(), 2);
    let policy = "policy: {select: mostGas}\n";
    let mut world = World::with(&format!("{PATIENT}{policy}"), &["one", "two"]);
    world.two.with(|state| state.gas_used += 1);
    assert_eq!(world.make(), "two");
    world.local.with(|state| state.gas_used += 2);
    assert_eq!(world.make(), "local");
    assert_eq!(world.decision()["builders"][1]["reason"], "outbid");
}
