//! A token that works, and the ways in which a working token is used wrongly or goes away: SoftHSM.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod harness;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki::session::{Session, UserType};
use harness::{PIN, folder, make_token, softhsm_module};
use opsign_core::{
    ChainId, PayloadHash, Rules, SecretKey, Signature, Signer, sign_payload, verify_payload,
};
use opsign_hsm::{
    Curve, Ed25519Signer, Error, ErrorKind, HsmSigner, KeySelector, Login, Module, Options, Pin,
    TokenSelector,
};
use zeroize::Zeroizing;

fn main() -> ExitCode {
    harness::run(&[
        ("generated_key_signs_on_many_threads", generated_key_signs_on_many_threads),
        ("generated_key_cannot_be_read", generated_key_cannot_be_read),
        ("imported_key_has_the_address_of_its_secret", imported_key_has_the_address_of_its_secret),
        ("bad_secrets_are_not_imported", bad_secrets_are_not_imported),
        ("keys_are_listed_with_their_addresses", keys_are_listed_with_their_addresses),
        ("label_in_use_is_refused", label_in_use_is_refused),
        ("two_keys_of_one_label_are_told_apart", two_keys_of_one_label_are_told_apart),
        ("key_of_another_curve_is_refused", key_of_another_curve_is_refused),
        ("missing_key_is_named", missing_key_is_named),
        ("another_address_is_refused_before_signing", another_address_is_refused_before_signing),
        ("wrong_pin_is_tried_once_and_warned_of", wrong_pin_is_tried_once_and_warned_of),
        ("pin_sources", pin_sources),
        ("missing_and_wrong_modules", missing_and_wrong_modules),
        ("tokens_are_found_by_label_and_serial", tokens_are_found_by_label_and_serial),
        ("module_is_shared_and_opens_again", module_is_shared_and_opens_again),
        ("module_in_use_by_other_code", module_in_use_by_other_code),
        ("logout_under_a_signer", logout_under_a_signer),
        ("token_removed_and_put_back", token_removed_and_put_back),
        ("ed25519_key_made_in_the_token_signs", ed25519_key_made_in_the_token_signs),
        ("ed25519_signatures_are_those_of_rfc_8032", ed25519_signatures_are_those_of_rfc_8032),
    ])
}

fn token() {
    make_token(&folder().join("softhsm2.conf"), "tok");
    std::fs::write(folder().join("pin"), PIN).unwrap();
}

fn pin() -> Pin {
    Pin::from_file(folder().join("pin")).unwrap()
}

fn log_in() -> Result<Arc<Login>, Error> {
    let module = Module::open(softhsm_module())?;
    module.find_token(&TokenSelector::Label("tok".into()))?.login(&pin())
}

fn label(label: &str) -> KeySelector {
    KeySelector { label: Some(label.into()), id: None }
}

fn payload_hash(number: u64) -> PayloadHash {
    PayloadHash::of(&number.to_be_bytes())
}

/// A session behind the library's back.
fn raw_session() -> (Pkcs11, Session) {
    let context = Pkcs11::new(softhsm_module()).unwrap();
    context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slot = context.get_slots_with_initialized_token().unwrap()[0];
    let session = context.open_rw_session(slot).unwrap();
    session.login(UserType::User, Some(&PIN.into())).unwrap();
    (context, session)
}

#[track_caller]
fn assert_kind<T>(result: Result<T, Error>, kind: ErrorKind, says: &str) {
    let error = result.err().expect("an error");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(says), "\"{error}\" should say \"{says}\"");
}

fn generated_key_signs_on_many_threads() {
    token();
    let login = log_in().unwrap();
    let info = login.generate_key("sequencer", None).unwrap();
    let options = Options { sessions: 4, deadline: Duration::from_secs(20) };
    let signer = HsmSigner::start(&login, &label("sequencer"), info.address, options).unwrap();
    let chain_id = ChainId::from(10);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let signer = &signer;
            scope.spawn(move || {
                for number in 0..25 {
                    let hash = payload_hash(thread * 1000 + number);
                    let signature = sign_payload(signer, &chain_id, &hash).unwrap();
                    let strict = Signature::from_bytes(signature.as_bytes(), Rules::Strict);
                    verify_payload(&chain_id, &hash, &strict.unwrap(), &signer.address()).unwrap();
                }
            });
        }
    });
    assert_eq!(signer.address(), info.address.unwrap());
}

