//! Each method, over mutual TLS.

use opsign_keystore::proto::sr25519_vrf_sign_request::vrf_transcript_value::Value;
use opsign_keystore::proto::sr25519_vrf_sign_request::{VrfTranscriptData, VrfTranscriptValue};
use opsign_keystore::proto::*;
use tonic::Code;

use crate::world::*;

const OK: i32 = RemoteKeystoreError::Unknown as i32;
const NOT_SUPPORTED: i32 = RemoteKeystoreError::KeyNotSupported as i32;
const NOT_FOUND: i32 = RemoteKeystoreError::PairNotFound as i32;
const INVALID: i32 = RemoteKeystoreError::ValidationError as i32;

fn key_type(letters: &str) -> String {
    letters.into()
}

#[tokio::test]
async fn public_keys_are_each_clients_own() {
    let world = World::new();
    let alice = world.import("babe", "sr25519", "//Alice", "one.example");
    let bob = world.import("babe", "sr25519", "//Bob", "two.example");
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    let beef = world.import("beef", "ecdsa", "//Alice", "one.example");
    // As `subkey inspect //Alice` has them.
    let known = [
        "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
        "88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee",
        "020a1091341fe5664bfa1782d5e04779689068c916b04cb365ec3153755684d9a1",
    ];
    for (key, known) in [&alice, &gran, &beef].into_iter().zip(known) {
        assert_eq!(base16ct::lower::encode_string(key), known);
    }
    let running = world.start();
    let mut one = world.client(&running, "one.example").await;
    let mut two = world.client(&running, "two.example").await;
    let request = || Sr25519PublicKeysRequest { key_type: key_type("babe") };
    let found = one.sr25519_public_keys(request()).await.unwrap().into_inner().public_keys;
    assert_eq!(found, vec![alice.clone()]);
    let found = two.sr25519_public_keys(request()).await.unwrap().into_inner().public_keys;
    assert_eq!(found, vec![bob]);
    let request = || Ed25519PublicKeysRequest { key_type: key_type("gran") };
    let found = one.ed25519_public_keys(request()).await.unwrap().into_inner().public_keys;
    assert_eq!(found, vec![gran]);
    assert!(two.ed25519_public_keys(request()).await.unwrap().into_inner().public_keys.is_empty());
    let request = || EcdsaPublicKeysRequest { key_type: key_type("beef") };
    let found = one.ecdsa_public_keys(request()).await.unwrap().into_inner().public_keys;
    assert_eq!(found, vec![beef]);
    // What is not two's does not exist for two.
    let (hash, payload) = block(1, b'x');
    let request = sign_with("babe", "sr25519", &alice, &hash, Some(payload));
    assert_eq!(sign(&mut two, request).await.error, NOT_FOUND);
}

