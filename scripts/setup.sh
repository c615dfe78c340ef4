#!/usr/bin/env bash
# Installs the system packages that are missing, and those that the arguments name as PACKAGE:PROBE. Safe
# to run again; without anything missing it does nothing and needs no network.
source "$(dirname "$0")/env.sh"

for tool in cargo go node npm gcc; do
  command -v "$tool" > /dev/null || die "$tool is needed and not on PATH: install Rust, Go, Node and gcc first"
done

# package: a file (* for any name) or program that shows it is there
wanted=(
  "$@"
  "softhsm2:softhsm2-util"
  "chromium:chromium"
  "clang:clang"
  "shellcheck:shellcheck"
  "rustc-web:/usr/bin/rustc"
  "cargo-web:/usr/bin/cargo"
  "rust-web-src:/usr/lib/rustlib/src/rust/library/Cargo.toml"
  "make:make"
  "valgrind:valgrind"
  "qemu-system-arm:qemu-system-arm"
  "curl:curl"
  "openssl:openssl"
  "python3-minimal:python3"
  "util-linux:taskset"
  "xxd:xxd"
  "prometheus:promtool"
  "default-jre-headless:java"
  "maven:mvn"
  # Of any version; one that Debian would install beside it is not needed.
  "postgresql:/usr/lib/postgresql/*/bin/postgres"
)
# Reads what this rustc counts: of the same major version as its LLVM.
llvm=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
wanted+=("llvm-$llvm:llvm-cov-$llvm")
missing=()
for entry in "${wanted[@]}"; do
  probe=${entry#*:}
  if [[ $probe == /* ]]; then compgen -G "$probe" > /dev/null || missing+=("${entry%%:*}")
  else command -v "$probe" > /dev/null || missing+=("${entry%%:*}")
  fi
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

command -v apt-get > /dev/null || die "please install: ${missing[*]}"
root=()
[[ $(id -u) -eq 0 ]] || root=(sudo)
say "installing: ${missing[*]}"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" > "$CACHE/apt.log" 2>&1 \
  || { tail -20 "$CACHE/apt.log" >&2; die "apt-get install failed (whole log: $CACHE/apt.log)"; }
