#!/usr/bin/env bash
# Core builds without std and without a heap: a static library with its own panic handler, whose
# only undefined symbols are the C memory functions.
source "$(dirname "$0")/env.sh"

manifest=core/tests/no_std/Cargo.toml
cargo build --quiet --release --locked --manifest-path "$manifest" --target-dir target/no_std
library=target/no_std/release/libopsign_no_std.a
symbols=$(nm --undefined-only "$library" 2> /dev/null | awk '$1 == "U" { print $2 }' | sort -u)
# A proof that the list is read from the right file: it must name the function we export.
exports=$(nm --defined-only "$library" 2> /dev/null)
[[ $exports == *" T opsign_no_std_check"* ]] || die "$library lacks its export"
if grep -E '__rust_(alloc|dealloc|realloc)|__rdl_|std::|_ZN3std' <<< "$symbols"; then
  die "core asks for a heap or for std"
fi
say "no_std: builds with its own panic handler, asks for no heap"
