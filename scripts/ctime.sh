#!/usr/bin/env bash
# Signing, key loading and the address take the same branches and addresses for every key: memcheck
# is told that the key is undefined and reports where the shipped library looks at it. What is
# tolerated stands in ffi/tests/ctime.json with its argument; two leaks planted in the same program
# must be caught.
source "$(dirname "$0")/env.sh"

# The shipped code with line numbers beside it.
CARGO_PROFILE_RELEASE_DEBUG=line-tables-only CARGO_PROFILE_RELEASE_STRIP=none \
  cargo build --quiet --release --locked --package opsign-ffi --target-dir target/ctime
gcc -g -O1 -I include ffi/tests/ctime.c target/ctime/release/libopsign.a -lm -ldl -lpthread \
  -o target/ctime/ctime
for mode in sign branch table; do
  report=target/ctime/$mode.xml
  valgrind --quiet --xml=yes --xml-file="$report" --read-inline-info=yes --num-callers=40 \
    target/ctime/ctime "$mode" > target/ctime/out || { cat target/ctime/out; die "ctime $mode failed"; }
done
say "constant time: $(cat target/ctime/out)"
say "  $(node ffi/tests/ctime.mjs tolerated target/ctime/sign.xml)"
for leak in branch table; do
  say "  a planted $leak: $(node ffi/tests/ctime.mjs planted "target/ctime/$leak.xml")"
done
if node ffi/tests/ctime.mjs planted target/ctime/sign.xml 2> /dev/null; then
  die "a leak was found where none was planted"
fi
