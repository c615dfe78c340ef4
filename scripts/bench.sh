#!/usr/bin/env bash
# The measurements: Rust beside libsecp256k1, then Go beside C in one process. The ratios are written to
# target/bench/report.json; a run to stand behind is copied to benches/latest.json, and
# `node scripts/bench-table.mjs write` puts it into the README.
source "$(dirname "$0")/env.sh"

cargo bench --quiet --locked --package opsign-benches -- --warm-up-time 1 --measurement-time 3
scripts/ffi.sh
cd bindings-go
go test -run '^$' -bench . -benchtime 2s .
go test -count=1 -v -run TestCgoCost ./internal/cgocost
say "written: target/bench/report.json"
