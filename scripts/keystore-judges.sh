#!/usr/bin/env bash
# keystore-judges.sh [--write]: are the Polkadot vectors what Polkadot's own crates say, do two other
# languages agree, and do their judges take what is signed and refuse what is not? --write makes the
# vectors anew.
source "$(dirname "$0")/env.sh"
source scripts/judges.sh

vectors=vectors/polkadot
generate=vectors/generate/polkadot
[[ ${1:-} != --write ]] || { "$JUDGES/vectors"; exit; }

unformatted=$(gofmt -l $generate)
[[ -z $unformatted ]] || die "not formatted: ${unformatted//$'\n'/ }"
step "the vectors are sp-core's" "$JUDGES/vectors" --check
cases=$(awk '/ cases$/ { sum += $2 } END { print sum }' "$STEP_LOG")
grep -qF "\`vectors/polkadot\`, $cases cases" docs/polkadot-testing.md \
  || die "docs/polkadot-testing.md does not say that there are $cases cases"
step "vet of the judge in Go" in_folder $generate/go go vet ./...
step "go-schnorrkel agrees" in_folder $generate/go go test -count=1 ./...
step "polkadot-js agrees" in_folder $generate/node npm run check
grep -E '^[a-z]+\.json: ' "$STEP_LOG" || die "polkadot-js looked at nothing"

# The judges: all that is valid, then, for each scheme, the same with one that is not in the middle.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
node $generate/node/lines.mjs $vectors > "$folder/valid"
expected=$(wc -l < "$folder/valid")
[[ $expected -ge 50 ]] || die "$expected valid signatures only"
judge_lines "$folder/valid" "$expected"
planted=0
for scheme in sr25519 ed25519 ecdsa ecdsa_keccak sr25519_vrf; do
  node $generate/node/lines.mjs $vectors "$scheme" > "$folder/$scheme"
  for judge in "${judges[@]}"; do
    [[ $judge$scheme != node_judgesr25519_vrf ]] || continue
    if "$judge" < "$folder/$scheme" > "$folder/out" 2>&1; then
      die "$judge takes a signature of $scheme that does not hold"
    fi
    grep -q "does not hold" "$folder/out" || die "$judge did not judge $scheme: $(< "$folder/out")"
    planted=$((planted + 1))
  done
done
[[ $planted -eq 14 ]] || die "$planted planted signatures, not 14"
say "judges: $expected signatures hold, $planted planted ones were found"
