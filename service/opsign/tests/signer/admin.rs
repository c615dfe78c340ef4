//! The admin port, and the command line that speaks to it: who may, what it does, what it records.

use opsign_core::PayloadHash;
use serde_json::{Value, json};

use crate::bench::{Bench, ONE, Operator, Signer};
use crate::wire::{Authority, Connection};

/// Two sequencers with one key, a guard that knows blocks by their hash, and an operator.
const CONFIG: &str = "provider: LOCAL\nauth:\n- name: a.local\n  key: key.hex\n  chainID: 10\n  \
                      methods: [block_payload]\n- name: b.local\n  key: key.hex\n  chainID: 10\n  \
                      methods: [block_payload]\nguard:\n  record: guard\n  blocks: hash-only\n  \
                      blockTimeMs: 3600000\nadmin:\n  listen: 127.0.0.1:0\n  clients: [ops.local]\naudit:\n  file: \
                      audit.log\n";

fn scope() -> String {
    format!("blocks/10/{ONE}")
}

fn sign(connection: &mut Connection, what: &str) -> Result<Value, (i64, String)> {
    connection.rpc("opsigner_signBlockPayloadV2", params(what))
}

fn params(what: &str) -> Value {
    let hash = PayloadHash::of(what.as_bytes()).to_string();
    json!([{"domain": format!("0x{:064x}", 0), "chainId": "10", "payloadHash": hash}])
}

fn guarded() -> Bench {
    let bench = Bench::new();
    assert_eq!(bench.opsign(&["guard", "init", "--record", "guard"]).code, Some(0));
    bench
}

