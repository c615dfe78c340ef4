//! Keys in tokens: SoftHSM where one works, the fake module where one does not.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use opsign_keystore::proto::*;

use crate::harness::{PIN, fake_module, make_token, softhsm_module, write_softhsm_conf};
use crate::world::*;

const OK: i32 = RemoteKeystoreError::Unknown as i32;
const INVALID: i32 = RemoteKeystoreError::ValidationError as i32;
const UNAVAILABLE: i32 = RemoteKeystoreError::Unavailable as i32;
const OTHER: i32 = RemoteKeystoreError::Other as i32;

/// RFC 8032, section 7.1, TEST 1.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/// TEST 2.
const OTHER_SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";

/// The public key of the fake module's pair: seed 32 bytes of 01.
const FAKE: &str = "0x8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";

/// RFC 8410, section 7: a seed, and a public key, as DER up to the bytes themselves.
const PRIVATE_DER: &str = "302e020100300506032b657004220420";
const PUBLIC_DER: &str = "302a300506032b6570032100";

fn pem(name: &str, der: &str, hex: &str) -> String {
    let der = base16ct::lower::decode_vec(format!("{der}{hex}")).unwrap();
    format!("-----BEGIN {name}-----\n{}\n-----END {name}-----\n", Base64::encode_string(&der))
}

/// A world with a SoftHSM token in which TEST 1's key is called `gran` and TEST 2's `audi`.
fn with_token() -> World {
    let world = World::new();
    let conf = write_softhsm_conf(&world.path(""));
    make_token(&conf, "tok");
    world.write("pin", PIN);
    for (label, id, seed) in [("gran", "01", SEED), ("audi", "02", OTHER_SEED)] {
        world.write("key.pem", &pem("PRIVATE KEY", PRIVATE_DER, seed));
        let output = Command::new("softhsm2-util")
            .args(["--import", "key.pem", "--token", "tok", "--label", label, "--id", id])
            .args(["--pin", PIN])
            .current_dir(world.path(""))
            .env("SOFTHSM2_CONF", &conf)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::remove_file(world.path("key.pem")).unwrap();
    }
    // The keys' folder has to be there.
    world.import("babe", "sr25519", "//Alice", "one.example");
    world
}

/// The section of the config for the key, with more lines for it.
fn section(more: &str) -> String {
    let module = softhsm_module();
    format!(
        "metrics: 127.0.0.1:0\npkcs11:\n- uri: \"pkcs11:token=tok;object=gran?module-path={}\"\n  \
         pinFile: pin\n  keyType: gran\n  owner: one.example\n{more}",
        module.display()
    )
}

fn command(world: &World, words: &[&str]) -> Command {
    let mut command = world.command(words);
    command
        .env("SOFTHSM2_CONF", world.path("softhsm2.conf"))
        .env("OPSIGN_FAKE_PKCS11_CONTROL", world.path("control"));
    command
}

fn start(world: &World) -> Running {
    world.start_with(&mut command(world, &["keystore", "--config", "keystore.yaml"]))
}

/// Runs `check-config`, or a server that has not started before.
fn ends(world: &World, words: &[&str]) -> Output {
    command(world, words).args(["--config", "keystore.yaml"]).output().unwrap()
}