fn generated_key_cannot_be_read() {
    token();
    let login = log_in().unwrap();
    let info = login.generate_key("sequencer", Some(&[7])).unwrap();
    assert_eq!(info.id, [7]);
    assert!(info.sensitive && !info.extractable && info.local, "{info:?}");
    drop(login);
    let (_context, session) = raw_session();
    let private = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]).unwrap();
    let wanted =
        [AttributeType::Value, AttributeType::AlwaysSensitive, AttributeType::NeverExtractable];
    let shown = session.get_attributes(private[0], &wanted).unwrap();
    let expected = [Attribute::AlwaysSensitive(true), Attribute::NeverExtractable(true)];
    assert_eq!(shown, expected, "the value itself must be missing");
}

fn imported_key_has_the_address_of_its_secret() {
    token();
    let secret = Zeroizing::new([0x42; 32]);
    let key = SecretKey::from_bytes(secret.as_slice()).unwrap();
    let login = log_in().unwrap();
    let info = login.import_key("imported", Some(&[1, 2]), &secret).unwrap();
    assert_eq!(info.address, Some(key.address()));
    assert!(info.sensitive && !info.extractable && !info.local, "{info:?}");
    let signer = HsmSigner::start(&login, &label("imported"), None, Options::default()).unwrap();
    let (chain_id, hash) = (ChainId::from(8453), payload_hash(1));
    let signature = sign_payload(&signer, &chain_id, &hash).unwrap();
    verify_payload(&chain_id, &hash, &signature, &key.address()).unwrap();
    assert_ne!(
        signature,
        sign_payload(&key, &chain_id, &hash).unwrap(),
        "SoftHSM picks nonces at random; an equal signature means that it did not sign this one"
    );
}

fn bad_secrets_are_not_imported() {
    token();
    let login = log_in().unwrap();
    for secret in [[0; 32], [0xff; 32]] {
        let result = login.import_key("bad", None, &Zeroizing::new(secret));
        assert_kind(result, ErrorKind::Input, "the secret key is");
    }
    let result = login.import_key("", None, &Zeroizing::new([1; 32]));
    assert_kind(result, ErrorKind::Input, "label is empty");
    assert_eq!(login.keys().unwrap(), []);
}

fn keys_are_listed_with_their_addresses() {
    token();
    let login = log_in().unwrap();
    let first = login.generate_key("first", None).unwrap();
    let second = login.import_key("second", None, &Zeroizing::new([5; 32])).unwrap();
    let mut keys = login.keys().unwrap();
    keys.sort_by(|a, b| a.label.cmp(&b.label));
    assert_eq!(keys, [first, second]);
    assert!(keys.iter().all(|key| key.address.is_some() && key.curve == Curve::Secp256k1));
}

fn label_in_use_is_refused() {
    token();
    let login = log_in().unwrap();
    login.generate_key("sequencer", None).unwrap();
    assert_kind(login.generate_key("sequencer", None), ErrorKind::KeyExists, "choose another");
    let result = login.import_key("sequencer", None, &Zeroizing::new([5; 32]));
    assert_kind(result, ErrorKind::KeyExists, "choose another");
    assert_eq!(login.keys().unwrap().len(), 1);
}

