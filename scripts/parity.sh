#!/usr/bin/env bash
# parity.sh [SIGNER]: is it a drop-in for op-signer? Asks it the recorded requests of
# vectors/opsigner, then lets the field's own clients use it. SIGNER is our program by default, or
# the path of an op-signer, which must answer as recorded with no difference at all.
source "$(dirname "$0")/env.sh"
source scripts/signer-serve.sh

signer=$(realpath -m "${1:-target/debug/opsign}")
play=(-differences "$ROOT/vectors/opsigner/differences.json" -document "$ROOT/docs/parity.md")
skip=()
if [[ $# -eq 0 ]]; then
  cargo build --quiet --locked --package opsign
elif [[ ${signer##*/} == op-signer* ]]; then
  play=()
  skip=(-test.skip '^TestKona$')
fi
folder=$(mktemp -d)
stop_agent() {
  [[ -n ${AGENT_PID:-} ]] || return 0
  kill "$AGENT_PID" 2> /dev/null || true
  wait "$AGENT_PID" 2> /dev/null || true
  AGENT_PID=
}
trap 'stop_agent; stop_serving; rm -rf "$folder"' EXIT
scripts/signer-folder.sh "$folder/signer"
# What an op-signer allows without being told; patience for a thousand signatures on a busy machine,
# and little for the two requests that announce more than they send. An op-signer skips these keys.
cat >> "$folder/signer/config.yaml" <<'OURS'
  - name: creator.local
    key: keys/one.pem
    chainID: 10
    fromAddress: "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    contractCreation: true
limits:
  bodyMs: 1000
  deadlineMs: 20000
OURS
port=$(free_port)
at=(-address "localhost:$port" -folder "$folder/signer")
[[ -n ${skip[*]} ]] || step "kona-node's client built" cargo build --quiet --locked \
  --manifest-path service/signer/tests/kona/Cargo.toml --target-dir target/kona
cd service/signer/tests/parity
unformatted=$(gofmt -l .)
[[ -z $unformatted ]] || die "not formatted: ${unformatted//$'\n'/ }"
step "vet of the parity tests" go vet ./...
go build -o "$folder/" ./cmd/play
go test -c -o "$folder/clients" ./clients
for certificate in rsa ecdsa; do
  serve "$signer" "$folder/signer" "$port" "$certificate"
  "$folder/play" "${at[@]}" -vectors "$ROOT/vectors/opsigner" "${play[@]}"
  step "the field's clients, $certificate certificate" "$folder/clients" "${skip[@]}" "${at[@]}"
  [[ -n ${skip[*]} ]] || step "kona-node's client, $certificate certificate" \
    "$ROOT/target/kona/debug/opsign-kona-client" "https://localhost:$port" "$folder/signer"
  stop_serving
done
[[ $# -eq 0 ]] || exit 0

# Through a proxy that the signer does not believe: an agent signs what the clients ask.
(cd "$folder/signer" && OPSIGN=$signer SIGNED=true exec "$ROOT/scripts/proxied-signer.sh" signer \
  --rpc.port "$port" --tls.cert server/rsa.crt --tls.key server/rsa.key) > "$folder/proxy.log" 2>&1 &
SIGNER_PID=$!
until_answers "$SIGNER_PID" "$folder/proxy.log" --cacert "$folder/signer/ca.crt" \
  "https://localhost:$port/readyz"
agent_port=$(free_port)
for client in localhost localhost-ecdsa; do
  "$signer" proxy agent --listen "127.0.0.1:$agent_port" --url "https://localhost:$port" \
    --ca "$folder/signer/ca.crt" --cert "$folder/signer/client/$client.crt" \
    --key "$folder/signer/client/$client.key" > "$folder/agent.log" 2>&1 &
  AGENT_PID=$!
  until_answers "$AGENT_PID" "$folder/agent.log" "http://127.0.0.1:$agent_port/healthz"
  step "the field's clients, through an agent of $client and a proxy" "$folder/clients" -agent \
    -test.run '^(TestSignerClient|TestRemoteSigner|TestTransactionManagerPath)$' \
    -address "127.0.0.1:$agent_port" -folder "$folder/signer"
  stop_agent
done
stop_serving
