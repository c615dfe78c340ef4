//! `guard: {observe: true}`: everything is signed, and what would have been refused is told.

use serde_json::Value;

use crate::world::*;

fn alarm(rule: &str) -> String {
    format!("opsign_guard_alarms_total{{rule=\"{rule}\"}}")
}

#[tokio::test]
async fn what_would_be_refused_is_signed_and_told() {
    let world = World::new();
    let babe = world.import("babe", "sr25519", "//Alice//babe", "one.example");
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    let para = world.import("para", "sr25519", "//Alice//para", "one.example");
    let guard = "  observe: true\n  slotTimeMs: 6000\n";
    world.configure_guard(guard, "metrics: 127.0.0.1:0\n");
    let mut running = world.start();
    running.wait_for_log("guard.observe: nothing is refused");
    let mut client = world.client(&running, "one.example").await;

    let seal = |slot, fork| {
        let (hash, payload) = block(slot, fork);
        sign_with("babe", "sr25519", &babe, &hash, Some(payload))
    };
    let cast = |kind, fork, round, set_id| {
        sign_with("gran", "ed25519", &gran, &vote(kind, fork, round, set_id), None)
    };
    let say = |kind| sign_with("para", "sr25519", &para, &statement(b"DISP", kind, 1, 5), None);
    let steps = [
        (seal(10, 1), None),
        (seal(10, 2), Some("slot_taken")),
        // It is known now, as it would be after a yes.
        (seal(10, 2), None),
        (seal(9, 1), Some("behind_tip")),
        (seal(1 << 60, 1), Some("ahead_of_clock")),
        (cast(0, 1, 3, 0), None),
        (cast(1, 1, 3, 0), None),
        (cast(0, 2, 2, 0), Some("behind_tip")),
        // More than a record can hold.
        (cast(0, 1, 3, u64::MAX), Some("out_of_range")),
        (say(1), None),
        (say(0), Some("contradiction")),
    ];
    for (at, (request, _)) in steps.iter().enumerate() {
        let reply = sign(&mut client, request.clone()).await;
        assert_eq!((reply.error, reply.signature.len()), (0, 64), "step {at}: {}", reply.reason);
    }
    // What is not understood is refused by no guard.
    let bare = sign_with("gran", "ed25519", &gran, b"something", None);
    assert_ne!(sign(&mut client, bare).await.error, 0);

    for (rule, times) in [
        ("slot_taken", 1.0),
        ("behind_tip", 2.0),
        ("ahead_of_clock", 1.0),
        ("out_of_range", 1.0),
        ("contradiction", 1.0),
        ("waiting", 0.0),
    ] {
        assert_eq!(running.metric(&alarm(rule)), times, "{rule}");
    }
    let count = |outcome: &str| {
        let name = "opsign_keystore_requests_total";
        running.metric(&format!("{name}{{method=\"SignWith\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!((count("done"), count("observed")), (5.0, 6.0));
    let line = running.wait_for_log("against the guard: equivocation");
    assert_eq!((&line["level"], &line["rule"]), (&"WARN".into(), &"slot_taken".into()));
    assert_eq!((&line["client"], &line["key_type"]), (&"one.example".into(), &"babe".into()));

    drop(client);
    running.signal("-TERM");
    assert!(running.wait().success());
    let audit = read(&world.path("audit.jsonl"));
    let lines: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), steps.len() + 1);
    for (at, ((_, against), line)) in steps.iter().zip(&lines).enumerate() {
        let outcome = if against.is_some() { "observed" } else { "done" };
        assert_eq!(line["outcome"], outcome, "step {at}: {line}");
        assert_eq!(line["against"].as_str(), *against, "step {at}: {line}");
    }
}

#[tokio::test]
async fn before_a_time_of_waiting_is_over_too() {
    let world = World::new();
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    let guard = "  observe: true\n  notBefore: 2126-01-01T00:00:00Z\n";
    world.configure_guard(guard, "metrics: 127.0.0.1:0\n");
    let running = world.start();
    let mut client = world.client(&running, "one.example").await;
    let ballot = sign_with("gran", "ed25519", &gran, &vote(0, 1, 1, 1), None);
    assert_eq!(sign(&mut client, ballot).await.error, 0);
    assert_eq!(running.metric(&alarm("waiting")), 1.0);
}
