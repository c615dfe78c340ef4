#!/usr/bin/env bash
# Builds op-geth and op-node from their Go modules, once per machine and version (some minutes), and
# prints the folder that holds both.
source "$(dirname "$0")/../env.sh"

modules=scripts/devnet
out=$CACHE/devnet-$(digest "$modules"/op-{geth,node}/go.{mod,sum})
if [[ ! -x $out/op-node ]]; then
  say "building op-geth and op-node (some minutes, once per machine)" >&2
  mkdir -p "$out"
  (cd "$modules/op-geth" && nice go build -o "$out/op-geth" github.com/ethereum/go-ethereum/cmd/geth)
  (cd "$modules/op-node" && nice go build -o "$out/op-node.new" github.com/ethereum-optimism/optimism/op-node/cmd)
  mv "$out/op-node.new" "$out/op-node"
fi
say "$out"
