#!/usr/bin/env bash
# bench-hsm.sh: what the server adds to a token. SoftHSM alone through cryptoki, then the same key
# behind `opsign signer`, each with the first core to itself.
source "$(dirname "$0")/env.sh"
source scripts/signer-serve.sh

scripts/setup.sh
cargo build --quiet --release --locked --package opsign --package opsign-load
cargo build --quiet --release --locked --package opsign-hsm --example token_rate
folder=$(mktemp -d)
trap 'stop_serving; rm -rf "$folder"' EXIT
scripts/signer-folder.sh "$folder/signer"
module=$(find /usr/lib /usr/lib64 -name libsofthsm2.so 2> /dev/null | head -1)
mkdir "$folder/tokens"
printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$folder/tokens" > "$folder/softhsm2.conf"
export SOFTHSM2_CONF=$folder/softhsm2.conf
(umask 077; head -c 9 /dev/urandom | base64 > "$folder/pin")
pin=$(cat "$folder/pin")
softhsm2-util --init-token --free --label bench --so-pin "$pin" --pin "$pin" > "$folder/softhsm.log"
printf 'module: %s\ntoken: {label: bench}\npin: {file: %s}\nkey: {label: bench}\n' "$module" \
  "$folder/pin" > "$folder/hsm.yaml"
# The key that the generator asks for: the number one.
printf "%064d" 1 > "$folder/one.hex"
target/release/opsign key import --hsm-config "$folder/hsm.yaml" "$folder/one.hex" > /dev/null
cat > "$folder/signer/config.yaml" <<YAML
provider: LOCAL
auth:
  - name: localhost
    key: "pkcs11:token=bench;object=bench?module-path=$module&pin-source=file:$folder/pin"
    chainID: 10
YAML
for sessions in 1 4; do
  taskset -c 0 target/release/examples/token_rate "$module" bench "$folder/pin" bench "$sessions" 3
done
taskset -c 1 target/release/opsign-load --folder "$folder/signer" --duration-ms "${OPSIGN_ROW_MS:-4000}" \
  --server target/release/opsign --only "payload V2"
