#!/usr/bin/env bash
# `cfn db copy` from SQLite to PostgreSQL: a team's database of 10,000 skills of 4 KB and a million uses over a year, against what a
# person who knows both databases would do by hand.
#
#   cargo build --release && benches/copy.sh        # full size: some minutes, 3 GB of disk
#   CFN_SKILLS=1000 CFN_ROWS=100000 benches/copy.sh # smaller
#
# The server is a new one in a temporary folder. "raw" is what cannot be avoided: the same rows, in the same binary format, sent with
# psql's \copy into the same tables, and then the same indexes, constraints and triggers, as pg_dump writes them. Nothing reads or
# checks the source there. Both sides are run in turns (A B A B); figures are medians of whole runs.
set -euo pipefail

cfn=${CFN_BINARY:-$(cd "$(dirname "$0")/.." && pwd)/target/release/cfn}
skills=${CFN_SKILLS:-10000} rows=${CFN_ROWS:-1000000} runs=${CFN_RUNS:-3}
bin=${CFN_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin | tail -1)}
work=$(mktemp -d); chmod 755 "$work"
server() { if [ "$(id -u)" = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi; }
trap 'server "$bin/pg_ctl" -D "$work/server/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
mkdir "$work/server"; [ "$(id -u)" != 0 ] || chown 65534:65534 "$work/server"
server "$bin/initdb" -D "$work/server/data" -A trust -U postgres -E UTF8 --locale C >/dev/null
port=$((20000 + RANDOM % 20000))
server "$bin/pg_ctl" -w -D "$work/server/data" -l "$work/server/log" \
  -o "-p $port -k $work/server -c listen_addresses=127.0.0.1 -c max_wal_size=8GB -c shared_buffers=512MB" start >/dev/null
sql() { psql -qAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U postgres "$@"; }
url() { echo "postgresql://postgres@127.0.0.1:$port/$1"; }
seconds() { local begin=$EPOCHREALTIME; "$@" >/dev/null; awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", b - a }'; }
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.2f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

fill() { # database skills rows
  "$cfn" init --db "$1" >/dev/null 2>&1
  sqlite3 "$1" "PRAGMA synchronous = OFF;
    CREATE TEMP TABLE n(i INTEGER PRIMARY KEY);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) INSERT INTO temp.n SELECT i FROM n;
    INSERT INTO skill_contents (hash, bytes) SELECT printf('%064x', i), randomblob(4096) FROM temp.n;
    INSERT INTO skills (name, category, content_path, content_hash, version, approval_level)
      SELECT 'skill-' || i, 'domain', '.claude/skills/skill-' || i || '/SKILL.md', printf('%064x', i), '1.0.0', 'human' FROM temp.n;
    INSERT INTO approval_history (skill_id, version, approval_level, approver, decision, reasoning)
      SELECT i, '1.0.0', 'human', 'lead', 'approved', 'reviewed' FROM temp.n;
    INSERT INTO agent_skill_mappings (agent_type, skill_id) SELECT 'type-' || i % 20, i FROM temp.n;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $3 - 1)
      INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, loaded_at, execution_time_ms, confidence_before,
        confidence_after, success_indicator, exit_code, approval_level, version, content_hash, tokens_avoided, cost_avoided_usd)
      SELECT 'agent-' || (i * 7919 % 500), 'type-' || (i * 7919 % 20), 1 + i * 104729 % $2, 'task-' || (i / 50),
        datetime('now', (-365 * 86400 + CAST(i * 365.0 * 86400 / $3 AS INTEGER)) || ' seconds'), i * 31 % 900,
        (i * 37 % 60) / 100.0, (i * 37 % 60 + i * 41 % 20) / 100.0, 1, 0, 'human', '1.0.0',
        printf('%064x', 1 + i * 104729 % $2), i * 13 % 2000, (i * 13 % 2000) * 0.000015 FROM n;"
}

echo "filling: $skills skills, $rows uses"
fill "$work/skills.db" "$skills" "$rows"

