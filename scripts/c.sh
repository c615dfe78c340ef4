#!/usr/bin/env bash
# The C library as its user gets it: header and archive alone in an empty folder, the example and
# the contract tests built by gcc and clang, as C and as C++, with every warning an error.
source "$(dirname "$0")/env.sh"

scripts/ffi.sh
scripts/header.sh --check
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp include/opsign.h target/release/libopsign.a target/release/libopsign.so "$folder"

# What the library exports is what the header declares.
declared=$(grep -oE '\bopsign_[a-z0-9_]+\(' include/opsign.h | tr -d '(' | sort -u)
exported=$(nm -D --defined-only target/release/libopsign.so | awk '$2 == "T" { print $3 }' | sort -u)
[[ -n $declared && $declared == "$exported" ]] ||
  die "the header and the library differ: $(diff <(echo "$declared") <(echo "$exported"))"

node ffi/tests/lines.mjs enum > "$folder/enum.c"
gcc -I "$folder" "$folder/enum.c" -o "$folder/enum"
"$folder/enum" > "$folder/numbers"
node ffi/tests/lines.mjs "$folder/numbers" > "$folder/lines"
node ffi/tests/lines.mjs "$folder/numbers" light > "$folder/light"

strict=(-Wall -Wextra -Werror -pedantic -O1)
built=0
while read -r compiler; do
  for linked in "libopsign.a -lm -ldl -lpthread" "-L. -lopsign -Wl,-rpath,$folder"; do
    # shellcheck disable=SC2086 # compiler and link lines are lists of words
    for program in examples/sign_payload tests/contract; do
      (cd "$folder" && $compiler "${strict[@]}" -I . "$ROOT/ffi/$program.c" -x none $linked -o program)
      case $program in
        examples/*) "$folder/program" > "$folder/out" ;;
        tests/*) "$folder/program" < "$folder/lines" > "$folder/out" ;;
      esac || { cat "$folder/out"; die "$compiler: $program failed"; }
      built=$((built + 1))
    done
  done
done <<< 'gcc -std=c99
clang -std=c99
gcc -std=c2x -x c
g++ -x c++
clang++ -x c++ -Wno-deprecated'
[[ $built -eq 20 ]] || die "$built programs ran, not 20"

# The same under the address and undefined-behaviour sanitizers, and under valgrind with leaks
# counted; first, that the sanitizer is really in there.
(cd "$folder" && gcc -std=c99 -g "${strict[@]}" -fsanitize=address,undefined -fno-sanitize-recover \
  -I . "$ROOT/ffi/tests/contract.c" libopsign.a -lm -ldl -lpthread -o sanitized)
symbols=$(nm "$folder/sanitized")
[[ $symbols == *__asan_init* && $symbols == *__ubsan* ]] || die "the sanitizers are not in the program"
"$folder/sanitized" < "$folder/lines" > "$folder/out" || { cat "$folder/out"; die "contract fails under sanitizers"; }
(cd "$folder" && gcc -std=c99 -g "${strict[@]}" -I . "$ROOT/ffi/tests/contract.c" libopsign.a \
  -lm -ldl -lpthread -o plain)
valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect,possible \
  --errors-for-leak-kinds=definite,indirect,possible "$folder/plain" < "$folder/light" > "$folder/out" ||
  { cat "$folder/out"; die "contract fails under valgrind"; }

# The example as a judge: yes, no, and input that is none.
case_words=$(node -p '
  const cases = JSON.parse(fs.readFileSync("vectors/payload_signing.json")).cases;
  const { payload, signature, address, chain_id } = cases.find((c) => c.name === "block_v1");
  [payload.slice(2), signature, address, chain_id].join(" ")')
read -r payload signature address chain <<< "$case_words"
node -e 'fs.writeFileSync(process.argv[1], Buffer.from(process.argv[2], "hex"))' "$folder/payload" "$payload"
judge() { local expected=$1 code=0; shift; "$folder/judge" "$@" > "$folder/out" 2>&1 || code=$?
  [[ $code -eq $expected ]] || { cat "$folder/out"; die "sign_payload $*: exit $code, not $expected"; }; }
(cd "$folder" && gcc -std=c99 -I . "$ROOT/ffi/examples/sign_payload.c" libopsign.a -lm -ldl -lpthread -o judge)
judge 0 "$chain" "$folder/payload" "$signature" "$address"
judge 1 "$((chain + 1))" "$folder/payload" "$signature" "$address"
judge 65 "$chain" "$folder/payload" "${signature}00" "$address"
judge 65 "$chain" "$folder/missing" "$signature" "$address"
judge 64 "$chain"
say "C: example and contract under gcc and clang, C99, C2x and C++, static and shared, under sanitizers and valgrind: $(tail -1 "$folder/lines" | cut -d' ' -f2) vector lines each"
