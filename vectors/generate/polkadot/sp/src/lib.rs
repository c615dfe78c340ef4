//! What Polkadot's own crates say about keys, messages and signatures, as vectors, and a judge of
//! signatures by the same crates.
//!
//! No code of opsign is in here, and none must ever be: these are what opsign is measured by.

mod beefy;
mod candidates;
mod equivocations;
pub mod file;
mod grandpa;
mod headers;
pub mod judge;
mod ownership;
mod seeds;
mod signatures;
mod statements;
mod vrf;

/// All files of `vectors/polkadot`.
pub fn files() -> Vec<file::File> {
    vec![
        seeds::file(),
        headers::file(),
        grandpa::file(),
        statements::file(),
        candidates::file(),
        beefy::file(),
        ownership::file(),
        signatures::file(),
        vrf::file(),
        equivocations::file(),
    ]
}
