//! Who is let in, and to what.

use opsign_keystore::proto::*;
use tonic::Code;

use crate::world::*;

const INVALID: i32 = RemoteKeystoreError::ValidationError as i32;
const UNAVAILABLE: i32 = RemoteKeystoreError::Unavailable as i32;

#[tokio::test]
async fn nobody_without_a_certificate() {
    let world = World::new();
    world.import("babe", "sr25519", "//Alice", "one.example");
    let running = world.start();
    let request = || Sr25519PublicKeysRequest { key_type: "babe".into() };
    // With TLS 1.3 a client learns of it with its first call.
    let refused = match world.connect(running.address, None).await {
        Err(_) => true,
        Ok(mut client) => client.sr25519_public_keys(request()).await.is_err(),
    };
    assert!(refused);
    let mut client = world.client(&running, "one.example").await;
    assert!(client.sr25519_public_keys(request()).await.is_ok());
}

#[tokio::test]
async fn key_types_and_operations() {
    let world = World::new();
    let babe = world.import("babe", "sr25519", "//Alice", "one.example");
    let running = world.start();
    let mut one = world.client(&running, "one.example").await;
    let mut ops = world.client(&running, "ops.example").await;
    let request = |key_type: &str| Sr25519PublicKeysRequest { key_type: key_type.into() };
    let status = one.sr25519_public_keys(request("imon")).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    for bad in ["bab", "babes", "b be", ""] {
        let status = one.sr25519_public_keys(request(bad)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{bad}");
    }
    // An operator makes keys and signs nothing, not even with a key of its own.
    let (hash, payload) = block(1, b'x');
    let request = sign_with("babe", "sr25519", &babe, &hash, Some(payload));
    let status = ops.sign_with(request).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn ownership_is_a_right_of_its_own() {
    let world = World::new();
    world.configure("");
    let config = read(&world.path("keystore.yaml")).replace(", vrf, ownership", "");
    world.write("keystore.yaml", &config);
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    let running = world.start();
    let mut one = world.client(&running, "one.example").await;
    let owner = [b"POP_", &[5; 32][..]].concat();
    let status =
        one.sign_with(sign_with("gran", "ed25519", &gran, &owner, None)).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let ballot = sign_with("gran", "ed25519", &gran, &vote(0, 1, 1, 1), None);
    assert_eq!(sign(&mut one, ballot).await.error, 0);
}

#[tokio::test]
async fn raw_signing_has_to_be_allowed() {
    let world = World::new();
    let asgn = world.import("asgn", "sr25519", "//Alice", "one.example");
    let request = || sign_with("asgn", "sr25519", &asgn, b"something", None);
    {
        let running = world.start();
        let mut one = world.client(&running, "one.example").await;
        assert_eq!(sign(&mut one, request()).await.error, INVALID);
    }
    world.configure("rawKeyTypes: [asgn]\n");
    let running = world.start();
    let mut one = world.client(&running, "one.example").await;
    assert_eq!(sign(&mut one, request()).await.error, 0);
}

#[tokio::test]
async fn a_reload_changes_rights_and_brings_keys() {
    let world = World::new();
    let alice = world.import("audi", "sr25519", "//Alice", "one.example");
    let running = world.start();
    let mut one = world.client(&running, "one.example").await;
    let bob = world.import("audi", "sr25519", "//Bob", "ops.example");
    let config = read(&world.path("keystore.yaml")).replacen(
        "ownership]\n",
        &format!(
            "ownership]\n  publicKeys:\n  - cryptoType: sr25519\n    publicKey: \"0x{}\"\n",
            base16ct::lower::encode_string(&bob)
        ),
        1,
    );
    world.write("keystore.yaml", &config);
    running.signal("-HUP");
    let mut both = [alice, bob];
    both.sort();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let request = Sr25519PublicKeysRequest { key_type: "audi".into() };
        let found = one.sr25519_public_keys(request).await.unwrap().into_inner().public_keys;
        if found == both {
            break;
        }
        assert!(std::time::Instant::now() < end, "not loaded in 20 s: {found:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_reload_that_makes_no_sense_changes_nothing() {
    let world = World::new();
    let alice = world.import("audi", "sr25519", "//Alice", "one.example");
    let running = world.start();
    let mut one = world.client(&running, "one.example").await;
    let good = read(&world.path("keystore.yaml"));
    let bad = [
        (good.replace("audi", "aud"), "aud"),
        (good.clone() + "limits: {streams: 7}\n", "need a restart"),
        (good.clone() + "transcripts: [{label: mine, items: [a]}]\n", "transcripts need a restart"),
    ];
    for (config, named) in bad {
        world.write("keystore.yaml", &config);
        running.signal("-HUP");
        let line = running.wait_for_log_of("error", named);
        assert_eq!(line["message"], "the new files cannot be used; the old stay");
        let request = Sr25519PublicKeysRequest { key_type: "audi".into() };
        let found = one.sr25519_public_keys(request).await.unwrap().into_inner().public_keys;
        assert_eq!(found, std::slice::from_ref(&alice));
    }
}

#[tokio::test]
async fn no_signature_waits_for_a_broker_that_is_away() {
    let world = World::new();
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    // Nobody listens there.
    let publish = "publish: {brokers: ['127.0.0.1:1'], topic: grants}\n";
    world.configure(&format!("metrics: 127.0.0.1:0\n{publish}"));
    let mut running = world.start();
    let mut one = world.client(&running, "one.example").await;
    let ballot = sign_with("gran", "ed25519", &gran, &vote(0, 1, 1, 1), None);
    assert_eq!(sign(&mut one, ballot).await.error, 0);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while running.metric("opsign_keystore_publish_failing") != 1.0 {
        assert!(std::time::Instant::now() < end, "no alarm in 60 s");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(running.metric("opsign_keystore_unpublished_bytes") > 0.0);
    drop(one);
    running.signal("-TERM");
    assert!(running.wait().success());
    running.wait_for_log("not all of the audit log is published");
}

#[tokio::test]
async fn after_a_lost_record_consensus_keys_wait() {
    let world = World::new();
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    let audi = world.import("audi", "sr25519", "//Alice", "one.example");
    let guard = |time: &str| format!("  record: guard\n  notBefore: {time}\n");
    world.configure_guard(&guard("2126-01-01T00:00:00Z"), "");
    let ballot = || sign_with("gran", "ed25519", &gran, &vote(0, 1, 1, 1), None);
    {
        let running = world.start();
        let mut one = world.client(&running, "one.example").await;
        assert_eq!(sign(&mut one, ballot()).await.error, UNAVAILABLE);
        let record = sign_with("audi", "sr25519", &audi, b"a record", None);
        assert_eq!(sign(&mut one, record).await.error, 0);
    }
    world.configure_guard(&guard("2026-01-01T00:00:00Z"), "");
    let running = world.start();
    let mut one = world.client(&running, "one.example").await;
    assert_eq!(sign(&mut one, ballot()).await.error, 0);
}

#[tokio::test]
async fn slots_ahead_of_the_clock() {
    let world = World::new();
    let babe = world.import("babe", "sr25519", "//Alice", "one.example");
    world.configure_guard("  record: guard\n  slotTimeMs: 6000\n", "");
    let running = world.start();
    let mut one = world.client(&running, "one.example").await;
    let seal = |slot| {
        let (hash, payload) = block(slot, b'x');
        sign_with("babe", "sr25519", &babe, &hash, Some(payload))
    };
    let reply = sign(&mut one, seal(u64::MAX)).await;
    assert_eq!(reply.error, INVALID);
    assert!(reply.reason.contains("ahead of the clock"), "{}", reply.reason);
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64 / 6000;
    assert_eq!(sign(&mut one, seal(now)).await.error, 0);
    assert_eq!(sign(&mut one, seal(now + 1000)).await.error, INVALID);
}

#[tokio::test]
async fn the_audit_log_has_grants_and_refusals() {
    let world = World::new();
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    let mut running = world.start();
    let mut one = world.client(&running, "one.example").await;
    for fork in [1, 2] {
        let ballot = sign_with("gran", "ed25519", &gran, &vote(0, fork, 1, 1), None);
        sign(&mut one, ballot).await;
    }
    drop(one);
    running.signal("-TERM");
    assert!(running.wait().success());
    let audit = read(&world.path("audit.jsonl"));
    let lines: Vec<serde_json::Value> =
        audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcomes: Vec<_> = lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["done", "slot_taken"]);
    assert_eq!(lines[0]["claim"], "prevote");
    assert_eq!(lines[0]["client"], "one.example");
}
