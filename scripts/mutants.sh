#!/usr/bin/env bash
# Breaks core in one place at a time and runs its quick tests: a change that no test notices must
# stand in docs/mutants.md with the reason why. By default one file; --all takes an hour or more.
source "$(dirname "$0")/env.sh"

version=27.1.0
root=$CACHE/cargo-mutants-$version
if [[ ! -x $root/bin/cargo-mutants ]]; then
  say "building cargo-mutants $version (some minutes, once per machine)"
  cargo install --quiet --locked cargo-mutants --version "$version" --root "$root"
fi

files=(--file core/src/payload.rs)
[[ ${1:-} != --all ]] || files=()
out=target/mutants
mkdir -p "$out"
tests=(--lib --test bad_input --test shown --test transactions --test vectors)
code=0
CARGO_TARGET_DIR=$ROOT/$out/target "$root/bin/cargo-mutants" mutants --package opsign-core \
  "${files[@]}" --profile mutants --timeout 60 --build-timeout 600 --output "$out" \
  --colors never --no-times -- --locked "${tests[@]}" > "$out/log" 2>&1 || code=$?
# 2: some were missed; 3: some ran into the time limit, which counts as noticed.
[[ $code -eq 0 || $code -eq 2 || $code -eq 3 ]] || { cat "$out/log" >&2; die "cargo-mutants failed"; }

# Without line and column, which move.
missed=$(sed -E 's/^([^:]+):[0-9]+:[0-9]+: /\1: /' "$out/mutants.out/missed.txt" | sort -u)
# shellcheck disable=SC2016 # not for the shell to expand
listed=$(sed -nE 's/^\| `(core\/src\/([^`])+)` \|.*/\1/p' docs/mutants.md | sed 's/\\|/|/g' | sort -u)
new=$(comm -23 <(printf '%s' "${missed:+$missed$'\n'}") <(printf '%s\n' "$listed"))
[[ -z $new ]] || die "no test notices, and docs/mutants.md does not say why:"$'\n'"$new"
if [[ ${1:-} == --all ]]; then
  gone=$(comm -13 <(printf '%s' "${missed:+$missed$'\n'}") <(printf '%s\n' "$listed"))
  [[ -z $gone ]] || die "docs/mutants.md lists what is noticed:"$'\n'"$gone"
fi
caught=$(wc -l < "$out/mutants.out/caught.txt")
[[ $caught -gt 0 ]] || { cat "$out/log" >&2; die "no change was noticed, which cannot be"; }
say "mutants: $(tail -1 "$out/log"); each missed one is listed"
