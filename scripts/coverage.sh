#!/usr/bin/env bash
# How much of core its own tests run: at least 90 % of its lines.
source "$(dirname "$0")/env.sh"

version=0.9.1
root=$CACHE/cargo-llvm-cov-$version
if [[ ! -x $root/bin/cargo-llvm-cov ]]; then
  say "building cargo-llvm-cov $version (a minute, once per machine)"
  cargo install --quiet --locked cargo-llvm-cov --version "$version" --root "$root"
fi

# rustup's llvm-tools cannot be had here; the distribution's of the same major version read the same
# files.
llvm=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
export LLVM_COV=/usr/bin/llvm-cov-$llvm LLVM_PROFDATA=/usr/bin/llvm-profdata-$llvm
[[ -x $LLVM_COV && -x $LLVM_PROFDATA ]] || die "llvm-$llvm is needed: run scripts/setup.sh"
least=90
# Only core's optimisation matters for the time this takes; lines are the same.
step "core's tests, counted" "$root/bin/cargo-llvm-cov" llvm-cov --locked --package opsign-core \
  --ignore-filename-regex '/tests/' --summary-only --fail-under-lines "$least"
# Columns: regions, functions, lines, branches; three figures of each.
grep -E '^([a-z_/0-9]+\.rs|TOTAL) +[0-9]' "$STEP_LOG" | awk '{ printf "  %8s  %s\n", $10, $1 }' | sort -n
grep -q '^TOTAL' "$STEP_LOG" || die "nothing was counted"
say "coverage: $(awk '/^TOTAL/ { print $10 " of " $8 " lines of core" }' "$STEP_LOG"), at least $least % asked for"
