#!/usr/bin/env bash
# dudect.sh [TIMES]: whether the times of signing tell keys apart, by dudect's test; some minutes, best on
# a quiet machine. The table of a run to stand behind is put into docs/dudect.md.
source "$(dirname "$0")/env.sh"

times=${1:-1000000}
[[ $times =~ ^[0-9]+$ ]] || die "dudect.sh takes a number of times"
mkdir -p target/bench
cargo bench --quiet --locked --package opsign-benches --bench dudect -- "$times" |
  tee target/bench/dudect.md
say "written: target/bench/dudect.md"
