#!/usr/bin/env bash
# opsigner-vectors.sh OP_SIGNER: records the answers of a real op-signer to every request of
# service/signer/tests/parity and writes them to vectors/opsigner. Where its program comes from is
# the caller's business; docs/parity.md says which one the committed answers are of.
source "$(dirname "$0")/env.sh"
source scripts/signer-serve.sh

[[ $# -eq 1 && -x $1 ]] || die "usage: opsigner-vectors.sh OP_SIGNER"
folder=$(mktemp -d)
trap 'stop_serving; rm -rf "$folder"' EXIT
scripts/signer-folder.sh "$folder/signer"
port=$(free_port)
serve "$1" "$folder/signer" "$port" rsa
source=$(sed -nE 's/^Recorded from: (.*)$/\1/p' docs/parity.md)
[[ -n $source ]] || die "docs/parity.md does not say what was recorded"
cd service/signer/tests/parity
go run ./cmd/record --address "localhost:$port" --folder "$folder/signer" --source "$source" \
  --out "$ROOT/vectors/opsigner"