fn two_keys_of_one_label_are_told_apart() {
    token();
    let login = log_in().unwrap();
    let secret = Zeroizing::new([5; 32]);
    login.import_key("twin", Some(&[1]), &secret).unwrap();
    login.import_key("other", Some(&[2]), &Zeroizing::new([6; 32])).unwrap();
    drop(login);
    let (context, session) = raw_session();
    for object in session.find_objects(&[Attribute::Label(b"other".to_vec())]).unwrap() {
        session.update_attributes(object, &[Attribute::Label(b"twin".to_vec())]).unwrap();
    }
    drop(session);
    context.finalize().unwrap();

    let login = log_in().unwrap();
    let start = |selector: &KeySelector| {
        HsmSigner::start(&login, selector, None, Options::default()).map(|signer| signer.address())
    };
    assert_kind(start(&label("twin")), ErrorKind::KeyAmbiguous, "choose one by id: 01, 02");
    let by_id = KeySelector { label: Some("twin".into()), id: Some(vec![1]) };
    assert_eq!(start(&by_id).unwrap(), SecretKey::from_bytes(&secret[..]).unwrap().address());
    let by_id = KeySelector { label: None, id: Some(vec![2]) };
    assert_eq!(start(&by_id).unwrap(), SecretKey::from_bytes(&[6; 32]).unwrap().address());
}

fn key_of_another_curve_is_refused() {
    token();
    let (context, session) = raw_session();
    let p256 = vec![0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let public = [Attribute::Token(true), Attribute::EcParams(p256)];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sign(true),
        Attribute::Label(b"p256".to_vec()),
    ];
    session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).unwrap();
    drop(session);
    context.finalize().unwrap();
    let login = log_in().unwrap();
    let result = HsmSigner::start(&login, &label("p256"), None, Options::default());
    assert_kind(result, ErrorKind::KeyCurve, "not on secp256k1");
    let keys = login.keys().unwrap();
    assert!(matches!(keys[0].curve, Curve::Other(_)));
    assert_eq!(keys[0].address, None);
}

fn missing_key_is_named() {
    token();
    let login = log_in().unwrap();
    let result = HsmSigner::start(&login, &label("nobody"), None, Options::default());
    assert_kind(result, ErrorKind::KeyMissing, "label \"nobody\"");
    let selector = KeySelector { label: None, id: Some(vec![0xab, 1]) };
    let result = HsmSigner::start(&login, &selector, None, Options::default());
    assert_kind(result, ErrorKind::KeyMissing, "id ab01");
}

fn another_address_is_refused_before_signing() {
    token();
    let login = log_in().unwrap();
    let info = login.generate_key("sequencer", None).unwrap();
    let other = SecretKey::from_bytes(&[1; 32]).unwrap().address();
    let result = HsmSigner::start(&login, &label("sequencer"), Some(other), Options::default());
    assert_kind(result, ErrorKind::AddressMismatch, &info.address.unwrap().to_string());
}

fn wrong_pin_is_tried_once_and_warned_of() {
    token();
    let module = Module::open(softhsm_module()).unwrap();
    let find = || module.find_token(&TokenSelector::Label("tok".into())).unwrap();
    let login = find().login(&pin()).unwrap();
    assert_eq!(login.warning(), None);
    drop(login);
    std::fs::write(folder().join("wrong"), "9999").unwrap();
    let result = find().login(&Pin::from_file(folder().join("wrong")).unwrap());
    assert_kind(result, ErrorKind::PinIncorrect, "counts wrong PINs and locks after a few");
    let login = find().login(&pin()).unwrap();
    assert!(login.warning().unwrap().contains("was given a wrong PIN"));
    drop(login);
    assert_eq!(find().login(&pin()).unwrap().warning(), None, "a right PIN resets the count");
}

fn pin_sources() {
    let path = folder().join("source");
    let source = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Pin::from_file(&path)
    };
    assert_kind(Pin::from_file("/no/such/pin"), ErrorKind::PinSource, "/no/such/pin");
    assert_kind(source(b""), ErrorKind::PinSource, "is empty");
    assert_kind(source(b"\n"), ErrorKind::PinSource, "is empty");
    assert_kind(source(&[b'1'; 1025]), ErrorKind::PinSource, "more than 1024 bytes");
    assert_kind(source(b"\xff"), ErrorKind::PinSource, "UTF-8");
    assert_kind(Pin::from_env("OPSIGN_NO_SUCH"), ErrorKind::PinSource, "is not set");
    token();
    let module = Module::open(softhsm_module()).unwrap();
    for text in ["1234\n", "1234\r\n", "1234"] {
        let token = module.find_token(&TokenSelector::Label("tok".into())).unwrap();
        token.login(&source(text.as_bytes()).ok().unwrap()).unwrap();
    }
}

