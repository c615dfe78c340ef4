#!/usr/bin/env bash
# Writes include/opsign.h and its copy in bindings-go. With --check it writes nothing and fails if
# either is not what the sources say.
source "$(dirname "$0")/env.sh"

tools=$(scripts/tools.sh)
copies=(include/opsign.h bindings-go/internal/capi/opsign.h)
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
"$tools" header "$fresh"
for copy in "${copies[@]}"; do
  if [[ ${1:-} == --check ]]; then
    cmp "$fresh" "$copy" || die "$copy is stale: run scripts/header.sh"
  else
    mkdir -p "${copy%/*}"
    install -m 644 "$fresh" "$copy"
  fi
done
