#!/usr/bin/env bash
# What PostgreSQL costs, by the numbers of its goals:
#
#   1  load of 20 skills out of many: over TCP with SCRAM beside psql fetching the same rows, and through PgBouncer on a Unix socket
#      beside the same load from SQLite
#   2  writers of different skills at once: whether any waits for a lock of another one, and what they do together where a commit
#      takes 10 ms longer
#   4  reports over a large usage log beside a small one
#   7  deploy into, and load from, a large database beside a small one
#
#   cargo build --release && benches/postgres.sh                               # full sizes: about half an hour, 15 GB
#   CFN_GOALS="1 2" CFN_SKILLS=5000 CFN_RUNS=11 benches/postgres.sh            # smaller
#   CFN_GOALS=4 CFN_ROWS="10000 100000" benches/postgres.sh
#   CFN_GOALS=7 CFN_SIZES="1000 10000" benches/postgres.sh
#
# It starts a server of its own. Programs that are compared run in turns (A B A B) after a warm-up; figures are medians of whole
# processes, ratios are medians of pairs.
set -euo pipefail
source "$(dirname "$0")/postgres_server.sh"

goals=${CFN_GOALS:-"1 2 4 7"}
runs=${CFN_RUNS:-101}
project=$(mktemp -d)
cd "$project" # paths of skill files are relative to it
mkdir .claude

# Skills with versions, contents of 4 KB (200 bytes beyond the first 100,000), and an agent type for each 20 of them: one spread
# over all of them is "tester".
fill() { # database skills
  create_database "$1" || return 0
  administrator "$1" -c "SET search_path = cfn; SET synchronous_commit = off; SET work_mem = '256MB';
    CREATE UNLOGGED TABLE made AS SELECT i, 'skill-' || i AS name,
        convert_to('---' || chr(10) || 'name: skill-' || i || chr(10) || 'description: About skill ' || i || '.' || chr(10) || '---' || chr(10)
          || (SELECT string_agg(md5(i || '-' || k), chr(10)) FROM generate_series(1, CASE WHEN i <= 100000 THEN 120 ELSE 4 END) k), 'UTF8') AS bytes
      FROM generate_series(1, $2) i;
    INSERT INTO skill_contents (hash, bytes) SELECT encode(sha256(bytes), 'hex'), bytes FROM made;
    INSERT INTO skills (name, category, content_path, content_hash, version, approval_level, tags)
      SELECT name, 'testing', 'skills/' || name || '/SKILL.md', encode(sha256(bytes), 'hex'), '1.0.0', 'auto', '[\"made\"]'
      FROM made ORDER BY i;
    INSERT INTO agent_skill_mappings (agent_type, skill_id, priority)
      SELECT 'agent-' || (id - 1) / 20, id, 1 + id % 10 FROM skills;
    INSERT INTO agent_skill_mappings (agent_type, skill_id, priority)
      SELECT 'tester', id, 1 + id % 10 FROM skills WHERE id % ($2 / 20) = 0;
    DROP TABLE made;" -c 'VACUUM (ANALYZE)'
}

# The same skills in a file.
fill_file() { # database file
  [ ! -e "$2" ] || return 0
  "$cfn" init --db "$2" >/dev/null
  local tables="skills(id,name,category,content_path,content_hash,version,approval_level,tags)
    agent_skill_mappings(id,agent_type,skill_id,priority)"
  local table
  for table in $tables; do
    local columns=${table#*(}
    columns=${columns%)}
    administrator "$1" -c "COPY (SELECT $columns FROM cfn.${table%(*} ORDER BY id) TO STDOUT (FORMAT csv)" >"$work/rows.csv"
    sqlite3 "$2" "PRAGMA synchronous = OFF; CREATE TEMP TABLE rows($columns);" ".mode csv" ".import $work/rows.csv rows" \
      "INSERT INTO ${table%(*} ($columns) SELECT $columns FROM rows;"
  done
  administrator "$1" -c "COPY (SELECT hash, convert_from(bytes, 'UTF8') FROM cfn.skill_contents) TO STDOUT (FORMAT csv)" >"$work/rows.csv"
  sqlite3 "$2" "PRAGMA synchronous = OFF; CREATE TEMP TABLE rows(hash, bytes);" ".mode csv" ".import $work/rows.csv rows" \
    "INSERT INTO skill_contents (hash, bytes) SELECT hash, CAST(bytes AS BLOB) FROM rows;" "ANALYZE;"
  rm "$work/rows.csv"
}