fn missing_and_wrong_modules() {
    assert_kind(Module::open("/no/such/module.so"), ErrorKind::ModuleMissing, "/no/such/module.so");
    let text = folder().join("text.so");
    std::fs::write(&text, "not a library").unwrap();
    assert_kind(Module::open(text), ErrorKind::ModuleInvalid, "text.so");
    let library = ["/lib/x86_64-linux-gnu/libm.so.6", "/lib64/libm.so.6", "/usr/lib/libm.so.6"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
        .expect("some shared library that is no PKCS#11 module");
    assert_kind(Module::open(library), ErrorKind::ModuleInvalid, "no PKCS#11 module");
}

fn tokens_are_found_by_label_and_serial() {
    let module = Module::open(softhsm_module()).unwrap();
    let missing = module.find_token(&TokenSelector::Label("tok".into()));
    assert_kind(missing, ErrorKind::TokenMissing, "has none");
    drop(module);
    let conf = folder().join("softhsm2.conf");
    for label in ["tok", "twin", "twin"] {
        make_token(&conf, label);
    }
    let module = Module::open(softhsm_module()).unwrap();
    let by_label = |label: &str| module.find_token(&TokenSelector::Label(label.into()));
    assert_kind(by_label("nobody"), ErrorKind::TokenMissing, "\"tok\" (serial");
    assert_kind(by_label("twin"), ErrorKind::TokenAmbiguous, "serial number");
    let serial = by_label("tok").unwrap().serial().to_owned();
    let token = module.find_token(&TokenSelector::Serial(serial)).unwrap();
    assert_eq!(token.label(), "tok");
    let missing = module.find_token(&TokenSelector::Serial("0".into()));
    assert_kind(missing, ErrorKind::TokenMissing, "serial number 0");
}

fn module_is_shared_and_opens_again() {
    token();
    for _ in 0..10 {
        let first = Module::open(softhsm_module()).unwrap();
        let second = Module::open(softhsm_module()).unwrap();
        drop(first);
        second.find_token(&TokenSelector::Label("tok".into())).unwrap();
    }
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    log_in().unwrap().keys().unwrap();
                }
            });
        }
    });
    let (context, session) = raw_session();
    drop(session);
    context.finalize().expect("the library has let go of the module, so others may use it");
}

fn module_in_use_by_other_code() {
    token();
    let (_context, _session) = raw_session();
    assert_kind(Module::open(softhsm_module()), ErrorKind::ModuleInvalid, "in use by other code");
}

fn logout_under_a_signer() {
    token();
    let login = log_in().unwrap();
    login.generate_key("sequencer", None).unwrap();
    let options = Options { deadline: Duration::from_secs(20), ..Options::default() };
    let signer = HsmSigner::start(&login, &label("sequencer"), None, options).unwrap();
    let sign = || sign_payload(&signer, &ChainId::from(10), &payload_hash(1));
    sign().unwrap();
    login.logout().unwrap();
    assert_kind(sign(), ErrorKind::SessionLost, "C_SignInit");
    assert_kind(sign(), ErrorKind::SessionLost, "logged us out");
    drop((signer, login));
    let login = log_in().unwrap();
    HsmSigner::start(&login, &label("sequencer"), None, options).unwrap();
}

fn token_removed_and_put_back() {
    token();
    let login = log_in().unwrap();
    login.generate_key("sequencer", None).unwrap();
    let options = Options { deadline: Duration::from_secs(20), ..Options::default() };
    let signer = HsmSigner::start(&login, &label("sequencer"), None, options).unwrap();
    let sign = |signer: &HsmSigner| sign_payload(signer, &ChainId::from(10), &payload_hash(1));
    sign(&signer).unwrap();

    let (tokens, away) = (folder().join("tokens"), folder().join("away"));
    std::fs::rename(&tokens, &away).unwrap();
    assert_kind(sign(&signer), ErrorKind::TokenGone, "\"tok\" is gone");
    std::fs::rename(&away, &tokens).unwrap();
    // SoftHSM finds its objects again only when it is initialised anew: until then, refusals.
    sign(&signer).unwrap_err();
    drop((signer, login));

    let login = log_in().unwrap();
    let signer = HsmSigner::start(&login, &label("sequencer"), None, options).unwrap();
    let signature = sign(&signer).unwrap();
    verify_payload(&ChainId::from(10), &payload_hash(1), &signature, &signer.address()).unwrap();
}

