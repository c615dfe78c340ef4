#!/usr/bin/env bash
# keystore-client.sh [PROGRAM]: validators on a running `opsign keystore`. Every signature is judged
# by implementations not ours, every contradiction must be refused, every signature be the same after
# kill -9; four validators run twice at once for an era of OPSIGN_SLOTS slots.
source "$(dirname "$0")/env.sh"
source scripts/judges.sh
source scripts/signer-serve.sh

program=$(realpath -m "${1:-target/debug/opsign}")
[[ $# -gt 0 ]] || cargo build --quiet --locked --package opsign
client=(--quiet --locked --target-dir "$SP_TARGET" --manifest-path service/keystore-client/Cargo.toml)
step "client built" cargo build "${client[@]}" --examples
step "client's tests" cargo test "${client[@]}" --lib
umask 077
folder=$(mktemp -d)
trap 'stop_serving; rm -rf "$folder"' EXIT

era=(era-1 era-2 era-3 era-4)
opsign() { in_folder "$folder" "$program" "$@" > /dev/null; }
opsign certs --out tls --server localhost --client validator "${era[@]/#/--client=}"
echo "a passphrase of a test" > "$folder/passphrase"
for owner in validator "${era[@]}"; do
  for key in babe:sr25519 gran:ed25519 para:sr25519 beef:ecdsa; do
    opsign keystore key generate --folder keys --password-file passphrase --light-kdf \
      --owner "$owner" --key-type "${key%:*}" --crypto-type "${key#*:}"
  done
done
opsign guard init --record guard --anchor anchor
port=$(free_port)
metrics=$(free_port)
{
  cat <<CONFIG
listen: 127.0.0.1:$port
metrics: 127.0.0.1:$metrics
tls: {ca: tls/ca.crt, cert: tls/tls.crt, key: tls/tls.key}
keys: {folder: keys, passphraseFile: passphrase}
guard: {record: guard, anchor: anchor}
limits: {deadlineMs: 20000}
clients:
CONFIG
  for name in validator "${era[@]}"; do
    printf '  - {name: %s, keyTypes: [babe, gran, para, beef], operations: [%s]}\n' "$name" \
      "publicKeys, sign, vrf, ownership"
  done
} > "$folder/keystore.yaml"
start() {
  (cd "$folder" && exec "$program" keystore --config keystore.yaml) > "$folder/log" 2>&1 &
  SIGNER_PID=$!
  until_answers "$SIGNER_PID" "$folder/log" "http://127.0.0.1:$metrics/metrics"
}
# example NAME FILE ARGUMENTS...: its signatures go into the file, its last line into $said.
example() {
  said=$(in_folder "$folder" "$SP_TARGET/debug/examples/$1" "https://localhost:$port" "${@:3}" \
    2>&1 > "$2") || { tail -5 "$folder/log" >&2; die "$1: $said"; }
  say "  $1: $said"
}
validator=(tls/ca.crt tls/validator.crt tls/validator.key)

rounds=${OPSIGN_ROUNDS:-100}
start
example validator "$folder/first" "${validator[@]}" --rounds "$rounds" \
  --statements "$ROOT/vectors/polkadot/statements.json"
# Each round a VRF, a seal, two votes, a commitment; the statements of one session, three of ownership.
signed=$(wc -l < "$folder/first")
[[ $signed -ge $((5 * rounds + 15)) ]] || die "$signed signatures in $rounds rounds"
[[ $said =~ ^"$signed signatures hold, "([0-9]+)" contradictions" ]] || die "no counts: $said"
[[ ${BASH_REMATCH[1]} -ge $((7 * rounds)) ]] || die "${BASH_REMATCH[1]} contradictions only"
judge_lines "$folder/first" "$signed"

slots=${OPSIGN_SLOTS:-600}
example era "$folder/era" tls "${era[@]}" --slots "$slots"
[[ $said =~ " hold, "([0-9]+)" contradictions were refused, "([0-9]+)" repeats" ]] || die "no counts: $said"
# Of four validators a fifth and a seventh of the votes, a third of the blocks, half the commitments.
[[ ${BASH_REMATCH[1]} -ge $slots && ${BASH_REMATCH[2]} -ge $((8 * slots)) ]] || die "too few: $said"
judge_lines "$folder/era" "$(wc -l < "$folder/era")"

kill -9 "$SIGNER_PID"
stop_serving 2> /dev/null
start
example validator "$folder/again" "${validator[@]}" --first "$rounds" --rounds 1
# schnorrkel usually draws numbers, and another seal of the same block would be evidence.
again=$(grep -cxFf "$folder/first" "$folder/again" || true)
[[ $again -eq 8 && $(wc -l < "$folder/again") -eq 8 ]] || die "$again signatures are the same after kill -9"
stop_serving

# Without its memory the same server must be found out.
sed -i 's/^guard: .*/guard: {observe: true}/' "$folder/keystore.yaml"
start
for unsafe in "validator ${validator[*]} --rounds 1" "era tls ${era[*]} --slots 8"; do
  read -ra words <<< "$unsafe"
  if (example "${words[0]}" "$folder/unsafe" "${words[@]:1}" > "$folder/said" 2>&1); then
    die "${words[0]} finds nothing wrong with a keystore that refuses nothing"
  fi
  grep -qE "was signed|Ok\(Some.* and Ok\(Some" "$folder/said" || die "$(< "$folder/said")"
done
say "keystore client: $again signatures are the same after kill -9; without a guard both examples fail"
