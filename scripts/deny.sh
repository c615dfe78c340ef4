#!/usr/bin/env bash
# Dependency rules (deny.toml): licences, one version of each, known sources.
source "$(dirname "$0")/env.sh"

version=0.20.2
root=$CACHE/cargo-deny-$version
if [[ ! -x $root/bin/cargo-deny ]]; then
  say "building cargo-deny $version (some minutes, once per machine)"
  cargo install --quiet --locked cargo-deny --version "$version" --root "$root"
fi
# The advisory database is a git repository and is not fetched here; see docs/design.md.
"$root/bin/cargo-deny" --log-level error check --hide-inclusion-graph bans licenses sources
# The fuzz targets ship nothing, and alloy brings crates in several versions.
"$root/bin/cargo-deny" --log-level error --manifest-path fuzz/Cargo.toml --config deny.toml \
  check --hide-inclusion-graph licenses sources
# A node's side of the keystore: the sp-* crates have some in several versions.
"$root/bin/cargo-deny" --log-level error --manifest-path service/keystore-client/Cargo.toml \
  --config deny.toml check --hide-inclusion-graph licenses sources
