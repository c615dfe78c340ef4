#!/usr/bin/env bash
# coverage.sh [--keystore]: how much of core its own tests run, at least 90 % of its lines; or how much
# of the keystore its crate's tests run and those that start the program, killed ones counted.
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

# counted WHAT FOLDER: prints FOLDER's files, and fails below the least. Columns of the table: regions,
# functions, lines, branches; three figures of each.
counted() {
  local files lines
  files=$(grep -E "^$2[a-z_/0-9]+\.rs +[0-9]" "$STEP_LOG") || die "nothing was counted"
  awk '{ printf "  %8s  %s\n", $10, $1 }' <<< "$files" | sort -n
  lines=$(awk '{ all += $8; missed += $9 } END { printf "%.2f %% of %d", 100 * (all - missed) / all, all }' <<< "$files")
  say "coverage: $lines lines of $1, at least $least % asked for"
  awk -v least="$least" '{ exit $1 < least }' <<< "$lines" || die "that is below $least %"
}

case ${1:-} in
  "")
    # Only core's optimisation matters for the time this takes; lines are the same.
    step "core's tests, counted" "$root/bin/cargo-llvm-cov" llvm-cov --locked --package opsign-core \
      --ignore-filename-regex '/tests/' --summary-only
    counted core ""
    ;;
  --keystore)
    # A program that is killed writes no file at its end: its counters are the file, which takes code
    # that finds them there. Only our own crates are compiled so.
    wrapper=$ROOT/target/rustc-continuous
    mkdir -p "$ROOT/target"
    printf '#!/bin/sh\nexec "$@" -C llvm-args=-runtime-counter-relocation\n' > "$wrapper"
    chmod +x "$wrapper"
    export RUSTC_WORKSPACE_WRAPPER=$wrapper LLVM_PROFILE_FILE_NAME="keystore-%p%c.profraw"
    step "the keystore's tests, counted" "$root/bin/cargo-llvm-cov" llvm-cov --locked --no-report \
      --package opsign-keystore --package opsign --lib --test vectors --test keystore
    grep -E '^test result: ok\. [1-9]' "$STEP_LOG" | sed 's/;.*//; s/^/  /'
    [[ $(grep -cE '^test result: ok\. [1-9]' "$STEP_LOG") -eq 3 ]] || die "not all tests were run"
    step "report" "$root/bin/cargo-llvm-cov" llvm-cov report --summary-only
    counted "the keystore" "service/keystore/src/"
    ;;
  *) die "coverage.sh [--keystore]" ;;
esac
