#!/usr/bin/env bash
# Power cuts: tests/power_cuts.sh [CUTS]. Records what twelve commands write, call by call (strace), makes disks of it on which what was
# not synced is lost or torn at random, and runs cfn on each. CFN_SEED repeats a run; the seed is printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CFN_POWER_CUTS=${1:-1000} cargo test --release --locked --test it -- faults::power_cuts --nocapture
