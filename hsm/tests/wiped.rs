//! A key on its way into a token leaves nothing in memory that was given back.
#![allow(clippy::unwrap_used, reason = "a test program")]

mod harness;
#[path = "../../keys/tests/searching/mod.rs"]
mod searching;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use harness::{Case, PIN, fake_module, folder, make_token, run, softhsm_module};
use opsign_hsm::{ErrorKind, Login, Module, Pin, TokenSelector};
use searching::leaks;
use zeroize::Zeroizing;

const CASES: &[Case] = &[
    ("an_imported_key_is_wiped", an_imported_key_is_wiped),
    ("a_key_that_the_token_refuses_is_wiped", a_key_that_the_token_refuses_is_wiped),
];

fn main() -> ExitCode {
    run(CASES)
}

fn log_in(module: &Path, token: &str) -> Arc<Login> {
    std::fs::write(folder().join("pin"), PIN).unwrap();
    let pin = Pin::from_file(folder().join("pin")).unwrap();
    let module = Module::open(module).unwrap();
    module.find_token(&TokenSelector::Label(token.into())).unwrap().login(&pin).unwrap()
}

/// A key whose halves are found nowhere else. The search finds it where nobody wipes it.
fn secret() -> Zeroizing<[u8; 32]> {
    let bytes: [u8; 32] = core::array::from_fn(|at| 0x5a ^ (7 * at + 1) as u8);
    assert_eq!(leaks("planted", &[&bytes], || bytes.to_vec()), 1);
    Zeroizing::new(bytes)
}

fn an_imported_key_is_wiped() {
    make_token(&folder().join("softhsm2.conf"), "tok");
    let (login, secret) = (log_in(&softhsm_module(), "tok"), secret());
    let import = || login.import_key("sequencer", None, &secret).unwrap();
    assert_eq!(leaks("imported", &[secret.as_slice()], import), 0);
}

fn a_key_that_the_token_refuses_is_wiped() {
    std::fs::write(folder().join("control"), "empty\nfail_create=0x30").unwrap();
    let (login, secret) = (log_in(&fake_module(), "fake"), secret());
    let import = || {
        let refused = login.import_key("sequencer", Some(&[1]), &secret).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Refused);
    };
    assert_eq!(leaks("refused", &[secret.as_slice()], import), 0);
}
