#!/usr/bin/env bash
# Core builds without std and without a heap: a static library with its own panic handler, whose
# only undefined symbols are the C memory functions. Then a Cortex-M4, played by qemu, signs and
# verifies; printed is what flash and stack it took, which is what the README says.
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
readme=$(tr -s '\n' ' ' < README.md)
[[ $readme =~ takes\ ([0-9]+)\ KB\ of\ flash,\ ([0-9]+)\ KB\ with\ \`opt-level\ =\ \"s\"\`,\ and\ ([0-9]+)\ KB\ of\ stack ]] ||
  die "README.md does not say what a Cortex-M4 needs"
said=("${BASH_REMATCH[@]:1}")

# about WHAT BYTES KB: WHAT takes BYTES, within 3 % of the KB that the README says.
about() {
  (($2 * 100 >= $3 * 97000 && $2 * 100 <= $3 * 103000)) || die "$1: $2 bytes, and README.md says $3 KB"
}

# on_cortex_m4 LEVEL: builds, runs, and sets flash and stack to what it took.
on_cortex_m4() {
  local level=$1 program=$CACHE/thumb-target-$CROSS_KEY/$target/release/opsign-thumb printed
  cargo_cross "$target" build --locked --manifest-path "$folder/Cargo.toml" \
    --config "profile.release.opt-level=$level" --target-dir "$CACHE/thumb-target-$CROSS_KEY"
  printed=$(timeout 60 qemu-system-arm -M mps2-an386 -cpu cortex-m4 -nographic -monitor none \
    -serial none -semihosting-config enable=on,target=native -kernel "$program" 2>&1) ||
    die "on a Cortex-M4: $printed"
  [[ $printed == *"${OPSIGN_SIGNATURE:?}"* ]] || die "the Cortex-M4 printed: $printed"
  read -r _ flash _ stack < <(grep '^flash [0-9]* stack [0-9]*$' <<< "$printed") ||
    die "the Cortex-M4 did not say what it took: $printed"
  say "no_std: signs and verifies on a Cortex-M4, in $flash bytes of flash and $stack of stack" \
    "(opt-level $level)"
}

on_cortex_m4 3
about "flash at level 3" "$flash" "${said[0]}"
about "stack at level 3" "$stack" "${said[2]}"
on_cortex_m4 '"s"'
about "flash at level s" "$flash" "${said[1]}"
about "stack at level s" "$stack" "${said[2]}"
