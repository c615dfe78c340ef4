#!/usr/bin/env bash
# Many threads and one handle of the C library: as shipped, plain and under helgrind; and built
# anew under ThreadSanitizer, which also knows atomics. Both must see a race that is planted.
source "$(dirname "$0")/env.sh"

scripts/ffi.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
node ffi/tests/threads.mjs > "$folder/messages"
compile=(gcc -std=c99 -g -O1 -Wall -Wextra -Werror -pedantic -I include ffi/tests/threads.c)
libraries=(-lm -ldl -lpthread -lrt)
"${compile[@]}" target/release/libopsign.a "${libraries[@]}" -o "$folder/threads"

# run NAME COMMAND...: the command must find nothing wrong.
run() {
  local name=$1
  shift
  timeout 300 "$@" < "$folder/messages" > "$folder/out" 2>&1 ||
    { cat "$folder/out"; die "threads fail: $name"; }
  say "  $name: $(tail -1 "$folder/out")"
}

# catch NAME EXIT-CODE COMMAND...: the command must end with the code of a race found in the library.
catch() {
  local name=$1 expected=$2 code=0
  shift 2
  timeout 300 "$@" < "$folder/messages" > "$folder/out" 2>&1 || code=$?
  [[ $code -eq $expected && $(< "$folder/out") == *opsign_payload_hasher_update* ]] ||
    die "$name does not see the planted race: exit $code"
}

run "plain" "$folder/threads" 100 cold
helgrind=(valgrind --tool=helgrind --error-exitcode=9 --quiet "$folder/threads")
run "helgrind" "${helgrind[@]}" 2 warm
catch "helgrind" 9 "${helgrind[@]}" 1 race

# Sanitizers are behind a switch that only nightly compilers offer, and the runtime must be the one
# that comes with the compiler: gcc's lacks functions that newer LLVMs call.
host=$(rustc -vV | sed -n 's/^host: //p')
runtime=$(echo "$(rustc --print sysroot)/lib/rustlib/$host/lib/"librustc-*_rt.tsan.a)
RUSTC_BOOTSTRAP=1 CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
  RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" \
  cargo build --quiet --release --locked --package opsign-ffi --target "$host" --target-dir target/tsan
"${compile[@]}" -fsanitize=thread -c -o "$folder/threads.o"
gcc "$folder/threads.o" "target/tsan/$host/release/libopsign.a" -Wl,--whole-archive "$runtime" \
  -Wl,--no-whole-archive "${libraries[@]}" -lresolv -rdynamic -o "$folder/sanitized"
[[ $(nm "$folder/sanitized") == *__tsan_init* ]] || die "the sanitizer is not in the program"
run "ThreadSanitizer" "$folder/sanitized" 5 cold
catch "ThreadSanitizer" 66 "$folder/sanitized" 1 race
say "threads: 16 on one key and one gossip memory, no race; a planted one is seen by both"
