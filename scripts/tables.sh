#!/usr/bin/env bash
# Writes core/src/curve/tables.bin, the multiples of the generator. A test compares it.
source "$(dirname "$0")/env.sh"

cargo test --quiet --release --locked --package opsign-core --lib curve::tables::tests::write -- \
  --ignored
