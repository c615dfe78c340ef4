//! A token that fails, lies, hangs or vanishes: the fake module in `hsm/fake`.
//!
//! The rule in every case: a typed error, and no signature released that is not the key's.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod harness;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::{PIN, fake_module, folder};
use opsign_core::{
    ChainId, PayloadHash, SecretKey, Signature, Signer, sign_payload, verify_payload,
};
use opsign_hsm::{
    Curve, Ed25519Public, Ed25519Signer, Error, ErrorKind, HsmSigner, KeySelector, Login, Module,
    Options, Pin, TokenSelector,
};

fn main() -> ExitCode {
    harness::run(&[
        ("high_s_is_made_low", high_s_is_made_low),
        ("wrong_signatures_are_not_released", wrong_signatures_are_not_released),
        ("late_signatures_are_thrown_away", late_signatures_are_thrown_away),
        ("hanging_token_does_not_hang_us", hanging_token_does_not_hang_us),
        ("one_hanging_session_leaves_the_others", one_hanging_session_leaves_the_others),
        ("return_values_become_typed_errors", return_values_become_typed_errors),
        ("closed_session_is_opened_again", closed_session_is_opened_again),
        ("removed_token_is_gone", removed_token_is_gone),
        (
            "pin_is_not_tried_when_the_next_failure_locks",
            pin_is_not_tried_when_the_next_failure_locks,
        ),
        ("public_key_forms", public_key_forms),
        ("key_properties_are_reported", key_properties_are_reported),
        ("keys_of_one_label_and_of_another_curve", keys_of_one_label_and_of_another_curve),
        ("unprotected_keys_are_destroyed_again", unprotected_keys_are_destroyed_again),
        ("half_an_import_is_undone", half_an_import_is_undone),
        ("module_that_does_not_start", module_that_does_not_start),
        ("wrong_ed25519_signatures_are_not_released", wrong_ed25519_signatures_are_not_released),
        ("ed25519_that_is_not_the_same_twice", ed25519_that_is_not_the_same_twice),
        ("ed25519_public_key_forms", ed25519_public_key_forms),
        ("ed25519_failures_are_typed_and_bounded", ed25519_failures_are_typed_and_bounded),
    ])
}

const OPTIONS: Options = Options { sessions: 1, deadline: Duration::from_secs(5) };

/// Tells the module how to behave from now on.
fn behave(lines: &str) {
    let (new, control) = (folder().join("control.new"), folder().join("control"));
    std::fs::write(&new, lines).unwrap();
    std::fs::rename(new, control).unwrap();
}

fn calls() -> String {
    std::fs::read_to_string(folder().join("calls")).unwrap_or_default()
}

fn log_in() -> Result<Arc<Login>, Error> {
    std::fs::write(folder().join("pin"), PIN).unwrap();
    let pin = Pin::from_file(folder().join("pin")).unwrap();
    Module::open(fake_module())?.find_token(&TokenSelector::Label("fake".into()))?.login(&pin)
}

fn key() -> KeySelector {
    KeySelector { label: Some("sequencer".into()), id: None }
}

fn start(options: Options) -> Result<HsmSigner, Error> {
    HsmSigner::start(&log_in()?, &key(), None, options)
}

fn hash() -> PayloadHash {
    PayloadHash::of(b"payload")
}

fn sign(signer: &HsmSigner) -> Result<Signature, Error> {
    sign_payload(signer, &ChainId::from(10), &hash())
}

#[track_caller]
fn assert_signs(signer: &HsmSigner) {
    let own = SecretKey::from_bytes(&[1; 32]).unwrap();
    let signature = sign(signer).unwrap();
    verify_payload(&ChainId::from(10), &hash(), &signature, &own.address()).unwrap();
    let expected = sign_payload(&own, &ChainId::from(10), &hash()).unwrap();
    assert_eq!(signature, expected, "the fake signs by RFC 6979, so low s gives the same bytes");
}

#[track_caller]
fn assert_kind<T>(result: Result<T, Error>, kind: ErrorKind, says: &str) {
    let error = result.err().expect("an error");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(says), "\"{error}\" should say \"{says}\"");
}

