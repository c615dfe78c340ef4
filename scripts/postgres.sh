#!/usr/bin/env bash
# The guard on a real PostgreSQL. CYCLES=N kills the server so many times, and adds the run to
# docs/torture.jsonl with the commit.
source "$(dirname "$0")/env.sh"

compgen -G "${OPSIGN_POSTGRES:-/usr/lib/postgresql/*/bin}/postgres" > /dev/null \
  || die "PostgreSQL is not installed: run scripts/setup.sh, or set OPSIGN_POSTGRES to its programs"
cargo test --quiet --locked --package opsign-guard-postgres
if [[ -n ${CYCLES:-} ]]; then
  commit=$(git rev-parse HEAD)$(git diff --quiet HEAD || printf -- -changed)
  printf '{"time":%s,"commit":"%s","store":"postgres","cycles":%d,"violation":null}\n' \
    "$(date +%s)" "$commit" "$CYCLES" >> docs/torture.jsonl
fi
# The program: two signers on one record, one of them killed.
cargo test --quiet --locked --package opsign --features postgres-tests --test shared
