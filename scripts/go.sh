#!/usr/bin/env bash
# The Go package: format, vet, its tests in every mode, what a call costs, and the program in its
# README, built against the module as a user has it.
source "$(dirname "$0")/env.sh"

scripts/ffi.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd bindings-go

# The vectors are no input of Go's cache, so no result may come from there: -count=1.
tests=(go test -count=1 -skip '^TestCgoCost$' ./...)

unformatted=$(gofmt -l .)
[[ -z $unformatted ]] || die "not formatted: ${unformatted//$'\n'/ }"
step "vet" go vet ./...
step "vet without cgo" env CGO_ENABLED=0 go vet ./...
step "tests under the race detector" "${tests[@]}" -race
step "tests with cgocheck2" env GOEXPERIMENT=cgocheck2 "${tests[@]}"
# It also finds what was never freed, in Rust as well.
step "tests under the address sanitizer" "${tests[@]}" -asan
step "tests with GOGC=1" env GOGC=1 "${tests[@]}"
step "tests without cgo" env CGO_ENABLED=0 "${tests[@]}"
step "tests with a system library" env CGO_LDFLAGS="-L$ROOT/target/release" \
  LD_LIBRARY_PATH="$ROOT/target/release" "${tests[@]}" -tags opsign_system
step "cost of a call" go test -count=1 -v -run '^TestCgoCost$' ./internal/cgocost
grep -o 'VerifyPayload: .*' "$STEP_LOG" || die "TestCgoCost did not run"

# In an empty folder: the module without what is not in it, and a program that requires it.
cp -R . "$scratch/opsign"
rm -r "$scratch/opsign/opnode"
mkdir "$scratch/user"
awk '/^```$/ { inside = 0 } inside; /^```go$/ { inside = 1 }' README.md > "$scratch/user/main.go"
cd "$scratch/user"
printf '%s\n' 'module example.com/user' 'go 1.26.0' \
  'require github.com/opsign/opsign/bindings-go v0.0.0' \
  'replace github.com/opsign/opsign/bindings-go => ../opsign' > go.mod
step "build of the README's program" go build -o program .
step "the README's program" ./program
grep -q '^signed by 0x' "$STEP_LOG" || die "the program said: $(cat "$STEP_LOG")"
step "go mod vendor" go mod vendor
mv "$scratch/opsign" "$scratch/away" # what was vendored must do
step "build of the same, vendored" go build -mod=vendor -o vendored .
step "the same, vendored" ./vendored
grep -q '^signed by 0x' "$STEP_LOG" || die "the program said: $(cat "$STEP_LOG")"
