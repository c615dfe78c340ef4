#!/usr/bin/env bash
# Core builds without std and without a heap: a static library with its own panic handler, whose
# only undefined symbols are the C memory functions. Then a Cortex-M4, played by qemu, signs and
# verifies; printed is what flash and stack it took.
source "$(dirname "$0")/env.sh"
source scripts/cross.sh

manifest=core/tests/no_std/Cargo.toml
cargo build --quiet --release --locked --manifest-path "$manifest" --target-dir target/no_std
library=target/no_std/release/libopsign_no_std.a
symbols=$(nm --undefined-only "$library" 2> /dev/null | awk '$1 == "U" { print $2 }' | sort -u)
# A proof that the list is read from the right file: it must name the function we export.
exports=$(nm --defined-only "$library" 2> /dev/null)
[[ $exports == *" T opsign_no_std_check"* ]] || die "$library lacks its export"
if grep -E '__rust_(alloc|dealloc|realloc)|__rdl_|std::|_ZN3std' <<< "$symbols"; then
  die "core asks for a heap or for std"
fi
say "no_std: builds with its own panic handler, asks for no heap"

target=thumbv7em-none-eabihf
max_flash=97000
max_stack=36000
make_sysroot "$target" core
# What it signs and what must come out, as the vectors have it.
# shellcheck disable=SC2016 # not for the shell to expand
values=$(node -p '
  const { cases } = JSON.parse(fs.readFileSync("vectors/payload_signing.json"));
  const found = cases.find((c) => c.name === "block_v1");
  const names = ["secret_key", "chain_id", "payload_hash", "signature", "address"];
  names.map((name) => `OPSIGN_${name.toUpperCase()}=${found[name]}`).join(" ")')
read -ra values <<< "$values"
folder=core/tests/thumb
# Read where it is used: by cargo_cross. --nmagic: the sections need not start on pages.
# shellcheck disable=SC2034
flags=("--sysroot=$(sysroot_of "$target")" -Clink-arg=-Tlink.x -Clink-arg=--nmagic "-L$ROOT/$folder")
export "${values[@]}"
cargo_cross "$target" build --locked --manifest-path "$folder/Cargo.toml" \
  --target-dir "$CACHE/thumb-target-$CROSS_KEY"
program=$CACHE/thumb-target-$CROSS_KEY/$target/release/opsign-thumb
printed=$(timeout 60 qemu-system-arm -M mps2-an386 -cpu cortex-m4 -nographic -monitor none \
  -serial none -semihosting-config enable=on,target=native -kernel "$program" 2>&1) ||
  die "on a Cortex-M4: $printed"
[[ $printed == *"${OPSIGN_SIGNATURE:?}"* ]] || die "the Cortex-M4 printed: $printed"
read -r _ flash _ stack < <(grep '^flash [0-9]* stack [0-9]*$' <<< "$printed") ||
  die "the Cortex-M4 did not say what it took: $printed"
say "no_std: signs and verifies on a Cortex-M4, in $flash bytes of flash and $stack of stack"
[[ $flash -le $max_flash ]] || die "$program takes more than $max_flash bytes of flash"
[[ $stack -le $max_stack ]] || die "$program takes more than $max_stack bytes of stack"
