#!/usr/bin/env bash
# bench-keystore.sh [SECONDS]: signatures a second and their times at `opsign keystore`, with a guard in
# memory and one on disk, and what a start with 1,000 validators' keys takes.
source "$(dirname "$0")/env.sh"

say "machine: $(nproc) cores, $(sed -nE '0,/model name/s/^model name\s*: //p' /proc/cpuinfo), load $(cut -d' ' -f1 /proc/loadavg)"
cargo test --quiet --release --locked --package opsign --features keystore-bench --test keystore_bench -- "${1:-4}"
