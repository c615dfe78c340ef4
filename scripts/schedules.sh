#!/usr/bin/env bash
# The guard's engine under shuttle, which tries thousands of orders of its threads' steps.
source "$(dirname "$0")/env.sh"

cargo test --locked --package opsign-guard --features shuttle --test schedules
