//! Keccak-256 of small and large inputs: beside sha3, go-ethereum, OpenSSL's assembly by the crate
//! sha3-asm, and XKCP's best for this processor (`benches/xkcp`).

use std::env;
use std::hint::black_box;

use libloading::Library;
use opsign_core::PayloadHash;
use sha3::Digest;

use crate::program::Program;
use crate::report::{Often, Report, here};

const RATE: usize = 136;

fn openssl(bytes: &[u8]) -> [u8; 32] {
    let mut state = [0; 25];
    let (blocks, rest) = bytes.split_at(bytes.len() / RATE * RATE);
    sha3_asm::sha3_absorb(&mut state, blocks, RATE);
    let mut last = [0; RATE];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 1;
    last[RATE - 1] |= 0x80;
    sha3_asm::sha3_absorb(&mut state, &last, RATE);
    let mut hash = [0; 32];
    sha3_asm::sha3_squeeze(&mut state, &mut hash, RATE);
    hash
}

type Hash = unsafe extern "C" fn(*const u8, usize, *mut u8) -> i32;

pub(crate) fn measure(report: &mut Report, go: &Program) {
    let path = env::var_os("OPSIGN_BENCH_XKCP").expect("OPSIGN_BENCH_XKCP: run scripts/bench.sh");
    // SAFETY: scripts/bench.sh has just built it; loading it runs nothing.
    let library = unsafe { Library::new(path) }.unwrap();
    // SAFETY: so it is declared in benches/xkcp.
    let function = unsafe { library.get::<Hash>(b"xkcp_keccak256\0") }.unwrap();
    let xkcp = |bytes: &[u8]| {
        let mut hash = [0; 32];
        // SAFETY: the pointers are to that many bytes, and to 32.
        let failed = unsafe { function(bytes.as_ptr(), bytes.len(), hash.as_mut_ptr()) };
        assert_eq!(failed, 0);
        hash
    };
    for (name, length, rounds, calls, geth) in [
        ("keccak_32", 32, 1000, 400, "keccak-32"),
        ("keccak_96", 96, 1000, 400, "keccak-96"),
        ("keccak_1kib", 1 << 10, 1000, 60, "keccak-1024"),
        ("keccak_1mib", 1 << 20, 150, 1, "keccak-1048576"),
        ("keccak_10mib", 10 << 20, 40, 1, "keccak-10485760"),
    ] {
        let bytes = vec![0x5a; length];
        let hash = PayloadHash::of(&bytes);
        assert_eq!(hash.as_bytes(), &openssl(&bytes));
        assert_eq!(hash.as_bytes()[..], sha3::Keccak256::digest(&bytes)[..]);
        assert_eq!(hash.as_bytes(), &xkcp(&bytes));
        report.row_of_all(
            name,
            Often { rounds, calls, each: 1 },
            vec![
                ("opsign", here(|| PayloadHash::of(black_box(&bytes)))),
                ("sha3", here(|| sha3::Keccak256::digest(black_box(&bytes)))),
                ("go-ethereum", go.job(geth)),
                ("OpenSSL's assembly", here(|| openssl(black_box(&bytes)))),
                ("XKCP", here(|| xkcp(black_box(&bytes)))),
            ],
        );
    }
}
