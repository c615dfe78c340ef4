# Sourced by scripts that have signatures of Substrate's schemes judged: builds the judges of
# vectors/generate/polkadot and says how to ask them. The sp-* crates take four minutes of two
# cores, once per machine.
# shellcheck shell=bash

# in_folder FOLDER COMMAND...
in_folder() { (cd "$1" && shift && "$@"); }

export SP_TARGET=$CACHE/polkadot-target
JUDGES=$SP_TARGET/debug
step "judge by sp-core built" cargo build --quiet --locked --target-dir "$SP_TARGET" \
  --manifest-path vectors/generate/polkadot/sp/Cargo.toml
step "judge by go-schnorrkel built" in_folder vectors/generate/polkadot/go \
  go build -o "$JUDGES/go-judge" ./cmd/judge
npm=vectors/generate/polkadot/node
[[ $npm/node_modules/.package-lock.json -nt $npm/package-lock.json ]] ||
  step "polkadot-js installed" npm ci --prefix $npm --ignore-scripts --no-audit --no-fund

sp_judge() { "$JUDGES/judge"; }
go_judge() { "$JUDGES/go-judge"; }
node_judge() { node vectors/generate/polkadot/node/judge.mjs; }
judges=(sp_judge go_judge node_judge)

# judge_lines FILE COUNT: all judges must take every line of it; polkadot-js all but the VRFs.
judge_lines() {
  local judge said vrfs
  vrfs=$(grep -c '"sr25519_vrf"' "$1" || true)
  for judge in "${judges[@]}"; do
    said=$("$judge" < "$1") || die "$judge takes a signature of $1 for none"
    say "  $judge: $said"
    if [[ $judge == node_judge ]]; then [[ $said == "$(($2 - vrfs)) held: "* ]]
    else [[ $said == "$2 held: "* ]]
    fi || die "$judge did not judge all $2 signatures"
  done
}
