# Sourced after env.sh by scripts that build for targets of which rustup has no standard library
# here: Debian's rustc builds, against one made once per compiler version from Debian's sources.
# shellcheck shell=bash

[[ -x /usr/bin/rustc && -x /usr/bin/cargo && -e /usr/lib/rustlib/src/rust/library/Cargo.toml ]] \
  || die "Debian's rustc-web, cargo-web and rust-web-src are needed: run scripts/setup.sh"
# The number is raised when the way the standard library is built changes.
CROSS_KEY=$(digest <(/usr/bin/rustc -vV; echo 3))

# sysroot_of TARGET: where its standard library is or will be.
sysroot_of() { printf '%s' "$CACHE/sysroot-$1-$CROSS_KEY"; }

# cargo_cross TARGET ARGUMENT...: Debian's cargo and rustc with $flags, and the linker that rustup
# brings.
cargo_cross() {
  local target=$1 rustup_sysroot linker crates encoded all
  shift
  rustup_sysroot=$(rustc --print sysroot)
  linker=$(find "$rustup_sysroot/lib/rustlib" -name rust-lld -print -quit)
  [[ -n $linker ]] || die "no rust-lld in $rustup_sysroot"
  # Panic messages name source files: no path of this machine may end up in what is built.
  all=("${flags[@]}" "--remap-path-prefix=$ROOT=opsign")
  all+=("--remap-path-prefix=/usr/lib/rustlib/src/rust/library=std")
  for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
    all+=("--remap-path-prefix=${crates%/}=crates")
  done
  printf -v encoded '%s\x1f' "${all[@]}"
  PATH=${linker%/*}:$PATH RUSTC=/usr/bin/rustc CARGO_ENCODED_RUSTFLAGS=${encoded%$'\x1f'} \
    /usr/bin/cargo "$@" --quiet --release --target "$target"
}

# make_sysroot TARGET CRATES: the standard library's crates, unless they are there.
make_sysroot() {
  local target=$1 crates=$2 sysroot work flags
  sysroot=$(sysroot_of "$target")
  [[ ! -d $sysroot ]] || return 0
  say "making the standard library for $target (about 40 s, once per compiler version)" >&2
  work=$(mktemp -d "$CACHE/sysroot.XXXXXX")
  mkdir "$work/src"
  printf '#![no_std]\n' > "$work/src/lib.rs"
  # For size: it is downloaded, or stands in flash.
  printf '%s\n' '[package]' 'name = "empty"' 'edition = "2024"' \
    '[profile.release]' 'panic = "abort"' 'opt-level = "s"' > "$work/Cargo.toml"
  # Bitcode, or else the standard library could not take part in link-time optimisation.
  flags=(-Cembed-bitcode=yes)
  RUSTC_BOOTSTRAP=1 cargo_cross "$target" build \
    -Zbuild-std="$crates" -Zbuild-std-features=optimize_for_size \
    --manifest-path "$work/Cargo.toml" --target-dir "$work/target" || { rm -rf "$work"; return 1; }
  mkdir -p "$work/out/lib/rustlib/$target/lib"
  cp "$work/target/$target/release/deps/"*.rlib "$work/out/lib/rustlib/$target/lib"
  mv "$work/out" "$sysroot"
  rm -rf "$work"
}
