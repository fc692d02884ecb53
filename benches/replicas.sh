#!/usr/bin/env bash
# Whether a user ever reads an answer that lacks what they wrote (goal 6): pairs of a write and a read, with a replica that replays
# everything 2 s late. Writes are decisions, mappings and usage rows in turns; reads are the commands that a replica may answer.
#
#   cargo build --release && benches/replicas.sh                   # 1,000 pairs: some minutes
#   CFN_PAIRS=50 CFN_DELAY=500ms benches/replicas.sh               # smaller
#
# Every 50th pair is followed by a read after the delay, which the replica must answer: else nothing was measured. It starts servers
# of its own, and fails if a read was stale or if the replica never answered.
set -euo pipefail
source "$(dirname "$0")/postgres_server.sh"

pairs=${CFN_PAIRS:-1000}
delay=${CFN_DELAY:-2s}
replica_port=$((port + 2))
project=$(mktemp -d)
cd "$project"
mkdir .claude
export XDG_STATE_HOME=$project/state

stop_all() {
  kill -INT "$(head -1 "$work/replica/postmaster.pid")" 2>/dev/null || true
  stop_server
  rm -rf "$project" "$work/replica"
}

start_server -c fsync=off
trap stop_all EXIT
echo 'local replication administrator trust' >>"$work/data/pg_hba.conf"
administrator postgres -c 'SELECT pg_reload_conf()' >/dev/null
database=pairs_$$
create_database "$database"
rm -rf "$work/replica"
unprivileged "$bin/pg_basebackup" --no-sync --checkpoint=fast --write-recovery-conf -h "$socket" -p "$port" -U administrator \
  -D "$work/replica"
unprivileged "$bin/postgres" -D "$work/replica" -p "$replica_port" -k "$socket" -c listen_addresses=127.0.0.1 \
  -c max_connections=200 -c recovery_min_apply_delay="$delay" -c fsync=off 2>>"$work/log" &
until unprivileged "$bin/pg_isready" -q -h "$socket" -p "$replica_port"; do sleep 0.1; done

export CFN_SKILLS_DB_PATH=$tcp/$database
export CFN_READ_URLS=${tcp/:$port/:$replica_port}/$database
printf -- '---\nname: alpha\ndescription: About alpha.\n---\n\nRead it.\n' >alpha.md
"$cfn" deploy 7 alpha alpha.md testing tester >/dev/null

write_one() { # pair
  case $(($1 % 4)) in
    0) "$cfn" skill edit alpha --tags "pair-$1" ;;
    1) "$cfn" log alpha --agent-id "agent-$1" --agent-type tester --task-id "task-$1" --exit-code 0 ;;
    2) "$cfn" skill assign alpha --agent "type-$1" ;;
    3) "$cfn" log alpha --agent-id "agent-$1" --agent-type "unit-$1" --exit-code 0 ;;
  esac >/dev/null
}

read_one() { # pair; prints the answer, and says on stderr who gave it
  case $(($1 % 4)) in
    0) "$cfn" -v search alpha --tag "pair-$1" --json ;;
    1) "$cfn" -v skill history alpha --usage --limit 1 --json ;;
    2) if (($1 % 8 == 2)); then "$cfn" -v skill list --json; else "$cfn" -v skill show alpha --json; fi ;;
    3) "$cfn" -v analytics usage --agent "unit-$1" --json ;;
  esac
}

expected() { # pair
  case $(($1 % 4)) in
    0) echo '"name": *"alpha"' ;;
    1) echo "\"task-$1\"" ;;
    2) echo "\"type-$1\"" ;;
    3) echo '"alpha"' ;;
  esac
}

stale=0 late=0
by_replica() { grep -q 'a replica answers' "$work/who"; }
for ((pair = 1; pair <= pairs; pair++)); do
  write_one "$pair"
  read_one "$pair" >"$work/answer" 2>"$work/who"
  grep -q "$(expected "$pair")" "$work/answer" || { stale=$((stale + 1)) && echo "stale: pair $pair" >&2; }
  if ((pair % 50 == 0)); then
    sleep "$delay" && sleep 0.5
    "$cfn" -v skill show alpha 2>"$work/who" >/dev/null
    if by_replica; then late=$((late + 1)); fi
  fi
done
echo "$pairs pairs with a replica $delay behind: $stale stale; of $((pairs / 50)) reads after the delay, the replica answered $late"
[ "$stale" = 0 ] && [ "$late" -gt 0 ]
