//! What builders and the local engine do wrong. No block is lost by it, and none is wrong.

use std::io::BufRead;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::engine::{Engine, Fault, hash, within};
use crate::wire::wait_until;
use crate::world::{HASTY, PATIENT, World, builder};

/// Changes the block of a builder and makes its hash fit: valid, and another one than was asked for.
fn forge(engine: &Engine, change: impl Fn(&mut Value) + Send + Sync + 'static) {
    engine.edit("engine_getPayload", move |answer| {
        change(&mut answer["result"]);
        let payload = &mut answer["result"]["executionPayload"];
        payload["blockHash"] = json!(hash(payload));
    });
}

type Change = fn(&mut Value);

#[test]
fn valid_blocks_that_nobody_asked_for_are_not_returned() {
    let mut world = World::new(PATIENT);
    // A block beside the chain, that a forged one can stand on and be valid.
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    let other = world.get(&id);
    let params = json!([other["executionPayload"], [], format!("0x{:064x}", 0), []]);
    world.client.result("engine_newPayloadV4", params);
    let stranger = other["executionPayload"]["blockHash"].clone();

    let cases: [(&str, Change); 13] = [
        ("timestamp", |envelope| envelope["executionPayload"]["timestamp"] = json!("0x7fffffff")),
        ("prevRandao", |envelope| {
            envelope["executionPayload"]["prevRandao"] = json!(format!("0x{:064x}", 5));
        }),
        ("feeRecipient", |envelope| {
            envelope["executionPayload"]["feeRecipient"] = json!(format!("0x{:040x}", 5));
        }),
        ("gasLimit", |envelope| envelope["executionPayload"]["gasLimit"] = json!("0x1c9c380")),
        ("withdrawals", |envelope| {
            envelope["executionPayload"]["withdrawals"] = json!([{"index": "0x0", "validatorIndex": "0x0", "address": "0x00", "amount": "0x1"}]);
        }),
        ("withdrawals", |envelope| envelope["executionPayload"]["withdrawals"] = json!(null)),
        ("parentBeaconBlockRoot", |envelope| {
            envelope["parentBeaconBlockRoot"] = json!(format!("0x{:064x}", 5));
        }),
        ("executionRequests", |envelope| envelope["executionRequests"] = json!(["0x00"])),
        ("extraData", |envelope| {
            envelope["executionPayload"]["extraData"] = json!("0x00000000fb00000006");
        }),
        ("baseFeePerGas", |envelope| {
            envelope["executionPayload"]["baseFeePerGas"] = json!("0x3b9aca01");
        }),
        ("transactions", |envelope| {
            envelope["executionPayload"]["transactions"].as_array_mut().unwrap().remove(1);
        }),
        ("transactions", |envelope| {
            envelope["executionPayload"]["transactions"].as_array_mut().unwrap().swap(0, 1);
        }),
        ("deposits", |envelope| {
            let transactions = envelope["executionPayload"]["transactions"].as_array_mut();
            transactions.unwrap().push(json!("0x7E02"));
        }),
    ];
    for (field, change) in cases {
        world.one.heal();
        forge(&world.one, change);
        assert_eq!(world.make(), "local", "{field}");
        let reason = world.decision()["builders"][0]["reason"].clone();
        // Without the local block, which may come later, the parent decides the base fee.
        let judged = field == "baseFeePerGas" && reason == "notValid:INVALID";
        assert!(judged || reason == format!("mismatch:{field}"), "{field}: {reason}");
        // So that the breaker stays closed.
        world.one.heal();
        assert_eq!(world.make(), "one", "{field}");
    }
    forge(&world.one, move |envelope| {
        envelope["executionPayload"]["parentHash"] = stranger.clone();
        envelope["executionPayload"]["blockNumber"] = json!("0x2");
    });
    assert_eq!(world.make(), "local");
    assert_eq!(world.decision()["builders"][0]["reason"], "mismatch:parentHash");
    assert_eq!(world.decisions().len(), 2 * 13 + 2);
}

