# Sourced by devnet.sh once its chain runs: the blocks go from one sequencer to the other and back.
# shellcheck shell=bash
# shellcheck disable=SC2154 # what devnet.sh has set up

every=${short:+8}
every=${every:-20}
times=${short:+4}
times=${times:-30}
block_time=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).block_time' "$net/follower.json")

# Seconds. Those that come after the next one was due are counted.
most_late=3

# on_time NODE: its head is no older than two blocks; after the start the chain has time to make up
on_time() {
  local made
  made=$(rpc "${node[$1]}" optimism_syncStatus | get r.unsafe_l2.timestamp)
  [[ $made -ge $(($(date +%s) - 2 * block_time)) ]]
}
# hand_over CLIENT: prints how long it took
hand_over() {
  "$signer" --json switch --admin "$admin" --tls.ca "$net/signer/ca.crt" \
    --tls.cert "$net/signer/client/operator.crt" --tls.key "$net/signer/client/operator.key" \
    --scope "blocks/$chain/$address" --to "$1" > "$net/switch.json" ||
    { cat "$net/switch.json" >&2; die "the switch to $1 failed"; }
  node -p 'JSON.parse(fs.readFileSync(process.argv[1])).steps.map((step) => step.ms).join(" ")' "$net/switch.json"
}

until_true 60 "the chain is on time" on_time follower
from=$(head_of follower)
holder=localhost
: > "$net/switches"
for turn in $(seq "$times"); do
  sleep "$every"
  alive
  if [[ $holder == localhost ]]; then holder=second.local; else holder=localhost; fi
  took=$(hand_over "$holder")
  echo "$(head_of follower) $holder $took" >> "$net/switches"
  say "  switch $turn to $holder: stopped, moved, started after $took ms"
done
sleep "$every"
tip=$(head_of follower)
until_true 20 "the follower goes on" at_least follower $((tip + 1))
node scripts/devnet/observer.mjs "$net/follower.log" "$net/switches" "$now" "$block_time" "$from" "$tip" "$most_late" ||
  die "the follower saw what may not be (logs: $net)"
[[ $(safe_of follower) -eq 0 ]] || die "the follower derived blocks, though nothing was posted"
say "devnet: ${signer##*/} switched $times times, $SECONDS s"