fn high_s_is_made_low() {
    let signer = start(OPTIONS).unwrap();
    for behaviour in ["high_s", "low_s", ""] {
        behave(behaviour);
        for _ in 0..4 {
            assert_signs(&signer);
        }
    }
    assert!(!calls().contains(PIN), "the fake's own log holds function names only");
    assert!(!calls().contains("C_Finalize"));
    drop(signer);
    assert!(calls().ends_with("C_CloseSession\nC_Finalize\n"), "{}", calls());
}

fn wrong_signatures_are_not_released() {
    let signer = start(OPTIONS).unwrap();
    assert_signs(&signer);
    for (behaviour, says) in [
        ("corrupt", "made by"),
        ("corrupt_r", ""),
        ("zero_r", "r is zero"),
        ("zero_s", "s is zero"),
        ("s_is_order", "s is not below the group order"),
        ("all_ones", "r is not below the group order"),
        ("wrong_key", "made by"),
        ("wrong_hash", "made by"),
        ("short=0", "0 bytes instead of 64"),
        ("short=63", "63 bytes instead of 64"),
        ("long=65", "65 bytes instead of 64"),
        ("long=128", "128 bytes instead of 64"),
        ("der", "bytes instead of 64"),
    ] {
        behave(behaviour);
        assert_kind(sign(&signer), ErrorKind::WrongSignature, says);
        behave("");
        assert_signs(&signer);
    }
    behave("replay");
    let other = PayloadHash::of(b"another payload");
    let replayed = sign_payload(&signer, &ChainId::from(10), &other);
    assert_kind(replayed, ErrorKind::WrongSignature, "not released");
}

fn late_signatures_are_thrown_away() {
    let options = Options { sessions: 1, deadline: Duration::from_millis(200) };
    let signer = start(options).unwrap();
    behave("slow=20");
    assert_signs(&signer);
    behave("slow=600");
    let started = Instant::now();
    assert_kind(sign(&signer), ErrorKind::Timeout, "within 200 ms");
    assert!(started.elapsed() < Duration::from_millis(550), "{:?}", started.elapsed());
    behave("");
    let calls_before = calls().matches("C_SignInit").count();
    // Requests that expire while the token is still busy are never signed.
    assert_kind(sign(&signer), ErrorKind::Timeout, "within 200 ms");
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(calls().matches("C_SignInit").count(), calls_before);
    assert_signs(&signer);
}

fn hanging_token_does_not_hang_us() {
    let options = Options { sessions: 1, deadline: Duration::from_millis(200) };
    let signer = start(options).unwrap();
    behave("hang");
    let started = Instant::now();
    assert_kind(sign(&signer), ErrorKind::Timeout, "within 200 ms");
    for _ in 0..70 {
        let error = sign_payload(&signer, &ChainId::from(10), &hash());
        assert_kind(error, ErrorKind::Timeout, "sequencer");
        if started.elapsed() > Duration::from_secs(2) {
            break;
        }
    }
    let dropping = Instant::now();
    drop(signer);
    assert!(dropping.elapsed() < Duration::from_secs(2), "{:?}", dropping.elapsed());
}

fn one_hanging_session_leaves_the_others() {
    let options = Options { sessions: 2, deadline: Duration::from_millis(500) };
    let signer = start(options).unwrap();
    behave("hang");
    std::thread::scope(|scope| {
        let stuck = scope.spawn(|| sign(&signer));
        std::thread::sleep(Duration::from_millis(100));
        // The control file is read at each call: the stuck one stays in its own until the line
        // goes away, so it goes only after a second call is through.
        behave("slow=1");
        assert_signs(&signer);
        let _ = stuck.join().unwrap();
    });
    assert_signs(&signer);
}

fn return_values_become_typed_errors() {
    let signer = start(OPTIONS).unwrap();
    for (behaviour, kind, says) in [
        ("fail_sign=0x30", ErrorKind::Refused, "C_Sign returned DeviceError"),
        ("fail_sign=0x31", ErrorKind::Refused, "C_Sign returned DeviceMemory"),
        ("fail_sign=0x32", ErrorKind::TokenGone, "C_Sign returned DeviceRemoved"),
        ("fail_sign=0xb3", ErrorKind::SessionLost, "C_Sign returned SessionHandleInvalid"),
        ("fail_sign_init=0x101", ErrorKind::SessionLost, "C_SignInit returned UserNotLoggedIn"),
        ("fail_sign_init=0x60", ErrorKind::SessionLost, "C_SignInit returned KeyHandleInvalid"),
        ("fail_sign_init=0x70", ErrorKind::Refused, "C_SignInit returned MechanismInvalid"),
        ("fail_sign_init=0x80000001", ErrorKind::Refused, "C_SignInit returned VendorDefined"),
        ("fail_sign=0x5", ErrorKind::Refused, "C_Sign returned GeneralError"),
    ] {
        behave(behaviour);
        assert_kind(sign(&signer), kind, says);
        behave("");
        assert_signs(&signer);
    }
}

