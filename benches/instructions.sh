#!/usr/bin/env bash
# instructions.sh [CFN]: counts what a one-shot load of one skill of 5,000 executes, with valgrind's callgrind. The count is the same on a
# busy machine as on a quiet one. Exit 10 if it is more than the 4.3 million of an ordinary build on x86-64.
set -euo pipefail

cfn=$(realpath "${1:-target/release/cfn}")
most=4300000
skills=5000
command -v valgrind >/dev/null || { echo "instructions.sh: valgrind is not installed" >&2; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset CFN_SKILLS_DB_PATH CFN_REDIS_URL CFN_CACHE RUST_LOG ENABLE_PHASE4_LOGGING
for ((number = 1; number <= skills; number++)); do
    mkdir -p "skills/skill-$number"
    printf -- '---\nname: skill-%d\ndescription: Made up. Use it never.\n---\n\n# Skill %d\n%s\n' \
        "$number" "$number" "Some lines of text that an agent would read." >"skills/skill-$number/SKILL.md"
done
"$cfn" --db skills.db init --quiet --from skills --approve-as reviewer >init.log
"$cfn" --db skills.db deploy 1 skill-42 skills/skill-42/SKILL.md domain agent >deploy.log
"$cfn" --db skills.db load agent | grep -q '# Skill 42' # what is counted works

valgrind --tool=callgrind --callgrind-out-file=/dev/null "$cfn" --db skills.db load agent >load.log 2>valgrind.log
counted=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' valgrind.log)
[[ -n $counted ]] || { cat valgrind.log >&2; exit 1; }
printf 'load of one skill of %d: %d instructions (at most %d)\n' "$skills" "$counted" "$most"
if ((counted > most)) && [[ $(uname -m) == x86_64 ]]; then
    exit 10
fi
