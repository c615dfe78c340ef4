//! How long do our operations take beside those of the field's own libraries?
//!
//! One round of each in turn, least of all rounds, so that other work on the machine hits all alike:
//! read the ratios, not the microseconds. What other languages do is measured by programs of theirs,
//! which wait while it is not their turn. Written to `target/bench/report.json`, of which
//! `scripts/bench-table.mjs` makes the README's table and `report.html`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a measurement")]

mod chain;
mod curve;
mod hash;
mod program;
mod report;

use program::Program;
use report::{Often, Report};

fn main() {
    let (go, node) = (Program::start("OPSIGN_BENCH_GO"), Program::start("OPSIGN_BENCH_NODE"));
    let mut report = Report::new();
    curve::measure(&mut report);
    hash::measure(&mut report, &go);
    chain::measure(&mut report, &go);
    let often = Often { rounds: 300, calls: 20, each: 1 };
    report.row(
        "go_sign",
        often,
        vec![
            ("opsign", go.job("opsign-sign")),
            ("decred", go.job("decred-sign")),
            ("go-ethereum", go.job("geth-sign")),
        ],
    );
    report.row(
        "go_verify",
        often,
        vec![
            ("opsign", go.job("opsign-verify")),
            ("decred", go.job("decred-verify")),
            ("go-ethereum", go.job("geth-verify")),
        ],
    );
    report.row(
        "wasm_recover",
        Often { rounds: 60, calls: 5, each: 1 },
        vec![
            ("opsign", node.job("opsign")),
            ("noble-curves", node.job("noble-curves")),
            ("tiny-secp256k1", node.job("tiny-secp256k1")),
            ("noble-secp256k1", node.job("noble-secp256k1")),
        ],
    );
    go.end();
    node.end();
    report.write();
}