#[test]
fn an_operator_steers_a_running_guard() {
    let bench = guarded();
    let mut signer = bench.start(CONFIG);
    let ops = Operator::new(&bench, &signer, "ops.local");
    let scope = scope();
    let status = ops.ask("guard status", 0);
    let mine = &status["scopes"][0];
    assert_eq!(mine["scope"], scope);
    assert_eq!(mine["mode"], "hash-only");
    assert_eq!(mine["leased"], true);
    assert_eq!(mine["lease"]["epoch"], 0);
    assert_eq!(mine["latched"], false);
    let modes = ops.ask("guard mode", 0);
    assert!(modes["modes"][0]["cannot"].as_str().unwrap().contains("two payloads"), "{modes}");

    // Two clients, none of them named first: nobody holds the lease.
    signer.wait_for_log("nobody holds the lease");
    let open = |name| Connection::open(signer.address, &bench.client(&[name])).unwrap();
    let (mut a, mut b) = (open("a.local"), open("b.local"));
    let refused = a.refused("opsigner_signBlockPayloadV2", params("1"));
    assert_eq!(refused["code"], -32013, "{refused}");
    assert_eq!(refused["data"], json!({"code": "not_holder", "epoch": 0}));

    let moved = ops.ask(&format!("switch --scope {scope} --to a.local"), 0);
    assert_eq!((&moved["holder"], &moved["epoch"]), (&json!("a.local"), &json!(1)));
    assert_eq!(moved["changed"], true);
    sign(&mut a, "1").unwrap();
    // On the connection that was refused before, and still is.
    let refused = b.refused("opsigner_signBlockPayloadV2", params("2"));
    assert_eq!(refused["data"], json!({"code": "not_holder", "epoch": 1}));
    let again = ops.ask(&format!("switch --scope {scope} --to a.local"), 0);
    assert_eq!((&again["changed"], &again["epoch"]), (&json!(false), &json!(1)));

    let raised = ops.ask(&format!("guard set-floor --scope {scope} --floor 9"), 0);
    assert_eq!(raised, json!({"scope": scope, "floor": 9}));
    let lowered = ops.ask(&format!("guard set-floor --scope {scope} --floor 8"), 65);
    assert!(lowered["error"]["message"].as_str().unwrap().contains("only be raised"), "{lowered}");
    let words = format!("guard ticket --scope {scope} --fork 7 --reason reorg");
    let ticket = ops.ask(&words, 0)["ticket"].as_str().unwrap().to_owned();
    assert_eq!(ops.ask("guard tickets", 0)["tickets"][0]["id"], *ticket);
    let revoke = format!("guard revoke-ticket --scope {scope} --ticket {ticket}");
    assert_eq!(ops.ask(&revoke, 0)["revoked"], *ticket);
    assert_eq!(ops.ask("guard tickets", 0)["tickets"], json!([]));
    assert!(ops.ask(&revoke, 65)["error"]["message"].as_str().unwrap().contains("no ticket"));
    let stranger = ops.ask(&format!("switch --scope {scope} --to c.local"), 65);
    assert!(stranger["error"]["message"].as_str().unwrap().contains("no client c.local"));
    let heightless = ops.ask(&format!("switch --scope {scope} --to b.local --at-height 12"), 65);
    assert!(heightless["error"]["message"].as_str().unwrap().contains("knows no heights"));

    // One block an hour; a second hash trips the latch.
    let refused = a.refused("opsigner_signBlockPayloadV2", params("one too many"));
    assert_eq!(refused["data"]["code"], "rate_exceeded");
    assert_eq!(ops.ask("guard status", 0)["scopes"][0]["latched"], true);
    let cleared = ops.ask(&format!("guard clear-latch --scope {scope}"), 0);
    assert_eq!(cleared, json!({"scope": scope, "latched": false}));

    let last = ops.ask("guard status", 0);
    signer.signal(rustix::process::Signal::TERM);
    assert!(signer.wait().success());
    // Offline the same, but for what only the config knows.
    let mut wanted = last["scopes"][0].clone();
    wanted["mode"] = Value::Null;
    wanted["leased"] = json!(false);
    let offline = bench.opsign(&["--json", "guard", "status", "--record", "guard"]).json(0);
    assert_eq!(offline["scopes"], json!([wanted]));

    let audit = std::fs::read_to_string(bench.file("audit.log")).unwrap();
    let lines: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let calls: Vec<_> = lines
        .iter()
        .filter(|line| line["method"].as_str().unwrap().starts_with("guard_"))
        .map(|line| {
            assert_eq!(line["client"], "ops.local");
            (line["method"].as_str().unwrap(), line["outcome"].as_str().unwrap())
        })
        .collect();
    let expected = [
        ("guard_status", "done"),
        ("guard_mode", "done"),
        ("guard_switch", "done"),
        ("guard_switch", "done"),
        ("guard_setFloor", "done"),
        ("guard_setFloor", "floor_lowered"),
        ("guard_issueTicket", "done"),
        ("guard_tickets", "done"),
        ("guard_revokeTicket", "done"),
        ("guard_tickets", "done"),
        ("guard_revokeTicket", "unknown_ticket"),
        ("guard_switch", "unknown_client"),
        ("guard_switch", "no_slots"),
        ("guard_status", "done"),
        ("guard_clearLatch", "done"),
        ("guard_status", "done"),
    ];
    assert_eq!(calls, expected);
    let switch = lines.iter().find(|line| line["method"] == "guard_switch").unwrap();
    assert_eq!(switch["params"], json!({"scope": scope, "to": "a.local"}));
}