fn closed_session_is_opened_again() {
    let login = log_in().unwrap();
    let signer = HsmSigner::start(&login, &key(), None, OPTIONS).unwrap();
    behave("fail_sign_init=0xb3");
    assert_kind(sign(&signer), ErrorKind::SessionLost, "SessionHandleInvalid");
    behave("");
    assert_signs(&signer);
    // Every session closed at once takes the login with it.
    behave("session_closed");
    assert_kind(sign(&signer), ErrorKind::SessionLost, "");
    behave("");
    assert_kind(sign(&signer), ErrorKind::SessionLost, "logged us out");
    drop((signer, login));
    assert_signs(&start(OPTIONS).unwrap());
}

fn removed_token_is_gone() {
    let signer = start(OPTIONS).unwrap();
    behave("removed");
    assert_kind(sign(&signer), ErrorKind::TokenGone, "");
    assert_kind(sign(&signer), ErrorKind::TokenGone, "");
    behave("");
    assert_kind(sign(&signer), ErrorKind::SessionLost, "logged us out");
    drop(signer);
    assert_signs(&start(OPTIONS).unwrap());
    behave("removed");
    assert_kind(start(OPTIONS), ErrorKind::TokenMissing, "label \"fake\"");
}

fn pin_is_not_tried_when_the_next_failure_locks() {
    behave("pin_final_try");
    assert_kind(log_in(), ErrorKind::PinFinalTry, "so none was tried");
    behave("pin_locked");
    assert_kind(log_in(), ErrorKind::PinLocked, "unlock it");
    assert!(!calls().contains("C_Login\n"), "no PIN may reach the token");
    behave("pin_count_low");
    assert!(log_in().unwrap().warning().unwrap().contains("wrong PIN"));
    behave("fail_login=0xa0");
    assert_kind(log_in(), ErrorKind::PinIncorrect, "C_Login returned PinIncorrect");
    assert_eq!(calls().matches("C_Login\n").count(), 2, "a refused PIN is not tried again");
}

fn public_key_forms() {
    for form in ["raw_point", "compressed_point", ""] {
        behave(form);
        assert_signs(&start(OPTIONS).unwrap());
    }
    let own = SecretKey::from_bytes(&[1; 32]).unwrap().address();
    for form in ["no_public", "bad_point"] {
        behave(form);
        assert_kind(start(OPTIONS), ErrorKind::PublicKeyMissing, "give the address");
        let login = log_in().unwrap();
        assert_eq!(login.key(&key()).unwrap().address, None);
        let signer = HsmSigner::start(&login, &key(), Some(own), OPTIONS).unwrap();
        assert_signs(&signer);
        let other = SecretKey::from_bytes(&[2; 32]).unwrap().address();
        let signer = HsmSigner::start(&login, &key(), Some(other), OPTIONS).unwrap();
        assert_kind(sign(&signer), ErrorKind::WrongSignature, &own.to_string()[..0]);
    }
}

fn key_properties_are_reported() {
    let info = log_in().unwrap().key(&key()).unwrap();
    assert!(info.sensitive && !info.extractable && info.local, "{info:?}");
    behave("extractable");
    let info = log_in().unwrap().key(&key()).unwrap();
    assert!(!info.sensitive && info.extractable, "{info:?}");
    behave("imported");
    assert!(!log_in().unwrap().key(&key()).unwrap().local);
}

fn keys_of_one_label_and_of_another_curve() {
    behave("two_keys");
    assert_kind(start(OPTIONS), ErrorKind::KeyAmbiguous, "01, 02");
    behave("other_curve");
    assert_kind(start(OPTIONS), ErrorKind::KeyCurve, "not on secp256k1");
    behave("");
    let signer = start(OPTIONS).unwrap();
    assert_eq!(signer.address(), SecretKey::from_bytes(&[1; 32]).unwrap().address());
}