#[test]
fn an_old_answer_is_not_returned() {
    let mut world = World::new(PATIENT);
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    let old = world.get(&id);
    world.take(&old);
    world.one.edit("engine_getPayload", move |answer| answer["result"] = old.clone());
    assert_eq!(world.make(), "local");
    assert_eq!(world.decision()["builders"][0]["reason"], "mismatch:parentHash");
    world.one.heal();
    assert_eq!(world.make(), "one");
}

#[test]
fn answers_that_could_be_read_in_two_ways_are_not_returned() {
    let mut world = World::new(PATIENT);
    type Twist = fn(String) -> String;
    let cases: [(&str, Twist); 6] = [
        ("malformed", |text| {
            text.replace("\"executionPayload\":{", "\"executionPayload\":{\"Timestamp\":\"0x1\",")
        }),
        ("malformed", |text| {
            text.replace("\"executionPayload\":{", "\"executionPayload\":{\"parentHash\":\"0x\",")
        }),
        ("malformed", |text| text.replace("\"prevRandao\"", "\"prevRand\\u0061o\"")),
        ("malformed", |text| format!("{}{}", text.trim_end(), "}")),
        ("malformed", |text| text.replace("\"blockValue\":\"0x1\"", "\"blockValue\":0x1")),
        ("malformed", |text| text.replace("\"jsonrpc\":\"2.0\"", "\"jsonrpc\":\"2.0\",\"id\":1")),
    ];
    for (reason, twist) in cases {
        let twist = move |text: String| {
            let twisted = twist(text.clone());
            assert_ne!(twisted, text);
            twisted.into_bytes()
        };
        world.one.fault("engine_getPayload", Fault::Bytes(std::sync::Arc::new(twist)));
        assert_eq!(world.make(), "local");
        assert_eq!(world.decision()["builders"][0]["reason"], reason);
        world.one.heal();
        assert_eq!(world.make(), "one");
    }
}

#[test]
fn answers_that_are_no_block_are_not_returned() {
    let mut world = World::new(PATIENT);
    let raw = |text: &str| Fault::Raw(text.as_bytes().to_vec());
    let edit = |edit: fn(&mut Value)| Fault::Edit(std::sync::Arc::new(edit));
    let cases = [
        ("noBlock", edit(|answer| answer["result"] = json!(null))),
        ("noBlock", edit(|answer| answer["error"] = json!({"code": 1, "message": "x"}))),
        ("wrongId", edit(|answer| answer["id"] = json!(2))),
        ("wrongId", edit(|answer| answer["id"] = json!("1"))),
        ("malformed", edit(|answer| answer["result"] = json!({}))),
        (
            "malformed",
            edit(|answer| answer["result"] = answer["result"]["executionPayload"].take()),
        ),
        (
            "notValid:INVALID",
            edit(|answer| {
                answer["result"]["executionPayload"]["gasUsed"] = json!("0xf4241");
            }),
        ),
        (
            "mismatch:executionRequests",
            edit(|answer| {
                answer["result"].as_object_mut().unwrap().remove("executionRequests");
            }),
        ),
        ("broken", Fault::Cut),
        (
            "broken",
            raw("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x0b"),
        ),
        ("status:302", raw("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")),
        ("status:401", raw("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n")),
    ];
    let number = cases.len();
    for (reason, fault) in cases {
        world.one.fault("engine_getPayload", fault);
        assert_eq!(world.make(), "local", "{reason}");
        assert_eq!(world.decision()["builders"][0]["reason"], reason);
        world.one.heal();
        assert_eq!(world.make(), "one", "{reason}");
    }
    assert_eq!(world.decisions().len(), 2 * number);
}

