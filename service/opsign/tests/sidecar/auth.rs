//! Who is let in, and what the sidecar shows to others.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::http::{Client, Message, is_signed, token, token_of};
use crate::wire::wait_until;
use crate::world::{LOCAL, ONE, OP_NODE, PATIENT, World};

const CALL: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;

#[test]
fn only_whoever_has_the_secret_is_let_in_now() {
    let world = World::new(PATIENT);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let good = r#"{"alg":"HS256","typ":"JWT"}"#;
    let iat = |iat: u64| json!({"iat": iat}).to_string();
    let ask = |authorization: &str| -> Message {
        let mut client = Client::open(world.sidecar.address, OP_NODE);
        let head = format!(
            "POST / HTTP/1.1\r\ncontent-type: application/json\r\nauthorization: {authorization}\r\n"
        );
        client.send(&head, CALL)
    };
    let before = world.local.count("eth_chainId");
    for (authorization, says) in [
        (String::new(), "missing token"),
        ("Bearer ".into(), "missing token"),
        ("Basic abc".into(), "missing token"),
        (format!("Bearer {}", token(LOCAL)), "signature is invalid"),
        (format!("Bearer {}", token_of(OP_NODE, good, &iat(now - 120))), "stale token"),
        (format!("Bearer {}", token_of(OP_NODE, good, &iat(now + 120))), "future token"),
        (format!("Bearer {}", token_of(OP_NODE, good, "{}")), "missing issued-at"),
        (
            format!("Bearer {}", token_of(OP_NODE, r#"{"alg":"none"}"#, &iat(now))),
            "signing method none is invalid",
        ),
        (
            format!("Bearer {}", token_of(OP_NODE, r#"{"alg":"HS512"}"#, &iat(now))),
            "signing method HS512 is invalid",
        ),
    ] {
        let answer = ask(&authorization);
        assert_eq!(answer.status(), 401, "{authorization}");
        assert_eq!(answer.text(), format!("{says}\n"), "{authorization}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    assert_eq!(world.local.count("eth_chainId"), before, "a stranger was relayed");
    for iat in [now - 50, now, now + 50] {
        let token = token_of(OP_NODE, good, &json!({"iat": iat}).to_string());
        assert_eq!(ask(&format!("Bearer {token}")).status(), 200);
    }
}

#[test]
fn each_engine_is_shown_a_token_of_its_own_secret() {
    let mut world = World::new(PATIENT);
    world.make();
    for (engine, method, secret) in [
        (&world.local, "engine_getPayload", LOCAL),
        (&world.local, "engine_newPayload", LOCAL),
        (&world.one, "engine_getPayload", ONE),
        (&world.one, "engine_forkchoice", ONE),
    ] {
        wait_until(method, || engine.count(method) > 0);
        assert!(is_signed(&engine.last(method), secret), "{method} of {}", engine.name);
    }
}

#[test]
fn secrets_are_read_anew() {
    let world = World::new(PATIENT);
    let new = "5".repeat(64);
    // Half a secret changes nothing.
    world.bench.write("jwt.hex", &new[..40]);
    world.sidecar.wait_for_log("a secret cannot be read");
    assert_eq!(world.connect().post(CALL).status(), 200);
    world.bench.write("jwt.hex", &new);
    world.sidecar.wait_for_log("a new secret is in use");
    assert_eq!(world.connect().post(CALL).status(), 401);
    assert_eq!(Client::open(world.sidecar.address, &new).post(CALL).status(), 200);
    for secret in [OP_NODE, LOCAL, ONE, &new] {
        assert!(!world.sidecar.log().contains(secret), "a secret is in the log");
    }
}