fn module_that_does_not_start() {
    behave("fail_initialize=0x5");
    assert_kind(log_in(), ErrorKind::ModuleInvalid, "C_Initialize returned GeneralError");
    behave("fail_open_session=0x30");
    assert_kind(log_in(), ErrorKind::Refused, "C_OpenSession returned DeviceError");
    behave("fail_find=0x30");
    assert_kind(start(OPTIONS), ErrorKind::Refused, "C_FindObjectsInit returned DeviceError");
    behave("fail_token_info=0x30");
    assert_kind(log_in(), ErrorKind::TokenMissing, "label \"fake\"");
    behave("");
    assert_signs(&start(OPTIONS).unwrap());
}

fn unprotected_keys_are_destroyed_again() {
    behave("empty");
    let login = log_in().unwrap();
    // The token is told to make a protected key, and makes one that can be taken out, or one that
    // has been elsewhere.
    for behaviour in ["extractable", "imported"] {
        behave(&format!("empty\n{behaviour}"));
        let destroyed = calls().matches("C_DestroyObject").count();
        let made = login.generate_key("sequencer", Some(&[1]));
        assert_kind(made, ErrorKind::KeyUnprotected, "destroyed again");
        assert_eq!(calls().matches("C_DestroyObject").count(), destroyed + 2);
        assert_eq!(login.keys().unwrap(), []);
    }
    behave("empty");
    login.generate_key("sequencer", Some(&[1])).unwrap();
    assert_eq!(login.keys().unwrap().len(), 1);
    let again = login.generate_key("sequencer", Some(&[1]));
    assert_kind(again, ErrorKind::KeyExists, "choose another");
}

fn half_an_import_is_undone() {
    behave("empty\nfail_create=0x30");
    let login = log_in().unwrap();
    let import = |secret: u8| {
        login.import_key("sequencer", Some(&[1]), &zeroize::Zeroizing::new([secret; 32]))
    };
    assert_kind(import(1), ErrorKind::Refused, "C_CreateObject returned DeviceError");
    assert_eq!(login.keys().unwrap(), []);
    behave("empty");
    // The fake makes its own key whatever it is given, which a token that mixes keys up would too.
    assert_kind(import(5), ErrorKind::KeyUnprotected, "another key than it was told to");
    assert_eq!(login.keys().unwrap(), []);
    import(1).unwrap();
}

/// The public key of the seed of 32 bytes of 01, by Node's OpenSSL.
const ED25519: [u8; 32] = [
    0x8a, 0x88, 0xe3, 0xdd, 0x74, 0x09, 0xf1, 0x95, 0xfd, 0x52, 0xdb, 0x2d, 0x3c, 0xba, 0x5d, 0x72,
    0xca, 0x67, 0x09, 0xbf, 0x1d, 0x94, 0x12, 0x1b, 0xf3, 0x74, 0x88, 0x01, 0xb4, 0x0f, 0x6f, 0x5c,
];

/// A GRANDPA vote's length.
const VOTE: [u8; 53] = [7; 53];

fn start_ed25519(expected: Option<Ed25519Public>) -> Result<Ed25519Signer, Error> {
    Ed25519Signer::start(&log_in()?, &key(), expected, OPTIONS)
}

/// The signature, checked by a verifier that has nothing to do with the token.
#[track_caller]
fn assert_signs_ed25519(signer: &Ed25519Signer, message: &[u8]) {
    let signature = ed25519_dalek::Signature::from_bytes(&signer.wait(message).unwrap());
    let public = ed25519_dalek::VerifyingKey::from_bytes(&ED25519).unwrap();
    public.verify_strict(message, &signature).unwrap();
}

