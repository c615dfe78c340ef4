//! The measurements are in `benches/`, one file per question; run them with
//! `cargo bench -p opsign-benches`.