goal_1() {
  local skills=${CFN_SKILLS:-100000}
  fill "load_$skills" "$skills"
  fill_file "load_$skills" "$work/load_$skills.db"
  local rows="SELECT s.id, s.name, s.tags, m.priority, m.required, v.version, v.content_hash, v.content_path, c.bytes
    FROM cfn.agent_skill_mappings m JOIN cfn.skills s ON s.id = m.skill_id
    JOIN cfn.skill_versions v ON v.skill_id = s.id AND v.version = s.version JOIN cfn.skill_contents c ON c.hash = v.content_hash
    WHERE m.agent_type = 'tester' AND m.enabled <> 0 ORDER BY m.required DESC, m.priority, s.name"
  by_cfn() { "$cfn" load tester --max-skills 20 --db "$tcp/load_$skills?sslmode=disable"; }
  by_psql() { "$bin/psql" -XqAt "$tcp/load_$skills?sslmode=disable" -c "$rows"; }
  through_bouncer() { "$cfn" load tester --max-skills 20 --db "$bouncer/load_$skills"; }
  from_file() { "$cfn" load tester --max-skills 20 --db "$work/load_$skills.db"; }
  diff <(through_bouncer) <(from_file) >/dev/null || { echo "the same load has two answers" >&2; exit 1; }
  compare "1 load of 20 skills of $skills, TCP with SCRAM (at most 1)" cfn by_cfn psql by_psql
  compare "1 load of 20 skills of $skills, PgBouncer on a Unix socket (at most 1.5)" PostgreSQL through_bouncer SQLite from_file
}

skill_file() { # file name body
  printf -- '---\nname: %s\ndescription: About %s.\n---\n\n%s\n' "$2" "$2" "$3" >"$1"
}

