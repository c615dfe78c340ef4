#!/usr/bin/env bash
# kill -9 at every step of the signer, over and over (service/opsign/tests/torture), or with --keystore
# of the keystore (service/opsign/tests/keystore_torture.rs).
#
#   scripts/torture.sh                              500 cycles
#   scripts/torture.sh --cycles 20000               that many, added to docs/torture.jsonl with the commit
#   scripts/torture.sh --keystore --cycles 5000     the same
source "$(dirname "$0")/env.sh"

test=torture one_job=(--jobs 1)
if [[ ${1:-} == --keystore ]]; then
  test=keystore_torture one_job=()
  shift
fi
options=(--cycles 500)
if [[ ${1:-} == --cycles ]]; then
  [[ ${2:-} =~ ^[0-9]+$ ]] || die "--cycles takes a whole number"
  OPSIGN_COMMIT=$(git rev-parse HEAD)$(git diff --quiet HEAD || printf -- -changed)
  export OPSIGN_COMMIT
  options=(--cycles "$2" --tally "$ROOT/docs/torture.jsonl")
elif [[ $# -gt 0 ]]; then
  die "unknown option $1"
fi
torture() { cargo test --locked --package opsign --features crash-points --test "$test" -- "$@"; }

# A run in which an older record is put back has to find out, or the other runs mean nothing.
log=$ROOT/target/torture.log
if torture --cycles 100 "${one_job[@]}" --forget-at 40 > "$log" 2>&1; then
  die "torture did not notice that an older record was put back"
fi
grep -q '^VIOLATION' "$log" || { cat "$log" >&2; die "torture does not run"; }
say "torture notices an older record"
torture "${options[@]}"
