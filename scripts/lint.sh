#!/usr/bin/env bash
# Formatting, lints, shell scripts, and that nothing of this machine stands in a tracked file.
source "$(dirname "$0")/env.sh"

cargo fmt --all --check
cargo fmt --manifest-path benches/xkcp/Cargo.toml --check
cargo fmt --manifest-path core/tests/no_std/Cargo.toml --check
cargo fmt --manifest-path core/tests/thumb/Cargo.toml --check
cargo fmt --manifest-path fuzz/Cargo.toml --check
cargo fmt --manifest-path scripts/tools/Cargo.toml --check
cargo fmt --manifest-path service/signer/tests/kona/Cargo.toml --check
cargo fmt --manifest-path service/keystore-client/Cargo.toml --check
cargo fmt --manifest-path vectors/generate/polkadot/sp/Cargo.toml --check
cargo clippy --quiet --locked --workspace --all-targets --all-features -- -D warnings
for module in chain typed-data; do
  cargo clippy --quiet --locked --package opsign-wasm --no-default-features --features "$module" -- -D warnings
done
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --workspace --no-deps --all-features \
  --exclude opsign-fake-pkcs11
shellcheck scripts/*.sh scripts/*/*.sh .ci/run
# package-test.sh speaks of folders inside the system that it boots.
if git grep -nIE "\"resolved\": \"|(^|[^A-Za-z0-9_.])/(work|root|home)/" -- . ':!*.lock' ':!scripts/lint.sh' ':!scripts/package-test.sh'; then
  die "a path of one machine, or an address that a package was loaded from, is in a tracked file"
fi
say "lint: formatted, no warnings, scripts sound"
