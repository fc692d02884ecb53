#!/usr/bin/env bash
# Writes .cargo/short-commands.ld anew: which functions the release build puts beside each other, because the commands that are
# started thousands of times run them. Where the list is out of date nothing breaks; the commands only start more slowly, and
# `cargo bench --bench whole_process` shows it.
#
#   benches/short_commands.sh       # builds the profile 'profiling' and runs it; needs valgrind, nm and redis-server
set -euo pipefail
export LC_ALL=C # one order of names for sort and comm
cd "$(dirname "${BASH_SOURCE[0]}")/.."

script=.cargo/short-commands.ld
cargo build --profile profiling --locked
cfn=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/profiling/cfn
skills=$PWD/tests/skills
work=$(mktemp -d)
redis-server --port 0 --unixsocket "$work/redis" --save '' >"$work/redis.log" &
redis=$!
trap 'kill $redis; wait $redis; rm -rf "$work"' EXIT
mkdir "$work/project"
cd "$work/project"

# What NAME runs: name by name into $work/NAME.
trace() {
  local name=$1
  shift
  valgrind -q --tool=callgrind --demangle=no --callgrind-out-file="$work/calls" "$cfn" "$@" >"$work/said" 2>&1 ||
    { cat "$work/said" >&2; exit 1; }
  sed -nE "s/^c?fn=\([0-9]+\) ([A-Za-z_][^ ']*).*/\1/p" "$work/calls" | sort -u | comm -12 - "$work/defined" >>"$work/$name.ran"
}

nm --defined-only "$cfn" | awk '{ print $3 }' | sort -u >"$work/defined"
"$cfn" init --from "$skills" --approve-as somebody --agents backend-developer
printf -- '---\nname: jwt\ndescription: Signs and checks tokens, anew.\n---\n# JWT\n' >changed.md
trace deploy deploy 42 jwt "$skills/jwt-authentication/SKILL.md" domain backend-developer,api-designer
trace deploy deploy 42 jwt "$skills/jwt-authentication/SKILL.md" domain backend-developer
trace update update jwt 1.0.1 changed.md patch true
trace load load backend-developer
trace load load backend-developer --context auth,database --phase loop3 --max-tokens 8000 --json
trace log log jwt --agent-id backend-developer-1 --agent-type backend-developer --execution-ms 40 --exit-code 0
trace show skill show jwt
export CFN_REDIS_BUDGET_MS=10000 # all is slow in here
for answered in 'by SQLite' 'by Redis'; do # the second time there is an answer
  trace cached load backend-developer --redis-url "unix:$work/redis" --cache always
done

# The functions of load come first, then what each other command has beside them, and load beside itself with a Redis. Names end in a hash that depends on the
# compiler. Valgrind's processor has no SHA instructions, those of today have.
{
  echo "/* Written by benches/short_commands.sh: the functions of load, deploy, update, log and show. */"
  echo "SECTIONS { .text.short : {"
  echo "  *(.text._ZN4sha26sha2567x86_sha*)"
  for name in load cached deploy update log show; do sort -u "$work/$name.ran"; done | grep -v 'sha256.*soft' |
    sed -E 's/17h[0-9a-f]{16}E.*/17h*/; s/.*/  *(.text.&)/' | awk '!seen[$0]++'
  echo "} } INSERT BEFORE .text;"
} >"$OLDPWD/$script"
echo "$script: $(grep -c '(.text' "$OLDPWD/$script") functions"
