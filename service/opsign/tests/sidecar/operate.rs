//! What operators do: look, change the mode, restart.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::bench::Bench;
use crate::engine::Fault;
use crate::http::{Client, Message};
use crate::wire::wait_until;
use crate::world::{HASTY, OP_NODE, PATIENT, World, builder};

/// Asks as op-conductor does: without a token.
fn get(world: &World, path: &str) -> Message {
    let mut client = Client::open(world.sidecar.address, OP_NODE);
    client.send(&format!("GET {path} HTTP/1.1\r\nauthorization: none\r\n"), b"")
}

#[test]
fn health_is_as_op_conductor_reads_it() {
    let world = World::new(HASTY);
    let expect = |status: u16, health: &str| {
        wait_until(health, || get(&world, "/healthz").status() == status);
        let next = get(&world, "/health");
        assert_eq!(next.status(), 200);
        assert_eq!(next.json()["rollup_boost_health"], health);
        assert!(next.json()["version"].is_string());
        assert_eq!(get(&world, "/livez").status(), 200);
    };
    expect(200, "Healthy");
    assert_eq!(get(&world, "/readyz").status(), 200);
    world.one.kill();
    expect(206, "PartialContent");
    assert_eq!(get(&world, "/readyz").status(), 200);
    world.local.kill();
    expect(503, "ServiceUnavailable");
    assert_eq!(get(&world, "/readyz").status(), 503);
    assert_eq!(get(&world, "/other").status(), 401);
}

#[test]
fn the_mode_is_changed_while_it_runs_and_a_block_keeps_its_own() {
    let mut world = World::new(&format!("{PATIENT}admin: {{socket: admin.sock}}\n"));
    let opsign = |words: &str, code: i32| {
        let words: Vec<_> = ["--json", "sidecar"].into_iter().chain(words.split(' ')).collect();
        world.bench.opsign(&words).json(code)
    };
    let status = opsign("status --socket admin.sock", 0);
    assert_eq!((&status["mode"], &status["health"]), (&json!("enabled"), &json!("Healthy")));
    assert_eq!(
        status["builders"],
        json!([{"name": "one", "sync": "synced", "breakerOpen": false}])
    );
    let changed = opsign("mode disabled --socket admin.sock", 0);
    assert_eq!(changed, json!({"mode": "disabled", "before": "enabled"}));
    let wrong = world.bench.opsign(&["sidecar", "mode", "off", "--socket", "admin.sock"]);
    assert_eq!(wrong.code, Some(64), "{}", wrong.err);
    let none = opsign("status --socket none.sock", 69);
    assert!(none["error"]["message"].as_str().unwrap().contains("none.sock"), "{none}");
    assert_eq!(world.make(), "local");
    let admin = world.bench.file("admin.sock");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&admin).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    let switch = |world: &World, mode: &str| {
        let words = ["--json", "sidecar", "mode", mode, "--socket", "admin.sock"];
        world.bench.opsign(&words).json(0);
    };
    switch(&world, "enabled");
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    switch(&world, "dryRun");
    let envelope = world.get(&id);
    assert_eq!(builder(&envelope), "one");
    world.take(&envelope);
    assert_eq!(world.make(), "local");
    world.sidecar.signal(Signal::TERM);
    assert!(world.sidecar.wait().success());
    assert!(!admin.exists());
}

