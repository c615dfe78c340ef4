//! How fast a token signs through cryptoki alone: what a server over it is measured against.
//!
//! `token_rate MODULE TOKEN-LABEL PIN-FILE KEY-LABEL SESSIONS SECONDS` prints signatures per second
//! and the median of one, in microseconds.
#![allow(clippy::unwrap_used, reason = "a measurement ends at the first thing that is wrong")]

use std::env;
use std::fs;
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let [module, token, pin, key, sessions, seconds] = words.as_slice() else {
        panic!("usage: token_rate MODULE TOKEN-LABEL PIN-FILE KEY-LABEL SESSIONS SECONDS");
    };
    let context = Pkcs11::new(module).unwrap();
    context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slot = context
        .get_slots_with_token()
        .unwrap()
        .into_iter()
        .find(|slot| context.get_token_info(*slot).unwrap().label() == token)
        .unwrap();
    let pin = AuthPin::from(fs::read_to_string(pin).unwrap().trim().to_owned());
    let keeper = context.open_ro_session(slot).unwrap();
    keeper.login(UserType::User, Some(&pin)).unwrap();
    let (sessions, seconds): (usize, u64) = (sessions.parse().unwrap(), seconds.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let threads: Vec<_> = (0..sessions)
        .map(|number| {
            let session = context.open_ro_session(slot).unwrap();
            let label = Attribute::Label(key.clone().into_bytes());
            std::thread::spawn(move || {
                let class = Attribute::Class(ObjectClass::PRIVATE_KEY);
                let key = session.find_objects(&[class, label]).unwrap()[0];
                let mut times = Vec::new();
                let mut hash = [number as u8; 32];
                while Instant::now() < end {
                    hash[..8].copy_from_slice(&(times.len() as u64).to_be_bytes());
                    let start = Instant::now();
                    session.sign(&Mechanism::Ecdsa, key, &hash).unwrap();
                    times.push(start.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    times.sort_unstable();
    let rate = times.len() as u64 / seconds;
    let median = times[times.len() / 2].as_micros();
    println!("token alone, {sessions} sessions: {rate} signatures/s, p50 {median} µs");
}
