#!/usr/bin/env bash
# devnet.sh [--short] [--guarded | --switch | --proxied] [SIGNER]: a chain on loopback whose blocks SIGNER signs (ours by default, or the
# path of an op-signer): a dev L1, op-node as sequencer over op-geth, and a second op-node over an
# op-geth of its own that follows by gossip alone. Nothing is ever posted to the L1, so the second
# one cannot have derived what it knows.
#   1. the follower's head moves, by blocks whose gossip it accepted;
#   2. the signer is killed: op-node and the chain go on, and nothing is gossiped;
#   3. the signer is back: gossip goes on, and the follower gets to the tip again;
#      With --guarded op-node hands each block to the signer's commit gate first, where op-conductor
#      would be: while the signer is dead no block is made, and a hash that was not announced is
#      not signed. Then engine and op-node die, the engine comes back without its blocks, and gets
#      the very same ones back from what the gate has kept (scripts/devnet/lost.sh).
#   4. (not with --short) a third op-node, which expects another signer, has accepted none.
# With --switch there are two sequencers with one key instead, each with a gate, and `opsign switch`
# hands the blocks over every 20 s for 10 minutes (--short: four times, every 8 s). The follower, by
# what came by gossip, has seen every height, with one hash, and none is late.
# With --proxied op-node knows a proxy alone, which the signer dials; the proxy is killed in its turn, too.
source "$(dirname "$0")/env.sh"
source scripts/signer-serve.sh

short=
guarded=
switch=
proxied=
while [[ ${1:-} == --* ]]; do
  case $1 in
    --short) short=1 ;;
    --guarded) guarded=1 ;;
    --switch) guarded=1 switch=1 ;;
    --proxied) proxied=1 ;;
    *) die "unknown option $1; usage: devnet.sh [--short] [--guarded | --switch | --proxied] [SIGNER]" ;;
  esac
  shift
