#!/usr/bin/env bash
# The C library as its user gets it: header and archive alone in an empty folder, the example and the
# tests built by gcc and clang, as C and as C++, with every warning an error.
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
# What each test program reads; under valgrind, without what takes much memory.
node ffi/tests/lines.mjs "$folder/numbers" > "$folder/contract.in"
node ffi/tests/lines.mjs "$folder/numbers" light > "$folder/contract.light"
node ffi/tests/fields.mjs > "$folder/fields.in"
node ffi/tests/misuse.mjs > "$folder/misuse.in"
touch "$folder/keys.in"
tests=(contract fields keys misuse)
for test in fields keys misuse; do cp "$folder/$test.in" "$folder/$test.light"; done

strict=(-Wall -Wextra -Werror -pedantic -O1)
built=0
while read -r compiler; do
  for linked in "libopsign.a -lm -ldl -lpthread" "-L. -lopsign -Wl,-rpath,$folder"; do
    # shellcheck disable=SC2086 # compiler and link lines are lists of words
    for program in examples/sign_payload "${tests[@]/#/tests/}"; do
      (cd "$folder" && $compiler "${strict[@]}" -I . "$ROOT/ffi/$program.c" -x none $linked -o program)
      case $program in
        examples/*) "$folder/program" > "$folder/out" ;;
        tests/*) "$folder/program" < "$folder/${program#tests/}.in" > "$folder/out" ;;
      esac || { cat "$folder/out"; die "$compiler: $program failed"; }
      built=$((built + 1))
    done
  done
done <<< 'gcc -std=c99
clang -std=c99
gcc -std=c2x -x c
g++ -x c++
clang++ -x c++ -Wno-deprecated'
[[ $built -eq 50 ]] || die "$built programs ran, not 50"

# Misuse is tried on every function of the header, with every pointer and every length.
"$folder/program" < "$folder/misuse.in" | grep '^row ' | sort > "$folder/tried"
node ffi/tests/misuse.mjs rows include/opsign.h | sort > "$folder/rows"
[[ -s $folder/rows && $(< "$folder/tried") == "$(< "$folder/rows")" ]] ||
  die "ffi/tests/misuse.c and the header differ: $(diff "$folder/tried" "$folder/rows")"

# The same under the address and undefined-behaviour sanitizers, and under valgrind with leaks
# counted; first, that the sanitizer is really in there.
for test in "${tests[@]}"; do
  (cd "$folder" && gcc -std=c99 -g "${strict[@]}" -fsanitize=address,undefined -fno-sanitize-recover \
    -I . "$ROOT/ffi/tests/$test.c" libopsign.a -lm -ldl -lpthread -o sanitized)
  symbols=$(nm "$folder/sanitized")
  [[ $symbols == *__asan_init* && $symbols == *__ubsan* ]] || die "the sanitizers are not in the program"
  "$folder/sanitized" < "$folder/$test.in" > "$folder/out" ||
    { cat "$folder/out"; die "$test fails under sanitizers"; }
  (cd "$folder" && gcc -std=c99 -g "${strict[@]}" -I . "$ROOT/ffi/tests/$test.c" libopsign.a \
    -lm -ldl -lpthread -o plain)
  valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect,possible \
    --errors-for-leak-kinds=definite,indirect,possible "$folder/plain" < "$folder/$test.light" > "$folder/out" ||
    { cat "$folder/out"; die "$test fails under valgrind"; }
done

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
counted() { tail -1 "$folder/$1.in" | cut -d' ' -f2; }
say "C: example and tests under gcc and clang, C99, C2x and C++, static and shared, under sanitizers and valgrind: $(counted contract) lines of vectors, $(counted fields) lines of fields, $(wc -l < "$folder/rows") functions misused"