#[test]
fn nobody_else_is_let_in() {
    let bench = guarded();
    let own = Authority::new("the operators' own");
    bench.write("ops-ca.crt", &own.pem);
    let config = CONFIG.replace("clients: [ops.local]", "clients: [ops.local]\n  ca: ops-ca.crt");
    let signer = bench.start(&config);
    let port = signer.wait_for_address("admin port");

    // A sequencer's authority vouches for no operator.
    let sequencers = Connection::open(port, &bench.client(&["ops.local"]));
    let answer = sequencers.and_then(|mut connection| connection.post("{}"));
    assert!(answer.is_err(), "{answer:?}");
    let client = |names: &[&str]| {
        let config = bench.authority.client(Some(&own.issue(names)), rustls::ALL_VERSIONS);
        Connection::open(port, &config).unwrap()
    };
    let refused = client(&["other.local"]).rpc("guard_status", json!([])).unwrap_err();
    assert_eq!(refused, (-32000, "admin.clients does not name this client".to_owned()));
    let second = client(&["other.local", "ops.local"]).rpc("guard_status", json!([]));
    assert_eq!(second.unwrap_err().0, -32000);
    let mut ops = client(&["ops.local"]);
    ops.rpc("guard_status", json!([])).unwrap();
    // Neither port does the other's work.
    assert_eq!(ops.rpc("opsigner_signBlockPayloadV2", params("1")).unwrap_err().0, -32601);
    let mut a = Connection::open(signer.address, &bench.client(&["a.local"])).unwrap();
    assert_eq!(a.rpc("guard_status", json!([])).unwrap_err().0, -32601);
    for (params, what) in [
        (json!([{"scope": "blocks"}]), "a scope is written"),
        (json!([{"scope": scope(), "height": 3}]), "unknown field `height`"),
        (json!([]), "missing field"),
        (json!([1, 2]), "too many arguments"),
    ] {
        let (code, message) = ops.rpc("guard_clearLatch", params).unwrap_err();
        assert_eq!(code, -32602, "{message}");
        assert!(message.contains(what), "{message}");
    }
    let audit = std::fs::read_to_string(bench.file("audit.log")).unwrap();
    assert!(audit.contains(r#""client":"other.local""#), "{audit}");
    assert!(audit.contains(r#""outcome":"client""#), "{audit}");
}

#[test]
fn configs_that_make_no_sense_are_refused() {
    let bench = guarded();
    let several = CONFIG.replace("  methods", "  firstHolder: true\n  methods");
    for (config, what) in [
        (
            CONFIG.replace(
                "guard:\n  record: guard\n  blocks: hash-only\n  blockTimeMs: 3600000\n",
                "",
            ),
            "admin needs a guard",
        ),
        (CONFIG.replace("[ops.local]", "[]"), "admin.clients is empty"),
        (CONFIG.replace("127.0.0.1:0", "everywhere"), "config.yaml:"),
    ] {
        let ran = bench.run(&["check-config"], &config);
        assert_eq!(ran.code, Some(78), "{}", ran.err);
        assert!(ran.err.contains(what), "{}", ran.err);
    }
    let ran = bench.run(&["signer", "--rpc.port", "0"], &several);
    assert_eq!(ran.code, Some(78), "{}", ran.err);
    assert!(ran.err.contains("several entries with firstHolder"), "{}", ran.err);
}

#[test]
fn the_first_holder_is_the_one_named_and_stays_it() {
    let bench = guarded();
    let named = CONFIG.replacen("  methods", "  firstHolder: true\n  methods", 1);
    let mut signer = bench.start(&named);
    let open =
        |signer: &Signer, name| Connection::open(signer.address, &bench.client(&[name])).unwrap();
    sign(&mut open(&signer, "a.local"), "1").unwrap();
    let ops = Operator::new(&bench, &signer, "ops.local");
    ops.ask(&format!("switch --scope {} --to b.local", scope()), 0);
    signer.signal(rustix::process::Signal::TERM);
    assert!(signer.wait().success());
    // The record knows better than the config.
    let signer = bench.start(&named);
    let mut b = open(&signer, "b.local");
    sign(&mut b, "1").unwrap();
    let refused = open(&signer, "a.local").refused("opsigner_signBlockPayloadV2", params("3"));
    assert_eq!(refused["data"], json!({"code": "not_holder", "epoch": 2}));
    // Without heights the loser's connections are closed, and the winner's are not.
    let mut a = open(&signer, "a.local");
    a.rpc("health_status", json!([])).unwrap();
    let ops = Operator::new(&bench, &signer, "ops.local");
    ops.ask(&format!("switch --scope {} --to a.local", scope()), 0);
    signer.wait_for_metric("opsign_connections_cut_total{reason=\"not_holder\"}", 1.0);
    assert!(b.post("{}").is_err());
    sign(&mut a, "1").unwrap();
}
