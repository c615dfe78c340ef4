#!/usr/bin/env bash
# Our curve arithmetic against fiat-crypto's (10^9 field and scalar operations), and whole operations
# against k256 and libsecp256k1 (six million signatures, seven million changed ones for known
# signers). `make test` runs a ten-thousandth of it. Takes about an hour on two cores;
# OPSIGN_CURVE_ROUNDS=1000 a tenth.
source "$(dirname "$0")/env.sh"

OPSIGN_CURVE_ROUNDS=${OPSIGN_CURVE_ROUNDS:-10000} \
  cargo test --release --locked --package opsign-core --lib --test libsecp256k1 -- curve:: \
  signatures_and_keys verdicts
