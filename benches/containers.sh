#!/bin/sh
# Agents in containers: how much faster one from the pool is than a cold 'docker run' of the same (goal: 5 times), side by
# side, and what hostile agents leave. A static release build, as root, on a quiet machine with docker.io and busybox-static:
#   CFN_STATIC=1 cargo build --release && benches/containers.sh [ROUNDS] [HOSTILE]
set -eu
cfn=$(realpath "${CFN:-$(dirname "$0")/../target/release/cfn}")
rounds=${1:-31}
hostile=${2:-100}
place=$(mktemp -d)
export DOCKER_HOST="unix://$place/socket" DOCKER_CONFIG=/nonexistent PATH="/usr/bin:$PATH"
unset DOCKER_CONTEXT CFN_SKILLS_DB_PATH || true
/usr/sbin/dockerd --bridge=none --iptables=false --shutdown-timeout=1 --host "$DOCKER_HOST" --data-root "$place/data" \
    --exec-root "$place/exec" --pidfile "$place/pid" > "$place/log" 2>&1 &
engine=$!
trap 'kill "$engine"; wait "$engine" || true; umount -q "$place/data" || true; rm -rf --one-file-system "$place"' EXIT
until docker version > /dev/null 2>&1; do sleep 0.1; done

mkdir -p "$place/image/bin" "$place/project"
cp /usr/bin/busybox "$place/image/bin/"
printf 'FROM scratch\nCOPY bin /bin\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n' > "$place/image/Dockerfile"
DOCKER_BUILDKIT=1 docker build --quiet --network=none --tag bench "$place/image" > /dev/null
cd "$place/project"
"$cfn" -q init --bootstrap > /dev/null

limits='--memory 256m --cpus 1 --pids 64'
bounds='--memory 256m --memory-swap 256m --cpus 1 --pids-limit 64 --network none --init --user 0:0 --cap-drop ALL
    --security-opt no-new-privileges --tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777'
milliseconds() { # COMMAND…: one run, in hundredths of a millisecond
    from=$(date +%s%N)
    "$@" > /dev/null
    echo $((($(date +%s%N) - from) / 10000))
}
median() { sort -n "$1" | sed -n "$((($(wc -l < "$1") + 1) / 2))p" | sed 's/..$/.&/'; }

"$cfn" -q agent pool start --size "$rounds" --image bench --network none $limits > /dev/null
for _ in $(seq "$rounds"); do
    milliseconds docker run --rm $bounds bench true >> cold
    milliseconds "$cfn" -q agent spawn tester --skills none --pool -- true >> pool
    while [ -n "$(docker ps --quiet --filter status=removing)" ]; do sleep 0.05; done
done
for _ in $(seq "$rounds"); do
    milliseconds "$cfn" -q agent spawn tester --skills none --image bench --network none $limits -- true >> new
done
echo "docker run of true:                 $(median cold) ms"
echo "spawn of true from the pool:        $(median pool) ms"
echo "spawn of true in a new container:   $(median new) ms"
"$cfn" -q agent pool stop > /dev/null

script="trap '' TERM; for i in 1 2 3; do setsid sh -c \"trap '' TERM; while :; do sleep 0.05; done\" & done; wait"
seq "$hostile" | xargs -P 4 -I{} "$cfn" -q agent spawn tester --skills none --image bench --network none --timeout 0.5 \
    --grace 0.2 -- sh -c "$script" > ids 2> /dev/null || true
echo "$hostile hostile agents: $(sort -u ids | wc -l) ids," \
    "$(sqlite3 .claude/skills-database/skills-work.db "SELECT count(*) FROM agent_runs WHERE reason = 'timeout'") ended by the deadline;" \
    "left: $(docker ps --all --quiet | wc -l) containers, $("$cfn" agent ps --json | grep -o agent_id | wc -l) runs"
