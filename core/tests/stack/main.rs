//! What is left on the stack by loading a key and by signing: nothing of the key, the nonce or
//! what follows from them. The same search finds them after the same work without wiping.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod painted;
mod secrets;

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use k256::ecdsa::SigningKey;
use opsign_core::{
    ChainId, PayloadHash, SecretKey, Signature, Signer, SigningHash, on_wiped_stack,
    payload_signing_hash,
};

use painted::{Painted, Used};
use secrets::Secrets;

/// How much at either end of the wiped part belongs to the frames of the wiping itself.
const EDGE: usize = 2048;

const OWN_ENGINE: bool = cfg!(all(feature = "fast", target_pointer_width = "64"));

/// How deep the stack is wiped below what callers do.
const WIPED: usize = match (OWN_ENGINE, cfg!(debug_assertions), cfg!(feature = "tables")) {
    (true, false, _) | (false, _, false) => 32 << 10,
    (true, true, _) | (false, _, true) => 64 << 10,
};

/// How deep it is wiped below loading a key and signing, which is also how deep these may go.
const WIPED_BY_ENGINE: usize = if OWN_ENGINE && !cfg!(debug_assertions) { 16 << 10 } else { WIPED };

/// How deep k256 may go, which is what the search without wiping runs whatever the engine.
const K256_DEEPEST: usize = if cfg!(feature = "tables") { 64 << 10 } else { 32 << 10 };

/// A key, something to sign, and all that must not be found. On the heap, and made by the thread
/// of the test, so that what is found was left by the work under test.
fn example() -> (Box<SecretKey>, SigningHash, Box<Secrets>) {
    let hash = payload_signing_hash(&ChainId::from(10), &PayloadHash::of(b"payload"));
    let secrets = Box::new(Secrets::of(hash.as_bytes()));
    let key = Box::new(SecretKey::from_bytes(secrets.key()).unwrap());
    secrets.check(key.sign(&hash).unwrap().as_bytes());
    (key, hash, secrets)
}

/// Nothing is found, and all that the work touched is zero, as deep as `wiped`.
fn assert_wiped(what: &str, used: &Used, secrets: &Secrets, wiped: usize) {
    assert_eq!(secrets.found_in(used.bytes()), [""; 0], "{what} left them on the stack");
    assert!(used.depth() > wiped, "{what}: nothing was wiped, {} bytes were used", used.depth());
    assert!(
        used.depth() < wiped + EDGE,
        "{what} used {} bytes of stack, of which {wiped} are wiped",
        used.depth()
    );
    let work = used.between(EDGE, wiped - EDGE);
    assert!(work.iter().all(|byte| *byte == 0), "{what}: not all is wiped");
}

#[test]
fn without_wiping_secrets_are_found() {
    let (_, hash, secrets) = example();
    let key = Box::new(SigningKey::from_slice(secrets.key()).unwrap());
    let load = || {
        black_box(&SigningKey::from_slice(secrets.key()));
    };
    let sign = || {
        black_box(key.sign_prehash_recoverable(hash.as_bytes()));
    };
    let kept: [(&dyn Fn(), &[&str]); 2] =
        [(&load, &["key"]), (&sign, &["nonce", "inverse of the nonce"])];
    for (work, wanted) in kept {
        let used = Painted::new().run(work);
        let found = secrets.found_in(used.bytes());
        // The rest of what is wiped is for other compilers.
        println!(
            "{} bytes of stack used by k256, {WIPED} are wiped; left: {found:?}",
            used.depth()
        );
        assert!(wanted.iter().all(|name| found.contains(name)), "only {found:?}, not {wanted:?}");
        assert!(used.depth() < K256_DEEPEST);
    }
}

#[test]
fn signing_leaves_nothing() {
    let (key, hash, secrets) = example();
    let mut signature: Option<Signature> = None;
    let used = Painted::new().run(|| signature = Some(key.sign(&hash).unwrap()));
    assert_wiped("signing", &used, &secrets, WIPED_BY_ENGINE);
    secrets.check(signature.unwrap().as_bytes());
}

#[test]
fn loading_leaves_nothing() {
    let (_, _, secrets) = example();
    let used = Painted::new().run(|| {
        black_box(&SecretKey::from_bytes(secrets.key()));
    });
    assert_wiped("loading", &used, &secrets, WIPED_BY_ENGINE);

    let text = secrets.key_as_hex();
    let used = Painted::new().run(|| {
        black_box(&SecretKey::from_hex(&text));
    });
    assert_wiped("loading from hex", &used, &secrets, WIPED_BY_ENGINE);

    // In whatever way it fails.
    let used = Painted::new().run(|| assert!(SecretKey::from_hex(&text[..62]).is_err()));
    assert_wiped("refusing", &used, &secrets, WIPED_BY_ENGINE);
}

#[test]
fn moving_a_key_leaves_nothing_where_the_caller_asks_for_it() {
    let (_, hash, secrets) = example();
    let mut kept = None;
    let used = Painted::new().run(|| {
        kept = Some(on_wiped_stack(|| Box::new(SecretKey::from_bytes(secrets.key()).unwrap())));
    });
    // The inner wiping begins within the outer, so more is used than the outer wipes.
    assert_eq!(secrets.found_in(used.bytes()), [""; 0]);
    secrets.check(kept.unwrap().sign(&hash).unwrap().as_bytes());
}

/// Copies of a key over three quarters of what is wiped.
#[test]
fn what_callers_do_leaves_nothing() {
    let (_, _, secrets) = example();
    let used = Painted::new().run(|| {
        on_wiped_stack(|| {
            black_box(&[*secrets.key(); WIPED / 32 / 4 * 3]);
        });
    });
    assert_wiped("a caller's work", &used, &secrets, WIPED);
}

#[test]
fn a_panic_leaves_nothing() {
    let (_, _, secrets) = example();
    let panics = || {
        // Many, as unwinding writes over some of them.
        black_box([*secrets.key(); 256]);
        // Without the message, which would be printed.
        resume_unwind(Box::new(()));
    };
    let caught = |work: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
    let used = Painted::new().run(|| caught(&|| on_wiped_stack(panics)));
    assert_eq!(secrets.found_in(used.bytes()), [""; 0]);
    let used = Painted::new().run(|| caught(&panics));
    assert_eq!(secrets.found_in(used.bytes()), ["key"], "the search finds what a panic left");
}
