# Sourced by devnet.sh once its guarded chain runs: the sequencer's machine dies, its engine comes back
# without the blocks that it had not written, and the signer gives them back. No hash changes, and the
# guard neither refuses nor signs anything new before the chain is where it was.
# shellcheck shell=bash
# shellcheck disable=SC2154 # what devnet.sh has set up

ours="blocks/$chain/$address"
# guard VERB...: an operator's word to the running signer
guard() {
  "$signer" --json guard "$@" --admin "$admin" --tls.ca "$net/signer/ca.crt" \
    --tls.cert "$net/signer/client/operator.crt" --tls.key "$net/signer/client/operator.key"
}
scope_value() { guard status | node -p "const s = JSON.parse(fs.readFileSync(0)).scopes.find((s) => s.scope === '$ours'); $1"; }
refusals() { grep -c 'a block was refused' "$net/signer/signer.log" || true; }
signed() { grep -c 'signed a block payload' "$net/signer/signer.log" || true; }
engine_head() { rpc "${engine[sequencer]}" eth_blockNumber | get 'Number(r)'; }

# An engine that has never stopped in order has no state but its genesis, and then takes no block at all
# until it has found peers ("snap syncing, forced head needed for startup").
ended INT sequencer-engine
start_engine sequencer
until_true 40 "the engine is back" answers "${engine[sequencer]}" eth_chainId
follows "engine restarted"

ended KILL sequencer
ended KILL sequencer-engine
# What was on its way to the follower is there.
sleep 1
tip=$(scope_value s.tip)
refused=$(refusals)
signatures=$(signed)
hashes=()
top=$(head_of follower)
for ((height = 1; height <= top; height++)); do hashes[height]=$(hash_at follower "$height"); done

start_engine sequencer
until_true 40 "the engine is back" answers "${engine[sequencer]}" eth_chainId
lost=$(engine_head)
[[ $lost -lt $top ]] || die "the engine has lost nothing: it is at $lost of $top"
add_sequencer sequencer localhost "${conductor[@]}"
[[ $(head_of sequencer) -eq $lost ]] || die "op-node is at $(head_of sequencer), its engine at $lost"
guard replay --scope "$ours" --to localhost > "$net/replay.json" || { cat "$net/replay.json" >&2; die "no replay"; }
posted=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).posted' "$net/replay.json")
[[ $posted -eq $((tip - lost)) ]] || die "$posted payloads were given back, of $lost to $tip"
until_true 40 "the sequencer has its blocks again" at_least sequencer "$tip"
[[ $(head_of sequencer) -eq $tip ]] || die "it is at $(head_of sequencer), not at $tip"
for ((height = 1; height <= top; height++)); do
  [[ $(hash_at sequencer "$height") == "${hashes[height]}" ]] || die "another block at height $height"
done
[[ $(refusals) -eq $refused ]] || die "the guard refused something"
[[ $(signed) -eq $signatures && $(scope_value s.tip) -eq $tip ]] || die "something was signed"
[[ $(scope_value s.conflicts) -eq 0 ]] || die "two hashes at one height are on record"
alive
say "  the engine lost $((top - lost)) of $top blocks and has the same ones again, none refused, none signed"

# It goes on from there.
rpc "${node[follower]}" opp2p_connectPeer "[\"${peers[sequencer]}\"]" > /dev/null
until_true 40 "the nodes know each other again" has_peers
rpc "${node[sequencer]}" admin_startSequencer "[\"$(hash_at sequencer "$tip")\"]" | get r > /dev/null
follows "after the loss"
[[ $(refusals) -eq $refused && $(scope_value s.conflicts) -eq 0 ]] || die "the guard had something to refuse"
