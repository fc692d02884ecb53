#!/usr/bin/env bash
# Builds cfn and runs its main job with the skills of this repository, in a folder that is removed again.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cargo build --release --locked --manifest-path "$root/Cargo.toml"
PATH="${CARGO_TARGET_DIR:-$root/target}/release:$PATH"

project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
cp -r "$root/tests/skills" "$project/skills"
cd "$project"

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

run cfn init --from skills --approve-as lead@example.com --agents backend-developer
run cfn skill list
run cfn deploy 42 jwt-authentication skills/jwt-authentication/SKILL.md domain backend-developer,api-designer
run cfn load backend-developer --max-skills 2 --format names
run cfn update jwt-authentication 1.0.1 skills/jwt-authentication/SKILL-1.0.1.md patch true
run cfn load api-designer | head -n 12
run cfn skill history jwt-authentication
run cfn skill verify
