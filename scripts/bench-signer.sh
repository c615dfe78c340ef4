#!/usr/bin/env bash
# bench-signer.sh [OP_SIGNER]: our signer's figures; the rows of a real op-signer stand above them if
# its path is given (or named in OPSIGN_PEER). The server has the first core, the generator the
# second; op-service's own client, at the end, shares both with the server.
source "$(dirname "$0")/env.sh"
source scripts/signer-serve.sh

peer=${1:-${OPSIGN_PEER:-}}
cargo build --quiet --release --locked --package opsign --package opsign-load
folder=$(mktemp -d)
trap 'stop_serving; rm -rf "$folder"' EXIT
scripts/signer-folder.sh "$folder/signer"
(cd service/signer/tests/parity && go build -o "$folder/" ./cmd/throughput)

servers=()
[[ -z $peer ]] || servers+=("$(realpath "$peer")")
servers+=("$ROOT/target/release/opsign")
load=(target/release/opsign-load --folder "$folder/signer" --duration-ms "${OPSIGN_ROW_MS:-4000}")
say "machine: $(nproc) cores, $(sed -nE '0,/model name/s/^model name\s*: //p' /proc/cpuinfo), load $(cut -d' ' -f1 /proc/loadavg)"
for server in "${servers[@]}"; do
  taskset -c 1 "${load[@]}" --server "$server"
done
port=$(free_port)
for certificate in rsa ecdsa; do
  client=localhost
  [[ $certificate == rsa ]] || client=localhost-ecdsa
  for server in "${servers[@]}"; do
    serve "$server" "$folder/signer" "$port" "$certificate"
    for workers in 1 32; do
      "$folder/throughput" -address "localhost:$port" -folder "$folder/signer" -name "${server##*/}" \
        -client "$client" -workers "$workers"
    done
    stop_serving
  done
done
