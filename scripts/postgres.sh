#!/usr/bin/env bash
# The guard on a real PostgreSQL. With CYCLES=N the server is killed so many times instead, and each
# round is added to docs/torture.jsonl with the commit.
source "$(dirname "$0")/env.sh"

compgen -G "${OPSIGN_POSTGRES:-/usr/lib/postgresql/*/bin}/postgres" > /dev/null \
  || die "PostgreSQL is not installed: run scripts/setup.sh, or set OPSIGN_POSTGRES to its programs"
killed() {
  CYCLES=$1 cargo test --quiet --locked --package opsign-guard-postgres --test postgres -- \
    a_server_that_is_killed_loses_nothing_that_was_released
}
if [[ -n ${CYCLES:-} ]]; then
  [[ $CYCLES =~ ^[1-9][0-9]*$ ]] || die "CYCLES is a number from 1 on, not $CYCLES"
  commit=$(git rev-parse HEAD)$(git diff --quiet HEAD || printf -- -changed)
  # In rounds, each with a server and a record of its own that is held against what was released.
  for ((done = 0; done < CYCLES; done += round)); do
    round=$((CYCLES - done < 250 ? CYCLES - done : 250))
    step "kills $((done + 1)) to $((done + round)) of $CYCLES" killed "$round"
    grep -q '^test result: ok. 1 passed' "$STEP_LOG" || die "the test was not run"
    printf '{"time":%s,"commit":"%s","store":"postgres","cycles":%d,"violation":null}\n' \
      "$(date +%s)" "$commit" "$round" >> docs/torture.jsonl
  done
  exit
fi
cargo test --quiet --locked --package opsign-guard-postgres
# The program: two signers on one record, one of them killed; two keystores likewise.
cargo test --quiet --locked --package opsign --features postgres-tests --test shared \
  --test keystore_shared
