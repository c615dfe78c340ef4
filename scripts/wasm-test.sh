#!/usr/bin/env bash
# Builds the browser package and tests it: vectors in Node and in Chromium, types, loading, the
# package as npm would publish it, the demo, the tool page. One line per step; a failing step prints
# all it said.
source "$(dirname "$0")/env.sh"

scripts/wasm.sh
cd wasm/js

# counted_step NAME COMMAND...: runs quietly, then says what the test itself counted.
counted_step() {
  local name=$1 log counted
  shift
  if ! log=$("$@" 2>&1); then
    printf '%s\n' "$log" >&2
    die "$name failed"
  fi
  counted=$(sed -nE 's/^# cases: (.*)/; \1/p; s/^# pass (.*)/; tests passed: \1/p' <<< "$log")
  counted=${counted//$'\n'/}
  say "wasm $name: ${counted#; }"
}

typecheck() {
  local tsc=(node_modules/.bin/tsc --noEmit --strict --exactOptionalPropertyTypes --module nodenext)
  "${tsc[@]}" --target es2022 --lib es2022,dom --types "" tests/types.ts || return
  # For programs without the DOM's types.
  "${tsc[@]}" --target es2020 --lib es2020 --types "" index.d.ts typed-data.d.ts || return
  say "# cases: $(grep -c '@ts-expect-error' tests/types.ts) wrong uses refused"
}

counted_step types typecheck
for test in vectors wrong_types init package chromium demo tool_page; do
  counted_step "$test" node --test --test-reporter=tap "tests/$test.test.js"
done
