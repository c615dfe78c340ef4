#!/usr/bin/env bash
# Writes wasm/page/chains.json anew from the superchain registry, as two packages carry it: the
# crate kona-registry names the signers of blocks, op-geth's module knows the later forks. Run by
# hand; the page states the crate's date.
source "$(dirname "$0")/env.sh"

crate=kona-registry
version=0.4.5
date=2025-07-31 # when that version was published: "pubtime" in the index of crates
module=github.com/ethereum-optimism/op-geth
module_version=v1.101702.3-rc.7

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo init --quiet --vcs none --name chains "$work/cargo"
(cd "$work/cargo" && cargo add --quiet "$crate@=$version" && cargo vendor --quiet "$work/vendor" > /dev/null)

folder=$(cd "$work" && go mod download -json "$module@$module_version" \
  | node -e 'console.log(JSON.parse(require("fs").readFileSync(0)).Dir)')
unzip -q "$folder/superchain/superchain-configs.zip" 'configs/*.toml' -d "$work/forks"
# A line for each chain that has a Jovian time: its id, and the time.
while read -r file; do
  id=$(sed -nE 's/^chain_id = ([0-9]+).*/\1/p' "$file")
  time=$(sed -nE 's/^ *jovian_time = ([0-9]+).*/\1/p' "$file")
  [[ -z $time ]] || say "$id $time"
done < <(find "$work/forks" -name '*.toml' ! -name superchain.toml) > "$work/jovian"

node wasm/page/make-chains.mjs "$work/vendor/$crate/etc/configs.json" "$version" "$date" \
  "$work/jovian" "op-geth $module_version" > wasm/page/chains.json
say "chains: $(grep -c chain_id wasm/page/chains.json) with a signer"
