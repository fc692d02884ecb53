#!/bin/sh
# Runs of agents as processes: what a spawn costs beside its command (goal: 15 ms), what 200 of them lose or leave, how
# fast a memory hog and a deadline are enforced (1 s and 250 ms), and what many hostile agents leave (nothing). A release
# build, on a quiet machine:
#   cargo build --release && benches/agents.sh [RUNS]
set -eu
cfn=${CFN:-$(dirname "$0")/../target/release/cfn}
cfn=$(realpath "$cfn")
runs=${1:-1000}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
unset CFN_SKILLS_DB_PATH || true

for n in $(seq 20); do
    mkdir -p ".claude/skills/skill-$n"
    printf -- '---\nname: skill-%s\ndescription: Skill %s.\n---\n\n%s\n' "$n" "$n" "$(head -c 2000 /dev/zero | tr '\0' x)" \
        > ".claude/skills/skill-$n/SKILL.md"
done
"$cfn" -q init --from .claude/skills --approve-as bench@example.com > /dev/null
for n in $(seq 20); do "$cfn" -q skill assign "skill-$n" --agent tester > /dev/null; done

took() { # COMMAND…: its time, in hundredths of a millisecond
    from=$(date +%s%N)
    "$@" > /dev/null 2>&1 || true
    echo $((($(date +%s%N) - from) / 10000))
}
median() { sort -n | sed -n 51p | sed 's/..$/.&/'; } # of 101 times

for _ in $(seq 101); do # in turns, so that all have the same beside them
    took true >> true
    took "$cfn" -q agent spawn tester --memory 512m -- true >> skills
    took "$cfn" -q agent spawn tester --skills none -- true >> plain
done
echo "true:                                     $(median < true) ms"
echo "spawn of true, 20 skills, 512 MB:          $(median < skills) ms"
echo "spawn of true, no skills:                  $(median < plain) ms"

work() { sqlite3 .claude/skills-database/skills-work.db "$1"; } # SQL
groups() { find /sys/fs/cgroup -type d -name 'cfn-agent-*' 2> /dev/null | wc -l; }
alive() { "$cfn" agent ps --json | grep -o agent_id | wc -l; }

from=$(date +%s%N)
"$cfn" -q agent spawn tester --task many --memory 512m --count 200 --parallel 16 -- true > ids
took=$((($(date +%s%N) - from) / 1000000))
echo "200 spawns, 16 at once: $took ms, $(sort -u ids | wc -l) ids," \
    "$(work "SELECT count(*) FROM agent_runs WHERE task_id = 'many' AND reason = 'exited' AND exit_code = 0") rows," \
    "$(sqlite3 .claude/skills-database/skills.db "SELECT count(*) FROM skill_usage_log WHERE task_id = 'many'") uses of 20 skills;" \
    "left: $(groups) control groups, $(alive) runs"

from=$(date +%s%N)
"$cfn" -q agent spawn tester --skills none --memory 64m -- python3 -c "x = b'x' * 128000000" > /dev/null || echo "hog: exit $?, $((($(date +%s%N) - from) / 1000000)) ms"
from=$(date +%s%N)
"$cfn" -q agent spawn tester --skills none --timeout 1 --grace 0.2 -- sh -c "trap '' TERM; while :; do sleep 0.01; done" \
    > /dev/null || echo "deadline 1 s, grace 0.2 s: exit $?, $((($(date +%s%N) - from) / 1000000)) ms"

hostile="trap '' TERM; for i in 1 2 3; do setsid sh -c \"trap '' TERM; while :; do sleep 0.05; done\" hostile-$$ & done; wait"
seq "$runs" | xargs -P 16 -I{} "$cfn" -q agent spawn tester --skills none --timeout 0.3 --grace 0.2 -- sh -c "$hostile" \
    > ids 2> /dev/null || true
echo "$runs hostile agents: $(sort -u ids | wc -l) ids," \
    "$(work "SELECT count(*) FROM agent_runs WHERE reason = 'timeout'") ended by the deadline;" \
    "left: $(pgrep -fc "hostile-$$" || true) processes, $(groups) control groups, $(alive) runs"
"$cfn" agent cleanup --older 0s