#[tokio::test]
async fn generated_keys_sign_at_once_and_after_a_restart() {
    let world = World::new();
    // The keys' folder has to be there.
    world.import("audi", "sr25519", "//Alice//audi", "one.example");
    let keys;
    {
        let running = world.start();
        let mut ops = world.client(&running, "ops.example").await;
        let seed = || "//opsign//test".to_owned();
        let request = Sr25519GenerateNewRequest { key_type: key_type("babe"), seed: seed() };
        let made = ops.sr25519_generate_new(request.clone()).await.unwrap().into_inner();
        assert_eq!((made.error, made.public_key.len()), (OK, 32), "{}", made.reason);
        let again = ops.sr25519_generate_new(request).await.unwrap().into_inner();
        assert_eq!(again, made, "the same seed again");
        let random = Ed25519GenerateNewRequest { key_type: key_type("gran"), seed: String::new() };
        let gran = ops.ed25519_generate_new(random.clone()).await.unwrap().into_inner();
        let other = ops.ed25519_generate_new(random).await.unwrap().into_inner();
        assert_eq!((gran.error, gran.public_key.len()), (OK, 32), "{}", gran.reason);
        assert_ne!(gran.public_key, other.public_key);
        let request = EcdsaGenerateNewRequest { key_type: key_type("beef"), seed: String::new() };
        let beef = ops.ecdsa_generate_new(request).await.unwrap().into_inner();
        assert_eq!((beef.error, beef.public_key.len()), (OK, 33), "{}", beef.reason);
        let bad = Sr25519GenerateNewRequest { key_type: key_type("babe"), seed: "Alice".into() };
        let bad = ops.sr25519_generate_new(bad).await.unwrap().into_inner();
        assert_eq!(bad.error, INVALID);
        // A key that may sign anything as `audi` may not seal blocks.
        let shared =
            Sr25519GenerateNewRequest { key_type: key_type("babe"), seed: "//Alice//audi".into() };
        let shared = ops.sr25519_generate_new(shared).await.unwrap().into_inner();
        assert_eq!(shared.error, INVALID, "{}", shared.reason);
        assert!(shared.reason.contains("key of type audi"), "{}", shared.reason);
        keys = [made.public_key, gran.public_key, other.public_key];
        let mut one = world.client(&running, "one.example").await;
        let status = one.sr25519_generate_new(Sr25519GenerateNewRequest {
            key_type: key_type("babe"),
            seed: String::new(),
        });
        assert_eq!(status.await.unwrap_err().code(), Code::PermissionDenied);
    }
    let running = world.start();
    let mut ops = world.client(&running, "ops.example").await;
    let request = Sr25519PublicKeysRequest { key_type: key_type("babe") };
    let found = ops.sr25519_public_keys(request).await.unwrap().into_inner().public_keys;
    assert_eq!(found, keys[..1]);
    let request = Ed25519PublicKeysRequest { key_type: key_type("gran") };
    let mut expected = keys[1..].to_vec();
    expected.sort();
    let found = ops.ed25519_public_keys(request).await.unwrap().into_inner().public_keys;
    assert_eq!(found, expected);
}

#[tokio::test]
async fn blocks_votes_and_statements() {
    let world = World::new();
    let babe = world.import("babe", "sr25519", "//Alice//babe", "one.example");
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    let para = world.import("para", "sr25519", "//Alice//para", "one.example");
    let mut running = world.start();
    let mut client = world.client(&running, "one.example").await;

    let seal = |slot, fork| {
        let (hash, payload) = block(slot, fork);
        sign_with("babe", "sr25519", &babe, &hash, Some(payload))
    };
    let first = sign(&mut client, seal(10, b'x')).await;
    assert_eq!((first.error, first.signature.len()), (OK, 64), "{}", first.reason);
    assert_eq!((&first.crypto_type[..], &first.public_key), ("sr25519", &babe));
    verify_sr25519(&babe, &seal(10, b'x').message, &first.signature);
    assert_eq!(sign(&mut client, seal(10, b'x')).await, first, "byte for byte");
    let refused = sign(&mut client, seal(10, b'y')).await;
    assert_eq!((refused.error, refused.signature.len()), (INVALID, 0));
    assert!(refused.reason.contains("equivocation"), "{}", refused.reason);
    assert_eq!(sign(&mut client, seal(9, b'x')).await.error, INVALID);
    let bare = SignWithRequest { payload: None, ..seal(11, b'x') };
    assert_eq!(sign(&mut client, bare).await.error, INVALID);
    let claimed = SignWithRequest { message: seal(12, b'x').message, ..seal(11, b'x') };
    assert_eq!(sign(&mut client, claimed).await.error, INVALID);

    let cast = |kind, fork, round, set_id| {
        sign_with("gran", "ed25519", &gran, &vote(kind, fork, round, set_id), None)
    };
    let steps = [
        (cast(2, b'x', 1, 0), true),
        (cast(0, b'x', 1, 0), true),
        (cast(0, b'y', 1, 0), false),
        (cast(1, b'x', 1, 0), true),
        (cast(0, b'x', 1, 0), true),
        (cast(0, b'y', 1, 0), false),
        (cast(0, b'x', 2, 0), true),
        (cast(1, b'y', 1, 0), false),
        (cast(0, b'x', 1, 1), true),
        (cast(1, b'x', 2, 0), false),
    ];
    for (at, (request, granted)) in steps.iter().enumerate() {
        let reply = sign(&mut client, request.clone()).await;
        assert_eq!(reply.error == OK, *granted, "step {at}: {}", reply.reason);
    }

    let say = |tag, kind, candidate, session| {
        sign_with("para", "sr25519", &para, &statement(tag, kind, candidate, session), None)
    };
    let steps = [
        (say(b"BKNG", 1, 1, 5), true),
        (say(b"BKNG", 2, 1, 5), false),
        (say(b"BKNG", 1, 2, 5), true),
        (say(b"DISP", 1, 1, 5), true),
        (say(b"DISP", 0, 1, 5), false),
        (say(b"DISP", 0, 3, 5), true),
        (say(b"DISP", 1, 3, 5), false),
        (say(b"DISP", 1, 3, 6), true),
    ];
    for (at, (request, granted)) in steps.iter().enumerate() {
        let reply = sign(&mut client, request.clone()).await;
        assert_eq!(reply.error == OK, *granted, "step {at}: {}", reply.reason);
    }

    // Whatever ends it, the next one knows.
    running.kill();
    let running = world.start();
    let mut client = world.client(&running, "one.example").await;
    assert_eq!(sign(&mut client, seal(10, b'x')).await, first, "byte for byte");
    assert_eq!(sign(&mut client, seal(10, b'y')).await.error, INVALID);
    assert_eq!(sign(&mut client, cast(1, b'y', 1, 1)).await.error, OK);
    assert_eq!(sign(&mut client, cast(1, b'x', 1, 1)).await.error, INVALID);
    assert_eq!(sign(&mut client, say(b"DISP", 0, 1, 5)).await.error, INVALID);
}

