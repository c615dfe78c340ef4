#!/usr/bin/env bash
# Builds the code generators (cbindgen, wasm-bindgen) at the versions that scripts/tools/Cargo.lock
# pins, once per machine, and prints the path of the program.
source "$(dirname "$0")/env.sh"

key=$(digest scripts/tools/Cargo.lock scripts/tools/Cargo.toml scripts/tools/src/main.rs)
program=$CACHE/tools-$key/opsign-tools
if [[ ! -x $program ]]; then
  say "building the code generators (about 90 s, once per machine)" >&2
  cargo build --quiet --release --locked --manifest-path scripts/tools/Cargo.toml \
    --target-dir "$CACHE/tools-target" >&2
  mkdir -p "${program%/*}"
  cp "$CACHE/tools-target/release/opsign-tools" "$program.new"
  mv "$program.new" "$program"
fi
say "$program"