/// A server that is not to start: its exit code, and what it says.
fn refused(world: &World) -> (Option<i32>, String) {
    let running = world.try_start(&mut command(world, &["keystore", "--config", "keystore.yaml"]));
    assert!(running.is_err(), "it starts");
    let output = ends(world, &["keystore"]);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

fn ballot(public: &str, fork: u8, round: u64) -> SignWithRequest {
    sign_with("gran", "ed25519", &hex(public), &vote(0, fork, round, 1), None)
}

/// Another implementation's opinion: OpenSSL's.
fn openssl_verifies(folder: &Path, public: &str, message: &[u8], signature: &[u8]) -> bool {
    let file = |name: &str| folder.join(name);
    let key = pem("PUBLIC KEY", PUBLIC_DER, public.strip_prefix("0x").unwrap());
    std::fs::write(file("public.pem"), key).unwrap();
    std::fs::write(file("message"), message).unwrap();
    std::fs::write(file("signature"), signature).unwrap();
    let output = Command::new("openssl")
        .args(["pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin"])
        .args(["-in", "message", "-sigfile", "signature"])
        .current_dir(folder)
        .output()
        .unwrap();
    output.status.success()
}

/// Waits until a metric has a value.
async fn wait_for_metric(running: &Running, name: &str, value: f64) {
    let end = Instant::now() + Duration::from_secs(60);
    while running.find_metric(name) != Some(value) {
        assert!(Instant::now() < end, "{name} is {:?}", running.find_metric(name));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until a vote is signed.
async fn wait_until_signed(client: &mut Client, request: &SignWithRequest) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let reply = sign(client, request.clone()).await;
        if reply.error == OK {
            return;
        }
        assert!(Instant::now() < end, "{}", reply.reason);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn assert_alice_seals(client: &mut Client, slot: u64) {
    let alice = hex("0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d");
    let (hash, payload) = block(slot, 1);
    let seal = sign_with("babe", "sr25519", &alice, &hash, Some(payload));
    assert_eq!(sign(client, seal).await.error, OK);
}

#[tokio::test]
async fn a_key_in_a_token_votes_once_and_the_same_after_a_restart() {
    let world = with_token();
    world.configure(&section(""));
    let check = String::from_utf8(ends(&world, &["keystore", "check-config"]).stdout).unwrap();
    let line = format!("key gran ed25519 {PUBLIC}: one.example (pkcs11:tok/gran)");
    assert!(check.contains(&line) && check.contains("2 keys"), "{check}");

    let running = start(&world);
    let mut one = world.client(&running, "one.example").await;
    let mut two = world.client(&running, "two.example").await;
    let request = || Ed25519PublicKeysRequest { key_type: "gran".into() };
    let listed = one.ed25519_public_keys(request()).await.unwrap().into_inner().public_keys;
    assert_eq!(listed, [hex(PUBLIC)]);
    assert!(two.ed25519_public_keys(request()).await.unwrap().into_inner().public_keys.is_empty());
    let stranger = sign(&mut two, ballot(PUBLIC, 1, 5)).await;
    assert_eq!(stranger.error, RemoteKeystoreError::PairNotFound as i32);

    let signed = sign(&mut one, ballot(PUBLIC, 1, 5)).await;
    assert_eq!(signed.error, OK, "{}", signed.reason);
    let (folder, message) = (world.path(""), vote(0, 1, 5, 1));
    assert!(openssl_verifies(&folder, PUBLIC, &message, &signed.signature));
    assert!(!openssl_verifies(&folder, PUBLIC, &vote(0, 2, 5, 1), &signed.signature));
    // What a key of the folder with this seed would give.
    let seed = base16ct::lower::decode_vec(SEED).unwrap().try_into().unwrap();
    let own = ed25519_dalek::SigningKey::from_bytes(&seed);
    use ed25519_dalek::Signer as _;
    assert_eq!(signed.signature, own.sign(&message).to_bytes());

    assert_eq!(sign(&mut one, ballot(PUBLIC, 1, 5)).await, signed);
    let other = sign(&mut one, ballot(PUBLIC, 2, 5)).await;
    assert_eq!(other.error, INVALID);
    assert!(other.reason.contains("equivocation"), "{}", other.reason);
    let raw = sign_with("gran", "ed25519", &hex(PUBLIC), b"anything", None);
    assert_eq!(sign(&mut one, raw).await.error, INVALID);
    let owner = [b"POP_", &[5; 32][..]].concat();
    let owner = sign_with("gran", "ed25519", &hex(PUBLIC), &owner, None);
    assert_eq!(sign(&mut one, owner).await.error, OK);
    wait_for_metric(&running, "opsign_keystore_token_up{key=\"pkcs11:tok/gran\"}", 1.0).await;

    // A new key is the folder's.
    let mut ops = world.client(&running, "ops.example").await;
    let request = Ed25519GenerateNewRequest { key_type: "gran".into(), seed: String::new() };
    let made = ops.ed25519_generate_new(request).await.unwrap().into_inner().public_key;
    let name = format!("keys/gran-ed25519-{}.json", base16ct::lower::encode_string(&made));
    assert!(world.path(&name).exists());

    drop((one, two, ops, running));
    let running = start(&world);
    let mut one = world.client(&running, "one.example").await;
    assert_eq!(sign(&mut one, ballot(PUBLIC, 2, 5)).await.error, INVALID);
    assert_eq!(sign(&mut one, ballot(PUBLIC, 1, 5)).await, signed);
}

#[tokio::test]
async fn a_token_that_goes_away_is_refused_alone_and_comes_back() {
    let world = with_token();
    // A second key that nobody uses would keep the module from being initialised anew.
    let more = "- uri: \"pkcs11:token=tok;object=audi?module-path=";
    let module = softhsm_module();
    let more = format!("{more}{}\"\n  pinFile: pin\n  keyType: audi\n", module.display());
    world.configure(&section(&more));
    let running = start(&world);
    let mut one = world.client(&running, "one.example").await;
    assert_eq!(sign(&mut one, ballot(PUBLIC, 1, 1)).await.error, OK);
    let (tokens, away) = (world.path("tokens"), world.path("away"));
    std::fs::rename(&tokens, &away).unwrap();
    for slot in 1..=3 {
        let reply = sign(&mut one, ballot(PUBLIC, 1, 2)).await;
        assert_eq!(reply.error, UNAVAILABLE);
        assert!(reply.reason.starts_with("key unavailable"), "{}", reply.reason);
        assert_alice_seals(&mut one, slot).await;
    }
    let outcome = "opsign_keystore_requests_total{method=\"SignWith\",outcome=\"token_away\"}";
    wait_for_metric(&running, outcome, 3.0).await;
    wait_for_metric(&running, "opsign_keystore_token_up{key=\"pkcs11:tok/gran\"}", 0.0).await;
    std::fs::rename(&away, &tokens).unwrap();
    wait_until_signed(&mut one, &ballot(PUBLIC, 1, 2)).await;
    // It was durable before the token failed: another vote of that round has no chance.
    assert_eq!(sign(&mut one, ballot(PUBLIC, 2, 2)).await.error, INVALID);
    wait_for_metric(&running, "opsign_keystore_token_up{key=\"pkcs11:tok/gran\"}", 1.0).await;
}

#[tokio::test]
async fn a_start_without_the_token() {
    let world = with_token();
    let (tokens, away) = (world.path("tokens"), world.path("away"));
    std::fs::rename(&tokens, &away).unwrap();
    std::fs::create_dir(&tokens).unwrap();
    world.configure(&section(""));
    let (code, text) = refused(&world);
    assert_eq!(code, Some(69), "{text}");
    assert!(text.contains("key pkcs11:tok/gran: no token"), "{text}");

    // With its public key in the config the others need not wait for it.
    world.configure(&section(&format!("  publicKey: \"{PUBLIC}\"\n")));
    let running = start(&world);
    let mut one = world.client(&running, "one.example").await;
    assert_eq!(sign(&mut one, ballot(PUBLIC, 1, 1)).await.error, UNAVAILABLE);
    assert_alice_seals(&mut one, 1).await;
    std::fs::remove_dir(&tokens).unwrap();
    std::fs::rename(&away, &tokens).unwrap();
    wait_until_signed(&mut one, &ballot(PUBLIC, 1, 1)).await;
    drop((one, running));

    world.configure(&section(&format!("  publicKey: \"{FAKE}\"\n")));
    let (code, text) = refused(&world);
    assert_eq!(code, Some(78), "{text}");
    assert!(text.contains(PUBLIC) && text.contains(FAKE), "{text}");
}

#[test]
fn a_wrong_pin_stops_the_start() {
    let world = with_token();
    world.configure(&section(""));
    world.write("pin", "9999");
    let check = ends(&world, &["keystore", "check-config"]);
    let check = String::from_utf8([check.stdout, check.stderr].concat()).unwrap();
    for (code, text) in [(Some(78), check), refused(&world)] {
        assert_eq!(code, Some(78), "{text}");
        assert!(text.contains("key pkcs11:tok/gran: the token refused the PIN"), "{text}");
        assert!(!text.contains("9999"), "{text}");
    }
}

#[test]
fn what_a_config_may_not_say_of_a_token() {
    let world = with_token();
    let good = section("");
    for (from, to, says) in [
        ("keyType: gran", "keyType: gra", "four letters"),
        ("object=gran", "object=nobody", "no private key with label \"nobody\""),
        ("token=tok;", "token=tok;pin-value=1;", "unknown attribute"),
        ("?module-path=", "?pin-value=1234&module-path=", "PIN does not belong"),
        ("  pinFile: pin\n", "", "pinFile"),
        ("  owner:", "  publicKey: \"0x00\"\n  owner:", "no ed25519 public key"),
        // The neutral element: everything verifies under it.
        ("  owner:", &format!("  publicKey: \"0x01{}\"\n  owner:", "00".repeat(31)), "no ed25519"),
        ("  owner:", "  sessions: 0\n  owner:", "sessions"),
        ("  owner:", "  colour: red\n  owner:", "colour"),
    ] {
        assert!(good.contains(from), "{from}");
        world.configure(&good.replace(from, to));
        let (code, text) = refused(&world);
        assert_eq!(code, Some(78), "{to}: {text}");
        assert!(text.contains(says) && !text.contains("1234"), "{to}: {text}");
    }
    // The same key in the folder, as another type and as the same.
    for (key_type, says) in [("audi", "could sign as one"), ("gran", "in two places")] {
        let world = with_token();
        world.configure(&good);
        world.import(key_type, "ed25519", &format!("0x{SEED}"), "one.example");
        let (code, text) = refused(&world);
        assert_eq!(code, Some(78), "{text}");
        assert!(text.contains(says), "{text}");
    }
}

/// A world whose key is the fake module's.
fn with_fake() -> World {
    let world = World::new();
    world.import("babe", "sr25519", "//Alice", "one.example");
    world.write("pin", PIN);
    world.write("control", "ed25519");
    let uri = format!("pkcs11:token=fake;object=sequencer?module-path={}", fake_module().display());
    world.configure(&format!(
        "metrics: 127.0.0.1:0\npkcs11:\n- uri: \"{uri}\"\n  pinFile: pin\n  keyType: gran\n  \
         owner: one.example\n  deadlineMs: 400\n  sessions: 1\n"
    ));
    world
}

/// Tells the module how to behave from now on.
fn behave(world: &World, line: &str) {
    world.write("control.new", &format!("ed25519\n{line}"));
    std::fs::rename(world.path("control.new"), world.path("control")).unwrap();
}

#[tokio::test]
async fn a_wrong_signature_is_not_given_out() {
    let world = with_fake();
    let running = start(&world);
    let mut one = world.client(&running, "one.example").await;
    for (round, line) in
        ["corrupt", "wrong_key", "wrong_hash", "high_s", "short=63", "all_ones"].iter().enumerate()
    {
        let request = ballot(FAKE, 1, round as u64 + 1);
        behave(&world, line);
        let reply = sign(&mut one, request.clone()).await;
        assert_eq!((reply.error, reply.signature.len()), (OTHER, 0), "{line}: {}", reply.reason);
        behave(&world, "");
        let reply = sign(&mut one, request).await;
        assert_eq!(reply.error, OK, "{line}: {}", reply.reason);
        let message = vote(0, 1, round as u64 + 1, 1);
        assert!(openssl_verifies(&world.path(""), FAKE, &message, &reply.signature));
    }
    let outcome = "opsign_keystore_requests_total{method=\"SignWith\",outcome=\"faulty\"}";
    wait_for_metric(&running, outcome, 6.0).await;
}

#[tokio::test]
async fn a_token_that_hangs_holds_up_nobody() {
    let world = with_fake();
    let running = start(&world);
    let mut one = world.client(&running, "one.example").await;
    assert_eq!(sign(&mut one, ballot(FAKE, 1, 1)).await.error, OK);
    behave(&world, "hang");
    for slot in 1..=3 {
        // More at once than there are threads that serve.
        let asked = (0..16).map(|_| {
            let mut client = one.clone();
            async move { sign(&mut client, ballot(FAKE, 1, 2)).await }
        });
        let asked: Vec<_> = asked.map(tokio::spawn).collect();
        assert_alice_seals(&mut one, slot).await;
        for reply in asked {
            let reply = tokio::time::timeout(Duration::from_secs(20), reply).await;
            assert_eq!(reply.expect("an answer in time").unwrap().error, UNAVAILABLE);
        }
    }
    wait_for_metric(&running, "opsign_keystore_token_up{key=\"pkcs11:fake/sequencer\"}", 0.0).await;
    behave(&world, "");
    wait_until_signed(&mut one, &ballot(FAKE, 1, 2)).await;
}

#[test]
fn a_token_that_signs_one_message_in_two_ways_is_refused() {
    let world = with_fake();
    behave(&world, "hedged");
    let (code, text) = refused(&world);
    assert_eq!(code, Some(78), "{text}");
    assert!(text.contains("against RFC 8032"), "{text}");
}
