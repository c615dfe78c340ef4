#!/usr/bin/env bash
# Everything, in the order in which a failure is cheapest to find; then a table of times.
source "$(dirname "$0")/env.sh"

steps=(setup lint rust prose no-std secrets coverage mutants c threads ctime counts go wasm-test
  opnode keystore-judges keystore-client kafka fuzz postgres torture "torture --keystore" schedules parity "devnet --short"
  "devnet --short --guarded" "devnet --short --proxied"
  "devnet --short --switch" "sidecar --short" monitoring deny)

# A full disk shows as a linker's crash or a database's: say so before.
needed=16
free=$(df --output=avail --block-size=1G . | tail -1)
built=$(du --summarize --block-size=1G target 2> /dev/null | cut -f1 || true)
[[ $((free + ${built:-0})) -ge $needed ]] \
  || die "needs $needed GB of disk for target/, and $free are free: make room, or \`make clean\` other clones"

table=""
for step in "${steps[@]}"; do
  say "=== $step"
  started=$SECONDS
  read -ra words <<< "$step"
  command="scripts/${words[0]}.sh"
  "$command" "${words[@]:1}" || die "$step failed: run $command alone to look closer"
  table+=$(printf '%6d s  %s' $((SECONDS - started)) "$step")$'\n'
done
if ! git diff --quiet; then
  git status --short
  die "the tests changed tracked files"
fi
say "=== all steps passed"
printf '%s%6d s  in all\n' "$table" "$SECONDS"
