# shellcheck shell=bash
# A PostgreSQL server with PgBouncer in front of it, for the measurements that read this file. Both end with the script.
#
#   CFN_POSTGRES_BIN   the folder of initdb, postgres and psql; the newest of Debian's if it is not set
#   CFN_WORK           a folder that keeps the data for another run; a temporary one if it is not set
#
# PgBouncer asks for no password: on a Unix socket the folder's rights say who may connect, and SCRAM costs more than a load.
#
# It sets: cfn, work, socket (the folder of the Unix sockets), port, bouncer_port, and tcp, local, bouncer (URLs without a database).

cfn=${CFN_BINARY:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/target/release/cfn}
bin=${CFN_POSTGRES_BIN:-$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -1)}
pgbouncer=$(command -v pgbouncer || echo /usr/sbin/pgbouncer)
work=${CFN_WORK:-$(mktemp -d)}
mkdir -p "$work"
socket=$work
port=${CFN_PORT:-5532}
bouncer_port=$((port + 1))
tcp="postgresql://cfn:open%20sesame@127.0.0.1:$port"
local="postgresql://cfn:open%20sesame@%2F${socket//\//%2F}:$port"
local=${local//%2F%2F/%2F}
bouncer=${local//:$port/:$bouncer_port}
export PGPASSWORD='open sesame'

# Not as root: PostgreSQL refuses that.
unprivileged() {
  if [ "$(id -u)" = 0 ]; then env -C "$work" setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else env -C "$work" "$@"; fi
}

administrator() { # database, arguments of psql
  local database=$1
  shift
  unprivileged "$bin/psql" -XqAt -v ON_ERROR_STOP=1 -h "$socket" -p "$port" -U administrator -d "$database" "$@"
}

stop_server() {
  kill "$(cat "$work/bouncer.pid")" 2>/dev/null || true
  kill -INT "$(head -1 "$work/data/postmaster.pid")" 2>/dev/null || true
  wait
  [ -n "${CFN_WORK:-}" ] || rm -rf "$work"
}

# Arguments: settings of the server, as -c name=value.
start_server() {
  if [ "$(id -u)" = 0 ]; then chmod 755 "$work" && chown 65534:65534 "$work"; fi
  if [ ! -e "$work/data" ]; then
    unprivileged "$bin/initdb" --no-sync --auth=trust --encoding=UTF8 --locale=C --username administrator -D "$work/data" >/dev/null
    printf 'local all administrator trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n' >"$work/data/pg_hba.conf"
  fi
  unprivileged "$bin/postgres" -D "$work/data" -p "$port" -k "$socket" -c listen_addresses=127.0.0.1 -c max_connections=200 \
    -c shared_buffers=1GB -c max_wal_size=8GB -c log_min_messages=warning "$@" 2>>"$work/log" &
  server_process=$!
  trap stop_server EXIT
  until administrator postgres -c 'SELECT 1' >/dev/null 2>&1; do
    kill -0 "$server_process" 2>/dev/null || { echo "the server did not start: see $work/log" >&2; exit 1; }
    sleep 0.1
  done
  administrator postgres -c "DO \$\$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cfn') THEN
    CREATE ROLE cfn LOGIN PASSWORD 'open sesame' CREATEDB; END IF; END \$\$"
  printf '"cfn" "open sesame"\n' >"$work/users"
  cat >"$work/bouncer.ini" <<INI
[databases]
* = host=$socket port=$port
[pgbouncer]
listen_port = $bouncer_port
unix_socket_dir = $socket
auth_type = trust
auth_file = $work/users
pool_mode = transaction
default_pool_size = 32
max_client_conn = 500
logfile = $work/bouncer.log
pidfile = $work/bouncer.pid
INI
  unprivileged "$pgbouncer" --quiet "$work/bouncer.ini" 2>/dev/null &
  sleep 0.5
}

create_database() { # name; whether it is new
  [ -z "$(administrator postgres -c "SELECT 1 FROM pg_database WHERE datname = '$1'")" ] || return 1
  administrator postgres -c "CREATE DATABASE $1 OWNER cfn"
  "$cfn" init --db "$tcp/$1" >/dev/null
}

# Milliseconds of one run of a command.
ms() {
  local begin=$EPOCHREALTIME
  "$@" >/dev/null 2>&1 || { echo "failed: $*" >&2; return 1; }
  local end=$EPOCHREALTIME
  awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.3f\n", (b - a) * 1000 }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.2f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# The median of the ratios of pairs that ran after each other: two files of milliseconds.
ratio() { paste "$1" "$2" | awk '{ printf "%.4f\n", $1 / $2 }' | median; }

# Runs two functions in turns after a warm-up, and prints their medians and the ratio.
compare() { # title, name, function, name, function
  local run
  : >"$work/one.ms" && : >"$work/two.ms"
  for ((run = -5; run < runs; run++)); do
    local one two
    one=$(ms "$3" "$run")
    two=$(ms "$5" "$run")
    if ((run >= 0)); then echo "$one" >>"$work/one.ms" && echo "$two" >>"$work/two.ms"; fi
  done
  echo "$1: $2 $(median <"$work/one.ms") ms, $4 $(median <"$work/two.ms") ms, ratio $(ratio "$work/one.ms" "$work/two.ms")"
}