fn verify_sr25519(public: &[u8], message: &[u8], signature: &[u8]) {
    let public = schnorrkel::PublicKey::from_bytes(public).unwrap();
    let signature = schnorrkel::Signature::from_bytes(signature).unwrap();
    public.verify_simple(b"substrate", message, &signature).unwrap();
}

#[tokio::test]
async fn with_any_and_with_all() {
    let world = World::new();
    let alice = world.import("audi", "sr25519", "//Alice", "one.example");
    let bob = world.import("audi", "sr25519", "//Bob", "one.example");
    let others = world.import("audi", "sr25519", "//Eve", "two.example");
    let running = world.start();
    let mut client = world.client(&running, "one.example").await;
    let any = |public_keys: &[&Vec<u8>]| SignWithAnyRequest {
        key_type: key_type("audi"),
        crypto_type: "sr25".into(),
        public_keys: public_keys.iter().map(|key| key.to_vec()).collect(),
        message: b"a record".to_vec(),
        payload: None,
    };
    let reply = client.sign_with_any(any(&[&others, &bob, &alice])).await.unwrap().into_inner();
    let signature = reply.signature.unwrap();
    assert_eq!((signature.error, &signature.public_key), (OK, &bob));
    verify_sr25519(&bob, b"a record", &signature.signature);
    let reply = client.sign_with_any(any(&[&others])).await.unwrap().into_inner();
    assert_eq!(reply.signature.unwrap().error, NOT_FOUND);
    let status = client.sign_with_any(any(&[])).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let short = client.sign_with_any(any(&[&vec![1; 31]])).await.unwrap_err();
    assert_eq!(short.code(), Code::InvalidArgument);

    let SignWithAnyRequest { key_type, crypto_type, message, .. } = any(&[]);
    let public_keys = vec![alice.clone(), others, bob.clone()];
    let all = SignWithAllRequest { key_type, crypto_type, public_keys, message, payload: None };
    let reply = client.sign_with_all(all.clone()).await.unwrap().into_inner();
    let errors: Vec<_> = reply.signatures.iter().map(|signature| signature.error).collect();
    assert_eq!(errors, [OK, NOT_FOUND, OK]);
    verify_sr25519(&alice, b"a record", &reply.signatures[0].signature);
    verify_sr25519(&bob, b"a record", &reply.signatures[2].signature);
    let unknown = SignWithAllRequest { crypto_type: "bls".into(), ..all };
    let reply = client.sign_with_all(unknown).await.unwrap().into_inner();
    assert_eq!(reply.signatures[0].error, NOT_SUPPORTED);
}