# Processes that deploy skills of their own, one after the other; prints the deploys a second.
deploys() { # writers seconds
  local stop=$((SECONDS + $2)) writer begin=$EPOCHREALTIME writers=()
  for ((writer = 1; writer <= $1; writer++)); do
    (
      count=0
      while ((SECONDS < stop)); do
        skill_file "$project/$writer.md" "writer-$writer" "$RANDOM $RANDOM $count"
        "$cfn" deploy "$writer" "writer-$writer" "$project/$writer.md" testing tester --db "$tcp/writers?sslmode=disable" >/dev/null ||
          { echo "a deploy failed" >&2; exit 1; }
        count=$((count + 1))
      done
      echo "$count" >"$project/$writer.count"
    ) &
    writers+=($!)
  done
  wait "${writers[@]}"
  cat "$project"/*.count | awk -v a="$begin" -v b="$EPOCHREALTIME" '{ n += $1 } END { printf "%.1f\n", n / (b - a) }'
  rm "$project"/*.count
}

# Counts the locks that somebody waits for, every 2 ms.
sample() { # seconds
  administrator writers -c "CREATE TEMP TABLE seen (locktype text, mode text, relation text);
    DO \$\$ DECLARE until timestamptz := clock_timestamp() + interval '$1 s'; BEGIN
      WHILE clock_timestamp() < until LOOP
        INSERT INTO seen SELECT locktype, mode, relation::regclass::text FROM pg_locks WHERE NOT granted;
        PERFORM pg_sleep(0.002);
      END LOOP; END \$\$;
    SELECT locktype, mode, coalesce(relation, '-'), count(*) FROM seen GROUP BY 1, 2, 3 ORDER BY 4 DESC"
}

goal_2() {
  local seconds=${CFN_SECONDS:-20} writers=${CFN_WRITERS:-64} one many
  create_database writers || true
  deploys "$writers" 3 >/dev/null # the first versions
  sample "$seconds" >"$work/waits" &
  local sampler=$!
  many=$(deploys "$writers" "$seconds")
  wait "$sampler"
  echo "2 locks that any of $writers writers waited for, in samples of $seconds s with $many deploys a second (none of another skill):"
  sed 's/^/    /' "$work/waits"
  administrator postgres -c "ALTER SYSTEM SET commit_delay = 10000" -c "ALTER SYSTEM SET commit_siblings = 0" -c 'SELECT pg_reload_conf()' >/dev/null
  one=$(deploys 1 "$seconds")
  many=$(deploys 16 "$seconds")
  administrator postgres -c "ALTER SYSTEM RESET commit_delay" -c "ALTER SYSTEM RESET commit_siblings" -c 'SELECT pg_reload_conf()' >/dev/null
  echo "2 commits 10 ms longer: 1 process $one deploys a second, 16 processes $many, $(awk -v a="$one" -v b="$many" 'BEGIN { printf "%.1f", b / a }') times (at least 3)"
}

# The log of benches/usage_log.sh: 100 skills, 20 agent types, 365 days.
fill_log() { # database rows
  create_database "$1" || return 0
  administrator "$1" -c "SET search_path = cfn; SET synchronous_commit = off; SET timezone = 'UTC'; SET client_min_messages = warning;
    INSERT INTO skills (name, category, content_path, content_hash, version, approval_level, generated_by)
      SELECT 'skill-' || i, CASE i % 3 WHEN 0 THEN 'testing' ELSE 'domain' END, 'x', lpad(to_hex(i), 64, '0'), '1.0.0',
        CASE i % 4 WHEN 0 THEN 'human' ELSE 'auto' END, CASE i % 2 WHEN 0 THEN 'phase4' ELSE 'manual' END FROM generate_series(1, 100) i;
    SELECT cfn_usage_partition((date_trunc('month', now()) - make_interval(months => m))::date) FROM generate_series(0, 12) m;
    INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, loaded_at, execution_time_ms, confidence_before,
        confidence_after, success_indicator, exit_code, approval_level, tokens_avoided, cost_avoided_usd, month)
      SELECT 'agent-' || (i * 7919 % 500), 'type-' || (i * 7919 % 20), 1 + (i * 7919 % 20 * 5 + i * 104729 % 8) % 100, 'task-' || (i / 50),
        to_char(at, 'YYYY-MM-DD HH24:MI:SS'), i * 31 % 900, CASE WHEN i % 5 > 0 THEN (i * 37 % 60) / 100.0 END,
        CASE WHEN i % 5 > 0 THEN (i * 37 % 60 + i * 41 % 20) / 100.0 END, 1, 0,
        CASE (1 + (i * 7919 % 20 * 5 + i * 104729 % 8) % 100) % 4 WHEN 0 THEN 'human' ELSE 'auto' END,
        i * 13 % 2000, (i * 13 % 2000) * 0.000015, date_trunc('month', at)::date
      FROM (SELECT i, now()::timestamp - interval '365 days' + interval '365 days' * (i::double precision / $2) AS at FROM generate_series(0::bigint, $2 - 1) i) made" \
    -c 'VACUUM (ANALYZE)' >/dev/null
}

goal_4() {
  local sizes=${CFN_ROWS:-"10000 10000000"} size report
  for size in $sizes; do
    fill_log "log_$size" "$size"
    echo "4 $size rows: the first report, which adds the log up, takes $(ms "$cfn" analytics --db "$tcp/log_$size") ms"
    "$cfn" analytics check --db "$tcp/log_$size" | sed 's/^/    /'
  done
  local small=${sizes%% *} large=${sizes##* }
  for report in overview effectiveness effectiveness-by-approval phase4-performance velocity bottlenecks by-approval \
    approval-efficiency usage cost "effectiveness --days 30" "usage --days 30"; do
    read -ra words <<<"$report"
    of_large() { "$cfn" analytics "${words[@]}" --db "$tcp/log_$large"; }
    of_small() { "$cfn" analytics "${words[@]}" --db "$tcp/log_$small"; }
    compare "4 $report (at most 1.5)" "$large rows" of_large "$small rows" of_small
  done
}

goal_7() {
  local sizes=${CFN_SIZES:-"10000 1000000"} size
  for size in $sizes; do fill "skills_$size" "$size"; done
  local small=${sizes%% *} large=${sizes##* } begun=$EPOCHSECONDS
  load_from() { "$cfn" load tester --max-skills 20 --db "$tcp/skills_$1"; }
  deploy_into() { # size run
    skill_file "$project/new.md" "new-$begun-$2" "Read it, $1."
    "$cfn" deploy 7 "new-$begun-$2" "$project/new.md" testing agent-1 --db "$tcp/skills_$1"
  }
  load_large() { load_from "$large"; } && load_small() { load_from "$small"; }
  deploy_large() { deploy_into "$large" "$1"; } && deploy_small() { deploy_into "$small" "$1"; }
  compare "7 load (at most 1.3)" "of $large skills" load_large "of $small" load_small
  compare "7 deploy (at most 1.3)" "into $large skills" deploy_large "into $small" deploy_small
}

start_server
for goal in $goals; do "goal_$goal"; done
rm -rf "$project"
