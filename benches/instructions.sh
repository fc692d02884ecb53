#!/bin/bash
# Counts the instructions of a one-shot `load` of one skill, which is the same number on every machine of a kind: where time cannot
# be compared, this can. Most of them are SQLite reading the schema, about 150 a character.
#   benches/instructions.sh [PROGRAM [MAXIMUM]]      target/release/cfn, and 4,300,000
# Exits 1 where there are more; valgrind must be installed. Page faults are shown too: they depend on the kernel and on how it holds
# the program, and are what the order of functions is about (benches/order.sh).
set -euo pipefail
cfn=$(realpath "${1:-target/release/cfn}")
maximum=${2:-4300000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset CFN_SKILLS_DB_PATH CFN_REDIS_URL RUST_LOG
mkdir one
printf -- '---\nname: one\ndescription: The one that is loaded.\n---\n\nBody.\n' > one/SKILL.md
"$cfn" --db skills.db init --quiet > init.txt
"$cfn" --db skills.db deploy 1 one one/SKILL.md domain agent > id.txt
"$cfn" --db skills.db load agent > first.txt
valgrind --tool=callgrind --callgrind-out-file=profile --log-file=log "$cfn" --db skills.db load agent > second.txt
cmp -s first.txt second.txt || { echo "the counted load answers something else"; exit 1; }
count=$(sed -n 's/^summary: //p' profile)
characters=$(sqlite3 skills.db "SELECT sum(length(sql)) FROM sqlite_master")
faults=$(/usr/bin/time -f %R "$cfn" --db skills.db load agent 2>&1 > third.txt)
echo "load of one skill: $count instructions (at most $maximum), with a schema of $characters characters; $faults page faults"
[ "$count" -le "$maximum" ]
