#!/usr/bin/env bash
# The measurements: ours beside the field's own code in Rust, Go and Node, in one run that takes turns;
# then what remains for criterion, and Go beside C in one process. The ratios are written to
# target/bench/report.json and, as plots, report.html; `node scripts/bench-table.mjs record` makes a run to
# stand behind benches/latest.json and the README's table.
source "$(dirname "$0")/env.sh"

scripts/setup.sh 'libclang-dev:/usr/lib/llvm-*/lib/libclang.so' xsltproc:xsltproc
scripts/ffi.sh
scripts/wasm.sh
[[ benches/wasm/node_modules/.package-lock.json -nt benches/wasm/package-lock.json ]] ||
  (cd benches/wasm && npm ci --no-audit --no-fund)
mkdir -p target/bench
(cd benches/go && go build -o "$ROOT/target/bench/go" .)
# What XKCP has that is quickest on this processor, which a build for any would not take.
case " $(grep -m1 ^flags /proc/cpuinfo) " in
  *" avx512vl "*) xkcp=AVX512 ;;
  *" avx2 "*) xkcp=AVX2 ;;
  *) xkcp=generic64 ;;
esac
XKCP_RS_TARGET=$xkcp cargo build --quiet --locked --release --manifest-path benches/xkcp/Cargo.toml \
  --target-dir target/bench/xkcp
OPSIGN_BENCH_XKCP=$ROOT/target/bench/xkcp/release/libopsign_benches_xkcp.so \
  OPSIGN_BENCH_GO=$ROOT/target/bench/go OPSIGN_BENCH_NODE="node $ROOT/benches/wasm/peers.mjs" \
  cargo bench --quiet --locked --package opsign-benches --bench ratios
node scripts/bench-table.mjs html
say "written: target/bench/report.json and report.html"
[[ ${1:-} != --ratios ]] || exit 0
cargo bench --quiet --locked --package opsign-benches --bench signatures --bench payload_hash --bench guard -- \
  --warm-up-time 1 --measurement-time 3
cd bindings-go
go test -run '^$' -bench . -benchtime 2s .
go test -count=1 -v -run TestCgoCost ./internal/cgocost
