#!/usr/bin/env bash
# The guard on a real PostgreSQL. CYCLES=N kills the server so many times.
source "$(dirname "$0")/env.sh"

compgen -G "${OPSIGN_POSTGRES:-/usr/lib/postgresql/*/bin}/postgres" > /dev/null \
  || die "PostgreSQL is not installed: run scripts/setup.sh, or set OPSIGN_POSTGRES to its programs"
cargo test --quiet --locked --package opsign-guard-postgres
# The program: two signers on one record, one of them killed.
cargo test --quiet --locked --package opsign --features postgres-tests --test shared
