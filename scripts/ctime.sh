#!/usr/bin/env bash
# Signing, key loading and the address take the same branches and addresses for every key: memcheck
# is told that the key is undefined and reports where the shipped library looks at it. What is
# tolerated stands in ffi/tests/ctime.json with its argument; two leaks planted in the same program
# must be caught.
source "$(dirname "$0")/env.sh"

# check ENGINE FLAGS...: one build of the C library, with cargo's flags.
check() {
  local engine=$1 mode leak found
  local folder=target/ctime/$engine
  shift
  # The shipped code with line numbers beside it.
  CARGO_PROFILE_RELEASE_DEBUG=line-tables-only CARGO_PROFILE_RELEASE_STRIP=none \
    cargo build --quiet --release --locked --package opsign-ffi --target-dir target/ctime "$@"
  mkdir -p "$folder"
  gcc -g -O1 -I include ffi/tests/ctime.c target/ctime/release/libopsign.a -lm -ldl -lpthread \
    -o "$folder/ctime"
  for mode in sign branch table; do
    valgrind --quiet --xml=yes --xml-file="$folder/$mode.xml" --read-inline-info=yes \
      --num-callers=40 "$folder/ctime" "$mode" > "$folder/out" ||
      { cat "$folder/out"; die "ctime $mode failed"; }
  done
  say "constant time, $engine engine: $(cat "$folder/out")"
  # In a variable first: a failure inside an argument would not end the script.
  found=$(node ffi/tests/ctime.mjs "$engine" "$folder/sign.xml")
  say "  $found"
  for leak in branch table; do
    found=$(node ffi/tests/ctime.mjs planted "$folder/$leak.xml")
    say "  a planted $leak: $found"
  done
  if node ffi/tests/ctime.mjs planted "$folder/sign.xml" 2> /dev/null; then
    die "a leak was found where none was planted"
  fi
}

check fast
check k256 --no-default-features
