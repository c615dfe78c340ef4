//! A server, and the requests that the guard's own tests make.
#![allow(dead_code, reason = "every test file uses another part")]
#![allow(clippy::unwrap_used, reason = "tests")]

pub mod cluster;
#[path = "../../../guard/tests/common/requests.rs"]
mod requests;
#[path = "../../../guard/tests/common/traces.rs"]
pub mod traces;

use std::time::{Duration, Instant};

use opsign_guard::{FileAnchor, Guard, RuleSet, Store, StoreError, SystemIo};
use opsign_guard_postgres::{Address, Postgres};
pub use requests::*;

pub fn address(url: &str) -> Address {
    Address { url: url.to_owned(), password_file: None, ca: None }
}

pub fn store(url: &str) -> Store {
    let postgres = Postgres::new(&address(url)).unwrap();
    Store::shared(Box::new(postgres), Postgres::PATIENCE)
}

pub fn anchored(url: &str, anchor: &std::path::Path) -> Store {
    let io = std::sync::Arc::new(SystemIo);
    store(url).with_anchor(Box::new(FileAnchor::new(io, anchor)), 4)
}

/// Does something with a record whose anchor was in use a moment ago. Its lock ends with the last
/// copy of its descriptor, and a child that another test starts has one until it becomes a program.
pub fn unlocked<T>(act: impl Fn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match act() {
            Err(StoreError::Locked { .. }) if Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}

pub fn start(url: &str, anchor: &std::path::Path) -> Result<Guard, StoreError> {
    let guard = unlocked(|| Guard::open(anchored(url, anchor), NOW))?;
    guard.configure(blocks(), RuleSet::blocks_strict())?;
    Ok(guard)
}

pub fn eventually(what: &str, is: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < end, "not in 60 s: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Asks until the answer is not that there is none.
pub fn ask(guard: &Guard, request: &opsign_guard::Request) -> Outcome {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match outcome(guard, request) {
            Outcome::Failed => std::thread::sleep(Duration::from_millis(5)),
            other => return other,
        }
        assert!(Instant::now() < end, "no answer in 60 s");
    }
}
