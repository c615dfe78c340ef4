#!/usr/bin/env bash
# Fuzz targets (fuzz/src): each is run on its committed corpus, then on new inputs for a while.
#
#   scripts/fuzz.sh                        every target, the corpus and a second of CPU time
#   scripts/fuzz.sh --seconds 600 [T...]   the named targets, or all, 600 CPU-seconds each
#   scripts/fuzz.sh --keep [T...]          writes fuzz/corpus anew from what was found
#
# No nightly and no cargo-fuzz: the coverage that libFuzzer wants is a pass that rustc has on stable.
# What was found stays in target/fuzz and is where the next run begins.
source "$(dirname "$0")/env.sh"

seconds=1 keep=""
targets=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --seconds) seconds=$2; shift 2 ;;
    --keep) keep=yes; shift ;;
    -*) die "unknown option $1" ;;
    *) targets+=("$1"); shift ;;
  esac
done
[[ $seconds =~ ^[0-9]+$ ]] || die "--seconds takes a whole number, not $seconds"

mapfile -t all < <(cd fuzz/src/bin && printf '%s\n' *.rs | sed 's/\.rs$//')
[[ $(node fuzz/corpus.mjs names | sort) == $(printf '%s\n' "${all[@]}" | sort) ]] ||
  die "each program in fuzz/src/bin needs a file in fuzz/corpus and inputs in fuzz/corpus.mjs, and the other way round"

out=$ROOT/target/fuzz
build() {
  RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --locked --release --manifest-path fuzz/Cargo.toml --target-dir "$out" \
    --target x86_64-unknown-linux-gnu
}
step "the fuzz targets" build
ask() { (cd vectors/generate && go build -o "$out/lines" ./cmd/lines); }
step "op-geth and op-node behind a pipe" ask

[[ ${#targets[@]} -gt 0 ]] || targets=("${all[@]}")

# fuzz PROGRAM OPTIONS...: runs it and sets cpu to the CPU time it took, in milliseconds.
fuzz() {
  local failed="" TIMEFORMAT="%U %S"
  { time "$@" > "$out/log" 2>&1; } 2> "$out/time" || failed=yes
  cpu=$(awk '{ print int(($1 + $2) * 1000) }' "$out/time")
  [[ -z $failed ]]
}

mkdir -p "$out/findings"
executions=0
for target in "${targets[@]}"; do
  program=$out/x86_64-unknown-linux-gnu/release/$target
  work=$out/corpus/$target
  [[ -x $program ]] || die "there is no target $target"

  replayed=$out/replayed/$target
  rm -rf "$replayed"
  count=$(node fuzz/corpus.mjs unpack "$target" "$replayed")
  [[ $count -gt 0 ]] || die "the corpus of $target is empty"
  fuzz "$program" -artifact_prefix="$out/findings/$target-" "$replayed"/* || { tail -40 "$out/log" >&2; die "$target fails on its corpus"; }
  ran=$(grep -c '^Executed ' "$out/log")
  [[ $ran -eq $count ]] || die "$target ran $ran of the $count inputs of its corpus"

  mkdir -p "$work"
  cp "$replayed"/* "$work"
  node fuzz/corpus.mjs seeds "$target" "$work" > /dev/null
  if [[ -n $keep ]]; then
    rm -rf "$out/merged"
    mkdir "$out/merged"
    fuzz "$program" -set_cover_merge=1 -artifact_prefix="$out/findings/$target-" "$out/merged" "$work" || { tail -40 "$out/log" >&2; die "$target fails"; }
    say "$target: $(node fuzz/corpus.mjs pack "$target" "$out/merged") inputs kept"
    continue
  fi

  # libFuzzer counts time on the wall: run again until the CPU time is used up.
  spent=0 runs=0
  while [[ $spent -lt $((seconds * 1000)) ]]; do
    left=$(((seconds * 1000 - spent + 999) / 1000))
    fuzz "$program" -max_total_time="$left" -timeout=60 -print_final_stats=1 \
      -artifact_prefix="$out/findings/$target-" "$work" ||
      { tail -60 "$out/log" >&2; die "$target found something; the input is in $out/findings"; }
    spent=$((spent + cpu))
    runs=$((runs + $(awk '/number_of_executed_units/ { print $2 }' "$out/log")))
  done
  executions=$((executions + runs))
  printf '  %-20s %4d inputs replayed, %9d executions in %d s of CPU time, %7d a second\n' \
    "$target" "$count" "$runs" $((spent / 1000)) $((runs * 1000 / (spent + 1)))
done
[[ -n $keep ]] || say "fuzz: ${#targets[@]} targets, $executions executions, nothing found"
