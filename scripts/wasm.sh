#!/usr/bin/env bash
# Builds the browser package's two WebAssembly modules and their glue into wasm/js/pkg, and from them
# the tool page wasm/page/dist/opsign.html; prints their sizes.
#
# Steps whose inputs did not change are skipped.
source "$(dirname "$0")/env.sh"
source scripts/cross.sh

target=wasm32-unknown-unknown
js=wasm/js
pkg=$js/pkg
# The modules: each the feature of opsign-wasm that it is built from, and the most bytes that it may
# have, as it is and compressed.
modules=(opsign typed_data)
declare -A feature=([opsign]=chain [typed_data]=typed-data)
declare -A max_raw=([opsign]=142000 [typed_data]=115000)
declare -A max_gzip=([opsign]=58500 [typed_data]=50000)
max_page=315000

target_dir=$CACHE/wasm-target-$CROSS_KEY
built=("${modules[@]/%/.wasm}")
built=("${built[@]/#/$target_dir/}")

# unchanged STAMP FILE...: whether the files are what they were at `record STAMP FILE...`.
unchanged() { [[ -e $1 && $(digest "${@:2}" 2> /dev/null) == "$(< "$1")" ]]; }
record() { digest "${@:2}" > "$1"; }

mkdir -p "$pkg"

# 1. Rust to WebAssembly. Two flags make it faster, and smaller: k256 takes wasm32 for a 64-bit machine,
# but WebAssembly has no wide multiplication, so 32-bit arithmetic suits it better (recovery 0.32 to
# 0.13 ms); and LLVM unrolls k256's loops of ten limbs if it is asked to (recovery 0.112 to 0.109 ms, 3 KB
# less). Node 20.
flags=("--sysroot=$(sysroot_of "$target")" --cfg 'cpubits="32"' -Cllvm-args=-unroll-threshold=1500)
mapfile -t sources < <(find {core,typed-data,wasm}/src -name '*.rs' | sort)
sources+=(Cargo.lock Cargo.toml {core,typed-data,wasm}/Cargo.toml scripts/{cross,wasm}.sh)
if ! unchanged "$target_dir/.stamp" "${sources[@]}" "${built[@]}"; then
  /usr/bin/cargo fetch --quiet --locked
  make_sysroot "$target" std,panic_abort
  # Our own code is made small, which takes a quarter off the module: recovery, which is k256's, takes as
  # long as before, hashing 1.08 times as long, reading a gossip message of 9 MB 1.08 to 1.25 times. With
  # core at "z" a round of Keccak would fall into calls.
  for module in "${modules[@]}"; do
    CARGO_PROFILE_RELEASE_PANIC=abort \
      cargo_cross "$target" build --locked --package opsign-wasm --target-dir "$target_dir" \
        --no-default-features --features "${feature[$module]}" \
        --config 'profile.release.package.opsign-core.opt-level="s"' \
        --config 'profile.release.package.opsign-typed-data.opt-level="z"' \
        --config 'profile.release.package.opsign-wasm.opt-level="z"'
    cp "$target_dir/$target/release/opsign_wasm.wasm" "$target_dir/$module.wasm"
  done
  record "$target_dir/.stamp" "${sources[@]}" "${built[@]}"
fi

# 2. The tools that npm brings.
npm=("$js/node_modules/.stamp" "$js/package-lock.json" "$js/node_modules/.package-lock.json")
if ! unchanged "${npm[@]}"; then
  (cd "$js" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error > /dev/null)
  record "${npm[@]}"
fi

# 3. Glue, optimisation, the table of errors. -Oz: within noise as fast as -O3 here, and smaller.
outputs=("${modules[@]/%/.js}" "${modules[@]/%/_bg.wasm}" constants.js LICENSE-APACHE LICENSE-MIT)
outputs=("${outputs[@]/#/$pkg/}")
inputs=("${built[@]}" "$js/package-lock.json" "$js/make-constants.js" "$js/error.js" "$js/record.js"
  scripts/wasm.sh scripts/tools/Cargo.lock scripts/tools/src/main.rs LICENSE-APACHE LICENSE-MIT)
if ! unchanged "$pkg/.stamp" "${inputs[@]}" "${outputs[@]}"; then
  tools=$(scripts/tools.sh)
  for module in "${modules[@]}"; do
    "$tools" wasm-bindgen "$target_dir/$module.wasm" "$pkg"
    "$js/node_modules/.bin/wasm-opt" -Oz --strip-debug --strip-producers \
      "$pkg/${module}_bg.wasm" -o "$pkg/${module}_bg.wasm.new"
    mv "$pkg/${module}_bg.wasm.new" "$pkg/${module}_bg.wasm"
  done
  node "$js/make-constants.js" > "$pkg/constants.js.new"
  mv "$pkg/constants.js.new" "$pkg/constants.js"
  cp LICENSE-APACHE LICENSE-MIT "$pkg"
  record "$pkg/.stamp" "${inputs[@]}" "${outputs[@]}"
fi

# 4. The tool page, in one file that opens from a disk: nothing is loaded beside it.
page=wasm/page
inputs=("$page"/*.{js,mjs,html,css,json} "$js"/{index,arguments,error,module,record}.js
  "$pkg"/{opsign,constants}.js "$pkg/opsign_bg.wasm"
  "$js/demo/icon.svg" "$js/package-lock.json" vectors/{gossip,messages,payload_signing,transactions}.json
  scripts/wasm.sh)
if ! unchanged "$page/dist/.stamp" "${inputs[@]}" "$page/dist/opsign.html"; then
  mkdir -p "$page/dist"
  node "$page/make-samples.mjs" > "$page/dist/samples.json"
  bundle() {
    "$js/node_modules/.bin/esbuild" "$page/main.js" --bundle --format=esm --target=es2022 \
      --charset=utf8 --log-level=warning "$@"
  }
  bundle --external:./dist/opsign_bg.wasm --outfile="$page/dist/calls.js"
  node "$page/used.mjs" "$pkg/opsign_bg.wasm" "$page/dist/calls.js" > "$page/dist/used.json"
  "$js/node_modules/.bin/wasm-metadce" --graph-file "$page/dist/used.json" \
    "$pkg/opsign_bg.wasm" -o "$page/dist/opsign_bg.wasm" > "$page/dist/unused.txt"
  bundle --loader:.wasm=binary --outfile="$page/dist/bundle.js"
  node "$page/build.mjs" "$page/dist/bundle.js" "$page/dist/opsign.html"
  record "$page/dist/.stamp" "${inputs[@]}" "$page/dist/opsign.html"
fi

for module in "${modules[@]}"; do
  wasm=$pkg/${module}_bg.wasm
  linked=$(stat -c %s "$target_dir/$module.wasm")
  raw=$(stat -c %s "$wasm")
  gzip=$(gzip -9 -n < "$wasm" | wc -c)
  say "wasm $module: $raw bytes ($linked before wasm-opt), $gzip after gzip -9"
  [[ $raw -le ${max_raw[$module]} ]] || die "$wasm has more than ${max_raw[$module]} bytes"
  [[ $gzip -le ${max_gzip[$module]} ]] || die "$wasm has more than ${max_gzip[$module]} bytes after gzip -9"
done
whole=$(stat -c %s "$page/dist/opsign.html")
say "wasm page: $whole bytes in one file, $page/dist/opsign.html"
[[ $whole -le $max_page ]] || die "$page/dist/opsign.html has more than $max_page bytes"
