#!/usr/bin/env bash
# Every Rust test of the workspace; core's with either engine, and by itself without `dispatch`, which
# others of the workspace ask for. Not with all features: guard's and
# opsign's change what runs, and scripts/schedules.sh, postgres.sh and torture.sh have them.
source "$(dirname "$0")/env.sh"

# Ethers reads what our key writers write.
generator=vectors/generate/keys
[[ $generator/node_modules/.package-lock.json -nt $generator/package-lock.json ]] ||
  step "ethers installed" npm ci --prefix "$generator" --no-audit --no-fund

cargo build --quiet --locked --package opsign-fake-pkcs11
cargo test --quiet --locked --package opsign-core --no-default-features
cargo test --quiet --locked --package opsign-core
# scripts/postgres.sh has the first whole, and kafka.sh the rest of the second.
cargo test --quiet --locked --workspace --exclude opsign-guard-postgres --exclude opsign-publish
cargo test --quiet --locked --package opsign-publish --lib