fn wrong_ed25519_signatures_are_not_released() {
    behave("ed25519");
    let signer = start_ed25519(None).unwrap();
    assert_eq!(signer.public().as_bytes(), &ED25519);
    for message in [&VOTE[..], b"", &[1; 5000]] {
        assert_signs_ed25519(&signer, message);
    }
    for (behaviour, says) in [
        ("corrupt", "does not verify"),
        ("corrupt_r", "does not verify"),
        ("zero_r", "does not verify"),
        ("zero_s", "does not verify"),
        ("s_is_order", "does not verify"),
        // RFC 8032, section 5.1.7: S is below the order.
        ("high_s", "does not verify"),
        ("all_ones", "does not verify"),
        ("wrong_key", "does not verify"),
        ("wrong_hash", "does not verify"),
        ("replay", "does not verify"),
        ("short=0", "0 bytes instead of 64"),
        ("short=63", "63 bytes instead of 64"),
        ("long=65", "65 bytes instead of 64"),
    ] {
        behave(&format!("ed25519\n{behaviour}"));
        let result = signer.wait(&VOTE);
        assert!(result.is_err(), "{behaviour}");
        assert_kind(result, ErrorKind::WrongSignature, says);
        behave("ed25519");
        assert_signs_ed25519(&signer, &VOTE);
    }
}

fn ed25519_that_is_not_the_same_twice() {
    behave("ed25519\nhedged");
    assert_kind(start_ed25519(None), ErrorKind::WrongSignature, "against RFC 8032");
    behave("ed25519");
    let signer = start_ed25519(None).unwrap();
    assert_eq!(signer.wait(&VOTE).unwrap(), signer.wait(&VOTE).unwrap());
}

fn ed25519_public_key_forms() {
    for form in ["raw_point", "numbered_curve", "raw_point\nnumbered_curve", ""] {
        behave(&format!("ed25519\n{form}"));
        assert_signs_ed25519(&start_ed25519(None).unwrap(), &VOTE);
        let listed = log_in().unwrap().keys().unwrap();
        assert_eq!((listed.len(), &listed[0].curve), (1, &Curve::Ed25519));
    }
    let own = Ed25519Public::from_bytes(&ED25519).unwrap();
    for form in ["no_public", "bad_point", "weak_point"] {
        behave(&format!("ed25519\n{form}"));
        assert_kind(start_ed25519(None), ErrorKind::PublicKeyMissing, "give the public key");
        assert_signs_ed25519(&start_ed25519(Some(own)).unwrap(), &VOTE);
    }
    // The second pair's, which the token does not sign with.
    let other = ed25519_dalek::SigningKey::from_bytes(&[2; 32]).verifying_key();
    let other = Ed25519Public::from_bytes(other.as_bytes()).unwrap();
    assert_kind(start_ed25519(Some(other)), ErrorKind::WrongSignature, "does not verify");
    behave("ed25519");
    assert_kind(start_ed25519(Some(other)), ErrorKind::AddressMismatch, &own.to_string());
    behave("ed25519\nother_curve");
    assert_kind(start_ed25519(None), ErrorKind::KeyCurve, "not on edwards25519");
    behave("ed25519\ntwo_keys");
    assert_kind(start_ed25519(None), ErrorKind::KeyAmbiguous, "01, 02");
    // Neither kind of signer finds the other's keys.
    behave("");
    assert_kind(start_ed25519(None), ErrorKind::KeyMissing, "sequencer");
    behave("ed25519");
    assert_kind(start(OPTIONS), ErrorKind::KeyMissing, "sequencer");
}

fn ed25519_failures_are_typed_and_bounded() {
    behave("ed25519");
    let options = Options { sessions: 1, deadline: Duration::from_secs(2) };
    let signer = Ed25519Signer::start(&log_in().unwrap(), &key(), None, options).unwrap();
    for (behaviour, kind) in [
        ("fail_sign=0x30", ErrorKind::Refused),
        ("fail_sign=0x32", ErrorKind::TokenGone),
        ("fail_sign_init=0x70", ErrorKind::Refused),
    ] {
        behave(&format!("ed25519\n{behaviour}"));
        assert_kind(signer.wait(&VOTE), kind, "returned");
        behave("ed25519");
        assert_signs_ed25519(&signer, &VOTE);
    }
    behave("ed25519\nhang");
    assert_kind(signer.wait(&VOTE), ErrorKind::Timeout, "within 2000 ms");
    behave("ed25519\nremoved");
    let result = signer.wait(&VOTE);
    assert!(
        matches!(
            result.as_ref().unwrap_err().kind(),
            ErrorKind::TokenGone | ErrorKind::SessionLost
        ),
        "{result:?}"
    );
}
