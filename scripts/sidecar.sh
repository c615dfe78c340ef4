#!/usr/bin/env bash
# sidecar.sh [--short] [--direct | OPSIGN]: the sidecar of OPSIGN (ours by default) between a program
# that plays op-node and two real op-geths, one the local engine and one the builder's behind a proxy
# that spoils what it says, at four forks. With --direct there is no sidecar and no use of the builder:
# what must hold of any engine holds of op-geth itself, so a failure is the sidecar's.
#   1. each fault is seen when nothing stands before it;
#   2. some 200 shapes of requests are answered as op-geth answers them;
#   3. no block is missed, late or another than asked for under any fault;
#   4. a real op-node over a dev L1 makes a block a second under them, each the one it asked for.
source "$(dirname "$0")/env.sh"

short=()
direct=
while [[ ${1:-} == --* ]]; do
  case $1 in
    --short) short=(-short) ;;
    --direct) direct=1 ;;
    *) die "unknown option $1; usage: sidecar.sh [--short] [--direct | OPSIGN]" ;;
  esac
  shift
done
if [[ -z $direct && $# -eq 0 ]]; then cargo build --quiet --locked --package opsign; fi
programs=$(scripts/devnet/build.sh)
net=$ROOT/target/sidecar
rm -rf "$net"
mkdir -p "$net"
rig=(-op-geth "$programs/op-geth" -op-node "$programs/op-node" -scripts "$ROOT/scripts/devnet")
sidecar=()
[[ -n $direct ]] || sidecar=(-sidecar "$(realpath "${1:-target/debug/opsign}")")

unformatted=$(gofmt -l scripts/devnet/rig)
[[ -z $unformatted ]] || die "not formatted: ${unformatted//$'\n'/ }"
in_rig() { (cd scripts/devnet/rig && "$@"); }
step "vet of the rig" in_rig go vet ./...
step "build of the rig" in_rig go build -o "$net/rig" .
checked=ecotone,isthmus,jovian,karst
driven=$checked
if [[ ${#short[@]} -gt 0 ]]; then checked=jovian driven=isthmus,karst; fi
"$net/rig" drive "${rig[@]}" -folder "$net/check" -forks "$checked" -check
[[ ${#short[@]} -gt 0 ]] || "$net/rig" sequence "${rig[@]}" -folder "$net/check-op-node" -check
"$net/rig" conform "${rig[@]}" "${sidecar[@]}" -folder "$net/conform"
"$net/rig" drive "${rig[@]}" "${sidecar[@]}" -folder "$net/drive" -forks "$driven" "${short[@]}"
"$net/rig" sequence "${rig[@]}" "${sidecar[@]}" -folder "$net/sequence" "${short[@]}"
say "sidecar: ${direct:+no sidecar, }all steps passed, $SECONDS s"
