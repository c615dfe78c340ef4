#!/usr/bin/env bash
# What a key leaves in memory: nothing where it was, nothing on the stack, whichever engine signs and
# whichever way the code is optimised; no secret type can be printed, cloned or compared. Then the same of the C library.
source "$(dirname "$0")/env.sh"

# search NAME ARGUMENT...: both searches, in a build of its own
search() {
  local name=$1
  shift
  step "$name" cargo "$@" --locked --package opsign-core --test stack --test wiped -- --nocapture
  [[ $(grep -c '^test result: ok\. [1-9].* 0 failed; 0 ignored' "$STEP_LOG") -eq 2 ]] ||
    die "not both searches ran"
  # Each test of the search without wiping says how deep it went.
  grep -E '^[0-9]+ bytes of stack used' "$STEP_LOG" | tail -1 | sed 's/^/    /'
}

k256=(--no-default-features)
tables=(--no-default-features --features tables)
search "as developers build it" test
search "as developers build it, on k256" test "${k256[@]}"
search "as developers build it, on k256 with tables" test "${tables[@]}"
search "optimised" test --release
# At levels that programs may choose, only the search of our own engine: what k256 leaves without wiping
# depends on the level.
for level in 1 2 '"s"' '"z"'; do
  step "optimised at level $level" cargo --config "profile.release.opt-level=$level" test --release --locked \
    --target-dir target/other-levels --package opsign-core --test stack -- leaves_nothing
  grep -q '^test result: ok\. 5 passed; 0 failed; 0 ignored' "$STEP_LOG" || die "not all searches ran"
done
search "optimised, on k256" test --release "${k256[@]}"
search "optimised, on k256 with tables" test --release "${tables[@]}"
unoptimised=(--config 'profile.dev.package."*".opt-level=0'
  --config 'profile.dev.package.opsign-core.opt-level=0')
search "not optimised" "${unoptimised[@]}" test --target-dir target/unoptimised
search "not optimised, on k256" "${unoptimised[@]}" test --target-dir target/unoptimised "${k256[@]}"
search "not optimised, on k256 with tables" "${unoptimised[@]}" test \
  --target-dir target/unoptimised "${tables[@]}"
step "types of secrets" cargo test --locked --package opsign-keys --test secret_types

scripts/ffi.sh
program=target/stack
gcc -std=gnu99 -Wall -Wextra -Werror -O1 -I include ffi/tests/stack.c target/release/libopsign.a \
  -lm -ldl -lpthread -o "$program"
found=$("$program") || die "the C library left a key behind: $found"
say "  the C library: $found"
if found=$("$program" planted); then die "a planted key is not found: $found"; fi
say "  with a planted copy: $found"