copy() { # source; prints the milliseconds of the copy and of the proof
  sql postgres -c 'DROP DATABASE IF EXISTS copied' -c 'CREATE DATABASE copied' 2>/dev/null
  "$cfn" db copy --from "$1" --to "$(url copied)" --json | grep -oE '"(copy|proof)_ms":[0-9]+' | cut -d: -f2 | paste -sd' '
}

# The rows in the binary format, and what is made after them.
copy "$work/skills.db" >/dev/null
pg_dump -h 127.0.0.1 -p "$port" -U postgres -n cfn --section=pre-data copied >"$work/pre.sql"
pg_dump -h 127.0.0.1 -p "$port" -U postgres -n cfn --section=post-data copied >"$work/post.sql"
tables=$(sql copied -c "SELECT c.relname FROM pg_class c WHERE relnamespace = 'cfn'::regnamespace AND relkind IN ('r', 'p')
  AND NOT relispartition AND relname NOT LIKE 'search_%' AND relname NOT IN ('usage_dirty', 'cfn_revisions')")
: >"$work/in.sql"
for table in $tables; do
  sql copied -c "\\copy (SELECT * FROM cfn.$table) TO '$work/$table.bin' (FORMAT binary)"
  echo "\\copy cfn.$table FROM '$work/$table.bin' (FORMAT binary)" >>"$work/in.sql"
done
raw() {
  sql postgres -c 'DROP DATABASE IF EXISTS raw' -c 'CREATE DATABASE raw' 2>/dev/null
  sql raw -f "$work/pre.sql" >/dev/null
  seconds sql raw -1 -f "$work/in.sql" -f "$work/post.sql"
}

: >"$work/copy" >"$work/whole" >"$work/raw"
for ((run = 0; run < runs; run++)); do
  read -r copied proved < <(copy "$work/skills.db")
  awk -v a="$copied" 'BEGIN { printf "%.2f\n", a / 1000 }' >>"$work/copy"
  awk -v a="$copied" -v b="$proved" 'BEGIN { printf "%.2f\n", (a + b) / 1000 }' >>"$work/whole"
  raw >>"$work/raw"
done
raw=$(median <"$work/raw") copy=$(median <"$work/copy") whole=$(median <"$work/whole")

# What a person would try first, on a smaller database: the text of every row, one statement each.
fill "$work/small.db" 1000 50000
sql postgres -c 'DROP DATABASE IF EXISTS dumped' -c 'CREATE DATABASE dumped' 2>/dev/null
"$cfn" init --db "$(url dumped)" >/dev/null 2>&1
sql dumped -c 'DELETE FROM cfn.approval_criteria_templates; DELETE FROM cfn.schema_versions'
dump() {
  { echo "SET search_path = cfn; SET standard_conforming_strings = on; BEGIN;"
    for table in skills skill_contents approval_history agent_skill_mappings skill_usage_log; do
      columns=$(sqlite3 "$work/small.db" "SELECT group_concat(name, ', ') FROM pragma_table_info('$table')")
      sqlite3 "$work/small.db" ".dump $table" | grep '^INSERT INTO' |
        sed -E "s/^INSERT INTO \"?$table\"? VALUES/INSERT INTO $table ($columns) VALUES/; s/,X'([0-9a-f]*)'/,'\\\\x\\1'/g"
    done
    echo "COMMIT;"; } | sql dumped >/dev/null
}
dump=$(seconds dump)
small=$(copy "$work/small.db" | awk '{ printf "%.2f", ($1 + $2) / 1000 }')

echo
echo "| what | seconds | ratio | goal |"
echo "|---|---|---|---|"
echo "| raw binary COPY, then indexes, constraints and triggers | $raw | | |"
echo "| cfn db copy, without the proof | $copy | $(ratio "$copy" "$raw") | 1.3 |"
echo "| cfn db copy, with the proof | $whole | $(ratio "$whole" "$raw") | 2 |"
echo "| 50,000 uses: sqlite3 .dump into psql | $dump | | |"
echo "| 50,000 uses: cfn db copy, with the proof | $small | 1 / $(ratio "$dump" "$small") | 1 / 20 |"
