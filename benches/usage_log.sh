#!/usr/bin/env bash
# The usage log at three sizes: what a long-lived fleet's log does to the reports, and what `cfn log` costs beside the sqlite3
# shell. 100 skills, of which 20 agent types use two each, and 365 days: about 27,000 uses a day at the full size.
#
#   cargo build --release && benches/usage_log.sh            # full size: 10 million rows, some minutes
#   CFN_ROWS="1000 10000" benches/usage_log.sh               # smaller
#
# Programs that are compared run in turns (A B A B), after a warm-up; figures are medians of whole processes.
set -euo pipefail

cfn=${CFN_BINARY:-$(cd "$(dirname "$0")/.." && pwd)/target/release/cfn}
sizes=${CFN_ROWS:-"10000 1000000 10000000"}
runs=${CFN_RUNS:-21}
# CFN_WORK keeps the databases for another run.
if [ -n "${CFN_WORK:-}" ]; then work=$CFN_WORK; mkdir -p "$work"; else work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; fi

# Milliseconds of one run of a command.
ms() {
  local begin=$EPOCHREALTIME
  "$@" >/dev/null 2>&1
  local end=$EPOCHREALTIME
  awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.3f\n", (b - a) * 1000 }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.2f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

fill() { # database rows
  "$cfn" init --db "$1" >/dev/null 2>&1
  sqlite3 "$1" "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
      INSERT INTO skills (name, category, content_path, content_hash, version, approval_level, generated_by)
      SELECT 'skill-' || i, CASE i % 3 WHEN 0 THEN 'testing' ELSE 'domain' END, 'x', printf('%064x', i), '1.0.0',
        CASE i % 4 WHEN 0 THEN 'human' ELSE 'auto' END, CASE i % 2 WHEN 0 THEN 'phase4' ELSE 'manual' END FROM n;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $2 - 1)
      INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, loaded_at, execution_time_ms, confidence_before,
        confidence_after, success_indicator, exit_code, approval_level, tokens_avoided, cost_avoided_usd)
      SELECT 'agent-' || (i * 7919 % 500), 'type-' || (i * 7919 % 20),
        1 + (i * 7919 % 20 * 5 + i * 104729 % 8) % 100, 'task-' || (i / 50),
        datetime('now', (-365 * 86400 + CAST(i * 365.0 * 86400 / $2 AS INTEGER)) || ' seconds'), i * 31 % 900,
        CASE WHEN i % 5 THEN (i * 37 % 60) / 100.0 END, CASE WHEN i % 5 THEN (i * 37 % 60 + i * 41 % 20) / 100.0 END,
        1, 0, CASE (1 + (i * 7919 % 20 * 5 + i * 104729 % 8) % 100) % 4 WHEN 0 THEN 'human' ELSE 'auto' END,
        i * 13 % 2000, (i * 13 % 2000) * 0.000015 FROM n;"
}

reports=("overview" "effectiveness" "effectiveness-by-approval" "phase4-performance" "velocity" "bottlenecks" "by-approval"
  "approval-efficiency" "usage" "cost" "effectiveness --days 30" "usage --days 30")
for size in $sizes; do
  [ -e "$work/$size.db" ] || fill "$work/$size.db" "$size"
  begin=$EPOCHREALTIME
  "$cfn" analytics --db "$work/$size.db" >/dev/null 2>&1
  echo "$size rows: first report (adds the log up) $(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f s", b - a }')"
  "$cfn" analytics check --db "$work/$size.db"
done

printf '\n| report |'; for size in $sizes; do printf ' %s rows |' "$size"; done; printf ' ratio |\n|---|'
for _ in $sizes; do printf -- '---|'; done; printf -- '---|\n'
for report in "${reports[@]}"; do
  read -ra words <<<"$report"
  for size in $sizes; do : >"$work/$size.ms"; done
  for ((run = -2; run < runs; run++)); do
    for size in $sizes; do
      took=$(ms "$cfn" analytics "${words[@]}" --db "$work/$size.db")
      if ((run >= 0)); then echo "$took" >>"$work/$size.ms"; fi
    done
  done
  printf '| %s |' "$report"
  for size in $sizes; do last=$(median <"$work/$size.ms"); first=${first:-$last}; printf ' %s ms |' "$last"; done
  awk -v a="$first" -v b="$last" 'BEGIN { printf " %.2f |\n", b / a }'
  unset first
done

rm -f "$work"/log.ms "$work"/shell.ms "$work"/batch-*.ms

# One row: cfn beside the shell, on the same database with the same triggers.
db=$work/${sizes%% *}.db
insert="INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, loaded_at, execution_time_ms, success_indicator,
  exit_code, approval_level, phase4_generated, version, content_hash) VALUES ('a', 'type-1', 3, 'one', datetime('now'), 420, 1, 0,
  'auto', 0, '1.0.0', '$(printf '%064x' 3)')"
for ((run = -5; run < runs * 5; run++)); do
  one=$(ms "$cfn" log skill-3 --agent-id a --agent-type type-1 --task-id "one-$run" --execution-ms 420 --exit-code 0 --db "$db")
  two=$(ms sqlite3 "$db" "PRAGMA synchronous = NORMAL; $insert")
  if ((run >= 0)); then echo "$one" >>"$work/log.ms"; echo "$two" >>"$work/shell.ms"; fi
done
echo; echo "one row: cfn log $(median <"$work/log.ms") ms, sqlite3 shell $(median <"$work/shell.ms") ms"

# Thousands of rows, 5,000 a transaction.
count=${CFN_BATCH:-100000}
awk -v n="$count" 'BEGIN { for (i = 0; i < n; i++) printf "{\"skill\":\"skill-%d\",\"agent_id\":\"agent-%d\",\"agent_type\":\"type-1\",\"task_id\":\"batch-%d\",\"execution_ms\":%d,\"exit_code\":0,\"confidence_before\":0.53,\"confidence_after\":0.58}\n", 1 + i % 100, i % 500, i / 50, i % 900 }' >"$work/batch.jsonl"
awk -v n="$count" 'BEGIN { print "PRAGMA synchronous = NORMAL;"; for (i = 0; i < n; i++) { if (i % 5000 == 0) print "BEGIN IMMEDIATE;"; printf "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, loaded_at, approval_level, phase4_generated, version, content_hash, execution_time_ms, confidence_before, confidence_after, success_indicator, exit_code) VALUES (\x27agent-%d\x27, \x27type-1\x27, %d, \x27batch-%d\x27, \x272026-01-31 00:00:00\x27, \x27auto\x27, 0, \x271.0.0\x27, \x27%064x\x27, %d, 0.53, 0.58, 1, 0);\n", i % 500, 1 + i % 100, i / 50, 1 + i % 100, i % 900; if (i % 5000 == 4999) print "COMMIT;" } }' >"$work/batch.sql"
for run in 1 2 3 4 5; do
  for program in cfn shell; do
    cp "$db" "$work/batch.db"; rm -f "$work/batch.db-wal" "$work/batch.db-shm"
    if [ $program = cfn ]; then ms sh -c "'$cfn' log --batch --db '$work/batch.db' <'$work/batch.jsonl'"
    else ms sh -c "sqlite3 '$work/batch.db' <'$work/batch.sql'"; fi >>"$work/batch-$program.ms"
  done
done
one=$(median <"$work/batch-cfn.ms"); two=$(median <"$work/batch-shell.ms")
awk -v n="$count" -v a="$one" -v b="$two" 'BEGIN { printf "%d rows: cfn log --batch %.0f/s, sqlite3 shell %.0f/s, rate %.2f\n", n, n / a * 1000, n / b * 1000, b / a }'
