#!/usr/bin/env bash
# bench-proxy.sh: our signer's figures, asked directly and through a proxy, in turn. Signer and proxy
# share the first core, the generator has the second.
source "$(dirname "$0")/env.sh"

cargo build --quiet --release --locked --package opsign --package opsign-load
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
scripts/signer-folder.sh "$folder/signer"
export OPSIGN=$ROOT/target/release/opsign
say "machine: $(nproc) cores, $(sed -nE '0,/model name/s/^model name\s*: //p' /proc/cpuinfo), load $(cut -d' ' -f1 /proc/loadavg)"
for _ in 1 2; do
  for server in "$OPSIGN" scripts/proxied-signer.sh; do
    taskset -c 1 target/release/opsign-load --folder "$folder/signer" \
      --duration-ms "${OPSIGN_ROW_MS:-3000}" --only "payload V2" --server "$server"
  done
done
