#!/usr/bin/env bash
# What a fleet does: one primary on PostgreSQL, and databases in files that follow it.
#
#   1  how long a revocation takes to reach every watching follower, from the start of the command on
#   2  loads of the followers while the primary is down
#   3  usage rows of five followers whose pushes are killed: each is on the primary once
#   4  a load on a follower beside the same load from a database of its own
#
#   cargo build --release && benches/fleet.sh                  # full sizes: 20 followers, 100 revocations, 100,000 uses
#   CFN_FOLLOWERS=5 CFN_REVOCATIONS=20 CFN_USES=5000 CFN_RUNS=21 benches/fleet.sh
#
# It starts a server of its own. Everything runs on this machine, so the followers take the processors from each other.
set -euo pipefail
source "$(dirname "$0")/postgres_server.sh"

followers=${CFN_FOLLOWERS:-20}
revocations=${CFN_REVOCATIONS:-100}
uses=${CFN_USES:-100000}
loads=${CFN_LOADS:-1000}
runs=${CFN_RUNS:-101}
project=$(mktemp -d)
cd "$project"
mkdir .claude
printf '127.0.0.1:*:*:*:open sesame\n' >passwords
chmod 600 passwords
export PGPASSFILE=$project/passwords
unset PGPASSWORD
url="postgresql://cfn@127.0.0.1:$port/fleet"

of() { echo "$project/follower-$1/skills.db"; }

watchers=()
watch() {
  local follower
  for ((follower = 1; follower <= followers; follower++)); do
    "$cfn" sync --watch --db "$(of "$follower")" >"$project/follower-$follower/watch.log" 2>&1 &
    watchers+=($!)
  done
}

unwatch() {
  [ "${#watchers[@]}" -eq 0 ] || kill "${watchers[@]}" 2>/dev/null || true
  watchers=()
}
trap 'unwatch; stop_server; rm -rf "$project"' EXIT

prepare() {
  local skill follower
  create_database fleet
  for ((skill = 0; skill <= revocations; skill++)); do
    printf -- '---\nname: skill-%s\ndescription: About skill %s.\n---\nRead %s.\n' $skill $skill $skill >SKILL.md
    "$cfn" deploy 7 "skill-$skill" SKILL.md testing "agent-$skill" --db "$url" >/dev/null 2>&1
  done
  for ((follower = 1; follower <= followers; follower++)); do
    mkdir "follower-$follower"
    "$cfn" init --db "$(of "$follower")" >/dev/null
    "$cfn" db follow "$url" --db "$(of "$follower")" >/dev/null
  done
}

# One long-lived process for each follower answers what its agents get.
ask() { # follower skill; whether it is served there
  local answer
  echo "{\"agent_type\":\"agent-$2\",\"format\":\"names\"}" >&"${asking[$1]}"
  read -r answer <&"${answering[$1]}"
  [[ $answer == *"\"text\":\"skill-$2"* ]] # what is not served has its name elsewhere in the answer
}

revoke_everywhere() {
  local follower skill
  declare -ga asking answering
  local askers=()
  for ((follower = 1; follower <= followers; follower++)); do
    mkfifo "follower-$follower/questions" "follower-$follower/answers"
    "$cfn" load --batch --db "$(of "$follower")" <"follower-$follower/questions" >"follower-$follower/answers" 2>/dev/null &
    askers+=($!)
    exec {asking[follower]}>"follower-$follower/questions" {answering[follower]}<"follower-$follower/answers"
    ask "$follower" 0 || { echo "a follower does not serve: $follower" >&2; exit 1; }
  done
  watch
  sleep 3
  : >"$work/revoked.ms"
  for ((skill = 1; skill <= revocations; skill++)); do
    local begin=$EPOCHREALTIME
    "$cfn" skill revoke "skill-$skill" --approver lead --reason unsafe --db "$url" >/dev/null
    for ((follower = 1; follower <= followers; follower++)); do
      while ask "$follower" "$skill"; do sleep 0.01; done
    done
    awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f\n", (b - a) * 1000 }' >>"$work/revoked.ms"
  done
  for ((follower = 1; follower <= followers; follower++)); do
    local in=${asking[follower]} out=${answering[follower]}
    exec {in}>&- {out}<&-
  done
  kill "${askers[@]}" 2>/dev/null || true # each has the pipes of the others, and would stay
  echo "1 a revocation reaches $followers followers: median $(median <"$work/revoked.ms") ms," \
    "$(awk '$1 <= 1000' "$work/revoked.ms" | wc -l) of $revocations within 1 s, longest $(sort -n "$work/revoked.ms" | tail -1) ms"
}

load_without_primary() {
  local load failed=0
  kill -INT "$(head -1 "$work/data/postmaster.pid")"
  while kill -0 "$server_process" 2>/dev/null; do sleep 0.1; done
  for ((load = 0; load < loads; load++)); do
    "$cfn" load agent-0 --agent-id "agent-$load" --task-id away --db "$(of $((load % followers + 1)))" >/dev/null 2>&1 || failed=$((failed + 1))
  done
  echo "2 loads while the primary is down: $loads, failed: $failed"
  start_server
}

push_with_kills() {
  local follower rounds=0 kills=0 pushers=5
  ((followers >= pushers)) || pushers=$followers
  unwatch
  for ((follower = 1; follower <= pushers; follower++)); do
    seq 1 $((uses / pushers)) | sed 's/.*/{"skill":"skill-0","agent_id":"a","agent_type":"agent-0","task_id":"t&","exit_code":0}/' |
      "$cfn" log --batch --db "$(of "$follower")" >/dev/null &
  done
  # The uses are pushed while they are logged, and most pushes are killed.
  while [ -n "$(jobs -pr)" ] && [ "$rounds" -lt 100 ]; do
    for ((follower = 1; follower <= pushers; follower++)); do
      timeout -s KILL "0.$((RANDOM % 5))$((RANDOM % 10))" "$cfn" sync --db "$(of "$follower")" >/dev/null 2>&1 || kills=$((kills + 1))
    done
    rounds=$((rounds + 1))
    [ "$(jobs -pr | grep -vcx "$server_process")" -gt 1 ] || break
  done
  for ((follower = 1; follower <= followers; follower++)); do "$cfn" sync --db "$(of "$follower")" >/dev/null; done
  administrator fleet -F ' ' -c "SELECT count(*), count(DISTINCT delivery_key) FROM cfn.skill_usage_log WHERE task_id LIKE 't%'" |
    { read -r rows keys; echo "3 uses of $pushers followers, $kills pushes killed: $((uses / pushers * pushers)) logged, $rows on the primary, $keys keys"; }
}

beside_its_own() {
  "$cfn" db copy --from "$(of 1)" --to "$project/own.db" >/dev/null
  first=$(of 1) # a shell of its own for each load would cost as much as a fifth of it
  on_follower() { "$cfn" load agent-0 --db "$first"; }
  on_its_own() { "$cfn" load agent-0 --db "$project/own.db"; }
  compare "4 load (at most 1.03)" "on a follower" on_follower "on a database of its own" on_its_own
}

start_server
prepare
revoke_everywhere
load_without_primary
push_with_kills
beside_its_own
