#!/usr/bin/env bash
# Every Rust test of the workspace, with and without core's features.
source "$(dirname "$0")/env.sh"

cargo build --quiet --locked --package opsign-fake-pkcs11
cargo test --quiet --locked --package opsign-core
cargo test --quiet --locked --workspace --all-features
