//! Measures XKCP's Keccak-256 for `benches/benches/ratios`: lines "keccak-LENGTH CALLS" in, the nanoseconds
//! that the calls took out; "hash LENGTH" gives the hash of that many bytes in hex. `scripts/bench.sh`
//! chooses what the library is built for.
#![allow(clippy::unwrap_used, reason = "a measurement")]

use std::hint::black_box;
use std::io::stdin;
use std::time::Instant;

fn keccak256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    let (rate, capacity, suffix) = (1088, 512, 1);
    // SAFETY: both pointers are to as many bytes as are named, and nothing is kept.
    let failed = unsafe {
        xkcp_sys::KeccakWidth1600_Sponge(
            rate,
            capacity,
            bytes.as_ptr(),
            bytes.len(),
            suffix,
            hash.as_mut_ptr(),
            hash.len(),
        )
    };
    assert_eq!(failed, 0);
    hash
}

fn main() {
    let data = vec![0x5a; 10 << 20];
    for line in stdin().lines() {
        let line = line.unwrap();
        let (job, number) = line.split_once(' ').unwrap();
        if job == "hash" {
            let hash = keccak256(&data[..number.parse::<usize>().unwrap()]);
            println!("{}", hash.map(|byte| format!("{byte:02x}")).concat());
            continue;
        }
        let length: usize = job.strip_prefix("keccak-").unwrap().parse().unwrap();
        let bytes = &data[..length];
        let start = Instant::now();
        for _ in 0..number.parse::<u32>().unwrap() {
            black_box(keccak256(black_box(bytes)));
        }
        println!("{}", start.elapsed().as_nanos());
    }
}
