#!/usr/bin/env bash
# Builds the C library as shipped (target/release/libopsign.{a,so}) and gives the Go package its
# archive.
source "$(dirname "$0")/env.sh"

cargo build --quiet --release --locked --package opsign-ffi
folder=bindings-go/internal/capi/lib/$(go env GOOS)_$(go env GOARCH)
cmp -s target/release/libopsign.a "$folder/libopsign.a" || cp target/release/libopsign.a "$folder"
# Go does not see that an archive has changed; it does see a constant.
sum=$(printf '%s\n' "package archive" "" "// Sum is what libopsign.a holds." \
  "const Sum = \"$(digest "$folder/libopsign.a")\"")
[[ $sum == "$(cat "$folder/sum.go" 2> /dev/null)" ]] || printf '%s\n' "$sum" > "$folder/sum.go"