#[test]
fn an_admin_socket_replaces_no_file() {
    let bench = Bench::new();
    bench.write("jwt.hex", OP_NODE);
    let config = "listen: 127.0.0.1:0\njwtSecretFile: jwt.hex\nlocal: {url: \"http://127.0.0.1:1\"}\n\
                  admin: {socket: jwt.hex}\n";
    bench.write("sidecar.yaml", config);
    let ran = bench.opsign(&["sidecar", "--config", "sidecar.yaml"]);
    assert_eq!(ran.code, Some(69), "{}", ran.err);
    assert!(ran.err.contains("jwt.hex") && ran.err.contains("is no socket"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(bench.file("jwt.hex")).unwrap(), OP_NODE);
}

#[test]
fn a_block_is_at_most_a_line_of_the_log() {
    let mut world = World::new(PATIENT);
    assert_eq!(world.make(), "one");
    for _ in 0..10 {
        assert_eq!(world.make(), "one");
    }
    world.sidecar.signal(Signal::TERM);
    assert!(world.sidecar.wait().success());
    world.sidecar.wait_for_log("\"stopped\"");
    let log = world.sidecar.log();
    assert_eq!(log.matches("\"message\":\"block\"").count(), 11, "{log}");
    // Start and stop have two each.
    assert_eq!(log.lines().count(), 11 + 4, "{log}");
}

#[test]
fn a_stop_lets_running_requests_finish() {
    let mut world = World::new(PATIENT);
    let attributes = world.attributes();
    let id = world.ask(&attributes);
    world.one.fault("engine_getPayload", Fault::Delay(Duration::from_millis(500)));
    let call = json!({"jsonrpc": "2.0", "id": 7, "method": "engine_getPayloadV4", "params": [id]});
    world.client.start("POST / HTTP/1.1\r\n", call.to_string().as_bytes());
    wait_until("it is under way", || world.one.count("engine_getPayload") == 1);
    world.sidecar.signal(Signal::TERM);
    let answer = Message::read(&mut world.client.stream, true).unwrap();
    assert_eq!(builder(&answer.json()["result"]), "one");
    assert!(world.sidecar.wait().success());
}

#[test]
fn a_restart_refuses_nobody() {
    let mut world = World::new(&format!("{PATIENT}admin: {{socket: admin.sock}}\n"));
    // Without being told so, a second one does not take the first one's place.
    let second = world.bench.opsign(&["sidecar", "--config", "sidecar.yaml"]);
    assert_eq!(second.code, Some(69), "{}", second.err);
    assert!(second.err.contains("--take-over"), "{}", second.err);

    let (stop, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
    let address = world.sidecar.address;
    std::thread::scope(|scope| {
        // One that keeps its connection, and one that opens one for each call.
        for keeps in [true, false] {
            let (stop, calls) = (&stop, &calls);
            scope.spawn(move || {
                let mut client = Client::open(address, OP_NODE);
                while !stop.load(Ordering::SeqCst) {
                    let answer = client.post(br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#);
                    assert_eq!(answer.json()["result"], "0xa");
                    calls.fetch_add(1, Ordering::SeqCst);
                    if !keeps || answer.header("connection") == Some("close") {
                        client = Client::open(address, OP_NODE);
                    }
                }
            });
        }
        for _ in 0..3 {
            let before = calls.load(Ordering::SeqCst);
            wait_until("calls before", || calls.load(Ordering::SeqCst) > before + 20);
            let config = std::fs::read_to_string(world.bench.file("sidecar.yaml")).unwrap();
            let next = world.bench.start_with_words("sidecar", &config, &["--take-over"]);
            assert_eq!(next.address, address);
            // The client of the test itself goes with its next call.
            let answer = world.client.post(br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#);
            assert_eq!(answer.header("connection"), Some("close"));
            let mut old = std::mem::replace(&mut world.sidecar, next);
            assert!(old.wait().success(), "{}", old.log());
            world.client = Client::open(address, OP_NODE);
            let before = calls.load(Ordering::SeqCst);
            wait_until("calls after", || calls.load(Ordering::SeqCst) > before + 20);
        }
        stop.store(true, Ordering::SeqCst);
    });
    world.sidecar.wait_for_metric("opsign_sidecar_builder_synced{builder=\"one\"}", 1.0);
    assert_eq!(world.make(), "one");
}

#[test]
fn a_config_is_checked_without_starting() {
    let world = World::new(PATIENT);
    let check = |config: &str, code: i32| {
        world.bench.write("other.yaml", config);
        world
            .bench
            .opsign(&["--json", "sidecar", "check-config", "--config", "other.yaml"])
            .json(code)
    };
    let good = "jwtSecretFile: jwt.hex\nlocal: {url: \"http://127.0.0.1:1\"}\n";
    let found = check(good, 0);
    assert_eq!(found["found"][0], "listens on 127.0.0.1:8551");
    let builder = "builders: [{name: a, url: \"http://127.0.0.1:2\"";
    let mut count = 0;
    for (config, says) in [
        ("local: {url: \"http://127.0.0.1:1\"}\n".to_owned(), "missing field"),
        (format!("{good}colour: red\n"), "unknown field"),
        (good.replace("http:", "ws:"), "write an http:// or https:// address"),
        (good.replace("jwt.hex", "none.hex"), "none.hex: cannot be read"),
        (good.replace("jwt.hex", "config.yaml"), "cannot be read"),
        (format!("{good}blockTime: 2\n"), "write a time such as 500ms or 2s"),
        (
            format!("{good}{builder}}}, {{name: a, url: \"http://127.0.0.1:2\"}}]\n"),
            "a name of its own",
        ),
        (format!("{good}{builder}, tls: {{ca: ca.crt}}}}]\n"), "needs an https:// address"),
        (format!("{good}{}}}]\n", builder.replace("http:", "https:")), "https needs tls.ca"),
        (format!("{good}policy: {{minImprovement: 3}}\n"), "says nothing to firstValid"),
        (format!("{good}policy: {{minGasShare: 101}}\n"), "are percent"),
        (format!("{good}mode: off\n"), "unknown variant"),
    ] {
        let error = check(&config, 78);
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{message} should say {says}");
        count += 1;
    }
    assert_eq!(count, 12);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../sidecar/sidecar.sample.yaml");
    std::fs::create_dir(world.bench.file("tls")).unwrap();
    for (name, from) in
        [("ca.crt", "ca.crt"), ("sidecar.crt", "tls.crt"), ("sidecar.key", "tls.key")]
    {
        std::fs::copy(world.bench.file(from), world.bench.file(&format!("tls/{name}"))).unwrap();
    }
    for name in ["local", "one"] {
        world.bench.write(&format!("{name}.hex"), "7".repeat(64));
    }
    std::fs::remove_file(world.bench.file("decisions.jsonl")).unwrap();
    check(&std::fs::read_to_string(sample).unwrap(), 0);
    assert!(!world.bench.file("decisions.jsonl").exists());
}
