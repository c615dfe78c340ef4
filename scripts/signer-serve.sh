# Sourced after env.sh: starting and stopping a signer, op-signer's or ours, in a folder made by
# signer-folder.sh. Both read the same variables, which are op-signer's (opsign-load uses its flags);
# what differs is that ours is told to be a signer.
# shellcheck shell=bash

# serve PROGRAM FOLDER PORT CERTIFICATE: starts it on 127.0.0.1, waits until it answers, and leaves
# its process id in SIGNER_PID. CERTIFICATE is rsa or ecdsa. Its log: FOLDER/signer.log.
serve() {
  local program folder=$2 port=$3 certificate=$4 words=()
  program=$(realpath "$1")
  [[ ${program##*/} == op-signer* ]] || words=(signer)
  (cd "$folder" && exec env OP_SIGNER_SERVICE_CONFIG=config.yaml OP_SIGNER_RPC_ADDR=127.0.0.1 \
    OP_SIGNER_RPC_PORT="$port" OP_SIGNER_TLS_CA=ca.crt OP_SIGNER_TLS_CERT="server/$certificate.crt" \
    OP_SIGNER_TLS_KEY="server/$certificate.key" "$program" "${words[@]}") \
    > "$folder/signer.log" 2>&1 &
  SIGNER_PID=$!
  until_answers "$SIGNER_PID" "$folder/signer.log" --cacert "$folder/ca.crt" \
    "https://localhost:$port/healthz"
}

# until_answers PID LOG CURL-ARGUMENTS: waits until curl gets an answer, while the process runs.
until_answers() {
  local pid=$1 log=$2
  shift 2
  for _ in $(seq 200); do
    curl --silent --fail --max-time 1 --output /dev/null "$@" && return
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.05
  done
  tail -5 "$log" >&2
  die "no answer in time: $*"
}

# Ends what serve started, and waits for it.
stop_serving() {
  [[ -n ${SIGNER_PID:-} ]] || return 0
  kill "$SIGNER_PID" 2> /dev/null || true
  wait "$SIGNER_PID" 2> /dev/null || true
  SIGNER_PID=
}

# A port of 127.0.0.1 that nobody has now.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
