#!/usr/bin/env bash
# Builds the C library as shipped (target/release/libopsign.{a,so}) and gives the Go package its
# archive.
source "$(dirname "$0")/env.sh"

cargo build --quiet --release --locked --package opsign-ffi
archive=bindings-go/internal/capi/lib/$(go env GOOS)_$(go env GOARCH)/libopsign.a
mkdir -p "${archive%/*}"
# Go links anew whenever the file changes, so an equal one is left alone.
cmp -s target/release/libopsign.a "$archive" || cp target/release/libopsign.a "$archive"