#[test]
fn only_valid_counts() {
    let mut world = World::new(PATIENT);
    for status in ["SYNCING", "ACCEPTED", "INVALID"] {
        let attributes = world.attributes();
        let id = world.ask(&attributes);
        world.local.edit("engine_newPayload", move |answer| {
            answer["result"]["status"] = json!(status);
        });
        let envelope = world.get(&id);
        assert_eq!(builder(&envelope), "local");
        assert_eq!(world.decision()["builders"][0]["reason"], format!("notValid:{status}"));
        world.local.heal();
        world.take(&envelope);
        assert_eq!(world.make(), "one");
    }
}

#[test]
fn a_builder_that_is_late_delays_nothing() {
    for fault in [Fault::Hang, Fault::Trickle, Fault::Delay(Duration::from_secs(30))] {
        let mut world = World::new(HASTY);
        world.one.fault("engine_getPayload", fault);
        let began = Instant::now();
        assert_eq!(world.make(), "local");
        assert!(began.elapsed() < Duration::from_secs(15));
        assert_eq!(world.decision()["builders"][0]["reason"], "late");
    }
}

#[test]
fn a_question_is_answered_without_the_builder() {
    let mut world = World::new(HASTY);
    world.one.fault("engine_", Fault::Hang);
    let began = Instant::now();
    for _ in 0..5 {
        assert_eq!(world.make(), "local");
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[test]
fn a_block_of_a_hundred_megabytes_is_too_late_and_not_too_much() {
    let mut world = World::new(HASTY);
    world.one.edit("engine_getPayload", |answer| {
        answer["result"]["executionPayload"]["extra"] = json!("z".repeat(100 << 20));
    });
    assert_eq!(world.make(), "local");
    world.one.heal();
    // More than op-geth would take from op-node.
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{{", 200 << 20);
    world.one.fault("engine_getPayload", Fault::Raw(head.into_bytes()));
    assert_eq!(world.make(), "local");
    assert_eq!(world.decision()["builders"][0]["reason"], "tooLong");
}

#[test]
fn a_large_block_goes_through() {
    let mut world = World::new(PATIENT);
    let transaction = format!("0x02{}", "ab".repeat(7 << 20));
    for engine in [&world.local, &world.one] {
        engine.with(|state| state.transactions = vec![transaction.clone()]);
    }
    assert_eq!(world.make(), "one");
    // And so is the builder's next one, which stands upon it, once it has been told of it.
    let head = world.head.clone();
    let told = || world.one.with(|state| state.head == head);
    wait_until("the builder follows", told);
    world.sidecar.wait_for_metric("opsign_sidecar_builder_synced{builder=\"one\"}", 1.0);
    assert_eq!(world.make(), "one", "{}", world.decision());
}

#[test]
fn the_builders_block_saves_a_slot_that_the_local_engine_lost() {
    let mut world = World::new(PATIENT);
    // `late` if the builder was quicker than the trouble.
    let lost = |world: &World, why: &str| {
        let decision = world.decision();
        let reason = decision["reason"].as_str().unwrap();
        assert!([why, "local:late"].contains(&reason), "{decision}");
    };
    // So that the sidecar has seen a local block.
    assert_eq!(world.make(), "one");
    world.local.edit("engine_getPayload", |answer| {
        *answer = json!({"jsonrpc": "2.0", "id": 7, "error": {"code": -32000, "message": "busy"}});
    });
    assert_eq!(world.make(), "one");
    lost(&world, "local:error");
    world.local.heal();
    world.local.fault("engine_getPayload", Fault::Hang);
    assert_eq!(world.make(), "one");
    lost(&world, "local:late");
    world.local.heal();
    world.local.fault("engine_getPayload", Fault::Raw(Vec::new()));
    assert_eq!(world.make(), "one");
    lost(&world, "local:noAnswer");
}

#[test]
fn without_a_local_block_the_question_says_what_extra_data_must_be() {
    let mut world = World::new(PATIENT);
    // With a local block, so that the chain's own parameters are known: 250 and 6.
    assert_eq!(world.make(), "one");
    let cases = [
        ("0x0000000000000000", json!(null), "0x00000000fa00000006"),
        ("0x0000000000000000", json!(5), "0x01000000fa000000060000000000000005"),
        ("0x0000006400000004", json!(null), "0x000000006400000004"),
        ("0x0000006400000004", json!(1000), "0x01000000640000000400000000000003e8"),
    ];
    let count = cases.len();
    for (params, least, extra) in cases {
        for (written, whose) in [(extra, "one"), ("0x00000000fb00000006", "local"), ("0x", "local")]
        {
            let mut attributes = world.attributes();
            attributes["eip1559Params"] = json!(params);
            attributes["minBaseFee"] = least.clone();
            forge(&world.one, move |envelope| {
                envelope["executionPayload"]["extraData"] = json!(written);
            });
            let id = world.ask(&attributes);
            // Behind the builder's answer, however slow that is; a wrong one has to be waited out.
            let delay = if whose == "one" { 20_000 } else { 300 };
            world.local.fault("engine_getPayload", Fault::Delay(Duration::from_millis(delay)));
            let envelope = world.get(&id);
            let decision = world.decision();
            assert_eq!(builder(&envelope), whose, "{params} {least} {written} {decision}");
            let reason = &world.decision()["builders"][0]["reason"];
            assert_eq!(
                *reason,
                if whose == "one" { json!(null) } else { json!("mismatch:extraData") }
            );
            world.local.heal();
            world.one.heal();
            world.make();
        }
    }
    assert_eq!(count, 4);
}

#[test]
fn if_both_fail_the_local_error_is_returned_as_it_is() {
    let mut world = World::new(PATIENT);
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    let error = json!({"code": -38001, "message": "Unknown payload", "data": {"err": "x"}});
    let said = error.clone();
    world.local.edit("engine_getPayload", move |answer| {
        answer.as_object_mut().unwrap().remove("result");
        answer["error"] = said.clone();
    });
    world.one.edit("engine_getPayload", |answer| answer["result"] = json!(null));
    let answer = world.client.call("engine_getPayloadV4", json!([id]));
    assert_eq!(answer["error"], error);
    // It was no answer: asked again, a block is.
    world.local.heal();
    world.one.heal();
    let envelope = world.get(&id);
    assert_eq!(builder(&envelope), "one");
}

#[test]
fn what_the_local_engine_says_of_a_question_passes() {
    let mut world = World::new(PATIENT);
    let attributes = world.attributes();
    for status in ["SYNCING", "INVALID"] {
        world.local.edit("engine_forkchoice", move |answer| {
            answer["result"] = json!({"payloadStatus": {"status": status, "latestValidHash": null},
                                      "payloadId": null});
        });
        let params = json!([world.state(), attributes]);
        let answer = world.client.result("engine_forkchoiceUpdatedV3", params);
        assert_eq!(answer["payloadStatus"]["status"], status);
        world.local.heal();
    }
    world.local.edit("engine_forkchoice", |answer| {
        *answer = json!({"jsonrpc": "2.0", "id": 7,
                         "error": {"code": -38002, "message": "Invalid forkchoice state"}});
    });
    let params = json!([world.state(), attributes]);
    let answer = world.client.call("engine_forkchoiceUpdatedV3", params);
    assert_eq!(answer["error"]["code"], -38002);
    world.local.heal();
    assert_eq!(world.make(), "one");
}

#[test]
fn after_three_bad_slots_a_builder_is_left_alone_until_it_is_well() {
    let mut world = World::new(&format!("{PATIENT}blockTime: 500ms\n"));
    world.one.edit("engine_getPayload", |answer| answer["result"] = json!(null));
    for _ in 0..3 {
        assert_eq!(world.make(), "local");
    }
    let open = "opsign_sidecar_breaker_open{builder=\"one\"}";
    assert_eq!(world.sidecar.metric(open), 1.0);
    let asked = world.one.count("engine_getPayload");
    world.make();
    assert!(world.one.count("engine_getPayload") <= asked + 1);
    world.one.heal();
    assert!(within(crate::wire::PATIENCE, || world.make() == "one"));
    wait_until("the breaker closes", || world.sidecar.metric(open) == 0.0);
}

#[test]
fn being_late_for_a_slot_that_had_begun_is_no_fault() {
    let mut world = World::new("");
    // op-node makes up for an hour.
    world.time -= 3600;
    world.one.fault("engine_getPayload", Fault::Delay(Duration::from_millis(200)));
    for number in 1..=5 {
        assert_eq!(world.make(), "local");
        assert_eq!(world.decision()["builders"][0]["reason"], "late");
        wait_until("it was asked", || world.one.count("engine_getPayload") == number);
    }
    let open = "opsign_sidecar_breaker_open{builder=\"one\"}";
    assert!(!within(Duration::from_secs(1), || world.sidecar.metric(open) == 1.0));
}

#[test]
fn a_builder_that_dies_costs_nothing() {
    let mut world = World::new(HASTY);
    assert_eq!(world.make(), "one");
    world.one.kill();
    for _ in 0..5 {
        assert_eq!(world.make(), "local");
    }
}

#[test]
fn a_flood_of_heads_reaches_the_builder_as_a_trickle() {
    let mut world = World::new(PATIENT);
    world.one.fault("engine_forkchoice", Fault::Delay(Duration::from_millis(100)));
    let params = json!([world.state(), null]);
    for _ in 0..200 {
        world.client.result("engine_forkchoiceUpdatedV3", params.clone());
    }
    assert!(world.one.count("engine_forkchoice") < 150);
    world.one.heal();
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    let envelope = world.get(&id);
    assert_eq!(builder(&envelope), "one");
}

#[test]
fn a_clock_that_is_wrong_costs_no_block() {
    // No deadline is set: it comes from the slot, which is an hour away in either direction.
    let mut world = World::new("blockTime: 1s\n");
    world.one.fault("engine_getPayload", Fault::Hang);
    let now = world.time;
    for (time, least) in [(now + 3600, 1), (now - 3600, 0)] {
        world.time = time;
        let attributes = world.attributes();
        let id = world.ask(&attributes);
        let began = Instant::now();
        assert_eq!(builder(&world.get(&id)), "local");
        let took = began.elapsed().as_secs();
        assert!((least..least + 10).contains(&took), "{took} s");
    }
}

#[test]
fn a_full_disk_costs_decision_lines_and_nothing_else() {
    let bench = Bench::new();
    std::os::unix::fs::symlink("/dev/full", bench.file("decisions.jsonl")).unwrap();
    let mut world = World::on(bench, PATIENT, &["one"]);
    for _ in 0..5 {
        assert_eq!(world.make(), "one");
    }
    world.sidecar.wait_for_metric("opsign_sidecar_decision_lines_lost", 5.0);
    assert_eq!(world.sidecar.log().matches("decisions cannot be written").count(), 1);
}

#[test]
fn a_flood_of_connections_leaves_room_for_the_engines() {
    let mut world = World::under(&["prlimit", "--nofile=350:350"], Bench::new(), PATIENT, &["one"]);
    assert_eq!(world.make(), "one");
    world.sidecar.wait_for_log("fewer files may be open than connections are allowed");
    let others: Vec<_> = (0..400).map(|_| world.connect()).collect();
    let again = || world.connect().stream.fill_buf().is_ok_and(<[u8]>::is_empty);
    wait_until("a connection is closed at once", again);
    world.one.kill();
    for _ in 0..3 {
        assert_eq!(world.make(), "local");
    }
    // New connections to it are to be had.
    world.one.restart();
    world.sidecar.wait_for_metric("opsign_sidecar_builder_synced{builder=\"one\"}", 1.0);
    wait_until("it builds again", || world.make() == "one");
    drop(others);
    let answered = || {
        let call = br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
        let mut client = world.connect();
        client.start("POST / HTTP/1.1\r\n", call);
        crate::http::Message::read(&mut client.stream, true).is_some_and(|it| it.status() == 200)
    };
    wait_until("there is room again", answered);
}
