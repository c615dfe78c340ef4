#!/usr/bin/env bash
# The README tells the truth: every C name in it is in the header, every command line in it is one
# that the program knows, every link leads somewhere (SECURITY.md's too), and its exit codes are
# those of --help; its table of ratios is that of benches/latest.json.
source "$(dirname "$0")/env.sh"

cargo build --quiet --locked --package opsign
program=target/debug/opsign

names=0
while read -r name; do
  grep -qE "\b$name" include/opsign.h || die "README names $name, which the header lacks"
  names=$((names + 1))
done < <(grep -oE '\b(opsign|OPSIGN)_[A-Za-z_]+' README.md | grep -v '^opsign_\(core\|hsm\|keys\|typed_data\)$' | sort -u)

commands=0
while read -r noun verb rest; do
  help=$("$program" "$noun" "$verb" --help) || die "README shows opsign $noun $verb, which fails"
  while read -r option; do
    grep -q -- "$option" <<< "$help" || die "opsign $noun $verb has no $option"
  done < <(grep -oE -- '--[a-z-]+' <<< "$rest")
  commands=$((commands + 1))
done < <(sed -nE 's/^opsign ([a-z]+ [a-z]+.*)/\1/p' README.md)

links=0
while read -r link; do
  [[ -e $link ]] || die "a link to $link, which is not there"
  links=$((links + 1))
done < <(grep -ohE '\]\([^)h][^)]*\)' README.md SECURITY.md | tr -d ']()' | sort -u)

codes() { tr '\n' ' ' | grep -oE '\b(0 yes|1 no|64 wrong usage|65 bad input|69 a token or|70 a bug|78 bad)' | sort -u; }
[[ $(codes < README.md) == $("$program" --help | codes) ]] || die "README and --help give other exit codes"
[[ $names -ge 8 && $commands -ge 6 && $links -ge 30 ]] || die "the README lost its examples"
node scripts/bench-table.mjs check
say "prose: $names C names, $commands commands, $links links hold"
