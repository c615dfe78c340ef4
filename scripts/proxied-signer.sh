#!/usr/bin/env bash
# proxied-signer.sh signer FLAGS...: takes the flags of `opsign signer` in a folder of signer-folder.sh,
# and puts a proxy on that port with the signer behind it, which with SIGNED=true answers only what
# clients have signed. For opsign-load (bench-proxy.sh) and parity.sh.
set -euo pipefail
opsign=${OPSIGN:?the opsign to run}
shift
flags=("$@")
for ((at = 0; at < ${#flags[@]}; at++)); do
  case ${flags[at]} in
    --rpc.port) port=${flags[at + 1]} ;;
    --tls.cert) cert=${flags[at + 1]} ;;
    --tls.key) key=${flags[at + 1]} ;;
  esac
done
links=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
address=0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf
cat > proxy.yaml <<YAML
listen: 127.0.0.1:$port
tls: {ca: ca.crt, cert: $cert, key: $key}
signers:
  listen: 127.0.0.1:$links
  allow: [{name: localhost, addresses: ["$address"]}]
clients: [{name: localhost, addresses: ["$address"]}]
YAML
{ cat config.yaml
  printf 'proxies:\n- url: wss://localhost:%s\n  clients: [localhost]\n  signed: %s\n' "$links" "${SIGNED:-false}"
} > proxied.yaml
# The signer goes when the proxy, which this becomes, is killed.
setpriv --pdeathsig KILL "$opsign" signer --config proxied.yaml --rpc.addr 127.0.0.1 --rpc.port 0 \
  --tls.ca ca.crt --tls.cert "$cert" --tls.key "$key" &
exec "$opsign" proxy --config proxy.yaml
