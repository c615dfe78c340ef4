#!/usr/bin/env bash
# Everything that needs op-node's code: that the vectors are what op-node says, that noble agrees,
# and that op-node takes what opsign signs through Go.
source "$(dirname "$0")/env.sh"

scripts/ffi.sh

# in_folder FOLDER COMMAND...
in_folder() { (cd "$1" && shift && "$@"); }

published=vectors/generate/published
[[ $published/node_modules/.package-lock.json -nt $published/package-lock.json ]] ||
  step "ethereum/tests installed" in_folder $published npm ci --no-audit --no-fund
unformatted=$(gofmt -l vectors/generate benches/go)
[[ -z $unformatted ]] || die "not formatted: ${unformatted//$'\n'/ }"
# Neither the vectors nor the archive are inputs of Go's test cache: -count=1.
step "vet of the generator" in_folder vectors/generate go vet ./...
step "the vectors are op-node's" in_folder vectors/generate go test -count=1 ./...
step "the same without cgo" in_folder vectors/generate env CGO_ENABLED=0 go test -count=1 ./nocgo
noble=vectors/generate/noble
[[ $noble/node_modules/.package-lock.json -nt $noble/package-lock.json ]] ||
  step "noble installed" in_folder $noble npm ci --no-audit --no-fund
step "the vectors are noble's" in_folder $noble npm run check
step "vet of what is measured in Go" in_folder benches/go go vet ./...
step "vet of the op-node signer" in_folder bindings-go/opnode go vet ./...
step "op-node takes opsign's signatures" in_folder bindings-go/opnode go test -count=1 ./...

# Messages that nobody has seen before, judged by op-node and by us. A difference names its seed.
seed=${OPSIGN_SEED:-$(date +%s)}
verdicts=$ROOT/target/op-node-verdicts
generate() { go run ./cmd/mutate --seed "$seed" --count "${OPSIGN_MESSAGES:-5000}" --memory > "$verdicts"; }
step "op-node judges mutated messages (seed $seed)" in_folder vectors/generate generate
step "we judge them alike" env OPSIGN_OP_NODE_VERDICTS="$verdicts" cargo test --locked --quiet \
  --package opsign-core --test vectors -- --ignored --nocapture op_node_judges_alike
grep -o '[0-9]* messages: .*' "$STEP_LOG" || die "nothing was judged"

verdicts=$ROOT/target/op-geth-verdicts
hash_typed() { go run ./cmd/typed --seed "$seed" --count "${OPSIGN_MESSAGES:-5000}" > "$verdicts"; }
step "op-geth hashes mutated typed data (seed $seed)" in_folder vectors/generate hash_typed
step "we hash it alike" env OPSIGN_OP_GETH_VERDICTS="$verdicts" cargo test --locked --quiet \
  --package opsign-typed-data --test vectors -- --ignored --nocapture op_geth_hashes_alike
grep -o '[0-9]* typed data: .*' "$STEP_LOG" || die "no typed data was hashed"
