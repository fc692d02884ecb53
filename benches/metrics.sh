#!/usr/bin/env bash
# What counting costs, how long the doctor takes, and what maintenance costs those who read meanwhile.
#
#   cargo build --release && benches/metrics.sh              # some minutes, on a quiet machine
#   CFN_RUNS=50 CFN_SECONDS=5 benches/metrics.sh             # shorter
#
# Goals: with counters, `load` and `deploy` take at most 3 % more, and adding the counts at most 50 µs; the doctor takes less than
# 200 ms; `db maintain --if-due` makes no reader wait for 100 ms, with 20 writers and 20 readers. A team's database stands behind the
# sizes: 1,000 skills of 2 KB, 100,000 uses. Programs that are compared run in turns (A B A B), after a warm-up; figures are medians
# of whole processes.
set -euo pipefail

cfn=${CFN_BINARY:-$(cd "$(dirname "$0")/.." && pwd)/target/release/cfn}
runs=${CFN_RUNS:-400} seconds=${CFN_SECONDS:-20} skills=${CFN_SKILLS:-1000} rows=${CFN_ROWS:-100000} crowd=${CFN_CROWD:-20}
work=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
unset CFN_REDIS_URL CFN_SKILLS_DB_PATH CFN_POSTGRES_URL ENABLE_PHASE4_LOGGING

# Milliseconds of one run of a command.
ms() {
  local begin=$EPOCHREALTIME
  "$@" >/dev/null 2>&1 || { echo "failed: $*" >&2; return 1; }
  local end=$EPOCHREALTIME
  awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.3f\n", (b - a) * 1000 }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.3f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

fill() { # folder
  mkdir -p "$1/.claude"
  (cd "$1" && "$cfn" init >/dev/null 2>&1)
  sqlite3 "$1/.claude/skills-database/skills.db" "PRAGMA synchronous = OFF;
    CREATE TEMP TABLE n(i INTEGER PRIMARY KEY);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $skills) INSERT INTO temp.n SELECT i FROM n;
    INSERT INTO skills (name, category, content_path, content_hash, version, approval_level)
      SELECT 'filler-' || i, 'domain', 'x', printf('%064x', i), '1.0.0', 'auto' FROM temp.n;
    INSERT INTO agent_skill_mappings (agent_type, skill_id) SELECT 'type-' || i % 20, i FROM temp.n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows)
      INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at, execution_time_ms, exit_code)
      SELECT 'agent-' || i % 500, 'type-' || i % 20, 1 + i % $skills,
        datetime('now', (-i * 300 % 8000000) || ' seconds'), i % 900, 0 FROM n;"
  for i in 1 2 3 4 5; do
    mkdir -p "$1/skills/agent-skill-$i"
    { printf -- '---\nname: agent-skill-%s\ndescription: For the agent of the benchmark.\n---\n\n' "$i"; head -c 1500 /dev/zero | tr '\0' 'a'; } \
      >"$1/skills/agent-skill-$i/SKILL.md"
    (cd "$1" && "$cfn" deploy 1 "agent-skill-$i" "skills/agent-skill-$i/SKILL.md" testing dev >/dev/null 2>&1)
  done
  (cd "$1" && "$cfn" db maintain >/dev/null 2>&1)
}

for side in without with; do fill "$work/$side"; done
(cd "$work/with" && "$cfn" metrics --enable 2>/dev/null)

compare() { # what, function of a folder and a run
  : >"$work/without.ms"; : >"$work/with.ms"
  for ((run = -20; run < runs; run++)); do
    sides=(without with); ((run % 2)) && sides=(with without)
    for side in "${sides[@]}"; do
      cd "$work/$side"
      took=$("$2" "$run")
      if ((run >= 0)); then echo "$took" >>"$work/$side.ms"; fi
    done
  done
  awk -v what="$1" -v a="$(median <"$work/without.ms")" -v b="$(median <"$work/with.ms")" 'BEGIN {
    printf "| %s | %.3f ms | %.3f ms | %+.0f µs | %+.1f %% |\n", what, a, b, (b - a) * 1000, (b / a - 1) * 100 }'
}
load() { ms "$cfn" load dev; }
deploy() {
  mkdir -p "skills/new-$(($1 + 100))"
  printf -- '---\nname: new-%s\ndescription: New.\n---\n\n%s\n' "$(($1 + 100))" "$RANDOM" >"skills/new-$(($1 + 100))/SKILL.md"
  ms "$cfn" deploy 1 "new-$(($1 + 100))" "skills/new-$(($1 + 100))/SKILL.md" testing "type-$(($1 % 20 + 20))"
}
printf '| command | without counters | with counters | difference | |\n|---|---|---|---|---|\n'
compare load load
compare deploy deploy

cd "$work/with"
for ((run = -3; run < 31; run++)); do took=$(ms "$cfn" doctor); ((run < 0)) || echo "$took"; done >"$work/doctor.ms"
printf '\ndoctor: %s ms (goal: 200)\n' "$(median <"$work/doctor.ms")"

# Readers and writers, without and with maintenance beside them.
worker() { # kind number file
  local until=$((SECONDS + seconds)) run=0
  while ((SECONDS < until)); do
    case $1 in
      reader) ms "$cfn" load dev >>"$3" ;;
      writer) ms "$cfn" log agent-skill-1 --agent-id "w$2" --agent-type dev --exit-code 0 >>"$3" ;;
    esac
    run=$((run + 1))
  done
}
for maintained in no yes; do
  workers=()
  for ((number = 0; number < crowd; number++)); do
    worker reader "$number" "$work/readers-$maintained" & workers+=($!)
    worker writer "$number" "$work/writers-$maintained" & workers+=($!)
  done
  if [ "$maintained" = yes ]; then
    while kill -0 "${workers[0]}" 2>/dev/null; do
      sqlite3 -cmd '.timeout 5000' .claude/skills-database/skills.db \
        "CREATE TABLE IF NOT EXISTS bulk (x); INSERT INTO bulk VALUES (zeroblob(3000000)); DROP TABLE bulk"
      ms "$cfn" db maintain --if-due >>"$work/maintain.ms"
      sleep 1
    done
  fi
  wait "${workers[@]}"
  for kind in readers writers; do
    sort -n "$work/$kind-$maintained" | awk -v what="$kind, maintenance: $maintained" '{ v[NR] = $1 } END {
      printf "%-28s %6d runs, median %.1f ms, p99 %.1f ms, longest %.1f ms\n", what, NR, v[int((NR + 1) / 2)], v[int(NR * 0.99 + 0.5)], v[NR] }'
  done
done
printf 'maintain --if-due            %6d runs, median %s ms\n' "$(wc -l <"$work/maintain.ms")" "$(median <"$work/maintain.ms")"
echo "The machine has $(nproc) cores: what readers wait for is the difference that maintenance makes."
