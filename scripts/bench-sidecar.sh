#!/usr/bin/env bash
# bench-sidecar.sh [ROLLUP_BOOST]: what the sidecar adds to each call, before engines that answer at
# once: the engine directly, a bare TCP hop and the sidecar in turn, in one run. A rollup-boost stands
# beside them if its path is given (or named in OPSIGN_PEER). OPSIGN names another opsign than ours.
source "$(dirname "$0")/env.sh"

peer=${1:-${OPSIGN_PEER:-}}
sidecar=${OPSIGN:-}
if [[ -z $sidecar ]]; then
  cargo build --quiet --release --locked --package opsign
  sidecar=target/release/opsign
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd scripts/devnet/rig && go build -o "$folder/rig" .)
say "machine: $(nproc) cores, $(sed -nE '0,/model name/s/^model name\s*: //p' /proc/cpuinfo), load $(cut -d' ' -f1 /proc/loadavg)"
"$folder/rig" bench -sidecar "$(realpath "$sidecar")" -folder "$folder/bench" -scale "${OPSIGN_SCALE:-1}" \
  ${peer:+-rollup-boost "$(realpath "$peer")"}
