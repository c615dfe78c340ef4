# Sourced by every script here: where things are, and the few words they share.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Slow builds that only a new machine should pay for, each in a folder keyed by what made it.
CACHE=${OPSIGN_CACHE:-$HOME/.cache/opsign}
export ROOT CACHE
# Each step builds once: what an incremental build would keep for the next one is gigabytes.
export CARGO_INCREMENTAL=0

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# step NAME COMMAND...: one line if the command succeeds, all that it wrote if not. What it wrote
# stays in $STEP_LOG until the next step.
STEP_LOG=$ROOT/target/step.log
step() {
  local name=$1 begin=$SECONDS
  shift
  mkdir -p "${STEP_LOG%/*}"
  "$@" > "$STEP_LOG" 2>&1 || { cat "$STEP_LOG" >&2; die "$name failed"; }
  say "  $name, $((SECONDS - begin)) s"
}

# What a set of files holds, as one short word.
digest() { cat "$@" | sha256sum | cut -c1-16; }

mkdir -p "$CACHE"
cd "$ROOT"
