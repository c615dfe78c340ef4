#!/usr/bin/env bash
# How many instructions the C library takes for a job, as callgrind counts them: it fails for more than
# 3 % over what benches/counts.json has on record. Times of a shared machine could not say so little.
# With --accept the record is written anew; say in the commit what is worth it.
source "$(dirname "$0")/env.sh"

scripts/ffi.sh
folder=target/counts
mkdir -p "$folder"
gcc -O1 -I include ffi/tests/counts.c target/release/libopsign.a -lm -ldl -lpthread -o "$folder/counts"
node ffi/tests/misuse.mjs > "$folder/in"

# run JOB TIMES: instructions in all. glibc's own choice of instructions differs between processors.
run() {
  GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=1000000000:glibc.cpu.x86_rep_movsb_threshold=1000000000 \
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$folder/counts" "$1" "$2" \
    < "$folder/in" > "$folder/out" 2>&1 || { cat "$folder/out" >&2; die "$1 failed"; }
  sed -nE 's/^==[0-9]+== Collected : ([0-9]+)$/\1/p' "$folder/out"
}

: > "$folder/counted"
for job in $("$folder/counts" names); do
  few=$(run "$job" 2)
  many=$(run "$job" 12)
  echo "$job $(((many - few) / 10))" >> "$folder/counted"
done
node scripts/counts.mjs "$folder/counted" "$@"