fn ed25519_key_made_in_the_token_signs() {
    token();
    let (context, session) = raw_session();
    let public = [Attribute::Token(true), Attribute::EcParams(b"\x13\x0cedwards25519".to_vec())];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Label(b"gran".to_vec()),
    ];
    session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private).unwrap();
    drop(session);
    context.finalize().unwrap();

    let login = log_in().unwrap();
    login.generate_key("sequencer", None).unwrap();
    let listed = login.keys().unwrap();
    let info = listed.iter().find(|info| info.label == "gran").unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!((info.curve.clone(), info.address), (Curve::Ed25519, None));
    assert!(info.sensitive && !info.extractable && info.local, "{info:?}");
    let options = Options { sessions: 4, deadline: Duration::from_secs(20) };
    let signer = Ed25519Signer::start(&login, &label("gran"), info.ed25519, options).unwrap();
    let verifier = ed25519_dalek::VerifyingKey::from_bytes(signer.public().as_bytes()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let (signer, verifier) = (&signer, &verifier);
            scope.spawn(move || {
                for number in 0..25 {
                    let message = vec![thread; 53 + number];
                    let signature = signer.wait(&message).unwrap();
                    let signature = ed25519_dalek::Signature::from_bytes(&signature);
                    verifier.verify_strict(&message, &signature).unwrap();
                }
            });
        }
    });
    // Each kind of signer looks for its own kind of key.
    let result = HsmSigner::start(&login, &label("gran"), None, Options::default());
    assert_kind(result, ErrorKind::KeyMissing, "label \"gran\"");
    let result = Ed25519Signer::start(&login, &label("sequencer"), None, Options::default());
    assert_kind(result, ErrorKind::KeyMissing, "label \"sequencer\"");
}

/// Section 7.1, TEST 1 to 3: seed, public key, message, signature.
const RFC_8032: [[&str; 4]; 3] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
];

fn ed25519_signatures_are_those_of_rfc_8032() {
    token();
    let bytes = |text: &str| base16ct::lower::decode_vec(text).unwrap();
    let (context, session) = raw_session();
    for (number, [seed, public, _, _]) in RFC_8032.iter().enumerate() {
        let name = format!("test {}", number + 1).into_bytes();
        let both = |class, private| {
            vec![
                Attribute::Class(class),
                Attribute::KeyType(KeyType::EC_EDWARDS),
                Attribute::Token(true),
                Attribute::Private(private),
                Attribute::EcParams(b"\x13\x0cedwards25519".to_vec()),
                Attribute::Label(name.clone()),
                Attribute::Id(name.clone()),
            ]
        };
        let mut secret = both(ObjectClass::PRIVATE_KEY, true);
        secret.extend([Attribute::Sign(true), Attribute::Value(bytes(seed))]);
        session.create_object(&secret).unwrap();
        let mut point = both(ObjectClass::PUBLIC_KEY, false);
        point.push(Attribute::EcPoint([&[4, 32][..], &bytes(public)].concat()));
        session.create_object(&point).unwrap();
    }
    drop(session);
    context.finalize().unwrap();
    let login = log_in().unwrap();
    for (number, [_, public, message, signature]) in RFC_8032.iter().enumerate() {
        let key = label(&format!("test {}", number + 1));
        let options = Options { sessions: 1, deadline: Duration::from_secs(20) };
        let signer = Ed25519Signer::start(&login, &key, None, options).unwrap();
        assert_eq!(signer.public().as_bytes()[..], bytes(public));
        for _ in 0..2 {
            assert_eq!(signer.wait(&bytes(message)).unwrap()[..], bytes(signature));
        }
    }
}
