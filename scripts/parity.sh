#!/usr/bin/env bash
# parity.sh [SIGNER]: is it a drop-in for op-signer? Asks it the recorded requests of
# vectors/opsigner, then lets the field's own clients use it. SIGNER is our program by default, or
# the path of an op-signer, which must answer as recorded with no difference at all.
source "$(dirname "$0")/env.sh"
source scripts/signer-serve.sh

ours=target/release/opsign
signer=$(realpath "${1:-$ours}")
play=(-differences "$ROOT/vectors/opsigner/differences.json" -document "$ROOT/docs/parity.md")
skip=()
if [[ $# -eq 0 ]]; then
  cargo build --quiet --release --locked --package opsign
elif [[ ${signer##*/} == op-signer* ]]; then
  play=()
  skip=(-skip '^TestKona$')
fi
folder=$(mktemp -d)
trap 'stop_serving; rm -rf "$folder"' EXIT
scripts/signer-folder.sh "$folder/signer"
port=$(free_port)
at=(-address "localhost:$port" -folder "$folder/signer")
cd service/signer/tests/parity
unformatted=$(gofmt -l .)
[[ -z $unformatted ]] || die "not formatted: ${unformatted//$'\n'/ }"
step "vet of the parity tests" go vet ./...
go build -o "$folder/" ./cmd/play ./cmd/throughput
for certificate in rsa ecdsa; do
  serve "$signer" "$folder/signer" "$port" "$certificate"
  "$folder/play" "${at[@]}" -vectors "$ROOT/vectors/opsigner" "${play[@]}"
  step "the field's clients, $certificate certificate" go test -count=1 ./clients "${skip[@]}" -args "${at[@]}"
  "$folder/throughput" "${at[@]}" -name "${signer##*/}" -duration 2s
  stop_serving
done