done
if [[ $# -eq 0 ]]; then cargo build --quiet --locked --package opsign; fi
signer=$(realpath -m "${1:-target/debug/opsign}")
chain=901
# Which key the signer uses, as its configuration names it, and the key's address.
key=${OPSIGN_DEVNET_KEY:-keys/one.pem}
address=${OPSIGN_DEVNET_ADDRESS:-0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf}
other=0x000000000000000000000000000000000000dEaD
programs=$(scripts/devnet/build.sh)

net=$ROOT/target/devnet
rm -rf "$net"
mkdir -p "$net"
started=()
stop() {
  stop_serving
  local id
  [[ -z ${PROXY_PID:-} ]] || kill "$PROXY_PID" 2> /dev/null || true
  for id in "${started[@]}"; do kill "$id" 2> /dev/null || true; done
  for id in "${started[@]}"; do wait "$id" 2> /dev/null || true; done
}
trap stop EXIT

# run NAME COMMAND...: in the background, its words in $net/NAME.log; its id in LAST and pid
run() {
  local name=$1
  shift
  "$@" >> "$net/$name.log" 2>&1 &
  LAST=$!
  pid[$name]=$LAST
  started+=("$LAST")
}
# ended SIGNAL NAME: what run started under that name
ended() {
  local id kept=()
  kill "-$1" "${pid[$2]}"
  wait "${pid[$2]}" 2> /dev/null || true
  for id in "${started[@]}"; do [[ $id == "${pid[$2]}" ]] || kept+=("$id"); done
  started=("${kept[@]}")
}
# rpc URL METHOD [PARAMS]
rpc() {
  curl --silent --show-error --max-time 5 -H 'Content-Type: application/json' \
    --data "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$2\",\"params\":${3:-[]}}" "$1"
}
# get EXPRESSION: of the JSON on standard input, `r` being its result
get() { node -p "const r = JSON.parse(fs.readFileSync(0)).result; $1"; }
# until_true SECONDS WHAT COMMAND...
until_true() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" 2> "$net/last-try.log"; do
    alive
    if [[ $SECONDS -ge $end ]]; then
      tail -n 5 "$net"/*.log >&2
      die "not in time: $what (logs: $net)"
    fi
    sleep 0.25
  done
}
answers() { rpc "$1" "$2" | grep -q '"result"'; }
block_zero() { rpc "$1" eth_getBlockByNumber '["0x0",false]' | get r.hash; }
# head_of NODE: its newest block's number; safe_of NODE: of what it derived
head_of() { rpc "${node[$1]}" optimism_syncStatus | get r.unsafe_l2.number; }
safe_of() { rpc "${node[$1]}" optimism_syncStatus | get r.safe_l2.number; }
hash_at() { rpc "${engine[$1]}" eth_getBlockByNumber "[\"$(printf '0x%x' "$2")\",false]" | get 'r && r.hash'; }
at_least() { [[ $(head_of "$1") -ge $2 ]]; }
# How many blocks the node accepted from gossip: op-node says so after it has checked the signature.
gossiped() { grep -c 'Received signed execution payload from p2p' "$net/$1.log" || true; }
gossiped_more_than() { [[ $(gossiped follower) -gt $1 ]]; }
alive() {
  local id
  for id in "${started[@]}"; do
    kill -0 "$id" 2> /dev/null || { tail -n 3 "$net"/*.log >&2; die "a process of the chain has ended (logs: $net)"; }
  done
}
declare -A inits node engine auth p2p ports peers pid

# The signer, with a configuration for this chain.
scripts/signer-folder.sh "$net/signer"
cat > "$net/signer/config.yaml" <<YAML
provider: LOCAL
auth:
  - name: localhost
    key: "$key"
    chainID: $chain
    fromAddress: "$address"
YAML
conductor=()
if [[ -n $guarded ]]; then
  gate_port=$(free_port)
  cat >> "$net/signer/config.yaml" <<YAML
guard:
  record: guard
  anchor: guard-anchor
  payloads: 512
gates:
  - listen: 127.0.0.1:$gate_port
    client: localhost
YAML
  (cd "$net/signer" && "$signer" guard init --record guard --anchor guard-anchor > /dev/null)
  conductor=(--conductor.enabled --conductor.rpc "http://127.0.0.1:$gate_port")
fi
if [[ -n $guarded ]]; then
  admin=https://localhost:$(free_port)
  ports[sequencer]=$(free_port)
fi
if [[ -n $switch ]]; then
  second_gate=$(free_port)
  ports[second]=$(free_port)
  # The gates are the file's end.
  sed -i -e 's/^    fromAddress:/    firstHolder: true\n&/' \
    -e 's/^guard:/  - name: second.local\n    key: "'"${key//\//\\/}"'"\n    chainID: '"$chain"'\nguard:\n  lease: true/' \
    "$net/signer/config.yaml"
  cat >> "$net/signer/config.yaml" <<YAML
  - listen: 127.0.0.1:$second_gate
    client: second.local
YAML
fi
if [[ -n $guarded ]]; then
  cat >> "$net/signer/config.yaml" <<YAML
admin:
  listen: 127.0.0.1:${admin##*:}
  clients: [operator.local]
sequencers:
  - client: localhost
    rpc: http://127.0.0.1:${ports[sequencer]}
YAML
fi
if [[ -n $switch ]]; then
  cat >> "$net/signer/config.yaml" <<YAML
  - client: second.local
    rpc: http://127.0.0.1:${ports[second]}
YAML
fi
signer_port=$(free_port)
endpoint_port=$signer_port
if [[ -n $proxied ]]; then
  endpoint_port=$(free_port)
  link_port=$(free_port)
  cat > "$net/signer/proxy.yaml" <<YAML
listen: 127.0.0.1:$endpoint_port
tls: {ca: ca.crt, cert: server/rsa.crt, key: server/rsa.key}
signers:
  listen: 127.0.0.1:$link_port
  allow:
    - name: localhost
      addresses: ["$address"]
clients:
  - name: localhost
    addresses: ["$address"]
YAML
  cat >> "$net/signer/config.yaml" <<YAML
proxies:
  - url: wss://localhost:$link_port
    clients: [localhost]
YAML
fi
start_proxy() {
  (cd "$net/signer" && exec "$signer" proxy --config proxy.yaml) >> "$net/proxy.log" 2>&1 &
  PROXY_PID=$!
  until_true 20 "the proxy has its signer" curl --silent --fail --cacert "$net/signer/ca.crt" \
    --output /dev/null "https://localhost:$endpoint_port/readyz"
}
kill_proxy() {
  kill -9 "$PROXY_PID"
  wait "$PROXY_PID" 2> /dev/null || true
}
start_signer() { serve "$signer" "$net/signer" "$signer_port" ecdsa; }
kill_signer() {
  kill -9 "$SIGNER_PID"
  wait "$SIGNER_PID" 2> /dev/null || true
}
start_signer
[[ -z $proxied ]] || start_proxy

# The L1, and as much of a beacon node as is asked for.
now=$(date +%s)
genesis() { node scripts/devnet/genesis.mjs "$@"; }
genesis l1 "$address" "$other" "$now" > "$net/l1.json"
genesis l2 "$now" > "$net/l2.json"
genesis l1-config > "$net/l1-config.json"
# init NAME GENESIS: in the background
init() {
  "$programs/op-geth" init --state.scheme=hash --datadir "$net/$1" "$net/$2.json" > "$net/$1-init.log" 2>&1 &
  inits[$1]=$!
}
geth=("$programs/op-geth" --nodiscover --maxpeers 0 --port 0 --ipcdisable --state.scheme=hash
  --cache 64 --http --http.addr 127.0.0.1)
nodes=(sequencer follower)
if [[ -n $switch ]]; then nodes+=(second); elif [[ -z $short ]]; then nodes+=(stranger); fi
init l1 l1
for name in "${nodes[@]}"; do init "$name" l2; done
for name in "${!inits[@]}"; do
  wait "${inits[$name]}" || { cat "$net/$name-init.log" >&2; die "no genesis for $name"; }
done

l1_port=$(free_port)
l1=http://127.0.0.1:$l1_port
run l1 "${geth[@]}" --gcmode archive --dev --dev.period 2 --datadir "$net/l1" --http.port "$l1_port" \
  --authrpc.port "$(free_port)"
run beacon node scripts/devnet/beacon.mjs
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$net/jwt"
# start_engine NODE: the sequencer's writes its state when it stops in order, op-geth's default
start_engine() {
  local gc=archive
  [[ $1 != sequencer || -z $guarded ]] || gc=full
  run "$1-engine" "${geth[@]}" --gcmode "$gc" --datadir "$net/$1" --syncmode full --networkid "$chain" \
    --rollup.disabletxpoolgossip=true --http.port "${engine[$1]##*:}" --authrpc.addr 127.0.0.1 \
    --authrpc.port "${auth[$1]}" --authrpc.jwtsecret "$net/jwt"
}
for name in "${nodes[@]}"; do
  auth[$name]=$(free_port)
  engine[$name]=http://127.0.0.1:$(free_port)
  start_engine "$name"
done
until_true 40 "the L1 answers" answers "$l1" eth_chainId
until_true 40 "the beacon stub listens" test -s "$net/beacon.log"
for name in "${nodes[@]}"; do
  until_true 40 "the engine of $name answers" answers "${engine[$name]}" eth_chainId
done

# op-node resolves its default boot nodes even if it is to discover nobody.
point=79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
nobody="enode://${point}483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8@127.0.0.1:1"

# add NODE ACCOUNT FLAGS...: an op-node over its engine; ACCOUNT is the one of the two on the L1 that
# says who may sign.
add() {
  local name=$1 account=$2 port
  shift 2
  genesis rollup "$(block_zero "$l1")" "$(block_zero "${engine[$name]}")" "$now" "$account" > "$net/$name.json"
  [[ -s $net/$name.p2p ]] || head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$net/$name.p2p"
  port=${ports[$name]:-$(free_port)}
  node[$name]=http://127.0.0.1:$port
  p2p[$name]=${p2p[$name]:-$(free_port)}
  run "$name" "$programs/op-node" --log.level debug --log.format logfmtms \
    --l1 "$l1" --l1.rpckind basic --l1.trustrpc --l1.http-poll-interval 1s --l1.epoch-poll-interval 3s \
    --l1.beacon "http://127.0.0.1:$(cat "$net/beacon.log")" --l1.beacon.ignore --verifier.l1-confs 0 \
    --l2 "http://127.0.0.1:${auth[$name]}" --l2.jwt-secret "$net/jwt" --rollup.config "$net/$name.json" \
    --rollup.l1-chain-config "$net/l1-config.json" --rollup.load-protocol-versions=false \
    --rpc.addr 127.0.0.1 --rpc.port "$port" \
    --p2p.listen.ip 127.0.0.1 --p2p.listen.tcp "${p2p[$name]}" --p2p.no-discovery --p2p.bootnodes "$nobody" --p2p.ban.peers=false \
    --p2p.priv.path "$net/$name.p2p" --p2p.peerstore.path memory --p2p.discovery.path memory "$@"
  until_true 40 "$name answers" answers "${node[$name]}" optimism_syncStatus
}
# add_sequencer NODE CLIENT FLAGS...: one that does not make blocks yet
add_sequencer() {
  local name=$1 client=$2
  shift 2
  add "$name" 0 --sequencer.enabled --sequencer.l1-confs 0 --sequencer.stopped --rpc.enable-admin \
    --signer.endpoint "https://localhost:$endpoint_port" --signer.address "$address" \
    --signer.tls.ca "$net/signer/ca.crt" --signer.tls.cert "$net/signer/client/$client.crt" \
    --signer.tls.key "$net/signer/client/$client.key" "$@"
  peers[$name]=/ip4/127.0.0.1/tcp/${p2p[$name]}/p2p/$(rpc "${node[$name]}" opp2p_self | get r.peerID)
}
add_sequencer sequencer localhost "${conductor[@]}"
peer=${peers[sequencer]}
if [[ -n $switch ]]; then
  add_sequencer second second --conductor.enabled --conductor.rpc "http://127.0.0.1:$second_gate" \
    --p2p.static "$peer" --syncmode.req-resp
  peer+=,${peers[second]}
fi
# What was not gossiped while the signer was down, the follower fetches from its peer.
add follower 0 --p2p.static "$peer" --syncmode.req-resp
[[ -n $short || -n $switch ]] || add stranger 1 --p2p.static "$peer" --p2p.sync.req-resp=false

# The first block is made when all who listen are there.
has_peers() { [[ $(rpc "${node[sequencer]}" opp2p_peerStats | get r.connected) -eq $((${#node[@]} - 1)) ]]; }
until_true 30 "the nodes know each other" has_peers
rpc "${node[sequencer]}" admin_startSequencer "[\"$(block_zero "${engine[sequencer]}")\"]" | get r > /dev/null
say "  a dev L1 and ${#node[@]} op-nodes are up, $SECONDS s"

# follows WHAT: some blocks more by gossip, the same ones, and to the tip
follows() {
  local before tip hash
  before=$(gossiped follower)
  until_true 40 "$1: gossip reaches the follower" gossiped_more_than "$((before + blocks))"
  tip=$(head_of sequencer)
  until_true 40 "$1: the follower gets to block $tip" at_least follower "$tip"
  hash=$(hash_at sequencer "$tip")
  [[ $hash == "$(hash_at follower "$tip")" ]] || die "$1: other blocks at height $tip"
  grep -q "Received signed execution payload from p2p\" id=$hash:$tip " "$net/follower.log" ||
    die "$1: block $tip did not come by gossip"
  [[ $(safe_of follower) -eq 0 ]] || die "$1: the follower derived blocks, though nothing was posted"
  alive
  say "  $1: $(($(gossiped follower) - before)) blocks by gossip, both at $tip, none derived"
}
# silent WHAT: the chain goes on and nothing is gossiped
silent() {
  local before head
  sleep 1 # what was under way when the signer died
  before=$(gossiped follower)
  head=$(head_of sequencer)
  until_true 40 "$1: the chain goes on" at_least sequencer "$((head + blocks))"
  [[ $(gossiped follower) -eq $before ]] || die "$1: blocks were gossiped"
  alive
  say "  $1: the sequencer went from $head to $(head_of sequencer), nothing gossiped"
}

# halted WHAT: no block is made, and op-node lives
halted() {
  local head
  sleep 1 # what was under way when the signer died
  head=$(head_of sequencer)
  sleep 5 # two block times, in which nothing may happen
  [[ $(head_of sequencer) -eq $head ]] || die "$1: blocks were made that no guard has seen"
  alive
  say "  $1: the sequencer waits at $head"
}
# refuses_unannounced: a payload hash that no op-node handed over
refuses_unannounced() {
  local hash=0x1111111111111111111111111111111111111111111111111111111111111111 answer
  answer=$(curl --silent --max-time 5 --cacert "$net/signer/ca.crt" --cert "$net/signer/client/localhost.crt" \
    --key "$net/signer/client/localhost.key" -H 'Content-Type: application/json' "https://localhost:$signer_port" \
    --data "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"opsigner_signBlockPayloadV2\",\"params\":[{\"chainId\":\"$chain\",\"payloadHash\":\"$hash\"}]}")
  [[ $answer == *-32013*announced* ]] || die "a hash that was not announced: $answer"
  say "  a hash that was not announced is refused"
}

if [[ -n $switch ]]; then
  source scripts/devnet/switch.sh
  exit
fi
blocks=${short:+3}
blocks=${blocks:-10}
rounds=${short:+1}
follows "signer up"
for round in $(seq "${rounds:-3}"); do
  kill_signer
  if [[ -n $guarded ]]; then halted "signer killed ($round)"; else silent "signer killed ($round)"; fi
  start_signer
  follows "signer back ($round)"
  if [[ -n $proxied ]]; then
    kill_proxy
    silent "proxy killed ($round)"
    start_proxy
    follows "proxy back ($round)"
  fi
done
if [[ -n $guarded ]]; then
  refuses_unannounced
  source scripts/devnet/lost.sh
fi
if [[ -z $short ]]; then
  [[ $(gossiped stranger) -eq 0 && $(head_of stranger) -eq 0 ]] ||
    die "a node that expects another signer took a block"
  refused=$(grep -c 'invalid block signature' "$net/stranger.log" || true)
  [[ $refused -gt 0 ]] || die "a node that expects another signer refused nothing"
  say "  a node that expects another signer refused $refused messages and is at block 0"
fi
say "devnet: ${signer##*/} signed for op-node, $SECONDS s"
