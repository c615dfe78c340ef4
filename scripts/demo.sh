#!/usr/bin/env bash
# The main job on real parts: a payload that op-node's own code builds is signed by a key that never
# leaves a PKCS#11 token, and four independent judges are asked.
source "$(dirname "$0")/env.sh"

out=target/demo
chain_id=10
topic=v4
table=""
clock() { date +%s%N; }
# note STARTED WHAT: a line of the table of timings
note() {
  local ms=$((($(clock) - $1) / 1000000))
  table+=$(printf '  %9d ms  %s' "$ms" "$2")$'\n'
}
# field NAME: a string or number out of one line of JSON
field() { sed -nE 's/.*"'"$1"'": ?"?([^",}]*)"?.*/\1/p'; }

say "opsign demo: building what is missing (a cold machine takes some minutes)"
started=$(clock)
scripts/setup.sh
note "$started" "install system packages"
started=$(clock)
cargo build --quiet --release --locked --package opsign
scripts/ffi.sh
note "$started" "build opsign and the C library"
started=$(clock)
scripts/wasm.sh > target/wasm.log || { cat target/wasm.log >&2; die "the browser package does not build"; }
note "$started" "build the browser package"
started=$(clock)
mkdir -p target/demo-bin
(cd vectors/generate && go build -o "$ROOT/target/demo-bin/" ./cmd/payload ./cmd/judge)
note "$started" "build op-node's packages"
gcc -std=c99 -O2 -I include ffi/examples/sign_payload.c target/release/libopsign.a \
  -lm -ldl -lpthread -o target/demo-bin/sign_payload

rm -rf "$out"
mkdir -p "$out/tokens"
chmod 700 "$out"
opsign=$ROOT/target/release/opsign
payload=$out/payload.bin

say
say "1. A token and a key inside it"
export SOFTHSM2_CONF=$ROOT/$out/softhsm2.conf
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
  "$ROOT/$out/tokens" > "$SOFTHSM2_CONF"
(umask 077 && head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$out/pin.txt")
module=/usr/lib/softhsm/libsofthsm2.so
[[ -e $module ]] || module=$(find /usr/lib /usr/lib64 -name libsofthsm2.so 2> /dev/null | head -1)
softhsm2-util --init-token --free --label demo --so-pin "$(cat "$out/pin.txt")" \
  --pin "$(cat "$out/pin.txt")" > "$out/softhsm.log"
cat > "$out/hsm.yaml" <<YAML
module: $module
token:
  label: demo
pin:
  file: pin.txt
key:
  label: sequencer
deadline_ms: 5000
YAML
started=$(clock)
key=$("$opsign" --json key generate --hsm-config "$out/hsm.yaml")
note "$started" "generate the key in the token"
address=$(field address <<< "$key")
[[ $(field extractable <<< "$key") == false && $(field made_in_token <<< "$key") == true ]] ||
  die "the token did not keep its key: $key"
say "   SoftHSM made a secp256k1 key for $address: sensitive, not extractable"

say "2. A block payload"
started=$(clock)
block=$(target/demo-bin/payload --topic "$topic" --chain-id "$chain_id" --txs 20 --out "$payload")
note "$started" "build the payload with op-node's code"
say "   op-node's code built block $(field block_number <<< "$block") of chain $chain_id: $(field transactions <<< "$block") transactions, $(stat -c %s "$payload") bytes"

say "3. The signature"
started=$(clock)
signed=$("$opsign" --json payload sign --chain-id "$chain_id" --hsm-config "$out/hsm.yaml" "$payload")
note "$started" "sign through the token (process start, login and check included)"
signature=$(field signature <<< "$signed")
say "   signing hash $(field signing_hash <<< "$signed")"
say "   signature    $signature"

say "4. The judges"
# The same payload with one bit changed, which every judge must refuse.
cp "$payload" "$out/flipped.bin"
byte=$(od -An -tu1 -j 700 -N1 "$payload")
printf '%b' "\\x$(printf %02x $((byte ^ 1)))" | dd of="$out/flipped.bin" bs=1 seek=700 conv=notrunc status=none

accepted=0
# verdict NAME ACCEPTS REFUSES: one line of the story
verdict() {
  [[ $2 == accept && $3 == reject ]] || die "$1 said $2 to the payload and $3 to a changed one"
  accepted=$((accepted + 1))
  printf '   %-44s accepts it, refuses it with one bit changed\n' "$1"
}

started=$(clock)
said=$(target/demo-bin/judge --topic "$topic" --chain-id "$chain_id" --address "$address" \
  --payload "$payload" --signature "$signature" --message-out "$out/message.bin") || true
note "$started" "op-node's gossip validator in Go"
verdict "$(field judge <<< "$said")" "$(field verdict <<< "$said")" "$(field flipped_bit <<< "$said")"

judge_c() { if target/demo-bin/sign_payload "$chain_id" "$1" "$signature" "$address" > "$out/c.log" 2>&1
  then echo accept; else echo reject; fi; }
started=$(clock)
first=$(judge_c "$payload")
note "$started" "the C program"
verdict "a C program over include/opsign.h" "$first" "$(judge_c "$out/flipped.bin")"

asked=(--chain-id "$chain_id" --payload "$payload" --signature "$signature" --address "$address")
started=$(clock)
said=$(node wasm/js/demo/judge.mjs "${asked[@]}") || true
note "$started" "Node"
verdict "$(field judge <<< "$said")" "$(field verdict <<< "$said")" "$(field flipped_bit <<< "$said")"
started=$(clock)
said=$(node wasm/js/demo/chromium.mjs "${asked[@]}" --screenshot "$out/chromium.png") || true
note "$started" "Chromium, its start included"
verdict "$(field judge <<< "$said")" "$(field verdict <<< "$said")" "$(field flipped_bit <<< "$said")"
[[ $accepted -eq 4 ]] || die "$accepted judges of 4"
[[ -s $out/chromium.png ]] || die "no screenshot"

say "5. The gossip message, as a peer gets it"
started=$(clock)
judged=$("$opsign" --json gossip verify --topic "$topic" --chain-id "$chain_id" --address "$address" "$out/message.bin")
note "$started" "opsign gossip verify"
[[ $(field verdict <<< "$judged") == accept ]] || die "opsign gossip verify says: $judged"
say "   opsign gossip verify: accept, by op-node's rules from the snappy header to the block hash"

say
say "Four of four judges accept. Screenshot: $out/chromium.png"
say
say "Timings (whole processes):"
printf '%s' "$table"
printf '  %9d s   in all\n' "$SECONDS"