#[tokio::test]
async fn vrf() {
    let world = World::new();
    let babe = world.import("babe", "sr25519", "//Alice", "one.example");
    let running = world.start();
    let mut client = world.client(&running, "one.example").await;
    let value = |label: &str, value| VrfTranscriptValue { label: label.into(), value: Some(value) };
    let request = |labels: [&str; 3], label: &str| Sr25519VrfSignRequest {
        key_type: key_type("babe"),
        public_key: babe.clone(),
        transcript_data: Some(VrfTranscriptData {
            label: label.into(),
            values: vec![
                value(labels[0], Value::Uint64Value(10)),
                value(labels[1], Value::Uint64Value(2)),
                value(labels[2], Value::BytesValue(vec![3; 32])),
            ],
        }),
    };
    let labels = ["slot number", "current epoch", "chain randomness"];
    let reply = client.sr25519_vrf_sign(request(labels, "BABE")).await.unwrap().into_inner();
    let signature = reply.signature.unwrap();
    assert_eq!(reply.error, OK);
    let mut transcript = merlin::Transcript::new(b"BABE");
    transcript.append_u64(b"slot number", 10);
    transcript.append_u64(b"current epoch", 2);
    transcript.append_message(b"chain randomness", &[3; 32]);
    let public = schnorrkel::PublicKey::from_bytes(&babe).unwrap();
    let output = schnorrkel::vrf::VRFPreOut::from_bytes(&signature.output).unwrap();
    let proof = [&signature.challenge[..], &signature.proof].concat();
    let proof = schnorrkel::vrf::VRFProof::from_bytes(&proof).unwrap();
    public.vrf_verify(transcript, &output, &proof).unwrap();
    // A client of the original proto file has no labels to send.
    let old = client.sr25519_vrf_sign(request(["", "", ""], "BABE")).await.unwrap().into_inner();
    assert_eq!(old.signature, Some(signature));
    let wrong = ["current epoch", "slot number", "chain randomness"];
    for (labels, label) in [(wrong, "BABE"), (labels, "substrate"), (labels, "SigningContext")] {
        let reply = client.sr25519_vrf_sign(request(labels, label)).await.unwrap().into_inner();
        assert_eq!((reply.error, reply.signature), (INVALID, None), "{label}");
    }
}

#[tokio::test]
async fn beefy_and_ownership() {
    use sha3::Digest as _;
    let world = World::new();
    let beef = world.import("beef", "ecdsa", "//Alice", "one.example");
    let gran = world.import("gran", "ed25519", "//Alice", "one.example");
    let running = world.start();
    let mut client = world.client(&running, "one.example").await;
    let request = |block: u32, root: u8| {
        let mut commitment = [&[4, b'm', b'h', 128][..], &[root; 32]].concat();
        commitment.extend(block.to_le_bytes());
        commitment.extend(3_u64.to_le_bytes());
        let message = sha3::Keccak256::digest(&commitment).to_vec();
        let field = remote_keystore_payload::BeefyCommitment { commitment };
        let message_of = Some(remote_keystore_payload::Message::BeefyCommitment(field));
        EcdsaSignPrehashedRequest {
            key_type: key_type("beef"),
            public_key: beef.clone(),
            message,
            payload: Some(RemoteKeystorePayload { message: message_of, ..Default::default() }),
        }
    };
    let mut ask = async |request| {
        let reply = client.ecdsa_sign_prehashed(request).await.unwrap().into_inner();
        reply.signature.unwrap()
    };
    let signed = ask(request(7, 1)).await;
    assert_eq!((signed.error, signed.signature.len()), (OK, 65), "{}", signed.reason);
    assert_eq!(ask(request(7, 1)).await, signed);
    let refusals = [
        request(7, 2),
        request(6, 1),
        EcdsaSignPrehashedRequest { payload: None, ..request(8, 1) },
        EcdsaSignPrehashedRequest { message: vec![1; 32], ..request(8, 1) },
        EcdsaSignPrehashedRequest { message: vec![1; 31], ..request(8, 1) },
    ];
    for refused in refusals {
        assert_eq!(ask(refused).await.error, INVALID);
    }
    assert_eq!(ask(request(8, 1)).await.error, OK);
    // A hash of a commitment is not signed as a message.
    let as_message =
        sign_with("beef", "ecdsa", &beef, &request(9, 1).message, request(9, 1).payload);
    assert_eq!(sign(&mut client, as_message).await.error, INVALID);

    let owner = [b"POP_", &[5; 32][..]].concat();
    for (key_type, scheme, public) in [("beef", "ecdsa", &beef), ("gran", "ed25519", &gran)] {
        let reply = sign(&mut client, sign_with(key_type, scheme, public, &owner, None)).await;
        assert_eq!(reply.error, OK, "{}", reply.reason);
    }
}
