#!/usr/bin/env bash
# gate.sh BASELINE NEW [OPTION…]: measures one build of cfn, and then another against it, as CI does; a table in Markdown on stdout.
# Exit 10 if NEW misses a target or is slower than BASELINE by more than --max-regression (10 %), noise excluded.
#
# To see that it notices something, with a build whose update sleeps for 20 ms (a cargo feature that no release has):
#
#   cargo build --release && cp target/release/cfn /tmp/cfn
#   cargo build --release --features slow-update && benches/gate.sh /tmp/cfn target/release/cfn
set -euo pipefail

if (($# < 2)); then
    echo "usage: benches/gate.sh BASELINE NEW [OPTION…]" >&2
    exit 1
fi
baseline=$1 new=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$baseline" bench --no-fail --json "${@:3}" >"$folder/baseline.json"
"$new" bench --markdown --baseline "$folder/baseline.json" "${@:3}"
