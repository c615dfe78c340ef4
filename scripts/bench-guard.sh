#!/usr/bin/env bash
# What protection costs: one signer's own record, and PostgreSQL, beside the disk's own sync.
source "$(dirname "$0")/env.sh"

cargo bench --quiet --locked --package opsign-benches --bench guard
