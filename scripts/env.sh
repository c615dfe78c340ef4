# Sourced by every script here: where things are, and the few words they share.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Slow builds that only a new machine should pay for, each in a folder keyed by what made it.
CACHE=${OPSIGN_CACHE:-$HOME/.cache/opsign}
export ROOT CACHE

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# What a set of files holds, as one short word.
digest() { cat "$@" | sha256sum | cut -c1-16; }

mkdir -p "$CACHE"
cd "$ROOT"
